"""Chat, as a client of OpenAI's own API does it."""

import asyncio
import gzip
import json

import openai_answers as answers
import pytest
from conftest import CLIENT_KEY, SECRETS
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

QUESTION = [{"role": "user", "content": "Say hello."}]


def test_a_question_and_its_answer(client, upstream):
    upstream.script(answers.chat)
    answer = client.chat.completions.create(model="gpt-4o", messages=QUESTION, temperature=0.2)
    assert answer.choices[0].message.content == "Hello!"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 12
    assert answer.to_dict() == ChatCompletion(**answers.completion()).to_dict()
    sent = upstream.request
    assert (sent.method, sent.target) == ("POST", "/v1/chat/completions")
    assert sent.json() == {"messages": QUESTION, "model": "gpt-4o", "temperature": 0.2, "stream": False}


def test_the_operators_key_goes_upstream_and_the_clients_does_not(client, upstream):
    upstream.script(answers.chat)
    client.chat.completions.create(
        model="gpt-4o",
        messages=QUESTION,
        extra_headers={"cookie": "a=b", "openai-organization": "theirs", "x-api-key": CLIENT_KEY},
    )
    sent = upstream.request
    assert sent.header("authorization") == SECRETS["OPENAI_AUTH_HEADER"]
    assert sent.header("host") == f"127.0.0.1:{upstream.port}"
    assert CLIENT_KEY not in str(sent.headers)
    assert {name for name, _ in sent.headers}.isdisjoint({"cookie", "openai-organization", "x-api-key"})
    assert not [name for name, _ in sent.headers if name.startswith("x-stainless")]


def test_a_client_may_bring_its_own_key_where_it_is_allowed(client, gateway, upstream):
    upstream.script(answers.chat)
    own = client.with_options(base_url=f"{gateway.url}/own-key")
    own.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert upstream.request.header("authorization") == f"Bearer {CLIENT_KEY}"


def test_the_headers_of_an_answer(client, upstream):
    upstream.script(answers.chat)
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=QUESTION)
    assert raw.headers["x-kong-llm-model"] == "openai/gpt-4o"
    assert raw.headers["x-request-id"] == "req_upstream"
    assert raw.headers["content-type"].startswith("application/json")
    assert raw.parse()._request_id == "req_upstream"


def test_an_answer_without_a_request_id_gets_one(client, upstream):
    upstream.script(answers.respond(200, answers.completion(), headers=[("set-cookie", "a=b")]))
    ids = []
    for _ in range(2):
        raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=QUESTION)
        assert "set-cookie" not in raw.headers
        ids.append(raw.parse()._request_id)
    assert all(ids) and ids[0] != ids[1]


def test_what_the_file_says_beats_what_the_client_says(client, gateway, upstream):
    upstream.script(answers.chat)
    configured = client.with_options(base_url=f"{gateway.url}/configured")
    configured.chat.completions.create(model="gpt-4o-mini", messages=QUESTION, temperature=2, max_tokens=9999)
    sent = upstream.request.json()
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == ("gpt-4o-mini", 0.5, 64)


def test_a_compressed_answer(client, upstream):
    body = gzip.compress(json.dumps(answers.completion("Zipped.")).encode())
    upstream.script(answers.respond(200, body, headers=[("content-encoding", "gzip")]))
    answer = client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert answer.choices[0].message.content == "Zipped."


def test_a_long_conversation(client, upstream):
    upstream.script(answers.chat)
    messages = [{"role": "user", "content": "é" * 100_000}, {"role": "user", "content": "\u2028\U0001f600"}]
    client.chat.completions.create(model="gpt-4o", messages=messages)
    assert upstream.request.json()["messages"] == messages


def test_tools(client, upstream):
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":1,"b":2}'}}
    upstream.script(
        answers.respond(200, answers.completion(None, tool_calls=[call])),
        answers.respond(200, answers.completion("3")),
    )
    number = {"type": "integer"}
    parameters = {"type": "object", "properties": {"a": number, "b": number}}
    tools = [{"type": "function", "function": {"name": "add", "parameters": parameters}}]
    ask = {"model": "gpt-4o", "tools": tools, "tool_choice": "auto"}
    asked = client.chat.completions.create(messages=QUESTION, **ask).choices[0]
    assert asked.finish_reason == "tool_calls"
    wanted = asked.message.tool_calls[0].function
    result = {
        "role": "tool",
        "tool_call_id": asked.message.tool_calls[0].id,
        "content": str(sum(json.loads(wanted.arguments).values())),
    }
    messages = [*QUESTION, asked.message, result]
    assert client.chat.completions.create(messages=messages, **ask).choices[0].message.content == "3"
    first, second = (request.json() for request in upstream.requests)
    assert first["tools"] == tools
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "tool"]
    assert second["messages"][1]["tool_calls"] == [call]
    assert second["messages"][2]["content"] == "3"


class Person(BaseModel):
    name: str
    age: int


def test_structured_output(client, upstream):
    upstream.script(answers.respond(200, answers.completion('{"name":"Ada","age":36}')))
    answer = client.chat.completions.parse(model="gpt-4o", messages=QUESTION, response_format=Person)
    assert answer.choices[0].message.parsed == Person(name="Ada", age=36)
    wanted = upstream.request.json()["response_format"]
    assert (wanted["type"], wanted["json_schema"]["name"]) == ("json_schema", "Person")


def test_completions(client, upstream):
    choice = {"index": 0, "text": "hello", "logprobs": None, "finish_reason": "stop"}
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "x", "choices": [choice]}
    upstream.script(answers.respond(200, body))
    for prompt in ("Say hello.", ["Say", "hello."], [1, 2, 3]):
        answer = client.completions.create(model="gpt-3.5-turbo-instruct", prompt=prompt, max_tokens=5)
        assert answer.choices[0].text == "hello"
        assert upstream.requests[-1].json()["prompt"] == prompt
    assert {request.target for request in upstream.requests} == {"/v1/completions"}


@pytest.mark.parametrize(
    "path, model, target, key",
    [
        ("mistral", "mistral-small-latest", "/v1/chat/completions", SECRETS["MISTRAL_AUTH_HEADER"]),
        ("llama", "llama-3", "/served/chat/completions", None),
    ],
)
def test_other_providers_that_speak_the_format(client, gateway, upstream, path, model, target, key):
    upstream.script(answers.chat)
    other = client.with_options(base_url=f"{gateway.url}/{path}")
    assert other.chat.completions.create(model=model, messages=QUESTION).choices[0].message.content == "Hello!"
    assert upstream.request.target == target
    assert upstream.request.header("authorization") == key


def test_many_at_once_with_the_async_client(gateway, upstream):
    upstream.script(lambda exchange: exchange.respond(body=answers.completion(exchange.request.json()["user"])))

    async def ask(client, name):
        answer = await client.chat.completions.create(model="gpt-4o", messages=QUESTION, user=name)
        return answer.choices[0].message.content

    async def ask_all(names):
        async with AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
            return await asyncio.gather(*(ask(client, name) for name in names))

    names = [f"client-{number}" for number in range(50)]
    assert asyncio.run(ask_all(names)) == names
