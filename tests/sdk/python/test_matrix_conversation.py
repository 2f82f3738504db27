"""A conversation of five turns, with images and with tools called in parallel, loses nothing on its way."""

import base64

import pytest
from matrix import STREAMED, client_of, positions, targets
from providers.script import Call, Script
from targets import speaking
from test_matrix_tools import OFFER, result

# Of each kind a text that comes nowhere else.
IMAGES = [base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes([number]) * 30).decode() for number in range(3)]
CALLS = [
    Call("add", ('{"a":', "101", ',"b":"arg-one"}'), "call_x"),
    Call("look_up", ('{"city":"arg-two"}',), "call_y"),
]
LATER = [Call("look_up", ('{"city":"arg-three"}',), "call_z")]


def image(data):
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}


def text(words):
    return {"type": "text", "text": words}


class Conversation:
    """Keeps what was said; what the model says goes back as the SDK gave it."""

    def __init__(self, gateway, upstream, target, stream):
        self.gateway, self.upstream, self.target, self.stream = gateway, upstream, target, stream
        self.messages = [{"role": "system", "content": "system-text"}]

    def turn(self, messages, script):
        self.messages += messages
        self.upstream.script(speaking(self.target, script))
        members = {"model": self.target.model, "messages": self.messages}
        if "tools" not in self.target.lacks:
            members["tools"] = OFFER
        client = client_of(self.gateway, self.target)
        if self.stream:
            with client.chat.completions.stream(**members) as answer:
                message = answer.get_final_completion().choices[0].message
        else:
            message = client.chat.completions.create(**members).choices[0].message
        self.messages.append(message)
        return message


@pytest.fixture
def conversation(providers, upstream, target, stream):
    return Conversation(providers, upstream, target, stream)


@STREAMED
@targets("tools", "images")
def test_five_turns(conversation, upstream):
    user = {"role": "user"}
    see = [text("user-one"), image(IMAGES[0]), text("user-between"), image(IMAGES[1])]
    conversation.turn([{**user, "content": see}], Script(text=("assistant-", "one")))
    asked = conversation.turn(
        [{**user, "content": "user-two"}], Script(calls=tuple(CALLS), finish="tool_calls")
    )
    results = [result(call, f"result-{call.function.name}") for call in asked.tool_calls]
    conversation.turn(results, Script(text=("assistant-three",)))
    look = [image(IMAGES[2]), text("user-four")]
    script = Script(text=("assistant-four",), calls=tuple(LATER), finish="tool_calls")
    asked = conversation.turn([{**user, "content": look}], script)
    conversation.turn(
        [result(asked.tool_calls[0], '{"json":"result-json"}')], Script(text=("assistant-five",))
    )

    found = positions(
        upstream.request,
        [
            *["user-one", IMAGES[0], "user-between", IMAGES[1], "assistant-one", "user-two"],
            *["arg-one", "arg-two", "result-add", "result-look_up", "assistant-three"],
            *[IMAGES[2], "user-four", "assistant-four", "arg-three", "result-json"],
        ],
    )
    positions(upstream.request, ["system-text"])
    if is_in_order(conversation.target):
        assert found == sorted(found)


def is_in_order(target):
    """Ollama has the images of a message beside its text."""
    return "ollama" not in target.name


@STREAMED
@targets()
def test_five_turns_of_text(conversation, upstream):
    for turn in range(5):
        conversation.turn([{"role": "user", "content": f"user-{turn}"}], Script(text=(f"assistant-{turn}",)))
    said = [each for turn in range(4) for each in (f"user-{turn}", f"assistant-{turn}")]
    found = positions(upstream.request, [*said, "user-4"])
    assert found == sorted(found)
    positions(upstream.request, ["system-text"])
