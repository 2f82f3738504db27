"""Streams: every event as soon as it is there, and nothing read for a client that has left."""

import asyncio
import gzip

import openai
import openai_answers as answers
import pytest
from conftest import CLIENT_KEY
from openai import AsyncOpenAI
from upstream import PATIENCE, sse

QUESTION = [{"role": "user", "content": "Say hello."}]
WORDS = ["one", "two", "three"]


def one_by_one(steps):
    """Sends the next event only once the client has shown that it has the one before."""

    def answer(exchange):
        exchange.start()
        for word in WORDS:
            exchange.event(answers.chunk({"content": word}))
            steps.wait()
        exchange.event(answers.chunk(finish_reason="stop"))
        exchange.event("[DONE]")
        exchange.end()

    return answer


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def test_each_event_arrives_before_the_next_is_sent(client, upstream):
    steps = answers.Steps()
    upstream.script(one_by_one(steps))
    stream = client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)
    for word in WORDS:
        assert next(stream).choices[0].delta.content == word
        steps.go_on()
    assert next(stream).choices[0].finish_reason == "stop"
    assert list(stream) == []


def test_each_event_arrives_before_the_next_is_sent_async(gateway, upstream):
    steps = answers.Steps()
    upstream.script(one_by_one(steps))

    async def read():
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
            seen = []
            async for chunk in await client.chat.completions.create(
                model="gpt-4o", messages=QUESTION, stream=True
            ):
                seen.append(chunk.choices[0].delta.content)
                steps.go_on()
            return seen

    assert asyncio.run(read()) == [*WORDS, None]


def test_the_headers_of_a_stream(client, upstream):
    upstream.script(answers.chat)
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=QUESTION, stream=True)
    assert raw.headers["content-type"].startswith("text/event-stream")
    assert raw.headers["cache-control"] == "no-cache"
    assert raw.headers["x-kong-llm-model"] == "openai/gpt-4o"
    assert raw.headers["x-request-id"]
    assert "content-length" not in raw.headers
    assert text(raw.parse()) == "Hello!"
    assert upstream.request.header("accept-encoding") == "identity"


def test_usage_that_was_not_asked_for_is_not_seen(client, upstream):
    upstream.script(answers.chat)
    chunks = list(client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True))
    assert all(chunk.choices and "usage" not in chunk.to_dict() for chunk in chunks)
    assert text(chunks) == "Hello!"
    # The gateway asks for its statistics.
    assert upstream.request.json()["stream_options"] == {"include_usage": True}


def test_usage_that_was_asked_for_is_seen(client, upstream):
    upstream.script(answers.chat)
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True, stream_options=options)
    )
    assert chunks[-1].usage.total_tokens == 12 and chunks[-1].choices == []
    assert all(chunk.to_dict()["usage"] is None for chunk in chunks[:-1])


def test_nothing_is_asked_for_without_statistics(client, gateway, upstream):
    upstream.script(answers.chat)
    quiet = client.with_options(base_url=f"{gateway.url}/quiet")
    assert text(quiet.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)) == "Hello!"
    assert "stream_options" not in upstream.request.json()


def test_a_tool_call_in_pieces(client, upstream):
    def piece(**members):
        return answers.chunk({"tool_calls": [{"index": 0, **members}]})

    def answer(exchange):
        exchange.start()
        function = {"name": "add", "arguments": ""}
        exchange.event(piece(id="call_1", type="function", function=function))
        for arguments in ('{"a":', "1", "}"):
            exchange.event(piece(function={"arguments": arguments}))
        exchange.event(answers.chunk(finish_reason="tool_calls"))
        exchange.event("[DONE]")
        exchange.end()

    upstream.script(answer)
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
    with client.chat.completions.stream(model="gpt-4o", messages=QUESTION, tools=tools) as stream:
        call = stream.get_final_completion().choices[0].message.tool_calls[0]
    assert (call.id, call.function.name, call.function.arguments) == ("call_1", "add", '{"a":1}')


@pytest.mark.parametrize("end", ["\n\n", "\r\n\r\n", "\r\r"])
def test_events_cut_anywhere(client, upstream, end):
    """However the upstream ends lines and cuts its bytes, every event is whole."""
    events = [sse(answers.chunk({"content": word}), end) for word in ["é", "\U0001f600", "x"]]
    whole = b"".join([*events, f": a comment{end}".encode(), sse("[DONE]", end)])

    def answer(exchange):
        exchange.start()
        for byte in whole:
            exchange.send(bytes([byte]))
        exchange.end()

    upstream.script(answer)
    stream = client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)
    assert text(stream) == "é\U0001f600x"


def test_a_compressed_stream(client, upstream):
    whole = sse(answers.chunk({"content": "zipped"})) + sse("[DONE]")

    def answer(exchange):
        exchange.start(headers=[("content-encoding", "gzip")])
        exchange.send(gzip.compress(whole))
        exchange.end()

    upstream.script(answer)
    stream = client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)
    assert text(stream) == "zipped"


def test_an_error_within_a_stream_is_raised(client, upstream):
    def answer(exchange):
        exchange.start()
        exchange.event(answers.chunk({"content": "one"}))
        error = {"message": "overloaded", "type": "server_error", "code": None, "param": None}
        exchange.event({"error": error})
        exchange.end()

    upstream.script(answer)
    stream = client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)
    assert next(stream).choices[0].delta.content == "one"
    with pytest.raises(openai.APIError, match="overloaded") as raised:
        next(stream)
    assert raised.value.type == "server_error"


@pytest.mark.parametrize("break_off", ["abort", "hang"])
def test_a_stream_that_breaks_off_is_an_error(client, gateway, upstream, break_off):
    """A client must be able to tell a stream that ended from one that broke."""

    def answer(exchange):
        exchange.start()
        exchange.event(answers.chunk({"content": "one"}))
        steps.wait()
        exchange.abort() if break_off == "abort" else exchange.client_leaves()

    steps = answers.Steps()
    upstream.script(answer)
    impatient = client.with_options(base_url=f"{gateway.url}/impatient")
    stream = impatient.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)
    assert next(stream).choices[0].delta.content == "one"
    steps.go_on()
    with pytest.raises(openai.APIError) as raised:
        next(stream)
    assert raised.value.type == ("server_error" if break_off == "abort" else "timeout_error")


def test_a_client_that_closes_the_stream_stops_the_upstream(client, upstream):
    stopped = answers.Steps()

    def answer(exchange):
        exchange.start()
        exchange.event(answers.chunk({"content": "one"}))
        exchange.client_leaves()
        stopped.go_on()

    upstream.script(answer)
    stream = client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)
    next(stream)
    stream.close()
    stopped.wait()


@pytest.mark.parametrize("started", [True, False], ids=["within the stream", "before the first byte"])
def test_a_cancelled_task_stops_the_upstream(gateway, upstream, started):
    reached, stopped = answers.Steps(), answers.Steps()

    def answer(exchange):
        if started:
            exchange.start()
            exchange.event(answers.chunk({"content": "one"}))
        else:
            reached.go_on()
        exchange.client_leaves()
        stopped.go_on()

    async def ask(client):
        async for _ in await client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True):
            reached.go_on()

    async def leave():
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
            task = asyncio.create_task(ask(client))
            await asyncio.to_thread(reached.wait)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.to_thread(stopped.wait)

    upstream.script(answer)
    asyncio.run(asyncio.wait_for(leave(), 2 * PATIENCE))


def test_streams_side_by_side(gateway, upstream):
    """Each of many streams gets its own events, in order, while all are open."""
    together = 20

    def answer(exchange):
        name = exchange.request.json()["user"]
        exchange.start()
        for number in range(5):
            exchange.event(answers.chunk({"content": f"{name}:{number}"}))
            all_have[number].wait()
        exchange.event("[DONE]")
        exchange.end()

    class AllHave:
        """Opens once every client has an event."""

        def __init__(self):
            self.clients = 0
            self.steps = answers.Steps()
            self.wait = self.steps.wait

        def one_more(self):
            self.clients += 1
            if self.clients == together:
                for _ in range(together):
                    self.steps.go_on()

    all_have = [AllHave() for _ in range(5)]

    async def read(client, name):
        seen = []
        async for chunk in await client.chat.completions.create(
            model="gpt-4o", messages=QUESTION, stream=True, user=name
        ):
            seen.append(chunk.choices[0].delta.content)
            all_have[len(seen) - 1].one_more()
        return seen

    async def read_all(names):
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
            return await asyncio.gather(*(read(client, name) for name in names))

    upstream.script(answer)
    names = [f"client-{number}" for number in range(together)]
    seen = asyncio.run(asyncio.wait_for(read_all(names), 2 * PATIENCE))
    assert seen == [[f"{name}:{number}" for number in range(5)] for name in names]
