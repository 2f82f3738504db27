//! What files come to: the tree with its ranges, and the findings, for each dark corner of YAML.

use std::fmt::Write;

use super::{Document, Kind, NodeId, parse};
use crate::source::SourceFile;

/// Findings, nodes and comments of a file, each with its byte range.
fn outline(source: &SourceFile) -> String {
    let parsed = parse(source);
    let mut out = String::new();
    for finding in &parsed.diagnostics {
        let (place, rule) = (&finding.place, finding.rule.id());
        let at = source.position(place.span.start as usize);
        let shown = source.slice(place.span);
        let mut line =
            format!("{}:{} {rule} {shown:?} {}: {}", at.line, at.column, place.pointer, finding.message);
        if let Some(help) = &finding.help {
            write!(line, "\n    help: {help}").expect("a string can be written to");
        }
        for related in &finding.related {
            let at = source.position(related.span.start as usize);
            write!(line, "\n    {}:{} {}", at.line, at.column, related.message)
                .expect("a string can be written to");
        }
        out += &(line + "\n");
    }
    match &parsed.document {
        Some(document) => {
            walk(document, document.root(), &mut out);
            for comment in document.comments() {
                let place = if comment.own_line { "own line" } else { "end of line" };
                out += &format!("{:?} {place}\n", source.slice(comment.span));
            }
        }
        None => out += "no document\n",
    }
    out
}

fn walk(document: &Document<'_>, id: NodeId, out: &mut String) {
    let node = document.node(id);
    let what = match &node.kind {
        Kind::Scalar(scalar) => format!("{:?} {:?} {:?}", scalar.value, scalar.style, scalar.text),
        Kind::Sequence(_) => "sequence".to_owned(),
        Kind::Mapping(_) => "mapping".to_owned(),
    };
    let alias = node.alias.map_or(String::new(), |span| format!(" via {}..{}", span.start, span.end));
    *out += &format!("{}..{} {:?} {what}{alias}\n", node.span.start, node.span.end, document.pointer(id));
    for item in document.items(id) {
        walk(document, *item, out);
    }
    for (_, value) in document.entries(id) {
        walk(document, *value, out);
    }
}

/// One snapshot for several files: each text, then its outline.
fn outlines(texts: &[&str]) -> String {
    texts
        .iter()
        .map(|text| format!("=== {text:?}\n{}\n", outline(&SourceFile::new("test.yaml", *text))))
        .collect()
}

macro_rules! corners {
    ($($name:ident: $($text:literal),+ $(,)?;)+) => {
        $(
            #[test]
            fn $name() {
                insta::assert_snapshot!(outlines(&[$($text),+]));
            }
        )+
    };
}

corners! {
    styles:
        "plain: x y\nsingle: 'it''s'\ndouble: \"a\\tb\"\nliteral: |\n  one\n   two\n\nfolded: >-\n  one\n  two\nflow: {a: [1, -2.5e3, true, ~, null], b: }\nempty:\n",
        "plain: a\n  b\n\n  c\nsingle: 'a\n  b'\n",
        "- - a\n  - b\n-\n- x: 1\n  y:\n  - 1\n  - 2\n\n\n# aiproxy\n";
    comments:
        "# top\na: 1 # aiproxy: one\n  # indented\nb: [1, # in flow\n  2]\nc: 'no # comment'\n",
        "a: |\n  # text aiproxy\n";
    nothing_in_it: "", "# only aiproxy\n", "---\n", "\u{feff}", "  \n\n";
    byte_order_mark_and_line_breaks:
        "\u{feff}a: 1\nb: x\n",
        "a: 1\r\nb: 'x\r\n  y'\r\nc: |\r\n  z\r\n",
        "a: 1\rb: 2 # aiproxy\r",
        "é: ü\n日本: \"語\"\n";
    numbers:
        "[0, -0, 00, 1, +1, 1.0, 1., .5, 1e3, 0x1F, 0o17, 9223372036854775807, 9223372036854775808, -9223372036854775809, 0xFFFFFFFFFFFFFFFF]";
    ambiguous_values:
        "[yes, No, ON, off, y, n, true, 0777, 0888, 0o17, 1_000, 1_0.5, _, a_b, 12:30, 1:2:3.5, 0b101, -0x1F, .inf, -.INF, .nan, 1e999, 2024-10-01, 10.0.0.1, 1.2.3, =]",
        "on: 1\nyes: 2\n12:30: 3\n'off': 4\n\"no\": yes\n";
    duplicate_keys:
        "a: 1\nb: 2\na: 3\n",
        "x:\n  - {k: 1, \"k\": 2, 'k': 3}\n",
        "{\"a\": {\"b\": 1, \"b\": 2}, \"a\": 3}";
    keys_that_are_not_text:
        "1: a\ntrue: b\n~: c\n2.5: d\n",
        ": a\n",
        "? [x]\n: y\n",
        "{{ name }}: x\n",
        "a: {{ name }}\n";
    aliases:
        "base: &b {x: 1, y: [2]}\nuse: *b\nlist: [*b, &s text, *s]\n",
        "a: &a [*a]\n",
        "a: *nothing\nb: &timeouts 1\nc: *timeout\n",
        "a: &x 1\nb: *x: 2\n",
        "a: &x:[1]\n",
        "&k key: 1\nother: *k\n*k : 2\n";
    merge_keys:
        "base: &b {x: 1, y: 2}\nc:\n  y: 3\n  <<: *b\n",
        "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\nd: &d {<<: *b, w: 1}\ne: {<<: *d}\n",
        "a: {<<: {x: 1}, <<: {y: 2}}\n",
        "a: {<<: 1}\nb: {<<: [{}, x]}\nc:\n  <<:\n",
        "a: {\"<<\": {x: 1}}\nb: <<\n";
    tags:
        "a: !!str 1\nb: ! 2\nc: !!float 3\nd: !!null ''\ne: !!map {}\nf: !!seq []\ng: !!str\nh: !!bool 'true'\n",
        "a: !custom 1\nb: !!binary aGk=\nc: !<tag:yaml.org,2002:int> 3\n",
        "a: !!int x\n",
        "a: !!map []\nb: !!bool\n",
        "a: !e!x 1\n";
    several_documents:
        "a: 1\n---\nb: 2\n",
        "a: 1\n...\nb: [\n",
        "--- a\n--- [",
        "a: 1\n...\n# end of aiproxy\n",
        "{\"a\": 1}{\"b\": 2}",
        "{\"a\": 1} x";
    directives:
        "%YAML 1.1\n---\na: 1\n",
        "%YAML 2.0\n---\na: 1\n",
        "%x: 1\n",
        "%YAML 1.2\na: 1\n";
    tabs:
        "a:\n\tb: 1\n",
        "a:\n  - b\n\t- c\n",
        "\ta: 1\n",
        "a: |\n\ttext\n",
        "a:\t1\n",
        "a: [\n\t1\n]\n";
    quotes:
        "a: \"x\nb: \"y\"\n",
        "a: 'x\nb: 1\n",
        "a: 'don't'\n",
        "a: \"x\" y\n",
        "a: \"~/\\d+\"\n",
        "a: \"\\u12\"\n",
        "a: \"\\ud83d\"\n",
        "a: \"\\ud83d\\ude00 \\ude00\"\n";
    indentation:
        "a: 1\n  b: 2\n",
        "a:\n  b: 1\n c: 2\n",
        "a:\n  b: 1\n  - c\n",
        "a:\n  - b\n  c: 1\n",
        "a: 1\nb\nc: 2\n",
        "a\nb: 1\n",
        "a: - b\n";
    colons_and_brackets:
        "a: b: c\n",
        "a: [1, 2\nb: 3\n",
        "a: {b: 1\n",
        "a: {b: 1]\n",
        "a: ]\n",
        "[1,,2]",
        "{\"a\": 1 \"b\": 2}";
    first_characters:
        "a: @x\n",
        "a: `x`\n",
        "a: %x\n",
        "a: * b\n",
        "a: |x\n",
        "a: \"b\"#c\n",
        "a: [?x]\n";
    characters:
        "a: x\u{2028}y\nb: \u{2028}\n",
        "a: x\u{85}y\n",
        "a: x\0y\n",
        "a: \u{1b}[0m\n",
        "a: x\u{feff}\n",
        "a: \"\\0 \\N \\L\"\n";
    placeholders:
        "a: $(headers.x)\nb: ${{ env \"DECK_X\" }}\nc: '{vault://env/X}'\nd: {vault://env/X}\n";
}

#[test]
fn json() {
    let read = |text: &str| outline(&SourceFile::new("test.json", text));
    insta::assert_snapshot!(
        [
            "{\n\t\"a\": \"\\ud83d\\ude00\\/\\u00e9\",\n\t\"b\"\n\t: [true, null, -1.5E+3]\n}\n",
            "{\"a\": \"x\u{2028}y\", \"b\": \"yes\"}",
            "{\"a\": 1,}",
            "{\"a\": yes}",
            "{'a': 1}",
            "a: 1\n",
            "{\"a\": 1, // one\n \"b\": 2}",
            "",
        ]
        .map(|text| format!("=== {text:?}\n{}\n", read(text)))
        .concat()
    );
}

#[test]
fn encodings() {
    let read = |bytes: &[u8]| outline(&SourceFile::from_bytes("test.yaml", bytes.to_vec()));
    insta::assert_snapshot!(
        [
            b"a: \xc3\xbc\nb: \xfc\n".as_slice(),
            b"\xff\xfea\x00:\x00 \x001\x00",
            b"a\x00:\x00 \x001\x00",
            b"\xfe\xff\x00a\x00:",
            b"a: \xf0\x9f\x98",
        ]
        .map(|bytes| format!("=== {bytes:?}\n{}\n", read(bytes)))
        .concat()
    );
}

#[test]
fn hostile_files_end_quickly() {
    let bomb = (1..12).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let uses = vec![format!("*a{}", n - 1); 10].join(", ");
        text + &format!("a{n}: &a{n} [{uses}]\n")
    });
    let merges = (1..40).fold("a0: &a0 {x: 1}\n".to_owned(), |text, n| {
        let last = n - 1;
        text + &format!("a{n}: &a{n} {{<<: [*a{last}, *a{last}], k{n}: *a{last}}}\n")
    });
    let long = "é".repeat(5_000_000);
    let texts = [
        "[".repeat(10_000),
        "{a: ".repeat(10_000),
        "- ".repeat(10_000),
        "? ".repeat(10_000),
        (0..10_000).map(|n| " ".repeat(n) + "a:\n").take(2_000).collect(),
        (0..60)
            .map(|n| format!("k{n}: &k{n} {}*k{}{}\n", "[".repeat(60), n.max(1) - 1, "]".repeat(60)))
            .collect(),
        bomb,
        merges,
        format!("a: {long}\n"),
        format!("a: \"{long}\\n\"\n"),
        format!("a: &a \"{long}\\n\"\nb: [{}]\n", "*a, ".repeat(10_000)),
        format!("{long}: 1\n"),
        format!("? {long}\n: 1\n"),
        format!("a: [{}]\n", "yes, ".repeat(100_000)),
        format!("{{{}}}\n", "a: 1, ".repeat(100_000)),
        "# comment\n".repeat(100_000),
        format!("a:\n{}b: 1\n", "  # comment\n".repeat(1_000)),
        "\u{2028}".repeat(100_000),
        "a: &a1 x\n".to_owned() + &"&".repeat(10_000),
    ];
    let mut out = String::new();
    for text in texts {
        let source = SourceFile::new("test.yaml", text);
        let parsed = parse(&source);
        let head: String = source.text().chars().take(30).collect();
        let nodes = parsed.document.as_ref().map(|document| document.nodes.len());
        writeln!(out, "=== {head:?}… {nodes:?} nodes, {} findings", parsed.diagnostics.len())
            .expect("a string can be written to");
        if let Some(last) = parsed.diagnostics.last() {
            writeln!(out, "{} {:?}: {}", last.rule.id(), last.place.span, last.message)
                .expect("a string can be written to");
        }
    }
    insta::assert_snapshot!(out);
}

#[test]
fn a_tag_of_a_key_is_reported_at_the_key() {
    let source = SourceFile::new("a.yaml", "a: 1\n!t b: x\n");
    let findings = parse(&source).diagnostics;
    let shown: Vec<_> = findings.iter().map(|it| (source.slice(it.place.span), &*it.place.pointer)).collect();
    assert_eq!(shown, [("!t", "/b")]);
}
