//! Words that mean something elsewhere: in other releases or editions of Kong, or in another part of
//! the configuration. They deserve a better answer than "unknown".

use serde_json::Value;

use crate::schema;

/// Why a field is refused.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// What is the case, to follow the field's name.
    pub fact: &'static str,
    /// What to do.
    pub help: &'static str,
}

/// A field that Kong 3.10 as open source does not have but others do. `has_sibling` says which
/// fields do exist beside it.
pub(super) fn field(key: &str, has_sibling: impl Fn(&str) -> bool) -> Option<Field> {
    let (_, _, field) = FIELDS.iter().find(|(known, sibling, _)| *known == key && has_sibling(sibling))?;
    Some(*field)
}

/// A provider or route type that Kong 3.10 does not have: what to say about it.
pub(super) fn word(word: &str) -> Option<&'static str> {
    LATER_WORDS.contains(&word).then_some("is not in Kong 3.10")
}

/// Where in the configuration of ai-proxy a field of this name is, if it is in one place.
pub(super) fn inside_ai_proxy(key: &str) -> Option<String> {
    let mut paths = Vec::new();
    find(&schema::CONFIG["$defs"]["AiProxy"], "config", key, &mut paths);
    if paths.len() == 1 { paths.pop() } else { None }
}

/// Whether routes have a field of this name.
pub(super) fn is_of_route(key: &str) -> bool {
    schema::CONFIG["$defs"]["Route"]["properties"].get(key).is_some()
}

fn find(schema: &Value, path: &str, key: &str, paths: &mut Vec<String>) {
    let definition = match schema["$ref"].as_str() {
        Some(reference) => schema::CONFIG.pointer(reference.trim_start_matches('#')),
        None => Some(schema),
    };
    for (name, field) in definition.and_then(|it| it["properties"].as_object()).into_iter().flatten() {
        let path = format!("{path}.{name}");
        find(field, &path, key, paths);
        if name == key {
            paths.push(path);
        }
    }
}

const LATER: Field =
    Field { fact: "is not in Kong 3.10", help: "leave it out; only later releases of Kong have it" };

const ENTERPRISE: Field =
    Field { fact: "exists only in Kong Enterprise", help: "leave it out; aiproxy does not support it" };

const EXPRESSIONS: Field = Field {
    fact: "exists only with Kong's expressions router",
    help: "write `paths`, `hosts`, `methods` or `headers` instead",
};

/// Field, a field that stands beside it, and why it is refused.
const FIELDS: &[(&str, &str, Field)] = &[
    ("gcp_metadata_url", "gcp_use_service_account", LATER),
    ("gcp_oauth_token_url", "gcp_use_service_account", LATER),
    ("genai_category", "route_type", LATER),
    ("model_alias", "provider", LATER),
    ("aws_assume_role_arn", "aws_region", LATER),
    ("aws_role_session_name", "aws_region", LATER),
    ("aws_sts_endpoint_url", "aws_region", LATER),
    ("endpoint_id", "project_id", LATER),
    ("embeddings_dimensions", "max_tokens", LATER),
    ("condition", "instance_name", LATER),
    ("ordering", "instance_name", ENTERPRISE),
    ("consumer_group", "instance_name", ENTERPRISE),
    ("partials", "instance_name", ENTERPRISE),
    ("expression", "strip_path", EXPRESSIONS),
    ("priority", "strip_path", EXPRESSIONS),
];

/// Route types and providers of later releases.
const LATER_WORDS: &[&str] = &[
    "llm/v1/embeddings",
    "llm/v1/assistants",
    "llm/v1/batches",
    "llm/v1/files",
    "llm/v1/responses",
    "audio/v1/audio/speech",
    "audio/v1/audio/transcriptions",
    "audio/v1/audio/translations",
    "image/v1/images/edits",
    "image/v1/images/generations",
    "realtime/v1/realtime",
    "cerebras",
    "dashscope",
    "databricks",
    "deepseek",
    "ollama",
    "vllm",
    "xai",
];
