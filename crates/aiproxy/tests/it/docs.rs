//! The manual shows what the binary prints, and its links lead somewhere.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{gateway::Gateway, run::aiproxy, schemas::assert_valid};

const COMMANDS: [&str; 8] = ["", "lint ", "explain ", "sdk ", "serve ", "rules ", "schema ", "completions "];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// With `UPDATE_DOCS` in the environment the manual is rewritten instead.
#[test]
fn the_manual_shows_the_real_help() {
    let path = root().join("docs/cli.md");
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
fn the_manual_shows_what_sdk_prints() {
    let manual = fs::read_to_string(root().join("docs/cli.md")).unwrap();
    let shown = manual.split("$ aiproxy sdk fixtures/").nth(1).unwrap().split("```").next().unwrap();
    let (file, answer) = shown.split_once('\n').unwrap();
    let run =
        aiproxy("sdk a.yaml").file("a.yaml", fs::read(root().join("fixtures").join(file)).unwrap()).run();
    assert_eq!(run.stdout, answer);
}

#[test]
fn the_readme_shows_what_lint_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = readme.split("$ aiproxy lint fixtures/").nth(1).unwrap().split("```").next().unwrap();
    let (file, answer) = shown.split_once('\n').unwrap();
    let path = format!("fixtures/{file}");
    let run = aiproxy(&format!("lint {path}")).file(&path, fs::read(root().join(&path)).unwrap()).run();
    let printed: String = run.stdout.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    for part in answer.split("…\n").filter(|part| !part.is_empty()) {
        assert!(printed.contains(part), "{part}");
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
fn the_configuration_in_the_readme_is_clean_and_routes_the_request_shown() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let example = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let run = aiproxy("lint --fail-on info -A unauthenticated-credential routes.yaml")
        .file("routes.yaml", example)
        .run();
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), "1 file checked: no findings\n"));
    let body = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    assert!(readme.contains(&format!("aiproxy explain routes.yaml /gpt-4/chat/completions -d '{body}'")));
    let explain = aiproxy("explain routes.yaml /gpt-4/chat/completions -d").arg(body);
    assert_eq!(explain.file("routes.yaml", example).run().status, Some(0));
}

/// The command that the README gives starts a gateway, and the request that it gives is answered.
#[test]
fn the_gateway_in_the_readme_answers_the_request_shown() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let command = readme.split("target/release/aiproxy serve ").nth(1).unwrap().lines().next().unwrap();
    let file = command.strip_suffix(" --mock").unwrap();
    let path = root().join(file).canonicalize().unwrap();
    let gateway = Gateway::start(aiproxy("serve --mock").arg(path.to_str().unwrap()));
    let request = readme.split("curl http://127.0.0.1:8000").nth(1).unwrap().lines().next().unwrap();
    let (path, body) = request.split_once(" -d '").unwrap();
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let answer = gateway.post(path, form, body.strip_suffix('\'').unwrap());
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert!(answer.body.contains("You said: Say hello"), "{answer:#?}");
}

#[test]
fn the_configuration_in_operations_guards_its_routes() {
    let manual = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let mut examples = manual.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let guard = examples.find(|example| example.contains("keyauth_credentials")).unwrap();
    let headers = examples.find(|example| example.contains("key_names: [authorization")).unwrap();
    let routes = "_format_version: '3.0'\nroutes:\n- paths: [/]\n  plugins:\n  - {name: ai-proxy, config: \
                  {route_type: llm/v1/chat, model: {provider: openai, name: m}}}\n";
    for plugins in [guard.to_owned(), guard.split("plugins:").next().unwrap().to_owned() + headers] {
        let file = format!("{routes}{plugins}");
        let run = aiproxy("lint --fail-on warning -A kong-portability a.yaml").file("a.yaml", &file).run();
        assert_eq!(run.status, Some(0), "{run}");
        let serve = aiproxy("serve --mock a.yaml").file("a.yaml", file).env("BATCH_KEY", "Bearer batch");
        let gateway = Gateway::start(serve);
        assert_eq!(gateway.chat("/", "").status, 401);
        let name = if plugins.contains("[apikey]") { "apikey" } else { "authorization" };
        assert_eq!(gateway.chat("/", &format!("{name}: Bearer batch\r\n")).status, 200);
        assert_eq!(gateway.chat("/", &format!("{name}: test\r\n")).status, 200, "the digest's key");
    }
}

/// A line of the access log, as it is printed, is what its schema says.
#[test]
fn the_log_line_in_operations_is_one() {
    let manual = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let line = manual.split("```json\n").nth(1).unwrap().lines().next().unwrap();
    assert_valid("access-log", &serde_json::from_str(line).unwrap());
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|page| root().join(page)).into();
    for folder in ["docs", "docs/rules"] {
        let files = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|file| file.extension().is_some_and(|extension| extension == "md")));
    }
    let mut links = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let prose: String = text.split("```").step_by(2).collect();
        for target in prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if !target.contains("://") {
                let file = page.with_file_name(target.split('#').next().unwrap());
                assert!(file.exists(), "{} links to {target}", page.display());
                links += 1;
            }
        }
    }
    assert!(links > 20, "only {links} links were found");
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
