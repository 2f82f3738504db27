"""The examples of the vendor's manual, each used as the manual says."""

import json
import subprocess

import openai
import openai_answers as answers
import pytest
import targets
from conftest import CLIENT_KEY, SECRETS, to
from gateway import ROOT, Gateway, refused
from matrix import STREAMED
from openai import AzureOpenAI, OpenAI
from providers.script import HELLO
from targets import by_name, speaking

SEED = ROOT / "fixtures/seed"
QUESTION = [{"role": "user", "content": "Say hello."}]

# The manual's own request.
REQUEST = {"messages": [{"role": "user", "content": [{"type": "text", "text": "This is my question."}]}]}


@pytest.fixture
def serve(request, running_upstream):
    """Serves an example until the test ends."""

    def serve(example, *arguments):
        arguments = arguments or to(running_upstream, targets.BUILT_IN)
        gateway = Gateway(SEED / example, *arguments, environment={**targets.SECRETS, **SECRETS})
        request.addfinalizer(gateway.stop)
        return gateway

    return serve


def openai_client(base_url):
    return OpenAI(base_url=base_url, api_key=CLIENT_KEY, max_retries=0)


def azure_client(endpoint, **options):
    return AzureOpenAI(
        azure_endpoint=endpoint, api_key=CLIENT_KEY, api_version="2024-10-21", max_retries=0, **options
    )


def ask(client, model, stream=False):
    answer = client.chat.completions.create(model=model, messages=QUESTION, stream=stream)
    if not stream:
        return answer.choices[0].message.content
    return "".join(chunk.choices[0].delta.content or "" for chunk in answer)


def curl(command, gateway, folder):
    """Runs a command of the manual, but for the port, and gives what it prints."""
    command = command.replace("http://localhost:8000", gateway.url)
    ended = subprocess.run(
        ["bash", "-ec", command], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    return json.loads(ended.stdout)


def test_the_model_from_the_path(serve, upstream):
    upstream.script(answers.chat)
    gateway = serve("openai-model-from-path.yaml")
    for model in ("gpt-4", "gpt-4o-mini"):
        assert ask(openai_client(f"{gateway.url}/{model}"), model) == "Hello!"
        assert upstream.requests[-1].json()["model"] == model
        assert upstream.requests[-1].target == "/v1/chat/completions"
        assert upstream.requests[-1].header("authorization") == SECRETS["OPENAI_AUTH_HEADER"]
    with pytest.raises(openai.BadRequestError, match="cannot use own model - must be: gpt-4"):
        ask(openai_client(f"{gateway.url}/gpt-4"), "gpt-3.5-turbo")


def test_two_deployments_of_azure(serve, upstream):
    upstream.script(answers.chat)
    gateway = serve("azure-two-deployments.yaml")
    for deployment, model, theirs in [
        ("azure-gpt-3-5", "gpt-35-turbo", "my-gpt-3-5"),
        ("azure-gpt-4", "gpt-4", "my-gpt-4"),
    ]:
        assert ask(azure_client(gateway.url, azure_deployment=deployment), model) == "Hello!"
        sent = upstream.requests[-1]
        assert sent.target == f"/openai/deployments/{theirs}/chat/completions?api-version=2024-10-21"
        assert sent.header("api-key") == SECRETS["AZURE_AUTH_HEADER"]
    # Without a deployment of its own the client names the model in path and body alike.
    with pytest.raises(openai.BadRequestError, match="cannot use own model - must be: gpt-4"):
        ask(azure_client(gateway.url), "azure-gpt-4")


def test_one_route_for_all_deployments_of_azure(serve, upstream):
    upstream.script(answers.chat)
    gateway = serve("azure-one-route.yaml")
    assert ask(azure_client(gateway.url), "my-gpt-3-5") == "Hello!"
    assert upstream.request.target == (
        "/openai/deployments/my-gpt-3-5/chat/completions?api-version=2024-10-21"
    )
    # The manual's endpoint is one segment too long for its own route.
    with pytest.raises(openai.NotFoundError, match="no Route matched"):
        ask(azure_client(f"{gateway.url}/azure"), "my-gpt-3-5")


def test_a_transcription(serve, upstream, tmp_path):
    upstream.script(answers.respond(200, b'{\n  "text": "Hello!"\n}'))
    gateway = serve("openai-preserve.yaml")
    recording = bytes(range(256)) * 20_000
    (tmp_path / "me_saying_hello.m4a").write_bytes(recording)
    command = """curl --location 'http://localhost:8000/openai/v1/audio/transcriptions' \\
         --form 'model=whisper-2' \\
         --form 'file=@"me_saying_hello.m4a"'"""
    assert curl(command, gateway, tmp_path) == {"text": "Hello!"}
    client = openai_client(f"{gateway.url}/openai/v1")
    assert client.audio.transcriptions.create(model="whisper-2", file=("me.m4a", recording)).text == "Hello!"
    for sent in upstream.requests:
        assert sent.target == "/v1/audio/transcriptions"
        assert sent.header("authorization") == SECRETS["OPENAI_AUTH_HEADER"]
        assert recording in sent.body
    with pytest.raises(openai.BadRequestError, match="cannot use own model - must be: whisper-2"):
        client.audio.transcriptions.create(model="whisper-1", file=("me.m4a", recording))


@STREAMED
def test_cohere(serve, upstream, stream):
    upstream.script(speaking(by_name("cohere"), HELLO))
    gateway = serve("cohere-and-mistral.yaml")
    assert ask(openai_client(f"{gateway.url}/cohere/a-model"), "a-model", stream) == HELLO.content
    assert upstream.request.json()["model"] == "a-model"


@STREAMED
def test_mistral(serve, upstream, stream):
    """The route wants the model right behind the provider's name."""
    upstream.script(speaking(by_name("mistral"), HELLO))
    gateway = serve("cohere-and-mistral.yaml")
    assert ask(openai_client(f"{gateway.url}/mistrala-model"), "a-model", stream) == HELLO.content
    assert upstream.request.json()["model"] == "a-model"


def test_what_is_not_set_is_said_at_the_start():
    status, said = refused(SEED / "openai-model-from-path.yaml")
    assert status == 1, said
    assert "OPENAI_AUTH_HEADER" in said and "openai-model-from-path.yaml" in said


class TestMock:
    """All examples together, without a key and without a network."""

    @pytest.fixture(scope="class")
    def gateway(self):
        gateway = Gateway(SEED / "all.yaml", "--mock")
        yield gateway
        gateway.stop()

    @pytest.mark.parametrize(
        "path, model, served_by",
        [
            ("gpt-4", "gpt-4", "openai/gpt-4"),
            # The manual's own addresses of these examples: they name no model, and another route takes them.
            ("cohere", "cohere", "openai/cohere"),
            ("mistral", "mistral", "openai/mistral"),
        ],
    )
    def test_what_can_be_served(self, gateway, path, model, served_by):
        client = openai_client(f"{gateway.url}/{path}")
        raw = client.chat.completions.with_raw_response.create(model=model, messages=QUESTION)
        assert raw.headers["x-kong-llm-model"] == served_by
        assert raw.parse().choices[0].message.content

    def test_deployments_of_azure(self, gateway):
        assert ask(azure_client(gateway.url, azure_deployment="azure-gpt-4"), "gpt-4")
        assert ask(azure_client(gateway.url), "another")

    def test_the_manuals_request(self, gateway, tmp_path):
        (tmp_path / "request.json").write_text(json.dumps(REQUEST, indent=2))
        command = """curl http://localhost:8000/1/chat/completions \\
          -H "x-test: azure-chat-open-model-managed-identity" \\
          -H "x-model-name: gpt-4o" \\
          -d @request.json"""
        # The manual means the Azure route, but its path belongs to the one that takes the model from it.
        assert curl(command, gateway, tmp_path)["model"] == "1"


def test_all_of_them_alone_are_mocked(serve):
    gateway = serve("cohere-and-mistral.yaml", "--mock")
    for path, model, served_by in [
        ("cohere/command-r", "command-r", "cohere/command-r"),
        ("mistral-tiny", "-tiny", "mistral/-tiny"),
    ]:
        client = openai_client(f"{gateway.url}/{path}")
        raw = client.chat.completions.with_raw_response.create(model=model, messages=QUESTION)
        assert raw.headers["x-kong-llm-model"] == served_by
        assert raw.parse().choices[0].message.content


def test_a_managed_identity_is_mocked_too(serve):
    gateway = serve("azure-model-from-header.yaml", "--mock")
    client = openai_client(f"{gateway.url}/azure").with_options(default_headers={"x-model-name": "gpt-4o"})
    assert ask(client, "gpt-4o")
