//! How long a model takes to be loaded, which Hugging Face's servers say in the body of an error: "Model …
//! is currently loading", with `estimated_time` in seconds (Inference API, Detailed parameters).

use super::status::TEXT_GENERATION;
use crate::WireFormat;
use crate::peek::member;

/// The longest time that a client is told to wait, in seconds.
const MAX_WAIT: f64 = 3600.0;

/// The seconds after which to ask again, where an error with `status` and this body says so: the value of
/// `retry-after`.
pub fn retry_after(status: u16, body: &[u8], wire: WireFormat) -> Option<u64> {
    if status != 503 || !TEXT_GENERATION.contains(&wire) {
        return None;
    }
    let estimate = member(std::str::from_utf8(body).ok()?, "estimated_time")?;
    let seconds: f64 = serde_json::from_str(estimate).ok()?;
    (seconds > 0.0).then(|| seconds.min(MAX_WAIT).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_rounded_up() {
        let after = |estimate: &str| {
            let body = format!(r#"{{"error":"Model m is currently loading","estimated_time":{estimate}}}"#);
            retry_after(503, body.as_bytes(), WireFormat::HuggingFaceGeneration)
        };
        assert_eq!(["20.1", "20", "0.2", "1e300"].map(after), [Some(21), Some(20), Some(1), Some(3600)]);
        assert_eq!(["0", "-1", "null", "\"20\"", "[]", "x"].map(after), [None; 6]);
    }

    #[test]
    fn other_errors_say_nothing() {
        let body = br#"{"estimated_time":20.0}"#;
        for wire in TEXT_GENERATION {
            assert_eq!(retry_after(503, body, *wire), Some(20));
        }
        assert_eq!(retry_after(500, body, WireFormat::HuggingFaceChat), None);
        assert_eq!(retry_after(503, body, WireFormat::OpenAi), None);
        assert_eq!(retry_after(503, b"\xff", WireFormat::HuggingFaceChat), None);
    }
}
