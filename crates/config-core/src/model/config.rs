//! A whole file as entities, with references resolved and mistakes kept apart.
//!
//! Entities are lists in file order, nested and flat ones alike, and refer to each other by index.
//! Each entity keeps what could be read of it and, as [`Hole`]s, what could not: later stages skip
//! what is broken and say no more about it, and a route, plugin or service with a hole never acts as
//! if the mistake were not there. What depends on a hole is `None` ([`PluginEntity::scope`],
//! [`PluginEntity::ai_proxy`]), so that it cannot be taken for something that is merely unset.

use std::ops::{Deref, Index};

use rustc_hash::FxHashMap;
use serde::Deserialize;
use uuid::Uuid;

use super::structure::Structure;
use super::{
    AiProxy, Consumer, EnvVault, Plugin, Route, Service, Vault, demands, links, notices, unique, versions,
};
use crate::catalog::AI_PROXY;
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::{DeError, Document, Kind, NodeId, Place, from_node};

/// What a file says.
#[derive(Debug, Default)]
pub struct Config {
    /// Which of the three shapes the file has.
    pub format: Format,
    /// Services, in file order.
    pub services: Vec<Entity<Service>>,
    /// Routes, in file order whether nested in services or not.
    pub routes: Vec<RouteEntity>,
    /// Plugins, in file order.
    pub plugins: Vec<PluginEntity>,
    /// Consumers, in file order.
    pub consumers: Vec<Entity<Consumer>>,
    /// Vaults, in file order.
    pub vaults: Vec<VaultEntity>,
    /// Mistakes that belong to no entity: a whole list may be unreadable.
    pub holes: Vec<Hole>,
}

/// The shape of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A map with `_format_version` and lists of entities.
    #[default]
    Declarative,
    /// A map whose only entities are `routes`, without a version.
    RoutesOnly,
    /// A list of routes.
    BareList,
}

/// One entity as read.
#[derive(Debug)]
pub struct Entity<T> {
    /// The entity's mapping.
    pub node: NodeId,
    /// What could be read; fields with a mistake are unset.
    pub fields: T,
    /// What could not be read, in file order. Nested entities have holes of their own.
    pub holes: Vec<Hole>,
    /// The entity's id in Kong: given, or derived from its name; `None` where Kong draws a random one.
    pub kong_id: Option<Uuid>,
}

impl<T> Entity<T> {
    /// The first mistake in one of these fields.
    pub fn hole_in(&self, fields: &[&str]) -> Option<&Hole> {
        self.holes.iter().find(|hole| fields.contains(&hole.field.as_str()))
    }
}

/// A mistake that makes a part of an entity unreadable. A finding about it exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole {
    /// The rule that reported it.
    pub rule: Rule,
    /// Where it was reported.
    pub place: Place,
    /// The field of the entity (or of the file) in which it is; empty if the whole entity is
    /// unreadable. For an unknown field, the name as written.
    pub field: String,
}

/// A route and its service.
#[derive(Debug)]
pub struct RouteEntity {
    /// The route.
    pub entity: Entity<Route>,
    /// The service that it is nested in or names. A reference that leads nowhere is a hole in
    /// `service`.
    pub service: Option<ServiceIndex>,
}

impl RouteEntity {
    /// The fields that decide which requests a route gets.
    pub const MATCHING: [&str; 11] = [
        "protocols",
        "methods",
        "hosts",
        "paths",
        "headers",
        "snis",
        "sources",
        "destinations",
        "regex_priority",
        "strip_path",
        "path_handling",
    ];

    /// The mistake because of which it cannot be said which requests the route gets: one in a
    /// matching field, or a field that does not exist and may have been meant as one.
    pub fn unmatchable(&self) -> Option<&Hole> {
        self.holes.iter().find(|hole| {
            hole.rule == Rule::UnknownField || hole.field.is_empty() || Self::MATCHING.contains(&&*hole.field)
        })
    }
}

impl Deref for RouteEntity {
    type Target = Entity<Route>;

    fn deref(&self) -> &Entity<Route> {
        &self.entity
    }
}

/// A plugin and where it runs.
#[derive(Debug)]
pub struct PluginEntity {
    /// The plugin.
    pub entity: Entity<Plugin>,
    /// Where it runs; `None` if a reference is broken or leads nowhere.
    pub scope: Option<Scope>,
    /// The configuration, if the plugin is `ai-proxy` and its `config` has no mistake.
    pub ai_proxy: Option<AiProxy>,
}

impl PluginEntity {
    /// The plugin's name, if it can be read.
    pub fn name(&self) -> Option<&str> {
        self.fields.name.as_ref().map(|name| name.as_str())
    }
}

impl Deref for PluginEntity {
    type Target = Entity<Plugin>;

    fn deref(&self) -> &Entity<Plugin> {
        &self.entity
    }
}

/// A vault and its settings.
#[derive(Debug)]
pub struct VaultEntity {
    /// The vault.
    pub entity: Entity<Vault>,
    /// The settings, if the vault is of the kind `env` and they have no mistake.
    pub env: Option<EnvVault>,
}

impl Deref for VaultEntity {
    type Target = Entity<Vault>;

    fn deref(&self) -> &Entity<Vault> {
        &self.entity
    }
}

/// Where a plugin runs: on requests to which all of these apply; without any, on every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scope {
    /// The matched route.
    pub route: Option<RouteIndex>,
    /// The matched route's service.
    pub service: Option<ServiceIndex>,
    /// The client.
    pub consumer: Option<ConsumerIndex>,
}

macro_rules! indices {
    ($($(#[$doc:meta])* $name:ident: $list:ident of $entity:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub usize);

            impl Index<$name> for Config {
                type Output = $entity;

                fn index(&self, index: $name) -> &$entity {
                    &self.$list[index.0]
                }
            }
        )*
    };
}

indices! {
    /// A service, by its place in [`Config::services`].
    ServiceIndex: services of Entity<Service>;
    /// A route, by its place in [`Config::routes`].
    RouteIndex: routes of RouteEntity;
    /// A plugin, by its place in [`Config::plugins`].
    PluginIndex: plugins of PluginEntity;
    /// A consumer, by its place in [`Config::consumers`].
    ConsumerIndex: consumers of Entity<Consumer>;
}

impl Config {
    /// Reads a document, and reports every mistake of structure, name and reference in it, in file
    /// order.
    pub fn read(document: &Document) -> (Config, Vec<Diagnostic>) {
        let structure = Structure::check(document);
        let mut reader = Reader {
            document,
            structure: &structure,
            config: Config::default(),
            owners: FxHashMap::default(),
            unread: Vec::new(),
        };
        reader.file();
        reader.dig_holes();
        reader.settings();
        let Reader { mut config, unread: mut diagnostics, .. } = reader;
        diagnostics.extend(structure.faults.into_iter().map(|fault| fault.diagnostic));

        links::resolve(&mut config, document, &mut diagnostics);
        demands::check(&config, document, &mut diagnostics);
        unique::check(&config, document, &mut diagnostics);
        versions::check(&mut config, document, &mut diagnostics);
        notices::check(&mut config, document, &mut diagnostics);
        diagnostics.sort_by_key(|diagnostic| (diagnostic.place.span, diagnostic.rule));
        (config, diagnostics)
    }
}

/// Which entity a mapping is.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Service(usize),
    Route(usize),
    Plugin(usize),
    Consumer(usize),
    Vault(usize),
}

struct Reader<'a> {
    document: &'a Document<'a>,
    structure: &'a Structure,
    config: Config,
    owners: FxHashMap<NodeId, Owner>,
    /// What serde refused although the schema did not.
    unread: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn file(&mut self) {
        let document = self.document;
        let root = document.root();
        if let Kind::Sequence(_) = document.node(root).kind {
            self.config.format = Format::BareList;
            document.items(root).iter().for_each(|route| self.route(*route, None));
            return;
        }
        let mut keys = document.entries(root).iter().map(|(key, _)| document.key_text(*key));
        if document.get(root, "routes").is_some()
            && keys.all(|key| key == "routes" || key.starts_with('_') && key != "_format_version")
        {
            self.config.format = Format::RoutesOnly;
        }
        for (key, list) in document.entries(root) {
            let items = document.items(*list).iter().copied();
            match document.key_text(*key) {
                "services" => items.for_each(|node| self.service(node)),
                "routes" => items.for_each(|node| self.route(node, None)),
                "plugins" => items.for_each(|node| self.plugin(node, Scope::default())),
                "consumers" => items.for_each(|node| self.consumer(node)),
                "vaults" => items.for_each(|node| self.vault(node)),
                _ => {}
            }
        }
    }

    fn service(&mut self, node: NodeId) {
        let index = self.config.services.len();
        let entity = self.entity(node, Owner::Service(index));
        self.config.services.push(entity);
        for (key, list) in self.document.entries(node) {
            let items = self.document.items(*list).iter().copied();
            let scope = Scope { service: Some(ServiceIndex(index)), ..Scope::default() };
            match self.document.key_text(*key) {
                "routes" => items.for_each(|node| self.route(node, Some(ServiceIndex(index)))),
                "plugins" => items.for_each(|node| self.plugin(node, scope)),
                _ => {}
            }
        }
    }

    fn route(&mut self, node: NodeId, service: Option<ServiceIndex>) {
        let index = self.config.routes.len();
        let entity = self.entity(node, Owner::Route(index));
        self.config.routes.push(RouteEntity { entity, service });
        self.plugins(node, Scope { route: Some(RouteIndex(index)), ..Scope::default() });
    }

    fn consumer(&mut self, node: NodeId) {
        let index = self.config.consumers.len();
        let entity = self.entity(node, Owner::Consumer(index));
        self.config.consumers.push(entity);
        self.plugins(node, Scope { consumer: Some(ConsumerIndex(index)), ..Scope::default() });
    }

    fn plugins(&mut self, parent: NodeId, scope: Scope) {
        if let Some(list) = self.document.get(parent, "plugins") {
            self.document.items(list).iter().for_each(|node| self.plugin(*node, scope));
        }
    }

    fn plugin(&mut self, node: NodeId, scope: Scope) {
        let entity = self.entity(node, Owner::Plugin(self.config.plugins.len()));
        self.config.plugins.push(PluginEntity { entity, scope: Some(scope), ai_proxy: None });
    }

    fn vault(&mut self, node: NodeId) {
        let entity = self.entity(node, Owner::Vault(self.config.vaults.len()));
        self.config.vaults.push(VaultEntity { entity, env: None });
    }

    fn entity<T: Default + for<'de> Deserialize<'de>>(&mut self, node: NodeId, owner: Owner) -> Entity<T> {
        self.owners.insert(node, owner);
        let mut entity = Entity { node, fields: T::default(), holes: Vec::new(), kong_id: None };
        match from_node(self.document, node, &|node| self.structure.is_broken(node)) {
            Ok(fields) => entity.fields = fields,
            // The schema has said that this is no entity.
            Err(_) if !matches!(self.document.node(node).kind, Kind::Mapping(_)) => {}
            Err(error) => entity.holes.push(unread(self.document, node, "", error, &mut self.unread)),
        }
        entity
    }

    /// Hands each mistake to the innermost entity around it.
    fn dig_holes(&mut self) {
        for fault in &self.structure.faults {
            let Diagnostic { rule, place, .. } = &fault.diagnostic;
            let (owner, top) = self.owner(fault.node);
            let field = match top {
                Some(value) => self.document.key_of(value).map(|key| self.document.key_text(key)),
                None => fault.missing.first().map(String::as_str),
            };
            let hole =
                Hole { rule: *rule, place: place.clone(), field: field.unwrap_or_default().to_owned() };
            match owner {
                Some(Owner::Service(index)) => self.config.services[index].holes.push(hole),
                Some(Owner::Route(index)) => self.config.routes[index].entity.holes.push(hole),
                Some(Owner::Plugin(index)) => self.config.plugins[index].entity.holes.push(hole),
                Some(Owner::Consumer(index)) => self.config.consumers[index].holes.push(hole),
                Some(Owner::Vault(index)) => self.config.vaults[index].entity.holes.push(hole),
                None => self.config.holes.push(hole),
            }
        }
    }

    /// The innermost entity around a node, and the value of its field that the node is in; the node
    /// may be the entity itself.
    fn owner(&self, node: NodeId) -> (Option<Owner>, Option<NodeId>) {
        let mut at = node;
        let mut below = None;
        loop {
            if let Some(owner) = self.owners.get(&at) {
                return (Some(*owner), below);
            }
            if at == self.document.root() {
                return (None, below);
            }
            below = Some(at);
            at = self.document.node(at).parent;
        }
    }

    /// Reads `config` of the plugins and vaults whose settings are typed.
    fn settings(&mut self) {
        let Reader { document, config, unread: diagnostics, .. } = self;
        for plugin in &mut config.plugins {
            if plugin.name() == Some(AI_PROXY) {
                let config = plugin.fields.config.map(|config| config.0);
                plugin.ai_proxy = settings(document, &mut plugin.entity.holes, config, diagnostics);
            }
        }
        for vault in &mut config.vaults {
            if vault.fields.name.as_ref().is_some_and(|name| name.as_str() == "env") {
                let config = vault.fields.config.map(|config| config.0);
                let is_absent = config.is_none() && vault.hole_in(&["config"]).is_none();
                vault.env = match is_absent {
                    true => Some(EnvVault::default()),
                    false => settings(document, &mut vault.entity.holes, config, diagnostics),
                };
            }
        }
    }
}

/// Reads settings; `None` and a hole if they have a mistake.
fn settings<T: for<'de> Deserialize<'de>>(
    document: &Document,
    holes: &mut Vec<Hole>,
    config: Option<NodeId>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<T> {
    // Settings with a mistake are unset, with a hole in `config`.
    let config = config?;
    match from_node(document, config, &|_| false) {
        Ok(settings) => Some(settings),
        Err(error) => {
            holes.push(unread(document, config, "config", error, diagnostics));
            None
        }
    }
}

/// Reports a value that the schema accepts and serde does not. The two are held together by a test;
/// should they part, the value must be missed and not be taken for unset.
fn unread(
    document: &Document,
    node: NodeId,
    field: &str,
    error: DeError,
    diagnostics: &mut Vec<Diagnostic>,
) -> Hole {
    let place = document.place(error.node.unwrap_or(node));
    let finding = Diagnostic::new(Rule::WrongType, place, format!("this cannot be read: {}", error.message))
        .help("write it as the manual shows; if you do, this is a mistake of aiproxy's: please report it");
    let hole = Hole { rule: finding.rule, place: finding.place.clone(), field: field.to_owned() };
    diagnostics.push(finding);
    hole
}
