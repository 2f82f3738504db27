"""What the access log says of every provider's answers."""

import json

from matrix import QUESTION, STREAMED, client_of, targets
from providers.script import HELLO, Usage
from targets import SECRETS, speaking


@STREAMED
@targets()
def test_statistics(providers, upstream, target, stream):
    upstream.script(speaking(target, HELLO.but(usage=Usage(2000, 700))))
    client = client_of(providers, target)
    create = client.chat.completions.with_streaming_response.create
    with create(model=target.model, messages=QUESTION, stream=stream) as answer:
        answer.read()
        line = providers.logged(answer.headers["x-request-id"])
    said = line["ai"]["proxy"]
    meta, usage, payload = said["meta"], said["usage"], said["payload"]
    assert (meta["provider_name"], meta["request_model"]) == (target.provider, target.model)
    told = "model" in json.dumps(target.sdk.answer(HELLO))
    assert meta["response_model"] == (HELLO.model if told else target.model)
    assert meta["llm_latency"] >= 0
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (2000, 700, 2700)
    assert usage["cost"] == (2000 * 2 + 700 * 10) / 1_000_000
    assert usage["time_per_token"] == meta["llm_latency"] / 700
    assert HELLO.content in scalars_of(payload["response"])
    assert "Say hello." in payload["request"]
    assert not [secret for secret in SECRETS.values() if secret.removeprefix("Bearer ") in json.dumps(line)]


def scalars_of(text):
    """The text of a logged answer, escapes undone."""
    return json.loads(text)["choices"][0]["message"]["content"]


@targets()
def test_an_error_is_logged_too(providers, upstream, target):
    upstream.script(lambda exchange: exchange.respond(429, target.sdk.error("It is so.")))
    client = client_of(providers, target)
    create = client.chat.completions.with_streaming_response.create
    try:
        with create(model=target.model, messages=QUESTION):
            raise AssertionError("an error is no answer")
    except Exception as error:
        line = providers.logged(error.response.headers["x-request-id"])
    assert (line["response"]["status"], line["upstream_status"]) == (429, 429)
    assert line["ai"]["proxy"]["meta"]["provider_name"] == target.provider
