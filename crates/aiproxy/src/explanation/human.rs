//! An explanation as a story: what was asked, where it went and why, what is sent upstream.

use super::{Candidate, Explanation, Outcome, Upstream, json::indented};
use crate::terminal::{Terminal, printable};

/// The text, for a terminal; with the candidates that do not match even on a hit if `all`.
pub fn render(explanation: &Explanation, terminal: &Terminal, all: bool) -> String {
    let mut story = Story { out: String::new(), terminal };
    story.request(explanation);
    story.routing(explanation);
    story.upstream(explanation);
    story.asides(explanation);
    story.candidates(explanation, all);
    story.out
}

struct Story<'a> {
    out: String,
    terminal: &'a Terminal,
}

impl Story<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    /// `name       value`, the value without anything that would drive the terminal.
    fn entry(&mut self, name: &str, value: &str) {
        let name = self.terminal.dim(&format!("{name:<10}"));
        self.line(&format!("  {name} {}", printable(value)));
    }

    fn request(&mut self, explanation: &Explanation) {
        let request = &explanation.request;
        let line = printable(&format!("{} {}", request.method, request.url)).into_owned();
        let line = self.terminal.strong(&line);
        self.line(&line);
        if let Some(error) = &explanation.error {
            let status = self.terminal.error(&format!("{}", error.status));
            self.line(&format!("  {status} {}", printable(&error.message)));
        }
    }

    fn routing(&mut self, explanation: &Explanation) {
        if let Some(route) = &explanation.route {
            let place = format!("{}:{}:{}", route.file, route.line, route.column);
            self.entry("route", &format!("{} ({place})", name(&route.name, &route.pointer)));
            if let Some(path) = &route.path {
                self.entry("path", path);
            }
        }
        if let Some(consumer) = &explanation.consumer {
            let names = [&consumer.username, &consumer.custom_id, &consumer.id];
            let name = names.into_iter().flatten().next();
            self.entry("consumer", name.map_or("", String::as_str));
        }
        for (name, value) in &explanation.captures {
            self.entry("capture", &format!("{name} = {}", value.as_str().unwrap_or_default()));
        }
        for template in &explanation.templates {
            self.entry(
                "template",
                &format!("{}: {} = {}", template.field, template.template, template.value),
            );
        }
        if let Some(provider) = &explanation.provider {
            let model = match &explanation.model {
                Some(model) => format!(" {model}"),
                None if !explanation.assumed.contains(&"body") => String::new(),
                None => " (model named by the body)".to_owned(),
            };
            let route_type = explanation.route_type.as_deref().unwrap_or_default();
            self.entry("model", &format!("{provider}{model}, {route_type}"));
        }
    }

    fn upstream(&mut self, explanation: &Explanation) {
        let Some(Upstream { method, url, headers, path_origin, body }) = &explanation.upstream else {
            return;
        };
        self.line("");
        let line = self.terminal.strong(&printable(&format!("{method} {url}")));
        self.line(&line);
        if explanation.route_type.as_deref() == Some("preserve") {
            let origin = if *path_origin == "client" { "the client" } else { path_origin };
            self.line(&self.terminal.dim(&format!("  (path from {origin})")));
        }
        for header in headers {
            let value = printable(&header.value).into_owned();
            let value = if header.secret { self.terminal.secret(&value) } else { value };
            self.line(&format!("  {}: {value}", printable(&header.name)));
        }
        if let Some(body) = body {
            self.line("");
            self.body(body.get());
        }
    }

    fn body(&mut self, body: &str) {
        for line in indented(body, 0).lines() {
            self.line(&format!("  {}", printable(line)));
        }
    }

    fn asides(&mut self, explanation: &Explanation) {
        let mut asides = explanation.notes.clone();
        if explanation.assumed.contains(&"body") && explanation.outcome == Outcome::Proxied {
            asides.push(
                "the body is not known, so nothing that depends on it was checked; give it with -d or --form"
                    .into(),
            );
        }
        if explanation.assumed.contains(&"key") {
            asides.push(
                "whose key it is cannot be told here, so no consumer is assumed and the key counts as valid; \
                 references to keys are read with --resolve-secrets, and --consumer NAME assumes one"
                    .into(),
            );
        }
        if explanation.assumed.contains(&"consumer") {
            asides.push("the client is taken for this consumer, whatever key it sends".into());
        }
        for secret in explanation.secrets.iter().flatten() {
            let state = if secret.resolved { "resolves here" } else { "does not resolve here" };
            asides.push(format!("{} {state}", secret.reference));
        }
        if let Some(kong) = explanation.kong.as_ref().filter(|kong| kong.reason.is_some()) {
            let reason = kong.reason.as_deref().unwrap_or_default();
            asides.push(match (&kong.pointer, kong.differs) {
                (Some(pointer), true) => {
                    format!("Kong 3.10 would pick {} instead: {reason}", name(&kong.route, pointer))
                }
                _ => format!("Kong 3.10: {reason}"),
            });
        }
        if !asides.is_empty() {
            self.line("");
        }
        for aside in asides {
            let mark = self.terminal.warning("note:");
            self.line(&format!("{mark} {}", printable(&aside)));
        }
    }

    /// On a miss what was considered; on a hit what matches too, or everything if `all`.
    fn candidates(&mut self, explanation: &Explanation, all: bool) {
        let missed = explanation.outcome == Outcome::NoRoute;
        let shown: Vec<_> = explanation
            .candidates
            .iter()
            .filter(|candidate| missed || all || (candidate.matched && !candidate.chosen))
            .collect();
        if shown.is_empty() {
            return;
        }
        self.line("");
        let heading = match (missed, all) {
            (true, _) => "why no route matched, the nearest first",
            (false, true) => "considered, the nearest first",
            (false, false) => "also matched, but later in order",
        };
        let heading = self.terminal.strong(heading);
        self.line(&heading);
        for Candidate { route, pointer, path, reason, .. } in shown {
            let path = path.as_deref().unwrap_or("(no paths)");
            self.line(&format!("  {}  {}", name(route, pointer), printable(path)));
            self.line(&format!("      {}", printable(reason)));
        }
        if missed && explanation.candidates_omitted > 0 {
            self.line(&format!("  and {} more; --all shows them", explanation.candidates_omitted));
        }
    }
}

/// A route by its name, or by its place if it has none.
fn name(name: &Option<String>, pointer: &str) -> String {
    printable(name.as_deref().unwrap_or(pointer)).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{json, value::to_raw_value};

    use super::super::*;
    use super::render;
    use crate::terminal::Terminal;

    const PLAIN: Terminal = Terminal { color: false, width: 100 };

    fn candidate(name: Option<&str>, reason: &str, matched: bool, prefix: &str) -> Candidate {
        Candidate {
            route: name.map(str::to_owned),
            pointer: "/1".into(),
            path: Some("~/cohere/(?<model>[^#?/]+)/chat/completions$".into()),
            matched,
            chosen: false,
            reason: reason.into(),
            matched_prefix: prefix.into(),
        }
    }

    fn proxied() -> Explanation {
        Explanation {
            format: "aiproxy-explain/1",
            outcome: Outcome::Proxied,
            assumed: vec!["body"],
            request: RequestLine {
                method: "POST".into(),
                url: "http://localhost:8000/gpt-4/chat/completions".into(),
            },
            route: Some(Route {
                name: Some("openai-chat".into()),
                pointer: "/0".into(),
                path: Some("~/(?<model>[^#?/]+)/chat/completions$".into()),
                file: "routes.yaml".into(),
                line: 1,
                column: 3,
            }),
            consumer: None,
            captures: Map::from_iter([("model".to_owned(), json!("gpt-4"))]),
            templates: vec![Template {
                field: "model.name".into(),
                template: "$(uri_captures.model)".into(),
                value: "gpt-4".into(),
            }],
            provider: Some("openai".into()),
            route_type: Some("llm/v1/chat".into()),
            model: Some("gpt-4".into()),
            upstream: Some(Upstream {
                method: "POST".into(),
                url: "https://api.openai.com/v1/chat/completions".into(),
                headers: vec![Header {
                    name: "authorization".into(),
                    value: "{vault://env/OPENAI_AUTH_HEADER}".into(),
                    secret: true,
                }],
                path_origin: "built-in",
                body: to_raw_value(&json!({"model": "gpt-4", "messages": []})).ok(),
            }),
            error: None,
            kong: Some(Kong {
                route: Some("openai-any".into()),
                pointer: Some("/2".into()),
                differs: true,
                reason: Some("both rank alike, and Kong goes by id".into()),
            }),
            candidates: vec![candidate(
                None,
                "openai-chat is tried first: it comes first in the file",
                true,
                "/x",
            )],
            candidates_omitted: 0,
            secrets: Some(vec![Secret {
                reference: "{vault://env/OPENAI_AUTH_HEADER}".into(),
                resolved: false,
            }]),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_hit_tells_where_the_request_goes() {
        insta::assert_snapshot!(render(&proxied(), &PLAIN, false));
    }

    #[test]
    fn a_miss_tells_how_near_it_was() {
        let missed = Explanation {
            outcome: Outcome::NoRoute,
            route: None,
            captures: Map::new(),
            templates: Vec::new(),
            provider: None,
            route_type: None,
            model: None,
            upstream: None,
            error: Some(Error { status: 404, message: "no Route matched with those values".into() }),
            kong: None,
            candidates: vec![
                candidate(
                    Some("cohere-chat"),
                    "the path ends before the pattern does",
                    false,
                    "/cohere/chat",
                ),
                candidate(None, "the method `GET` is not `POST`", false, ""),
            ],
            candidates_omitted: 3,
            secrets: None,
            ..proxied()
        };
        insta::assert_snapshot!(render(&missed, &PLAIN, false));
    }
}
