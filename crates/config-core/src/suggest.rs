//! "Did you mean": the nearest known word to a mistyped one.

/// The candidate that `word` was most likely meant to be, if any is near enough to be worth saying.
///
/// A candidate equal but for case, `_`, `-` or spaces wins outright. Otherwise the smallest
/// Damerau–Levenshtein distance does, up to a third of the longer word (one edit is always
/// allowed for words of three letters and more); ties go to the greater Jaro–Winkler likeness, then
/// to the earlier candidate.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let plain = fold(word);
    let mut best: Option<(usize, f64, &str)> = None;
    for candidate in candidates {
        let folded = fold(candidate);
        if folded == plain {
            return Some(candidate);
        }
        let longer = plain.chars().count().max(folded.chars().count());
        let allowed = if longer < 3 { 0 } else { (longer / 3).max(1) };
        if plain.chars().count().abs_diff(folded.chars().count()) > allowed {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&plain, &folded);
        if distance > allowed {
            continue;
        }
        let likeness = strsim::jaro_winkler(&plain, &folded);
        if best.is_none_or(|(d, l, _)| distance < d || distance == d && likeness > l) {
            best = Some((distance, likeness, candidate));
        }
    }
    best.map(|(_, _, candidate)| candidate)
}

/// No word of ours is half as long; comparing costs the product of both lengths.
const LONGEST_WORD: usize = 128;

fn fold(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    const FIELDS: [&str; 8] =
        ["name", "route_type", "auth", "model", "logging", "response_streaming", "strip_path", "paths"];

    #[test]
    fn a_typo_finds_its_word() {
        for (word, meant) in [
            ("nmae", "name"),
            ("routetype", "route_type"),
            ("Route-Type", "route_type"),
            ("path", "paths"),
            ("pahts", "paths"),
            ("response_straming", "response_streaming"),
            ("strip-path", "strip_path"),
            ("log", "logging"),
        ] {
            let expected = (word != "log").then_some(meant);
            assert_eq!(nearest(word, FIELDS), expected, "{word}");
        }
    }

    #[test]
    fn an_unrelated_word_finds_nothing() {
        for word in ["", "x", "zebra", "upstream_healthchecks", &"name".repeat(100)] {
            assert_eq!(nearest(word, FIELDS), None, "{word}");
        }
    }

    #[test]
    fn the_nearest_of_several_wins() {
        assert_eq!(nearest("host", ["hosts", "ghost", "post"]), Some("hosts"));
        assert_eq!(nearest("HOST", ["hosts", "host"]), Some("host"));
    }
}
