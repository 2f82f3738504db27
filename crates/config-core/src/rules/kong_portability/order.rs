//! Requests that Kong gives to another route, because it tries routes in another order than it
//! documents or than the file has them in.

use crate::diagnostic::Diagnostic;
use crate::proof::Proofs;
use crate::proof::pairs::Contest;
use crate::proof::space::KongPick;
use crate::rules::Rule;
use crate::rules::rivalry::{Rivalry, shown};

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let rivalry = Rivalry::new(proofs);
    diagnostics.extend(proofs.pairs().reordered.iter().filter_map(|crowd| {
        rivalry.contests(
            Rule::KongPortability,
            crowd,
            |contest| message(&rivalry, contest),
            |contest| help(&rivalry, contest),
        )
    }));
}

fn message(rivalry: &Rivalry, contest: &Contest) -> String {
    let Contest { first, second, request, kong } = contest;
    let ranks = [*first, *second].map(|id| rivalry.space.entry(id).rank);
    let because = match ranks[0].advantage(ranks[1]) {
        Some(advantage) => advantage,
        None => "it comes first in the file".to_owned(),
    };
    let reason = match ranks[0].kong_shipped() == ranks[1].kong_shipped() {
        true => Some("both rank alike, and it goes by id, not by the order in the file".to_owned()),
        false => request.with_head(|head| rivalry.proofs.plan.kong_choice(head)).reason,
    };
    let reason = reason.filter(|_| *kong != KongPick::Random);
    let reason =
        reason.map_or(String::new(), |reason| format!(": {}", reason.replacen("Kong 3.10", "it", 1)));
    format!(
        "{} goes to {} because {because}; {}{reason}",
        shown(request),
        rivalry.label(*first),
        rivalry.kong(*kong, *first)
    )
}

fn help(rivalry: &Rivalry, contest: &Contest) -> String {
    let [first, second] = [contest.first, contest.second].map(|id| rivalry.space.entry(id).rank);
    if first.advantage(second).is_none() {
        return rivalry.settle(contest.first, contest.second);
    }
    "let both routes list the same kinds of criteria, and then tell them apart by `regex_priority` or by the \
     length of their prefixes; or let them match different requests"
        .to_owned()
}
