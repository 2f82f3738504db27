//! From a plugin's typed configuration to a [`Proxy`].

use std::fmt;
use std::ops::Range;

use formats::openai::Options;

use super::{CompiledField, DEFAULT_MAX_REQUEST_BODY_SIZE, Field, Origin, Proxy, Shape};
use crate::model::{
    self, AiProxy, Bedrock, LlmFormat, MistralFormat, Model, ModelOptions, Provider, ResponseStreaming,
    RouteType, Text,
};
use crate::plan::auth::{Auth, Credential, Identity};
use crate::plan::landing::{LandingError, has_dot_segment, host};
use crate::plan::upstream::template::{PathTemplate, UrlTemplate};
use crate::secret::{EnvVault, SecretValue};
use crate::syntax::{NodeId, Spanned};
use crate::template::{Segment, Template, parse};

/// Kong's default, which it fills in wherever a plugin has `model.options`.
const DEFAULT_AZURE_API_VERSION: &str = "2023-05-15";

/// Why a plugin is not compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncompilable {
    /// The field at fault, from `config` down.
    pub field: &'static str,
    /// Its value.
    pub node: NodeId,
    /// The bytes of the value's text at fault.
    pub range: Range<usize>,
    /// What is wrong with it.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl fmt::Display for Uncompilable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl Proxy {
    /// Compiles a plugin, or says everything that keeps it from being compiled.
    pub fn lower(config: &AiProxy, vaults: &[EnvVault]) -> Result<Self, Vec<Uncompilable>> {
        let none = ModelOptions::default();
        let model = &*config.model;
        let options = model.options.as_deref().unwrap_or(&none);
        let huggingface = options.huggingface.as_deref();
        let logging = config.logging.as_deref();
        let flag = |flag: Option<&Spanned<bool>>, default| flag.map_or(default, |flag| **flag);
        let mut problems = Problems(Vec::new());
        let aws_region = region(options.bedrock.as_deref(), &mut problems);
        let proxy = Self {
            provider: *model.provider,
            route_type: *config.route_type,
            auth: auth(config, vaults, aws_region.clone(), &mut problems),
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
            origin: Origin::default(),
            fields: fields(model, *config.route_type, &mut problems),
        };
        if problems.0.is_empty() { Ok(proxy) } else { Err(problems.0) }
    }
}

impl Field {
    /// The field's text in a `model` block, if given.
    pub(crate) fn text(self, model: &Model) -> Option<&Spanned<Text>> {
        let options = model.options.as_deref();
        let gemini = options.and_then(|options| options.gemini.as_deref());
        match self {
            Field::Name => model.given_name(),
            Field::AnthropicVersion => options?.anthropic_version.as_ref(),
            Field::AzureInstance => options?.azure_instance.as_ref(),
            Field::AzureDeploymentId => options?.azure_deployment_id.as_ref(),
            Field::AzureApiVersion => options?.azure_api_version.as_ref(),
            Field::UpstreamUrl => options?.upstream_url.as_ref(),
            Field::UpstreamPath => options?.upstream_path.as_ref(),
            Field::GeminiApiEndpoint => gemini?.api_endpoint.as_ref(),
            Field::GeminiProjectId => gemini?.project_id.as_ref(),
            Field::GeminiLocationId => gemini?.location_id.as_ref(),
        }
    }
}

/// Why no host is compiled from the template of a field, and the bytes of its text at fault. `None` if
/// one is, or if the field has no part in a host.
pub fn host_error(field: Field, template: &Template) -> Option<LandingError> {
    shape(field, template).err()
}

/// The host that a field's template makes, and the domain that follows it; `None` if it makes none.
pub(crate) fn host_of(field: Field, template: &Template) -> Option<(Vec<Segment>, &'static str)> {
    match (field, shape(field, template).ok()?) {
        (_, Shape::Url(url)) => Some((url.host, "")),
        (Field::AzureInstance, _) => Some((template.segments.clone(), AZURE_DOMAIN)),
        (Field::GeminiApiEndpoint, _) => Some((template.segments.clone(), "")),
        _ => None,
    }
}

/// What was found wrong so far.
struct Problems(Vec<Uncompilable>);

impl Problems {
    fn add(
        &mut self,
        field: &'static str,
        node: NodeId,
        range: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.0.push(Uncompilable { field, node, range, message: message.into(), help: help.into() });
    }

    /// Blames a whole text.
    fn blame(&mut self, field: &'static str, text: &Spanned<Text>, message: &str, help: &str) {
        self.add(field, text.node, 0..text.as_str().len(), message, help);
    }
}

fn region(bedrock: Option<&Bedrock>, problems: &mut Problems) -> Option<String> {
    let region = bedrock?.aws_region.as_ref()?;
    let is_name = region.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_name {
        let help =
            "write a region such as `eu-central-1`; it is part of the host, so nothing else may stand there";
        let message = format!("`{}` is not an AWS region", region.as_str());
        problems.blame("model.options.bedrock.aws_region", region, &message, help);
    }
    is_name.then(|| region.to_string())
}

fn fields(model: &Model, route_type: RouteType, problems: &mut Problems) -> Vec<CompiledField> {
    // Otherwise the path is another's: the client's, or the one that is configured.
    let is_own_path = route_type != RouteType::Preserve
        && [Field::UpstreamUrl, Field::UpstreamPath].iter().all(|field| field.text(model).is_none());
    let mut compiled = Vec::new();
    for field in Field::ALL {
        match field.text(model) {
            Some(text) => {
                let template = compile(field, text, problems);
                if let Some(compiled) = template.as_ref()
                    && is_own_path
                    && is_segment(field, *model.provider)
                {
                    let path = PathTemplate::new(compiled.template.segments.clone());
                    refuse_dot_segment(field, text, &path, problems);
                }
                compiled.extend(template);
            }
            None if field == Field::AzureApiVersion && *model.provider == Provider::Azure => {
                let template = parse(DEFAULT_AZURE_API_VERSION).ok();
                compiled.extend(template.map(|template| CompiledField {
                    field,
                    template,
                    shape: Shape::Text,
                }));
            }
            None => {}
        }
    }
    compiled
}

fn compile(field: Field, text: &Spanned<Text>, problems: &mut Problems) -> Option<CompiledField> {
    let template = match parse(text.as_str()) {
        Ok(template) => template,
        Err(errors) => {
            for error in errors {
                problems.add(field.as_str(), text.node, error.range, error.message, error.help);
            }
            return None;
        }
    };
    match shape(field, &template) {
        Ok(shape) => {
            if let Some(path) = path_of(&shape) {
                refuse_dot_segment(field, text, path, problems);
            }
            Some(CompiledField { field, template, shape })
        }
        Err((reason, range)) => {
            let help = match field {
                Field::UpstreamUrl => "write scheme and host as they are, as in `https://llm.example.com/v1`",
                Field::AzureInstance => "write the name of the resource alone, without its domain",
                _ => "write a host name alone, such as `us-central1-aiplatform.googleapis.com`",
            };
            problems.add(field.as_str(), text.node, range, reason, help);
            None
        }
    }
}

/// Whether a field is a segment of every upstream path of the provider.
fn is_segment(field: Field, provider: Provider) -> bool {
    match field {
        Field::Name => matches!(provider, Provider::Bedrock | Provider::Gemini),
        Field::AzureDeploymentId => provider == Provider::Azure,
        Field::GeminiProjectId | Field::GeminiLocationId => provider == Provider::Gemini,
        _ => false,
    }
}

/// Blames a path that would be refused at every request.
fn refuse_dot_segment(field: Field, text: &Spanned<Text>, path: &PathTemplate, problems: &mut Problems) {
    if path.has_dot_segment() {
        let help = "write the path without `.` and `..`, encoded or not: upstreams resolve them differently";
        problems.blame(field.as_str(), text, "the path has a segment `.` or `..`", help);
    }
}

fn path_of(shape: &Shape) -> Option<&PathTemplate> {
    match shape {
        Shape::Text => None,
        Shape::Path(path) => Some(path),
        Shape::Url(url) => Some(&url.path),
    }
}

impl PathTemplate {
    /// Whether the literal text alone makes a dot segment.
    fn has_dot_segment(&self) -> bool {
        let value = |_: &_| Ok::<_, std::convert::Infallible>("value".to_owned());
        let Ok(rendered) = self.render(value, value);
        has_dot_segment(&rendered.path)
    }
}

fn shape(field: Field, template: &Template) -> Result<Shape, LandingError> {
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

/// What follows an `azure_instance` in its host.
const AZURE_DOMAIN: &str = ".openai.azure.com";

/// A text of the `auth` block.
type Pick = fn(&model::Auth) -> &Option<Spanned<Text>>;

fn auth(config: &AiProxy, vaults: &[EnvVault], region: Option<String>, problems: &mut Problems) -> Auth {
    let Some(given) = config.auth.as_deref() else {
        return Auth { identity: identity(config, None, region, |_, _| None), ..Auth::default() };
    };
    let flag = |flag: &Option<Spanned<bool>>| flag.as_deref().copied().unwrap_or(false);
    let mut secret = |field: &'static str, pick: Pick| {
        let text = pick(given).as_ref()?;
        match SecretValue::parse(text.as_str(), vaults) {
            Ok(secret) => Some(secret),
            Err(error) => {
                problems.add(field, text.node, error.range, error.message, error.help);
                None
            }
        }
    };
    let names = [
        secret("auth.header_name", |auth| &auth.header_name),
        secret("auth.param_name", |auth| &auth.param_name),
    ];
    let header_value = secret("auth.header_value", |auth| &auth.header_value);
    let param_value = secret("auth.param_value", |auth| &auth.param_value);
    let [header_name, param_name] = names;
    let header = header_name.zip(header_value).map(|(name, value)| Credential::new(name, value, true));
    let location = given.param_location.as_deref().copied();
    let param = param_name.zip(param_value).zip(location);
    let param = param.map(|((name, value), location)| (Credential::new(name, value, false), location));
    let identity = identity(config, header.as_ref(), region, &mut secret);
    if let Some(header) = &header {
        check_header(given, header, problems);
    }
    let overridable = !matches!(*config.model.provider, Provider::Bedrock | Provider::Gemini);
    Auth { header, param, allow_override: overridable && flag(&given.allow_override), identity }
}

fn identity(
    config: &AiProxy,
    header: Option<&Credential>,
    region: Option<String>,
    mut secret: impl FnMut(&'static str, Pick) -> Option<SecretValue>,
) -> Option<Identity> {
    let given = config.auth.as_deref();
    let flag = |pick: fn(&model::Auth) -> &Option<Spanned<bool>>| {
        given.and_then(|auth| pick(auth).as_deref()).copied().unwrap_or(false)
    };
    match *config.model.provider {
        Provider::Bedrock => {
            let access_key_id = secret("auth.aws_access_key_id", |auth| &auth.aws_access_key_id);
            let secret_access_key = secret("auth.aws_secret_access_key", |auth| &auth.aws_secret_access_key);
            // A configured bearer token takes the place of a signature unless keys are configured too.
            let bearer = header.is_some_and(|header| header.name == "authorization");
            let signs = !bearer || access_key_id.is_some();
            signs.then_some(Identity::AwsSigV4 { access_key_id, secret_access_key, region })
        }
        Provider::Gemini if flag(|auth| &auth.gcp_use_service_account) => Some(Identity::GcpServiceAccount {
            json: secret("auth.gcp_service_account_json", |auth| &auth.gcp_service_account_json),
        }),
        Provider::Azure if flag(|auth| &auth.azure_use_managed_identity) => Some(Identity::AzureManaged {
            client_id: secret("auth.azure_client_id", |auth| &auth.azure_client_id),
            client_secret: secret("auth.azure_client_secret", |auth| &auth.azure_client_secret),
            tenant_id: secret("auth.azure_tenant_id", |auth| &auth.azure_tenant_id),
        }),
        _ => None,
    }
}

/// Checks what a header can carry, as far as it is written in the file.
fn check_header(given: &model::Auth, header: &Credential, problems: &mut Problems) {
    if let Some(name) = given.header_name.as_ref().filter(|_| header.name_reference.is_none()) {
        let field = "auth.header_name";
        let help = "write the header that the provider expects, such as `Authorization` or `api-key`";
        if CONNECTION_HEADERS.contains(&&*header.name) {
            let message =
                format!("`{}` belongs to the connection and cannot carry a credential", name.as_str());
            problems.blame(field, name, &message, help);
        } else if !name.as_str().bytes().all(is_token) {
            problems.blame(field, name, &format!("`{}` is not a header name", name.as_str()), help);
        }
    }
    if let (Some(value), SecretValue::Literal(text)) = (&given.header_value, &header.value)
        && text.chars().any(char::is_control)
    {
        let message = "a header value cannot contain line breaks or other control characters";
        problems.blame(
            "auth.header_value",
            value,
            message,
            "write the value on one line, without a line break at its end",
        );
    }
}

/// Whether a byte may stand in a header's name.
pub(in crate::plan) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Headers that are the connection's own business.
pub(in crate::plan) const CONNECTION_HEADERS: [&str; 9] = [
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
