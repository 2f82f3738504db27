//! A whole file as entities, with references resolved and mistakes kept apart.
//!
//! Entities are lists in file order, nested and flat ones alike, and refer to each other by index.
//! Each entity keeps what could be read of it and, as [`Hole`]s, what could not: later stages skip
//! what is broken and say no more about it, and a route, plugin or service with a hole never acts as
//! if the mistake were not there. What depends on a hole is `None` ([`PluginEntity::scope`],
//! [`PluginEntity::ai_proxy`]), so that it cannot be taken for something that is merely unset.

use std::ops::{Deref, Index};

use uuid::Uuid;

use super::{AiProxy, Consumer, EnvVault, KeyAuth, KeyauthCredential, Plugin, Route, Service, Vault};
use crate::rules::Rule;
use crate::syntax::{NodeId, Place};

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
    /// The keys of consumers, in file order whether nested in consumers or not.
    pub keyauth_credentials: Vec<CredentialEntity>,
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
    /// The configuration, if the plugin is `key-auth` and its `config` has no mistake.
    pub key_auth: Option<KeyAuth>,
    /// The consumer that `anonymous` of `key-auth` names. A name that leads nowhere is a hole in
    /// `config`.
    pub anonymous: Option<ConsumerIndex>,
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

/// A key and its consumer.
#[derive(Debug)]
pub struct CredentialEntity {
    /// The key.
    pub entity: Entity<KeyauthCredential>,
    /// The consumer that it is nested in or names; `None` if it names none that exists.
    pub consumer: Option<ConsumerIndex>,
}

impl Deref for CredentialEntity {
    type Target = Entity<KeyauthCredential>;

    fn deref(&self) -> &Entity<KeyauthCredential> {
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
