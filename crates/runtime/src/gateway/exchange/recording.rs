//! What statistics of a request are made from.

use std::time::Duration;

use bytes::Bytes;
use config_core::plan::Routed;
use config_core::plan::prepare::Decision;
use config_core::plan::proxy::Field;
use formats::statistics::{Azure, Bodies, Call, Statistics};

use crate::response::Said;

/// What is known of a request to a model once it has been decided.
pub(crate) struct Recording {
    plugin_id: String,
    provider: &'static str,
    /// The model that is asked; of a body that passes by, as soon as it has named one.
    pub model: Option<String>,
    azure: Option<[Option<String>; 3]>,
    input_cost: Option<f64>,
    output_cost: Option<f64>,
    stream: bool,
    /// The body in OpenAI's format, if it is held: what is sent, or what the client sent where that is
    /// translated.
    request: Option<Bytes>,
    /// The same as it may be logged.
    shown: Option<String>,
    /// Whether bodies are logged.
    pub payloads: bool,
}

impl Recording {
    pub fn new(routed: &Routed<'_, '_>, decision: &Decision) -> Self {
        let proxy = routed.proxy;
        let text = |field| routed.rendered.text(field).map(str::to_owned);
        let azure = (proxy.provider == config_core::model::Provider::Azure).then(|| {
            let version = decision.url.query.as_deref().and_then(api_version).map(str::to_owned);
            [text(Field::AzureInstance), text(Field::AzureDeploymentId), version]
        });
        Self {
            plugin_id: proxy.origin.id.clone(),
            provider: proxy.provider.as_str(),
            model: decision.model.clone(),
            azure,
            input_cost: proxy.input_cost,
            output_cost: proxy.output_cost,
            stream: decision.stream,
            request: None,
            shown: None,
            payloads: proxy.log_payloads,
        }
    }

    /// Of `client`'s body was made what is `sent`.
    pub fn holds(&mut self, decision: &Decision, client: Bytes, sent: Bytes) {
        self.shown = self.payloads.then(|| decision.shown_body(Some(&client))).flatten();
        self.request = Some(if decision.expected.is_some() { client } else { sent });
    }

    /// The statistics, now that the answer is over.
    pub fn statistics(
        &self,
        status: Option<u16>,
        answered: bool,
        said: &Said,
        latency: Duration,
        first_byte: Option<Duration>,
    ) -> Statistics {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let azure = self.azure.as_ref().map(|[instance, deployment, api_version]| Azure {
            instance: instance.as_deref(),
            deployment: deployment.as_deref(),
            api_version: api_version.as_deref(),
        });
        Statistics::new(&Call {
            plugin_id: &self.plugin_id,
            provider: self.provider,
            request_model: self.model.as_deref(),
            azure,
            input_cost: self.input_cost,
            output_cost: self.output_cost,
            status,
            answered,
            stream: self.stream,
            latency: milliseconds(latency),
            first_byte: first_byte.map(milliseconds),
            facts: &said.facts,
            request: self.request.as_deref(),
            payload: self
                .payloads
                .then_some(Bodies { request: self.shown.as_deref(), response: said.body.as_deref() }),
        })
    }
}

/// The argument that names the version of Azure's API.
fn api_version(query: &str) -> Option<&str> {
    query.split('&').find_map(|argument| argument.strip_prefix("api-version="))
}
