//! What is known of one request and its answer, written to the access log when both are over.

mod recording;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use config_core::model::ConsumerIndex;
use config_core::plan::prepare::{DROPPED_HEADER, Decision};
use config_core::plan::{Plan, Route, Routed};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};

use crate::access_log::{
    Aborted, AccessLog, AiEntry, ConsumerEntry, Entry, Latencies, RequestEntry, ResponseEntry, RouteEntry,
    ServiceEntry, masked,
};
use crate::clock;
use crate::head::{ClientConnection, RequestLine, request_id};
use crate::request_body::Upload;
use crate::response::Said;
use recording::Recording;

/// One request and its answer. Dropped, it writes its line: at the end of the answer, or where one of the
/// two sides left.
pub(crate) struct Exchange {
    log: AccessLog,
    started: Instant,
    sent: Option<Instant>,
    first_byte: Option<Instant>,
    entry: Entry,
    /// Of a body that is passed on while it comes.
    upload: Option<Arc<Upload>>,
    /// The value of the answer's `x-kong-llm-model`.
    model: Option<HeaderValue>,
    /// That of the answer's `x-aiproxy-dropped`.
    dropped: Option<HeaderValue>,
    recording: Option<Box<Recording>>,
    said: Said,
}

/// What nginx, and so Kong, logs for a client that left before it was answered.
const CLIENT_LEFT: u16 = 499;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MODEL: HeaderName = HeaderName::from_static("x-kong-llm-model");
const DROPPED: HeaderName = HeaderName::from_static(DROPPED_HEADER);

impl Exchange {
    pub fn new(log: AccessLog, client: &ClientConnection, line: RequestLine<'_>) -> Self {
        let since_1970 = clock::since_1970(SystemTime::now());
        let entry = Entry {
            started_at: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
            client_ip: client.client_ip,
            request: RequestEntry {
                id: request_id(),
                method: line.method.to_owned(),
                uri: masked(line.target),
                size: 0,
            },
            response: ResponseEntry { status: CLIENT_LEFT, size: 0 },
            latencies: Latencies { request: 0.0, proxy: None, kong: 0.0 },
            route: None,
            service: None,
            consumer: None,
            upstream_uri: None,
            upstream_status: None,
            ai: None,
            error: None,
            aborted: Some(Aborted::Client),
        };
        Self {
            log,
            started: Instant::now(),
            sent: None,
            first_byte: None,
            entry,
            upload: None,
            model: None,
            dropped: None,
            recording: None,
            said: Said::default(),
        }
    }

    /// Bytes of the client's body that have arrived.
    pub fn received(&mut self, bytes: u64) {
        self.entry.request.size = bytes;
    }

    /// The client's body is passed on while it arrives.
    pub fn passes_on(&mut self, upload: Arc<Upload>) {
        self.upload = Some(upload);
    }

    /// The route that took it, and who sent it.
    pub fn routed(&mut self, plan: &Plan, route: &Route, consumer: Option<ConsumerIndex>) {
        if !self.log.is_on() {
            return;
        }
        self.entry.route = Some(RouteEntry { name: route.name.clone(), pointer: route.pointer.clone() });
        self.entry.service = route.service_name.clone().map(|name| ServiceEntry { name });
        self.entry.consumer = consumer.map(|consumer| {
            let consumer = plan.consumer(consumer);
            ConsumerEntry { username: consumer.username.clone(), custom_id: consumer.custom_id.clone() }
        });
    }

    /// What is sent upstream has been decided.
    pub fn decided(&mut self, routed: &Routed<'_, '_>, decision: &Decision) {
        let value = |text: &str| HeaderValue::try_from(text).ok();
        self.model = decision.response_model_header.as_deref().and_then(value);
        self.dropped = decision.dropped_header().as_deref().and_then(value);
        if !self.log.is_on() {
            return;
        }
        self.entry.upstream_uri = Some(masked(decision.url.to_string().as_bytes()));
        if routed.proxy.log_statistics || routed.proxy.log_payloads {
            self.recording = Some(Box::new(Recording::new(routed, decision)));
        }
    }

    /// Of `client`'s body was made what is `sent`.
    pub fn holds(&mut self, decision: &Decision, client: &Bytes, sent: &Bytes) {
        if let Some(recording) = &mut self.recording {
            recording.holds(decision, client.clone(), sent.clone());
        }
    }

    /// Whether statistics are made of the answer; with its text, if so.
    pub fn recording(&self) -> Option<&Recording> {
        self.recording.as_deref()
    }

    /// It is on its way upstream.
    pub fn sent(&mut self) {
        self.sent = Some(Instant::now());
    }

    /// The upstream has answered.
    pub fn answered(&mut self, status: StatusCode) {
        self.entry.upstream_status = Some(status.as_u16());
        self.entry.latencies.proxy = self.sent.map(|sent| milliseconds(sent.elapsed()));
    }

    /// The gateway answers in place of an upstream.
    pub fn refused(&mut self, message: &str) {
        self.entry.error = Some(message.to_owned());
    }

    /// Puts the request's name, the model's and those of what was left out into the answer's head, which is
    /// about to be given.
    pub fn answers(&mut self, status: StatusCode, headers: &mut HeaderMap) {
        self.entry.response.status = status.as_u16();
        match headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok()) {
            Some(id) => self.entry.request.id = id.to_owned(),
            None => {
                let id = HeaderValue::try_from(&self.entry.request.id);
                headers.insert(REQUEST_ID, id.expect("a UUID is a header value"));
            }
        }
        let named = || HeaderValue::try_from(self.upload.as_ref()?.named()?.header.as_ref()?).ok();
        if let Some(model) = self.model.take().or_else(named) {
            headers.insert(MODEL, model);
        }
        if let Some(dropped) = self.dropped.take() {
            headers.insert(DROPPED, dropped);
        }
    }

    /// Bytes of the answer's body have been given to the client.
    pub fn gave(&mut self, bytes: usize) {
        if self.recording.is_some() && self.first_byte.is_none() {
            self.first_byte = Some(Instant::now());
        }
        self.entry.response.size += bytes as u64;
    }

    /// The answer is complete.
    pub fn ended(&mut self) {
        self.entry.aborted = None;
    }

    /// The upstream broke the answer off.
    pub fn broke_off(&mut self, error: &str) {
        self.entry.aborted = Some(Aborted::Upstream);
        self.entry.error = Some(error.to_owned());
    }

    /// What the answer said about itself.
    pub fn said(&mut self, said: Said) {
        self.said = said;
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.log.is_on() {
            return;
        }
        let total = self.started.elapsed();
        let own = self.sent.map_or(total, |sent| sent - self.started);
        self.entry.latencies.request = milliseconds(total);
        self.entry.latencies.kong = milliseconds(own);
        if let Some(upload) = &self.upload {
            self.entry.request.size = upload.received();
        }
        if let Some(recording) = &mut self.recording {
            if let Some(named) = self.upload.as_ref().and_then(|upload| upload.named()) {
                recording.model.get_or_insert_with(|| named.model.clone());
            }
            let first_byte = self.first_byte.map(|at| at - self.started);
            let answered = (200..300).contains(&self.entry.response.status);
            let proxy =
                recording.statistics(self.entry.upstream_status, answered, &self.said, total, first_byte);
            self.entry.ai = Some(AiEntry { proxy });
        }
        self.log.write(&self.entry);
    }
}

/// To the microsecond.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}
