//! What is said to a client of the members of its request that were left out.

use super::Decision;
use crate::plan::proxy::is_token;

/// The header of the answer that names what was left out.
pub const DROPPED_HEADER: &str = "x-aiproxy-dropped";

/// The longest name that is repeated, and the most names.
const MAX_NAME: usize = 64;
const MAX_NAMES: usize = 32;

impl Decision {
    /// The value of [`DROPPED_HEADER`]; none if nothing was left out. The names are the client's own: what
    /// is no token's character in a header becomes `?`, and what is too long or too much ends in `...`.
    pub fn dropped_header(&self) -> Option<String> {
        let mut names: Vec<String> = self.dropped_members.iter().take(MAX_NAMES).map(|it| name(it)).collect();
        if self.dropped_members.len() > MAX_NAMES {
            names.push("...".to_owned());
        }
        (!names.is_empty()).then(|| names.join(", "))
    }
}

fn name(member: &str) -> String {
    let safe = |c: char| u8::try_from(c).is_ok_and(is_token);
    let mut name: String = member.chars().take(MAX_NAME).map(|c| if safe(c) { c } else { '?' }).collect();
    if member.chars().nth(MAX_NAME).is_some() {
        name.push_str("...");
    }
    name
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_made_safe_and_short() {
        assert_eq!(name("logit_bias"), "logit_bias");
        assert_eq!(name("a, b\r\nc: é"), "a??b??c???");
        assert_eq!(name(&"x".repeat(65)), "x".repeat(64) + "...");
    }

    proptest! {
        #[test]
        fn any_name_fits_into_a_header(member in any::<String>()) {
            let name = name(&member);
            prop_assert!(name.bytes().all(|byte| byte == b'?' || is_token(byte)) && name.len() <= MAX_NAME + 3);
        }
    }
}
