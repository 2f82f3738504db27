"""What the gateway does not read: uploads, audio, embeddings, each byte for byte."""

import hashlib
import random

import openai_answers as answers
import pytest
from conftest import CLIENT_KEY, SECRETS
from openai import OpenAI
from upstream import sse

# Neither text nor compressible, and more than any buffer on the way holds.
AUDIO = random.Random(7).randbytes(6_000_000)


@pytest.fixture
def client(gateway):
    with OpenAI(base_url=f"{gateway.url}/raw/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        yield client


def same(sent: bytes, expected: bytes):
    """Compares by digest, for a report that can be read."""
    assert (len(sent), hashlib.sha256(sent).digest()) == (len(expected), hashlib.sha256(expected).digest())


def test_an_upload(client, upstream):
    upstream.script(answers.respond(200, {"text": "Hello!"}))
    by_client = {}
    client._client.event_hooks["request"].append(lambda request: by_client.update(body=request.read()))
    answer = client.audio.transcriptions.create(model="whisper-1", file=("me.m4a", AUDIO, "audio/mp4"))
    assert answer.text == "Hello!"
    sent = upstream.request
    assert sent.target == "/v1/audio/transcriptions"
    assert sent.header("content-type").startswith("multipart/form-data; boundary=")
    assert sent.header("authorization") == SECRETS["OPENAI_AUTH_HEADER"]
    assert AUDIO in sent.body
    same(sent.body, by_client["body"])


def test_a_body_of_unknown_length(client, upstream):
    upstream.script(answers.respond(200, {}))
    pieces = (AUDIO[at : at + 50_000] for at in range(0, len(AUDIO), 50_000))
    headers = {"content-type": "application/octet-stream"}
    client._client.put(f"{client.base_url}files/x?a=%2F&b=&a=1", content=pieces, headers=headers)
    sent = upstream.request
    assert (sent.method, sent.target) == ("PUT", "/v1/files/x?a=%2F&b=&a=1")
    same(sent.body, AUDIO)


def test_a_binary_answer(client, upstream):
    upstream.script(answers.respond(200, AUDIO, content_type="audio/mpeg"))
    answer = client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")
    assert answer.response.headers["content-type"] == "audio/mpeg"
    same(answer.content, AUDIO)


def test_a_binary_answer_piece_by_piece(client, upstream):
    steps = answers.Steps()
    pieces = [b"first", b"second", b"third"]

    def answer(exchange):
        exchange.start("audio/mpeg")
        for piece in pieces:
            exchange.send(piece)
            steps.wait()
        exchange.end()

    upstream.script(answer)
    speech = client.audio.speech.with_streaming_response.create(model="tts-1", voice="alloy", input="Hello.")
    with speech as response:
        arrived = response.iter_bytes()
        for piece in pieces:
            assert next(arrived) == piece
            steps.go_on()
        assert list(arrived) == []


def test_embeddings(client, upstream):
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}
    body = {"object": "list", "data": [vector], "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    upstream.script(answers.respond(200, body))
    answer = client.embeddings.create(model="text-embedding-3-small", input="x", encoding_format="float")
    assert answer.data[0].embedding == [0.5, -1.0]
    assert upstream.request.json() == {
        "model": "text-embedding-3-small",
        "input": "x",
        "encoding_format": "float",
    }


def test_the_model_is_named_where_it_is_known(client, upstream):
    upstream.script(answers.respond(200, {"object": "list", "data": []}))
    raw = client.moderations.with_raw_response.create(model="omni-moderation-latest", input="x")
    assert raw.headers["x-kong-llm-model"] == "openai/omni-moderation-latest"
    raw = client.models.with_raw_response.list()
    assert "x-kong-llm-model" not in raw.headers
    assert (upstream.requests[-1].method, upstream.requests[-1].target) == ("GET", "/v1/models")


def test_responses_stream_through(client, upstream):
    """An API that the gateway knows nothing of: named events pass as they are."""

    def answer(exchange):
        exchange.start()
        for kind in ("response.created", "response.output_text.delta", "response.completed"):
            event = {"type": kind, "delta": "Hello!", "sequence_number": 0}
            exchange.send(f"event: {kind}\n".encode() + sse(event))
        exchange.end()

    upstream.script(answer)
    events = list(client.responses.create(model="gpt-4o", input="Say hello.", stream=True))
    assert [event.type for event in events][1:2] == ["response.output_text.delta"]
    assert events[1].delta == "Hello!"
