//! What providers answer: each the same text, whole or event by event, in its own format.

use bytes::Bytes;
use formats::framing::event_stream::encode_event;

/// A provider's API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    OpenAi,
    Anthropic,
    Gemini,
    Bedrock,
}

impl Api {
    pub const ALL: [Api; 4] = [Api::OpenAi, Api::Anthropic, Api::Gemini, Api::Bedrock];

    /// The provider's name in configurations.
    pub fn provider(self) -> &'static str {
        match self {
            Api::OpenAi => "openai",
            Api::Anthropic => "anthropic",
            Api::Gemini => "gemini",
            Api::Bedrock => "bedrock",
        }
    }

    /// The API that has a chat at this path, if one has.
    pub fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/v1/chat/completions" => Api::OpenAi,
            "/v1/messages" => Api::Anthropic,
            path if path.starts_with("/v1beta/models/") => Api::Gemini,
            path if path.starts_with("/model/") => Api::Bedrock,
            _ => return None,
        })
    }

    /// A whole answer.
    pub fn answer(self) -> &'static [u8] {
        match self {
            Api::OpenAi => include_bytes!("answers/openai.json"),
            Api::Anthropic => include_bytes!("answers/anthropic.json"),
            Api::Gemini => include_bytes!("answers/gemini.json"),
            Api::Bedrock => include_bytes!("answers/bedrock.json"),
        }
    }

    /// The media type of a stream.
    pub fn media_type(self) -> &'static str {
        match self {
            Api::Bedrock => "application/vnd.amazon.eventstream",
            Api::OpenAi | Api::Anthropic | Api::Gemini => "text/event-stream",
        }
    }

    /// What comes with the first event.
    pub fn start(self) -> Bytes {
        match self {
            Api::OpenAi | Api::Gemini => Bytes::new(),
            Api::Anthropic => ANTHROPIC_START.into(),
            Api::Bedrock => encode_event("messageStart", r#"{"p":"abcdefghij","role":"assistant"}"#).into(),
        }
    }

    /// An event with a piece of text.
    pub fn event(self) -> Bytes {
        match self {
            Api::OpenAi => OPENAI_EVENT.into(),
            Api::Anthropic => ANTHROPIC_EVENT.into(),
            Api::Gemini => GEMINI_EVENT.into(),
            Api::Bedrock => encode_event(
                "contentBlockDelta",
                r#"{"contentBlockIndex":0,"delta":{"text":" gateway"},"p":"abcdefghijklmnopqr"}"#,
            )
            .into(),
        }
    }

    /// What comes after the last event.
    pub fn end(self, wants_usage: bool) -> Bytes {
        match self {
            Api::OpenAi if wants_usage => format!("{OPENAI_USAGE}data: [DONE]\n\n").into(),
            Api::OpenAi => "data: [DONE]\n\n".into(),
            Api::Anthropic => ANTHROPIC_END.into(),
            Api::Gemini => GEMINI_END.into(),
            Api::Bedrock => [
                encode_event("contentBlockStop", r#"{"contentBlockIndex":0,"p":"abcd"}"#),
                encode_event("messageStop", r#"{"p":"abcdefgh","stopReason":"end_turn"}"#),
                encode_event(
                    "metadata",
                    r#"{"metrics":{"latencyMs":1275},"p":"ab","usage":{"inputTokens":19,"outputTokens":200,"totalTokens":219}}"#,
                ),
            ]
            .concat()
            .into(),
        }
    }
}

const OPENAI_EVENT: &str = concat!(
    r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"#,
    r#""model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_06737a9306","#,
    r#""choices":[{"index":0,"delta":{"content":" gateway"},"logprobs":null,"finish_reason":null}],"#,
    r#""obfuscation":"x8Fz1Qk"}"#,
    "\n\n"
);

const OPENAI_USAGE: &str = concat!(
    r#"data: {"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"#,
    r#""model":"gpt-4o-mini-2024-07-18","choices":[],"#,
    r#""usage":{"prompt_tokens":19,"completion_tokens":200,"total_tokens":219}}"#,
    "\n\n"
);

const ANTHROPIC_START: &str = concat!(
    "event: message_start\n",
    r#"data: {"type":"message_start","message":{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","role":"assistant","#,
    r#""model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"#,
    r#""usage":{"input_tokens":19,"output_tokens":1}}}"#,
    "\n\nevent: content_block_start\n",
    r#"data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    "\n\n"
);

const ANTHROPIC_EVENT: &str = concat!(
    "event: content_block_delta\n",
    r#"data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" gateway"}}"#,
    "\n\n"
);

const ANTHROPIC_END: &str = concat!(
    "event: content_block_stop\n",
    r#"data: {"type":"content_block_stop","index":0}"#,
    "\n\nevent: message_delta\n",
    r#"data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":200}}"#,
    "\n\nevent: message_stop\n",
    r#"data: {"type":"message_stop"}"#,
    "\n\n"
);

const GEMINI_EVENT: &str = concat!(
    r#"data: {"candidates": [{"content": {"parts": [{"text": " gateway"}],"role": "model"},"index": 0}],"#,
    r#""usageMetadata": {"promptTokenCount": 19,"totalTokenCount": 19},"modelVersion": "gemini-2.5-flash","#,
    r#""responseId": "mjv6aPv5MfXRnsEP1tHAqQE"}"#,
    "\r\n\r\n"
);

const GEMINI_END: &str = concat!(
    r#"data: {"candidates": [{"content": {"parts": [{"text": "."}],"role": "model"},"finishReason": "STOP","index": 0}],"#,
    r#""usageMetadata": {"promptTokenCount": 19,"candidatesTokenCount": 200,"totalTokenCount": 219},"#,
    r#""modelVersion": "gemini-2.5-flash","responseId": "mjv6aPv5MfXRnsEP1tHAqQE"}"#,
    "\r\n\r\n"
);
