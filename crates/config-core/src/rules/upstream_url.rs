//! `upstream-url`: URLs to which surely nobody meant requests to go. Where they go is the plan's to say; the
//! rule knows the endpoints of providers.

mod endpoint;
mod region;

use std::ops::Range;

use crate::diagnostic::Diagnostic;
use crate::model::{AiProxy, PluginIndex, Provider, RouteType, Text};
use crate::plan::proxy::Destination;
use crate::plan::request::Scheme;
use crate::plan::upstream::{PathOrigin, UpstreamUrl};
use crate::proof::Proofs;
use crate::rules::Rule;
use crate::rules::client_value::Requests;
use crate::rules::url_parts::UrlParts;
use crate::syntax::{Document, Spanned};
use endpoint::{Operation, is_version, of_ending, public};
pub(super) use endpoint::{is_azure, is_public};

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    let requests = Requests::new(proofs);
    for (index, plugin) in facts.config.plugins.iter().enumerate() {
        let Some(config) = &plugin.ai_proxy else { continue };
        let options = config.model.options.as_deref();
        let url = options.and_then(|options| options.upstream_url.as_ref());
        let path = options.and_then(|options| options.upstream_path.as_ref());
        let is_bedrock = config.model.provider.value == Provider::Bedrock;
        if url.is_none() && path.is_none() && !is_bedrock {
            continue;
        }
        let Some(to) = proofs.plan.proxy(PluginIndex(index)).and_then(|proxy| proxy.destination()) else {
            continue;
        };
        let url = url.and_then(|url| Some((url, UrlParts::of(url)?)));
        let upstream = Upstream { document: facts.document, config, url, path, to };
        let found = CHECKS.iter().filter_map(|check| check(&upstream));
        diagnostics.extend(found.map(|finding| Diagnostic {
            witness: requests.sent(PluginIndex(index), |url| is_there(&upstream.to, url)),
            ..finding
        }));
    }
}

/// Whether a URL is what is known of the destination.
fn is_there(to: &Destination, url: &UpstreamUrl) -> bool {
    let path: Vec<_> = url.path.split('/').filter(|segment| !segment.is_empty()).collect();
    to.host.as_ref().is_none_or(|host| *host == url.host.to_string())
        && url.scheme == to.scheme
        && (!to.path.is_whole || path == to.path.start)
}

/// What is looked at in one `ai-proxy` configuration.
const CHECKS: &[fn(&Upstream) -> Option<Diagnostic>] =
    &[unencrypted, gone, path_without_use, option_without_use, misdirected, region::elsewhere];

/// A configured upstream under examination.
struct Upstream<'a> {
    document: &'a Document<'a>,
    config: &'a AiProxy,
    url: Option<(&'a Spanned<Text>, UrlParts)>,
    path: Option<&'a Spanned<Text>>,
    to: Destination,
}

impl Upstream<'_> {
    fn provider(&self) -> Provider {
        self.config.model.provider.value
    }

    fn route_type(&self) -> RouteType {
        self.config.route_type.value
    }

    fn host(&self) -> Option<&'static endpoint::PublicHost> {
        public(self.to.host.as_deref()?)
    }

    /// A finding at a part of the URL.
    fn in_url(
        &self,
        part: impl FnOnce(&UrlParts) -> Range<usize>,
        message: impl Into<String>,
    ) -> Option<Diagnostic> {
        let (url, parts) = self.url.as_ref()?;
        let range = Some(part(parts)).filter(|range| !range.is_empty()).unwrap_or(0..url.len());
        Some(Diagnostic::new(Rule::UpstreamUrl, self.document.place_within(url.node, range), message))
    }

    /// A finding at what the path is taken from.
    fn at_path(&self, message: impl Into<String>) -> Option<Diagnostic> {
        match (self.to.origin, self.path) {
            (PathOrigin::UpstreamPath, Some(path)) => {
                Some(Diagnostic::new(Rule::UpstreamUrl, self.document.place(path.node), message))
            }
            _ => self.in_url(|parts| parts.path.clone(), message),
        }
    }

    /// The text of the URL's path.
    fn path_of_url(&self) -> &str {
        self.url.as_ref().map_or("", |(url, parts)| &url[parts.path.clone()])
    }

    /// Scheme, host and port as they are sent, with this path behind.
    fn with_path(&self, path: &str) -> Option<String> {
        let Destination { scheme, host, port, .. } = &self.to;
        let scheme = match scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(format!("{scheme}://{}{port}{path}", host.as_deref()?))
    }

    /// The path that is sent, if no client has a part in it.
    fn whole_path(&self) -> Option<String> {
        let path = &self.to.path;
        path.is_whole.then(|| format!("/{}", path.start.join("/")))
    }
}

/// Plain HTTP to a provider's own host.
fn unencrypted(upstream: &Upstream) -> Option<Diagnostic> {
    let host = upstream.to.host.as_deref()?;
    if upstream.to.scheme != Scheme::Http || public(host).is_none() {
        return None;
    }
    let what = if upstream.config.auth.is_some() { "requests and their credential" } else { "requests" };
    let (url, parts) = upstream.url.as_ref()?;
    let (host_and_port, rest) = url[parts.host.start..].split_at(parts.host.len());
    let help = format!("write `https://{}{rest}`", host_and_port.trim_end_matches(":80"));
    Some(upstream.in_url(|_| 0.."http".len(), format!("{what} go to `{host}` unencrypted"))?.help(help))
}

fn gone(upstream: &Upstream) -> Option<Diagnostic> {
    let (message, help) = upstream.host()?.gone?;
    Some(upstream.in_url(|parts| parts.host.clone(), message)?.help(help))
}

/// A path in the URL that is not sent: the client's takes its place, or `upstream_path`.
fn path_without_use(upstream: &Upstream) -> Option<Diagnostic> {
    let path = upstream.path_of_url();
    if path.trim_matches('/').is_empty() {
        return None;
    }
    let (url, parts) = upstream.url.as_ref()?;
    let origin = &url[..parts.host.end];
    match upstream.to.origin {
        PathOrigin::Client => {
            let message = format!("`preserve` sends the client's own path, and `{path}` nowhere");
            let help = format!("write `{origin}`, and let clients send the whole path");
            Some(upstream.in_url(|parts| parts.path.clone(), message)?.help(help))
        }
        PathOrigin::UpstreamPath => {
            let provider = upstream.provider();
            let message =
                format!("`{provider}` takes the path from `upstream_path`, and sends `{path}` nowhere");
            let help = format!("write `{origin}`, or remove `upstream_path`");
            Some(upstream.in_url(|parts| parts.path.clone(), message)?.help(help))
        }
        PathOrigin::BuiltIn | PathOrigin::UpstreamUrl => None,
    }
}

/// An `upstream_path` that is not sent: the URL's own path is, or the provider's.
fn option_without_use(upstream: &Upstream) -> Option<Diagnostic> {
    let path = upstream.path?;
    let (message, help) = match upstream.to.origin {
        PathOrigin::UpstreamPath | PathOrigin::Client => return None,
        PathOrigin::BuiltIn => (
            format!("`{}` ignores `upstream_path`", upstream.provider()),
            "write the whole URL into `upstream_url`".to_owned(),
        ),
        // In `preserve` it at least keeps the client's path away.
        PathOrigin::UpstreamUrl
            if upstream.route_type() == RouteType::Preserve
                && !path.contains("$(")
                && !upstream.path_of_url().trim_matches('/').is_empty() =>
        {
            return None;
        }
        PathOrigin::UpstreamUrl => {
            let message = match upstream.whole_path().and_then(|path| upstream.with_path(&path)) {
                Some(url) => format!("beside `upstream_url` this path is not sent: requests go to `{url}`"),
                None => "beside `upstream_url` this path is not sent, but the URL's own".to_owned(),
            };
            // There the path of the URL would not be sent either, once this one is gone.
            let help = match upstream.route_type() {
                RouteType::Preserve => "remove it, and let clients send the path that the upstream knows",
                RouteType::Chat | RouteType::Completions => "write it into `upstream_url`, behind the host",
            };
            (message, help.to_owned())
        }
    };
    Some(Diagnostic::new(Rule::UpstreamUrl, upstream.document.place(path.node), message).help(help))
}

/// A path at which the host has no endpoint for what is sent.
fn misdirected(upstream: &Upstream) -> Option<Diagnostic> {
    if !matches!(upstream.to.origin, PathOrigin::UpstreamUrl | PathOrigin::UpstreamPath) {
        return None;
    }
    let (message, help) = doubled(upstream)
        .or_else(|| outside_the_root(upstream))
        .or_else(|| missing_endpoint(upstream))
        .or_else(|| other_endpoint(upstream))
        .or_else(|| base(upstream))
        .or_else(|| without_operation(upstream))?;
    Some(upstream.at_path(message)?.help(help))
}

type Fault = Option<(String, String)>;

/// The same version or endpoint twice in one path.
fn doubled(upstream: &Upstream) -> Fault {
    const CHAT: [&str; 2] = ["chat", "completions"];
    let twice = [&upstream.to.path.start, &upstream.to.path.end].into_iter().find_map(|segments| {
        let version = segments.windows(2).find(|pair| pair[0] == pair[1] && is_version(&pair[0]));
        let chats = segments.windows(2).filter(|pair| **pair == CHAT).count();
        version.map(|pair| format!("/{}", pair[0])).or((chats > 1).then(|| format!("/{}", CHAT.join("/"))))
    })?;
    let message = match upstream.whole_path().and_then(|path| upstream.with_path(&path)) {
        Some(url) => format!("`{twice}` is sent twice: requests go to `{url}`"),
        None => format!("`{twice}` is sent twice"),
    };
    let is_added =
        upstream.provider() == Provider::Huggingface && upstream.to.origin == PathOrigin::UpstreamUrl;
    let help = match is_added {
        true => "leave the path out: `/v1/chat/completions` is added".to_owned(),
        false => "write it once".to_owned(),
    };
    Some((message, help))
}

/// A path in which not even the beginning is one of the host's. Of a preserved request no more is known.
fn outside_the_root(upstream: &Upstream) -> Fault {
    let (host, roots) = (upstream.to.host.as_deref()?, upstream.host()?.roots());
    let first = upstream.to.path.start.first()?;
    if upstream.route_type() != RouteType::Preserve || roots.is_empty() || roots.contains(&first.as_str()) {
        return None;
    }
    let known: Vec<_> = roots.iter().map(|root| format!("`/{root}/`")).collect();
    Some((
        format!("every path of `{host}` begins with {}, and this one with `/{first}`", known.join(" or ")),
        format!("write `/{}/{first}…`", roots[0]),
    ))
}

/// A path that is none of those that the provider documents for what is sent.
fn missing_endpoint(upstream: &Upstream) -> Fault {
    let (name, host, path) = (upstream.to.host.as_deref()?, upstream.host()?, upstream.whole_path()?);
    let sent = Operation::sent(upstream.to.wire, upstream.route_type())?;
    if !host.lacks(sent, &upstream.to.path.start) {
        return None;
    }
    Some(match host.path(sent) {
        Some(endpoint) => (
            format!("`{name}` takes {} at `{endpoint}`, and these are sent to `{path}`", sent.what()),
            match upstream.to.origin {
                PathOrigin::UpstreamPath if upstream.provider() == Provider::Azure => {
                    "leave `upstream_path` out".to_owned()
                }
                PathOrigin::UpstreamPath => format!("write `{endpoint}`, or leave `upstream_path` out"),
                _ => format!("write `{}`", upstream.with_path(&endpoint.replace('*', "DEPLOYMENT"))?),
            },
        ),
        None => (
            format!("`{name}` takes no {}, which are sent there", sent.what()),
            format!("leave `upstream_url` out, or change `provider: {}`", upstream.provider()),
        ),
    })
}

/// An endpoint for something else.
fn other_endpoint(upstream: &Upstream) -> Fault {
    let ending = &upstream.to.path.end;
    let takes = of_ending(ending)?;
    let sent = Operation::sent(upstream.to.wire, upstream.route_type());
    let is_fitting = match sent {
        Some(sent) => sent == takes,
        // A server of no standard format may have any path, but not one that means another format.
        None => upstream.route_type() == RouteType::Preserve,
    };
    if is_fitting {
        return None;
    }
    let what = sent.map_or("texts to continue", Operation::what);
    let message = format!("this endpoint takes {}, and {what} are sent to it", takes.what());
    let help = match (sent.and_then(Operation::path), upstream.provider()) {
        (Some(path), _) => {
            format!("write the URL of an endpoint that takes them, such as one that ends in `{path}`")
        }
        (None, Provider::Gemini | Provider::Bedrock) => {
            "leave the path out: model and operation are added".to_owned()
        }
        (None, _) => "write the URL of an endpoint that takes them".to_owned(),
    };
    Some((message, help))
}

/// The base of an API where the whole URL is to be written.
fn base(upstream: &Upstream) -> Fault {
    let sent = Operation::sent(upstream.to.wire, upstream.route_type())?;
    let segments = &upstream.to.path.start;
    let is_base = segments.last().is_none_or(|segment| is_version(segment));
    let path = upstream.whole_path().filter(|_| is_base)?;
    let what = sent.what();
    let message = match upstream.with_path(&path) {
        Some(url) => format!("the URL is used as it is: {what} go to `{url}`"),
        None => format!("the URL is used as it is: {what} go to the path `{path}`"),
    };
    let help = match sent.path() {
        Some(endpoint) => {
            // A version that is there already stays.
            let rest = match segments.is_empty() {
                true => endpoint.to_owned(),
                false => format!("{path}/{}", endpoint.splitn(3, '/').nth(2)?),
            };
            let whole = upstream.with_path(&rest).unwrap_or(rest);
            format!("write the whole URL, such as `{whole}`")
        }
        None => "leave the path out: model and operation are added".to_owned(),
    };
    Some((message, help))
}

/// A path that names no operation, at a host where every path ends in one.
fn without_operation(upstream: &Upstream) -> Fault {
    let (name, _) = (upstream.to.host.as_deref()?, upstream.host()?);
    let sent = Operation::sent(upstream.to.wire, upstream.route_type())?;
    let (ending, path) = (sent.ending()?, upstream.whole_path()?);
    if of_ending(&upstream.to.path.end).is_some() {
        return None;
    }
    let message = format!(
        "`{name}` takes {} at paths that end in `{ending}`, and these are sent to `{path}`",
        sent.what()
    );
    Some((message, "leave the path out: model and operation are added".to_owned()))
}
