"""What the tests of all providers share: how they ask, and what they parametrise over."""

import contract
import pytest
from conftest import CLIENT_KEY
from openai import OpenAI
from targets import TARGETS, scalars

QUESTION = [{"role": "user", "content": "Say hello."}]
STREAMED = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def over(chosen):
    return pytest.mark.parametrize("target", chosen, ids=str)


def targets(*needs):
    """All targets that can carry what a test needs."""
    return over([each for each in TARGETS if each.lacks.isdisjoint(needs)])


def translated(*needs):
    """Those of them that have an API of their own."""
    return over([each for each in TARGETS if each.lacks.isdisjoint(needs) and not each.mended])


def without(need):
    """All targets that cannot carry something."""
    return over([each for each in TARGETS if need in each.lacks])


def only(*names):
    """The targets of these names."""
    chosen = [each for each in TARGETS if each.name in names]
    assert len(chosen) == len(names), f"not all of {names} are targets"
    return over(chosen)


def positions(request, texts):
    """Where each text is in a request's body; it has to be there once."""
    whole = "\n".join(scalars(request.json()))
    for text in texts:
        assert whole.count(text) == 1, f"{text!r} comes {whole.count(text)} times in {whole}"
    return [whole.index(text) for text in texts]


# One pool of connections for all clients; they never try again by themselves.
CLIENT = OpenAI(base_url="http://127.0.0.1:9", api_key=CLIENT_KEY, max_retries=0)


def client_of(gateway, target):
    """A client of a target's routes."""
    return CLIENT.with_options(base_url=f"{gateway.url}/{target.name}")


def ask(gateway, target, stream=False, messages=QUESTION, **members):
    """Asks for a chat with the SDK; gives what its choices say, by the contract with all clients."""
    client = client_of(gateway, target)
    create = client.chat.completions.with_streaming_response.create
    with create(model=target.model, messages=messages, stream=stream, **members) as answer:
        return read(answer, target, stream, members)


def complete(gateway, target, stream=False, prompt="Say hello.", **members):
    """Asks for a completion, as `ask` does for a chat."""
    client = client_of(gateway, target)
    create = client.completions.with_streaming_response.create
    with create(model=target.model, prompt=prompt, stream=stream, **members) as answer:
        return read(answer, target, stream, members)


def read(answer, target, stream, members):
    assert answer.headers["x-kong-llm-model"] == f"{target.provider}/{target.model}"
    assert answer.headers["x-request-id"]
    if not stream:
        assert answer.headers["content-type"].startswith("application/json")
        return contract.check_answer(answer.json(), target.mended)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    usage = (members.get("stream_options") or {}).get("include_usage", False)
    choices, error = contract.check_stream(b"".join(answer.iter_bytes()), usage, target.mended)
    assert error is None, error
    return choices
