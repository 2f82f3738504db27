//! What an upstream still sends when its answer is over.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Body as _;
use tokio::time::timeout;

use crate::Body;

/// How long the end of a body is waited for that should be there.
const PATIENCE: Duration = Duration::from_millis(500);

/// How much may come before it.
const MAX_REST: usize = 16 << 10;

/// Reads what is left of a body of which nothing is wanted any more, so that its connection can be used
/// again: the end often comes in a packet of its own. What does not end soon is closed.
pub(super) fn read(mut body: Body) {
    if body.is_end_stream() {
        return;
    }
    let end = async move {
        let mut rest = 0;
        while let Some(Ok(frame)) = body.frame().await {
            rest += frame.data_ref().map_or(0, |data| data.len());
            if rest > MAX_REST {
                return;
            }
        }
    };
    tokio::spawn(timeout(PATIENCE, end));
}
