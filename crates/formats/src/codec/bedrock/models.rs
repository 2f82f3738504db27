//! What of the models behind Converse differs (AWS, "Inference request parameters and response fields for
//! foundation models", "Get validated JSON results from models").

/// Models with the same habits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Family {
    /// What a model's id, the id of an inference profile or an ARN has in it.
    id: &'static str,
    /// The members under which `additionalModelRequestFields` takes `top_k`; none if the models have nothing
    /// like it.
    pub top_k: &'static [&'static str],
    /// Whether answers can be given a schema, and calls of tools be held to theirs.
    pub schemas: bool,
}

const fn family(id: &'static str, top_k: &'static [&'static str], schemas: bool) -> Family {
    Family { id, top_k, schemas }
}

const TOP_K: &[&str] = &["top_k"];

/// The first that fits counts. Members that a model does not know are refused, so a family that is not
/// named here gets none.
const FAMILIES: [Family; 21] = [
    family("anthropic.claude-v", TOP_K, false),
    family("anthropic.claude-instant", TOP_K, false),
    family("anthropic.claude-3", TOP_K, false),
    family("anthropic.claude-sonnet-4-2025", TOP_K, false),
    family("anthropic.claude-opus-4-2025", TOP_K, false),
    family("anthropic.claude-opus-4-1-", TOP_K, false),
    family("anthropic.claude", TOP_K, true),
    family("amazon.nova", &["inferenceConfig", "topK"], false),
    family("cohere.command-r", &["k"], false),
    family("mistral.mistral-large-3", TOP_K, true),
    family("mistral.ministral-3", TOP_K, true),
    family("mistral.magistral", TOP_K, true),
    family("mistral.voxtral", TOP_K, true),
    family("mistral.", TOP_K, false),
    family("deepseek.v3", &[], true),
    family("google.gemma-3", &[], true),
    family("minimax.minimax", &[], true),
    family("moonshot", &[], true),
    family("nvidia.nemotron", &[], true),
    family("openai.gpt-oss", &[], true),
    family("qwen.qwen3", &[], true),
];

/// Every other model.
const UNKNOWN: Family = family("", &[], false);

impl Family {
    /// Whether these are Anthropic's models, which refuse stop texts that are blank.
    pub fn is_claude(&self) -> bool {
        self.id.starts_with("anthropic.")
    }
}

/// The family of a model, by its id, a profile's id or an ARN.
pub(super) fn of(model: &str) -> &'static Family {
    FAMILIES.iter().find(|family| model.contains(family.id)).unwrap_or(&UNKNOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_known_by_their_ids_wherever_they_stand() {
        let habits = |model| (of(model).top_k, of(model).schemas);
        for (model, top_k, schemas) in [
            ("anthropic.claude-3-haiku-20240307-v1:0", TOP_K, false),
            ("eu.anthropic.claude-sonnet-4-20250514-v1:0", TOP_K, false),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", TOP_K, true),
            ("global.anthropic.claude-opus-4-6-v1", TOP_K, true),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0",
                &["inferenceConfig", "topK"],
                false,
            ),
            ("cohere.command-r-plus-v1:0", &["k"], false),
            ("mistral.mistral-7b-instruct-v0:2", TOP_K, false),
            ("mistral.mistral-large-3-675b-instruct", TOP_K, true),
            ("qwen.qwen3-32b-v1:0", &[], true),
            ("meta.llama3-1-8b-instruct-v1:0", &[], false),
            ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123", &[], false),
            ("", &[], false),
        ] {
            assert_eq!(habits(model), (top_k, schemas), "{model}");
        }
    }
}
