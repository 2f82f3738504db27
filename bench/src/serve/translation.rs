//! What a translated request costs beside one that passes, in one gateway that has a route for each.

use std::{fs, net::SocketAddr, path::Path, time::Duration};

use super::api::Api;
use super::contender::Contender;
use super::load::{self, Work};
use super::upstream::Upstream;
use super::{Load, ROUNDS, Slices, loads, median};

/// Prints the table. The first row of each request is what passes as it is.
pub async fn measure(provider: SocketAddr, upstream: &Upstream, directory: &Path) {
    let path = directory.join("translation.yaml");
    fs::write(&path, yaml()).expect("a directory of ours");
    let gateway = Contender::aiproxy("aiproxy", provider, &path, true);
    println!("| request | provider | CPU | × | requests/s | median latency | 99 % |");
    println!("|---|---|---:|---:|---:|---:|---:|");
    for Load { name, kind, times, units } in loads(upstream) {
        let mut slices: Vec<Slices> = Api::ALL.iter().map(|_| Slices::default()).collect();
        for round in 0..=ROUNDS {
            for (api, slices) in Api::ALL.iter().zip(&mut slices) {
                let work = Work { path: chat(*api), kind: kind.clone() };
                let before: Duration = gateway.family.cpu();
                let done = load::run(gateway.address, &work, times).await;
                slices.add(round > 0, gateway.family.cpu() - before, done, units);
            }
        }
        for (api, of_it) in Api::ALL.iter().zip(&slices) {
            let ratios = of_it.cpu.iter().zip(&slices[0].cpu).map(|(translated, passed)| translated / passed);
            println!(
                "| {name} | {} | {:.1} µs | {:.2} | {} |",
                api.provider(),
                median(of_it.cpu.clone()),
                median(ratios.collect()),
                of_it.speed()
            );
        }
    }
}

fn chat(api: Api) -> String {
    format!("/{}/chat/completions", api.provider())
}

fn yaml() -> String {
    let routes: String = Api::ALL.into_iter().map(route).collect();
    format!(
        "_format_version: \"3.0\"\nservices:\n  - name: models\n    host: localhost\n    routes:\n{routes}"
    )
}

fn route(api: Api) -> String {
    let by_header = "header_name: authorization, header_value: '{vault://env/OPENAI_AUTH_HEADER}'";
    let (auth, options) = match api {
        Api::OpenAi | Api::Gemini => (by_header, "{}"),
        Api::Anthropic => (by_header, "{anthropic_version: '2023-06-01', max_tokens: 256}"),
        // Signing is a part of what Bedrock takes.
        Api::Bedrock => (
            "aws_access_key_id: '{vault://env/OPENAI_AUTH_HEADER}', aws_secret_access_key: \
             '{vault://env/OPENAI_AUTH_HEADER}'",
            "{bedrock: {aws_region: eu-central-1}}",
        ),
    };
    let provider = api.provider();
    let path = chat(api);
    // All ask for the model that the clients name.
    format!(
        "      - name: {provider}\n        paths: ['~{path}$']\n        methods: [POST]\n        plugins:\n          - name: \
         ai-proxy\n            config:\n              route_type: llm/v1/chat\n              auth: {{{auth}}}\n              \
         logging: {{log_statistics: true, log_payloads: false}}\n              model: {{provider: {provider}, name: gpt-4o-mini, options: {options}}}\n"
    )
}
