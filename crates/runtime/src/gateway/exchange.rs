//! What is known of one request and its answer, written to the access log when both are over.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use config_core::model::ConsumerIndex;
use config_core::plan::prepare::Decision;
use config_core::plan::proxy::Proxy;
use config_core::plan::{Plan, Route};
use hyper::http::request::Parts;
use uuid::Uuid;

use crate::access_log::{
    Aborted, AccessLog, ConsumerEntry, Entry, Latencies, RequestEntry, ResponseEntry, RouteEntry, masked,
};
use crate::head::ClientConnection;

/// One request and its answer. Dropped, it writes its line: at the end of the answer, or where one of the
/// two sides left.
pub(crate) struct Exchange {
    log: AccessLog,
    started: Instant,
    sent: Option<Instant>,
    entry: Entry,
    /// The id that the answer carries unless the upstream gives one.
    pub id: Uuid,
}

/// What nginx, and so Kong, logs for a client that left before it was answered.
const CLIENT_LEFT: u16 = 499;

impl Exchange {
    pub fn new(log: AccessLog, client: &ClientConnection, head: &Parts) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let entry = Entry {
            started_at: since_1970.as_millis() as u64,
            client_ip: client.client_ip,
            request: RequestEntry {
                id: String::new(),
                method: head.method.as_str().to_owned(),
                uri: masked(target.as_bytes()),
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
        Self { log, started: Instant::now(), sent: None, entry, id: Uuid::new_v4() }
    }

    /// Bytes of the client's body that have arrived.
    pub fn received(&mut self, bytes: u64) {
        self.entry.request.size = bytes;
    }

    /// The route that took it, and who sent it.
    pub fn routed(&mut self, plan: &Plan, route: &Route, consumer: Option<ConsumerIndex>) {
        self.entry.route = Some(RouteEntry { name: route.name.clone(), pointer: route.pointer.clone() });
        self.entry.consumer = consumer.map(|consumer| {
            let consumer = plan.consumer(consumer);
            ConsumerEntry { username: consumer.username.clone(), custom_id: consumer.custom_id.clone() }
        });
    }

    /// It is on its way upstream.
    pub fn sent(&mut self, _proxy: &Proxy, decision: &Decision) {
        self.sent = Some(Instant::now());
        self.entry.upstream_uri = Some(masked(decision.url.to_string().as_bytes()));
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.log.write(&self.entry);
    }
}
