"""The providers' own SDKs through routes that leave their bodies alone."""

import json

import openai_answers as answers
import pytest
from conftest import CLIENT_KEY
from matrix import STREAMED
from native import SAY_HELLO, SDKS, each_sdk
from providers.script import HELLO, TOOLS
from targets import speaking


def decoded(calls):
    return [(name, json.loads(given) if isinstance(given, str) else given) for name, given in calls]


@STREAMED
@each_sdk
def test_a_question_and_its_answer(providers, upstream, target, tell, stream):
    upstream.script(speaking(target, HELLO))
    told = tell(providers.url, target.model, stream)
    assert told.text == HELLO.content
    assert SAY_HELLO in upstream.request.body.decode()
    assert CLIENT_KEY not in str(upstream.request)


@STREAMED
@pytest.mark.parametrize("target, tell", [sdk for sdk in SDKS if sdk.id != "huggingface"])
def test_calls_of_tools(providers, upstream, target, tell, stream):
    upstream.script(speaking(target, TOOLS))
    told = tell(providers.url, target.model, stream)
    assert decoded(told.calls) == [(call.name, json.loads(call.whole)) for call in TOOLS.calls]


@each_sdk
def test_an_error_is_the_providers_own(providers, upstream, target, tell):
    """An SDK understands no errors but those of its provider."""
    upstream.script(answers.respond(400, target.sdk.error("It is so.")))
    with pytest.raises(Exception, match=r"It is so\."):
        tell(providers.url, target.model, False)
