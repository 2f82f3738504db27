"""Ollama: chat and generate."""

import json

from ollama._types import (
    ChatRequest,
    ChatResponse,
    GenerateRequest,
    GenerateResponse,
    Image,
    Message,
    Options,
    Tool,
)
from shapes import Shapes

STREAM_TYPE = "application/x-ndjson"

# The server's own declarations (api/types.go) say more than the SDK's.
SHAPES = Shapes(
    also={
        Message: {"tool_call_id": str},
        Message.ToolCall: {"id": str},
        Message.ToolCall.Function: {"index": int},
    },
    sent_as={Image: bytes, Tool.Function.Parameters: dict},
)


def check_request(body):
    SHAPES.check(body, GenerateRequest if "prompt" in body else ChatRequest)
    assert isinstance(body.get("stream"), bool), "without `stream` Ollama streams"
    SHAPES.check(body.get("options", {}), Options)
    for message in body.get("messages", ()):
        SHAPES.check(message, Message)
        assert "content" in message


def check_answer(body):
    SHAPES.check(body, GenerateResponse if "response" in body else ChatResponse)


def check_event(event):
    if "error" not in event:
        check_answer(event)


def answer(script, completions=False):
    said = {"response": script.content} if completions else {"message": message(script, script.content)}
    return {**head(script), **said, **end(script)}


def events(script, completions=False):
    def line(text="", **members):
        said = {"response": text, **members} if completions else {"message": message(None, text, **members)}
        return {**head(script), **said, "done": False}

    for piece in script.reasoning:
        yield line(thinking=piece)
    for piece in script.text:
        yield line(piece)
    for call in script.calls:
        yield line(tool_calls=[tool_call(call)])
    yield {"error": script.error} if script.error else {**line(), **end(script)}


def frame(event) -> bytes:
    """As Go writes JSON: of all that is not ASCII, only these two are escaped."""
    text = json.dumps(event, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return text.encode() + b"\n"


def error(message):
    return {"error": message}


def head(script):
    return {"model": script.model, "created_at": "2023-11-14T22:13:20.123456789Z"}


def message(script, text, **members):
    said = {"role": "assistant", "content": text, **members}
    if script and script.reasoning:
        said["thinking"] = script.thought
    if script and script.calls:
        said["tool_calls"] = [tool_call(call) for call in script.calls]
    return said


def tool_call(call):
    return {"function": {"name": call.name, "arguments": json.loads(call.whole or "{}")}}


def end(script):
    return {
        "done": True,
        "done_reason": "length" if script.finish == "length" else "stop",
        "total_duration": 5,
        "prompt_eval_count": script.usage.prompt,
        "eval_count": script.usage.completion,
    }
