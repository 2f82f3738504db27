"""The check of signatures, on a request whose signature is known from elsewhere."""

from dataclasses import replace

import pytest
from signature import check_signature
from upstream import Request

SIGNED = Request(
    "POST",
    "/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse",
    (
        ("host", "bedrock-runtime.us-east-1.amazonaws.com"),
        ("content-type", "application/json"),
        ("x-amz-date", "20250102T030405Z"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDTEST/20250102/us-east-1/bedrock/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=a05ffb4e5e2485e66eff27168cb69211af2125411d83046c9e2cfd91720fa4f3",
        ),
    ),
    b'{"messages":[]}',
)
KEYS = ("AKIDTEST", "test-secret-key", "us-east-1")


def test_a_known_signature():
    check_signature(SIGNED, *KEYS)


@pytest.mark.parametrize(
    "request_, keys",
    [
        (replace(SIGNED, body=b'{"messages":[1]}'), KEYS),
        (replace(SIGNED, target=SIGNED.target.replace("%3A", ":")), KEYS),
        (replace(SIGNED, headers=SIGNED.headers[:-1]), KEYS),
        (SIGNED, ("AKIDTEST", "another-key", "us-east-1")),
        (SIGNED, ("AKIDTEST", "test-secret-key", "eu-central-1")),
    ],
)
def test_another_signature(request_, keys):
    with pytest.raises(AssertionError):
        check_signature(request_, *keys)
