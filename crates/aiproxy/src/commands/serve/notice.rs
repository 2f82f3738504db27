//! What is said on standard error before the first request: what keeps a file from being served, and
//! what its operator should know.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use config_core::{
    diagnostic::{Diagnostic, Severity},
    model::Provider,
    plan::{Route, obstacle::Obstacle},
    rules::Rule,
    source::SourceFile,
};
use runtime::{identity::IdentityProblem, secrets::MissingSecret};

use crate::{
    output::{FileReport, Report, human, plural},
    terminal::{Terminal, printable},
};

/// The text so far.
pub struct Notices<'a> {
    pub text: String,
    file: String,
    terminal: &'a Terminal,
}

/// Findings that do not stop the gateway and yet change what its clients get.
const LOUD: [Rule; 2] = [Rule::UnsupportedPlugin, Rule::UnknownPlugin];

/// How many lines are named where one thing stands on many.
const LINES: usize = 3;

impl<'a> Notices<'a> {
    /// Notices about the file `file`.
    pub fn new(file: &str, terminal: &'a Terminal) -> Self {
        Self { text: String::new(), file: printable(file).into_owned(), terminal }
    }

    /// Says at once what has been noted.
    pub fn print(&mut self) {
        // If standard error is closed there is nobody to tell.
        let _ = io::stderr().write_all(self.text.as_bytes());
        self.text.clear();
    }

    /// The last word on a file that is not served.
    pub fn not_served(&mut self) {
        let text = format!("{} {} is not served\n", self.terminal.error("error:"), self.file);
        self.text.push_str(&text);
    }

    /// The last word on a file that could be served.
    pub fn served(&mut self) {
        self.text.push_str(&format!("{} can be served\n", self.file));
    }

    /// Errors, as lint shows them.
    pub fn errors(&mut self, source: SourceFile, errors: Vec<Diagnostic>) {
        let files = vec![FileReport { source, diagnostics: errors, ignored: 0 }];
        self.text.push_str(&human::render(&Report { files, complete: true }, self.terminal, true));
    }

    /// The findings that an operator has to know of; of the others how many there are.
    pub fn warnings(&mut self, source: &SourceFile, findings: &[Diagnostic]) {
        let (loud, others): (Vec<_>, Vec<_>) =
            findings.iter().partition(|finding| LOUD.contains(&finding.rule));
        let more = if loud.is_empty() { "warning" } else { "more warning" };
        for finding in loud {
            let at = source.position(finding.place.span.range().start);
            self.warning(&format!("{}:{}", at.line, at.column), &finding.message, finding.help.as_deref());
        }
        let warnings = others.iter().filter(|finding| finding.severity == Severity::Warning).count();
        if warnings > 0 {
            let text = format!(
                "{} `aiproxy lint` has {} for {}\n",
                self.terminal.warning("warning:"),
                plural(warnings, more),
                self.file
            );
            self.text.push_str(&text);
        }
    }

    /// A file of which no request gets further than the gateway.
    pub fn nothing_to_serve(&mut self) {
        let text = format!(
            "{} no route of {} has an `ai-proxy` plugin: every request is answered with 404 or 503\n",
            self.terminal.warning("warning:"),
            self.file
        );
        self.text.push_str(&text);
    }

    /// Routes on which whoever reaches `listen` spends the operator's credentials.
    pub fn open_routes<'p>(&mut self, routes: impl Iterator<Item = &'p Route>, listen: SocketAddr) {
        let routes: Vec<_> = routes.collect();
        for route in routes.iter().take(LINES) {
            let message = format!("whoever reaches {listen} spends the credential of {}", route.label());
            let help = "guard it with `key-auth`, or let only those reach the address who may";
            self.warning(&format!("{}:{}", route.line, route.column), &message, Some(help));
        }
        if routes.len() > LINES {
            let text = format!(
                "{} {} are not guarded either\n",
                self.terminal.warning("warning:"),
                plural(routes.len() - LINES, "more route")
            );
            self.text.push_str(&text);
        }
    }

    /// What the file asks for and is not done.
    pub fn obstacles(&mut self, obstacles: &[Obstacle]) {
        for Obstacle { line, column, message, help } in obstacles {
            self.error(&format!("{line}:{column}"), message, Some(help));
        }
    }

    /// A `--upstream` that takes nobody's place.
    pub fn unused_upstream(&mut self, provider: Provider) {
        let text = format!(
            "{} --upstream {provider}=… takes no endpoint's place: no plugin of {} calls the built-in endpoint of \
             `{provider}`\n",
            self.terminal.warning("warning:"),
            self.file
        );
        self.text.push_str(&text);
    }

    /// Secrets without which nothing is served.
    pub fn missing_secrets(&mut self, missing: &[MissingSecret]) {
        for secret in missing {
            self.error(&lines(&secret.lines), &secret.to_string(), Some(&secret.help()));
        }
    }

    /// Cloud identities without which nothing is served.
    pub fn unusable_identities(&mut self, problems: &[IdentityProblem]) {
        for IdentityProblem { lines: at, message, help } in problems {
            self.error(&lines(at), message, Some(help));
        }
    }

    /// Keys that nobody can show, where that stops nothing.
    pub fn unknown_keys(&mut self, missing: &[MissingSecret]) {
        for secret in missing {
            self.warning(&lines(&secret.lines), &format!("{secret}: the key is left out"), None);
        }
    }

    fn error(&mut self, place: &str, message: &str, help: Option<&str>) {
        self.at(&self.terminal.error("error:"), place, message, help);
    }

    fn warning(&mut self, place: &str, message: &str, help: Option<&str>) {
        self.at(&self.terminal.warning("warning:"), place, message, help);
    }

    fn at(&mut self, word: &str, place: &str, message: &str, help: Option<&str>) {
        let text = format!("{word} {}:{place}: {}\n", self.file, printable(message));
        self.text.push_str(&text);
        if let Some(help) = help {
            self.text.push_str(&format!("  help: {}\n", printable(help)));
        }
    }
}

/// `7`, or `7 (also 9, 12 and 4 more)`.
fn lines(lines: &[usize]) -> String {
    let [first, others @ ..] = lines else { return String::new() };
    if others.is_empty() {
        return first.to_string();
    }
    let shown: Vec<_> = others.iter().take(LINES).map(usize::to_string).collect();
    let rest = match others.len() - shown.len() {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    format!("{first} (also {}{rest})", shown.join(", "))
}
