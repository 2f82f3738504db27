//! Words that mean something elsewhere: in other releases or editions of Kong, or in another part of
//! the configuration. They deserve a better answer than "unknown".

use serde_json::Value;

use crate::catalog::KEY_AUTH;
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
    LATER_WORDS.iter().any(|(later, ..)| *later == word).then_some("is not in Kong 3.10")
}

/// What does instead of a provider or route type that Kong 3.10 does not have, if that is one of `words`.
pub(super) fn instead(word: &str, words: &[String]) -> Option<String> {
    let (_, value, with) = LATER_WORDS.iter().find(|(later, ..)| *later == word)?;
    words.iter().any(|word| word == value).then(|| format!("write `{value}`, {with}"))
}

/// The provider that goes by another name elsewhere.
pub(super) fn provider<'w>(name: &str, words: &'w [String]) -> Option<&'w str> {
    let name = name.to_ascii_lowercase();
    let (_, meant) = PROVIDERS.iter().find(|(alias, _)| *alias == name)?;
    words.iter().map(String::as_str).find(|word| word == meant)
}

/// Where in the configuration of a plugin a field of this name is, if it is in one place. A plugin that
/// is not run may have been meant as ai-proxy.
pub(super) fn inside_settings(plugin: &str, key: &str) -> Option<String> {
    let settings = if plugin == KEY_AUTH { "KeyAuth" } else { "AiProxy" };
    let mut paths = Vec::new();
    find(&schema::CONFIG["$defs"][settings], "config", key, &mut paths);
    // A field's old place is not where to write it.
    if paths.iter().any(|(_, is_deprecated)| !is_deprecated) {
        paths.retain(|(_, is_deprecated)| !is_deprecated);
    }
    if paths.len() == 1 { paths.pop().map(|(path, _)| path) } else { None }
}

/// Whether routes have a field of this name.
pub(super) fn is_of_route(key: &str) -> bool {
    schema::CONFIG["$defs"]["Route"]["properties"].get(key).is_some()
}

/// What a schema refers to, or itself.
pub(super) fn definition(schema: &Value) -> Option<&Value> {
    match schema["$ref"].as_str() {
        Some(reference) => schema::CONFIG.pointer(reference.trim_start_matches('#')),
        None => Some(schema),
    }
}

fn find(schema: &Value, path: &str, key: &str, paths: &mut Vec<(String, bool)>) {
    for (name, field) in definition(schema).and_then(|it| it["properties"].as_object()).into_iter().flatten()
    {
        let path = format!("{path}.{name}");
        find(field, &path, key, paths);
        if name == key {
            paths.push((path, !field["deprecated"].is_null()));
        }
    }
}

const LATER: Field =
    Field { fact: "is not in Kong 3.10", help: "leave it out; only later releases of Kong have it" };

const ENTERPRISE: Field =
    Field { fact: "exists only in Kong Enterprise", help: "leave it out; aiproxy does not support it" };

const KONNECT: Field = Field {
    fact: "is for the realms of Kong Konnect",
    help: "leave it out; aiproxy knows the keys of its own file only",
};

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
    ("identity_realms", "key_names", KONNECT),
    ("condition", "instance_name", LATER),
    ("ordering", "instance_name", ENTERPRISE),
    ("consumer_group", "instance_name", ENTERPRISE),
    ("partials", "instance_name", ENTERPRISE),
    ("expression", "strip_path", EXPRESSIONS),
    ("priority", "strip_path", EXPRESSIONS),
];

/// Names of products and vendors, and the provider that serves them.
const PROVIDERS: &[(&str, &str)] = &[
    ("aws", "bedrock"),
    ("amazon", "bedrock"),
    ("claude", "anthropic"),
    ("chatgpt", "openai"),
    ("gcp", "gemini"),
    ("google", "gemini"),
    ("hf", "huggingface"),
    ("llama", "llama2"),
    ("llama3", "llama2"),
    ("microsoft", "azure"),
    ("vertex", "gemini"),
    ("vertexai", "gemini"),
];

/// Route types and providers of later releases: the value that serves instead, and what goes with it.
const LATER_WORDS: &[(&str, &str, &str)] = &[
    ("llm/v1/embeddings", "preserve", AS_IT_IS),
    ("llm/v1/assistants", "preserve", AS_IT_IS),
    ("llm/v1/batches", "preserve", AS_IT_IS),
    ("llm/v1/files", "preserve", AS_IT_IS),
    ("llm/v1/responses", "preserve", AS_IT_IS),
    ("audio/v1/audio/speech", "preserve", AS_IT_IS),
    ("audio/v1/audio/transcriptions", "preserve", AS_IT_IS),
    ("audio/v1/audio/translations", "preserve", AS_IT_IS),
    ("image/v1/images/edits", "preserve", AS_IT_IS),
    ("image/v1/images/generations", "preserve", AS_IT_IS),
    ("realtime/v1/realtime", "", ""),
    ("cerebras", "openai", LIKE_OPENAI),
    ("dashscope", "openai", LIKE_OPENAI),
    ("databricks", "openai", LIKE_OPENAI),
    ("deepseek", "openai", LIKE_OPENAI),
    ("ollama", "llama2", "with `llama2_format: ollama` and the server's `upstream_url` under `options`"),
    ("vllm", "llama2", "with `llama2_format: openai` and the server's `upstream_url` under `options`"),
    ("xai", "openai", LIKE_OPENAI),
];

const AS_IT_IS: &str = "with which such requests pass as they are, at the path that clients ask";
const LIKE_OPENAI: &str = "with the provider's OpenAI-style endpoint as `upstream_url` under `options`";
