//! Requests, their paths aside, cut into cells.
//!
//! For routes `all` that a request must match and routes `none` that it should not, each thing that a
//! request has (connection, host, method, headers) is chosen apart from the others, out of candidates
//! that stand for every value there is: any request that meets `all` can have one thing replaced by a
//! candidate that `all` accept, and that none of `none` accepts which did not accept the thing before.
//! So if the question has an answer, it has one in a cell; and a candidate that more of `none` accept
//! than an earlier one is not needed. The candidates come in the order of how natural they are.

use std::net::IpAddr;

use super::header::{self, Sent};
use super::name;
use crate::language::Undecided;
use crate::plan::criteria::{
    Criteria, HeaderCriterion, HeaderValue, HostPattern, NamePattern, Protocols, SniPattern,
};
use crate::plan::request::{Scheme, split_host_port};
use crate::proof::request::Request;

/// The cells of a question, each as a request for `/`.
pub struct Cells {
    connections: Vec<Connection>,
    methods: Vec<String>,
    headers: Vec<Sent>,
    doubt: Option<Undecided>,
    size: usize,
    cost: usize,
}

/// How the client connects, and the hosts that it may ask for then.
struct Connection {
    tls: Tls,
    hosts: Vec<Host>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tls {
    No,
    /// With the host's name, for no route in question looks at it.
    AsHost,
    Yes {
        sni: Option<String>,
    },
}

/// The host that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    /// The URL's.
    Same,
    /// This one, as a header says.
    Named(String),
}

/// Candidates of which each is needed.
pub(super) struct Choices<T> {
    pub kept: Vec<T>,
    /// Whether they stand for every value.
    pub complete: bool,
    /// How many were tried.
    pub tried: usize,
}

/// A question: requests that all of these match and none of those.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    pub all: &'q [&'q Criteria],
    pub none: &'q [&'q Criteria],
    /// How many candidates of one thing are considered.
    pub candidates: usize,
}

/// How many candidates are considered at most, and how many comparisons they may take.
const CANDIDATES: usize = 512;
const COMPARISONS: usize = 1 << 16;

/// How many are tried, for each that is considered, to find one that all accept.
const TRIES: usize = 64;

impl Cells {
    /// The cells for requests that `all` match and `none` should not.
    pub fn new(all: &[&Criteria], none: &[&Criteria]) -> Self {
        let size = 1 + all.iter().chain(none).map(|route| size(route)).sum::<usize>();
        let question = Question { all, none, candidates: (COMPARISONS / size).clamp(8, CANDIDATES) };
        let tls = tls(question);
        let (mut complete, mut tried) = (tls.complete, tls.tried);
        let connections = tls.kept.into_iter().map(|tls| {
            let hosts = hosts(question, &tls);
            complete &= hosts.complete;
            tried += hosts.tried;
            Connection { tls, hosts: hosts.kept }
        });
        let connections = connections.collect();
        let methods = methods(question);
        let headers = header::choices(question);
        complete &= methods.complete;
        tried += methods.tried + headers.tried;
        let doubt = (!complete).then_some(Undecided::TooManyCases);
        Self {
            connections,
            methods: methods.kept,
            headers: headers.kept,
            doubt: doubt.or((!headers.complete).then_some(Undecided::Header)),
            size,
            cost: size.saturating_mul(1 + tried),
        }
    }

    /// How much there is to compare in a cell.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many comparisons it took to find the cells.
    pub fn cost(&self) -> usize {
        self.cost
    }

    /// Why there may be an answer although no cell has one.
    pub fn doubt(&self) -> Option<Undecided> {
        self.doubt
    }

    /// A request of each cell.
    pub fn requests(&self) -> impl Iterator<Item = Request> {
        let connections = self.connections.iter();
        connections.flat_map(move |connection| {
            self.methods.iter().flat_map(move |method| {
                connection.hosts.iter().flat_map(move |host| {
                    self.headers.iter().map(move |sent| request(&connection.tls, method, host, sent))
                })
            })
        })
    }
}

/// How many texts a route lists, and longer ones as several.
fn size(route: &Criteria) -> usize {
    let values = route.headers.iter().flat_map(HeaderCriterion::values).map(|value| match value {
        HeaderValue::Exact(_) => 1,
        HeaderValue::Regex(pattern) => 1 + pattern.written().len() / 16,
    });
    route.methods.len() + route.hosts.len() + route.snis.len() + values.sum::<usize>()
}

/// Keeps the candidates that all accept, and other ones of `none` than any before. `None` among them stands
/// for values that no candidate could be made for.
pub(super) fn choose<T>(
    question: Question<'_>,
    candidates: impl IntoIterator<Item = Option<T>>,
    accepts: impl Fn(&Criteria, &T) -> bool,
) -> Choices<T> {
    let mut kept: Vec<(T, Vec<bool>)> = Vec::new();
    let (mut complete, mut tried, mut considered) = (true, 0, 0);
    for candidate in candidates {
        if considered == question.candidates || tried == TRIES * question.candidates {
            complete = false;
            break;
        }
        tried += 1;
        let Some(candidate) = candidate else {
            complete = false;
            continue;
        };
        if !question.all.iter().all(|route| accepts(route, &candidate)) {
            continue;
        }
        considered += 1;
        let accepted: Vec<bool> = question.none.iter().map(|route| accepts(route, &candidate)).collect();
        let is_needless =
            |(_, other): &(T, Vec<bool>)| other.iter().zip(&accepted).all(|(other, this)| other <= this);
        if kept.iter().any(is_needless) {
            continue;
        }
        let is_least = !accepted.contains(&true);
        kept.push((candidate, accepted));
        if is_least {
            // Nothing is accepted less.
            complete = true;
            break;
        }
    }
    Choices { kept: kept.into_iter().map(|(kept, _)| kept).collect(), complete, tried }
}

fn request(tls: &Tls, method: &str, host: &Host, sent: &Sent) -> Request {
    let name = || std::str::from_utf8(host.at(tls).0).ok().filter(|name| name.parse::<IpAddr>().is_err());
    let (scheme, sni) = match tls {
        Tls::No => (Scheme::Http, None),
        Tls::AsHost => (Scheme::Https, name().map(str::to_owned)),
        Tls::Yes { sni } => (Scheme::Https, sni.clone()),
    };
    let host = match host {
        Host::Named(name) if sni.as_ref() != Some(name) => Some(("host".to_owned(), name.clone())),
        Host::Named(_) | Host::Same => None,
    };
    Request {
        scheme,
        sni,
        method: method.to_owned(),
        path: "/".to_owned(),
        headers: host.into_iter().chain(sent.iter().cloned()).collect(),
    }
}

/// Every method that all accept if any route lists some. Otherwise POST, which clients of AI APIs send,
/// and one that no route in question lists: what lists none accepts both.
fn methods(question: Question<'_>) -> Choices<String> {
    let Question { all, none, .. } = question;
    let accepts = |route: &Criteria, method: &String| {
        route.methods.is_empty() || route.methods.iter().any(|listed| listed == method)
    };
    let mut listed: Vec<String> = match all.iter().find(|route| !route.methods.is_empty()) {
        Some(route) => route.methods.clone(),
        None => vec!["POST".to_owned(), unlisted_method(none)],
    };
    let natural = |method: &String| ["POST", "GET"].iter().position(|it| it == method).unwrap_or(2);
    listed.sort_by_key(natural);
    choose(question, listed.into_iter().map(Some), accepts)
}

fn unlisted_method(none: &[&Criteria]) -> String {
    let is_listed = |method: &str| none.iter().any(|route| route.methods.iter().any(|it| it == method));
    let usual = ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"].map(str::to_owned);
    let others = (1..).map(|length| "X".repeat(length));
    let mut methods = usual.into_iter().chain(others);
    methods.find(|method| !is_listed(method)).expect("there are more methods than lists name")
}

/// Plain HTTP, over which every server name counts as met; and TLS with each kind of server name that
/// the routes tell apart.
fn tls(question: Question<'_>) -> Choices<Tls> {
    let Question { all, none, .. } = question;
    let first = |protocols: Protocols| protocols.http || protocols.grpc;
    let plain_first = all.iter().all(|route| first(route.protocols));
    let mentioned: Vec<&NamePattern> =
        all.iter().chain(none).flat_map(|route| &route.snis).map(SniPattern::name).collect();
    if mentioned.is_empty() {
        let tls = if plain_first { Tls::No } else { Tls::AsHost };
        return Choices { kept: vec![tls], complete: true, tried: 0 };
    }
    let accepts = |route: &Criteria, tls: &Tls| match tls {
        Tls::No => true,
        Tls::AsHost => route.snis.is_empty(),
        Tls::Yes { sni } => {
            let accepted = |sni: &String| route.snis.iter().any(|pattern| pattern.accepts(sni.as_bytes()));
            route.snis.is_empty() || sni.as_ref().is_some_and(accepted)
        }
    };
    let demanding = all.iter().filter(|route| !route.snis.is_empty());
    let demanded = demanding.min_by_key(|route| route.snis.len()).map(|route| &route.snis);
    let like = demanded.into_iter().flatten().flat_map(|sni| name::like(sni.name(), &mentioned));
    let unlike = demanded.is_none().then(|| [name::unlike("localhost", &mentioned), Some(None)]);
    let names = like.map(|name| name.map(Some)).chain(unlike.into_iter().flatten());
    let over = names.map(|name| name.map(|sni| Tls::Yes { sni }));
    let plain = [Some(Tls::No)];
    let (before, after) = if plain_first { (Some(plain), None) } else { (None, Some(plain)) };
    let candidates = before.into_iter().flatten().chain(over).chain(after.into_iter().flatten());
    choose(question, candidates, accepts)
}

/// Each kind of host that the routes tell apart, at each port that they mention and at one more.
fn hosts(question: Question<'_>, tls: &Tls) -> Choices<Host> {
    let Question { all, none, .. } = question;
    let mentioned = || all.iter().chain(none).flat_map(|route| &route.hosts);
    if mentioned().next().is_none() {
        return Choices { kept: vec![Host::Same], complete: true, tried: 0 };
    }
    let accepts = |route: &Criteria, host: &Host| {
        let (name, port) = host.at(tls);
        route.hosts.is_empty() || route.hosts.iter().any(|pattern| pattern.accepts(name, port))
    };
    let names: Vec<&NamePattern> = mentioned().map(HostPattern::name).collect();
    let mut ports: Vec<u16> = mentioned().filter_map(HostPattern::port).collect();
    ports.sort_unstable();
    ports.dedup();
    // The connection's port unless a route mentions it.
    let likely = [tls.port()].into_iter().chain(8080..=u16::MAX).chain(0..8080);
    let other = likely.into_iter().find(|port| ports.binary_search(port).is_err());
    let other = other.filter(|port| *port != tls.port());
    let demanding = all.iter().filter(|route| !route.hosts.is_empty());
    let demanded = demanding.min_by_key(|route| route.hosts.len()).map(|route| &route.hosts);
    let like = demanded.into_iter().flatten().flat_map(|pattern| {
        let at = match pattern.port() {
            Some(port) => vec![Some(port)],
            None => [other].into_iter().chain(ports.iter().copied().map(Some)).collect(),
        };
        let named = move |name: Option<String>| {
            let hosts = at.iter().map(|port| Host::named(name.as_deref()?, *port));
            hosts.collect::<Vec<_>>()
        };
        name::like(pattern.name(), &names).flat_map(named)
    });
    let unlike = demanded.is_none().then(|| {
        let fresh = name::unlike("other.test", &names).and_then(|name| Host::named(&name?, other));
        [Some(Host::Same), fresh]
    });
    choose(question, like.chain(unlike.into_iter().flatten()), accepts)
}

impl Tls {
    /// The port that the client connects to.
    fn port(&self) -> u16 {
        match self {
            Tls::No => 8000,
            Tls::AsHost | Tls::Yes { .. } => 443,
        }
    }
}

impl Host {
    fn named(name: &str, port: Option<u16>) -> Option<Self> {
        Some(Host::Named(match port {
            // The colons of an address hide a port behind it, which therefore plays no role.
            Some(port) if !name.contains(':') => format!("{name}:{port}"),
            _ => name.to_owned(),
        }))
    }

    /// The name and port that count.
    fn at<'a>(&'a self, tls: &'a Tls) -> (&'a [u8], u16) {
        match (self, tls) {
            (Host::Named(host), _) => {
                let (name, port) = split_host_port(host.as_bytes());
                (name, port.unwrap_or(tls.port()))
            }
            (Host::Same, Tls::Yes { sni }) => (sni.as_deref().unwrap_or("127.0.0.1").as_bytes(), tls.port()),
            (Host::Same, Tls::No | Tls::AsHost) => (b"localhost", tls.port()),
        }
    }
}
