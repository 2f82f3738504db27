//! References between entities, and the ids by which Kong knows them.

use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::config::{
    Config, ConsumerIndex, CredentialEntity, Entity, Hole, PluginEntity, RouteEntity, RouteIndex, Scope,
    ServiceIndex,
};
use super::entity::Plugin;
use super::value::{ForeignKey, Text};
use super::wording::quote;
use crate::diagnostic::Diagnostic;
use crate::kong_id::entity_id;
use crate::rules::Rule;
use crate::suggest::nearest;
use crate::syntax::{Document, Place, Spanned};

/// Resolves references, derives ids, and reports references that lead nowhere or contradict the
/// nesting.
pub(super) fn resolve(config: &mut Config, document: &Document, diagnostics: &mut Vec<Diagnostic>) {
    for service in &mut config.services {
        service.kong_id = id("services", service.fields.id.as_ref(), service.fields.name.as_ref());
    }
    for RouteEntity { entity, .. } in &mut config.routes {
        entity.kong_id = id("routes", entity.fields.id.as_ref(), entity.fields.name.as_ref());
    }
    for consumer in &mut config.consumers {
        consumer.kong_id = id("consumers", consumer.fields.id.as_ref(), consumer.fields.username.as_ref());
    }
    for credential in &mut config.keyauth_credentials {
        credential.entity.kong_id = id("keyauth_credentials", credential.fields.id.as_ref(), None);
    }
    for vault in &mut config.vaults {
        vault.entity.kong_id = id("vaults", vault.fields.id.as_ref(), None);
    }

    let mut plugins = std::mem::take(&mut config.plugins);
    let mut credentials = std::mem::take(&mut config.keyauth_credentials);
    let services = Names::of("services", config.services.iter().map(|it| (it, it.fields.name.as_ref())));
    let routes = Names::of("routes", config.routes.iter().map(|it| (&it.entity, it.fields.name.as_ref())));
    let consumers =
        Names::of("consumers", config.consumers.iter().map(|it| (it, it.fields.username.as_ref())));
    let mut links = Links { document, diagnostics, holes: Vec::new(), comparisons: MAX_COMPARISONS };

    for plugin in &mut plugins {
        let nested = plugin.scope.unwrap_or_default();
        plugin.entity.kong_id = plugin_id(config, &plugin.entity, nested);
        let PluginEntity { entity, scope, key_auth, anonymous, .. } = plugin;
        *scope = links.scope(entity, nested, &routes, &services, &consumers);
        if let Some(name) = key_auth.as_ref().and_then(|config| config.anonymous.as_ref()) {
            *anonymous = links.anonymous(name, &consumers).map(ConsumerIndex);
        }
        entity.holes.append(&mut links.holes);
    }
    for CredentialEntity { entity, consumer } in &mut credentials {
        let nested = consumer.map(|it| it.0);
        let found = links.link("consumer", entity.fields.consumer.as_ref(), &consumers, nested);
        *consumer = found.flatten().map(ConsumerIndex);
        entity.holes.append(&mut links.holes);
    }
    let of_route = |route: &RouteEntity| {
        let nested = route.service.map(|it| it.0);
        let service = links.link("service", route.fields.service.as_ref(), &services, nested);
        (service.flatten().map(ServiceIndex), std::mem::take(&mut links.holes))
    };
    let of_routes: Vec<_> = config.routes.iter().map(of_route).collect();

    for (route, (service, mut holes)) in config.routes.iter_mut().zip(of_routes) {
        route.service = service;
        route.entity.holes.append(&mut holes);
    }
    config.plugins = plugins;
    config.keyauth_credentials = credentials;
}

/// Where the entities of one kind are, by name and by id.
struct Names<'a> {
    kind: &'static str,
    in_order: Vec<&'a str>,
    by_name: FxHashMap<&'a str, usize>,
    by_id: FxHashMap<Uuid, usize>,
}

impl<'a> Names<'a> {
    fn of<T: 'a>(
        kind: &'static str,
        entities: impl Iterator<Item = (&'a Entity<T>, Option<&'a Spanned<Text>>)>,
    ) -> Self {
        let mut names =
            Names { kind, in_order: Vec::new(), by_name: FxHashMap::default(), by_id: FxHashMap::default() };
        for (index, (entity, name)) in entities.enumerate() {
            if let Some(name) = name {
                names.in_order.push(name.as_str());
                names.by_name.entry(name.as_str()).or_insert(index);
            }
            if let Some(id) = entity.kong_id {
                names.by_id.entry(id).or_insert(index);
            }
        }
        names
    }

    fn find(&self, key: &ForeignKey) -> Option<usize> {
        let by_id = || parse_id(key.as_str()).and_then(|id| self.by_id.get(&id));
        let by_name = || self.by_name.get(key.as_str());
        match key {
            ForeignKey::Key(_) => by_id().or_else(by_name),
            ForeignKey::Id(_) => by_id(),
            ForeignKey::Name(_) => by_name(),
        }
        .copied()
    }
}

struct Links<'a> {
    document: &'a Document<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
    /// Mistakes of the entity at hand.
    holes: Vec<Hole>,
    /// How many names may still be compared for suggestions, so that many dangling references in a
    /// file with many names cost no more than a few.
    comparisons: usize,
}

/// Enough for the references of any file that is merely mistyped.
const MAX_COMPARISONS: usize = 200_000;

impl Links<'_> {
    /// Where a plugin runs, if all its references lead somewhere.
    fn scope(
        &mut self,
        plugin: &Entity<Plugin>,
        nested: Scope,
        routes: &Names,
        services: &Names,
        consumers: &Names,
    ) -> Option<Scope> {
        let Plugin { route, service, consumer, .. } = &plugin.fields;
        let route = self.link("route", route.as_ref(), routes, nested.route.map(|it| it.0));
        let service = self.link("service", service.as_ref(), services, nested.service.map(|it| it.0));
        let consumer = self.link("consumer", consumer.as_ref(), consumers, nested.consumer.map(|it| it.0));
        if plugin.hole_in(&["route", "service", "consumer", "consumer_group", ""]).is_some() {
            return None;
        }
        Some(Scope {
            route: route?.map(RouteIndex),
            service: service?.map(ServiceIndex),
            consumer: consumer?.map(ConsumerIndex),
        })
    }

    /// The nearest name that exists; the first of the file among equals.
    fn suggest<'n>(&mut self, reference: &str, names: &Names<'n>) -> Option<&'n str> {
        self.comparisons = self.comparisons.checked_sub(names.in_order.len())?;
        nearest(reference, names.in_order.iter().copied())
    }

    /// What the reference in `field` leads to; an entity nested in `parent` belongs to that. `None`
    /// if it leads nowhere or elsewhere than to the parent.
    fn link(
        &mut self,
        field: &'static str,
        reference: Option<&Spanned<ForeignKey>>,
        names: &Names,
        parent: Option<usize>,
    ) -> Option<Option<usize>> {
        let Some(reference) = reference else { return Some(parent) };
        let written = quote(reference.as_str());
        let place = self.document.place(reference.node);
        let finding = match (names.find(reference), parent) {
            (None, _) => self.dangling(field, reference.as_str(), place, names),
            (Some(found), Some(parent)) if found != parent => {
                let message =
                    format!("`{field}` names {written}, but the entry is nested in another {field}");
                Diagnostic::new(Rule::ConflictingFields, place, message)
                    .help(format!("leave `{field}` out, or move the entry out of the {field} that it is in"))
            }
            (found, _) => return Some(found),
        };
        self.dig(field, finding);
        None
    }

    /// The consumer that `anonymous` of `key-auth` names, by username or id.
    fn anonymous(&mut self, name: &Spanned<Text>, consumers: &Names) -> Option<usize> {
        let found = consumers.find(&ForeignKey::Key(name.value.clone()));
        if found.is_none() {
            let finding = self.dangling("consumer", name, self.document.place(name.node), consumers);
            self.dig("config", finding);
        }
        found
    }

    /// The finding about a reference that leads nowhere.
    fn dangling(&mut self, kind: &str, reference: &str, place: Place, names: &Names) -> Diagnostic {
        let written = quote(reference);
        let help = match self.suggest(reference, names) {
            Some(known) => format!("write `{known}`, or declare {written} under `{}`", names.kind),
            None => format!("declare {written} under `{}`", names.kind),
        };
        let message = format!("no {kind} of this file is called {written}");
        Diagnostic::new(Rule::DanglingReference, place, message).help(help)
    }

    fn dig(&mut self, field: &str, finding: Diagnostic) {
        self.holes.push(Hole { rule: finding.rule, place: finding.place.clone(), field: field.to_owned() });
        self.diagnostics.push(finding);
    }
}

/// A given id, or the one that Kong derives from the entity's key.
fn id(table: &str, given: Option<&Spanned<Text>>, key: Option<&Spanned<Text>>) -> Option<Uuid> {
    match given {
        Some(given) => parse_id(given),
        None => key.map(|key| entity_id(table, key)),
    }
}

/// The id of a plugin: from its name and the parts of its scope. For the parent that the plugin is
/// nested in that is the parent's id, otherwise the reference as written.
fn plugin_id(config: &Config, plugin: &Entity<Plugin>, nested: Scope) -> Option<Uuid> {
    let fields = &plugin.fields;
    if let Some(id) = &fields.id {
        return parse_id(id);
    }
    let part = |parent: Option<Option<Uuid>>, reference: Option<&Spanned<ForeignKey>>| match parent {
        Some(id) => id.map(|id| id.to_string()),
        None => Some(reference.map(|reference| reference.as_str().to_owned()).unwrap_or_default()),
    };
    let name = fields.name.as_ref()?;
    let route = part(nested.route.map(|it| config[it].kong_id), fields.route.as_ref())?;
    let service = part(nested.service.map(|it| config[it].kong_id), fields.service.as_ref())?;
    let consumer = part(nested.consumer.map(|it| config[it].kong_id), fields.consumer.as_ref())?;
    Some(entity_id("plugins", &format!("plugins:*:{}:{route}:{service}:{consumer}", name.as_str())))
}

/// An id in the one form that Kong accepts: 36 characters, with hyphens.
pub(super) fn parse_id(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_hyphens_and_36_characters() {
        assert!(parse_id("481A9539-f49c-51b6-b2e2-fe99ee68866c").is_some());
        assert!(parse_id("481a9539f49c51b6b2e2fe99ee68866c").is_none());
        assert!(parse_id("{481a9539-f49c-51b6-b2e2-fe99ee6886}").is_none());
    }
}
