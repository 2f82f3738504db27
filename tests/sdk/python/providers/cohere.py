"""Cohere: Chat, version 2."""

import json

from cohere import V2ChatResponse, V2ChatStreamResponse
from cohere.v2.raw_client import RawV2Client
from shapes import Call, Shapes

STREAM_TYPE = "text/event-stream"
SHAPES = Shapes()
REQUEST = Call(RawV2Client.chat, without=("request_options",), stream=bool)
LIMITS = {"p": (0.01, 0.99), "k": (0, 500), "frequency_penalty": (0, 1), "presence_penalty": (0, 1)}
FINISH = {"stop": "COMPLETE", "length": "MAX_TOKENS", "tool_calls": "TOOL_CALL"}


def check_request(body):
    SHAPES.check(body, REQUEST)
    for name, (least, most) in LIMITS.items():
        assert least <= body.get(name, least) <= most, f"{name} is {body[name]}, not {least} to {most}"
    assert len(body.get("stop_sequences", ())) <= 5, "Cohere takes five stop sequences"
    assert not ("tools" in body and "response_format" in body), "Cohere takes tools or a format, not both"
    asked = set()
    for message in body["messages"]:
        asked |= {call["id"] for call in message.get("tool_calls") or ()}
        assert message.get("tool_call_id") in {None, *asked}, f"nobody called {message}"


def check_answer(body):
    SHAPES.check(body, V2ChatResponse)


def check_event(event):
    SHAPES.check(event, V2ChatStreamResponse)


def answer(script, completions=False):
    content = [{"type": "thinking", "thinking": script.thought}] if script.reasoning else []
    content += [{"type": "text", "text": piece} for piece in script.text]
    message = {"role": "assistant"} | ({"content": content} if content else {})
    if script.calls:
        message["tool_calls"] = [tool_call(call, call.whole) for call in script.calls]
    return {
        "id": "c-1",
        "finish_reason": FINISH[script.finish],
        "message": message,
        "usage": usage(script.usage),
    }


def events(script, completions=False):
    yield {"type": "message-start", "id": "c-1", "delta": {"message": {"role": "assistant"}}}
    index = 0
    for kind, pieces in (("thinking", script.reasoning), ("text", script.text)):
        if pieces:
            start = {"message": {"content": {"type": kind, kind: ""}}}
            yield {"type": "content-start", "index": index, "delta": start}
            for piece in pieces:
                yield {
                    "type": "content-delta",
                    "index": index,
                    "delta": {"message": {"content": {kind: piece}}},
                }
            yield {"type": "content-end", "index": index}
            index += 1
    for at, call in enumerate(script.calls):
        yield tool_event("tool-call-start", at, tool_call(call, ""))
        for piece in call.arguments:
            yield tool_event("tool-call-delta", at, {"function": {"arguments": piece}})
        yield {"type": "tool-call-end", "index": at}
    if script.error:
        yield {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": script.error}}
        return
    end = {"finish_reason": FINISH[script.finish], "usage": usage(script.usage)}
    yield {"type": "message-end", "delta": end}


def frame(event) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def error(message):
    return {"message": message, "id": "e-1"}


def tool_event(kind, index, call):
    return {"type": kind, "index": index, "delta": {"message": {"tool_calls": call}}}


def tool_call(call, arguments):
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def usage(said):
    tokens = {"input_tokens": float(said.prompt), "output_tokens": float(said.completion)}
    return {"billed_units": {"input_tokens": 1.0, "output_tokens": 1.0}, "tokens": tokens}
