//! `api-version`: versions of Azure OpenAI's API that the path does not have, or that do too little for the
//! route. Which one is sent, and where to, is the plan's to say.

mod released;

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{AiProxy, PluginIndex, Provider, RouteType};
use crate::plan::proxy::{Destination, Field};
use crate::plan::upstream::{PathOrigin, UpstreamUrl};
use crate::proof::Proofs;
use crate::rules::Rule;
use crate::rules::client_value::Requests;
use crate::rules::upstream_url::is_azure;
use crate::syntax::{Document, NodeId};
use released::{NEWEST, Standing, UNDATED};

const ARGUMENT: &str = "api-version";

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let facts = proofs.facts;
    let requests = Requests::new(proofs);
    let mut by_default: Vec<(NodeId, PluginIndex)> = Vec::new();
    for (index, plugin) in facts.config.plugins.iter().enumerate() {
        let (Some(config), index) = (&plugin.ai_proxy, PluginIndex(index)) else { continue };
        let Some(to) = proofs.plan.proxy(index).and_then(|proxy| proxy.destination()) else { continue };
        let call = Call { document: facts.document, config, surface: Surface::of(config, &to), to };
        diagnostics.extend(call.inside_another_value());
        for finding in call.sent() {
            let witness = requests.sent(index, |url| names_version(url) == call.has_version());
            diagnostics.push(Diagnostic { witness, ..finding });
        }
        diagnostics.extend(call.overruled());
        if call.defaults() {
            by_default.push((config.model.provider.node, index));
        }
    }
    diagnostics.extend(default_version(proofs, &requests, &by_default));
}

/// Which versions there are where a plugin's requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Surface {
    /// Under `/openai/deployments/`, or wherever a gateway leads to there: versions with a date.
    Dated,
    /// Under `/openai/v1/`: versions without one, and none is needed.
    Undated,
    /// Not Azure OpenAI, or it cannot be told.
    Other,
}

impl Surface {
    fn of(config: &AiProxy, to: &Destination) -> Self {
        let azure = config.model.provider.value == Provider::Azure;
        let path: Vec<&str> = to.path.start.iter().take(2).map(String::as_str).collect();
        match (path.as_slice(), to.host.as_deref().is_some_and(is_azure)) {
            (["openai", "v1"], is_azure) if is_azure || azure => Surface::Undated,
            (["openai", "deployments"], true) => Surface::Dated,
            _ if azure => Surface::Dated,
            _ => Surface::Other,
        }
    }
}

/// What one plugin sends, and where.
struct Call<'a> {
    document: &'a Document<'a>,
    config: &'a AiProxy,
    to: Destination,
    surface: Surface,
}

impl Call<'_> {
    /// The versions that the file alone decides.
    fn versions(&self) -> impl Iterator<Item = &str> {
        let arguments = self.to.query.iter().filter(|(name, _)| name == ARGUMENT);
        arguments.filter_map(|(_, value)| value.as_deref())
    }

    /// Whether any version is sent.
    fn has_version(&self) -> bool {
        self.to.query.iter().any(|(name, _)| name == ARGUMENT)
    }

    /// The value that `version` is sent from, and where in it.
    fn origin(&self, version: &str) -> Option<(NodeId, Range<usize>)> {
        let of_path = (self.to.origin == PathOrigin::UpstreamPath).then_some(Field::UpstreamPath);
        let in_query = [Some(Field::UpstreamUrl), of_path].into_iter().flatten().find_map(|field| {
            let text = field.text(&self.config.model)?;
            let query = text.find('?')?;
            let at = query + text[query..].find(ARGUMENT)?;
            let at = at + text[at..].find(version)?;
            Some((text.node, at..at + version.len()))
        });
        in_query.or_else(|| {
            let text = Field::AzureApiVersion.text(&self.config.model)?;
            Some((text.node, 0..text.len()))
        })
    }

    fn finding(&self, at: Option<(NodeId, Range<usize>)>, message: String) -> Diagnostic {
        let place = match at {
            Some((node, range)) => self.document.place_within(node, range),
            None => self.document.key_place(self.config.model.provider.node),
        };
        Diagnostic::new(Rule::ApiVersion, place, message)
    }

    /// What is wrong with the versions that are sent, or with sending none.
    fn sent(&self) -> Vec<Diagnostic> {
        if self.surface == Surface::Dated && !self.has_version() {
            let url = Field::UpstreamUrl.text(&self.config.model).map(|url| (url.node, 0..url.len()));
            let message = "no `api-version` is sent, and Azure answers 404 without one".to_owned();
            let help = format!(
                "write `?api-version={NEWEST}` behind the URL, or `provider: azure`, which sends `azure_api_version`"
            );
            return vec![self.finding(url, message).help(help)];
        }
        if self.defaults() {
            return Vec::new();
        }
        let judged = self.versions().filter_map(|version| {
            let (message, help) = self.judge(version)?;
            Some(self.finding(self.origin(version), message).help(help))
        });
        judged.collect()
    }

    fn judge(&self, version: &str) -> Option<(String, String)> {
        let write = |version: &str| format!("write `{version}`");
        match self.surface {
            Surface::Other => None,
            Surface::Undated if released::is_dated(version) => {
                let source = if self.origin(version).is_none() { ", the default," } else { "" };
                Some((
                    format!("`/openai/v1/` has no versions with a date, and `{version}`{source} is sent"),
                    "write `azure_api_version: v1`, or `provider: openai`, which sends none".to_owned(),
                ))
            }
            Surface::Undated => None,
            Surface::Dated if UNDATED.contains(&version) => Some((
                format!("`{version}` is a version of the paths under `/openai/v1/` only"),
                format!("write `{NEWEST}`, or an `upstream_url` under `/openai/v1/`"),
            )),
            Surface::Dated if !released::is_dated(version) => Some((
                format!("`{version}` is not a version: a version is a date, or a date and `-preview`"),
                write(released::within(version).unwrap_or(NEWEST)),
            )),
            Surface::Dated if released::is_control_plane(version) => Some((
                format!(
                    "`{version}` is a version of Azure's control plane, which creates resources; models answer 404"
                ),
                write(NEWEST),
            )),
            Surface::Dated => self.standing(version),
        }
    }

    /// What is wrong with a version that may be one of the data plane.
    fn standing(&self, version: &str) -> Option<(String, String)> {
        let is_chat = self.config.route_type.value == RouteType::Chat;
        let message = match released::standing(version) {
            None if released::is_settled(version) => {
                format!("Azure OpenAI has no version `{version}`: models answer 404")
            }
            Some(Standing::Retired) => format!("Azure has announced the end of `{version}` for July 2024"),
            Some(Standing::NoChats) if is_chat => {
                format!("`{version}` has no chats, and this route sends chats")
            }
            Some(Standing::NoTools) if is_chat => format!("`{version}` is too old for `tools` in chats"),
            _ => return None,
        };
        let preview = format!("{version}-preview");
        let meant = released::standing(&preview).map_or(NEWEST, |_| &preview);
        Some((message, format!("write `{meant}`")))
    }

    /// A version in the URL and another in `azure_api_version`, of which the latter is not sent.
    fn overruled(&self) -> Option<Diagnostic> {
        let option = Field::AzureApiVersion.text(&self.config.model)?;
        let sent = self.versions().next().filter(|_| self.surface != Surface::Other)?;
        let (node, range) = self.origin(sent).filter(|(node, _)| *node != option.node)?;
        (option.as_str() != sent).then(|| {
            let message =
                format!("`{}` is not sent: the URL names another version, `{sent}`", option.as_str());
            Diagnostic::new(Rule::ApiVersion, self.document.place(option.node), message)
                .related(self.document.span_within(node, range), "what is sent")
                .help("write the version once, in `azure_api_version`")
        })
    }

    /// A version inside a value that is something else.
    fn inside_another_value(&self) -> Option<Diagnostic> {
        let text = Field::AzureDeploymentId.text(&self.config.model)?;
        let at = text.find(ARGUMENT)?;
        let start = text[..at].rfind(['?', '&']).unwrap_or(at);
        let message =
            "a deployment is one segment of the path, and a version in it is sent as a part of its name";
        Some(
            self.finding(Some((text.node, start..text.len())), message.to_owned())
                .help(format!("write `azure_api_version: {}`", released::within(text).unwrap_or(NEWEST))),
        )
    }

    /// Whether chats are sent with the version that counts where none is written.
    fn defaults(&self) -> bool {
        self.surface == Surface::Dated
            && self.config.route_type.value == RouteType::Chat
            && self.versions().next().is_some_and(|version| self.origin(version).is_none())
    }
}

/// The remark that no version is written, once a file.
fn default_version(
    proofs: &Proofs,
    requests: &Requests,
    plugins: &[(NodeId, PluginIndex)],
) -> Option<Diagnostic> {
    let ((first, plugin), others) = plugins.split_first()?;
    let document = proofs.facts.document;
    let whom = match others.len() {
        0 => "no `azure_api_version` is set".to_owned(),
        1 => "no `azure_api_version` is set here and in one other place".to_owned(),
        more => format!("no `azure_api_version` is set here and in {more} other places"),
    };
    let message = format!(
        "{whom}: a request that names no version itself is sent with `2023-05-15`, which is too old for `tools` in chats"
    );
    let mut finding = Diagnostic::new(Rule::ApiVersion, document.key_place(*first), message)
        .severity(Severity::Info)
        .help(format!("write `azure_api_version: \"{NEWEST}\"`"));
    for (node, _) in others.iter().take(SHOWN_PLACES) {
        finding = finding.related(document.key_place(*node).span, "nor here");
    }
    Some(Diagnostic { witness: requests.sent(*plugin, names_version), ..finding })
}

fn names_version(url: &UpstreamUrl) -> bool {
    let arguments = url.query.iter().flat_map(|query| query.split('&'));
    arguments.filter_map(|argument| argument.split_once('=')).any(|(name, _)| name == ARGUMENT)
}

/// How many more places a finding shows.
const SHOWN_PLACES: usize = 3;
