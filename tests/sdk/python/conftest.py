"""One gateway before one upstream for all tests, and the clients that talk to it."""

import pytest
import targets
from openai import OpenAI

from gateway import ROOT, Gateway
from upstream import Upstream

# What the gateway's configuration refers to. None of these may show up in anything it says.
SECRETS = {
    "OPENAI_AUTH_HEADER": "Bearer sk-operators-openai",
    "AZURE_AUTH_HEADER": "operators-azure-for-the-manual",
    "AZURE_API_KEY": "operators-azure",
    "MISTRAL_AUTH_HEADER": targets.SECRETS["MISTRAL_AUTH_HEADER"],
    "RESEARCH_KEY": "Bearer key-of-research",
}

# A key whose digest the configuration holds.
APIKEY = "apikey-of-research"

# What the clients send as their own credential where the gateway asks for none.
CLIENT_KEY = "clients-own-key"


def to(upstream, providers=("openai", "azure", "mistral")):
    """The arguments with which the built-in endpoints become `upstream`."""
    return [word for provider in providers for word in ("--upstream", f"{provider}={upstream.url}")]


def assert_silent(gateway, secrets):
    """Nothing that the gateway said holds a secret, its own or a client's."""
    for secret in (*secrets.values(), APIKEY, CLIENT_KEY):
        for said in (gateway.log, gateway.said):
            assert secret.removeprefix("Bearer ") not in said


@pytest.fixture(scope="session")
def running_upstream():
    upstream = Upstream()
    yield upstream
    upstream.close()


@pytest.fixture
def upstream(running_upstream):
    """The upstream, with nothing scripted yet."""
    running_upstream.script()
    yield running_upstream
    assert not running_upstream.failures, running_upstream.failures


def configuration(name, folder, url):
    """A file of this folder, with the upstream that it stands for."""
    config = folder / name
    config.write_text((ROOT / "tests/sdk" / name).read_text().replace("http://upstream.test", url))
    return config


@pytest.fixture(scope="session")
def gateway(running_upstream, tmp_path_factory):
    config = configuration("gateway.yaml", tmp_path_factory.mktemp("gateway"), running_upstream.url)
    gateway = Gateway(config, *to(running_upstream), environment=SECRETS)
    yield gateway
    gateway.stop()
    assert_silent(gateway, SECRETS)


@pytest.fixture(scope="session")
def providers(running_upstream, tmp_path_factory):
    """A gateway with a route for every provider."""
    config = configuration("providers.yaml", tmp_path_factory.mktemp("providers"), running_upstream.url)
    arguments = to(running_upstream, targets.BUILT_IN)
    gateway = Gateway(config, *arguments, environment=targets.SECRETS)
    yield gateway
    gateway.stop()
    assert_silent(gateway, targets.SECRETS)


@pytest.fixture
def client(gateway):
    """A client of the route that is like OpenAI's own API; it never tries again by itself."""
    with OpenAI(base_url=f"{gateway.url}/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        yield client
