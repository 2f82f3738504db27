//! The `key-auth` plugin: whose key a request carries, and a request without it.
//!
//! Keys are looked up by their SHA-256 digest. How long that takes tells a guesser something about the
//! digest of the guess, which is known to the guesser anyway, and nothing about any key. No key is ever
//! part of a message.

mod body;
mod withheld;

use std::borrow::Cow;

pub(super) use withheld::Withheld;

use super::caller::{Caller, Keys};
use super::prepare::Body;
use super::proxy::{form_decode, split_argument};
use super::rejection::Rejection;
use super::request::RequestHead;
use crate::key_digest::digest;
use crate::model::{self, ConsumerIndex};

/// A compiled `key-auth` plugin.
#[derive(Debug, Clone)]
pub(super) struct KeyAuth {
    names: Vec<String>,
    in_header: bool,
    in_query: bool,
    in_body: bool,
    /// Whether a key in the body is taken out of it.
    hides: bool,
    /// Whether `OPTIONS` requests need a key.
    on_preflight: bool,
    /// Whom a client without a valid key is taken for.
    anonymous: Option<ConsumerIndex>,
    /// The `WWW-Authenticate` of a refusal.
    challenge: String,
}

/// Where a guard looks for keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeyPlaces<'k> {
    /// What a key is called there; the first that a request has counts.
    pub names: &'k [String],
    /// Whether it may be a header.
    pub in_header: bool,
    /// Whether it may be a query argument.
    pub in_query: bool,
}

/// What becomes of a request at its guard.
#[derive(Debug)]
pub(super) enum Verdict<'r> {
    /// It goes on.
    Admitted {
        /// As whom.
        consumer: Option<ConsumerIndex>,
        /// What of it goes no further than here.
        withheld: Option<Withheld<'r>>,
        /// Whether it came with a key that is nobody's.
        unknown_key: bool,
    },
    /// Only its body can say.
    NeedsBody,
    /// It goes back.
    Refused {
        /// The answer.
        rejection: Rejection,
        /// The answer's `WWW-Authenticate`.
        challenge: Option<String>,
    },
}

/// Where a request carries keys.
#[derive(Clone, Copy)]
struct Place<'k> {
    /// What the header, argument or member is called.
    name: &'k str,
    is_in_body: bool,
}

/// A key that a request carries.
struct Carried<'k, 'a> {
    place: Place<'k>,
    key: Cow<'a, [u8]>,
}

/// Why a request carries no key that could be looked up.
enum Fault<'k> {
    Missing,
    /// Here it carries several.
    Repeated(Place<'k>),
    /// The body that might hold it cannot be read.
    Unreadable,
}

impl KeyAuth {
    /// The plugin that `config` describes, given whom its `anonymous` names.
    pub(super) fn lower(config: &model::KeyAuth, anonymous: Option<ConsumerIndex>) -> Self {
        let names = match &config.key_names {
            Some(names) => names.iter().map(|name| name.as_str().to_owned()).collect(),
            None => vec![DEFAULT_NAME.to_owned()],
        };
        let flag = |field: &Option<crate::syntax::Spanned<bool>>, default| {
            field.as_ref().map_or(default, |field| field.value)
        };
        let challenge = match &config.realm {
            Some(realm) => format!("Key realm=\"{}\"", realm.as_str()),
            None => "Key".to_owned(),
        };
        Self {
            names,
            in_header: flag(&config.key_in_header, true),
            in_query: flag(&config.key_in_query, true),
            in_body: flag(&config.key_in_body, false),
            hides: flag(&config.hide_credentials, false),
            on_preflight: flag(&config.run_on_preflight, true),
            anonymous,
            challenge,
        }
    }

    /// Whom a client without a key is taken for, if it is let in at all.
    pub(super) fn anonymous(&self) -> Option<ConsumerIndex> {
        self.anonymous
    }

    /// Where it looks for keys; if neither in headers nor in the query, then in bodies.
    pub(super) fn places(&self) -> KeyPlaces<'_> {
        KeyPlaces { names: &self.names, in_header: self.in_header, in_query: self.in_query }
    }

    /// Decides who sends a request. Messages are Kong's.
    ///
    /// Header and query are searched for every name before the body is, so that a body need not be read
    /// for a request whose head has the key. A header or argument under the name of the key that counts
    /// is withheld from everything after, whether or not the key is valid: it is a credential for this
    /// gateway, and nobody else's.
    pub(super) fn admit<'r>(&self, head: &RequestHead<'r>, caller: Caller<'_>) -> Verdict<'r> {
        let is_excused = !self.on_preflight && head.method == b"OPTIONS";
        let mut carried = self.in_head(head);
        if let (Err(Fault::Missing), Caller::Keyed { body, .. }, true, false) =
            (&carried, caller, self.in_body, is_excused)
        {
            carried = match body {
                Body::Unknown => return Verdict::NeedsBody,
                Body::Bytes(bytes) => self.in_bytes(head, bytes),
                Body::Streamed => Err(Fault::Missing),
            };
        }
        let withheld = self.withhold(head, &carried, caller);
        let mut unknown_key = false;
        let consumer = match caller {
            Caller::Assumed(consumer) => consumer,
            Caller::Keyed { .. } if is_excused => None,
            Caller::Keyed { keys, .. } => match (self.consumer(carried, keys), self.anonymous) {
                (Ok(consumer), _) => Some(consumer),
                (Err(rejection), Some(anonymous)) => {
                    unknown_key = rejection.is_unknown_key();
                    Some(anonymous)
                }
                (Err(rejection), None) => {
                    let challenge = (rejection.status == 401).then(|| self.challenge.clone());
                    return Verdict::Refused { rejection, challenge };
                }
            },
        };
        Verdict::Admitted { consumer, withheld, unknown_key }
    }

    /// The names under which bodies may carry keys.
    pub(super) fn body_names(&self) -> &[String] {
        if self.in_body { &self.names } else { &[] }
    }

    fn in_head<'k, 'a>(&'k self, head: &RequestHead<'a>) -> Result<Carried<'k, 'a>, Fault<'k>> {
        for name in &self.names {
            let place = Place { name, is_in_body: false };
            let repeated = |()| Fault::Repeated(place);
            let header = match self.in_header {
                true => only(header_values(head, name).map(Cow::Borrowed)).map_err(repeated)?,
                false => None,
            };
            let key = match header {
                None if self.in_query => {
                    only(query_values(head.query().unwrap_or_default(), name)).map_err(repeated)?
                }
                header => header,
            };
            if let Some(key) = key {
                return Ok(Carried { place, key });
            }
        }
        Err(Fault::Missing)
    }

    fn in_bytes<'k, 'a>(
        &'k self,
        head: &RequestHead<'_>,
        bytes: &'a [u8],
    ) -> Result<Carried<'k, 'a>, Fault<'k>> {
        let members = body::Keys::read(head, bytes).ok_or(Fault::Unreadable)?;
        for name in &self.names {
            let place = Place { name, is_in_body: true };
            if let Some(key) = members.get(name).map_err(|()| Fault::Repeated(place))? {
                return Ok(Carried { place, key: key.into_bytes().into() });
            }
        }
        Err(Fault::Missing)
    }

    fn consumer(
        &self,
        carried: Result<Carried<'_, '_>, Fault<'_>>,
        keys: &Keys,
    ) -> Result<ConsumerIndex, Rejection> {
        match carried {
            Ok(carried) if carried.key.is_empty() => Err(Rejection::unauthorized(MISSING)),
            Ok(carried) => {
                keys.consumer(&digest(&carried.key)).ok_or_else(|| Rejection::unauthorized(INVALID))
            }
            Err(Fault::Missing) => Err(Rejection::unauthorized(MISSING)),
            Err(Fault::Repeated(_)) => Err(Rejection::unauthorized(REPEATED)),
            Err(Fault::Unreadable) => Err(Rejection::bad_request("Cannot process request body")),
        }
    }

    fn withhold<'r>(
        &self,
        head: &RequestHead<'r>,
        carried: &Result<Carried<'_, '_>, Fault<'_>>,
        caller: Caller<'_>,
    ) -> Option<Withheld<'r>> {
        let place = match carried {
            Ok(Carried { place, .. }) | Err(Fault::Repeated(place)) => Some(*place),
            Err(Fault::Missing | Fault::Unreadable) => None,
        };
        let members = match (place, caller) {
            _ if !self.hides || !self.in_body => Vec::new(),
            (Some(Place { name, is_in_body: true }), _) => vec![name.to_owned()],
            // Whoever is taken to be authenticated may have been so by any of them.
            (None, Caller::Assumed(_)) => self.names.clone(),
            _ => Vec::new(),
        };
        Withheld::new(head, place.map(|place| place.name), members)
    }
}

/// A message and the code that goes with it.
type Text = (&'static str, &'static str);

const MISSING: Text = ("No API key found in request", "missing_api_key");
const REPEATED: Text = ("Duplicate API key found", "duplicate_api_key");
const INVALID: Text = ("Unauthorized", INVALID_KEY);

/// The code of the refusal of a key that is nobody's.
pub(super) const INVALID_KEY: &str = "invalid_api_key";

/// What a key is called unless configured.
const DEFAULT_NAME: &str = "apikey";

/// The values of a header under a key's name. As in Kong, hyphens may stand for its underscores.
fn header_values<'a>(head: &RequestHead<'a>, name: &str) -> impl Iterator<Item = &'a [u8]> {
    head.headers.iter().filter(move |(sent, _)| is_header(sent, name)).map(|(_, value)| *value)
}

fn is_header(sent: &[u8], name: &str) -> bool {
    let same = |sent: u8, name: u8| sent.eq_ignore_ascii_case(&name) || (sent == b'-' && name == b'_');
    sent.len() == name.len() && sent.iter().zip(name.bytes()).all(|(sent, name)| same(*sent, name))
}

/// The values of a query argument, form-decoded.
fn query_values<'a>(query: &'a [u8], name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
    query
        .split(|byte| *byte == b'&')
        .map(split_argument)
        .filter(move |(sent, _)| is_argument(sent, name))
        .map(|(_, value)| form_decode(value))
}

fn is_argument(sent: &[u8], name: &str) -> bool {
    *form_decode(sent) == *name.as_bytes()
}

/// The only item, if there is one; an error if there are several.
fn only<T>(mut items: impl Iterator<Item = T>) -> Result<Option<T>, ()> {
    let first = items.next();
    if items.next().is_some() { Err(()) } else { Ok(first) }
}
