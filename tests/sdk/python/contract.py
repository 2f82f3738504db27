"""What every client of the gateway may rely on, whoever answers: OpenAI's types, and less than they allow.

`mended` are the formats that are OpenAI's but for details: their bytes pass, so only what all clients
need is asked of them.
"""

import json
from dataclasses import dataclass, field

from openai.types import Completion
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionChunk,
    ChatCompletionMessage,
    ChatCompletionMessageFunctionToolCall,
)
from openai.types.chat.chat_completion_chunk import ChoiceDelta
from openai.types.chat.chat_completion_message_function_tool_call import Function
from providers.openai import STREAMED_TEXT
from shapes import Shapes

REASONING = {"reasoning_content": str}
SHAPES = Shapes(
    also={
        # Mistral's messages say whether they are a beginning, and count their calls.
        ChatCompletionMessage: REASONING | {"prefix": bool},
        ChatCompletionMessageFunctionToolCall: {"index": int},
        # Text Generation Inference repeats what a tool is for.
        Function: {"description": str | None},
        ChoiceDelta: REASONING,
        **STREAMED_TEXT,
    }
)
FINISH_REASONS = {"stop", "length", "tool_calls", "content_filter"}
ERROR_TYPES = {
    "invalid_request_error",
    "authentication_error",
    "billing_error",
    "permission_error",
    "not_found_error",
    "timeout_error",
    "rate_limit_error",
    "request_cancelled",
    "server_error",
    "overloaded_error",
}


@dataclass
class Said:
    """What a choice says once all of it is there."""

    content: str = ""
    reasoning: str = ""
    calls: list = field(default_factory=list)
    finish: str | None = None


def check_answer(body, mended=False) -> list[Said]:
    """A whole answer, chat or completions; what no provider has counted is 0."""
    is_chat = body["object"] != "text_completion"
    SHAPES.check(body, ChatCompletion if is_chat else Completion)
    check_head(body)
    assert [choice["index"] for choice in body["choices"]] == list(range(len(body["choices"])))
    assert body["choices"], "no choice"
    if not mended:
        check_usage(body["usage"])
        assert all(choice["logprobs"] is None for choice in body["choices"])
    choices = [read_message(choice, mended) if is_chat else read_text(choice) for choice in body["choices"]]
    for choice in choices:
        check_end(choice)
    return choices


def check_stream(stream: bytes, usage=False, mended=False) -> tuple[list[Said], dict | None]:
    """A whole stream; gives what was said and the error that ended it, if one did."""
    events = read_events(stream)
    ended = events.pop()
    error = None
    if ended == "[DONE]":
        if usage and not mended:
            last = events[-1]
            assert last["choices"] == [], f"usage was asked for, and the last chunk is {last}"
            check_usage(last["usage"])
    else:
        check_error(ended, mended)
        error = ended["error"]
    heads = set()
    choices: dict[int, Said] = {}
    for chunk in events:
        is_chat = chunk["object"] != "text_completion"
        SHAPES.check(chunk, ChatCompletionChunk if is_chat else Completion)
        check_head(chunk)
        heads.add((chunk["id"], chunk["object"], chunk["created"], chunk["model"]))
        if chunk.get("usage") and not mended:
            assert usage and chunk is events[-1], f"nobody asked for {chunk['usage']}, or it comes too soon"
        for choice in chunk["choices"]:
            add = add_delta if is_chat else add_text
            add(choices, choice, mended)
    assert len(heads) <= 1, f"the chunks differ: {heads}"
    if error is None:
        assert choices, "nothing was said"
        for choice in choices.values():
            check_end(choice)
    return [choices[index] for index in sorted(choices)], error


def check_error(body, mended=False):
    """An error object with all its members."""
    assert set(body) == {"error"}, f"an error with {set(body)}"
    error = body["error"]
    assert set(error) == {"message", "type", "param", "code"}, f"an error with {set(error)}"
    assert isinstance(error["message"], str) and error["message"], "an error without a message"
    assert mended or error["type"] in ERROR_TYPES, f"an error of type {error['type']}"
    assert all(error[name] is None or isinstance(error[name], str) for name in ("param", "code"))


def read_events(stream: bytes) -> list:
    assert stream.endswith(b"\n\n"), f"a stream that ends with {stream[-20:]}"
    events = []
    for event in stream[:-2].split(b"\n\n"):
        assert event.startswith(b"data: ") and b"\n" not in event, f"{event} is no event"
        text = event.removeprefix(b"data: ").decode()
        events.append(text if text == "[DONE]" else json.loads(text))
    assert "[DONE]" not in events[:-1], "a stream that goes on after its end"
    return events


def check_head(body):
    assert isinstance(body["id"], str) and body["id"], "no id"
    assert body["created"] > 0, f"created at {body['created']}"
    assert body["model"], "no model"


def check_usage(usage):
    counts = [usage[f"{kind}_tokens"] for kind in ("prompt", "completion", "total")]
    assert all(isinstance(count, int) and count >= 0 for count in counts), usage
    assert counts[0] + counts[1] == counts[2], usage


def check_end(said: Said):
    assert said.finish in FINISH_REASONS, f"finished by {said.finish}"
    assert said.calls or said.finish != "tool_calls", "a tool call that is not there"
    ids = [call["id"] for call in said.calls]
    assert len(ids) == len(set(ids)), f"two tool calls share an id: {ids}"
    for call in said.calls:
        assert call["id"] and call["type"] == "function" and call["name"], call
        # Where the limit was reached, the arguments may stop anywhere.
        assert said.finish == "length" or isinstance(json.loads(call["arguments"]), dict), call


def read_message(choice, mended) -> Said:
    message = choice["message"]
    assert message["role"] == "assistant"
    calls = message.get("tool_calls") or []
    if not mended:
        assert message["refusal"] is None and "prefix" not in message
        assert calls or "tool_calls" not in message, "an empty list of tool calls"
        assert all("index" not in call for call in calls), calls
        assert message["content"] != "" or not calls, "no text beside tool calls is null"
    return Said(
        message["content"] or "",
        message.get("reasoning_content") or "",
        [flat(call) for call in calls],
        choice["finish_reason"],
    )


def read_text(choice) -> Said:
    return Said(content=choice["text"], finish=choice["finish_reason"])


def add_delta(choices, choice, mended):
    delta = choice["delta"]
    said = choices.get(choice["index"])
    if said is None:
        said = choices[choice["index"]] = Said()
        assert mended or delta == {"role": "assistant", "content": ""}, f"a choice starts with {delta}"
    elif not mended:
        assert "role" not in delta, f"the role comes again: {delta}"
        assert "finish_reason" in choice and choice["logprobs"] is None
        assert choice["finish_reason"] is None or delta == {}, f"more comes with the end: {delta}"
        assert delta or choice["finish_reason"], "a chunk without anything"
    assert said.finish is None, f"more comes after the end: {choice}"
    said.content += delta.get("content") or ""
    said.reasoning += delta.get("reasoning_content") or ""
    for piece in delta.get("tool_calls") or ():
        add_call(said.calls, piece)
    said.finish = choice["finish_reason"]


def add_call(calls, piece):
    """The first piece of a call names it, those that follow have its index and more arguments."""
    if piece["index"] == len(calls):
        assert {"index", "id", "type", "function"} == set(piece), f"a call starts with {piece}"
        calls.append(flat(piece))
    else:
        assert piece["index"] < len(calls), f"{piece} follows {len(calls)} calls"
        assert {"index", "function"} == set(piece) and {"arguments"} == set(piece["function"]), piece
        calls[piece["index"]]["arguments"] += piece["function"]["arguments"]


def add_text(choices, choice, mended):
    said = choices.setdefault(choice["index"], Said())
    assert said.finish is None, f"more comes after the end: {choice}"
    said.content += choice["text"]
    said.finish = choice["finish_reason"]


def flat(call):
    return {"id": call["id"], "type": call["type"], **call["function"]}
