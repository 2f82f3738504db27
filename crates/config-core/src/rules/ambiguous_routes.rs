//! `ambiguous-routes`: two routes match the same request, and only their order in the file decides.

use crate::diagnostic::Diagnostic;
use crate::proof::Proofs;
use crate::rules::Rule;
use crate::rules::rivalry::{Rivalry, shown};

pub(crate) fn check(proofs: &Proofs, diagnostics: &mut Vec<Diagnostic>) {
    let rivalry = Rivalry::new(proofs);
    diagnostics.extend(proofs.pairs().ambiguous.iter().filter_map(|crowd| {
        rivalry.contests(
            Rule::AmbiguousRoutes,
            crowd,
            |contest| {
                let [first, second] = [contest.first, contest.second].map(|id| rivalry.label(id));
                format!(
                    "{} matches {first} and {second}, which rank alike: {first} gets it for coming first in \
                     the file; {}",
                    shown(&contest.request),
                    rivalry.kong(contest.kong, contest.first)
                )
            },
            |contest| rivalry.settle(contest.first, contest.second),
        )
    }));
}
