"""What becomes of a request's other members, and who is told of those that are dropped."""

from dataclasses import replace
from urllib.parse import quote

import pytest
from matrix import QUESTION, ask, client_of, only, targets, translated
from providers.script import HELLO
from targets import speaking

SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}},
    "required": ["answer"],
    "additionalProperties": False,
}
BY_SCHEMA = {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True}}
SAMPLING = {
    "max_tokens": 9,
    "temperature": 0.5,
    "top_p": 0.25,
    "stop": ["x", "y"],
    "seed": 5,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.25,
}
OLLAMA = {
    "options": {
        "num_predict": 9,
        "temperature": 0.5,
        "top_p": 0.25,
        "stop": ["x", "y"],
        "seed": 5,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.25,
    }
}
GEMINI = {
    "generationConfig": {
        "maxOutputTokens": 9,
        "temperature": 0.5,
        "topP": 0.25,
        "stopSequences": ["x", "y"],
        "seed": 5,
        "presencePenalty": 0.5,
        "frequencyPenalty": 0.25,
    }
}
TEXT = {"max_new_tokens": 9, "temperature": 0.5, "top_p": 0.25, "stop": ["x", "y"]}

# What limits and sampling become, and which of them are dropped.
SAMPLED = {
    "openai": (SAMPLING, set()),
    "azure": (SAMPLING, set()),
    "llama2-by-openai": (SAMPLING, set()),
    "huggingface": (SAMPLING, set()),
    "anthropic": (
        {"max_tokens": 9, "temperature": 0.5, "top_p": 0.25, "stop_sequences": ["x", "y"]},
        {"seed", "presence_penalty", "frequency_penalty"},
    ),
    "cohere": (
        {
            "max_tokens": 9,
            "temperature": 0.5,
            "p": 0.25,
            "stop_sequences": ["x", "y"],
            "seed": 5,
            "presence_penalty": 0.5,
            "frequency_penalty": 0.25,
        },
        set(),
    ),
    "mistral": (
        {name: value for name, value in SAMPLING.items() if name != "seed"} | {"random_seed": 5},
        set(),
    ),
    "mistral-by-ollama": (OLLAMA, set()),
    "llama2-by-ollama": (OLLAMA, set()),
    "llama2-raw": ({"parameters": TEXT}, {"presence_penalty", "frequency_penalty"}),
    "gemini": (GEMINI, set()),
    "vertex": (GEMINI, set()),
    "bedrock": (
        {"inferenceConfig": {"maxTokens": 9, "temperature": 0.5, "topP": 0.25, "stopSequences": ["x", "y"]}},
        {"seed", "presence_penalty", "frequency_penalty"},
    ),
}


def holds(body, expected):
    """Whether all that is expected is in the body, whatever else is there."""
    if isinstance(expected, dict):
        return isinstance(body, dict) and all(holds(body.get(name), part) for name, part in expected.items())
    return body == expected


def dropped_of(gateway, target, **members):
    client = client_of(gateway, target)
    members = {"model": target.model, "messages": QUESTION, **members}
    raw = client.chat.completions.with_raw_response.create(**members)
    names = raw.headers.get("x-aiproxy-dropped", "")
    return {name.strip() for name in names.split(",")} - {""}


@targets()
def test_limits_and_sampling(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    dropped = dropped_of(providers, target, **SAMPLING)
    expected, lost = SAMPLED[target.name]
    body = upstream.request.json()
    assert holds(body, expected), body
    assert lost <= dropped


@targets()
def test_a_stop_text_that_is_no_list(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, stop="full stop")
    whole = upstream.request.json()
    assert holds(whole, {"stop": "full stop"}) or "['full stop']" in str(whole)


@targets()
def test_the_newer_name_of_the_limit(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, max_completion_tokens=77)
    assert str(upstream.request.json()).count("77") == 1


@targets()
def test_what_everybody_can_carry_is_not_dropped(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    assert dropped_of(providers, target, max_tokens=9, temperature=0.5, stop=["x"]) == set()


@translated()
def test_what_is_dropped_is_named(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    made_up = {"logit_bias": {"50256": -100}, "service_tier": "flex", "extra_body": {"made_up": 1}}
    dropped = dropped_of(providers, target, **made_up)
    assert {"logit_bias", "service_tier", "made_up"} <= dropped
    assert not {"logit_bias", "service_tier", "made_up"} & set(upstream.request.json())


@only("openai", "azure", "llama2-by-openai")
def test_members_that_nobody_knows_pass(providers, upstream, target):
    """The upstream's own check of types is what would notice, so it is left out here."""
    upstream.script(lambda exchange: exchange.respond(body=target.sdk.answer(HELLO)))
    assert dropped_of(providers, target, extra_body={"made_up": {"a": [1]}}) == set()
    assert upstream.request.json()["made_up"] == {"a": [1]}


FORMATS = {
    "openai": {"response_format": BY_SCHEMA},
    "azure": {"response_format": BY_SCHEMA},
    "llama2-by-openai": {"response_format": BY_SCHEMA},
    "huggingface": {"response_format": BY_SCHEMA},
    "mistral": {
        "response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": SCHEMA}}
    },
    "anthropic": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    "cohere": {"response_format": {"type": "json_object", "json_schema": SCHEMA}},
    "mistral-by-ollama": {"format": SCHEMA},
    "llama2-by-ollama": {"format": SCHEMA},
    "gemini": {
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseSchema": {"type": "object", "properties": {"answer": {"type": "string"}}},
        }
    },
}
FORMATS["vertex"] = FORMATS["gemini"]


@only(*FORMATS)
def test_an_answer_by_a_schema(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, response_format=BY_SCHEMA)
    body = upstream.request.json()
    assert holds(body, FORMATS[target.name]), body


@only(*FORMATS)
def test_an_answer_in_json(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    dropped = dropped_of(providers, target, response_format={"type": "json_object"})
    # Anthropic wants a schema.
    assert dropped == ({"response_format"} if target.name == "anthropic" else set())
    assert dropped or "json" in str(upstream.request.json())


@targets()
def test_an_answer_in_plain_text_is_what_there_is_anyway(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    assert dropped_of(providers, target, response_format={"type": "text"}) == set()


@only("anthropic")
def test_the_limit_that_anthropic_wants(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, user="u-1", temperature=1.5)
    body = upstream.request.json()
    assert (body["max_tokens"], body["temperature"], body["metadata"]) == (4096, 1.0, {"user_id": "u-1"})


@pytest.mark.parametrize(
    "model", ["a/b:c", "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.m-v1:0"]
)
@only("bedrock")
def test_a_model_whose_name_is_no_path(providers, upstream, target, model):
    """It is one segment of the path, and signed as such."""
    named = replace(target, model=model, path=f"/model/{quote(model, safe='')}/converse")
    upstream.script(speaking(named, HELLO))
    assert ask(providers, named)[0].content == HELLO.content
