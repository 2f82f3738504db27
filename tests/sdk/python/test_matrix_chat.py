"""Every provider, asked by OpenAI's SDK, answers as OpenAI would."""

import json

import pytest
from matrix import QUESTION, STREAMED, ask, client_of, complete, only, positions, targets, without
from openai import BadRequestError
from providers import anthropic, bedrock, gemini, openai
from providers.script import HELLO, Script, Usage
from targets import speaking

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LINK = "https://images.test/a.png"


def image(url):
    return {"type": "image_url", "image_url": {"url": url}}


@STREAMED
@targets()
def test_a_question_and_its_answer(providers, upstream, target, stream):
    upstream.script(speaking(target, HELLO))
    (said,) = ask(providers, target, stream)
    assert (said.content, said.finish, said.calls) == (HELLO.content, "stop", [])
    positions(upstream.request, ["Say hello."])


@STREAMED
@targets()
def test_a_completion(providers, upstream, target, stream):
    upstream.script(speaking(target, HELLO, completions=True))
    (said,) = complete(providers, target, stream)
    assert (said.content, said.finish) == (HELLO.content, "stop")
    positions(upstream.request, ["Say hello."])


@STREAMED
@targets()
def test_an_answer_that_is_cut_off(providers, upstream, target, stream):
    upstream.script(speaking(target, HELLO.but(finish="length")))
    (said,) = ask(providers, target, stream)
    assert (said.content, said.finish) == (HELLO.content, "length")


@STREAMED
@only("anthropic", "gemini", "vertex", "bedrock")
def test_an_answer_that_is_filtered(providers, upstream, target, stream):
    upstream.script(speaking(target, HELLO.but(finish="content_filter")))
    assert ask(providers, target, stream)[0].finish == "content_filter"


@targets()
def test_the_answer_says_who_gave_it(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    client = client_of(providers, target)
    answer = client.chat.completions.create(model=target.model, messages=QUESTION)
    told = "model" in json.dumps(target.sdk.answer(HELLO))
    assert answer.model == (HELLO.model if told else target.model)


@targets()
def test_a_conversation_keeps_its_order(providers, upstream, target):
    messages = [
        {"role": "developer", "content": "text-0"},
        {"role": "user", "content": "text-1"},
        {"role": "assistant", "content": "text-2"},
        {"role": "user", "content": [{"type": "text", "text": "text-3"}, {"type": "text", "text": "text-4"}]},
        {"role": "user", "content": "text-5"},
    ]
    upstream.script(speaking(target, HELLO))
    ask(providers, target, messages=messages)
    # Where it stands apart, the system's text may come behind the others.
    _, *found = positions(upstream.request, [f"text-{number}" for number in range(6)])
    assert found == sorted(found)


@targets("images")
def test_images(providers, upstream, target):
    parts = [{"type": "text", "text": "before"}, image(f"data:image/png;base64,{PNG}")]
    upstream.script(speaking(target, HELLO))
    ask(providers, target, messages=[{"role": "user", "content": parts}])
    positions(upstream.request, ["before", PNG])


@targets("images", "links")
def test_a_link_to_an_image(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, messages=[{"role": "user", "content": [image(LINK)]}])
    positions(upstream.request, [LINK])


@without("images")
def test_an_image_that_cannot_be_carried(providers, upstream, target):
    refuses(providers, target, image(f"data:image/png;base64,{PNG}"))
    assert upstream.requests == []


@without("links")
def test_a_link_that_cannot_be_carried(providers, upstream, target):
    refuses(providers, target, image(LINK))
    assert upstream.requests == []


def refuses(gateway, target, part):
    messages = [*QUESTION, {"role": "user", "content": [part]}]
    with pytest.raises(BadRequestError, match=r"messages\[1\]\.content\[0\]"):
        ask(gateway, target, messages=messages)


@without("several")
def test_several_answers_where_only_one_is_given(providers, upstream, target):
    with pytest.raises(BadRequestError, match=f"n > 1 is not supported by {target.provider}") as caught:
        ask(providers, target, n=2)
    assert caught.value.param == "n"
    assert upstream.requests == []


@targets("several")
def test_several_answers(providers, upstream, target):
    upstream.script(speaking(target, HELLO))
    ask(providers, target, n=2)
    body = upstream.request.json()
    assert body.get("n") == 2 or body["generationConfig"]["candidateCount"] == 2


REASONING = HELLO.but(reasoning=("Let me", " see."))


@STREAMED
@only("anthropic", "cohere", "llama2-by-ollama", "mistral-by-ollama", "gemini", "vertex", "bedrock")
def test_reasoning_is_told_apart(providers, upstream, target, stream):
    upstream.script(speaking(target, REASONING))
    (said,) = ask(providers, target, stream)
    assert (said.reasoning, said.content) == (REASONING.thought, REASONING.content)


@STREAMED
@only("mistral")
def test_reasoning_is_no_content(providers, upstream, target, stream):
    upstream.script(speaking(target, REASONING))
    (said,) = ask(providers, target, stream)
    assert said.content == REASONING.content


@STREAMED
@targets()
def test_usage(providers, upstream, target, stream):
    upstream.script(speaking(target, HELLO.but(usage=Usage(20, 7, cached=3, reasoning=2))))
    options = {"stream_options": {"include_usage": True}} if stream else {}
    client = client_of(providers, target)
    answer = client.chat.completions.create(model=target.model, messages=QUESTION, stream=stream, **options)
    usage = [chunk.usage for chunk in answer if chunk.usage][-1] if stream else answer.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (20, 7, 27)
    if target.sdk in (openai, anthropic, gemini, bedrock):
        assert usage.prompt_tokens_details.cached_tokens == 3
    if target.sdk in (openai, gemini):
        assert usage.completion_tokens_details.reasoning_tokens == 2


@targets()
def test_an_answer_without_a_word(providers, upstream, target):
    upstream.script(speaking(target, Script()))
    (said,) = ask(providers, target)
    assert (said.content, said.finish) == ("", "stop")
