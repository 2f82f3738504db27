"""Gemini: generateContent, as the public API and Vertex AI speak it."""

import json

from google.genai import types
from providers.checks import alternate
from shapes import Shapes
from typing_extensions import TypedDict

STREAM_TYPE = "text/event-stream"
SHAPES = Shapes()
FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY"}


class GenerateContentRequest(TypedDict, total=False):
    """The body, which the SDK puts together from these without having a type for it."""

    contents: list[types.Content]
    systemInstruction: types.Content
    tools: list[types.Tool]
    toolConfig: types.ToolConfig
    safetySettings: list[types.SafetySetting]
    generationConfig: types.GenerationConfig
    cachedContent: str
    labels: dict[str, str]


def check_request(body):
    SHAPES.check(body, GenerateContentRequest)
    contents = body["contents"]
    alternate([content["role"] for content in contents])
    assert {content["role"] for content in contents} <= {"user", "model"}, "a turn of a role of its own"
    asked = []
    for content in contents:
        assert content["parts"], "Gemini refuses a turn without parts"
        answered = [
            part["functionResponse"]["name"] for part in content["parts"] if "functionResponse" in part
        ]
        assert asked == answered, f"results of {answered} follow calls of {asked}"
        asked = [part["functionCall"]["name"] for part in content["parts"] if "functionCall" in part]
    assert len(body.get("generationConfig", {}).get("stopSequences", ())) <= 5


def check_answer(body):
    """A server that was asked for a stream may give all of it at once, as a list."""
    for each in body if isinstance(body, list) else [body]:
        SHAPES.check(each, types.GenerateContentResponse)


def check_event(event):
    if "error" not in event:
        check_answer(event)


def answer(script, completions=False):
    parts = [*thoughts(script.reasoning), *texts(script.text), *map(function_call, script.calls)]
    return response(script, parts, FINISH[script.finish], usage(script.usage))


def events(script, completions=False):
    """Each event is an answer of its own with what is new; the usage so far is in all of them."""
    so_far = {"promptTokenCount": script.usage.prompt, "totalTokenCount": script.usage.prompt}
    for part in [*thoughts(script.reasoning), *texts(script.text), *map(function_call, script.calls)]:
        yield response(script, [part], None, so_far)
    if script.error:
        yield {"error": {"code": 503, "message": script.error, "status": "UNAVAILABLE"}}
        return
    yield response(script, [{"text": ""}], FINISH[script.finish], usage(script.usage))


def frame(event) -> bytes:
    return f"data: {json.dumps(event)}\r\n\r\n".encode()


def error(message):
    return {"error": {"code": 400, "message": message, "status": "SOME_STATUS", "details": []}}


def response(script, parts, finish, usage_metadata):
    candidate = {"content": {"parts": parts, "role": "model"}, "index": 0}
    return {
        "candidates": [candidate | ({"finishReason": finish} if finish else {})],
        "usageMetadata": usage_metadata,
        "modelVersion": script.model,
        "responseId": "r-1",
    }


def thoughts(pieces):
    return [{"text": piece, "thought": True} for piece in pieces]


def texts(pieces):
    return [{"text": piece} for piece in pieces]


def function_call(call):
    return {"functionCall": {"name": call.name, "args": json.loads(call.whole or "{}")}}


def usage(said):
    return {
        "promptTokenCount": said.prompt,
        "cachedContentTokenCount": said.cached,
        "candidatesTokenCount": said.completion - said.reasoning,
        "thoughtsTokenCount": said.reasoning,
        "totalTokenCount": said.prompt + said.completion,
    }
