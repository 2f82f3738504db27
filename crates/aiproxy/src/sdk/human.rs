//! The answer for people: a block a route, with a program to paste.

use super::{Document, Route, Snippet};
use crate::terminal::{Terminal, printable};

/// The text, for a terminal.
pub fn render(document: &Document, terminal: &Terminal) -> String {
    let mut page = Page { out: String::new(), terminal };
    for (at, route) in document.routes.iter().enumerate() {
        if at > 0 {
            page.line("");
        }
        page.route(route);
    }
    for note in &document.notes {
        page.line("");
        page.line(&format!("note: {}", printable(note)));
    }
    page.out
}

struct Page<'a> {
    out: String,
    terminal: &'a Terminal,
}

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `name       value`, the value without anything that would drive the terminal.
    fn entry(&mut self, name: &str, value: &str) {
        let name = self.terminal.dim(&format!("{name:<14}"));
        self.line(&format!("  {name} {}", printable(value)));
    }

    fn route(&mut self, route: &Route) {
        let name = printable(route.route.as_deref().unwrap_or(&route.pointer)).into_owned();
        let name = self.terminal.strong(&name);
        let what = match (route.provider, route.route_type) {
            (Some(provider), Some(route_type)) => self.terminal.dim(&format!("  {provider}, {route_type}")),
            _ => String::new(),
        };
        self.line(&format!("{name}{what}"));
        if let Some(reason) = &route.reason {
            let missed = self.terminal.warning("no SDK reaches it:");
            self.line(&format!("  {missed} {}", printable(reason)));
        }
        if let Some(snippet) = route.snippets.first() {
            self.addresses(route, snippet);
        }
        for note in &route.notes {
            self.entry("note", note);
        }
        if let Some(snippet) = route.snippets.first() {
            self.line("");
            for line in snippet.code.lines() {
                self.line(&match line {
                    "" => String::new(),
                    line => format!("    {}", printable(line)),
                });
            }
        }
    }

    fn addresses(&mut self, route: &Route, snippet: &Snippet) {
        // The client for Azure is of no use to others where the plain one will do.
        let of_azure = snippet.client == "azure";
        if let Some(url) = &route.base_url {
            self.entry("base_url", url);
        }
        if let Some(url) = route.azure_endpoint.as_ref().filter(|_| of_azure) {
            self.entry("azure_endpoint", url);
            if let Some(deployment) = &route.deployment {
                self.entry("deployment", deployment);
            }
        }
        if let Some(model) = &route.model {
            self.entry("model", model);
        }
        for (what, pairs) in [("header", &route.headers), ("query", &route.query)] {
            for pair in pairs {
                self.entry(what, &format!("{}: {}", pair.name, pair.value));
            }
        }
        for placeholder in &route.placeholders {
            let values = match &placeholder.values {
                Some(values) if values.len() > 1 => format!("one of {}", values.join(", ")),
                Some(values) => format!("only {}", values.join(", ")),
                None => format!("such as {}", placeholder.example),
            };
            self.entry(&format!("{{{}}}", printable(&placeholder.name)), &values);
        }
    }
}
