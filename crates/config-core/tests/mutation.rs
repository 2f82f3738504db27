//! Real files with random damage, all the way from bytes to a request's answer: no panic, the same
//! findings twice, and places that exist.

#![allow(clippy::disallowed_methods, reason = "tests read the repository's fixtures")]

mod support;

use std::cell::Cell;

use config_core::check::{Options, Target, check, compile};
use config_core::diagnostic::Diagnostic;
use config_core::plan::caller::Caller;
use config_core::plan::prepare::Body;
use config_core::plan::request::{RequestHead, Scheme};
use config_core::plan::{Plan, Routing};
use config_core::rules::Rule;
use config_core::source::{SourceFile, Span};
use config_core::syntax;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

/// One change to a file. Positions are those of lines, words or bytes, as the file has them.
#[derive(Debug, Clone)]
enum Damage {
    Delete(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
    SwapLines(Index, Index),
    Indent(Index, usize),
    /// A word of another file, or of another place, in the place of a word.
    Transplant(Index, Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let pieces: Vec<&[u8]> = vec![
        b"\0",
        b"\t",
        b"\r",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\xe2\x80\xae",
        b"\x1b[2J",
        b"\n---\n",
        b"\n...\n",
        b"&a ",
        b"*a",
        b"<<: *a\n",
        b"!!int ",
        b"!x ",
        b"? ",
        b": ",
        b"- ",
        b"[",
        b"]",
        b"{",
        b"}",
        b", ",
        b"'",
        b"\"",
        b"#",
        b" # aiproxy: ignore[unknown-field]",
        b"|\n",
        b">-\n",
        b"~",
        b"null",
        b"yes",
        b"0o7",
        b"1e999",
        b"99999999999999999999",
        b"-1",
        b"(",
        b")",
        b"(?<m>x)?",
        b"{1000}",
        b"|",
        b"\\",
        b"$(",
        b"$(uri_captures.m)",
        b"$(headers.x)",
        b"{vault://env/K}",
        b"/",
        b"~/",
        b"%zz",
        b"https://",
        b"\xc3\xa9",
        b"routes:",
        b"plugins:",
        b"consumer: c\n",
        b"consumers: [{username: c}]\n",
    ];
    let place = any::<Index>;
    prop_oneof![
        1 => (place(), 1..40_usize).prop_map(|(at, length)| Damage::Delete(at, length)),
        1 => (place(), select(pieces)).prop_map(|(at, piece)| Damage::Insert(at, piece.to_vec())),
        1 => (place(), prop::collection::vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        1 => (place(), 1..120_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
        1 => (place(), place()).prop_map(|(a, b)| Damage::SwapLines(a, b)),
        1 => (place(), 0..12_usize).prop_map(|(line, width)| Damage::Indent(line, width)),
        20 => (place(), place(), place()).prop_map(|(file, from, to)| Damage::Transplant(file, from, to)),
    ]
}

impl Damage {
    fn apply(&self, text: &mut Vec<u8>, files: &[Vec<u8>]) {
        let at = |index: &Index, text: &[u8]| index.index(text.len() + 1);
        match self {
            Damage::Delete(index, length) => {
                let from = at(index, text);
                text.drain(from..(from + length).min(text.len()));
            }
            Damage::Insert(index, bytes) => {
                let from = at(index, text);
                text.splice(from..from, bytes.iter().copied());
            }
            Damage::Repeat(index, length) => {
                let from = at(index, text);
                let part = text[from..(from + length).min(text.len())].to_vec();
                text.splice(from..from, part);
            }
            Damage::SwapLines(a, b) => {
                let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').collect();
                let (a, b) = (a.index(lines.len()), b.index(lines.len()));
                lines.swap(a, b);
                *text = lines.join(&b'\n');
            }
            Damage::Indent(index, width) => {
                let mut lines: Vec<_> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
                let at = index.index(lines.len());
                let line = lines[at].trim_ascii_start();
                lines[at] = [&b" ".repeat(*width), line].concat();
                *text = lines.join(&b'\n');
            }
            Damage::Transplant(file, from, to) => {
                let other = &files[file.index(files.len())];
                let (theirs, own) = (words(other), words(text));
                if !theirs.is_empty() && !own.is_empty() {
                    let part = other[theirs[from.index(theirs.len())].clone()].to_vec();
                    text.splice(own[to.index(own.len())].clone(), part);
                }
            }
        }
    }
}

/// Where the words of a text stand: what blanks separate.
fn words(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(u8::is_ascii_whitespace) {
        if !word.is_empty() {
            found.push(at..at + word.len());
        }
        at += word.len() + 1;
    }
    found
}

/// The repository's configurations, good and bad.
fn files() -> Vec<Vec<u8>> {
    let seed = std::fs::read_dir(support::root().join("fixtures/seed")).expect("the folder is there");
    let mut paths: Vec<_> = seed.flatten().map(|entry| entry.path()).collect();
    paths.extend(["bad", "good"].iter().flat_map(|kind| support::rule_fixtures(kind)).map(|(_, path)| path));
    paths.sort();
    paths
        .into_iter()
        .filter(|path| path.is_file())
        .map(|path| std::fs::read(path).expect("it can be read"))
        .collect()
}

fn spans(finding: &Diagnostic) -> impl Iterator<Item = Span> {
    let fix = finding.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
    finding.related.iter().map(|related| related.span).chain(fix).chain([finding.place.span])
}

/// Asks the plan about requests that reach its routes, as far as they can be made up from its paths.
/// How many got as far as a body.
fn ask(plan: &Plan) -> usize {
    let mut targets: Vec<Vec<u8>> = vec![b"/".to_vec(), b"/%ff?%zz=\xff".to_vec(), b"".to_vec()];
    for path in plan.routes().iter().flat_map(|route| &route.paths) {
        let plain: String = path.trim_start_matches('~').split("(?<").next().unwrap_or_default().to_owned();
        targets.push(path.clone().into_bytes());
        targets.push(plain.clone().into_bytes());
        targets.push(format!("{plain}x/chat/completions?model=y").into_bytes());
    }
    let mut prepared = 0;
    for target in &targets {
        let head = RequestHead {
            scheme: Scheme::Https,
            http2: false,
            method: b"POST",
            target,
            headers: &[(b"host", b"ai.test"), (b"content-type", b"application/json"), (b"x", b"\xff")],
            port: 8443,
            sni: Some(b"ai.test"),
        };
        plan.candidates(&head);
        plan.kong_choice(&head);
        if let Routing::Routed(routed) = plan.route(&head, Caller::Assumed(None)) {
            prepared += 1;
            for body in [&br#"{"messages":[{"role":"user","content":"x"}],"model":"a"}"#[..], b"{", b"\xff"] {
                _ = routed.prepare(Body::Bytes(body));
            }
            _ = routed.prepare(Body::Unknown);
        }
    }
    prepared
}

#[test]
fn damage_breaks_nothing() {
    let files = files();
    let (parsed, prepared) = (Cell::new(0), Cell::new(0));
    let cases = Config::default().cases.max(1_000);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    let damages = prop::collection::vec(damage(), 1..4);
    let run = TestRunner::new(config).run(&(any::<Index>(), damages), |(file, damages)| {
        let mut bytes = files[file.index(files.len())].clone();
        damages.iter().for_each(|damage| damage.apply(&mut bytes, &files));
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let source = SourceFile::from_bytes("routes.yaml", bytes);
        let options = Options { target: Target::Kong, ..Options::default() };
        let first = check(&source, &options);
        let again = check(&source, &options);
        prop_assert_eq!(&first.diagnostics, &again.diagnostics, "{}", shown);
        prop_assert_eq!(&first.credentials, &again.credentials, "{}", shown);
        let syntax::Parsed { document, diagnostics: of_syntax } = syntax::parse(&source);
        // A pointer cannot tell the values of a repeated key apart, and leads to the last one.
        let repeated = || of_syntax.iter().filter(|finding| finding.rule == Rule::DuplicateKey);
        for finding in &first.diagnostics {
            for span in spans(finding).chain(first.credentials.iter().copied()) {
                prop_assert!(source.text().get(span.range()).is_some(), "{finding:?}\n{shown}");
            }
            let pointer = &finding.place.pointer;
            let is_there = document.as_ref().is_none_or(|document| document.resolve(pointer).is_some());
            let is_repeated = || repeated().any(|key| pointer.starts_with(&key.place.pointer));
            prop_assert!(is_there || is_repeated(), "{finding:?}\n{shown}");
        }
        let plan = compile(&source).ok().map(|compiled| compiled.plan);
        prop_assert_eq!(plan.is_some(), document.is_some(), "{}", shown);
        if let Some(plan) = plan {
            parsed.set(parsed.get() + 1);
            prepared.set(prepared.get() + ask(&plan));
            prop_assert_eq!(
                plan.to_string(),
                compile(&source).expect("it did").plan.to_string(),
                "{}",
                shown
            );
        }
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    let (parsed, prepared) = (parsed.get(), prepared.get());
    assert!(parsed > 150, "only {parsed} files were read");
    assert!(prepared > 50, "only {prepared} requests were routed");
}
