"""Whatever a provider says that went wrong, the SDK raises the exception that says so."""

import openai
import openai_answers as answers
import pytest
from contract import check_error
from matrix import QUESTION, ask, client_of, only, targets, translated

STATUSES = [
    (400, 400, openai.BadRequestError, "invalid_request_error"),
    (401, 401, openai.AuthenticationError, "authentication_error"),
    (402, 402, openai.APIStatusError, "billing_error"),
    (403, 403, openai.PermissionDeniedError, "permission_error"),
    (404, 404, openai.NotFoundError, "not_found_error"),
    (408, 504, openai.InternalServerError, "timeout_error"),
    (410, 404, openai.NotFoundError, "not_found_error"),
    (413, 413, openai.APIStatusError, "invalid_request_error"),
    (429, 429, openai.RateLimitError, "rate_limit_error"),
    (500, 500, openai.InternalServerError, "server_error"),
    (503, 503, openai.InternalServerError, "overloaded_error"),
    (504, 504, openai.InternalServerError, "timeout_error"),
]


def fails(gateway, target, raised, stream=False):
    with pytest.raises(raised) as caught:
        ask(gateway, target, stream)
    response = caught.value.response
    assert response.headers["content-type"].startswith("application/json")
    check_error(response.json())
    return caught.value


@pytest.mark.parametrize("came, status, raised, kind", STATUSES, ids=[str(each[0]) for each in STATUSES])
@targets()
def test_an_error_of_the_provider(providers, upstream, target, came, status, raised, kind):
    upstream.script(answers.respond(came, target.sdk.error("It is so."), headers=[("retry-after", "7")]))
    # Whole and streaming by turns: an error is one answer in both.
    error = fails(providers, target, raised, stream=came % 2 == 0)
    assert (error.status_code, error.body["message"]) == (status, "It is so.")
    if not target.mended:
        assert error.type == kind
    if came == 429:
        assert error.response.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    "body, content_type",
    [
        (b"<html>internal-host-17</html>", "text/html"),
        (b"", "application/json"),
        (b'"internal-host-17', "application/json"),
    ],
    ids=["a page", "nothing", "half of something"],
)
@targets()
def test_an_error_that_is_no_error_object(providers, upstream, target, body, content_type):
    upstream.script(answers.respond(502, body, content_type=content_type))
    error = fails(providers, target, openai.InternalServerError)
    assert error.status_code == 502
    assert error.body["message"].startswith("upstream returned 502")
    assert "internal-host-17" not in error.response.text


@only("anthropic")
def test_an_overloaded_anthropic(providers, upstream, target):
    upstream.script(answers.respond(529, target.sdk.error("Overloaded")))
    error = fails(providers, target, openai.InternalServerError)
    assert (error.status_code, error.type) == (503, "overloaded_error")


@only("cohere")
@pytest.mark.parametrize(
    "came, status, kind", [(498, 401, "authentication_error"), (499, 499, "request_cancelled")]
)
def test_the_statuses_of_cohere(providers, upstream, target, came, status, kind):
    upstream.script(answers.respond(came, target.sdk.error("It is so.")))
    error = fails(providers, target, openai.APIStatusError)
    assert (error.status_code, error.type) == (status, kind)


@only("bedrock")
def test_the_name_of_bedrocks_exception(providers, upstream, target):
    headers = [("x-amzn-errortype", "ThrottlingException:http://internal.amazon.com/coral/")]
    upstream.script(answers.respond(429, target.sdk.error("Too many."), headers=headers))
    error = fails(providers, target, openai.RateLimitError)
    assert (error.code, error.body["message"]) == ("ThrottlingException", "Too many.")


@only("bedrock", "llama2-raw")
def test_a_model_that_failed(providers, upstream, target):
    upstream.script(answers.respond(424, target.sdk.error("The model failed.")))
    assert fails(providers, target, openai.InternalServerError).status_code == 502


@only("gemini", "vertex")
@pytest.mark.parametrize("as_list", [False, True])
def test_the_status_of_gemini(providers, upstream, target, as_list):
    body = {"error": {"code": 429, "message": "Quota.", "status": "RESOURCE_EXHAUSTED", "details": []}}
    upstream.script(answers.respond(429, [body] if as_list else body))
    error = fails(providers, target, openai.RateLimitError)
    assert (error.code, error.body["message"]) == ("RESOURCE_EXHAUSTED", "Quota.")


@only("mistral")
def test_mistrals_list_of_what_is_wrong(providers, upstream, target):
    wrong = {"loc": ["body", "temperature"], "msg": "Input should be a number", "type": "float_type"}
    upstream.script(answers.respond(422, {"detail": [wrong]}))
    error = fails(providers, target, openai.BadRequestError)
    assert "Input should be a number" in error.body["message"]


@only("huggingface", "llama2-raw")
def test_a_model_that_is_loading(providers, upstream, target):
    body = {"error": "Model m is currently loading", "estimated_time": 12.3}
    upstream.script(answers.respond(503, body))
    error = fails(providers, target, openai.InternalServerError)
    assert (error.status_code, error.response.headers["retry-after"]) == (503, "13")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"message": 1}', b"<html></html>"])
@translated()
def test_a_good_status_with_something_else(providers, upstream, target, body):
    """What is no answer of the provider is not made one."""
    upstream.script(answers.respond(200, body))
    assert fails(providers, target, openai.InternalServerError).status_code == 502


@targets()
def test_an_answer_that_stops_halfway(providers, upstream, target):
    def answer(exchange):
        exchange.start("application/json")
        exchange.send(b'{"id": "x"')
        exchange.abort()

    upstream.script(answer)
    client = client_of(providers, target)
    with pytest.raises((openai.InternalServerError, openai.APIConnectionError)):
        client.chat.completions.create(model=target.model, messages=QUESTION)


@targets()
def test_a_second_try_is_the_clients(providers, upstream, target):
    upstream.script(answers.respond(500, target.sdk.error("It is so.")))
    fails(providers, target, openai.InternalServerError)
    assert len(upstream.requests) == 1
