//! `upstream_url` and `upstream_path`, of which Kong drops or misreads parts.

use super::{Instance, verbatim};
use crate::diagnostic::{Diagnostic, Edit, Fix, Safety};
use crate::model::{Provider, RouteType, Text};
use crate::rules::upstream_url::is_public;
use crate::rules::url_parts::UrlParts;
use crate::source::Span;
use crate::syntax::Spanned;

/// Kong takes port 443 also for `http`.
pub(super) fn default_port(instance: &Instance) -> Option<Diagnostic> {
    let (url, parts) = upstream(instance)?;
    let is_http = url.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"));
    // What is meant there is `https`, and `upstream-url` says so.
    let lacks = is_http && !parts.has_port && !is_public(&url[parts.host.clone()]);
    lacks.then(|| {
        let finding = instance
            .within(
                url.node,
                0..parts.host.end,
                "Kong sends requests for a URL without a port to port 443, also for `http`; here to port 80",
            )
            .help(format!("write the port: `{}:80`", &url[..parts.host.end]));
        match verbatim(instance.document, url.node, 0..parts.host.end) {
            Some(span) => finding.fix(Fix {
                title: "write the port".to_owned(),
                safety: Safety::Safe,
                edits: vec![Edit { span: Span::at(span.end as usize), text: ":80".to_owned() }],
            }),
            None => finding,
        }
    })
}

pub(super) fn query(instance: &Instance) -> Option<Diagnostic> {
    let (url, parts) = upstream(instance)?;
    let query = parts.query?;
    Some(
        instance.within(url.node, query, "Kong drops the query of `upstream_url`").help(
            "for Kong, send a fixed argument as `param_name`, `param_value` and `param_location: query`",
        ),
    )
}

pub(super) fn user(instance: &Instance) -> Option<Diagnostic> {
    let (url, parts) = upstream(instance)?;
    let user = parts.user?;
    Some(
        instance
            .within(url.node, user, "Kong drops the user of `upstream_url`")
            .help("send the credential as `header_name` and `header_value`"),
    )
}

/// Kong takes the URL as it is given, and Gemini and Bedrock name the operation in the path.
pub(super) fn missing_verb(instance: &Instance) -> Option<Diagnostic> {
    let (url, parts) = upstream(instance)?;
    let applies = matches!(instance.provider, Provider::Gemini | Provider::Bedrock)
        && instance.route_type == RouteType::Chat
        && instance.options.upstream_path.is_none()
        && matches!(&url[parts.path], "" | "/");
    applies.then(|| {
        let message = format!(
            "Kong adds no path to this URL, and `{}` names model and operation there; here they are added",
            instance.provider
        );
        instance.at(url.node, message).help("for Kong, write the whole path, as the provider's manual has it")
    })
}

/// Kong adds the endpoint to every URL; here one that ends in it is complete.
pub(super) fn doubled_endpoint(instance: &Instance) -> Option<Diagnostic> {
    const CHAT: &str = "/v1/chat/completions";
    let (url, parts) = upstream(instance)?;
    let base = url[parts.path.clone()].trim_end_matches('/').strip_suffix(CHAT)?;
    let applies = instance.provider == Provider::Huggingface && instance.route_type == RouteType::Chat;
    applies.then(|| {
        let path = parts.path.start + base.len()..parts.path.end;
        instance
            .within(
                url.node,
                path,
                format!("Kong adds `{CHAT}` to the URL a second time; here it is complete"),
            )
            .help(format!(
                "write `{}`, and the rest is added here, too",
                &url[..parts.path.start + base.len()]
            ))
    })
}

pub(super) fn azure_path(instance: &Instance) -> Option<Diagnostic> {
    let path = instance.options.upstream_path.as_ref()?;
    let applies = instance.provider == Provider::Azure
        && instance.options.upstream_url.is_none()
        && !path.starts_with('/');
    applies.then(|| {
        instance
            .at(
                path.node,
                "Kong appends `upstream_path` to the deployment without a `/` between; here one is put in",
            )
            .help(format!("write `/{}`", path.as_str()))
    })
}

/// The URL if it has scheme and host.
fn upstream<'a>(instance: &'a Instance) -> Option<(&'a Spanned<Text>, UrlParts)> {
    let url = instance.options.upstream_url.as_ref()?;
    Some((url, UrlParts::of(url)?))
}
