"""The client for Azure, which names deployments in its paths."""

import asyncio

import openai
import openai_answers as answers
import pytest
from conftest import CLIENT_KEY, SECRETS
from openai import AsyncAzureOpenAI, AzureOpenAI

QUESTION = [{"role": "user", "content": "Say hello."}]
CHAT = "/openai/deployments/gpt-4o/chat/completions"


def azure(kind, gateway, **options):
    options = {"api_version": "2024-10-21", **options}
    return kind(azure_endpoint=gateway.url, api_key=CLIENT_KEY, max_retries=0, **options)


@pytest.fixture
def client(gateway):
    with azure(AzureOpenAI, gateway) as client:
        yield client


def test_a_question_and_its_answer(client, upstream):
    upstream.script(answers.chat)
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=QUESTION)
    assert raw.parse().choices[0].message.content == "Hello!"
    assert raw.headers["x-kong-llm-model"] == "azure/gpt-4o"
    sent = upstream.request
    assert sent.target == f"{CHAT}?api-version=2024-10-21"
    assert sent.header("api-key") == SECRETS["AZURE_API_KEY"]
    assert CLIENT_KEY not in str(sent)


def test_the_client_chooses_the_api_version(gateway, upstream):
    upstream.script(answers.chat)
    with azure(AzureOpenAI, gateway, api_version="2025-04-01-preview") as client:
        client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert upstream.request.target == f"{CHAT}?api-version=2025-04-01-preview"


def test_a_deployment_chosen_for_the_whole_client(gateway, upstream):
    upstream.script(answers.chat)
    with azure(AzureOpenAI, gateway, azure_deployment="gpt-4o") as client:
        client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert upstream.request.target == f"{CHAT}?api-version=2024-10-21"


@pytest.mark.parametrize(
    "version, options", [("2024-10-21", {"include_usage": True}), ("2024-02-01", None)]
)
def test_a_stream(gateway, upstream, version, options):
    """Its usage is asked for where the API version knows how."""
    upstream.script(answers.chat)
    with azure(AzureOpenAI, gateway, api_version=version) as client:
        chunks = list(client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "Hello!"
    assert upstream.request.json().get("stream_options") == options


def test_completions(client, upstream):
    choice = {"index": 0, "text": "hello", "logprobs": None, "finish_reason": "stop"}
    body = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "x", "choices": [choice]}
    upstream.script(answers.respond(200, body))
    assert client.completions.create(model="instruct", prompt="Say hello.").choices[0].text == "hello"
    assert upstream.request.target == "/openai/deployments/instruct/completions?api-version=2024-10-21"


def test_an_error_of_azures_gateway(client, upstream):
    upstream.script(answers.respond(401, {"statusCode": 401, "message": "Access denied."}))
    with pytest.raises(openai.AuthenticationError, match="Access denied."):
        client.chat.completions.create(model="gpt-4o", messages=QUESTION)


def test_a_deployment_that_is_not_there(client, upstream):
    upstream.script(answers.error(404, code="DeploymentNotFound", message="It does not exist."))
    with pytest.raises(openai.NotFoundError, match="It does not exist.") as caught:
        client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    assert caught.value.code == "DeploymentNotFound"


def test_the_async_client(gateway, upstream):
    upstream.script(answers.chat)

    async def ask():
        async with azure(AsyncAzureOpenAI, gateway) as client:
            return await client.chat.completions.create(model="gpt-4o", messages=QUESTION)

    assert asyncio.run(ask()).choices[0].message.content == "Hello!"
    assert upstream.request.target == f"{CHAT}?api-version=2024-10-21"
