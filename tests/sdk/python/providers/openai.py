"""OpenAI: chat completions and completions, which others speak too."""

import json
from typing import Literal

from openai.types import Completion, CompletionChoice
from openai.types import completion_create_params as completions_params
from openai.types.chat import (
    ChatCompletion,
    ChatCompletionAssistantMessageParam,
    ChatCompletionChunk,
    ChatCompletionMessageFunctionToolCallParam,
    ChatCompletionToolMessageParam,
)
from openai.types.chat import chat_completion_message_function_tool_call_param as chat_function
from openai.types.chat import completion_create_params as chat_params
from shapes import Shapes

STREAM_TYPE = "text/event-stream"
DONE = "[DONE]"

# Accepted by the servers that speak OpenAI's format without being OpenAI.
TOP_K = {"top_k": int}

# The SDK sends its own messages back with more than it declares.
SENT_BACK = {"annotations": None, "parsed": None, "tool_calls": list | None}

# In a stream of completions the reason comes with the last chunk; the SDK takes the chunks for whole answers.
STREAMED_TEXT = {CompletionChoice: {"finish_reason": Literal["stop", "length", "content_filter"] | None}}
SHAPES = Shapes(
    also={
        chat_params.CompletionCreateParamsNonStreaming: TOP_K,
        chat_params.CompletionCreateParamsStreaming: TOP_K,
        ChatCompletionAssistantMessageParam: SENT_BACK,
        # What had a name as the result of a function keeps it.
        ChatCompletionToolMessageParam: {"name": str},
        ChatCompletionMessageFunctionToolCallParam: {"index": int},
        chat_function.Function: {"parsed_arguments": object},
        **STREAMED_TEXT,
    }
)


def check_request(body):
    params = completions_params if "prompt" in body else chat_params
    streaming = params.CompletionCreateParamsStreaming, params.CompletionCreateParamsNonStreaming
    SHAPES.check(body, streaming[0 if body.get("stream") else 1])


def check_answer(body):
    SHAPES.check(body, Completion if body["object"] == "text_completion" else ChatCompletion)


def check_event(event):
    if event != DONE and "error" not in event:
        SHAPES.check(event, Completion if event["object"] == "text_completion" else ChatCompletionChunk)


def answer(script, completions=False):
    if completions:
        return {**text_chunk(script, script.content, script.finish), "usage": usage(script.usage)}
    message = {"role": "assistant", "content": script.content or None, "refusal": None}
    if script.calls:
        message["tool_calls"] = [tool_call(call, call.whole) for call in script.calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": script.finish}
    return {**head(script, "chat.completion"), "choices": [choice], "usage": usage(script.usage)}


def events(script, completions=False):
    piece = text_chunk if completions else chunk
    if completions:
        yield from (text_chunk(script, text) for text in script.text)
    else:
        yield chunk(script, {"role": "assistant", "content": ""})
        yield from (chunk(script, {"content": text}) for text in script.text)
    for index, call in enumerate(script.calls):
        yield chunk(script, {"tool_calls": [{"index": index, **tool_call(call, "")}]})
        for text in call.arguments:
            yield chunk(script, {"tool_calls": [{"index": index, "function": {"arguments": text}}]})
    if script.error:
        yield {"error": {"message": script.error, "type": "server_error", "param": None, "code": None}}
        return
    end = piece(script, "" if completions else {}, script.finish)
    yield end
    yield {**end, "choices": [], "usage": usage(script.usage)}
    yield DONE


def frame(event) -> bytes:
    return f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode()


def error(message):
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None}}


def head(script, kind):
    return {"id": "chatcmpl-1", "object": kind, "created": 1700000000, "model": script.model}


def chunk(script, delta, finish=None):
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    return {**head(script, "chat.completion.chunk"), "choices": [choice]}


def text_chunk(script, text, finish=None):
    choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish}
    return {**head(script, "text_completion"), "choices": [choice]}


def tool_call(call, arguments):
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def usage(said):
    return {
        "prompt_tokens": said.prompt,
        "completion_tokens": said.completion,
        "total_tokens": said.prompt + said.completion,
        "prompt_tokens_details": {"cached_tokens": said.cached},
        "completion_tokens_details": {"reasoning_tokens": said.reasoning},
    }
