//! What of a request goes no further than its guard.

use super::{body, is_argument, is_header};
use crate::plan::prepare::Body;
use crate::plan::proxy::split_argument;
use crate::plan::rejection::Rejection;
use crate::plan::request::RequestHead;

/// A request without what carried its key.
#[derive(Debug)]
pub(in crate::plan) struct Withheld<'r> {
    headers: Vec<(&'r [u8], &'r [u8])>,
    target: Vec<u8>,
    /// The first of these that the body has is taken out of it.
    members: Vec<String>,
}

impl<'r> Withheld<'r> {
    /// Leaves the header and the query argument called `name` out of `head`; `None` if nothing is to be
    /// left out, there or in the body.
    pub(super) fn new(head: &RequestHead<'r>, name: Option<&str>, members: Vec<String>) -> Option<Self> {
        if name.is_none() && members.is_empty() {
            return None;
        }
        let is_named = |sent: &[u8]| name.is_some_and(|name| is_header(sent, name));
        let headers = head.headers.iter().filter(|(sent, _)| !is_named(sent)).copied().collect();
        let mut target = head.path().to_vec();
        if let Some(query) = head.query() {
            let is_named =
                |argument: &&[u8]| name.is_some_and(|name| is_argument(split_argument(argument).0, name));
            let kept: Vec<&[u8]> =
                query.split(|byte| *byte == b'&').filter(|argument| !is_named(argument)).collect();
            if !kept.is_empty() {
                target.push(b'?');
                target.extend(kept.join(&b'&'));
            }
        }
        Some(Self { headers, target, members })
    }

    /// The head as it goes on.
    pub(in crate::plan) fn head<'s>(&'s self, head: &RequestHead<'s>) -> RequestHead<'s> {
        RequestHead { headers: &self.headers, target: &self.target, ..*head }
    }

    /// Whether the body has to be read for what it holds.
    pub(in crate::plan) fn reads_body(&self) -> bool {
        !self.members.is_empty()
    }

    /// The body as it goes on, if that is another than `body`.
    pub(in crate::plan) fn body(
        &self,
        head: &RequestHead<'_>,
        body: Body<'_>,
    ) -> Result<Option<Vec<u8>>, Rejection> {
        match body {
            Body::Bytes(bytes) if self.reads_body() => body::without(head, bytes, &self.members),
            _ => Ok(None),
        }
    }
}
