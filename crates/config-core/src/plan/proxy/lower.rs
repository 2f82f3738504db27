//! From a plugin's typed configuration to a [`Proxy`].

use std::ops::Range;

use formats::openai::Options;

use super::{CompiledField, DEFAULT_MAX_REQUEST_BODY_SIZE, Field, Proxy, Shape};
use crate::model::{
    self, AiProxy, LlmFormat, MistralFormat, ModelOptions, Provider, ResponseStreaming, Text,
};
use crate::plan::auth::{Auth, Credential, Identity};
use crate::plan::landing::{HostError, host};
use crate::plan::upstream::template::{PathTemplate, UrlTemplate};
use crate::secret::{EnvVault, SecretValue, looks_like_reference};
use crate::syntax::Spanned;
use crate::template::{Template, parse};

/// Kong's default, which it fills in wherever a plugin has `model.options`.
const DEFAULT_AZURE_API_VERSION: &str = "2023-05-15";

/// Why a plugin is not compiled. Rules report the same with its place; here it only says why a route
/// answers nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Uncompilable {
    /// A placeholder that cannot be evaluated.
    #[error("{}: {message}", field.as_str())]
    Template {
        /// Where.
        field: Field,
        /// What is wrong.
        message: String,
    },
    /// A host that a client could choose, or that is none.
    #[error("{}: {reason}", field.as_str())]
    Host {
        /// Where.
        field: Field,
        /// Why.
        reason: String,
    },
    /// A secret reference that cannot be resolved.
    #[error("{field}: {message}")]
    Secret {
        /// The field, from `config` down.
        field: &'static str,
        /// What is wrong.
        message: String,
    },
    /// A value that no request can carry.
    #[error("{field}: {message}")]
    Value {
        /// The field, from `config` down.
        field: &'static str,
        /// What is wrong.
        message: &'static str,
    },
}

impl Proxy {
    /// Compiles a plugin, or says what keeps it from being compiled.
    pub fn lower(config: &AiProxy, vaults: &[EnvVault]) -> Result<Self, Uncompilable> {
        let none = ModelOptions::default();
        let model = &*config.model;
        let options = model.options.as_deref().unwrap_or(&none);
        let bedrock = options.bedrock.as_deref();
        let huggingface = options.huggingface.as_deref();
        let logging = config.logging.as_deref();
        let flag = |flag: Option<&Spanned<bool>>, default| flag.map_or(default, |flag| **flag);
        let aws_region = bedrock.and_then(|bedrock| bedrock.aws_region.as_ref()).map(|text| text.to_string());
        if let Some(region) = &aws_region
            && !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            let message = "a region consists of letters, digits and `-`";
            return Err(Uncompilable::Value { field: "model.options.bedrock.aws_region", message });
        }
        Ok(Self {
            provider: *model.provider,
            route_type: *config.route_type,
            auth: auth(config, vaults, aws_region.clone())?,
            options: Options {
                max_tokens: options.max_tokens.as_ref().map(|limit| limit.get()),
                temperature: options.temperature.as_ref().map(|number| number.get()),
                top_p: options.top_p.as_ref().map(|number| number.get()),
                top_k: options.top_k.as_ref().map(|number| number.get()),
            },
            llama2_format: options.llama2_format.as_deref().copied(),
            mistral_format: options.mistral_format.as_deref().copied().unwrap_or(MistralFormat::Openai),
            aws_region,
            use_cache: huggingface.and_then(|options| options.use_cache.as_deref().copied()),
            wait_for_model: huggingface.and_then(|options| options.wait_for_model.as_deref().copied()),
            input_cost: options.input_cost.as_ref().map(|cost| cost.get()),
            output_cost: options.output_cost.as_ref().map(|cost| cost.get()),
            response_streaming: config
                .response_streaming
                .as_deref()
                .copied()
                .unwrap_or(ResponseStreaming::Allow),
            max_request_body_size: config
                .max_request_body_size
                .as_ref()
                .and_then(|size| u64::try_from(size.get()).ok())
                .unwrap_or(DEFAULT_MAX_REQUEST_BODY_SIZE),
            log_statistics: flag(logging.and_then(|logging| logging.log_statistics.as_ref()), false),
            log_payloads: flag(logging.and_then(|logging| logging.log_payloads.as_ref()), false),
            model_name_header: flag(config.model_name_header.as_ref(), true),
            llm_format: config.llm_format.as_deref().copied().unwrap_or(LlmFormat::Openai),
            endpoint: None,
            fields: fields(model, options)?,
        })
    }
}

fn fields(model: &model::Model, options: &ModelOptions) -> Result<Vec<CompiledField>, Uncompilable> {
    let gemini = options.gemini.as_deref();
    let gemini =
        |pick: fn(&model::Gemini) -> &Option<Spanned<Text>>| gemini.and_then(|gemini| pick(gemini).as_ref());
    let given = [
        (Field::Name, model.given_name()),
        (Field::AnthropicVersion, options.anthropic_version.as_ref()),
        (Field::AzureInstance, options.azure_instance.as_ref()),
        (Field::AzureDeploymentId, options.azure_deployment_id.as_ref()),
        (Field::AzureApiVersion, options.azure_api_version.as_ref()),
        (Field::UpstreamUrl, options.upstream_url.as_ref()),
        (Field::UpstreamPath, options.upstream_path.as_ref()),
        (Field::GeminiApiEndpoint, gemini(|gemini| &gemini.api_endpoint)),
        (Field::GeminiProjectId, gemini(|gemini| &gemini.project_id)),
        (Field::GeminiLocationId, gemini(|gemini| &gemini.location_id)),
    ];
    given
        .into_iter()
        .filter_map(|(field, text)| {
            let default = (field == Field::AzureApiVersion && *model.provider == Provider::Azure)
                .then_some(DEFAULT_AZURE_API_VERSION);
            Some((field, text.map(|text| text.as_str()).or(default)?))
        })
        .map(|(field, text)| compile(field, text))
        .collect()
}

fn compile(field: Field, text: &str) -> Result<CompiledField, Uncompilable> {
    let template = parse(text).map_err(|errors| {
        let messages: Vec<_> = errors.into_iter().map(|error| error.message).collect();
        Uncompilable::Template { field, message: messages.join("; ") }
    })?;
    let shape = shape(field, &template).map_err(|(reason, _)| Uncompilable::Host { field, reason })?;
    Ok(CompiledField { field, template, shape })
}

fn shape(field: Field, template: &Template) -> Result<Shape, HostError> {
    let whole = 0..template.text().len();
    match field {
        Field::UpstreamUrl => return UrlTemplate::parse(template).map(Shape::Url),
        Field::UpstreamPath => return Ok(Shape::Path(PathTemplate::new(template.segments.clone()))),
        Field::AzureInstance => host(&template.segments, AZURE_DOMAIN, whole)?,
        Field::GeminiApiEndpoint => host(&template.segments, "", whole)?,
        _ => {}
    }
    Ok(Shape::Text)
}

/// Why no host is compiled from the template of a field, named from `config` down, and the bytes of
/// its text at fault. `None` if one is, or if the field has no part in a host.
pub fn host_error(field: &str, template: &Template) -> Option<(String, Range<usize>)> {
    let hosts = [Field::AzureInstance, Field::UpstreamUrl, Field::GeminiApiEndpoint];
    shape(hosts.into_iter().find(|host| host.as_str() == field)?, template).err()
}

/// What follows an `azure_instance` in its host.
const AZURE_DOMAIN: &str = ".openai.azure.com";

fn auth(config: &AiProxy, vaults: &[EnvVault], region: Option<String>) -> Result<Auth, Uncompilable> {
    let given = config.auth.as_deref();
    let provider = *config.model.provider;
    let flag = |pick: fn(&model::Auth) -> &Option<Spanned<bool>>| {
        given.and_then(|auth| pick(auth).as_deref()).copied().unwrap_or(false)
    };
    let text = |pick: fn(&model::Auth) -> &Option<Spanned<Text>>| given.and_then(|auth| pick(auth).as_ref());
    let secret = |field: &'static str, pick: fn(&model::Auth) -> &Option<Spanned<Text>>| {
        let parse = |text: &Spanned<Text>| SecretValue::parse(text.as_str(), vaults);
        text(pick)
            .map(parse)
            .transpose()
            .map_err(|error| Uncompilable::Secret { field, message: error.message })
    };

    let header_value = secret("auth.header_value", |auth| &auth.header_value)?;
    let header = match (text(|auth| &auth.header_name), header_value) {
        (Some(name), Some(value)) => Some(header(name.as_str(), value)?),
        _ => None,
    };
    let param_value = secret("auth.param_value", |auth| &auth.param_value)?;
    let location = given.and_then(|auth| auth.param_location.as_deref()).copied();
    let param = match (text(|auth| &auth.param_name), param_value, location) {
        (Some(name), Some(value), Some(location)) => {
            literal_name("auth.param_name", name.as_str())?;
            Some((Credential { name: name.to_string(), value }, location))
        }
        _ => None,
    };
    let access_key_id = secret("auth.aws_access_key_id", |auth| &auth.aws_access_key_id)?;
    let secret_access_key = secret("auth.aws_secret_access_key", |auth| &auth.aws_secret_access_key)?;
    let bearer = header.as_ref().is_some_and(|header| header.name == "authorization");
    let identity = match provider {
        // A configured bearer token takes the place of a signature unless keys are configured too.
        Provider::Bedrock if bearer && access_key_id.is_none() => None,
        Provider::Bedrock => Some(Identity::AwsSigV4 { access_key_id, secret_access_key, region }),
        Provider::Gemini if flag(|auth| &auth.gcp_use_service_account) => Some(Identity::GcpServiceAccount {
            json: secret("auth.gcp_service_account_json", |auth| &auth.gcp_service_account_json)?,
        }),
        Provider::Azure if flag(|auth| &auth.azure_use_managed_identity) => Some(Identity::AzureManaged {
            client_id: secret("auth.azure_client_id", |auth| &auth.azure_client_id)?,
            client_secret: secret("auth.azure_client_secret", |auth| &auth.azure_client_secret)?,
            tenant_id: secret("auth.azure_tenant_id", |auth| &auth.azure_tenant_id)?,
        }),
        _ => None,
    };
    let overridable = !matches!(provider, Provider::Bedrock | Provider::Gemini);
    Ok(Auth { header, param, allow_override: overridable && flag(|auth| &auth.allow_override), identity })
}

fn header(name: &str, value: SecretValue) -> Result<Credential, Uncompilable> {
    const FIELD: &str = "auth.header_name";
    literal_name(FIELD, name)?;
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
        return Err(Uncompilable::Value { field: FIELD, message: "not a header name" });
    }
    if CONNECTION_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        let message = "the connection's own header, which can carry no credential";
        return Err(Uncompilable::Value { field: FIELD, message });
    }
    if matches!(&value, SecretValue::Literal(text) if text.chars().any(char::is_control)) {
        let message = "a header value cannot contain line breaks or other control characters";
        return Err(Uncompilable::Value { field: "auth.header_value", message });
    }
    Ok(Credential { name: name.to_ascii_lowercase(), value })
}

const CONNECTION_HEADERS: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A name decides which of a client's headers and arguments are stripped, so it has to be known when
/// the plan is made.
fn literal_name(field: &'static str, name: &str) -> Result<(), Uncompilable> {
    if looks_like_reference(name) {
        return Err(Uncompilable::Value { field, message: "the name of a credential cannot be a reference" });
    }
    Ok(())
}
