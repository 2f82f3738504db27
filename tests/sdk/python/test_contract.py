"""What the contract refuses: a check that finds nothing proves nothing."""

import json

import contract
import pytest

HEAD = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
USAGE = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
ROLE = {"role": "assistant", "content": ""}


def chunk(delta, finish=None, **members):
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**HEAD, "choices": [choice], **members}


def stream(*events):
    return b"".join(
        f"data: {each if isinstance(each, str) else json.dumps(each)}\n\n".encode() for each in events
    )


GOOD = [
    chunk(ROLE),
    chunk({"content": "a"}),
    chunk({}, "stop"),
    {**HEAD, "choices": [], "usage": USAGE},
    "[DONE]",
]


def test_a_good_stream():
    (said,), error = contract.check_stream(stream(*GOOD), usage=True)
    assert (said.content, said.finish, error) == ("a", "stop", None)


@pytest.mark.parametrize(
    "events",
    [
        GOOD[:-1],
        GOOD[1:],
        [GOOD[0], *GOOD[2:3], GOOD[1], *GOOD[3:]],
        [*GOOD[:3], "[DONE]"],
        [*GOOD[:2], *GOOD[3:]],
        [*GOOD, GOOD[1]],
        [GOOD[0], chunk({"content": "a"}, id="y"), *GOOD[2:]],
        [GOOD[0], chunk({"content": "a"}, usage=USAGE), *GOOD[2:]],
        [GOOD[0], chunk({"content": 1}), *GOOD[2:]],
        [GOOD[0], chunk({"text": "a"}), *GOOD[2:]],
        [GOOD[0], GOOD[0], *GOOD[2:]],
        [*GOOD[:2], chunk({}, "end_turn"), *GOOD[3:]],
        [*GOOD[:2], chunk({}, "tool_calls"), *GOOD[3:]],
        [GOOD[0], chunk({"tool_calls": [{**CALL, "index": 1}]}), *GOOD[2:]],
        [GOOD[0], chunk({"tool_calls": [CALL]}), *GOOD[2:]],
        [*GOOD[:2], {"error": {"message": "m", "type": "odd", "param": None, "code": None}}],
        [*GOOD[:2], {"error": {"message": "m", "type": "server_error"}}],
    ],
)
def test_a_bad_stream(events):
    with pytest.raises((AssertionError, KeyError, json.JSONDecodeError)):
        contract.check_stream(stream(*events), usage=True)


def test_bytes_that_are_no_stream():
    for bad in (stream(*GOOD)[:-1], stream(*GOOD) + b"data: x", b": comment\n\n" + stream(*GOOD)):
        with pytest.raises(AssertionError):
            contract.check_stream(bad, usage=True)


def answer(message, finish="stop", **members):
    message = {"role": "assistant", "content": None, "refusal": None, **message}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return {**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE, **members}


def call(arguments="{}", identity="call_1"):
    return {"id": identity, "type": "function", "function": {"name": "f", "arguments": arguments}}


def test_good_answers():
    contract.check_answer(answer({"content": "a", "reasoning_content": "b"}))
    contract.check_answer(answer({"tool_calls": [call(), call(identity="call_2")]}, "tool_calls"))
    contract.check_answer(answer({"tool_calls": [call('{"a')]}, "length"))


@pytest.mark.parametrize(
    "bad",
    [
        answer({}, "complete"),
        answer({}, "tool_calls"),
        answer({"content": []}),
        answer({"content": "", "tool_calls": [call()]}, "tool_calls"),
        answer({"tool_calls": []}),
        answer({"tool_calls": [call(), call()]}, "tool_calls"),
        answer({"tool_calls": [call('{"a')]}, "tool_calls"),
        answer({"tool_calls": [call("1")]}, "tool_calls"),
        answer({"content": "a"}, usage={**USAGE, "total_tokens": 4}),
        answer({"content": "a"}, usage={**USAGE, "prompt_tokens": 1.0}),
        answer({"content": "a"}, created="2024"),
        answer({"content": "a"}, id=""),
        answer({"content": "a"}, choices=[]),
        answer({"content": "a"}, done_reason="stop"),
    ],
)
def test_a_bad_answer(bad):
    with pytest.raises((AssertionError, json.JSONDecodeError)):
        contract.check_answer(bad)
