//! The file that linting is measured on: the routes of [`mixture`], a hundred to a service, each
//! with an ai-proxy of its own, written as people and their generators write them.

use crate::mixture;

/// A declarative file of `routes` routes, about 615 bytes each. It has no error; of every hundred
/// routes thirty end openly and name a group that no template uses, which are remarks.
pub fn yaml(routes: usize) -> String {
    let mut text = String::from("_format_version: \"3.0\"\n\nservices:\n");
    for (index, pattern) in mixture::patterns(routes).iter().enumerate() {
        if index % 100 == 0 {
            text += &service(index / 100);
        }
        text += &route(index, pattern);
    }
    text
}

fn service(team: usize) -> String {
    format!(
        "  # ------ team {team}; questions to ai-platform@example.com ------\n  - name: team-{team}\n    \
         host: localhost\n    port: 8000\n    protocol: http\n    tags: [team-{team}, ai]\n    routes:\n"
    )
}

fn route(index: usize, pattern: &str) -> String {
    let team = index / 100;
    let path = match index % 3 {
        0 => format!("'~{pattern}'"),
        1 => format!("\"~{pattern}\""),
        _ => format!("~{pattern}"),
    };
    let comment = match index % 10 {
        0 => format!("      # since release {}, see the wiki before changing it\n", index % 37),
        _ => String::new(),
    };
    let tags = match index % 8 {
        0 => format!("        tags:\n          - team-{team}\n          - production\n"),
        1 => format!("        tags: [team-{team}, staging]\n"),
        _ => String::new(),
    };
    let [header, variable, model] = upstream(index, pattern);
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
        "{comment}      - name: chat-{index}\n        paths:\n          - {path}\n        methods: [POST]\n        \
         strip_path: false\n{tags}        plugins:\n          - name: ai-proxy\n            config:\n              \
         route_type: llm/v1/chat\n              auth:\n                header_name: {header}\n                \
         header_value: \"{{vault://env/{variable}}}\"\n{logging}              model:\n{model}{options}"
    )
}

/// The header of the credential, the end of its variable's name, and the model up to its options.
fn upstream(index: usize, pattern: &str) -> [String; 3] {
    let name = match pattern.contains("(?<model>") {
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
