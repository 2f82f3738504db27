//! Facts about a configuration that rules and lowering look up, each computed once: what the
//! patterns and templates are, and which plugin instance can run on which route.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use crate::catalog;
use crate::language::capture::Captures;
use crate::model::{Config, PluginEntity, PluginIndex, RouteEntity, RouteIndex, Text, VaultEntity};
use crate::pattern::{Pattern, PatternError, Patterns};
use crate::plan::criteria::Protocols;
use crate::plan::proxy::Field;
use crate::plan::scope::Instances;
use crate::proof::trial::LastTrial;
use crate::secret::EnvVault;
use crate::syntax::{Document, NodeId, Spanned};
use crate::template::{self, Placeholder, Source, Template, TemplateError};

/// Everything that rules look things up in.
pub struct Facts<'d> {
    /// The tree that the configuration was read from.
    pub document: &'d Document<'d>,
    /// The configuration.
    pub config: &'d Config,
    /// By [`RouteIndex`].
    pub routes: Vec<RouteFacts>,
    /// By [`PluginIndex`].
    pub plugins: Vec<PluginFacts>,
    /// The enabled instances of ai-proxy.
    pub instances: Instances<PluginIndex>,
    /// The enabled instances of key-auth.
    pub guards: Instances<PluginIndex>,
    /// What groups can capture.
    pub captures: Captures,
    /// A route by itself, to try requests on.
    pub(crate) trial: LastTrial,
    /// Whether there are more ways for plugins to meet routes than [`MAX_COMBINATIONS`]: then
    /// nothing is known of which plugin can run where, and the file is refused.
    pub too_many_combinations: bool,
}

/// How many pairs of a route and a plugin that can run on it are looked at, each counted once more
/// for every capture that the plugin reads. Ten thousand routes of eight hundred consumers, each with
/// a model of its own, stay below.
pub const MAX_COMBINATIONS: usize = 1 << 24;

/// What is known of a route.
#[derive(Debug, Default)]
pub struct RouteFacts {
    /// Its paths, in the order written.
    pub paths: Vec<PathFacts>,
    /// Every ai-proxy instance that can win on it, for some consumer or none; empty if no request can
    /// match the route.
    pub plugins: Vec<PluginIndex>,
}

/// What is known of a path.
#[derive(Debug)]
pub struct PathFacts {
    /// The scalar.
    pub node: NodeId,
    /// What kind of path it is.
    pub kind: PathKind,
}

/// The kinds of path.
#[derive(Debug)]
pub enum PathKind {
    /// `/…`: a literal prefix.
    Prefix(String),
    /// `~/…`: a regex; the pattern is the text after `~`.
    Regex(Result<Arc<Pattern>, PatternError>),
    /// Neither, which Kong refuses.
    Neither,
}

/// What is known of a plugin instance.
#[derive(Debug, Default)]
pub struct PluginFacts {
    /// The routes on which the instance can win, for some consumer or none. Empty for plugins other
    /// than ai-proxy and for disabled ones.
    pub runs_on: Vec<RouteIndex>,
    /// The strings in which placeholders are evaluated, in the order of the manual.
    pub templates: Vec<FieldTemplate>,
}

/// A string in which placeholders are evaluated.
#[derive(Debug)]
pub struct FieldTemplate {
    /// The scalar.
    pub node: NodeId,
    /// What it configures.
    pub field: Field,
    /// The template, or what is wrong with it.
    pub parsed: Result<Template, Vec<TemplateError>>,
}

impl PluginFacts {
    /// The placeholders of its templates, in the order of the manual.
    pub fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.templates.iter().flat_map(|field| &field.parsed).flat_map(|parsed| parsed.placeholders())
    }

    /// How many captures its templates read, each counted once.
    fn captures_read(&self) -> usize {
        let captures = self.placeholders().filter(|placeholder| placeholder.source == Source::UriCaptures);
        captures.map(|placeholder| &*placeholder.name).collect::<FxHashSet<_>>().len()
    }
}

impl PathFacts {
    /// Where bytes `range` of the regex stand in the path as written, which begins with `~`.
    pub fn of_regex(range: &Range<usize>) -> Range<usize> {
        range.start + 1..range.end + 1
    }
}

impl<'d> Facts<'d> {
    /// The facts about `config`, which was read from `document`.
    pub fn new(document: &'d Document<'d>, config: &'d Config) -> Self {
        let instances = Instances::new(config.plugins.iter().enumerate().filter_map(|(index, plugin)| {
            is_ai_proxy_instance(plugin).then_some((plugin.scope?, PluginIndex(index)))
        }));
        let guards = Instances::new(config.plugins.iter().enumerate().filter_map(|(index, plugin)| {
            let is_guard = plugin.fields.is_enabled() && plugin.name() == Some(catalog::KEY_AUTH);
            is_guard.then_some((plugin.scope?, PluginIndex(index)))
        }));
        let mut plugins: Vec<PluginFacts> = config.plugins.iter().map(plugin_facts).collect();
        let weights: Vec<usize> = plugins.iter().map(|plugin| 1 + plugin.captures_read()).collect();
        let mut combinations = 0;
        let mut patterns = Patterns::default();
        let mut routes: Vec<RouteFacts> = Vec::with_capacity(config.routes.len());
        for (index, route) in config.routes.iter().enumerate() {
            let possible = match combinations <= MAX_COMBINATIONS && is_reachable(config, route) {
                true => instances.possible(RouteIndex(index), route.service),
                false => Vec::new(),
            };
            combinations += possible.iter().map(|plugin| weights[plugin.0]).sum::<usize>();
            for plugin in &possible {
                plugins[plugin.0].runs_on.push(RouteIndex(index));
            }
            let paths = route.fields.paths.iter().flat_map(|paths| &paths.value);
            let paths = paths.map(|path| path_facts(path, &mut patterns)).collect();
            routes.push(RouteFacts { paths, plugins: possible });
        }
        let too_many_combinations = combinations > MAX_COMBINATIONS;
        if too_many_combinations {
            routes.iter_mut().for_each(|route| route.plugins = Vec::new());
            plugins.iter_mut().for_each(|plugin| plugin.runs_on = Vec::new());
        }
        Self {
            document,
            config,
            routes,
            plugins,
            instances,
            guards,
            captures: Captures::default(),
            trial: LastTrial::default(),
            too_many_combinations,
        }
    }

    /// The facts about a route.
    pub fn route(&self, index: RouteIndex) -> &RouteFacts {
        &self.routes[index.0]
    }

    /// The vaults that references may name.
    pub fn env_vaults(&self) -> Vec<EnvVault> {
        let vault = |vault: &'d VaultEntity| {
            let env_prefix = vault.env.as_ref().and_then(|env| env.prefix.as_ref());
            Some(EnvVault {
                prefix: vault.fields.prefix.as_ref()?.to_string(),
                name: vault.fields.name.as_ref()?.to_string(),
                env_prefix: env_prefix.map(|prefix| prefix.to_string()),
            })
        };
        self.config.vaults.iter().filter_map(vault).collect()
    }

    /// What to call a route in a message: its name in backticks, or its place in the document.
    pub fn route_label(&self, index: RouteIndex) -> String {
        let route = &self.config[index];
        match &route.fields.name {
            Some(name) => format!("`{}`", name.as_str()),
            None => format!("at {}", self.document.pointer(route.node)),
        }
    }
}

/// A plugin whose name cannot be read may have been meant as ai-proxy, so it counts: a request that
/// it might have decided must not be decided by another instance.
fn is_ai_proxy_instance(plugin: &PluginEntity) -> bool {
    plugin.fields.is_enabled() && plugin.name().is_none_or(|name| name == catalog::AI_PROXY)
}

/// Whether any request can match a route, as far as its protocols and its service say.
fn is_reachable(config: &Config, route: &RouteEntity) -> bool {
    let is_served = route.service.is_none_or(|service| config[service].fields.is_enabled());
    is_served && protocols(route).any()
}

/// What a route speaks.
pub(crate) fn protocols(route: &RouteEntity) -> Protocols {
    match &route.fields.protocols {
        Some(protocols) => {
            Protocols::from_names(protocols.value.iter().map(|protocol| protocol.value.as_str()))
        }
        None => Protocols::default(),
    }
}

fn path_facts(path: &Spanned<Text>, patterns: &mut Patterns) -> PathFacts {
    let text = path.value.as_str();
    let kind = match text.strip_prefix('~') {
        Some(regex) if regex.starts_with('/') => PathKind::Regex(patterns.parse(regex).map(Arc::new)),
        None if text.starts_with('/') => PathKind::Prefix(text.to_owned()),
        _ => PathKind::Neither,
    };
    PathFacts { node: path.node, kind }
}

fn plugin_facts(plugin: &PluginEntity) -> PluginFacts {
    let model = plugin.ai_proxy.as_ref().map(|config| &*config.model);
    let texts = Field::ALL.iter().filter_map(|field| Some((*field, field.text(model?)?)));
    let templates = texts
        .map(|(field, text)| FieldTemplate { node: text.node, field, parsed: template::parse(&text.value) })
        .collect();
    PluginFacts { runs_on: Vec::new(), templates }
}
