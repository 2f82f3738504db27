"""`--mock`: answers that the SDK takes for real ones, without a key, an environment or a network."""

import openai
import pytest
from conftest import configuration
from gateway import Gateway
from openai import AzureOpenAI, OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

QUESTION = [{"role": "user", "content": "Say hello."}]
ADD = {"type": "function", "function": {"name": "add", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def mocked(tmp_path_factory):
    config = configuration("gateway.yaml", tmp_path_factory.mktemp("mock"), "http://127.0.0.1:9")
    gateway = Gateway(config, "--mock")
    yield gateway
    gateway.stop()


@pytest.fixture
def client(mocked):
    with OpenAI(base_url=f"{mocked.url}/v1", api_key="any", max_retries=0) as client:
        yield client


def test_a_question_and_its_answer(client):
    answer = client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    ChatCompletion.model_validate(answer.to_dict(), strict=True)
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "stop"
    assert answer.model == "gpt-4o"
    usage = answer.usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens > 0


def test_the_same_question_gets_the_same_answer(client):
    first, second = (client.chat.completions.create(model="gpt-4o", messages=QUESTION) for _ in range(2))
    assert first.choices == second.choices and first.usage == second.usage


def test_a_stream(client):
    whole = client.chat.completions.create(model="gpt-4o", messages=QUESTION)
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True, stream_options=options)
    )
    for chunk in chunks:
        ChatCompletionChunk.model_validate(chunk.to_dict(), strict=True)
    *content, usage = chunks
    text = "".join(chunk.choices[0].delta.content or "" for chunk in content)
    assert text == whole.choices[0].message.content
    assert len(content) > 3
    assert content[-1].choices[0].finish_reason == "stop"
    assert usage.choices == [] and usage.usage == whole.usage


def test_usage_that_was_not_asked_for_is_not_seen(client):
    chunks = client.chat.completions.create(model="gpt-4o", messages=QUESTION, stream=True)
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


def test_a_tool_call(client):
    ask = {"model": "gpt-4o", "messages": QUESTION, "tools": [ADD], "tool_choice": "required"}
    call = client.chat.completions.create(**ask).choices[0]
    assert call.finish_reason == "tool_calls"
    assert call.message.tool_calls[0].function.name == "add"
    with client.chat.completions.stream(**ask) as stream:
        streamed = stream.get_final_completion().choices[0]
    assert streamed.finish_reason == "tool_calls"
    assert streamed.message.tool_calls[0].function.name == "add"


def test_completions(client):
    answer = client.completions.create(model="instruct", prompt="Say hello.")
    assert answer.object == "text_completion" and answer.choices[0].text
    chunks = client.completions.create(model="instruct", prompt="Say hello.", stream=True)
    assert "".join(chunk.choices[0].text for chunk in chunks) == answer.choices[0].text


def test_the_other_providers(mocked):
    azure = AzureOpenAI(azure_endpoint=mocked.url, api_key="any", api_version="2024-10-21", max_retries=0)
    assert azure.chat.completions.create(model="d", messages=QUESTION).choices[0].message.content
    for path, model in (("mistral", "small"), ("llama", "llama-3")):
        client = OpenAI(base_url=f"{mocked.url}/{path}", api_key="any", max_retries=0)
        assert client.chat.completions.create(model=model, messages=QUESTION).choices[0].message.content


def test_what_comes_before_the_upstream_is_real(client, mocked):
    with pytest.raises(openai.BadRequestError, match="doesn't contain valid prompts"):
        client.chat.completions.create(model="gpt-4o", messages=[])
    with pytest.raises(openai.NotFoundError, match="no Route matched"):
        client.with_options(base_url=mocked.url).chat.completions.create(model="x", messages=QUESTION)
