//! Route types, and settings of the plugin itself, that do not do in Kong what they say.

use super::Instance;
use crate::analysis::{PathFacts, PathKind};
use crate::diagnostic::Diagnostic;
use crate::model::{MistralFormat, Provider, ResponseStreaming, RouteType};

pub(super) fn completions(instance: &Instance) -> Option<Diagnostic> {
    if instance.route_type != RouteType::Completions {
        return None;
    }
    let has_url = instance.options.upstream_url.is_some();
    let is_ollama =
        instance.options.mistral_format.as_ref().is_some_and(|format| format.value == MistralFormat::Ollama);
    let what = match instance.provider {
        Provider::Gemini | Provider::Bedrock => "and answers 400",
        Provider::Mistral if is_ollama => "in Ollama's format, and answers 400",
        Provider::Mistral if !has_url => "and sends them to the path `/`",
        _ => return None,
    };
    let message = format!("Kong has no completions for `{}`, {what}", instance.provider);
    Some(
        instance
            .at_key(instance.config.route_type.node, message)
            .help("for Kong, write `route_type: llm/v1/chat`"),
    )
}

pub(super) fn preserve(instance: &Instance) -> Option<Diagnostic> {
    if instance.route_type != RouteType::Preserve {
        return None;
    }
    let has_url = instance.options.upstream_url.is_some();
    let what = match instance.provider {
        Provider::Bedrock => "fails on every request to `bedrock` in `preserve`: 500",
        Provider::Gemini if !has_url => {
            "fails on every request to `gemini` in `preserve` without `upstream_url`: 500"
        }
        Provider::Huggingface => "sends every request to `huggingface` in `preserve` to the path of chats",
        _ => return None,
    };
    Some(
        instance
            .at_key(instance.config.route_type.node, format!("Kong {what}"))
            .help("for Kong, write `route_type: llm/v1/chat`, or use another provider"),
    )
}

pub(super) fn preserve_without_model(instance: &Instance) -> Option<Diagnostic> {
    let lacks = instance.route_type == RouteType::Preserve && instance.config.model.given_name().is_none();
    lacks.then(|| {
        instance
            .at_key(
                instance.config.model.node,
                "Kong answers 500 in `preserve` unless `model.name` or the request's body names a model",
            )
            .help("add `model.name`; clients may then send no other name in a body")
    })
}

pub(super) fn payloads(instance: &Instance) -> Option<Diagnostic> {
    let logging = instance.config.logging.as_ref()?;
    let payloads = logging.log_payloads.as_ref().filter(|flag| flag.value)?;
    let has_statistics = logging.log_statistics.as_ref().is_some_and(|flag| flag.value);
    (!has_statistics).then(|| {
        instance
            .at_key(payloads.node, "Kong logs no payloads while `log_statistics` is off")
            .help("add `log_statistics: true`, or remove `log_payloads`")
    })
}

pub(super) fn always_streaming(instance: &Instance) -> Option<Diagnostic> {
    let streaming = instance.config.response_streaming.as_ref()?;
    (streaming.value == ResponseStreaming::Always).then(|| {
        let message = match instance.route_type {
            RouteType::Preserve => "Kong labels every answer `text/event-stream`, whatever it is",
            RouteType::Chat | RouteType::Completions => {
                "Kong asks the provider for a stream, and hands it in one block to clients that asked for none"
            }
        };
        instance
            .at(streaming.node, message)
            .help("let clients ask for a stream themselves: `response_streaming: allow`")
    })
}

/// Kong puts the client's path behind the host alone; here the deployment is kept before it.
pub(super) fn azure_preserve(instance: &Instance) -> Option<Diagnostic> {
    let options = instance.options;
    let applies = instance.provider == Provider::Azure
        && instance.route_type == RouteType::Preserve
        && options.upstream_url.is_none()
        && options.upstream_path.is_none()
        && !instance.paths().all(names_azure_path);
    applies.then(|| {
        instance
            .at_key(
                instance.config.route_type.node,
                "Kong drops the deployment in `preserve`: it sends the client's path to the instance as it is",
            )
            .help("let clients send the whole path, as in `paths: [\"/openai/deployments/\"]`")
    })
}

/// Whether every request to the path has Azure's own form of it.
fn names_azure_path(path: &PathFacts) -> bool {
    match &path.kind {
        PathKind::Prefix(prefix) => prefix.starts_with("/openai/"),
        PathKind::Regex(Ok(pattern)) => pattern.literal_prefix().starts_with("/openai/"),
        // A mistake of its own.
        PathKind::Regex(Err(_)) | PathKind::Neither => true,
    }
}

/// nginx reads bodies up to its buffer size into memory before the plugin counts.
pub(super) fn small_body_limit(instance: &Instance) -> Option<Diagnostic> {
    let limit = instance.config.max_request_body_size.as_ref()?;
    (limit.value.get() < 8192).then(|| {
        instance
            .at(limit.node, "Kong reads bodies up to 8192 bytes whatever limit is set; here the limit counts")
            .help("write a limit of at least 8192")
    })
}
