"""Amazon Bedrock: Converse and ConverseStream, checked against the service's own model."""

import base64
import json
import struct
import zlib

import botocore.session
from botocore.validate import ParamValidator
from providers.checks import alternate

STREAM_TYPE = "application/vnd.amazon.eventstream"
SERVICE = botocore.session.Session().get_service_model("bedrock-runtime")
CONVERSE = SERVICE.operation_model("Converse")
EVENTS = SERVICE.operation_model("ConverseStream").get_event_stream_output()
FINISH = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "content_filtered",
}


def check_request(body):
    check({"modelId": "m", **body}, CONVERSE.input_shape)
    messages = body["messages"]
    alternate([message["role"] for message in messages], first="user")
    asked = []
    for message in messages:
        assert all(block.get("text") != "" for block in message["content"]), "Bedrock refuses empty text"
        answered = [block["toolResult"]["toolUseId"] for block in message["content"] if "toolResult" in block]
        assert sorted(asked) == sorted(answered), f"results of {answered} follow calls {asked}"
        asked = [block["toolUse"]["toolUseId"] for block in message["content"] if "toolUse" in block]
    used = any("toolUse" in block for message in messages for block in message["content"])
    assert not used or body.get("toolConfig"), "Bedrock wants the tools of a conversation that used some"


def check_answer(body):
    check(body, CONVERSE.output_shape)


def check_event(event):
    """`p` is what events are padded with; no client is told of it."""
    ((kind, payload),) = event.items()
    check({kind: {name: part for name, part in payload.items() if name != "p"}}, EVENTS)


def answer(script, completions=False):
    blocks = [{"reasoningContent": {"reasoningText": {"text": script.thought}}}] if script.reasoning else []
    blocks += [{"text": piece} for piece in script.text]
    blocks += [
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": json.loads(call.whole or "{}")}}
        for call in script.calls
    ]
    return {
        "output": {"message": {"role": "assistant", "content": blocks}},
        "stopReason": FINISH[script.finish],
        "usage": usage(script.usage),
        "metrics": {"latencyMs": 5},
    }


def events(script, completions=False):
    yield {"messageStart": {"role": "assistant"}}
    index = 0
    for pieces, wrap in (
        (script.reasoning, lambda piece: {"reasoningContent": {"text": piece}}),
        (script.text, lambda piece: {"text": piece}),
    ):
        if pieces:
            for piece in pieces:
                yield delta(index, wrap(piece))
            yield {"contentBlockStop": {"contentBlockIndex": index}}
            index += 1
    for call in script.calls:
        start = {"toolUse": {"toolUseId": call.id, "name": call.name}}
        yield {"contentBlockStart": {"contentBlockIndex": index, "start": start}}
        for piece in call.arguments:
            yield delta(index, {"toolUse": {"input": piece}})
        yield {"contentBlockStop": {"contentBlockIndex": index}}
        index += 1
    if script.error:
        yield {"modelStreamErrorException": {"message": script.error}}
        return
    yield {"messageStop": {"stopReason": FINISH[script.finish]}}
    yield {"metadata": {"usage": usage(script.usage), "metrics": {"latencyMs": 5}}}


def frame(event) -> bytes:
    """Bedrock pads its events, so that their length says nothing of their text."""
    ((kind, payload),) = event.items()
    if kind.endswith("Exception"):
        return message(kind, "exception", json.dumps(payload).encode())
    return message(kind, "event", json.dumps({**payload, "p": "abcdefgh"}).encode())


def message(kind, message_type, payload) -> bytes:
    """A message of AWS's event stream: sizes, headers, payload, and a checksum behind each part."""
    named = {
        f":{message_type}-type": kind,
        ":content-type": "application/json",
        ":message-type": message_type,
    }
    headers = b"".join(header(name, value) for name, value in named.items())
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    checked = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return checked + struct.pack(">I", zlib.crc32(checked))


def error(message):
    return {"message": message}


def check(value, shape):
    found = ParamValidator().validate(python(value, shape), shape)
    assert not found.has_errors(), found.generate_report()


def python(value, shape):
    """The value as botocore wants it: bytes where the wire has base64, and only enumerated words."""
    if shape.type_name == "structure" and isinstance(value, dict) and not shape.is_document_type:
        return {
            name: python(part, shape.members[name]) if name in shape.members else part
            for name, part in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [python(part, shape.member) for part in value]
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if getattr(shape, "enum", None):
        assert value in shape.enum, f"{value!r} is none of {shape.enum}"
    return value


def header(name, value):
    return struct.pack(">B", len(name)) + name.encode() + struct.pack(">BH", 7, len(value)) + value.encode()


def delta(index, value):
    return {"contentBlockDelta": {"contentBlockIndex": index, "delta": value}}


def usage(said):
    """What came from the cache is counted apart, and in the total."""
    return {
        "inputTokens": said.prompt - said.cached,
        "outputTokens": said.completion,
        "totalTokens": said.prompt + said.completion,
        "cacheReadInputTokens": said.cached,
    }
