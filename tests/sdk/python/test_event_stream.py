"""The upstream's binary event streams, read by AWS's own reader."""

import json

from botocore.eventstream import EventStreamBuffer
from providers import bedrock
from providers.script import TOOLS


def test_every_event_comes_out_as_it_went_in():
    events = list(bedrock.events(TOOLS)) + list(bedrock.events(TOOLS.but(error="boom")))
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(map(bedrock.frame, events)))
    assert [read(message) for message in buffer] == events


def read(message):
    payload = json.loads(message.payload)
    payload.pop("p", None)
    headers = message.headers
    failed = headers[":message-type"] == "exception"
    return {headers[":exception-type" if failed else ":event-type"]: payload}


def test_the_known_message():
    """What is known of it comes from outside this repository: its two checksums."""
    known = (
        "0000007a00000051ca2c46650b3a6576656e742d7479706507000b6d65737361676553746f700d3a636f6e74656e742d74797065"
        "0700106170706c69636174696f6e2f6a736f6e0d3a6d6573736167652d747970650700056576656e747b2273746f705265617"
        "36f6e223a22656e645f7475726e227d5fbf09fc"
    )
    assert bedrock.message("messageStop", "event", b'{"stopReason":"end_turn"}').hex() == known
