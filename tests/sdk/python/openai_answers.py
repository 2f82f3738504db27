"""What OpenAI's API answers, as far as the tests need it."""

import threading

from upstream import PATIENCE, Exchange

USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}


def completion(content="Hello!", **message):
    """A whole chat completion."""
    finish_reason = "tool_calls" if "tool_calls" in message else "stop"
    message = {"role": "assistant", "content": content, "refusal": None, **message}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o-2024-11-20",
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish_reason}],
        "usage": USAGE,
    }


def chunk(delta=None, finish_reason=None, **members):
    """A chunk of a streamed chat completion."""
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": finish_reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4o-2024-11-20",
        "choices": [choice],
        **members,
    }


def chat(exchange: Exchange):
    """Answers any chat request, with a stream if one is asked for."""
    request = exchange.request.json()
    if not request.get("stream"):
        exchange.respond(body=completion(), headers=[("x-request-id", "req_upstream")])
        return
    # Asked for usage, OpenAI says `null` in every chunk but the last.
    asked = (request.get("stream_options") or {}).get("include_usage")
    usage = {"usage": None} if asked else {}
    exchange.start()
    exchange.event(chunk({"role": "assistant", "content": ""}, **usage))
    for word in ("Hel", "lo", "!"):
        exchange.event(chunk({"content": word}, **usage))
    exchange.event(chunk(finish_reason="stop", **usage))
    if asked:
        exchange.event({**chunk(), "choices": [], "usage": USAGE})
    exchange.event("[DONE]")
    exchange.end()


def respond(status=200, body=b"", **more):
    """An answer that is always the same."""
    return lambda exchange: exchange.respond(status, body, **more)


def error(status: int, headers=(), **members):
    """An error as OpenAI answers it."""
    members = {"message": f"status {status}", "type": "some_error", "param": None, "code": None, **members}
    return respond(status, {"error": members}, headers=headers)


class Steps:
    """Lets the upstream go on only when the client says so."""

    def __init__(self):
        self._allowed = threading.Semaphore(0)

    def go_on(self):
        self._allowed.release()

    def wait(self):
        assert self._allowed.acquire(timeout=PATIENCE), "the client never got what it waited for"
