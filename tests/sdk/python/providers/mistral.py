"""Mistral: chat completions."""

import re

from mistralai.client.models import (
    ChatCompletionRequest,
    ChatCompletionResponse,
    ChatCompletionStreamRequest,
    CompletionChunk,
)
from providers import openai
from providers.openai import DONE
from shapes import Shapes

STREAM_TYPE = "text/event-stream"
frame = openai.frame
SHAPES = Shapes()
CALL_ID = re.compile(r"[A-Za-z0-9]{9}")


def check_request(body):
    SHAPES.check(body, ChatCompletionStreamRequest if body.get("stream") else ChatCompletionRequest)
    for message in body["messages"]:
        ids = [call["id"] for call in message.get("tool_calls") or ()]
        ids += [message["tool_call_id"]] if "tool_call_id" in message else []
        assert all(CALL_ID.fullmatch(each) for each in ids), f"Mistral refuses these ids: {ids}"


def check_answer(body):
    SHAPES.check(body, ChatCompletionResponse)


def check_event(event):
    if event != DONE and "error" not in event and event.get("object") != "error":
        SHAPES.check(event, CompletionChunk)


def answer(script, completions=False):
    """Reasoning makes a list of the content."""
    said = openai.answer(script)
    (choice,) = said["choices"]
    message = {"role": "assistant", "content": content(script) if script.reasoning else script.content}
    if script.calls:
        message["tool_calls"] = [tool_call(index, call) for index, call in enumerate(script.calls)]
    choice = {"index": 0, "message": message, "finish_reason": choice["finish_reason"]}
    return {**said, "choices": [choice], "usage": usage(script.usage)}


def events(script, completions=False):
    """The last chunk has usage and finish reason, and a tool call comes at once."""
    yield chunk(script, {"role": "assistant", "content": ""})
    for piece in script.reasoning:
        yield chunk(script, {"content": [thinking(piece)]})
    for piece in script.text:
        yield chunk(script, {"content": piece})
    if script.error:
        yield {
            "object": "error",
            "message": script.error,
            "type": "internal_error",
            "param": None,
            "code": "3000",
        }
        return
    end = {"content": ""}
    if script.calls:
        end["tool_calls"] = [tool_call(index, call) for index, call in enumerate(script.calls)]
    yield chunk(script, end, script.finish) | {"usage": usage(script.usage)}
    yield DONE


def error(message):
    return {"object": "error", "message": message, "type": "some_error", "param": None, "code": "1000"}


def chunk(script, delta, finish=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**openai.head(script, "chat.completion.chunk"), "choices": [choice]}


def content(script):
    return [thinking(script.thought), *({"type": "text", "text": piece} for piece in script.text)]


def thinking(text):
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def tool_call(index, call):
    function = {"name": call.name, "arguments": call.whole}
    return {"id": call.id, "type": "function", "function": function, "index": index}


def usage(said):
    return {
        "prompt_tokens": said.prompt,
        "completion_tokens": said.completion,
        "total_tokens": said.prompt + said.completion,
    }
