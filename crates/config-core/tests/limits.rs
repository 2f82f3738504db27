//! Files that are made to cost much: what is refused, and what is cut short.

mod support;

use std::fmt::Write;

use config_core::check::compile;
use config_core::diagnostic::Diagnostic;
use config_core::rules::Rule;
use config_core::source::SourceFile;

fn of(text: &str, rule: Rule) -> Vec<Diagnostic> {
    support::lint(text).diagnostics.into_iter().filter(|finding| finding.rule == rule).collect()
}

/// `routes` routes, and a global plugin that reads `captures` captures.
fn global(routes: usize, captures: usize) -> String {
    let mut text = "_format_version: '3.0'\nroutes:\n".to_owned();
    for route in 0..routes {
        writeln!(text, "- {{name: r{route}, paths: ['~/r{route}/(?<m>x)$']}}").unwrap();
    }
    let name: String = (0..captures).map(|capture| format!("$(uri_captures.m{capture})")).collect();
    let model = format!("model: {{provider: openai, name: '{name}'}}");
    write!(text, "plugins:\n- name: ai-proxy\n  config: {{route_type: llm/v1/chat, {model}}}\n").unwrap();
    text
}

#[test]
fn routes_times_plugins_times_captures_are_limited() {
    assert_eq!(of(&global(40, 40), Rule::ResourceLimit), []);
    let text = global(4097, 4095);
    let [finding] = &of(&text, Rule::ResourceLimit)[..] else { panic!("one finding") };
    assert_eq!(finding.message, "4097 routes and 1 plugins meet in more than 16777216 ways");
    assert_eq!(of(&text, Rule::UndefinedCapture), [], "nothing is claimed to be known");
    assert!(compile(&SourceFile::new("routes.yaml", text)).is_ok(), "the plan does without");
}

#[test]
fn a_mistake_that_is_used_often_is_shown_sixteen_times() {
    let text = format!("_info: &a {{colour: red}}\nroutes:\n{}", "- *a\n".repeat(100));
    let found = of(&text, Rule::UnknownField);
    let finding = found.iter().max_by_key(|finding| finding.related.len()).expect("`colour` is no field");
    let last = finding.related.last().expect("the others are related");
    assert_eq!((finding.related.len(), &*last.message), (17, "and 84 more here"));
}

#[test]
fn a_key_without_end_is_not_repeated_in_every_pointer() {
    let text = format!("? {}\n: [{}]\n", "k".repeat(100_000), "yes, ".repeat(1000));
    let pointers = support::lint(&text).diagnostics.into_iter().map(|finding| finding.place.pointer.len());
    assert!(pointers.max().expect("the key is refused") < 5000);
}

/// Routes with these paths and what else each of them demands.
fn routes(routes: impl IntoIterator<Item = (String, String)>) -> String {
    let mut text = "_format_version: '3.0'\nservices:\n- name: ai\n  host: localhost\n  routes:\n".to_owned();
    for (at, (path, demand)) in routes.into_iter().enumerate() {
        let provider = ["openai", "mistral"][at % 2];
        let config = format!(
            "{{route_type: llm/v1/chat, model: {{provider: {provider}, name: '$(uri_captures.m)'}}}}"
        );
        writeln!(text, "  - name: r{at}\n    paths: ['{path}']\n    {demand}").unwrap();
        writeln!(text, "    plugins: [{{name: ai-proxy, config: {config}}}]").unwrap();
    }
    text
}

#[test]
fn what_too_many_groups_capture_is_not_proved() {
    let path: String = (0..2000).map(|group| format!("(?<m{group}>a)?")).collect();
    let found = of(&routes([(format!("~/(?<m>a)?{path}$"), String::new())]), Rule::OptionalCapture);
    let [finding] = &found[..] else { panic!("one finding") };
    assert_eq!(finding.witness, None, "nothing is claimed to be known");
}

#[test]
fn a_pattern_without_end_is_not_repeated_in_every_message() {
    let path: String = (0..20_000).map(|word| format!("{word}|")).collect();
    let text = routes([(format!("~/(?:{path}x)(?<m>[^/]+)$"), String::new())]);
    let [open] = &of(&text, Rule::Undecided)[..] else { panic!("one finding") };
    assert!(open.message.len() < 2000, "{}", open.message.len());
}
