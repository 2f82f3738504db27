"""Cohere: Chat, version 1."""

from cohere import NonStreamedChatResponse, StreamedChatResponse
from cohere.raw_base_client import RawBaseCohere
from shapes import Call, Shapes

SHAPES = Shapes()
REQUEST = Call(RawBaseCohere.chat, without=("request_options", "accepts"), stream=bool)


def check_request(body):
    SHAPES.check(body, REQUEST)


def check_answer(body):
    SHAPES.check(body, NonStreamedChatResponse)


def check_event(event):
    SHAPES.check(event, StreamedChatResponse)
