//! Nulls in place of defaults. Kong fills in what is absent; an explicit null stays one, and a field
//! that must be set is then not.

use crate::analysis::Facts;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::{Document, NodeId};

/// Fields of a service that must be set and have a default, and the default.
const OF_SERVICE: &[(&str, &str)] = &[("protocol", "`http`"), ("port", "80")];

/// The same of a route.
const OF_ROUTE: &[(&str, &str)] = &[
    ("protocols", "`[http, https]`"),
    ("strip_path", "`true`"),
    ("preserve_host", "`false`"),
    ("https_redirect_status_code", "426"),
    ("request_buffering", "`true`"),
    ("response_buffering", "`true`"),
];

pub(super) fn check(facts: &Facts) -> Vec<Diagnostic> {
    let document = facts.document;
    let services = facts.config.services.iter().flat_map(|it| nulls(document, it.node, OF_SERVICE));
    let routes = facts.config.routes.iter().flat_map(|it| nulls(document, it.node, OF_ROUTE));
    services.chain(routes).collect()
}

fn nulls<'d>(
    document: &'d Document,
    entity: NodeId,
    fields: &'static [(&str, &str)],
) -> impl Iterator<Item = Diagnostic> + 'd {
    fields.iter().filter_map(move |(field, default)| {
        let value = document.get(entity, field).filter(|value| document.is_null(*value))?;
        let message = format!(
            "Kong refuses `{field}` without a value: `required field missing`; here it is the default, {default}"
        );
        Some(
            Diagnostic::new(Rule::KongPortability, document.key_place(value), message)
                .help(format!("leave `{field}` out, or write {default}")),
        )
    })
}
