//! `missing-provider-option`: what a provider needs to build a request, and does not have.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::model::{AiProxy, MistralFormat, ModelOptions, Provider};
use crate::rules::Rule;
use crate::source::Span;

pub(crate) fn check(facts: &Facts, diagnostics: &mut Vec<Diagnostic>) {
    for config in facts.config.plugins.iter().filter_map(|plugin| plugin.ai_proxy.as_ref()) {
        diagnostics.extend(provider(facts, config));
        diagnostics.extend(ollama(facts, config));
    }
}

/// A provider, an option that it needs, whether that is given, and an example.
type Need = (Provider, &'static str, fn(&ModelOptions) -> bool, &'static str);

const NEEDS: &[Need] = &[
    (Provider::Azure, "azure_instance", |options| options.azure_instance.is_some(), "my-instance"),
    (Provider::Azure, "azure_deployment_id", |options| options.azure_deployment_id.is_some(), "gpt-4o"),
    (
        Provider::Anthropic,
        "anthropic_version",
        |options| options.anthropic_version.is_some(),
        "\"2023-06-01\"",
    ),
    (Provider::Llama2, "llama2_format", |options| options.llama2_format.is_some(), "ollama"),
    (
        Provider::Llama2,
        "upstream_url",
        |options| options.upstream_url.is_some(),
        "http://localhost:11434/api/chat",
    ),
];

fn provider(facts: &Facts, config: &AiProxy) -> Option<Diagnostic> {
    let provider = &config.model.provider;
    let none = ModelOptions::default();
    let options = config.model.options.as_ref().map_or(&none, |options| &options.value);
    let mut missing: Vec<(&str, &str)> = NEEDS
        .iter()
        .filter(|(whose, _, is_given, _)| *whose == provider.value && !is_given(options))
        .map(|(_, option, _, example)| (*option, *example))
        .collect();
    let nulled = nulled_version(facts, config).filter(|_| provider.value == Provider::Azure);
    missing.extend(nulled.map(|_| ("azure_api_version", "\"2024-10-21\"")));
    if missing.is_empty() {
        return None;
    }
    let names: Vec<_> = missing.iter().map(|(option, _)| format!("`model.options.{option}`")).collect();
    let message = format!("provider `{}` needs {}", provider.value, names.join(" and "));
    let lines: Vec<_> = missing.iter().map(|(option, example)| format!("`{option}: {example}`")).collect();
    let finding =
        Diagnostic::new(Rule::MissingProviderOption, facts.document.key_place(provider.node), message)
            .help(format!("add under `options`, with values of yours: {}", lines.join(", ")));
    Some(match nulled {
        Some(version) => finding.related(version, "an explicit `null` takes the default away"),
        None => finding,
    })
}

/// Where `azure_api_version: null` stands.
fn nulled_version(facts: &Facts, config: &AiProxy) -> Option<Span> {
    let options = config.model.options.as_ref()?;
    let version = facts.document.get(options.node, "azure_api_version")?;
    facts.document.is_null(version).then(|| facts.document.key_place(version).span)
}

/// Ollama's format has no place of its own to go to.
fn ollama(facts: &Facts, config: &AiProxy) -> Option<Diagnostic> {
    let options = config.model.options.as_ref()?;
    let format = options.mistral_format.as_ref().filter(|format| format.value == MistralFormat::Ollama)?;
    if config.model.provider.value != Provider::Mistral || options.upstream_url.is_some() {
        return None;
    }
    let message = "`mistral_format: ollama` needs `model.options.upstream_url`; Kong would send Ollama's format \
                   to api.mistral.ai";
    Some(
        Diagnostic::new(Rule::MissingProviderOption, facts.document.key_place(format.node), message)
            .help("add `upstream_url: http://localhost:11434/api/chat`, with the address of your server"),
    )
}
