// OpenAI's SDK for Node.js against a running gateway.

import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import OpenAI, { AzureOpenAI } from "openai";
import { startGateway, startUpstream } from "./gateway.mjs";

const messages = [{ role: "user", content: "Say hello." }];
const model = "gpt-4o";
const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };

let upstream, gateway, client;

before(async () => {
  upstream = await startUpstream();
  gateway = await startGateway(upstream);
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "clients-own-key", maxRetries: 0 });
});

after(async () => {
  await gateway?.stop();
  upstream?.stop();
});

function completion(message = { role: "assistant", content: "Hello!" }, finish_reason = "stop") {
  const choices = [{ index: 0, message, finish_reason }];
  return { id: "chatcmpl-1", object: "chat.completion", created: 1, model, choices, usage };
}

function chunk(delta, finish_reason = null) {
  const choices = [{ index: 0, delta, finish_reason }];
  return { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model, choices };
}

/** Answers with `body` as JSON. */
function respond(body, status = 200, headers = {}) {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify(body));
  };
}

/** Answers with a stream of `chunks`. */
function stream(chunks) {
  return (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end("data: [DONE]\n\n");
  };
}

test("a question and its answer", async () => {
  upstream.script(respond(completion(), 200, { "x-request-id": "req_upstream" }));
  const asked = client.chat.completions.create({ model, messages });
  const { data, response, request_id } = await asked.withResponse();
  assert.equal(data.choices[0].message.content, "Hello!");
  assert.deepEqual(data.usage, usage);
  assert.equal(request_id, "req_upstream");
  assert.equal(response.headers.get("x-kong-llm-model"), "openai/gpt-4o");
  const [sent] = upstream.requests;
  assert.equal(sent.target, "/v1/chat/completions");
  assert.equal(sent.headers.authorization, "Bearer sk-operators-openai");
  assert.ok(!JSON.stringify(sent).includes("clients-own-key"));
  assert.ok(!Object.keys(sent.headers).some((name) => name.startsWith("x-stainless")));
});

test("each event arrives before the next is sent", async () => {
  let goOn;
  upstream.script(async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const content of ["one", "two", "three"]) {
      const seen = new Promise((resolve) => (goOn = resolve));
      response.write(`data: ${JSON.stringify(chunk({ content }))}\n\n`);
      await seen;
    }
    response.end("data: [DONE]\n\n");
  });
  const seen = [];
  for await (const { choices } of await client.chat.completions.create({ model, messages, stream: true })) {
    seen.push(choices[0].delta.content);
    goOn();
  }
  assert.deepEqual(seen, ["one", "two", "three"]);
});

test("a stream with usage", async () => {
  const asked = [{ ...chunk({ content: "Hello!" }), usage: null }, { ...chunk({}), choices: [], usage }];
  upstream.script(stream(asked));
  const create = (options) => client.chat.completions.create({ model, messages, stream: true, ...options });
  assert.deepEqual(await collect(await create()), [chunk({ content: "Hello!" })]);
  assert.deepEqual(await collect(await create({ stream_options: { include_usage: true } })), asked);
});

test("tools, whole and streamed", async () => {
  const call = { id: "call_1", type: "function", function: { name: "add", arguments: '{"a":1}' } };
  const tools = [{ type: "function", function: { name: "add", parameters: { type: "object" } } }];
  const message = { role: "assistant", content: null, tool_calls: [call] };
  upstream.script(respond(completion(message, "tool_calls")));
  const whole = await client.chat.completions.create({ model, messages, tools });
  assert.deepEqual(whole.choices[0].message.tool_calls, [call]);

  const piece = (members) => chunk({ role: "assistant", tool_calls: [{ index: 0, ...members }] });
  const pieces = ['{"a":', "1}"].map((text) => piece({ function: { arguments: text } }));
  const opening = piece({ id: "call_1", type: "function", function: { name: "add", arguments: "" } });
  upstream.script(stream([opening, ...pieces, chunk({}, "tool_calls")]));
  const streamed = client.chat.completions.stream({ model, messages, tools });
  const { tool_calls } = await streamed.finalMessage();
  assert.equal(tool_calls[0].function.arguments, '{"a":1}');
});

test("aborting a stream stops the upstream", async () => {
  const abort = new AbortController();
  let stopped;
  upstream.script((response) => {
    stopped = once(response, "close");
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${JSON.stringify(chunk({ content: "one" }))}\n\n`);
  });
  const reading = await client.chat.completions.create(
    { model, messages, stream: true },
    { signal: abort.signal },
  );
  for await (const { choices } of reading) {
    assert.equal(choices[0].delta.content, "one");
    abort.abort();
  }
  await stopped;
});

test("aborting before the first byte stops the upstream", async () => {
  const abort = new AbortController();
  let stopped;
  upstream.script((response) => {
    stopped = once(response, "close");
    abort.abort();
  });
  const asking = client.chat.completions.create({ model, messages }, { signal: abort.signal });
  await assert.rejects(asking, OpenAI.APIUserAbortError);
  await stopped;
});

for (const [status, raised] of [
  [400, OpenAI.BadRequestError],
  [401, OpenAI.AuthenticationError],
  [403, OpenAI.PermissionDeniedError],
  [404, OpenAI.NotFoundError],
  [409, OpenAI.ConflictError],
  [422, OpenAI.UnprocessableEntityError],
  [429, OpenAI.RateLimitError],
  [500, OpenAI.InternalServerError],
]) {
  test(`status ${status}`, async () => {
    const error = { message: "It is so.", type: "its_type", param: "messages", code: "its_code" };
    upstream.script(respond({ error }, status, { "x-request-id": "req_error" }));
    for (const stream of [false, true]) {
      await assert.rejects(client.chat.completions.create({ model, messages, stream }), (caught) => {
        assert.ok(caught instanceof raised, caught);
        const { type, param, code, requestID } = caught;
        assert.deepEqual({ type, param, code, requestID }, {
          type: "its_type", param: "messages", code: "its_code", requestID: "req_error",
        });
        return true;
      });
    }
  });
}

test("no route, and a refused key", async () => {
  upstream.script(respond(completion()));
  const at = (path, apiKey) => new OpenAI({ baseURL: `${gateway.url}/${path}`, apiKey, maxRetries: 0 });
  const ask = (client) => client.chat.completions.create({ model, messages });
  await assert.rejects(ask(at("v2", "any")), OpenAI.NotFoundError);
  await assert.rejects(ask(at("guarded", "any")), OpenAI.AuthenticationError);
  assert.equal(upstream.requests.length, 0);
  assert.ok(await ask(at("guarded", "key-of-research")));
});

test("an error within a stream is thrown", async () => {
  const error = { message: "overloaded", type: "server_error" };
  upstream.script(stream([chunk({ content: "one" }), { error }]));
  const reading = await client.chat.completions.create({ model, messages, stream: true });
  await assert.rejects(collect(reading), /overloaded/);
});

test("a stream that breaks off is an error", async () => {
  let goOn;
  const seen = new Promise((resolve) => (goOn = resolve));
  upstream.script(async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`data: ${JSON.stringify(chunk({ content: "one" }))}\n\n`);
    await seen;
    response.destroy();
  });
  const read = async () => {
    for await (const _ of await client.chat.completions.create({ model, messages, stream: true })) goOn();
  };
  await assert.rejects(read(), OpenAI.APIError);
});

test("a busy upstream is asked again, by the client", async () => {
  upstream.script((response) => {
    const busy = upstream.requests.length < 3;
    const error = { message: "busy", type: "rate_limit_error" };
    respond(busy ? { error } : completion(), busy ? 429 : 200, busy ? { "retry-after-ms": "1" } : {})(response);
  });
  const answer = await client.chat.completions.create({ model, messages }, { maxRetries: 2 });
  assert.equal(answer.choices[0].message.content, "Hello!");
  assert.equal(upstream.requests.length, 3);
});

test("Azure", async () => {
  const azure = new AzureOpenAI({
    endpoint: gateway.url,
    apiKey: "clients-own-key",
    apiVersion: "2024-10-21",
    deployment: "gpt-4o",
    maxRetries: 0,
  });
  upstream.script(respond(completion()));
  assert.ok(await azure.chat.completions.create({ model, messages }));
  const [{ target, headers }] = upstream.requests;
  assert.equal(target, "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21");
  assert.equal(headers["api-key"], "operators-azure");
  assert.equal(headers.authorization, undefined);
});

async function collect(chunks) {
  const all = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}
