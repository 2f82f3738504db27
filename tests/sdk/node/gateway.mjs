// A running `aiproxy serve` before an upstream of the tests' own.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";

const SECRETS = {
  OPENAI_AUTH_HEADER: "Bearer sk-operators-openai",
  AZURE_API_KEY: "operators-azure",
  MISTRAL_AUTH_HEADER: "Bearer operators-mistral",
  RESEARCH_KEY: "Bearer key-of-research",
};

/** Listens on a free loopback port, records what it is sent and answers as `answer` does. */
export async function startUpstream() {
  const upstream = { requests: [], answer: undefined };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    upstream.requests.push({ method: request.method, target: request.url, headers: request.headers, body });
    await upstream.answer(response, JSON.parse(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  upstream.url = `http://127.0.0.1:${server.address().port}`;
  upstream.script = (answer) => Object.assign(upstream, { answer, requests: [] });
  upstream.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return upstream;
}

/** Serves the tests' configuration on a free port until `stop`. */
export async function startGateway(upstream) {
  const folder = await mkdtemp(join(tmpdir(), "aiproxy-sdk-"));
  const config = join(folder, "gateway.yaml");
  const yaml = await readFile(join(process.env.SDK_ROOT, "gateway.yaml"), "utf8");
  await writeFile(config, yaml.replaceAll("http://upstream.test", upstream.url));
  const providers = ["openai", "azure", "mistral"];
  const instead = providers.flatMap((provider) => ["--upstream", `${provider}=${upstream.url}`]);
  const free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--access-log", "off"];
  const child = spawn(process.env.AIPROXY, ["serve", config, ...free, ...instead], {
    env: SECRETS,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const pidFile = join(process.env.SDK_PIDS, String(child.pid));
  await writeFile(pidFile, "");
  const ended = once(child, "exit");
  return {
    url: await address(child),
    async stop() {
      child.kill("SIGTERM");
      const [status] = await ended;
      await Promise.all([rm(folder, { recursive: true }), rm(pidFile)]);
      if (status !== 0) throw new Error(`the gateway ended with ${status}`);
    },
  };
}

/** Where the gateway says that it listens. */
async function address(child) {
  const said = [];
  for await (const line of createInterface(child.stderr)) {
    said.push(line);
    const found = line.match(/listening on (http:\/\/\S+)/);
    if (found) {
      child.stderr.resume();
      return found[1];
    }
  }
  throw new Error(`the gateway did not start:\n${said.join("\n")}`);
}
