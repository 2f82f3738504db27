"""Credentials that a cloud gives to its machines, from stand-ins for the clouds' endpoints."""

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import openai
import openai_answers as answers
import pytest
from conftest import CLIENT_KEY, configuration, to
from gateway import ROOT, Gateway
from openai import OpenAI
from providers import bedrock, gemini
from providers.script import HELLO
from signature import check_signature
from upstream import Upstream

QUESTION = [{"role": "user", "content": "Say hello."}]
PRIVATE_KEY = ROOT / "crates/runtime/tests/identity/service_account.pem"


@pytest.fixture
def cloud():
    """Where the cloud gives out credentials."""
    cloud = Upstream()
    yield cloud
    cloud.close()
    assert not cloud.failures, cloud.failures


@pytest.fixture
def serve(request, running_upstream, tmp_path):
    """Serves `identity.yaml`, or another file, in an environment until the test ends."""

    def serve(environment, config=None):
        config = config or configuration("identity.yaml", tmp_path, running_upstream.url)
        gateway = Gateway(
            config, *to(running_upstream, ("azure", "bedrock", "gemini")), environment=environment
        )

        def stop():
            gateway.stop()
            for secret in environment.values():
                assert secret.startswith("http") or secret not in gateway.said + gateway.log

        request.addfinalizer(stop)
        return gateway

    return serve


def ask(gateway, route, model="m", **options):
    with OpenAI(base_url=f"{gateway.url}/{route}", api_key=CLIENT_KEY, max_retries=0, **options) as client:
        return client.chat.completions.create(model=model, messages=QUESTION).choices[0].message.content


def query(request):
    return {name: value for name, (value,) in parse_qs(urlsplit(request.target).query).items()}


def form(request):
    return {name: value for name, (value,) in parse_qs(request.body.decode()).items()}


class TestAzure:
    TOKEN = {"access_token": "managed-1", "expires_in": "3600", "token_type": "Bearer", "resource": "r"}

    def test_an_app_asks_its_own_endpoint(self, serve, cloud, upstream):
        """The manual's example, whole: its model comes from a header, its key from the platform."""
        cloud.script(answers.respond(200, self.TOKEN))
        upstream.script(answers.chat)
        environment = {"IDENTITY_ENDPOINT": f"{cloud.url}/msi/token", "IDENTITY_HEADER": "the-apps-secret"}
        gateway = serve(environment, ROOT / "fixtures/seed/azure-model-from-header.yaml")
        for _ in range(3):
            assert ask(gateway, "azure", "gpt-4o", default_headers={"x-model-name": "gpt-4o"}) == "Hello!"
        for sent in upstream.requests:
            assert sent.header("authorization") == "Bearer managed-1"
            assert sent.header("api-key") is None
            path = "/openai/deployments/west-europe-gpt-4o/chat/completions"
            assert sent.target == f"{path}?api-version=2024-10-01"
        asked = cloud.request
        assert asked.header("x-identity-header") == "the-apps-secret"
        assert query(asked) == {
            "api-version": "2019-08-01",
            "resource": "https://cognitiveservices.azure.com",
        }

    def test_a_machine_asks_its_metadata_service(self, serve, cloud, upstream):
        cloud.script(answers.respond(200, self.TOKEN))
        upstream.script(answers.chat)
        gateway = serve({"AZURE_POD_IDENTITY_AUTHORITY_HOST": cloud.url, "AZURE_CLIENT_ID": "which-one"})
        assert ask(gateway, "azure") == "Hello!"
        assert cloud.request.header("metadata") == "true"
        assert cloud.request.target.startswith("/metadata/identity/oauth2/token?")
        assert query(cloud.request)["client_id"] == "which-one"

    def test_an_app_registration_asks_entra(self, serve, cloud, upstream):
        cloud.script(answers.respond(200, {**self.TOKEN, "expires_in": 3600}))
        upstream.script(answers.chat)
        environment = {
            "AZURE_AUTHORITY_HOST": cloud.url,
            "AZURE_TENANT_ID": "our-tenant",
            "AZURE_CLIENT_ID": "our-app",
            "AZURE_CLIENT_SECRET": "the-apps-secret",
        }
        assert ask(serve(environment), "azure") == "Hello!"
        assert cloud.request.target == "/our-tenant/oauth2/v2.0/token"
        assert form(cloud.request) == {
            "grant_type": "client_credentials",
            "client_id": "our-app",
            "client_secret": "the-apps-secret",
            "scope": "https://cognitiveservices.azure.com/.default",
        }

    def test_many_at_once_share_a_token(self, serve, cloud, upstream):
        cloud.script(answers.respond(200, self.TOKEN))
        upstream.script(answers.chat)
        gateway = serve({"IDENTITY_ENDPOINT": cloud.url, "IDENTITY_HEADER": "the-apps-secret"})
        with ThreadPoolExecutor(10) as together:
            assert set(together.map(lambda _: ask(gateway, "azure"), range(20))) == {"Hello!"}
        assert len(cloud.requests) == 1

    def test_no_token_is_no_answer(self, serve, cloud, upstream):
        refusal = {"error": "invalid_request", "error_description": "Identity not found"}
        cloud.script(answers.respond(400, refusal))
        gateway = serve({"IDENTITY_ENDPOINT": cloud.url, "IDENTITY_HEADER": "the-apps-secret"})
        with pytest.raises(openai.InternalServerError, match="Identity not found") as caught:
            ask(gateway, "azure")
        assert "the-apps-secret" not in caught.value.response.text
        assert upstream.requests == []


class TestGoogle:
    TOKEN = {"access_token": "google-1", "expires_in": 3599, "token_type": "Bearer"}

    def test_a_service_account_signs_for_its_token(self, serve, cloud, upstream):
        cloud.script(answers.respond(200, self.TOKEN))
        upstream.script(answers.respond(200, gemini.answer(HELLO)))
        account = {
            "type": "service_account",
            "private_key_id": "key-1",
            "private_key": PRIVATE_KEY.read_text(),
            "client_email": "ai@acme.iam.gserviceaccount.com",
            "token_uri": f"{cloud.url}/token",
        }
        gateway = serve({"GCP_SERVICE_ACCOUNT": json.dumps(account)})
        for _ in range(2):
            assert ask(gateway, "vertex") == HELLO.content
            assert upstream.requests[-1].header("authorization") == "Bearer google-1"
        sent = form(cloud.request)
        assert sent["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        header, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in sent["assertion"].split("."))
        assert json.loads(header) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
        claims = json.loads(claims)
        assert (claims["iss"], claims["aud"]) == (account["client_email"], account["token_uri"])
        assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"

    def test_a_machine_asks_its_metadata_server(self, serve, cloud, upstream):
        cloud.script(answers.respond(200, self.TOKEN, headers=[("metadata-flavor", "Google")]))
        upstream.script(answers.respond(200, gemini.answer(HELLO)))
        gateway = serve({"GCE_METADATA_HOST": cloud.url.removeprefix("http://")})
        assert ask(gateway, "vertex") == HELLO.content
        assert upstream.request.header("authorization") == "Bearer google-1"
        asked = cloud.requests[-1]
        assert asked.header("metadata-flavor") == "Google"
        assert asked.target == "/computeMetadata/v1/instance/service-accounts/default/token"


class TestAws:
    ANSWER = staticmethod(lambda exchange: exchange.respond(body=bedrock.answer(HELLO)))

    def test_temporary_keys_of_the_environment(self, serve, upstream):
        upstream.script(self.ANSWER)
        keys = {"AWS_ACCESS_KEY_ID": "ASIATEST", "AWS_SECRET_ACCESS_KEY": "its-secret"}
        gateway = serve({**keys, "AWS_SESSION_TOKEN": "its-token"})
        assert ask(gateway, "bedrock", "m:0") == HELLO.content
        check_signature(upstream.request, "ASIATEST", "its-secret", "eu-central-1", "its-token")

    def test_an_api_key_needs_no_signature(self, serve, upstream):
        upstream.script(self.ANSWER)
        assert ask(serve({"AWS_BEARER_TOKEN_BEDROCK": "a-bedrock-key"}), "bedrock") == HELLO.content
        assert upstream.request.header("authorization") == "Bearer a-bedrock-key"

    def test_a_container_asks_its_agent(self, serve, cloud, upstream):
        keys = {
            "AccessKeyId": "ASIATEST",
            "SecretAccessKey": "its-secret",
            "Token": "its-token",
            "Expiration": "2999-01-01T00:00:00Z",
        }
        cloud.script(answers.respond(200, keys))
        upstream.script(self.ANSWER)
        environment = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{cloud.url}/credentials",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "for-the-agent",
        }
        gateway = serve(environment)
        for _ in range(2):
            assert ask(gateway, "bedrock") == HELLO.content
            check_signature(upstream.requests[-1], "ASIATEST", "its-secret", "eu-central-1", "its-token")
        assert cloud.request.header("authorization") == "for-the-agent"
