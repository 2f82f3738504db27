"""Whatever goes wrong, the SDK raises the exception that says so."""

import openai
import openai_answers as answers
import pytest
from conftest import APIKEY, CLIENT_KEY

QUESTION = [{"role": "user", "content": "Say hello."}]


def ask(client, **members):
    return client.chat.completions.create(**{"model": "gpt-4o", "messages": QUESTION, **members})


@pytest.mark.parametrize(
    "status, raised",
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_error_of_the_upstream(client, upstream, status, raised, stream):
    members = {"message": "It is so.", "type": "its_type", "param": "messages", "code": "its_code"}
    upstream.script(answers.error(status, headers=[("x-request-id", "req_error")], **members))
    with pytest.raises(raised) as caught:
        ask(client, stream=stream)
    error = caught.value
    assert (error.status_code, error.request_id) == (status, "req_error")
    assert (error.body["message"], error.type, error.param, error.code) == tuple(members.values())
    assert error.response.headers["content-type"].startswith("application/json")


def test_an_error_page_is_not_passed_on(client, upstream):
    page = b"<html><h1>internal-host-17 is down</h1></html>"
    upstream.script(answers.respond(502, page, content_type="text/html"))
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert caught.value.body["message"] == "upstream returned 502 (text/html)"
    assert "internal-host-17" not in caught.value.response.text


def test_an_upstream_that_breaks_off_before_its_answer(client, upstream):
    upstream.script(lambda exchange: exchange.abort())
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client)
    assert (caught.value.status_code, caught.value.type) == (502, "server_error")


def test_an_upstream_that_says_nothing(client, gateway, upstream):
    upstream.script(lambda exchange: exchange.client_leaves())
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client.with_options(base_url=f"{gateway.url}/impatient"))
    assert (caught.value.status_code, caught.value.type) == (504, "timeout_error")


def test_a_client_that_loses_patience_stops_the_upstream(client, upstream):
    stopped = answers.Steps()

    def answer(exchange):
        exchange.client_leaves()
        stopped.go_on()

    upstream.script(answer)
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=1))
    stopped.wait()


def test_an_answer_that_breaks_off_is_never_taken_for_whole(client, gateway, upstream):
    def answer(exchange):
        exchange.start("audio/mpeg")
        exchange.send(b"half of it")
        exchange.abort()

    upstream.script(answer)
    raw = client.with_options(base_url=f"{gateway.url}/raw/v1")
    with pytest.raises(openai.APIConnectionError):
        raw.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")


@pytest.mark.parametrize(
    "members, message, param",
    [
        ({"messages": []}, "request body doesn't contain valid prompts", None),
        ({"model": ""}, "model parameter not found in request, nor in gateway configuration", "model"),
        ({"extra_body": {"stream": "yes"}}, "stream must be true, false or null", "stream"),
        ({"extra_body": {"prompt": "x"}}, "request matches multiple LLM request formats", None),
    ],
)
def test_a_request_that_the_gateway_refuses(client, upstream, members, message, param):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, **members)
    error = caught.value
    assert (error.body["message"], error.type, error.param) == (message, "invalid_request_error", param)
    assert error.request_id
    assert upstream.requests == []


def test_another_model_than_the_configured_one(client, gateway, upstream):
    with pytest.raises(openai.BadRequestError, match="cannot use own model - must be: gpt-4o-mini"):
        ask(client.with_options(base_url=f"{gateway.url}/configured"))
    assert upstream.requests == []


def test_a_path_without_a_route(client, gateway, upstream):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client.with_options(base_url=f"{gateway.url}/v2"))
    assert caught.value.body["message"] == "no Route matched with those values"
    assert caught.value.type == "not_found_error"
    assert upstream.requests == []


class TestKeys:
    """A route that only consumers of the file may use."""

    @pytest.fixture
    def guarded(self, client, gateway):
        return client.with_options(base_url=f"{gateway.url}/guarded", api_key="key-of-research")

    def test_a_consumers_key_opens_it_and_ends_there(self, guarded, upstream):
        upstream.script(answers.chat)
        ask(guarded)
        assert "key-of-research" not in str(upstream.request)

    def test_the_key_may_be_in_another_header(self, client, gateway, upstream):
        upstream.script(answers.chat)
        by_header = client.with_options(
            base_url=f"{gateway.url}/guarded-by-apikey", default_headers={"apikey": APIKEY}
        )
        ask(by_header)
        assert "apikey" not in str(upstream.request)

    def test_another_key_is_refused(self, guarded, upstream):
        for key in (CLIENT_KEY, "key-of-researc", "key-of-research2", APIKEY):
            with pytest.raises(openai.AuthenticationError, match="Unauthorized") as caught:
                ask(guarded.with_options(api_key=key))
            assert (caught.value.status_code, caught.value.type) == (401, "authentication_error")
        assert upstream.requests == []

    def test_a_missing_key_is_asked_for(self, guarded, upstream):
        with pytest.raises(openai.AuthenticationError, match="No API key found in request") as caught:
            ask(guarded, extra_headers={"Authorization": openai.Omit()})
        assert caught.value.response.headers["www-authenticate"].startswith("Key")
        assert upstream.requests == []


class TestRetries:
    """The SDK tries again by itself, and the gateway never does."""

    @pytest.fixture
    def persistent(self, client):
        return client.with_options(max_retries=2)

    def test_after_as_long_as_the_upstream_says(self, persistent, upstream):
        busy = answers.error(429, headers=[("retry-after", "0.01"), ("x-ratelimit-remaining-requests", "0")])
        upstream.script(busy, busy, answers.chat)
        answer = persistent.chat.completions.with_raw_response.create(model="gpt-4o", messages=QUESTION)
        assert answer.parse().choices[0].message.content == "Hello!"
        assert answer.retries_taken == len(upstream.requests) - 1 == 2

    def test_until_it_gives_up(self, persistent, upstream):
        upstream.script(answers.error(429, headers=[("retry-after", "0.01"), ("x-ratelimit-limit", "7")]))
        with pytest.raises(openai.RateLimitError) as caught:
            ask(persistent)
        headers = caught.value.response.headers
        assert (headers["retry-after"], headers["x-ratelimit-limit"]) == ("0.01", "7")
        assert len(upstream.requests) == 3

    def test_unless_the_request_is_at_fault(self, persistent, upstream):
        upstream.script(answers.error(400))
        with pytest.raises(openai.BadRequestError):
            ask(persistent)
        assert len(upstream.requests) == 1

    def test_each_try_of_the_client_is_one_request_upstream(self, client, upstream):
        for answer in (answers.error(500), answers.error(429), lambda exchange: exchange.abort()):
            upstream.script(answer)
            with pytest.raises(openai.APIStatusError):
                ask(client)
            assert len(upstream.requests) == 1
