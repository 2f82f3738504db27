//! The time as it is counted: from 1970 on.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long after 1970 a point in time is; nothing if it is before.
pub(crate) fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
