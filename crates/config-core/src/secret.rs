//! Credentials in a configuration: references to the environment, or literal text that is never
//! shown.
//!
//! `{vault://NAME/RESOURCE[/KEY][?prefix=P][#VERSION]}` is Kong's reference syntax. It is read here
//! without touching the environment: the outcome is the *name* of a variable.

use std::fmt;
use std::ops::Range;

use percent_encoding::percent_decode_str;

use crate::suggest;

/// A credential as configured. Neither `Debug` nor `Display` ever shows literal text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum SecretValue {
    /// Written into the file.
    Literal(String),
    /// To be read from the environment.
    Vault {
        /// The reference as written.
        reference: String,
        /// What it names.
        variable: Variable,
    },
    /// decK's `${{ env "DECK_X" }}`, as written: decK replaces it before a gateway sees the file.
    DeckEnv(String),
}

/// An environment variable, or one string inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Variable {
    /// The variable's name.
    pub name: String,
    /// If set, the variable holds a JSON object and the credential is this member.
    pub key: Option<String>,
}

/// A parsed reference whose vault has not been looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultReference {
    /// The reference as written.
    pub text: String,
    /// The vault's type (`env`) or the `prefix` of a `vaults` entity.
    pub vault: String,
    /// The name before the vault's prefix is added.
    pub resource: String,
    /// The member of a JSON value to take.
    pub key: Option<String>,
    /// The prefix given in the reference itself.
    pub prefix: Option<String>,
    /// The version asked for; the `env` vault knows only 2, the previous value.
    pub version: Option<u32>,
    vault_range: Range<usize>,
}

/// A `vaults` entity: its `prefix`, its type and the `env` type's `config.prefix`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvVault {
    /// What references call it.
    pub prefix: String,
    /// The vault's type.
    pub name: String,
    /// Put before every resource, verbatim.
    pub env_prefix: Option<String>,
}

/// A reference that can never be resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretReferenceError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
    /// The bytes of the text that hold it.
    pub range: Range<usize>,
}

const OPENING: &str = "{vault://";

/// Whether `text` is a reference in outline: only its two ends count.
pub fn looks_like_reference(text: &str) -> bool {
    text.starts_with(OPENING) && text.ends_with('}')
}

/// Where a reference is embedded in a longer text, which makes it plain text that is sent as it
/// stands.
pub fn embedded_reference(text: &str) -> Option<Range<usize>> {
    if looks_like_reference(text) {
        return None;
    }
    let start = find(text, OPENING)?;
    let end = text[start..].find('}').map_or(text.len(), |offset| start + offset + 1);
    Some(start..end)
}

/// Where `needle` begins. Ten thousand routes have a million strings, too short for `str::find` to
/// pay off its preparation.
fn find(text: &str, needle: &str) -> Option<usize> {
    let first = needle.chars().next()?;
    text.match_indices(first).map(|(at, _)| at).find(|at| text[*at..].starts_with(needle))
}

/// Where decK's `${{ env "NAME" }}` stands in a text.
pub fn deck_env(text: &str) -> Option<Range<usize>> {
    let start = find(text, "${{")?;
    let end = start + text[start..].find("}}")? + 2;
    let inside = text[start + 3..end - 2].trim();
    let name = inside.strip_prefix("env")?.trim();
    let quoted = name.len() > 2 && (name.starts_with('"') && name.ends_with('"'));
    quoted.then_some(start..end)
}

/// The variable that `text`, or what follows `Bearer ` in it, would read with other tools: `${NAME}`,
/// `$NAME`, `{{ env "NAME" }}`, `env://NAME` and the like. Nothing here replaces those.
pub fn foreign_variable(text: &str) -> Option<&str> {
    let text = text.trim();
    let value = match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => text[7..].trim(),
        _ => text,
    };
    let unwrapped = FOREIGN_WRAPPERS
        .iter()
        .find_map(|(open, close)| value.strip_prefix(open)?.strip_suffix(close))
        .map(str::trim);
    let inside = unwrapped.unwrap_or(value);
    let sourced = FOREIGN_SOURCES.iter().find_map(|source| inside.strip_prefix(source));
    let name = sourced.unwrap_or(inside).trim().trim_matches(['"', '\'']);
    let is_name = name.len() > 1
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && !name.starts_with(|c: char| c.is_ascii_digit());
    // With less around it, the text may be a password.
    let is_certain = sourced.is_some() || value.starts_with("${") || value.starts_with("{{");
    (is_name && (is_certain || unwrapped.is_some() && name.contains('_'))).then_some(name)
}

/// What other tools put around a variable; the first that fits counts.
const FOREIGN_WRAPPERS: &[(&str, &str)] =
    &[("${{", "}}"), ("{{", "}}"), ("${", "}"), ("{", "}"), ("$(", ")"), ("%", "%"), ("$", "")];

/// What other tools write in front of a variable's name.
const FOREIGN_SOURCES: &[&str] = &["env://", "env:", "env.", "env ", "ENV:", "secrets.", "vars."];

impl SecretValue {
    /// Reads a credential; only a reference can be wrong.
    pub fn parse(text: &str, vaults: &[EnvVault]) -> Result<Self, SecretReferenceError> {
        if looks_like_reference(text) {
            let variable = VaultReference::parse(text)?.variable(vaults)?;
            Ok(SecretValue::Vault { reference: text.to_owned(), variable })
        } else if deck_env(text).is_some() {
            Ok(SecretValue::DeckEnv(text.to_owned()))
        } else {
            Ok(SecretValue::Literal(text.to_owned()))
        }
    }

    /// What may be shown: the reference as written, or `***`.
    pub fn shown(&self) -> &str {
        match self {
            SecretValue::Literal(_) => "***",
            SecretValue::Vault { reference, .. } => reference,
            SecretValue::DeckEnv(text) => {
                // Text around the expression may be part of the secret.
                deck_env(text).map_or("***", |range| &text[range])
            }
        }
    }
}

impl fmt::Display for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.shown())
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretValue({})", self.shown())
    }
}

impl Variable {
    /// The credential, given the variable's value: all of it, or the member that is asked for; `None`
    /// if the value has no such member, or no string there.
    pub fn credential(&self, value: &str) -> Option<String> {
        let Some(key) = &self.key else { return Some(value.to_owned()) };
        let members: serde_json::Map<String, serde_json::Value> = serde_json::from_str(value).ok()?;
        members.get(key)?.as_str().map(str::to_owned)
    }
}

impl VaultReference {
    /// Reads a text of which [`looks_like_reference`] holds.
    pub fn parse(text: &str) -> Result<Self, SecretReferenceError> {
        let Some(inside) = text.strip_prefix(OPENING).and_then(|rest| rest.strip_suffix('}')) else {
            return Err(error("not a secret reference", "write `{vault://env/NAME}`", 0..text.len()));
        };
        let (rest, fragment) = split_off(inside, '#');
        let (rest, query) = split_off(rest, '?');
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let vault_range = vault_name(authority, OPENING.len());
        let vault = text[vault_range.clone()].to_owned();
        if vault.is_empty() {
            return Err(error("the reference names no vault", "write `{vault://env/NAME}`", 0..text.len()));
        }
        let path_range = OPENING.len() + authority.len()..OPENING.len() + rest.len();
        let (resource, key) = resource_and_key(path, &vault, path_range)?;
        let prefix = query.map(|query| prefix_argument(text, query)).transpose()?.flatten();
        let version = fragment.map(|fragment| version(text, fragment)).transpose()?;
        Ok(Self { text: text.to_owned(), vault, resource, key, prefix, version, vault_range })
    }

    /// The environment variable that the reference names, given the file's `vaults`.
    pub fn variable(&self, vaults: &[EnvVault]) -> Result<Variable, SecretReferenceError> {
        let configured = match vaults.iter().find(|vault| vault.prefix == self.vault) {
            _ if self.vault == "env" => None,
            Some(vault) if vault.name == "env" => vault.env_prefix.as_deref(),
            Some(vault) => {
                return Err(error(
                    format!("vault `{}` is of type `{}`, which cannot be read here", self.vault, vault.name),
                    "use a vault of type `env`",
                    self.vault_range.clone(),
                ));
            }
            None => return Err(self.unknown_vault(vaults)),
        };
        let prefix = self.prefix.as_deref().or(configured).unwrap_or_default();
        let characters = prefix.chars().chain(self.resource.chars());
        let mut name: String =
            characters.map(|c| if c == '-' { '_' } else { c.to_ascii_uppercase() }).collect();
        if self.version == Some(2) {
            name.push_str("_PREVIOUS");
        }
        if name.contains(['=', '\0']) {
            return Err(error(
                "an environment variable's name cannot contain `=` or NUL",
                "name a variable of the environment, as in `{vault://env/OPENAI_API_KEY}`",
                0..self.text.len(),
            ));
        }
        Ok(Variable { name, key: self.key.clone() })
    }

    fn unknown_vault(&self, vaults: &[EnvVault]) -> SecretReferenceError {
        let known: Vec<_> =
            std::iter::once("env").chain(vaults.iter().map(|vault| vault.prefix.as_str())).collect();
        let help = match suggest::nearest(&self.vault, known.iter().take(COMPARED).copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.len() == 1 => {
                "write `env` for a variable of the environment, or declare the vault under `vaults`"
                    .to_owned()
            }
            None if known.len() > SHOWN => {
                format!("known vaults: {}, …; declare others under `vaults`", known[..SHOWN].join(", "))
            }
            None => format!("known vaults: {}; declare others under `vaults`", known.join(", ")),
        };
        error(format!("could not find vault (`{}`)", self.vault), help, self.vault_range.clone())
    }
}

/// How many vaults a mistyped name is compared with: each reference may be mistyped.
const COMPARED: usize = 100;

/// How many vaults a message lists.
const SHOWN: usize = 8;

fn error(message: impl Into<String>, help: impl Into<String>, range: Range<usize>) -> SecretReferenceError {
    SecretReferenceError { message: message.into(), help: help.into(), range }
}

/// `text` up to `mark`, and what follows it.
fn split_off(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// The range of the vault's name in `user@name:port`, which starts at `start`.
fn vault_name(authority: &str, start: usize) -> Range<usize> {
    let from = authority.rfind('@').map_or(0, |at| at + 1);
    let to = authority[from..].find(':').map_or(authority.len(), |at| from + at);
    start + from..start + to
}

/// Splits a path into the resource and, unless the path ends in a slash, the key.
fn resource_and_key(
    path: &str,
    vault: &str,
    range: Range<usize>,
) -> Result<(String, Option<String>), SecretReferenceError> {
    let fault = |message: &str| {
        // In capitals it is a variable, and the vault is what is missing.
        let help = match vault.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => format!("name a vault in front: write `{{vault://env/{vault}}}`"),
            false => format!("name the variable after the vault, as in `{{vault://{vault}/OPENAI_API_KEY}}`"),
        };
        error(message, help, range.clone())
    };
    if path.is_empty() {
        return Err(fault("the reference is missing a path"));
    }
    let (path, _) = split_off(path, ';');
    let pieces = path
        .split('/')
        .filter(|piece| !piece.is_empty())
        .map(decode_twice)
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| fault("the reference's path is not valid UTF-8 once decoded"))?;
    match pieces.split_last() {
        None => Err(fault("the reference has an empty path")),
        Some((key, resource)) if !resource.is_empty() && !path.ends_with('/') => {
            Ok((resource.join("/"), Some(key.clone())))
        }
        Some(_) => Ok((pieces.join("/"), None)),
    }
}

/// Kong decodes each piece as a URL segment and then once more as a form value.
fn decode_twice(piece: &str) -> Option<String> {
    if !piece.contains(['%', '+']) {
        return Some(piece.to_owned());
    }
    let once = percent_decode_str(piece).decode_utf8().ok()?;
    form_decode(&once)
}

fn form_decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|decoded| decoded.into_owned())
}

/// The `prefix` argument of a reference's query. Kong drops an invalid one without a word and reads
/// another variable; here it is an error.
fn prefix_argument(text: &str, query: &str) -> Result<Option<String>, SecretReferenceError> {
    let arguments = query.split('&').map(|argument| argument.split_once('=').unwrap_or((argument, "")));
    let Some((_, value)) =
        arguments.into_iter().find(|(name, _)| form_decode(name).as_deref() == Some("prefix"))
    else {
        return Ok(None);
    };
    match form_decode(value).filter(|prefix| is_prefix(prefix)) {
        Some(prefix) => Ok(Some(prefix)),
        None => Err(error(
            format!("`{value}` is not a valid prefix"),
            "a prefix consists of letters, digits, `_` and `-`, and does not start with a digit",
            range_of(text, value),
        )),
    }
}

fn is_prefix(prefix: &str) -> bool {
    prefix.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '-')
        && prefix.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn version(text: &str, fragment: &str) -> Result<u32, SecretReferenceError> {
    let digits = !fragment.is_empty() && fragment.bytes().all(|byte| byte.is_ascii_digit());
    fragment.parse().ok().filter(|_| digits).ok_or_else(|| {
        error(
            format!("`{fragment}` is not a version"),
            "write a number after `#`, or leave it out for the current value",
            range_of(text, fragment),
        )
    })
}

/// Where `part`, a slice of `text`, stands in it.
fn range_of(text: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    start..start + part.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_other_tools_are_recognised() {
        for text in [
            "${OPENAI_KEY}",
            "Bearer ${OPENAI_KEY}",
            "bearer $OPENAI_KEY",
            "$OPENAI_KEY",
            "%OPENAI_KEY%",
            "{env://OPENAI_KEY}",
            "env://OPENAI_KEY",
            "${env:OPENAI_KEY}",
            "{{ env \"OPENAI_KEY\" }}",
            "${{ secrets.OPENAI_KEY }}",
            "{OPENAI_KEY}",
        ] {
            assert_eq!(foreign_variable(text), Some("OPENAI_KEY"), "{text}");
        }
        for text in [
            "",
            "OPENAI_KEY",
            "Bearer sk-1",
            "Bearer",
            "$",
            "${}",
            "sk-$X",
            "$ABC123",
            "%ABC%",
            "$2y$10$abc",
            "AKIAX",
            "é",
            "{vault://env/X}",
        ] {
            assert_eq!(foreign_variable(text), None, "{text}");
        }
    }

    fn vaults() -> Vec<EnvVault> {
        vec![
            EnvVault { prefix: "my-env".into(), name: "env".into(), env_prefix: Some("AI_".into()) },
            EnvVault { prefix: "cloud".into(), name: "aws".into(), env_prefix: None },
        ]
    }

    fn variable(text: &str) -> Result<(String, Option<String>), SecretReferenceError> {
        let variable = VaultReference::parse(text)?.variable(&vaults())?;
        Ok((variable.name, variable.key))
    }

    #[test]
    fn a_credential_is_all_of_a_variable_or_one_member() {
        let whole = Variable { name: "A".into(), key: None };
        let member = Variable { name: "A".into(), key: Some("k".into()) };
        assert_eq!(whole.credential("{\"k\":1}").as_deref(), Some("{\"k\":1}"));
        assert_eq!(member.credential("{\"k\":\"v\"}").as_deref(), Some("v"));
        for value in ["", "{\"k\":1}", "{\"j\":\"v\"}", "[\"k\"]"] {
            assert_eq!(member.credential(value), None, "{value}");
        }
    }

    #[test]
    fn references_name_a_variable() {
        let cases = [
            ("{vault://env/OPENAI_AUTH_HEADER}", "OPENAI_AUTH_HEADER", None),
            ("{vault://env/openai-auth-header}", "OPENAI_AUTH_HEADER", None),
            ("{vault://env/cohere-key?prefix=prod-}", "PROD_COHERE_KEY", None),
            ("{vault://env/llm/openai}", "LLM", Some("openai")),
            ("{vault://env/llm/openai/}", "LLM/OPENAI", None),
            ("{vault://env//a///b}", "A", Some("b")),
            ("{vault://my-env/token}", "AI_TOKEN", None),
            ("{vault://my-env/token?prefix=X_}", "X_TOKEN", None),
            ("{vault://env/token#2}", "TOKEN_PREVIOUS", None),
            ("{vault://env/token#1}", "TOKEN", None),
            ("{vault://me@env:80/token;v=1?ttl=3}", "TOKEN", None),
            ("{vault://env/a%2Fb}", "A/B", None),
            ("{vault://env/a%2541}", "AA", None),
        ];
        for (text, name, key) in cases {
            assert_eq!(variable(text).unwrap(), (name.to_owned(), key.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_can_never_resolve_is_an_error_at_its_place() {
        let cases = [
            ("{vault://env}", "the reference is missing a path", 12..12),
            ("{vault://env//}", "the reference has an empty path", 12..14),
            ("{vault:///X}", "the reference names no vault", 0..12),
            ("{vault://ENV/X}", "could not find vault (`ENV`)", 9..12),
            ("{vault://a@hcv/X}", "could not find vault (`hcv`)", 11..14),
            ("{vault://cloud/X}", "vault `cloud` is of type `aws`, which cannot be read here", 9..14),
            ("{vault://env/X#two}", "`two` is not a version", 15..18),
            ("{vault://env/X#}", "`` is not a version", 15..15),
            ("{vault://env/X?prefix=9a&x=9a}", "`9a` is not a valid prefix", 22..24),
            ("{vault://env/%ff}", "the reference's path is not valid UTF-8 once decoded", 12..16),
        ];
        for (text, message, range) in cases {
            let error = variable(text).expect_err(text);
            assert_eq!((error.message.as_str(), error.range), (message, range), "{text}");
        }
        assert_eq!(variable("{vault://ENV/X}").unwrap_err().help, "did you mean `env`?");
    }

    #[test]
    fn only_a_whole_value_is_a_reference() {
        assert!(looks_like_reference("{vault://}"));
        assert!(!looks_like_reference("{Vault://env/X}"));
        assert!(!looks_like_reference("Bearer {vault://env/X}"));
        assert_eq!(embedded_reference("Bearer {vault://env/X} "), Some(7..22));
        assert_eq!(embedded_reference("{vault://env/X}"), None);
        assert_eq!(embedded_reference("Bearer x"), None);
    }

    #[test]
    fn deck_expressions_are_recognised() {
        assert_eq!(deck_env("${{ env \"DECK_KEY\" }}"), Some(0..21));
        assert_eq!(deck_env("Bearer ${{env \"DECK_KEY\"}}"), Some(7..26));
        for text in ["${{ env DECK }}", "${{ env \"\" }}", "${{ x \"A\" }}", "${{ env \"A\"", "$x"] {
            assert_eq!(deck_env(text), None, "{text}");
        }
    }

    #[test]
    fn literal_text_is_never_shown() {
        let literal = SecretValue::parse("Bearer sk-123", &[]).unwrap();
        assert_eq!((format!("{literal}"), format!("{literal:?}")), ("***".into(), "SecretValue(***)".into()));
        let reference = SecretValue::parse("{vault://env/KEY}", &[]).unwrap();
        assert_eq!(reference.to_string(), "{vault://env/KEY}");
        let deck = SecretValue::parse("sk-1${{ env \"DECK_KEY\" }}", &[]).unwrap();
        assert_eq!(deck.to_string(), "${{ env \"DECK_KEY\" }}");
    }
}
