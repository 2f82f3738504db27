//! Findings point inside scalars, at the placeholder or the group itself, however the scalar is
//! written.

mod support;

use config_core::rules::Rule;

/// The source text under each finding of `rule`, and under each of its related ranges.
fn marked(text: &str, rule: Rule) -> Vec<(String, Vec<String>)> {
    let slice = |span: config_core::source::Span| text[span.range()].to_owned();
    let found = support::lint(text).diagnostics.into_iter().filter(|finding| finding.rule == rule);
    found
        .map(|finding| {
            (slice(finding.place.span), finding.related.iter().map(|related| slice(related.span)).collect())
        })
        .collect()
}

/// A route with one path and one model name, each put in as YAML source.
fn route(path: &str, name: &str) -> String {
    format!(
        "- name: chat\n  paths:\n  - {path}\n  plugins:\n  - name: ai-proxy\n    config:\n      route_type: \
         llm/v1/chat\n      model:\n        provider: openai\n        name: {name}\n"
    )
}

/// The ways to write a model name `x-$(uri_captures.model)-y` whose placeholder stands in the source
/// as it is.
const NAMES: &[&str] = &[
    "x-$(uri_captures.model)-y",
    "'x-$(uri_captures.model)-y'",
    "\"x-$(uri_captures.model)-y\"",
    "|\n          x-$(uri_captures.model)-y",
    "|-\n          x-$(uri_captures.model)-y",
    ">-\n          x-$(uri_captures.model)-y",
    ">-\n          é\n\n\n          x\n          x-$(uri_captures.model)-y\n          z",
    "|-\n          é\n            indented\n          x-$(uri_captures.model)-y",
    "|2-\n          é\n          x-$(uri_captures.model)-y",
    "é x\n          x-$(uri_captures.model)-y",
    "'it''s x-$(uri_captures.model)-y'",
    "'é\n          x-$(uri_captures.model)-y'",
    "!!str x-$(uri_captures.model)-y",
    "&anchor x-$(uri_captures.model)-y",
];

#[test]
fn a_placeholder_is_marked_in_every_style() {
    for name in NAMES {
        let text = route("/chat", name);
        let found = marked(&text, Rule::UndefinedCapture);
        assert_eq!(found, [("$(uri_captures.model)".to_owned(), vec!["/chat".to_owned()])], "{text}");
    }
}

#[test]
fn carriage_returns_do_not_shift_the_range() {
    for name in NAMES {
        let text = route("/chat", name).replace('\n', "\r\n");
        let found = marked(&text, Rule::UndefinedCapture);
        assert_eq!(found[0].0, "$(uri_captures.model)", "{text}");
    }
}

#[test]
fn an_escape_may_widen_the_range_to_the_scalar_and_no_further() {
    let escaped = r#""x-$(uri_captures.mo\x64el)-\u00e9""#;
    for (found, _) in marked(&route("/chat", escaped), Rule::UndefinedCapture) {
        assert!(found == escaped || found == r"$(uri_captures.mo\x64el)", "{found}");
    }
}

#[test]
fn a_group_is_marked_in_every_style() {
    for path in [
        "~/(?:(?<model>[a-z]+)/)?chat$",
        "'~/(?:(?<model>[a-z]+)/)?chat$'",
        "\"~/(?:(?<model>[a-z]+)/)?chat$\"",
        "|-\n    ~/(?:(?<model>[a-z]+)/)?chat$",
        ">-\n    ~/(?:(?<model>[a-z]+)/)?chat$",
        "'~/it''s/(?:(?<model>[a-z]+)/)?chat$'",
        "~/é/(?:(?<model>[a-z]+)/)?chat$",
    ] {
        let text = route(path, "$(uri_captures.model)");
        let found = marked(&text, Rule::OptionalCapture);
        let expected = ("$(uri_captures.model)".to_owned(), vec!["(?<model>[a-z]+)".to_owned()]);
        assert_eq!(found, [expected], "{text}");
    }
}

#[test]
fn a_faulty_part_of_a_regex_is_marked() {
    for (path, part) in [
        ("'~/(?<a>x)/(?!y)'", "(?!"),
        ("\"~/(?<a>x)/(?!y)\"", "(?!"),
        ("~/{id}/chat", "{id}"),
        ("~/(?<a>x)(?<b>y)\\Q", "\\Q"),
    ] {
        let found = marked(&route(path, "gpt-4"), Rule::InvalidPathRegex);
        assert_eq!(found, [(part.to_owned(), vec![])], "{path}");
    }
}

#[test]
fn an_alias_is_marked_where_its_text_stands() {
    let text = route("/chat", "&name x-$(uri_captures.model)")
        + &route("/other", "*name").replace("name: chat", "name: other");
    let found = support::lint(&text).diagnostics;
    let found: Vec<_> = found.iter().filter(|finding| finding.rule == Rule::UndefinedCapture).collect();
    assert_eq!(found.len(), 1, "the same range is one finding");
    assert_eq!(&text[found[0].place.span.range()], "$(uri_captures.model)");
    assert!(
        found[0].related.iter().any(|related| related.message.contains("/1/plugins/0/config/model/name"))
    );
}
