"""Tools: offered, called, answered, whoever the provider is."""

import json
import re

import openai_answers as answers
import pytest
from matrix import QUESTION, STREAMED, ask, client_of, only, positions, targets, translated, without
from openai import BadRequestError
from providers.script import ADD, HELLO, LOOK_UP, TOOLS, Call, Script
from targets import scalars, speaking


def tool(name, **properties):
    """A tool that is described by a text of its own."""
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    function = {"name": name, "description": f"What {name} does.", "parameters": parameters}
    return {"type": "function", "function": function}


OFFER = [tool("add", a={"type": "integer"}, b={"type": "string"}), tool("look_up", city={"type": "string"})]


@STREAMED
@targets("tools")
def test_calls_of_two_tools(providers, upstream, target, stream):
    upstream.script(speaking(target, TOOLS))
    (said,) = ask(providers, target, stream, tools=OFFER)
    assert said.finish == "tool_calls"
    called = [(call["name"], json.loads(call["arguments"])) for call in said.calls]
    assert called == [(call.name, json.loads(call.whole)) for call in (ADD, LOOK_UP)]
    positions(upstream.request, ["What add does.", "What look_up does."])


@STREAMED
@targets("tools")
def test_text_before_a_call(providers, upstream, target, stream):
    upstream.script(speaking(target, TOOLS.but(text=("Let me ", "see."))))
    (said,) = ask(providers, target, stream, tools=OFFER)
    assert (said.content, len(said.calls), said.finish) == ("Let me see.", 2, "tool_calls")


@STREAMED
@translated("tools")
def test_a_call_without_arguments(providers, upstream, target, stream):
    """Providers stream nothing then; a client still gets an object."""
    upstream.script(speaking(target, TOOLS.but(calls=(Call("now", ()), LOOK_UP))))
    (said,) = ask(providers, target, stream, tools=[*OFFER, tool("now")])
    arguments = [json.loads(call["arguments"]) for call in said.calls]
    assert arguments == [{}, json.loads(LOOK_UP.whole)]


@STREAMED
@targets("tools")
def test_a_round_trip(providers, upstream, target, stream):
    """The SDK's own messages go back with the results, and each result finds its call."""
    upstream.script(speaking(target, TOOLS), speaking(target, HELLO))
    client = client_of(providers, target)
    members = {"model": target.model, "tools": OFFER}
    if stream:
        with client.chat.completions.stream(messages=QUESTION, **members) as answer:
            message = answer.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(messages=QUESTION, **members).choices[0].message
    # The later call is answered first.
    results = [result(call, f"result of {call.function.name}") for call in reversed(message.tool_calls)]
    messages = [*QUESTION, message, *results]
    answer = client.chat.completions.create(messages=messages, **members)
    assert answer.choices[0].message.content == HELLO.content
    positions(upstream.requests[1], ["result of add", "result of look_up", "Oslo"])


def result(call, content):
    return {"role": "tool", "tool_call_id": call.id, "content": content}


@STREAMED
@only("anthropic", "bedrock")
def test_a_name_that_the_provider_does_not_take(providers, upstream, target, stream):
    """It is changed on the way there, and back again."""
    name = "my tools.add/1"

    def answer(exchange):
        (sent,) = {each for each in scalars(exchange.request.json()) if each.startswith("my")}
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", sent)
        called = Script(calls=(Call(sent, ("{}",)),), finish="tool_calls")
        speaking(target, called)(exchange)

    upstream.script(answer)
    (said,) = ask(providers, target, stream, tools=[tool(name)], messages=history(name=name))
    assert [call["name"] for call in said.calls] == [name]


@translated("tools")
def test_results_in_parts(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    asked, answered = history()[1:]
    parts = [{"type": "text", "text": "result-one"}, {"type": "text", "text": "result-two"}]
    ask(providers, target, messages=[*QUESTION, asked, {**answered, "content": parts}], tools=OFFER)
    found = positions(upstream.request, ["result-one", "result-two"])
    assert found == sorted(found)


@only("gemini", "vertex")
def test_a_signed_call_goes_back_signed(providers, upstream, target):
    """Gemini wants the signature again, for which OpenAI's format has no place but the call's id."""
    signed = target.sdk.answer(TOOLS)
    signed["candidates"][0]["content"]["parts"][0]["thoughtSignature"] = "c2lnbmVk"
    upstream.script(answers.respond(200, signed), speaking(target, HELLO))
    members = {"model": target.model, "tools": OFFER}
    client = client_of(providers, target)
    message = client.chat.completions.create(messages=QUESTION, **members).choices[0].message
    results = [result(call, "3") for call in message.tool_calls]
    client.chat.completions.create(messages=[*QUESTION, message, *results], **members)
    parts = upstream.requests[1].json()["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == ["c2lnbmVk", None]


# What each choice becomes. `None`: the provider decides by itself, or there is no way to say it.
CHOICES = {
    "openai": lambda choice: {"tool_choice": choice},
    "azure": lambda choice: {"tool_choice": choice},
    "llama2-by-openai": lambda choice: {"tool_choice": choice},
    "huggingface": lambda choice: {"tool_choice": choice},
    "anthropic": lambda choice: {
        "tool_choice": {
            "auto": {"type": "auto"},
            "none": {"type": "none"},
            "required": {"type": "any"},
            "add": {"type": "tool", "name": "add"},
        }[key(choice)]
    },
    "cohere": lambda choice: {
        "tool_choice": {"auto": None, "none": "NONE", "required": "REQUIRED", "add": "REQUIRED"}[key(choice)]
    },
    "gemini": lambda choice: {
        "toolConfig.functionCallingConfig.mode": {"auto": "AUTO", "none": "NONE"}.get(key(choice), "ANY"),
        "toolConfig.functionCallingConfig.allowedFunctionNames": ["add"] if key(choice) == "add" else None,
    },
    "bedrock": lambda choice: {
        "toolConfig.toolChoice": {
            "auto": {"auto": {}},
            "none": None,
            "required": {"any": {}},
            "add": {"tool": {"name": "add"}},
        }[key(choice)],
    },
}
CHOICES["vertex"] = CHOICES["gemini"]


def key(choice):
    return choice if isinstance(choice, str) else choice["function"]["name"]


@pytest.mark.parametrize(
    "choice", ["auto", "none", "required", {"type": "function", "function": {"name": "add"}}], ids=key
)
@only(*CHOICES)
def test_the_choice_of_a_tool(providers, upstream, target, choice):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, tools=OFFER, tool_choice=choice)
    body = upstream.request.json()
    for path, expected in CHOICES[target.name](choice).items():
        assert at(body, path) == expected


@only("cohere")
def test_a_named_tool_is_the_only_one_that_is_offered(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, tools=OFFER, tool_choice={"type": "function", "function": {"name": "add"}})
    assert [each["function"]["name"] for each in upstream.request.json()["tools"]] == ["add"]


@only("bedrock", "llama2-by-ollama", "mistral-by-ollama")
def test_no_tool_is_offered_where_none_may_be_called(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, tools=OFFER, tool_choice="none")
    assert "What add does." not in scalars(upstream.request.json())


@only("anthropic")
def test_one_call_at_a_time(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, tools=OFFER, parallel_tool_calls=False)
    assert upstream.request.json()["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


@translated("tools")
def test_a_choice_without_tools_says_nothing(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, extra_body={"tool_choice": "required"})
    assert not {"tool_choice", "toolConfig"} & set(upstream.request.json())


@only("bedrock")
def test_a_history_with_tools_still_names_them(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, messages=history())
    assert "add" in scalars(upstream.request.json()["toolConfig"])


@only("anthropic", "gemini", "vertex", "bedrock", "llama2-by-ollama", "mistral-by-ollama")
def test_arguments_that_are_no_object(providers, upstream, target):
    """They stay text for the others."""
    with pytest.raises(BadRequestError, match=r"messages\[1\]"):
        ask(providers, target, messages=history("[1"), tools=OFFER)
    assert upstream.requests == []


@without("tools")
def test_tools_that_cannot_be_carried(providers, upstream, target):
    """They are named as dropped, or refused; what was called before cannot be left out unsaid."""
    with pytest.raises(BadRequestError, match=r"messages\[[12]\]"):
        ask(providers, target, messages=history())
    assert upstream.requests == []


def history(arguments='{"a":1}', name="add"):
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    asked = {"role": "assistant", "content": None, "tool_calls": [call]}
    return [*QUESTION, asked, {"role": "tool", "tool_call_id": "call_1", "content": "3"}]


@targets("tools")
def test_the_old_way_to_name_functions(providers, upstream, target):
    """`functions` came before `tools`."""
    upstream.script(speaking(target, HELLO))
    old = {"functions": [each["function"] for each in OFFER], "function_call": {"name": "add"}}
    ask(providers, target, extra_body=old)
    positions(upstream.request, ["What add does."])


def at(value, path):
    """The value at a dotted path, if there is one."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value
