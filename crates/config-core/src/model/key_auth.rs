//! The configuration of the `key-auth` plugin (Kong 3.10), and the keys that it knows clients by.

use schemars::JsonSchema;
use serde::Deserialize;

use super::entity::Timestamp;
use super::value::{ForeignKey, Int, Opaque, Text};
use crate::syntax::{Document, NodeId, Slot, Spanned};

/// Lets only clients in that send the key of a consumer.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyAuth {
    /// What the header, query argument or body member that carries the key is called; `[apikey]` unless
    /// given. The first that a request has counts.
    pub key_names: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Whether a key in the body is taken out of it; it is not unless `true`. A header or query argument
    /// that carried the key never goes upstream.
    pub hide_credentials: Option<Spanned<bool>>,
    /// The consumer, by username or id, that clients without a valid key are taken for; they are refused
    /// unless given.
    pub anonymous: Option<Spanned<Text>>,
    /// Whether the key may be a header; it may unless `false`.
    pub key_in_header: Option<Spanned<bool>>,
    /// Whether the key may be a query argument; it may unless `false`.
    pub key_in_query: Option<Spanned<bool>>,
    /// Whether the key may be a member of the body; it may not unless `true`.
    pub key_in_body: Option<Spanned<bool>>,
    /// Whether `OPTIONS` requests need a key; they do unless `false`.
    pub run_on_preflight: Option<Spanned<bool>>,
    /// The realm that a refusal names in `WWW-Authenticate`.
    pub realm: Option<Spanned<Text>>,
}

/// A key by which the plugin `key-auth` knows a consumer.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyauthCredential {
    /// A UUID.
    pub id: Option<Spanned<Text>>,
    /// The key: best a reference `{vault://env/NAME}`, or its digest `sha256:` and 64 hexadecimal digits.
    #[schemars(required)]
    pub key: Option<Spanned<Text>>,
    /// Whose key it is, unless the entry stands in the consumer.
    pub consumer: Option<Spanned<ForeignKey>>,
    /// Seconds until Kong drops the key. A file cannot count them: only 0, which means for ever, is
    /// accepted.
    pub ttl: Option<Spanned<Int<0, 100_000_000>>>,
    /// Labels for tools.
    pub tags: Option<Spanned<Vec<Spanned<Text>>>>,
    /// Seconds since 1970.
    pub created_at: Option<Spanned<Timestamp>>,
    /// Not read.
    pub updated_at: Option<Opaque>,
    /// A remark.
    #[serde(rename = "_comment")]
    pub _comment: Option<Spanned<Text>>,
    /// Anything; not read.
    #[serde(rename = "_ignore")]
    pub _ignore: Option<Spanned<Vec<Opaque>>>,
}

/// Whether a node is where a client's key stands, or may have been meant to: what is no known field of
/// a credential that is kept in `keyauth_credentials`.
pub(crate) fn may_be_key(document: &Document, node: NodeId) -> bool {
    let name = |node| document.key_of(node).map(|key| document.key_text(key));
    let parent = document.node(node).parent;
    let is_item = |node| matches!(document.node(node).slot, Slot::Item(_));
    let in_list = name(parent) == Some(KEYS) && is_item(node);
    let is_value = || matches!(document.node(node).slot, Slot::Value(_));
    let in_credential = is_item(parent) && name(document.node(parent).parent) == Some(KEYS) && is_value();
    let is_harmless = || name(node).is_some_and(|name| HARMLESS.contains(&name));
    let is_scalar = document.scalar(node).is_some() && !document.is_null(node);
    is_scalar && (in_list || name(node) == Some(KEYS) || (in_credential && !is_harmless()))
}

/// The fields of a credential other than `key`.
const HARMLESS: [&str; 8] =
    ["id", "consumer", "ttl", "tags", "created_at", "updated_at", "_comment", "_ignore"];

/// The list of keys of clients.
pub(crate) const KEYS: &str = "keyauth_credentials";
