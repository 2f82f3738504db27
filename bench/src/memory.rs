//! How much memory this process holds.

use std::path::Path;

/// Resident memory in bytes, as Linux tells it; 0 elsewhere.
pub fn resident() -> u64 {
    crate::process::status(Path::new("/proc/self/status"), "VmRSS:")
}
