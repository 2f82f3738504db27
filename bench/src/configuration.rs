//! The files that linting is measured on: routes a hundred to a service, each with an ai-proxy of its
//! own, written as people and their generators write them, about 615 bytes each.

use crate::mixture;

/// The routes of [`mixture`]. No two match the same request, but for those that begin with a capture; of
/// every hundred routes thirty end openly and name a group that no template uses, which are remarks.
pub fn apart(routes: usize) -> String {
    let patterns = mixture::patterns(routes);
    file(patterns.iter().enumerate().map(|(index, pattern)| Route::regex(index, pattern.clone())))
}

/// The routes of [`mixture`], some of which demand a host or a header or have no name, and ten that
/// take what others leave. Five of these stand among the others and give way to them by their priority;
/// five are the last routes of the file.
pub fn contested(routes: usize) -> String {
    let (among, last) = CATCH_ALLS.split_at(CATCH_ALLS.len() / 2);
    let between = (routes / among.len()).max(1);
    let patterns = mixture::patterns(routes);
    file(patterns.into_iter().enumerate().map(|(index, pattern)| {
        let among = among.get(index / between).filter(|_| index % between == between / 2);
        let last = last.get((index + last.len()).wrapping_sub(routes));
        let Some((path, methods)) = among.or(last) else {
            return Route {
                is_named: index % 13 != 6,
                demand: match index % 77 {
                    3 | 40 => Some(format!("hosts: [team-{}.ai.example.com]", index / 100)),
                    5 | 60 => Some("headers: {x-tier: [gold, silver]}".to_owned()),
                    7 => Some("headers: {x-team: ['~*^team-[0-9]+$']}".to_owned()),
                    _ => None,
                },
                ..Route::regex(index, pattern)
            };
        };
        let demand = among.map(|_| "regex_priority: -1".to_owned());
        Route { path: (*path).to_owned(), methods, demand, ..Route::regex(index, String::new()) }
    }))
}

/// Every route begins with a capture and ends with a text of its own.
pub fn wildcards(routes: usize) -> String {
    file(
        (0..routes)
            .map(|index| Route::regex(index, format!("/(?<model>[^#?/]+)/y{index}/chat/completions$"))),
    )
}

/// Every route has the same path.
pub fn identical(routes: usize) -> String {
    file((0..routes).map(|index| Route::regex(index, "/chat/completions$".to_owned())))
}

/// One route in ten takes all that the others do, each with a pattern of its own.
pub fn covered(routes: usize) -> String {
    file((0..routes).map(|index| match index % 10 {
        0 => Route::regex(index, format!("/openai/(?<rest_{index}>.*)")),
        _ => Route::regex(index, format!("/openai/{index}/chat/completions$")),
    }))
}

/// Routes that take what others leave, and their methods.
const CATCH_ALLS: [(&str, &str); 10] = [
    ("~/(?<model>[^#?/]+)/chat/completions$", "POST"),
    ("~/openai/(?<rest>.*)", "POST"),
    ("/static", "POST"),
    ("~/mistral(?<model>[^#?/]+)/chat/completions$", "POST"),
    ("~/openai/deployments/(?<deployment>[^#?/]+)/chat/completions", "POST"),
    ("~/cohere/(?<op_path>[^#?]+)", "POST"),
    ("/", "GET"),
    ("~/(?<team>team-[0-9]+)/(?<model>[^#?/]+)/(?<operation>.*)", "POST"),
    ("~/.*/chat/completions$", "POST"),
    ("/", "POST"),
];

struct Route {
    index: usize,
    path: String,
    methods: &'static str,
    /// A line that says what else a request must have, or what priority the route has.
    demand: Option<String>,
    is_named: bool,
}

impl Route {
    fn regex(index: usize, pattern: String) -> Self {
        Self { index, path: format!("~{pattern}"), methods: "POST", demand: None, is_named: true }
    }
}

fn file(routes: impl Iterator<Item = Route>) -> String {
    let mut text = String::from("_format_version: \"3.0\"\n\nservices:\n");
    for (count, it) in routes.enumerate() {
        if count % 100 == 0 {
            text += &service(count / 100);
        }
        text += &route(&it);
    }
    text
}

fn service(team: usize) -> String {
    format!(
        "  # ------ team {team}; questions to ai-platform@example.com ------\n  - name: team-{team}\n    \
         host: localhost\n    port: 8000\n    protocol: http\n    tags: [team-{team}, ai]\n    routes:\n"
    )
}

fn route(Route { index, path, methods, demand, is_named }: &Route) -> String {
    let team = index / 100;
    let [header, variable, model] = upstream(*index, path);
    let path = match index % 3 {
        0 => format!("'{path}'"),
        1 => format!("\"{path}\""),
        _ => path.clone(),
    };
    let name = if *is_named { format!("name: chat-{index}\n        ") } else { String::new() };
    let demand = demand.iter().map(|line| format!("        {line}\n")).collect::<String>();
    let comment = match index % 10 {
        0 => format!("      # since release {}, see the wiki before changing it\n", index % 37),
        _ => String::new(),
    };
    let tags = match index % 8 {
        0 => format!("        tags:\n          - team-{team}\n          - production\n"),
        1 => format!("        tags: [team-{team}, staging]\n"),
        _ => String::new(),
    };
    let logging = match index % 8 {
        2 => "              logging: {log_statistics: true, log_payloads: false}\n",
        6 => {
            "              logging:\n                log_statistics: true\n                log_payloads: false\n"
        }
        _ => "",
    };
    let temperature = match index % 2 {
        0 => format!("                  temperature: 0.{}\n", index % 10),
        _ => String::new(),
    };
    let options = format!("                  max_tokens: {}\n{temperature}", 512 + index % 1024);
    format!(
        "{comment}      - {name}paths:\n          - {path}\n        methods: [{methods}]\n{demand}        \
         strip_path: false\n{tags}        plugins:\n          - name: ai-proxy\n            config:\n              \
         route_type: llm/v1/chat\n              auth:\n                header_name: {header}\n                \
         header_value: \"{{vault://env/{variable}}}\"\n{logging}              model:\n{model}{options}"
    )
}

/// The header of the credential, the end of its variable's name, and the model up to its options.
fn upstream(index: usize, path: &str) -> [String; 3] {
    let name = match path.contains("(?<model>") {
        true => "\"$(uri_captures.model)\"",
        false => "gpt-4o-mini",
    };
    let (header, variable, model) = match index % 100 {
        2..12 => (
            "Authorization",
            "MISTRAL_AUTH_HEADER",
            format!(
                "                provider: mistral\n                name: {name}\n                options:\n                  \
                 mistral_format: openai\n                  upstream_url: https://api.mistral.ai/v1/chat/completions\n"
            ),
        ),
        12..27 => (
            "api-key",
            "AZURE_API_KEY",
            format!(
                "                provider: azure\n                name: gpt-4o\n                options:\n                  \
                 azure_instance: team-{}\n                  azure_deployment_id: az-{index}\n                  \
                 azure_api_version: \"2024-10-21\"\n",
                index / 100
            ),
        ),
        27..42 => (
            "Authorization",
            "COHERE_AUTH_HEADER",
            "                provider: cohere\n                name: command-r-plus\n                options:\n"
                .to_owned(),
        ),
        _ => (
            "Authorization",
            "OPENAI_AUTH_HEADER",
            format!(
                "                provider: openai\n                name: {name}\n                options:\n"
            ),
        ),
    };
    [header.to_owned(), variable.to_owned(), model]
}
