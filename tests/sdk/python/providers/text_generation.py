"""Text generation inference: what Hugging Face serves, and what Llama 2 is served with."""

import json

from huggingface_hub.inference._generated.types import (
    TextGenerationInput,
    TextGenerationOutput,
    TextGenerationOutputPrefillToken,
    TextGenerationStreamOutput,
    TextGenerationStreamOutputStreamDetails,
)
from shapes import Shapes

STREAM_TYPE = "text/event-stream"
SHAPES = Shapes(
    also={
        # The first token of a prompt has no likelihood.
        TextGenerationOutputPrefillToken: {"logprob": float | None},
        # Older servers do not count the prompt.
        TextGenerationStreamOutputStreamDetails: {"input_length": int},
    }
)
FINISH = {"stop": "eos_token", "length": "length"}


def check_request(body):
    SHAPES.check(body, TextGenerationInput)
    parameters = body.get("parameters", {})
    assert parameters.get("temperature", 1) > 0, "a temperature of 0 is refused"
    assert 0 < parameters.get("top_p", 0.5) < 1, "top_p must be between 0 and 1, both excluded"


def check_answer(body):
    for each in body if isinstance(body, list) else body.get("data", [body]):
        SHAPES.check(each, TextGenerationOutput)


def check_event(event):
    if "error" not in event:
        SHAPES.check(event, TextGenerationStreamOutput)


def answer(script, completions=False):
    prefill = [{"id": at, "text": "x", "logprob": 0.0} for at in range(script.usage.prompt)]
    details = {
        "finish_reason": FINISH[script.finish],
        "generated_tokens": script.usage.completion,
        "prefill": prefill,
        "tokens": [],
    }
    return [{"generated_text": script.content, "details": details}]


def events(script, completions=False):
    for index, piece in enumerate(script.text, 1):
        yield token(index, piece)
    if script.error:
        yield {"error": script.error, "error_type": "generation"}
        return
    details = {
        "finish_reason": FINISH[script.finish],
        "generated_tokens": script.usage.completion,
        "input_length": script.usage.prompt,
    }
    end = token(len(script.text) + 1, "</s>", special=True)
    yield {**end, "generated_text": script.content, "details": details}


def frame(event) -> bytes:
    """As the server writes it: no blank behind the colon."""
    return f"data:{json.dumps(event, ensure_ascii=False)}\n\n".encode()


def error(message):
    return {"error": message, "error_type": "some_error"}


def token(index, text, special=False):
    said = {"id": index, "text": text, "logprob": -0.5, "special": special}
    return {"index": index, "token": said, "generated_text": None, "details": None}
