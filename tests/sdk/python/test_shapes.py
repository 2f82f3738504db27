"""What the comparison with an SDK's types finds, on the types of every SDK."""

import pytest
from providers import anthropic, bedrock, cohere, cohere_v1, gemini, mistral, ollama, openai, text_generation
from providers.script import HELLO, TOOLS, Script, Usage

SAY = [{"role": "user", "content": "x"}]
PARTS = [{"role": "user", "parts": [{"text": "x"}]}]
BLOCKS = [{"role": "user", "content": [{"text": "x"}]}]

# A request that is good, then the same with one thing wrong, and what is said of it.
REQUESTS = [
    (
        anthropic,
        {"model": "m", "max_tokens": 1, "messages": SAY, "temperature": 1},
        [
            ({"n": 1}, "has no n"),
            ({"temperature": "1"}, "temperature: '1' is no"),
            ({"max_tokens": True}, "max_tokens: True is no"),
            ({"stop_sequences": "x"}, "stop_sequences: 'x' is no list"),
            ({"messages": [{"role": "user"}]}, "messages.0: content is missing"),
            ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role: 'tool' is none of"),
            ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "content.0: text is missing"),
            ({"messages": SAY + SAY}, "two turns of one role"),
            ({"tools": [{"name": "f"}]}, "tools.0: input_schema is missing"),
        ],
    ),
    (
        bedrock,
        {"messages": BLOCKS, "inferenceConfig": {"maxTokens": 1}},
        [
            ({"anthropic_version": "x"}, "anthropic_version"),
            ({"messages": [{"role": "user", "content": "x"}]}, "messages[0].content"),
            (
                {"messages": [{"role": "user", "content": [{"text": "x", "image": {}}]}]},
                "messages[0].content[0]",
            ),
            ({"messages": [*BLOCKS, {"role": "tool", "content": [{"text": "x"}]}]}, "'tool' is none of"),
            ({"inferenceConfig": {"stopSequences": "x"}}, "stopSequences"),
            ({"toolConfig": {"tools": []}}, "toolConfig.tools"),
        ],
    ),
    (
        cohere,
        {"model": "m", "messages": SAY, "stream": True, "p": 0.5},
        [
            ({"stop": ["x"]}, "has no stop"),
            ({"tool_choice": "AUTO"}, "'AUTO' is none of"),
            ({"p": 1}, "p is 1"),
            ({"messages": [{"role": "user"}]}, "content is missing"),
            ({"messages": [{"content": "x"}]}, "role is missing"),
            ({"messages": [{"role": "user", "content": [{"type": "image", "text": "x"}]}]}, "messages.0"),
        ],
    ),
    (
        cohere_v1,
        {"message": "x", "chat_history": [{"role": "USER", "message": "x"}]},
        [
            ({"messages": SAY}, "has no messages"),
            ({"message": SAY}, "message: "),
            ({"k": 0.5}, "k: 0.5 is no"),
        ],
    ),
    (
        gemini,
        {"contents": PARTS, "generationConfig": {"topK": 1}},
        [
            ({"contents": [{"role": "function", "parts": [{"text": "x"}]}]}, "of a role of its own"),
            ({"contents": [{"role": "user", "parts": [{"text": 1}]}]}, "text: 1 is no"),
            ({"contents": [{"role": "user", "parts": [{"inline_data": {}}]}]}, "has no inline_data"),
            ({"generationConfig": {"stop": []}}, "has no stop"),
            ({"tools": [{"function_declarations": []}]}, "has no function_declarations"),
            ({"toolConfig": {"functionCallingConfig": {"mode": "REQUIRED"}}}, "'REQUIRED' is no"),
        ],
    ),
    (
        mistral,
        {"model": "m", "messages": SAY, "temperature": None},
        [
            ({"seed": 1}, "has no seed"),
            ({"stop": [1]}, "stop"),
            ({"tool_choice": "some"}, "tool_choice"),
            ({"messages": [{"role": "developer", "content": "x"}]}, "messages.0"),
            ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "call_1"}]}, "refuses these ids"),
        ],
    ),
    (
        ollama,
        {"model": "m", "messages": SAY, "stream": False, "options": {"num_predict": 1}},
        [
            ({"stream": None}, "`stream`"),
            ({"options": {"max_tokens": 1}}, "has no max_tokens"),
            ({"messages": [{"role": "user", "content": []}]}, "content: [] is no"),
            ({"messages": [{**SAY[0], "images": ["data:image/png;base64,AA=="]}]}, "images.0"),
            ({"format": "xml"}, "format"),
        ],
    ),
    (
        openai,
        {"model": "m", "messages": SAY, "stream": True},
        [
            ({"stream": "yes"}, "stream: 'yes' is none"),
            ({"messages": [{"role": "user"}]}, "content is missing"),
        ],
    ),
    (
        text_generation,
        {"inputs": "x", "parameters": {"max_new_tokens": 1}},
        [
            ({"model": "m"}, "has no model"),
            ({"parameters": {"max_tokens": 1}}, "has no max_tokens"),
            ({"parameters": {"temperature": 0}}, "temperature"),
        ],
    ),
]


def name(module):
    return module.__name__.removeprefix("providers.")


@pytest.mark.parametrize("sdk, good", [pytest.param(sdk, good, id=name(sdk)) for sdk, good, _ in REQUESTS])
def test_a_good_request(sdk, good):
    sdk.check_request(good)


@pytest.mark.parametrize(
    "sdk, body, said",
    [
        pytest.param(sdk, {**good, **change}, said, id=f"{name(sdk)}: {said}")
        for sdk, good, changes in REQUESTS
        for change, said in changes
    ],
)
def test_a_bad_request(sdk, body, said):
    with pytest.raises(AssertionError) as caught:
        sdk.check_request(body)
    assert said in str(caught.value)


THINKING = HELLO.but(reasoning=("hm", "m"), usage=Usage(20, 7, 3, 2))
CHAT = [anthropic, bedrock, cohere, gemini, mistral, ollama, openai]


@pytest.mark.parametrize(
    "script",
    [
        HELLO,
        HELLO.but(finish="length"),
        THINKING,
        TOOLS,
        TOOLS.but(text=("Wait.",)),
        HELLO.but(error="boom"),
        Script(),
    ],
    ids=["text", "cut off", "thinking", "tools", "tools and text", "failing", "nothing"],
)
@pytest.mark.parametrize("sdk", CHAT, ids=name)
def test_what_the_upstream_says_is_what_the_provider_could_say(sdk, script):
    if not script.error:
        sdk.check_answer(sdk.answer(script))
    for event in sdk.events(script):
        sdk.check_event(event)


@pytest.mark.parametrize("sdk", [ollama, openai, text_generation], ids=name)
def test_what_the_upstream_completes_is_what_the_provider_could_say(sdk):
    sdk.check_answer(sdk.answer(HELLO, completions=True))
    for event in sdk.events(HELLO, completions=True):
        sdk.check_event(event)
