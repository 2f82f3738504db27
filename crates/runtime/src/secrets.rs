//! Secrets, resolved: once, before the first request.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use config_core::plan::Plan;
pub use config_core::plan::caller::Keys;
use config_core::plan::caller::{Digest, Key, KeyCredential, digest};
use config_core::plan::secrets::AuthField;
use config_core::secret::{SecretValue, Variable};

/// Looks up an environment variable.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A secret's text. It has neither `Debug` nor `Display`: it can be sent, not shown.
#[derive(Clone)]
pub struct Secret(Arc<str>);

/// What the references of a plan stand for.
pub struct Secrets(Texts);

enum Texts {
    /// By reference.
    Resolved(HashMap<String, Secret>),
    /// The same for every secret, since nothing is sent that would have to be right.
    StandIn(Secret),
}

/// A secret that cannot be had or cannot be used, so that the gateway does not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingSecret {
    /// What the file says, as it may be shown.
    pub reference: String,
    /// The environment variable that it names, or a text in it.
    pub variable: Option<Variable>,
    /// The field that holds it.
    pub field: &'static str,
    /// The 1-based lines on which the file has it.
    pub lines: Vec<usize>,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a secret; nothing of its value is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Problem {
    /// There is no such variable.
    NotSet,
    /// The variable, or the text in it, is empty or blank.
    Empty,
    /// The variable is no JSON object that has a text under the reference's key.
    NoMember,
    /// decK replaces the expression, and has not done so.
    DeckExpression,
    /// It ends in a line break.
    TrailingLineBreak,
    /// It has line breaks or other control characters.
    Control,
    /// It stands for the name of a header, and no header can have this name.
    NotAHeaderName,
    /// It is the same key as another consumer's, on this line.
    SameKey(usize),
}

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text, to be sent.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl Secrets {
    /// Resolves everything that `plan` needs: the credentials of its upstreams, and its consumers' keys.
    /// Of what is missing all is returned, in the order of the file, each reference once.
    pub fn resolve(plan: &Plan, environment: Environment<'_>) -> Result<(Self, Keys), Vec<MissingSecret>> {
        let mut missing = Missing::default();
        let mut texts = HashMap::new();
        for needed in plan.secrets() {
            match resolve(&needed.value, environment).and_then(|secret| usable(secret, needed.field)) {
                Ok(secret) => drop(texts.insert(needed.value.shown().to_owned(), secret)),
                Err(problem) => missing.add(&needed.value, needed.field.as_str(), needed.line, problem),
            }
        }
        let keys = keys(plan, environment, &mut missing);
        let missing = missing.in_file_order();
        if missing.is_empty() { Ok((Self(Texts::Resolved(texts)), keys)) } else { Err(missing) }
    }

    /// For a gateway whose upstreams are imitated: no upstream's credential is read, a harmless text
    /// stands in for each. Keys count as far as they can be had; the others are returned, since
    /// nobody can show them.
    pub fn stand_in(plan: &Plan, environment: Environment<'_>) -> (Self, Keys, Vec<MissingSecret>) {
        let mut missing = Missing::default();
        let keys = keys(plan, environment, &mut missing);
        (Self(Texts::StandIn(Secret::new("mock"))), keys, missing.in_file_order())
    }

    /// What to send for `value`: literal text itself, and what a reference of the plan stands for.
    pub fn get(&self, value: &SecretValue) -> Option<Secret> {
        match (&self.0, value) {
            (Texts::StandIn(secret), _) => Some(secret.clone()),
            (Texts::Resolved(_), SecretValue::Literal(text)) => Some(Secret::new(text.as_str())),
            (Texts::Resolved(_), SecretValue::DeckEnv(_)) => None,
            (Texts::Resolved(texts), SecretValue::Vault { reference, .. }) => texts.get(reference).cloned(),
        }
    }
}

/// What one secret stands for in an environment. An empty or blank text is no secret.
pub fn resolve(value: &SecretValue, environment: Environment<'_>) -> Result<Secret, Problem> {
    let text = match value {
        SecretValue::Literal(text) => text.clone(),
        SecretValue::DeckEnv(_) => return Err(Problem::DeckExpression),
        SecretValue::Vault { variable, .. } => {
            let text = environment(&variable.name).ok_or(Problem::NotSet)?;
            match &variable.key {
                Some(_) if text.is_empty() => return Err(Problem::Empty),
                Some(_) => {
                    let member = variable.credential(&text).filter(|member| !member.trim().is_empty());
                    member.ok_or(Problem::NoMember)?
                }
                None => text,
            }
        }
    };
    // A header loses the blanks around its value.
    if text.trim().is_empty() { Err(Problem::Empty) } else { Ok(Secret::new(text)) }
}

/// The digests of the plan's keys. Of equal keys the first counts.
fn keys(plan: &Plan, environment: Environment<'_>, missing: &mut Missing) -> Keys {
    let mut known: HashMap<Digest, &KeyCredential> = HashMap::new();
    for credential in plan.key_credentials() {
        let found = match &credential.key {
            Key::Digest(digest) => Ok(*digest),
            Key::Secret(value) => {
                resolve(value, environment).and_then(one_line).map(|key| digest(key.reveal().as_bytes()))
            }
        };
        let first = found.map(|digest| *known.entry(digest).or_insert(credential));
        let problem = match first {
            Ok(first) if first.consumer == credential.consumer => continue,
            Ok(first) => Problem::SameKey(first.line),
            Err(problem) => problem,
        };
        match &credential.key {
            Key::Secret(value) => missing.add(value, "key", credential.line, problem),
            Key::Digest(_) => {
                missing.add(&SecretValue::Literal(String::new()), "key", credential.line, problem)
            }
        }
    }
    Keys::new(known.into_iter().map(|(digest, credential)| (digest, credential.consumer)))
}

/// Checks what the place where a secret goes demands.
fn usable(secret: Secret, field: AuthField) -> Result<Secret, Problem> {
    match field {
        // Key files have several lines.
        AuthField::Identity("gcp_service_account_json") => Ok(secret),
        AuthField::HeaderName if hyper::header::HeaderName::try_from(secret.reveal()).is_err() => {
            Err(Problem::NotAHeaderName)
        }
        _ => one_line(secret),
    }
}

/// No credential has control characters; those that do were read with the end of their line.
fn one_line(secret: Secret) -> Result<Secret, Problem> {
    let text = secret.reveal();
    if !text.contains(char::is_control) {
        Ok(secret)
    } else if text.trim_end_matches(['\r', '\n']).contains(char::is_control) {
        Err(Problem::Control)
    } else {
        Err(Problem::TrailingLineBreak)
    }
}

/// What is missing, by reference and problem.
#[derive(Default)]
struct Missing(BTreeMap<(String, &'static str, Problem), MissingSecret>);

impl Missing {
    fn add(&mut self, value: &SecretValue, field: &'static str, line: usize, problem: Problem) {
        let reference = value.shown().to_owned();
        let variable = match value {
            SecretValue::Vault { variable, .. } => Some(variable.clone()),
            SecretValue::Literal(_) | SecretValue::DeckEnv(_) => None,
        };
        let key = (reference.clone(), field, problem.clone());
        let missing = MissingSecret { reference, variable, field, lines: Vec::new(), problem };
        self.0.entry(key).or_insert(missing).lines.push(line);
    }

    fn in_file_order(self) -> Vec<MissingSecret> {
        let mut missing: Vec<_> = self.0.into_values().collect();
        missing.iter_mut().for_each(|secret| secret.lines.sort_unstable());
        missing.sort_by_key(|secret| secret.lines[0]);
        missing
    }
}

impl MissingSecret {
    /// What to do about it.
    pub fn help(&self) -> String {
        let set = match &self.variable {
            Some(variable) => format!("set `{}`", variable.name),
            None => "write it".to_owned(),
        };
        match (&self.problem, self.variable.as_ref().and_then(|variable| variable.key.as_ref())) {
            (Problem::NotSet | Problem::Empty | Problem::NoMember, Some(key)) => {
                format!("{set} to a JSON object such as {{\"{key}\": \"…\"}}")
            }
            (Problem::NotSet | Problem::Empty | Problem::NoMember, None) => {
                format!("{set} to the whole value of `{}`{}", self.field, scheme(self.field))
            }
            (Problem::DeckExpression, _) => {
                "aiproxy does not run decK: write a reference `{vault://env/NAME}`, or replace the expression \
                 first"
                    .to_owned()
            }
            (Problem::TrailingLineBreak, _) => {
                format!("{set} without the line break at its end; `$(cat FILE)` in a shell drops it")
            }
            (Problem::Control, _) => format!("{set} to one line of text"),
            (Problem::NotAHeaderName, _) => format!("{set} to a name such as `Authorization`"),
            (Problem::SameKey(_), _) => "give every consumer a key of its own".to_owned(),
        }
    }
}

/// A reminder of what is forgotten most.
fn scheme(field: &str) -> &'static str {
    if field == "header_value" { "; for `Authorization` that includes a scheme such as `Bearer`" } else { "" }
}

/// What is wrong, without the place.
impl fmt::Display for MissingSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reference, variable, field, problem, .. } = self;
        let holder = match variable {
            Some(variable) => format!("the environment variable `{}`", variable.name),
            None => "the text".to_owned(),
        };
        write!(f, "`{field}` is `{reference}`, ")?;
        match problem {
            Problem::NotSet => write!(f, "and {holder} is not set"),
            Problem::Empty => write!(f, "and {holder} is empty"),
            Problem::NoMember => {
                let key = variable.as_ref().and_then(|variable| variable.key.as_deref()).unwrap_or_default();
                write!(f, "and {holder} is no JSON object with a text `{key}`")
            }
            Problem::DeckExpression => f.write_str("which decK has not replaced"),
            Problem::TrailingLineBreak => write!(f, "and {holder} ends in a line break"),
            Problem::Control => write!(f, "and {holder} has line breaks or other control characters"),
            Problem::NotAHeaderName => write!(f, "and {holder} is not the name of a header"),
            Problem::SameKey(line) => write!(f, "the same key as another consumer's on line {line}"),
        }
    }
}
