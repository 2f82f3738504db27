//! One client's way to one route.

use super::{Family, Operation, Origin, Slot, Text};
use crate::plan::proxy::Proxy;

/// How a client reaches a route.
#[derive(Debug, Clone)]
pub struct Access<'p> {
    /// Which client.
    pub family: Family,
    /// Where the gateway is; another than the one asked about if the route demands another.
    pub origin: Origin,
    /// The path of the `base_url` or `azure_endpoint`, encoded.
    pub base: Text,
    /// The deployment to name; `None` if the model's name will do, or for a client that names none.
    pub deployment: Option<Text>,
    /// The model that the client has to name; `None` if it may choose.
    pub model: Option<Text>,
    /// Headers to send beside the client's own.
    pub headers: Vec<(String, Text)>,
    /// Arguments to send beside the client's own.
    pub query: Vec<(String, Text)>,
    /// What the texts leave to the client.
    pub slots: Vec<Slot>,
    /// What the client's key is.
    pub key: ClientKey,
    /// What an example should ask for.
    pub operation: Operation,
    /// Everything that reaches the route from this base.
    pub operations: Vec<Operation>,
    /// What else to know.
    pub notes: Vec<String>,
    /// The plugin that runs.
    pub proxy: &'p Proxy,
}

/// What becomes of the client's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKey {
    /// Nobody looks at it.
    Unused,
    /// The gateway asks for it where the client sends it by itself.
    Gateway,
    /// The gateway asks for it as what the client sends as a token of Microsoft Entra ID.
    Token,
    /// The gateway asks for it in a header of this name.
    Header(String),
    /// The gateway asks for it in an argument of this name.
    Query(String),
    /// The gateway asks for it in a member of the body of this name.
    Body(String),
    /// It goes to the provider in place of the configured one.
    Provider,
}

impl Access<'_> {
    /// The `base_url` or `azure_endpoint`, with `{name}` for each slot.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin, self.base.shown(&self.slots))
    }

    /// A model that an example can name where the client may choose.
    pub fn example_model(&self) -> &'static str {
        self.operation.example_model(self.proxy.provider)
    }
}
