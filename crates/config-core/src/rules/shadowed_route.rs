//! `shadowed-route`: routes and paths that can never win, because others take all that they match.

use crate::diagnostic::Diagnostic;
use crate::proof::Proofs;
use crate::proof::pairs::Shadowed;
use crate::proof::space::EntryId;
use crate::rules::Rule;
use crate::rules::rivalry::{Rivalry, shown};

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let rivalry = Rivalry::new(proofs);
    diagnostics.extend(proofs.pairs().shadowed.iter().map(|shadowed| finding(&rivalry, shadowed)));
}

fn finding(rivalry: &Rivalry, shadowed: &Shadowed) -> Diagnostic {
    let Shadowed { entry, whole_route, winners, request, kong } = shadowed;
    let (own, winner) = (rivalry.route(*entry), winners[0]);
    let (place, subject) = match whole_route {
        true => (rivalry.route_place(*entry), own.clone()),
        false => (rivalry.place(*entry), format!("this path of {own}")),
    };
    let message = format!(
        "{subject} can never win: what it matches goes to {}, such as {}; {}",
        list(rivalry, winners),
        shown(request),
        rivalry.kong(*kong, winner)
    );
    let ranks = [*entry, winner].map(|id| rivalry.space.entry(id).rank);
    let first = rivalry.route(winner);
    let (this, it) = if *whole_route { (&*own, "it") } else { ("this path", "this path") };
    // Tried before the winner, it would shadow that one.
    let takes_all = winners.iter().any(|winner| rivalry.space.find(&[*winner], &[*entry]) == Ok(None));
    let help = match ranks[1].advantage(ranks[0]) {
        None if takes_all => format!("take {this} out, or let it and {first} match different requests"),
        None if ranks[0].regex && ranks[0].headers == 0 => {
            format!("give {own} a higher `regex_priority`, or take {it} out")
        }
        None => format!("move {own} above {first} in the file, or take {it} out"),
        Some(advantage) => {
            format!("{first} is tried first: {advantage}; let it match less, or take {this} out")
        }
    };
    let finding = Diagnostic::new(Rule::ShadowedRoute, place, message).help(help).witness(request.witness());
    winners.iter().fold(finding, |finding, winner| {
        finding.related(rivalry.span(*winner), format!("the path of {}", rivalry.label(*winner)))
    })
}

/// The winners' routes, each once.
fn list(rivalry: &Rivalry, winners: &[EntryId]) -> String {
    let mut routes: Vec<String> = Vec::new();
    for winner in winners {
        let route = rivalry.route(*winner);
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    match &*routes {
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
        [] => String::new(),
    }
}
