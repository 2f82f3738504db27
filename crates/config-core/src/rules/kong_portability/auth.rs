//! Credentials that Kong refuses, or does not send.

use super::Instance;
use crate::diagnostic::Diagnostic;
use crate::model::{Llama2Format, MistralFormat, ParamLocation, Provider, RouteType};

/// Fields of Kong Enterprise.
pub(super) fn enterprise(instance: &Instance) -> Vec<Diagnostic> {
    let Some(auth) = &instance.config.auth else { return Vec::new() };
    let fields = [
        ("azure_use_managed_identity", auth.azure_use_managed_identity.as_ref().map(|field| field.node)),
        ("azure_client_id", auth.azure_client_id.as_ref().map(|field| field.node)),
        ("azure_client_secret", auth.azure_client_secret.as_ref().map(|field| field.node)),
        ("azure_tenant_id", auth.azure_tenant_id.as_ref().map(|field| field.node)),
    ];
    let given = fields.into_iter().filter_map(|(name, node)| node.map(|node| (name, node)));
    given
        .map(|(name, node)| {
            instance
                .at_key(node, format!("`{name}` is read by Kong Enterprise only; Kong refuses it: `unknown field`"))
                .help("for Kong, use a key: `header_name: api-key` and `header_value: \"{vault://env/AZURE_API_KEY}\"`")
        })
        .collect()
}

/// Kong demands that `allow_override` be false, which it is only by the default inside the block.
pub(super) fn no_block(instance: &Instance) -> Option<Diagnostic> {
    let applies =
        matches!(instance.provider, Provider::Bedrock | Provider::Gemini) && instance.config.auth.is_none();
    applies.then(|| {
        let message = format!(
            "Kong refuses `{}` without an `auth` block: `bedrock and gemini only support auth.allow_override = false`",
            instance.provider
        );
        instance.at_key(instance.config.model.provider.node, message).help("add `auth: {}` to `config`")
    })
}

pub(super) fn lost_header(instance: &Instance) -> Option<Diagnostic> {
    let header = instance.config.auth.as_ref()?.header_name.as_ref()?;
    (instance.provider == Provider::Bedrock).then(|| {
        instance
            .at_key(
                header.node,
                "Kong signs requests to `bedrock` with AWS keys, and sends no configured header",
            )
            .help("for Kong, set `aws_access_key_id` and `aws_secret_access_key`")
    })
}

pub(super) fn lost_parameter(instance: &Instance) -> Option<Diagnostic> {
    let location = instance.config.auth.as_ref()?.param_location.as_ref()?;
    let why = match location.value {
        ParamLocation::Query if matches!(instance.provider, Provider::Bedrock | Provider::Huggingface) => {
            format!("Kong adds no query argument to requests to `{}`", instance.provider)
        }
        ParamLocation::Body if instance.route_type == RouteType::Preserve => {
            "Kong passes bodies on as they are in `preserve`, and the credential is lost".to_owned()
        }
        ParamLocation::Body if body_is_rebuilt(instance) => format!(
            "Kong builds a new body for `{}` after it has put the credential into the old one",
            instance.provider
        ),
        _ => return None,
    };
    Some(
        instance
            .at_key(location.node, why)
            .help("for Kong, send the credential as `header_name` and `header_value`"),
    )
}

/// Whether Kong's driver makes a body of its own out of the client's.
fn body_is_rebuilt(instance: &Instance) -> bool {
    let options = instance.options;
    match instance.provider {
        Provider::Anthropic | Provider::Gemini | Provider::Bedrock => true,
        Provider::Mistral => {
            options.mistral_format.as_ref().is_some_and(|format| format.value == MistralFormat::Ollama)
        }
        Provider::Llama2 => {
            options.llama2_format.as_ref().is_some_and(|format| format.value != Llama2Format::Openai)
        }
        Provider::Openai | Provider::Azure | Provider::Cohere | Provider::Huggingface => false,
    }
}
