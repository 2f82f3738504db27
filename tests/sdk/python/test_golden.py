"""The translations' golden files against the SDKs of both sides.

What goes upstream, and what the files let a provider answer, must be what the provider's own SDK declares;
what a client gets must be what every client relies on.
"""

import contextlib
import json
import re

import contract
import pytest
from gateway import ROOT
from providers import anthropic, bedrock, cohere, cohere_v1, gemini, mistral, ollama, openai, text_generation
from providers.openai import DONE

GOLDEN = ROOT / "crates/formats/tests/golden"

# By the folder, which has the format's name.
FORMATS = {
    "anthropic": anthropic,
    "bedrock": bedrock,
    "cohere-v1": cohere_v1,
    "cohere-v2": cohere,
    "gemini": gemini,
    "huggingface-chat": openai,
    "huggingface-completions": openai,
    "huggingface-text-generation": text_generation,
    "llama2-raw": text_generation,
    "mistral": mistral,
    "ollama": ollama,
    "ollama-generate": ollama,
    "openai": openai,
    "vertex": gemini,
}


# OpenAI's format but for details: answers are mended, and requests made from members, not translated.
MENDED = {"huggingface-chat", "huggingface-completions", "mistral", "openai"}

# How providers call it.
USAGE = re.compile(r'"(usage|usageMetadata|eval_count|generated_tokens|token_count|billed_units)"')

# Cases that are unlike anything the SDK declares, on purpose.
UNDECLARED = {
    "bedrock/answers/reason-unknown.json",
    "bedrock/answers/usage-missing.json",
    "bedrock/streams/unknown-events.events",
    "huggingface-chat/answers/bare.json",
    "huggingface-chat/answers/complete.json",
    "huggingface-chat/answers/eos-token.json",
    "huggingface-chat/answers/stop-sequence.json",
    "huggingface-chat/answers/tool-calls.json",
    "huggingface-chat/requests/unsupported.json",
    "huggingface-chat/streams/bare.sse",
    "huggingface-chat/streams/plain.sse",
    "huggingface-chat/streams/tool-calls.sse",
    "huggingface-completions/answers/completions.json",
    "huggingface-completions/streams/completions.sse",
    "mistral/requests/audio.json",
    "mistral/streams/completions-several.sse",
    "mistral/streams/model-length.sse",
    "mistral/streams/tool-call-in-pieces.sse",
    "ollama/answers/unnamed-tool-call.json",
    "openai/requests/functions.json",
    "openai/requests/unsupported.json",
}


def files(pattern, is_result):
    """Every file of a kind in every format, with the format's SDK."""
    for name, sdk in FORMATS.items():
        for path in sorted((GOLDEN / name).glob(pattern)):
            if (".openai" in path.suffixes) == is_result:
                yield pytest.param(path, sdk, id=f"{name}/{path.parent.name}/{path.name}")


def given(pattern):
    """What goes upstream, and what a provider says."""
    return pytest.mark.parametrize("path, sdk", files(pattern, is_result=False))


def results(pattern):
    """What a client gets."""
    return pytest.mark.parametrize("path, sdk", files(pattern, is_result=True))


def test_all_formats_have_their_files():
    found = {path.name for path in GOLDEN.iterdir() if path.is_dir()} - {"requests"}
    assert found == set(FORMATS)
    for name in found:
        for folder in ("requests", "answers", "streams", "errors"):
            assert any((GOLDEN / name / folder).iterdir()), f"{name} has no {folder}"


@given("requests/*.json")
def test_a_request(path, sdk):
    body = json.loads(path.read_text())
    if "refused" in body:
        assert set(body) == {"refused", "param"} and body["refused"]
    else:
        with deviation(path):
            sdk.check_request(body)


@given("answers/*")
def test_a_providers_answer(path, sdk):
    if is_refused(path.with_suffix(".openai.json")):
        pytest.skip("no answer of the provider, on purpose")
    with deviation(path):
        sdk.check_answer(json.loads(path.read_text()))


@given("streams/*")
def test_a_providers_stream(path, sdk):
    if is_refused(path.with_suffix(".openai.sse")):
        pytest.skip("no stream of the provider, on purpose")
    events = list(read_events(path))
    assert events
    with deviation(path):
        for event in events:
            if event != DONE:
                sdk.check_event(event)


def deviation(path):
    """What may be undeclared has to be."""
    is_meant = path.relative_to(GOLDEN).as_posix() in UNDECLARED
    return pytest.raises((AssertionError, KeyError)) if is_meant else contextlib.nullcontext()


@results("answers/*")
def test_what_a_client_gets(path, sdk):
    body = json.loads(path.read_text())
    if "error" in body:
        contract.check_error(body, is_mended(path))
    else:
        contract.check_answer(body, is_mended(path))
        assert not tells_usage(path) or body["usage"]["total_tokens"] > 0


@results("streams/*")
def test_what_a_client_gets_streamed(path, sdk):
    stream = path.read_bytes()
    contract.check_stream(stream, usage=True, mended=is_mended(path))
    assert not tells_usage(path) or b'"total_tokens":0' not in stream


@results("errors/*")
def test_what_a_client_gets_in_failure(path, sdk):
    answer = json.loads(path.read_text())
    assert 400 <= answer["status"] <= 599
    contract.check_error(answer["body"], is_mended(path))


def is_mended(path):
    return path.relative_to(GOLDEN).parts[0] in MENDED


def tells_usage(result):
    """Whether the provider says what it took."""
    said = [each for each in result.parent.glob(f"{stem(result)}.*") if ".openai" not in each.suffixes]
    return any(USAGE.search(each.read_text()) for each in said)


def stem(path):
    return path.name.split(".")[0]


def is_refused(result):
    """Whether a client gets an error instead, last or at once: then what came was wrong."""
    return '{"error":' in result.read_text().replace(" ", "").replace("\n", "")


def read_events(path):
    """The events of a provider's stream, however it frames them."""
    text = path.read_bytes().decode()
    match path.suffix:
        case ".sse":
            for event in re.split(r"\n\n+", re.sub(r"\r\n?", "\n", text)):
                lines = [line for line in event.split("\n") if line.startswith("data:")]
                data = "\n".join(line.removeprefix("data:").removeprefix(" ") for line in lines)
                if data:
                    yield data if data == DONE else json.loads(data)
        case ".ndjson":
            yield from map(json.loads, filter(str.strip, text.split("\n")))
        case ".array":
            yield from json.loads(text)
        case ".events":
            for line in filter(None, text.split("\n")):
                event = json.loads(line)
                yield {event.get("event") or event["exception"]: event["payload"]}
        case other:
            raise AssertionError(f"nobody knows what a stream in a {other} file is")
