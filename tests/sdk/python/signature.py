"""Whether a request is signed as AWS wants it: what botocore signs with the same keys is the same."""

import re
from datetime import datetime
from unittest import mock

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from upstream import Request

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/bedrock/aws4_request, "
    r"SignedHeaders=(?P<headers>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def check_signature(request: Request, key: str, secret: str, region: str, token: str | None = None):
    found = AUTHORIZATION.fullmatch(request.header("authorization") or "")
    assert found, f"not signed: {request.header('authorization')}"
    assert (found["key"], found["region"]) == (key, region)
    assert request.header("x-amz-security-token") == token
    names = found["headers"].split(";")
    assert {"host", "x-amz-date", "content-type"} <= set(names), f"unsigned headers beside {names}"
    assert token is None or "x-amz-security-token" in names
    sent = {name: request.header(name) for name in names if name != "x-amz-security-token"}
    again = AWSRequest("POST", f"http://{request.header('host')}{request.target}", sent, request.body)
    when = datetime.strptime(request.header("x-amz-date"), "%Y%m%dT%H%M%SZ")
    with mock.patch("botocore.auth.get_current_datetime", return_value=when):
        SigV4Auth(Credentials(key, secret, token), "bedrock", region).add_auth(again)
    assert again.headers["Authorization"] == request.header("authorization")
