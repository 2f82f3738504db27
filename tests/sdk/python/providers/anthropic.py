"""Anthropic: Messages."""

import json

from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.message_create_params import (
    MessageCreateParamsNonStreaming,
    MessageCreateParamsStreaming,
)
from anthropic.types.tool_param import InputSchemaTyped
from providers.checks import alternate
from shapes import Shapes

STREAM_TYPE = "text/event-stream"

# Version 2023-06-01 of the API has them; the SDK has them no more since it speaks a later one.
SAMPLING = {"temperature": float, "top_p": float, "top_k": int}
SHAPES = Shapes(
    also={MessageCreateParamsNonStreaming: SAMPLING, MessageCreateParamsStreaming: SAMPLING},
    # A JSON Schema, of which the SDK declares the beginning.
    sent_as={InputSchemaTyped: dict},
)
FINISH = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def check_request(body):
    SHAPES.check(
        body, MessageCreateParamsStreaming if body.get("stream") else MessageCreateParamsNonStreaming
    )
    assert body["messages"], "Anthropic wants a message"
    alternate([message["role"] for message in body["messages"]])
    asked = {}
    for message in body["messages"]:
        blocks = message["content"] if isinstance(message["content"], list) else []
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        assert sorted(asked) == sorted(answered), f"results of {answered} follow calls {[*asked]}"
        assert all(block.get("text") != "" for block in blocks), "Anthropic refuses empty text"
        kinds = [block["type"] for block in blocks]
        assert kinds[: len(answered)] == ["tool_result"] * len(answered), (
            f"results do not come first: {kinds}"
        )
        asked = {block["id"]: block for block in blocks if block["type"] == "tool_use"}


def check_answer(body):
    SHAPES.check(body, Message)


def check_event(event):
    if event["type"] in ("ping", "error"):
        # The SDK reads these two before it looks at types.
        return
    SHAPES.check(event, RawMessageStreamEvent)


def answer(script, completions=False):
    blocks = (
        [{"type": "thinking", "thinking": script.thought, "signature": "c2ln"}] if script.reasoning else []
    )
    blocks += [{"type": "text", "text": piece, "citations": None} for piece in script.text]
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.whole or "{}")}
        for call in script.calls
    ]
    return {**head(script), "content": blocks, "stop_reason": FINISH[script.finish]}


def events(script, completions=False):
    start = head(script)
    start["usage"] = {**start["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": start}
    yield {"type": "ping"}
    index = 0
    for kind, member, pieces in (
        ("thinking", "thinking", script.reasoning),
        ("text", "text", script.text),
    ):
        if pieces:
            block = {"type": kind, member: ""} | ({"signature": ""} if kind == "thinking" else {})
            yield {"type": "content_block_start", "index": index, "content_block": block}
            for piece in pieces:
                yield delta(index, {"type": f"{kind}_delta", member: piece})
            if kind == "thinking":
                yield delta(index, {"type": "signature_delta", "signature": "c2ln"})
            yield {"type": "content_block_stop", "index": index}
            index += 1
    for call in script.calls:
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for piece in ("", *call.arguments):
            yield delta(index, {"type": "input_json_delta", "partial_json": piece})
        yield {"type": "content_block_stop", "index": index}
        index += 1
    if script.error:
        yield {"type": "error", "error": {"type": "overloaded_error", "message": script.error}}
        return
    end = {"stop_reason": FINISH[script.finish], "stop_sequence": None}
    yield {"type": "message_delta", "delta": end, "usage": {"output_tokens": script.usage.completion}}
    yield {"type": "message_stop"}


def frame(event) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def error(message):
    return {"type": "error", "error": {"type": "some_error", "message": message}, "request_id": "req_1"}


def head(script):
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": script.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": script.usage.prompt - script.usage.cached,
            "cache_read_input_tokens": script.usage.cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": script.usage.completion,
        },
    }


def delta(index, value):
    return {"type": "content_block_delta", "index": index, "delta": value}
