//! What placeholders are called in programs.

use config_core::sdk::Slot;

/// A name for each slot that is one in the language, is none of `taken`, and no other slot has.
pub fn variables(slots: &[Slot], taken: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(slots.len());
    for slot in slots {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let mut name: String = slot.name.chars().map(plain).collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            name.insert(0, '_');
        }
        while taken.contains(&&*name) || names.contains(&name) {
            name.push('_');
        }
        names.push(name);
    }
    names
}

/// What a program says of the values that a slot can have: nothing if it can have many.
pub fn choice(slot: &Slot) -> Option<String> {
    (slot.values.len() > 1).then(|| format!("one of {}", slot.values.join(", ")))
}
