//! Which formats, route types and options go with which provider.

use super::{all_or_none, at_key, is_true, node};
use crate::diagnostic::Diagnostic;
use crate::model::{AiProxy, LlmFormat, Provider, RouteType};
use crate::syntax::Document;

pub(super) fn check(document: &Document, config: &AiProxy) -> Vec<Diagnostic> {
    let found = [
        two_names(document, config),
        vertex(document, config),
        native_format_of_another_provider(document, config),
        native_format_without_chat(document, config),
        statistics(document, config),
    ];
    found.into_iter().flatten().collect()
}

fn two_names(document: &Document, config: &AiProxy) -> Option<Diagnostic> {
    let (name, alias) = (config.model.name.as_ref()?, config.model.model.as_ref()?);
    let span = document.key_place(name.node).span;
    Some(
        at_key(document, alias.node, "`model.model` is another spelling of `model.name`, which is set too")
            .related(span, "the model's name")
            .help("remove `model`; Kong does not know it"),
    )
}

fn vertex(document: &Document, config: &AiProxy) -> Option<Diagnostic> {
    let gemini = config.model.options.as_ref()?.gemini.as_ref()?;
    let triple = [
        ("api_endpoint", node(&gemini.api_endpoint)),
        ("project_id", node(&gemini.project_id)),
        ("location_id", node(&gemini.location_id)),
    ];
    all_or_none(document, &triple, "the three together mean Vertex AI, none of them the public API")
}

fn native_format_of_another_provider(document: &Document, config: &AiProxy) -> Option<Diagnostic> {
    let format = config.llm_format.as_ref()?;
    let owner = match format.value {
        LlmFormat::Openai => return None,
        LlmFormat::Bedrock => Provider::Bedrock,
        LlmFormat::Gemini => Provider::Gemini,
    };
    let provider = &config.model.provider;
    (provider.value != owner).then(|| {
        let message = format!(
            "native `llm_format: {}` can only be used with the provider `{owner}`, and this is `{}`",
            format.value, provider.value
        );
        at_key(document, format.node, message)
            .related(document.span(provider.node), "the provider")
            .help("remove `llm_format`: clients that speak OpenAI's format reach every provider")
    })
}

fn native_format_without_chat(document: &Document, config: &AiProxy) -> Option<Diagnostic> {
    let format = config.llm_format.as_ref().filter(|format| format.value != LlmFormat::Openai)?;
    let route_type = &config.route_type;
    (route_type.value != RouteType::Chat).then(|| {
        let message = format!(
            "native `llm_format: {}` can only be used with `route_type: llm/v1/chat`, and this is `{}`",
            format.value, route_type.value
        );
        at_key(document, format.node, message)
            .related(document.span(route_type.node), "the route type")
            .help("write `route_type: llm/v1/chat`, or remove `llm_format`")
    })
}

fn statistics(document: &Document, config: &AiProxy) -> Option<Diagnostic> {
    let logging = config.logging.as_ref()?;
    let field = logging.log_statistics.as_ref()?;
    let applies = is_true(&logging.log_statistics)
        && config.model.provider.value == Provider::Anthropic
        && config.route_type.value == RouteType::Completions;
    applies.then(|| {
        let message = "anthropic does not support statistics when `route_type` is `llm/v1/completions`";
        at_key(document, field.node, message)
            .related(document.span(config.route_type.node), "the route type")
            .help("remove `log_statistics`, or write `route_type: llm/v1/chat`, whose answers carry token counts")
    })
}
