use std::io::Read;

use insta::assert_snapshot;

use crate::run::aiproxy;

/// Two mistakes that reading alone finds: a key twice, and a number that Kong's reader sees in base 60.
pub const BROKEN: &str = r#"_format_version: "3.0"
services:
- name: größe
  host: localhost
  name: other
  routes:
  - name: chat
    paths: ["~/chat/completions$"]
    methods: [POST]
    tags: [12:30:45]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/OPENAI_AUTH_HEADER}"}
        model: {provider: openai, name: gpt-4o}
plugins: [{name: key-auth}]
"#;

const GOOD: &str = r#"_format_version: "3.0"
services:
- name: openai
  url: https://api.openai.com
  routes:
  - name: chat
    paths: ["~/chat/completions$"]
    methods: [POST]
    plugins:
    - name: ai-proxy
      config:
        route_type: llm/v1/chat
        auth: {header_name: Authorization, header_value: "{vault://env/OPENAI_AUTH_HEADER}"}
        model: {provider: openai, name: gpt-4o}
plugins: [{name: key-auth}]
"#;

#[test]
fn human() {
    assert_snapshot!(aiproxy("lint a.yaml").file("a.yaml", BROKEN).run());
}

#[test]
fn human_with_nothing_found() {
    assert_snapshot!(aiproxy("lint good.yaml").file("good.yaml", GOOD).run());
}

#[test]
fn concise() {
    assert_snapshot!(aiproxy("lint --format concise a.yaml").file("a.yaml", BROKEN).run());
}

#[test]
fn json() {
    assert_snapshot!(aiproxy("lint --format json a.yaml").file("a.yaml", BROKEN).run());
}

#[test]
fn github() {
    assert_snapshot!(aiproxy("lint --format github a.yaml").file("a.yaml", BROKEN).run());
}

#[test]
fn credentials_are_never_shown() {
    let leaky = GOOD
        .replace("{vault://env/OPENAI_AUTH_HEADER}", "Bearer sk-leak")
        .replace("auth:", "auht: 1\n        auth:");
    for text in [&leaky, &format!("{leaky}]")] {
        for format in ["human", "concise", "json", "sarif", "github"] {
            let run = aiproxy("lint --format").arg(format).arg("a.yaml").file("a.yaml", text).run();
            assert!(run.status == Some(1) && !run.stdout.contains("sk-leak"), "{run}");
        }
    }
}

#[test]
fn statistics_and_quiet() {
    assert_snapshot!(aiproxy("lint --statistics -q a.yaml").file("a.yaml", BROKEN).run());
    let run = aiproxy("lint -q good.yaml").file("good.yaml", GOOD).run();
    assert_eq!((run.stdout.as_str(), run.status), ("", Some(0)));
}

#[test]
fn statistics_stay_out_of_what_a_program_reads() {
    let run = aiproxy("lint --statistics --format json a.yaml").file("a.yaml", BROKEN).run();
    assert!(run.json()["valid"] == false && run.stderr.contains("duplicate-key"), "{run}");
}

#[test]
fn directories_are_searched_for_configuration() {
    let run = aiproxy("lint --format concise --fail-on never . ./sub sub/b.yml")
        .file("z.yaml", BROKEN)
        .file("sub/b.yml", BROKEN)
        .file("sub/c.json", "{\"routes\": [{\"paths\": [\"/a\"], \"paths\": []}]}")
        .file("sub/unfinished.yaml", "_format_version: \"3.0\nroutes: [")
        .file("sub/compose.yaml", "services:\n  web:\n    image: nginx\n    image: twice\n")
        .file("ignored/d.yaml", BROKEN)
        .file(".hidden/e.yaml", BROKEN)
        .file(".gitignore", "ignored/\n")
        .file("notes.txt", BROKEN)
        .run();
    assert_snapshot!(run);
}

#[test]
fn a_named_file_is_checked_whatever_it_holds() {
    let run = aiproxy("lint --format json notes.txt").file("notes.txt", "a: 1\na: 2\n").run();
    assert_eq!(run.json()["summary"]["files"], 1);
    assert_eq!(run.status, Some(1));
}

#[test]
fn standard_input_has_a_name() {
    let run = aiproxy("lint --format concise -").stdin(BROKEN).run();
    assert!(run.stdout.contains("<stdin>:5:3: error[duplicate-key]"), "{run}");
    let run = aiproxy("lint --format concise --stdin-filename api/a.yaml -").stdin(BROKEN).run();
    assert!(run.stdout.contains("api/a.yaml:5:3: error[duplicate-key]"), "{run}");
}

#[test]
fn standard_input_is_read_once_and_is_no_file() {
    let run = aiproxy("lint --format json --stdin-filename a.yaml - a.yaml -")
        .file("a.yaml", GOOD)
        .stdin(BROKEN)
        .run();
    assert_eq!((&run.json()["summary"]["files"], run.status), (&2.into(), Some(1)));
}

#[test]
fn absolute_paths_are_shown_as_relative() {
    let run = aiproxy("lint --format concise").file("sub/a.yaml", BROKEN);
    let path = run.path("sub/a.yaml").canonicalize().unwrap();
    let run = run.arg(path.to_str().unwrap()).run();
    assert!(run.stdout.contains("sub/a.yaml:5:3: "), "{run}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_checked() {
    assert_snapshot!(aiproxy("lint --format concise missing.yaml a.yaml").file("a.yaml", BROKEN).run());
    let run = aiproxy("lint --format json missing.yaml good.yaml").file("good.yaml", GOOD).run();
    assert_eq!((run.status, &run.json()["valid"]), (Some(2), &false.into()));
    let run = aiproxy("lint missing.yaml").run();
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (Some(2), ""),
        "nothing was checked, so nothing is said of it"
    );
}

#[test]
fn nothing_to_check_is_no_success() {
    assert_snapshot!(aiproxy("lint").file("compose.yaml", "services: {}").run());
}

#[test]
fn the_gate_decides_the_status() {
    let status = |flags: &str| aiproxy(&format!("lint {flags} a.yaml")).file("a.yaml", BROKEN).run().status;
    assert_eq!(status(""), Some(1));
    assert_eq!(status("--fail-on never"), Some(0));
    assert_eq!(status("-A duplicate-key"), Some(0));
    assert_eq!(status("-A duplicate-key --fail-on warning"), Some(1));
    assert_eq!(status("-W duplicate-key"), Some(0));
    assert_eq!(status("-A duplicate-key -D ambiguous-scalar"), Some(1));
    // The last word on a rule wins.
    assert_eq!(status("-D duplicate-key -A duplicate-key"), Some(0));
    assert_eq!(status("-A duplicate-key -D duplicate-key"), Some(1));
}

#[test]
fn a_comment_hides_a_finding() {
    let text =
        BROKEN.replace("  name: other", "  name: other # aiproxy: ignore[duplicate-key] being renamed");
    let lint = |flags: &str| {
        aiproxy(&format!("lint --format json {flags} a.yaml")).file("a.yaml", &text).run().json()["summary"]
            .clone()
    };
    assert_eq!((&lint("")["error"], &lint("")["ignored"]), (&0.into(), &1.into()));
    assert_eq!((&lint("--no-ignores")["error"], &lint("--no-ignores")["ignored"]), (&1.into(), &0.into()));
}

#[test]
fn what_kong_refuses_is_an_error_if_kong_is_the_target() {
    let text = GOOD.replace("name: gpt-4o", "model: gpt-4o");
    let lint = |flags: &str| aiproxy(&format!("lint {flags} a.yaml")).file("a.yaml", &text).run();
    assert_snapshot!(lint("--target kong"));
    assert_eq!(lint("").status, Some(0));
    assert_eq!(lint("--target kong -W kong-portability").status, Some(0));
}

#[test]
fn references_must_exist_in_the_environment_if_asked() {
    let lint =
        |flags: &str| aiproxy(&format!("lint --format concise {flags} good.yaml")).file("good.yaml", GOOD);
    assert_eq!(lint("").run().status, Some(0));
    assert_eq!(lint("--check-env").env("OPENAI_AUTH_HEADER", "Bearer hunter2").run().status, Some(0));
    let run = lint("--check-env").run();
    assert!(run.status == Some(1) && run.stdout.contains("error[unresolved-secret]"), "{run}");
}

#[test]
fn usage_errors() {
    let run = aiproxy("lint -D ambigous-scalar a.yaml").run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("a similar value exists: 'ambiguous-scalar'"), "{run}");
    assert_eq!(aiproxy("lint --format xml").run().status, Some(2));
}

#[test]
fn colours_are_on_demand() {
    let colored = |flags: &str, name, value| {
        let run = aiproxy(&format!("lint {flags} a.yaml")).env(name, value).file("a.yaml", BROKEN).run();
        run.stdout.contains('\x1b')
    };
    assert!(!colored("", "TERM", "xterm"));
    assert!(colored("--color always", "NO_COLOR", "1"));
    assert!(colored("--color always --format concise", "TERM", "xterm"));
    assert!(!colored("--color never", "CLICOLOR_FORCE", "1"));
    assert!(!colored("--color always --format json", "TERM", "xterm"));
}

#[test]
fn a_reader_that_leaves_early_changes_nothing() {
    let many: String = (0..2_000).map(|_| "- {paths: [/a], paths: [/b]}\n").collect();
    let run = aiproxy("lint --format json a.yaml").file("a.yaml", many);
    let mut child = run.command().spawn().unwrap();
    drop(child.stdin.take());
    let mut first = [0; 1];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), &[][..]));
}

#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let run = aiproxy("lint good.yaml").file("good.yaml", GOOD);
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let output = run.command().stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the answer"));
}
