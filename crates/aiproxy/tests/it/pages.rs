//! Each rule's page shows what `aiproxy lint` says of its examples.

use std::{fs, path::Path};

use config_core::rules::Rule;

use crate::run::aiproxy;

/// With `UPDATE_DOCS` in the environment the pages are rewritten instead.
#[test]
fn the_pages_of_the_rules_show_the_real_output() {
    let mut stale = Vec::new();
    for rule in Rule::ALL {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/rules/{}.md", rule.id()));
        let page = fs::read_to_string(&path).unwrap();
        let expected = with_outputs(*rule, &page);
        if page != expected {
            stale.push(rule.id());
            if std::env::var_os("UPDATE_DOCS").is_some() {
                fs::write(&path, expected).unwrap();
            }
        }
    }
    assert!(
        stale.is_empty() || std::env::var_os("UPDATE_DOCS").is_some(),
        "the outputs in docs/rules are not what lint prints for {stale:?}: run `UPDATE_DOCS=1 cargo test -p \
         aiproxy --test it pages::` and read what changed"
    );
}

/// The page with a block of lint's output behind each configuration under *Example*.
fn with_outputs(rule: Rule, page: &str) -> String {
    let (before, rest) = page.split_once("\n## Example\n").expect("every page has an example");
    let (section, after) = rest.split_once("\n## ").expect("a page does not end with its example");
    let mut parts = section.split(YAML);
    let mut out = format!("{before}\n## Example\n{}", parts.next().unwrap_or_default());
    for part in parts {
        let (example, text) = part.split_once(FENCE).expect("a block ends");
        let shown = text.strip_prefix(OUTPUT).and_then(|shown| shown.split_once(FENCE));
        let text = shown.map_or(text, |(_, text)| text);
        let output = output(rule, example);
        out.extend([YAML, example, FENCE, OUTPUT, &output, FENCE, text]);
    }
    format!("{out}\n## {after}")
}

const YAML: &str = "```yaml\n";
const OUTPUT: &str = "\n```text\n";
const FENCE: &str = "```\n";

/// What lint says of `example`, as far as it is about `rule`.
fn output(rule: Rule, example: &str) -> String {
    let others = Rule::ALL.iter().filter(|other| **other != rule);
    let mut run =
        aiproxy("lint --quiet --color never --fail-on never example.yaml").file("example.yaml", example);
    for other in others {
        run = run.arg("--allow").arg(other.id());
    }
    if rule == Rule::UnresolvedSecret {
        run = run.arg("--check-env").env("OPENAI_AUTH_HEADER", "Bearer test");
    }
    let run = run.run();
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{} on\n{example}", rule.id());
    let lines: Vec<_> = run.stdout.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}
