//! A request as the mock sees it.

use config_core::model::{Provider, RouteType};
use config_core::plan::prepare::Decision;
use formats::WireFormat;
use http_body_util::BodyExt;
use hyper::{Request, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::Body;

/// How much of a request's body is kept; what is longer is only counted.
const KEPT: usize = 16 << 20;

/// What the plan knows of a request that its bytes need not say: an `upstream_url` may have any path.
/// Requests carry it as an extension.
#[derive(Debug, Clone)]
pub(crate) struct Conversation {
    pub wire: WireFormat,
    pub provider: Provider,
    pub route_type: RouteType,
    pub model: Option<String>,
    pub stream: bool,
}

impl From<&Decision> for Conversation {
    fn from(decision: &Decision) -> Self {
        Self {
            wire: decision.wire,
            provider: decision.provider,
            route_type: decision.route_type,
            model: decision.model.clone(),
            stream: decision.stream,
        }
    }
}

/// A request.
pub struct Question {
    pub method: String,
    pub path: String,
    pub query: String,
    /// The body as JSON, if it is.
    pub json: Option<Value>,
    /// Bytes of the body.
    pub size: u64,
    pub conversation: Option<Conversation>,
    /// Stands for everything that was sent, credentials aside.
    digest: String,
}

impl Question {
    pub async fn read(request: Request<Body>) -> Result<Self, crate::BoxError> {
        let (mut parts, mut body) = request.into_parts();
        let (mut kept, mut size) = (Vec::new(), 0);
        let mut digest = ring::digest::Context::new(&ring::digest::SHA256);
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        digest.update(method.as_bytes());
        digest.update(path.as_bytes());
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            size += data.len() as u64;
            digest.update(&data);
            if kept.len() + data.len() <= KEPT {
                kept.extend_from_slice(&data);
            }
        }
        let whole = kept.len() as u64 == size;
        Ok(Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            json: serde_json::from_slice(&kept).ok().filter(|_| whole),
            size,
            conversation: parts.extensions.remove(),
            digest: digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
        })
    }

    /// A member of the JSON body; `null` if there is none.
    pub fn member(&self, name: &str) -> &Value {
        self.json.as_ref().map_or(&Value::Null, |json| &json[name])
    }

    /// The segments of the path.
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// The model that is asked: the body's, the path's or the plan's.
    pub fn model(&self) -> String {
        let body = self.member("model").as_str().map(str::to_owned);
        let planned = || self.conversation.as_ref()?.model.clone();
        body.or_else(|| self.model_in_path()).or_else(planned).unwrap_or_else(|| "mock".to_owned())
    }

    /// Azure's `deployments/{m}`, Gemini's `models/{m}:{verb}`, Bedrock's `model/{m}/{verb}` and Hugging
    /// Face's `models/{owner}/{m}`.
    fn model_in_path(&self) -> Option<String> {
        let segments = self.segments();
        let at = segments.iter().rposition(|name| ["deployments", "models", "model"].contains(name))?;
        let named = segments.get(at + 1)?;
        let model = match segments[at] {
            "models" => match (named.rsplit_once(':'), segments.get(at + 2)) {
                (Some((model, _)), _) => model.to_owned(),
                (None, Some(name)) => format!("{named}/{name}"),
                (None, None) => (*named).to_owned(),
            },
            _ => (*named).to_owned(),
        };
        Some(percent_decode_str(&model).decode_utf8_lossy().into_owned())
    }

    /// `length` hexadecimal digits that belong to this request alone, and always to it.
    pub fn digits(&self, length: usize) -> &str {
        &self.digest[..length]
    }

    pub fn wanted_failure(&self) -> Option<StatusCode> {
        let status = self.model().strip_prefix("mock-")?.parse().ok()?;
        StatusCode::from_u16(status)
            .ok()
            .filter(|status| status.is_client_error() || status.is_server_error())
    }
}
