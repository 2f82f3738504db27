//! `credential-crossover`: a client that leaves a part of its path out is answered by another provider,
//! with another route's credential.

use crate::diagnostic::Diagnostic;
use crate::model::Provider;
use crate::plan::criteria::PathCriterion;
use crate::proof::Proofs;
use crate::proof::pairs::{Crossing, Shadowed};
use crate::proof::space::EntryId;
use crate::rules::Rule;
use crate::rules::rivalry::{Rivalry, shown};

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let rivalry = Rivalry::new(proofs);
    for crowd in &proofs.pairs().crossings {
        let Some((told, others)) = crowd.shown.split_first() else { continue };
        let [from, to] = [told.from, told.to].map(|id| rivalry.route(id));
        let other = if told.from == crowd.broad { told.to } else { told.from };
        let finding =
            Diagnostic::new(Rule::CredentialCrossover, rivalry.place(crowd.broad), message(&rivalry, told))
                .help(help(told, &from, &to))
                .witness(told.request.witness())
                .related(rivalry.span(other), format!("the path of {}", rivalry.label(other)));
        let finding = others.iter().fold(finding, |finding, crossing| {
            let other = if crossing.from == crowd.broad { crossing.to } else { crossing.from };
            finding.related(rivalry.span(other), another(&rivalry, crossing))
        });
        diagnostics.push(match crowd.more {
            0 => finding,
            more => finding.related(
                rivalry.span(crowd.broad),
                format!("clients of {more} more paths end up with another provider in the same way"),
            ),
        });
    }
}

fn help(crossing: &Crossing, from: &str, to: &str) -> String {
    let own = format!("give {to} a beginning of its own, so that what misses {from} is answered 404");
    match crossing.shadow {
        Some(_) => format!("{own} and what matches {from} reaches it"),
        None => format!("{own}; or let {from} take such requests too"),
    }
}

fn message(rivalry: &Rivalry, crossing: &Crossing) -> String {
    let Crossing { from, to, request, shadow } = crossing;
    let left_out = match left_out(rivalry, *from) {
        Some(name) => format!("`{name}`"),
        None => "a part of the path".to_owned(),
    };
    let [ours, theirs] = [*from, *to].map(|id| provider(rivalry, id));
    let whose = match (ours, theirs) {
        (Some(ours), Some(theirs)) if ours != theirs => format!("{theirs}, not {ours}, gets the prompt"),
        _ => "the prompt is sent".to_owned(),
    };
    let crosses = format!(
        "a client of {} that leaves {left_out} out is answered by {}: with {}, {whose} with the credential of {}",
        rivalry.label(*from),
        rivalry.label(*to),
        shown(request),
        rivalry.route(*to)
    );
    with_shadow(rivalry, crosses, shadow.as_ref())
}

/// What a further crossing at the same path comes down to.
fn another(rivalry: &Rivalry, crossing: &Crossing) -> String {
    let Crossing { from, to, request, shadow } = crossing;
    let [from, to] = [from, to].map(|id| rivalry.label(*id));
    let crosses = format!("{to} answers clients of {from} in the same way: {}", shown(request));
    with_shadow(rivalry, crosses, shadow.as_ref())
}

fn with_shadow(rivalry: &Rivalry, crosses: String, shadow: Option<&Shadowed>) -> String {
    match shadow {
        None => crosses,
        Some(shadow) => format!("{crosses}; {}", shadowed(rivalry, shadow)),
    }
}

/// That the path of these clients wins nothing, as a clause.
fn shadowed(rivalry: &Rivalry, shadow: &Shadowed) -> String {
    let Shadowed { entry, whole_route, winners, request, kong } = shadow;
    let own = rivalry.route(*entry);
    format!(
        "{} can never win: {} goes there too, and {}",
        if *whole_route { own } else { format!("this path of {own}") },
        shown(request),
        rivalry.kong(*kong, winners[0])
    )
}

/// The name of the capture that stands right behind the literal beginning.
fn left_out(rivalry: &Rivalry, from: EntryId) -> Option<String> {
    let Some(PathCriterion::Regex(pattern)) = rivalry.space.path(from) else { return None };
    pattern.groups().first()?.name.as_deref().map(str::to_owned)
}

/// The provider of an entry's route, if it is always the same.
fn provider(rivalry: &Rivalry, id: EntryId) -> Option<Provider> {
    let facts = rivalry.proofs.facts;
    let plugins = &facts.route(rivalry.space.entry(id).route).plugins;
    let mut providers = plugins
        .iter()
        .filter_map(|plugin| Some(facts.config[*plugin].ai_proxy.as_ref()?.model.provider.value));
    let first = providers.next()?;
    providers.all(|other| other == first).then_some(first)
}
