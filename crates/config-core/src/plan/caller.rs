//! Who sends a request: what key-auth says of it.

use rustc_hash::FxHashMap;

use super::prepare::Body;
use crate::key_digest;
pub use crate::key_digest::{Digest, digest};
use crate::model::ConsumerIndex;
use crate::secret::{EnvVault, SecretValue};

/// Who sends a request, as far as it is known.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'a> {
    /// Taken to be authenticated, as a consumer of the file or as nobody in particular: no key is asked
    /// for.
    Assumed(Option<ConsumerIndex>),
    /// Whoever the key in the request says. `body` is looked at only where a route takes keys from
    /// there.
    Keyed {
        /// The keys of the file's consumers.
        keys: &'a Keys,
        /// The request's body, if it is known already.
        body: Body<'a>,
    },
}

/// The keys of a file's consumers, each by its digest: finding one takes the same time however much of
/// it a guess gets right, and no key is kept.
#[derive(Default)]
pub struct Keys {
    consumers: FxHashMap<Digest, ConsumerIndex>,
}

/// A consumer's key as the file gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCredential {
    /// Whose key it is.
    pub consumer: ConsumerIndex,
    /// The key.
    pub key: Key,
    /// The 1-based line on which the file gives it.
    pub line: usize,
}

/// A key, or what it can be told by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A reference, or literal text.
    Secret(SecretValue),
    /// The SHA-256 digest of a key that the file does not know.
    Digest(Digest),
}

/// A consumer as the plan knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Its id in Kong, if it is known.
    pub id: Option<String>,
    /// Its name.
    pub username: Option<String>,
    /// Its id in another system.
    pub custom_id: Option<String>,
}

impl Consumer {
    /// What to call it by: the first that it has of its name, its id elsewhere and its id in Kong.
    pub fn name(&self) -> Option<&str> {
        [&self.username, &self.custom_id, &self.id].into_iter().flatten().next().map(String::as_str)
    }
}

impl Caller<'_> {
    /// The consumer that the caller is taken to be.
    pub(super) fn assumed(&self) -> Option<ConsumerIndex> {
        match self {
            Caller::Assumed(consumer) => *consumer,
            Caller::Keyed { .. } => None,
        }
    }
}

impl Key {
    /// Reads a key as a file gives it: a digest, a reference or literal text.
    pub(crate) fn parse(text: &str, vaults: &[EnvVault]) -> Result<Self, String> {
        if key_digest::looks_like_digest(text) {
            let digest = key_digest::parse(text).ok_or("a digest is `sha256:` and 64 hexadecimal digits")?;
            return Ok(Key::Digest(digest));
        }
        SecretValue::parse(text, vaults).map(Key::Secret).map_err(|error| error.message)
    }
}

impl Keys {
    /// Keys with whose they are. Of equal keys the first counts.
    pub fn new(keys: impl IntoIterator<Item = (Digest, ConsumerIndex)>) -> Self {
        let mut consumers = FxHashMap::default();
        for (digest, consumer) in keys {
            consumers.entry(digest).or_insert(consumer);
        }
        Self { consumers }
    }

    /// Whose key it is.
    pub fn consumer(&self, digest: &Digest) -> Option<ConsumerIndex> {
        self.consumers.get(digest).copied()
    }
}

/// How many keys there are.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.consumers.len())
    }
}
