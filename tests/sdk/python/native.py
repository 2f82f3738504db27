"""The providers' own SDKs, each asked the same in its own way."""

from dataclasses import dataclass

import botocore.session
import pytest
from anthropic import Anthropic
from botocore.config import Config
from cohere import ClientV2
from conftest import CLIENT_KEY
from google.genai import Client as Gemini
from google.genai import types
from mistralai.client import Mistral
from ollama import Client as Ollama
from openai import OpenAI
from targets import by_name

SAY_HELLO = "Say hello."
MESSAGES = [{"role": "user", "content": SAY_HELLO}]
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}}


@dataclass
class Told:
    """What an SDK makes of an answer."""

    text: str
    calls: list


def anthropic(url, model, stream):
    client = Anthropic(base_url=f"{url}/its-own/anthropic", api_key=CLIENT_KEY, max_retries=0)
    tools = [{"name": "look_up", "input_schema": PARAMETERS}]
    members = {"model": model, "max_tokens": 99, "messages": MESSAGES, "tools": tools}
    with client:
        if stream:
            with client.messages.stream(**members) as answer:
                message = answer.get_final_message()
        else:
            message = client.messages.create(**members)
    return Told(
        "".join(block.text for block in message.content if block.type == "text"),
        [(block.name, block.input) for block in message.content if block.type == "tool_use"],
    )


def cohere(url, model, stream):
    client = ClientV2(api_key=CLIENT_KEY, base_url=f"{url}/its-own/cohere")
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": PARAMETERS}}]
    members = {"model": model, "messages": MESSAGES, "tools": tools}
    if not stream:
        message = client.chat(**members).message
        calls = [(call.function.name, call.function.arguments) for call in message.tool_calls or ()]
        return Told("".join(part.text for part in message.content or ()), calls)
    text, calls = "", []
    for event in client.chat_stream(**members):
        match event.type:
            case "content-delta":
                text += event.delta.message.content.text
            case "tool-call-start":
                calls.append([event.delta.message.tool_calls.function.name, ""])
            case "tool-call-delta":
                calls[-1][1] += event.delta.message.tool_calls.function.arguments
    return Told(text, [tuple(call) for call in calls])


def mistral(url, model, stream):
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": PARAMETERS}}]
    members = {"model": model, "messages": MESSAGES, "tools": tools}
    with Mistral(api_key=CLIENT_KEY, server_url=f"{url}/its-own/mistral") as client:
        if stream:
            said = [event.data.choices[0].delta for event in client.chat.stream(**members)]
        else:
            said = [client.chat.complete(**members).choices[0].message]
    calls = [call.function for each in said for call in each.tool_calls or ()]
    return Told("".join(each.content or "" for each in said), [(call.name, call.arguments) for call in calls])


def gemini(url, model, stream):
    return gemini_at(f"{url}/its-own/gemini", model, stream)


def gemini_read(url, model, stream):
    """Through a route that reads what passes."""
    return gemini_at(url, model, stream)


def gemini_at(url, model, stream):
    options = types.HttpOptions(base_url=url, api_version="v1beta")
    client = Gemini(api_key=CLIENT_KEY, http_options=options)
    look_up = types.FunctionDeclaration(name="look_up", parameters=PARAMETERS)
    config = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[look_up])])
    members = {"model": model, "contents": SAY_HELLO, "config": config}
    models = client.models
    said = list(models.generate_content_stream(**members)) if stream else [models.generate_content(**members)]
    parts = [part for each in said for part in each.candidates[0].content.parts or ()]
    return Told(
        "".join(part.text or "" for part in parts),
        [(part.function_call.name, part.function_call.args) for part in parts if part.function_call],
    )


def ollama(url, model, stream):
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": PARAMETERS}}]
    answer = Ollama(host=url).chat(model=model, messages=MESSAGES, tools=tools, stream=stream)
    said = [each.message for each in answer] if stream else [answer.message]
    calls = [call.function for each in said for call in each.tool_calls or ()]
    return Told("".join(each.content or "" for each in said), [(call.name, call.arguments) for call in calls])


def bedrock(url, model, stream):
    client = botocore.session.Session().create_client(
        "bedrock-runtime",
        region_name="us-west-2",
        endpoint_url=url,
        aws_access_key_id="clients-own-id",
        aws_secret_access_key=CLIENT_KEY,
        config=Config(retries={"total_max_attempts": 1}),
    )
    tool = {"toolSpec": {"name": "look_up", "inputSchema": {"json": PARAMETERS}}}
    members = {
        "modelId": model,
        "messages": [{"role": "user", "content": [{"text": SAY_HELLO}]}],
        "toolConfig": {"tools": [tool]},
    }
    if not stream:
        blocks = client.converse(**members)["output"]["message"]["content"]
        calls = [block["toolUse"] for block in blocks if "toolUse" in block]
        return Told(
            "".join(block.get("text", "") for block in blocks), [(c["name"], c["input"]) for c in calls]
        )
    text, calls = "", []
    for event in client.converse_stream(**members)["stream"]:
        if "contentBlockStart" in event:
            calls.append([event["contentBlockStart"]["start"]["toolUse"]["name"], ""])
        delta = event.get("contentBlockDelta", {}).get("delta", {})
        text += delta.get("text", "")
        if "toolUse" in delta:
            calls[-1][1] += delta["toolUse"]["input"]
    return Told(text, [tuple(call) for call in calls])


def huggingface(url, model, stream):
    """Its router is asked with OpenAI's SDK."""
    with OpenAI(base_url=f"{url}/its-own/huggingface/v1", api_key=CLIENT_KEY, max_retries=0) as client:
        answer = client.chat.completions.create(model=model, messages=MESSAGES, stream=stream)
        if not stream:
            return Told(answer.choices[0].message.content, [])
        chunks = [chunk for chunk in answer if chunk.choices]
    return Told("".join(chunk.choices[0].delta.content or "" for chunk in chunks), [])


# With the target whose format they speak.
SDKS = [
    pytest.param(by_name(name), tell, id=tell.__name__)
    for name, tell in [
        ("anthropic", anthropic),
        ("bedrock", bedrock),
        ("cohere", cohere),
        ("gemini", gemini),
        ("gemini", gemini_read),
        ("huggingface", huggingface),
        ("llama2-by-ollama", ollama),
        ("mistral", mistral),
    ]
]
each_sdk = pytest.mark.parametrize("target, tell", SDKS)
