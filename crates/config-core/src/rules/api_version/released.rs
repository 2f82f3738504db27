//! The versions of Azure OpenAI's API.
//!
//! Azure versions three things under the same name of argument: the data plane, which answers models'
//! clients; the control plane, which creates resources; and the path `/openai/v1/`, which has no dates.

/// What a version of the data plane is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Good,
    /// Chats cannot be asked for at all.
    NoChats,
    /// Chats cannot have `tools`.
    NoTools,
    /// Azure has announced that it answers no more.
    Retired,
}

use Standing::*;

/// The newest version without `-preview`.
pub(super) const NEWEST: &str = "2024-10-21";

/// Every version of the data plane with a date. No more will come: what is new goes to `/openai/v1/`.
const DATA_PLANE: &[(&str, Standing)] = &[
    ("2022-03-01-preview", NoChats),
    ("2022-06-01-preview", NoChats),
    ("2022-12-01", NoChats),
    ("2023-03-15-preview", Retired),
    ("2023-05-15", NoTools),
    ("2023-06-01-preview", NoTools),
    ("2023-07-01-preview", Retired),
    ("2023-08-01-preview", Retired),
    ("2023-09-01-preview", Retired),
    ("2023-09-15-preview", Good),
    ("2023-10-01-preview", NoTools),
    ("2023-11-01-preview", Good),
    ("2023-12-01-preview", Retired),
    ("2024-02-01", Good),
    ("2024-02-15-preview", Good),
    ("2024-03-01-preview", Good),
    ("2024-04-01-preview", Good),
    ("2024-05-01-preview", Good),
    ("2024-06-01", Good),
    ("2024-07-01-preview", Good),
    ("2024-08-01-preview", Good),
    ("2024-09-01-preview", Good),
    ("2024-10-01-preview", Good),
    ("2024-10-21", Good),
    ("2024-11-01-preview", Good),
    ("2024-12-01-preview", Good),
    ("2025-01-01-preview", Good),
    ("2025-02-01-preview", Good),
    ("2025-03-01-preview", Good),
    ("2025-04-01-preview", Good),
];

/// Versions of the control plane that are none of the data plane.
const CONTROL_PLANE: &[&str] = &[
    "2016-02-01-preview",
    "2017-04-18",
    "2021-04-30",
    "2021-10-01",
    "2022-03-01",
    "2022-10-01",
    "2023-05-01",
    "2024-06-01-preview",
    "2024-10-01",
    "2025-06-01",
    "2025-07-01-preview",
    "2025-09-01",
    "2025-10-01-preview",
    "2025-12-01",
    "2026-01-15-preview",
    "2026-03-01",
    "2026-03-15-preview",
    "2026-05-01",
];

/// Versions of `/openai/v1/`, where none is needed.
pub(super) const UNDATED: [&str; 3] = ["v1", "preview", "latest"];

/// What a version of the data plane is good for; `None` if there is none of this name.
pub(super) fn standing(version: &str) -> Option<Standing> {
    DATA_PLANE.iter().find(|(known, _)| *known == version).map(|(_, standing)| *standing)
}

/// Whether this is a version of the control plane alone.
pub(super) fn is_control_plane(version: &str) -> bool {
    CONTROL_PLANE.contains(&version)
}

/// Whether a version, if there were one of this name, would be known.
pub(super) fn is_settled(version: &str) -> bool {
    DATA_PLANE.last().is_some_and(|(last, _)| version <= *last)
}

/// Whether the text is a date, perhaps with `-preview` behind it.
pub(super) fn is_dated(version: &str) -> bool {
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    let number = |text: &str, digits: usize| {
        let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u16>().ok()).flatten()
    };
    let in_range =
        |text, range: std::ops::RangeInclusive<u16>| number(text, 2).is_some_and(|n| range.contains(&n));
    number(year, 4).is_some() && in_range(month, 1..=12) && in_range(day, 1..=31)
}

/// The version that a text has somewhere in it, as in `api-version=2024-10-21`.
pub(super) fn within(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .map(|word| word.trim_matches('-'))
        .find(|word| is_dated(word) && *word != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_dates_in_order_and_each_of_one_kind() {
        for (version, _) in DATA_PLANE {
            assert!(is_dated(version) && is_settled(version) && !is_control_plane(version), "{version}");
        }
        assert!(DATA_PLANE.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(CONTROL_PLANE.iter().all(|version| is_dated(version)));
        assert_eq!(standing(NEWEST), Some(Good));
        assert!(!is_settled("2025-04-14") && !is_settled("2026-01-01-preview"));
    }

    #[test]
    fn a_date_is_told_from_other_text() {
        for text in ["2024-10-21", "2024-12-01-preview"] {
            assert!(is_dated(text), "{text}");
        }
        for text in
            ["", "v1", "2024-10", "2024-13-01", "2024-1-1", "24-10-21", "2024-10-21-Preview", "2024-10-21 "]
        {
            assert!(!is_dated(text), "{text}");
        }
        assert_eq!(within("?api-version=2024-10-21&x=1"), Some("2024-10-21"));
        assert_eq!(within(" 2024-12-01-preview"), Some("2024-12-01-preview"));
        assert_eq!(within("2024-10-21"), None);
    }
}
