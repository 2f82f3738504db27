//! `docs/cli.md` shows the help texts that the binary prints.

use std::{fs, path::Path};

use crate::run::aiproxy;

const COMMANDS: [&str; 6] = ["", "lint ", "explain ", "rules ", "schema ", "completions "];

/// With `UPDATE_DOCS` in the environment the manual is rewritten instead.
#[test]
fn the_manual_shows_the_real_help() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let manual = fs::read_to_string(&path).unwrap();
    let mut expected = manual.clone();
    for command in COMMANDS {
        let run = aiproxy(&format!("{command}--help")).run();
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
        let opening = format!("```console\n$ aiproxy {command}--help\n");
        let start =
            expected.find(&opening).unwrap_or_else(|| panic!("docs/cli.md lacks {opening}")) + opening.len();
        let end = start + expected[start..].find("```").expect("the block ends");
        let help: String = run.stdout.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        expected.replace_range(start..end, &help);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &expected).unwrap();
    } else {
        assert_eq!(manual, expected, "run the tests once with UPDATE_DOCS=1");
    }
}

#[test]
fn every_command_is_in_the_manual() {
    let help = aiproxy("--help").run().stdout;
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let named: Vec<_> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(named, COMMANDS[1..].iter().map(|command| command.trim()).collect::<Vec<_>>());
}

#[test]
fn completions_are_scripts_that_know_the_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let run = aiproxy(&format!("completions {shell}")).run();
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{shell}");
        assert!(run.stdout.contains("completions"), "{shell}");
    }
    let bash = aiproxy("completions bash").run().stdout;
    assert!(bash.contains("undefined-capture"), "rules are completed too");
}

#[test]
fn version_and_no_command() {
    let run = aiproxy("--version").run();
    assert_eq!(run.stdout, format!("aiproxy {}\n", env!("CARGO_PKG_VERSION")));
    let run = aiproxy("").run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
}
