"""Every provider and format that `providers.yaml` has routes for, and the upstream that speaks for it."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from providers import anthropic, bedrock, cohere, gemini, mistral, ollama, openai, text_generation
from providers.script import Script
from signature import check_signature
from upstream import Exchange, Request

# What `providers.yaml` refers to. None of these may show up in anything the gateway says.
SECRETS = {
    "OPENAI_AUTH_HEADER": "Bearer operators-openai",
    "AZURE_API_KEY": "operators-azure",
    "ANTHROPIC_API_KEY": "operators-anthropic",
    "COHERE_AUTH_HEADER": "Bearer operators-cohere",
    "MISTRAL_AUTH_HEADER": "Bearer operators-mistral",
    "GEMINI_API_KEY": "operators-gemini",
    "VERTEX_AUTH_HEADER": "Bearer operators-vertex",
    "BEDROCK_ACCESS_KEY_ID": "operators-bedrock-id",
    "BEDROCK_SECRET_ACCESS_KEY": "operators-bedrock",
    "HUGGINGFACE_AUTH_HEADER": "Bearer operators-huggingface",
}

# Providers with an endpoint of their own, which the tests replace.
BUILT_IN = ("openai", "azure", "anthropic", "cohere", "mistral", "gemini", "bedrock", "huggingface")


@dataclass(frozen=True)
class Target:
    """A provider in one of its formats."""

    name: str
    """The first segment of its routes."""
    provider: str
    sdk: ModuleType
    """What its official SDK says of requests and answers, and how it answers."""
    path: str
    """Where it is asked; `{model}` is the model's name."""
    secret: tuple[str, str] | None = None
    """The header that has the operator's credential, and the name of that."""
    model: str = "a-model"
    stream_path: str | None = None
    """Where it is asked for a stream, if elsewhere."""
    text_sdk: ModuleType | None = None
    """How it completes a prompt, if not by chatting."""
    text_path: str | None = None
    """Where it is asked to complete a prompt, if elsewhere."""
    lacks: frozenset = frozenset()
    """What it cannot carry: `images`, `links` to them, `tools`, `choices` of them, `several` answers."""
    mended: bool = False
    """Whether it speaks OpenAI's format itself, so that its bytes pass."""

    def __str__(self):
        return self.name

    def check(self, request: Request, completions: bool):
        """Fails unless the request is one that the provider would take."""
        sdk = (self.text_sdk or self.sdk) if completions else self.sdk
        body = request.json()
        sdk.check_request(body)
        assert request.method == "POST"
        assert request.header("content-type") == "application/json"
        assert request.target == self.target(is_streamed(self, request), completions), request.target
        if self.secret:
            header, name = self.secret
            assert request.header(header) == SECRETS[name]
        if self.provider == "bedrock":
            key, secret = (SECRETS[f"BEDROCK_{kind}"] for kind in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
            check_signature(request, key, secret, region="eu-central-1")

    def target(self, stream: bool, completions: bool) -> str:
        path = self.text_path if completions and self.text_path else self.path
        return (self.stream_path if stream and self.stream_path else path).format(model=self.model)


VERTEX = "/v1/projects/acme/locations/us-central1/publishers/google/models/{model}"
AZURE = "/openai/deployments/gpt-4o/{}?api-version=2024-10-21"
TEXT_ONLY = frozenset({"images", "tools", "several"})
OLLAMA = frozenset({"links", "several", "choices"})

TARGETS = [
    Target(
        "openai",
        "openai",
        openai,
        "/v1/chat/completions",
        ("authorization", "OPENAI_AUTH_HEADER"),
        text_path="/v1/completions",
        mended=True,
    ),
    Target(
        "azure",
        "azure",
        openai,
        AZURE.format("chat/completions"),
        ("api-key", "AZURE_API_KEY"),
        text_path=AZURE.format("completions"),
        mended=True,
    ),
    Target(
        "anthropic",
        "anthropic",
        anthropic,
        "/v1/messages",
        ("x-api-key", "ANTHROPIC_API_KEY"),
        lacks=frozenset({"several"}),
    ),
    Target(
        "cohere",
        "cohere",
        cohere,
        "/v2/chat",
        ("authorization", "COHERE_AUTH_HEADER"),
        lacks=frozenset({"several"}),
    ),
    Target(
        "mistral",
        "mistral",
        mistral,
        "/v1/chat/completions",
        ("authorization", "MISTRAL_AUTH_HEADER"),
        mended=True,
    ),
    Target(
        "mistral-by-ollama",
        "mistral",
        ollama,
        "/api/chat",
        text_path="/api/generate",
        lacks=OLLAMA,
    ),
    Target("llama2-raw", "llama2", text_generation, "/generate", lacks=TEXT_ONLY),
    Target(
        "llama2-by-openai",
        "llama2",
        openai,
        "/v1/chat/completions",
        text_path="/v1/completions",
        mended=True,
    ),
    Target(
        "llama2-by-ollama",
        "llama2",
        ollama,
        "/api/chat",
        text_path="/api/generate",
        lacks=OLLAMA,
    ),
    Target(
        "gemini",
        "gemini",
        gemini,
        "/v1beta/models/{model}:generateContent",
        ("x-goog-api-key", "GEMINI_API_KEY"),
        stream_path="/v1beta/models/{model}:streamGenerateContent?alt=sse",
        lacks=frozenset({"links"}),
    ),
    Target(
        "vertex",
        "gemini",
        gemini,
        VERTEX + ":generateContent",
        ("authorization", "VERTEX_AUTH_HEADER"),
        stream_path=VERTEX + ":streamGenerateContent?alt=sse",
    ),
    Target(
        "bedrock",
        "bedrock",
        bedrock,
        "/model/{model}/converse",
        stream_path="/model/{model}/converse-stream",
        lacks=frozenset({"several", "links"}),
    ),
    Target(
        "huggingface",
        "huggingface",
        openai,
        "/v1/chat/completions",
        ("authorization", "HUGGINGFACE_AUTH_HEADER"),
        text_sdk=text_generation,
        text_path="/hf-inference/models/{model}",
        mended=True,
    ),
]


def by_name(name: str) -> Target:
    return next(target for target in TARGETS if target.name == name)


def speaking(target: Target, script: Script, completions=False, cut: int | None = None) -> Callable:
    """An upstream that says `script` as the provider would, once it has checked what it was asked.

    `cut`: a stream comes in pieces of so many bytes, and not event by event.
    """
    sdk = (target.text_sdk or target.sdk) if completions else target.sdk
    # A provider that completes by chatting answers as it chats.
    is_text = completions and (target.text_path is not None or target.text_sdk is not None)

    def answer(exchange: Exchange):
        target.check(exchange.request, completions)
        if not is_streamed(target, exchange.request):
            exchange.respond(body=sdk.answer(script, is_text), headers=[("x-amzn-requestid", "amzn-1")])
            return
        exchange.start(sdk.STREAM_TYPE, headers=[("x-amzn-requestid", "amzn-1")])
        frames = [sdk.frame(event) for event in sdk.events(script, is_text)]
        whole = b"".join(frames)
        for piece in frames if cut is None else [whole[at : at + cut] for at in range(0, len(whole), cut)]:
            exchange.send(piece)
        exchange.end()

    return answer


def is_streamed(target: Target, request: Request) -> bool:
    if target.stream_path:
        return re.search(r"converse-stream$|:streamGenerateContent\b", request.target) is not None
    return bool(request.json().get("stream"))


def scalars(value) -> list[str]:
    """All text and numbers of a JSON value, in order, and the names of members."""
    if isinstance(value, dict):
        return [each for name, part in value.items() for each in (name, *scalars(part))]
    if isinstance(value, list):
        return [each for part in value for each in scalars(part)]
    return [value if isinstance(value, str) else json.dumps(value)]
