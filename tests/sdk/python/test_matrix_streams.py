"""Streams of every provider: event by event, however their bytes are cut."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import openai
import openai_answers as answers
import pytest
from matrix import QUESTION, ask, client_of, complete, targets
from providers.script import HELLO, TOOLS
from targets import TARGETS, speaking
from upstream import PATIENCE

USAGE = {"stream_options": {"include_usage": True}}


@targets()
def test_each_piece_arrives_before_the_next_is_sent(providers, upstream, target):
    steps = answers.Steps()

    def answer(exchange):
        exchange.start(target.sdk.STREAM_TYPE)
        for event in target.sdk.events(HELLO):
            exchange.send(target.sdk.frame(event))
            # Whatever the event is called: the model said something in it.
            if any(json.dumps(text) in json.dumps(event) for text in HELLO.text) and "done" not in event:
                steps.wait()
        exchange.end()

    upstream.script(answer)
    client = client_of(providers, target)
    stream = client.chat.completions.create(model=target.model, messages=QUESTION, stream=True)
    pieces = (piece for chunk in stream if chunk.choices and (piece := chunk.choices[0].delta.content))
    for text in HELLO.text:
        assert next(pieces) == text
        steps.go_on()
    assert list(pieces) == []


@pytest.mark.parametrize("cut", [1, 7, 100_000])
@targets()
def test_bytes_cut_anywhere(providers, upstream, target, cut):
    script = HELLO if "tools" in target.lacks else TOOLS.but(text=HELLO.text)
    upstream.script(speaking(target, script, cut=cut))
    (said,) = ask(providers, target, stream=True, **USAGE)
    assert said.content == script.content
    assert [json.loads(call["arguments"]) for call in said.calls] == [
        json.loads(call.whole) for call in script.calls
    ]


@targets()
def test_a_completion_with_usage(providers, upstream, target):
    upstream.script(speaking(target, HELLO, completions=True))
    (said,) = complete(providers, target, stream=True, **USAGE)
    assert said.content == HELLO.content


@targets()
def test_what_the_sdk_puts_together(providers, upstream, target):
    """The SDK's own reading of a stream is what it would get whole."""
    script = HELLO if "tools" in target.lacks else TOOLS.but(text=HELLO.text)
    upstream.script(speaking(target, script))
    client = client_of(providers, target)
    with client.chat.completions.stream(model=target.model, messages=QUESTION, **USAGE) as stream:
        answer = stream.get_final_completion()
    (choice,) = answer.choices
    assert (choice.message.content, choice.finish_reason) == (script.content, script.finish)
    assert [call.function.name for call in choice.message.tool_calls or ()] == [
        call.name for call in script.calls
    ]
    assert answer.usage.total_tokens == 27


@targets()
def test_an_error_within_a_stream_is_raised(providers, upstream, target):
    upstream.script(speaking(target, HELLO.but(error="the model is overloaded")))
    client = client_of(providers, target)
    stream = client.chat.completions.create(model=target.model, messages=QUESTION, stream=True)
    said = ""
    with pytest.raises(openai.APIError, match="the model is overloaded"):
        for chunk in stream:
            said += chunk.choices[0].delta.content or ""
    assert said == HELLO.content


@targets()
def test_a_stream_that_breaks_off_is_an_error(providers, upstream, target):
    def answer(exchange):
        exchange.start(target.sdk.STREAM_TYPE)
        # The last event is where the end would be, and the one before may have said so.
        for event in list(target.sdk.events(HELLO))[:2]:
            exchange.send(target.sdk.frame(event))
        started.wait()
        exchange.abort()

    started = answers.Steps()
    upstream.script(answer)
    client = client_of(providers, target)
    stream = client.chat.completions.create(model=target.model, messages=QUESTION, stream=True)
    next(stream)
    started.go_on()
    with pytest.raises(openai.APIError):
        list(stream)


@targets()
def test_a_client_that_closes_the_stream_stops_the_upstream(providers, upstream, target):
    def answer(exchange):
        exchange.start(target.sdk.STREAM_TYPE)
        for event in list(target.sdk.events(HELLO))[:2]:
            exchange.send(target.sdk.frame(event))
        exchange.client_leaves()
        stopped.go_on()

    stopped = answers.Steps()
    upstream.script(answer)
    client = client_of(providers, target)
    stream = client.chat.completions.create(model=target.model, messages=QUESTION, stream=True)
    next(stream)
    stream.close()
    stopped.wait()


def test_streams_of_all_providers_side_by_side(providers, upstream):
    """Each client gets its own provider's words, while all streams are open."""
    by_path = {target.target(stream=True, completions=False): target for target in TARGETS}
    together = 3 * list(by_path)
    all_there = threading.Barrier(len(together))

    def answer(exchange):
        path = exchange.request.target
        all_there.wait(PATIENCE)
        speaking(by_path[path], HELLO.but(text=(path, "!")))(exchange)

    upstream.script(answer)
    with ThreadPoolExecutor(len(together)) as pool:
        said = list(pool.map(lambda path: ask(providers, by_path[path], stream=True)[0].content, together))
    assert said == [f"{path}!" for path in together]
