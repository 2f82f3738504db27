//! From the tree to a [`Config`]: entity by entity, around what the schema found wrong.

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::config::{
    Config, ConsumerIndex, CredentialEntity, Entity, Format, Hole, PluginEntity, RouteEntity, RouteIndex,
    Scope, ServiceIndex, VaultEntity,
};
use super::entity::EnvVault;
use super::key_auth::KeyAuth;
use super::structure::Structure;
use super::{demands, links, notices, unique, versions};
use crate::catalog::{AI_PROXY, KEY_AUTH};
use crate::diagnostic::Diagnostic;
use crate::rules::Rule;
use crate::syntax::{DeError, Document, Kind, NodeId, from_node};

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
    Credential(usize),
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
                "keyauth_credentials" => items.for_each(|node| self.credential(node, None)),
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
        if let Some(list) = self.document.get(node, "keyauth_credentials") {
            let items = self.document.items(list).iter();
            items.for_each(|node| self.credential(*node, Some(ConsumerIndex(index))));
        }
    }

    fn credential(&mut self, node: NodeId, consumer: Option<ConsumerIndex>) {
        let entity = self.entity(node, Owner::Credential(self.config.keyauth_credentials.len()));
        self.config.keyauth_credentials.push(CredentialEntity { entity, consumer });
    }

    fn plugins(&mut self, parent: NodeId, scope: Scope) {
        if let Some(list) = self.document.get(parent, "plugins") {
            self.document.items(list).iter().for_each(|node| self.plugin(*node, scope));
        }
    }

    fn plugin(&mut self, node: NodeId, scope: Scope) {
        let entity = self.entity(node, Owner::Plugin(self.config.plugins.len()));
        let scope = Some(scope);
        self.config.plugins.push(PluginEntity {
            entity,
            scope,
            ai_proxy: None,
            key_auth: None,
            anonymous: None,
        });
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
                Some(Owner::Credential(index)) => {
                    self.config.keyauth_credentials[index].entity.holes.push(hole);
                }
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
            let config = plugin.fields.config.map(|config| config.0);
            match plugin.name() {
                Some(AI_PROXY) => {
                    plugin.ai_proxy = settings(document, &mut plugin.entity.holes, config, diagnostics);
                }
                Some(KEY_AUTH) => {
                    plugin.key_auth =
                        settings_or_default::<KeyAuth, _>(document, &mut plugin.entity, config, diagnostics);
                }
                _ => {}
            }
        }
        for vault in &mut config.vaults {
            if vault.fields.name.as_ref().is_some_and(|name| name.as_str() == "env") {
                let config = vault.fields.config.map(|config| config.0);
                vault.env =
                    settings_or_default::<EnvVault, _>(document, &mut vault.entity, config, diagnostics);
            }
        }
    }
}

/// Reads settings of which each has a default.
fn settings_or_default<T: Default + for<'de> Deserialize<'de>, E>(
    document: &Document,
    entity: &mut Entity<E>,
    config: Option<NodeId>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<T> {
    let is_absent = config.is_none() && entity.hole_in(&["config"]).is_none();
    match is_absent {
        true => Some(T::default()),
        false => settings(document, &mut entity.holes, config, diagnostics),
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
