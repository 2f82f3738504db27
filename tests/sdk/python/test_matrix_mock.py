"""`--mock`: every provider, whole and streamed, without a key, an environment or a network."""

import json

import pytest
from conftest import configuration
from gateway import Gateway
from matrix import QUESTION, STREAMED, ask, client_of, complete, targets
from native import each_sdk
from test_matrix_tools import OFFER, result


@pytest.fixture(scope="module")
def mocked(tmp_path_factory):
    gateway = Gateway(
        configuration("providers.yaml", tmp_path_factory.mktemp("mock"), "http://127.0.0.1:9"), "--mock"
    )
    yield gateway
    gateway.stop()


@STREAMED
@targets()
def test_a_question_and_its_answer(mocked, target, stream):
    (said,) = ask(mocked, target, stream)
    assert said.content and said.finish == "stop"


@targets()
def test_a_stream_says_what_the_whole_answer_does(mocked, target):
    options = {"stream_options": {"include_usage": True}}
    (whole,), (streamed,) = ask(mocked, target), ask(mocked, target, stream=True, **options)
    assert whole.content == streamed.content


@STREAMED
@targets()
def test_a_completion(mocked, target, stream):
    (said,) = complete(mocked, target, stream)
    assert said.content and said.finish == "stop"


@STREAMED
@targets("tools", "choices")
def test_a_round_trip(mocked, target, stream):
    client = client_of(mocked, target)
    ask_for_a_call = {"model": target.model, "tools": OFFER, "tool_choice": "required"}
    if stream:
        with client.chat.completions.stream(messages=QUESTION, **ask_for_a_call) as answer:
            choice = answer.get_final_completion().choices[0]
    else:
        choice = client.chat.completions.create(messages=QUESTION, **ask_for_a_call).choices[0]
    assert choice.finish_reason == "tool_calls"
    call = choice.message.tool_calls[0]
    assert call.function.name in ("add", "look_up") and isinstance(json.loads(call.function.arguments), dict)
    messages = [*QUESTION, choice.message, result(call, "3")]
    answer = client.chat.completions.create(model=target.model, tools=OFFER, messages=messages)
    assert answer.choices[0].message.content


@STREAMED
@each_sdk
def test_the_providers_own_sdk(mocked, target, tell, stream):
    told = tell(mocked.url, target.model, stream)
    assert told.text or told.calls
