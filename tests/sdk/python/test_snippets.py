"""The programs that `aiproxy sdk` prints, run as they are but for the keys, and never twice by themselves."""

import contextlib
import io
import json
import re
import socket
import subprocess

import openai
import pytest
from conftest import APIKEY
from gateway import AIPROXY, ROOT, Gateway

# A consumer's key, in the form in which the SDK sends it by itself.
KEY = "Bearer key-of-everybody"

SEED = sorted((ROOT / "fixtures/seed").glob("*.yaml"))
# One of them is not served: it has a guard that aiproxy does not run.
TEAMS = sorted(set((ROOT / "fixtures/realworld").glob("*.yaml")) - {ROOT / "fixtures/realworld/mixed-plugins.yaml"})


def routes(config, origin):
    """What `sdk` says of the routes of a file."""
    command = [AIPROXY, "sdk", "--format", "json", "--origin", origin, str(config)]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True)
    assert ended.returncode in (0, 1), ended.stderr
    return json.loads(ended.stdout)["routes"]


def filled(code, key):
    """The program with the key filled in, and without second tries."""
    code = re.sub(r"(client = \w+\()", r"\1max_retries=0,", code.replace("YOUR_GATEWAY_KEY", key))
    return re.sub(r"(client = new \w+\({)", r"\1 maxRetries: 0,", code)


def runs(code, key):
    """Runs a program; what it prints, or the status it is refused with."""
    code = filled(code, key)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile(code, "snippet", "exec"), {})
        except openai.APIStatusError as error:
            return error.status_code
    return printed.getvalue().strip()


def run_by_node(codes):
    """The same for programs for Node, one after the other in one process."""
    command = ["node", str(ROOT / "target/sdk/node/programs.mjs")]
    ended = subprocess.run(command, input=json.dumps(codes).encode(), capture_output=True)
    assert ended.returncode == 0, ended.stderr.decode()
    return json.loads(ended.stdout)


def another(keys):
    """The name of a variable for one key more; the first is KEY."""
    name = f"KEY_{len(keys)}"
    keys[name] = f"{KEY}-{len(keys)}" if keys else KEY
    return name


@pytest.fixture
def everywhere(monkeypatch):
    """Every name leads here."""
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *more, **options: resolve("127.0.0.1", *more, **options))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The working directory, with the files that programs upload."""
    for name in ("hello.mp3", "hello.png"):
        (tmp_path / name).write_bytes(bytes(range(256)))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("config", SEED + TEAMS, ids=lambda config: config.stem)
def test_programs_get_answers_from_their_routes(config, folder, everywhere):
    # Keys that are known here.
    keys = {}
    text = re.sub(r"(?<=- key: ).*", lambda _: f'"{{vault://env/{another(keys)}}}"', config.read_text())
    config = folder / config.name
    config.write_text(text)
    gateway = Gateway(config, "--mock", environment=keys)
    asked, for_node = [], []
    try:
        for route in routes(config, gateway.url):
            # The client puts `Bearer ` before what it sends by itself.
            key = KEY if route["api_key"] and route["api_key"]["location"] else KEY.removeprefix("Bearer ")
            for snippet in route["snippets"]:
                # The gateway itself speaks no TLS.
                if "https://" in snippet["code"]:
                    continue
                if snippet["language"] == "node":
                    for_node.append((route["route"], filled(snippet["code"], key)))
                    continue
                answer = runs(snippet["code"], key)
                assert isinstance(answer, str) and answer, snippet["code"]
                asked.append(route["route"])
        answers = run_by_node([code for _, code in for_node])
        for (route, code), answer in zip(for_node, answers, strict=True):
            assert isinstance(answer, str) and answer, code
            asked.append(route)
    finally:
        gateway.stop()
    took = [json.loads(line)["route"]["name"] for line in gateway.log.splitlines()]
    assert took == asked


def test_programs_send_the_key_that_a_guard_asks_for(everywhere, folder):
    text = (ROOT / "tests/sdk/gateway.yaml").read_text()
    config = folder / "gateway.yaml"
    config.write_text(text)
    gateway = Gateway(config, "--mock", environment={"RESEARCH_KEY": KEY})
    try:
        found = {route["route"]: route for route in routes(config, gateway.url)}
        for name, key in [("guarded", "key-of-everybody"), ("guarded-by-apikey", APIKEY)]:
            code = found[name]["snippets"][0]["code"]
            assert runs(code, "another") == 401
            assert "hello" in runs(code, key)
        assert "YOUR_PROVIDER_KEY" in found["own-key"]["snippets"][0]["code"]
        # Every other program runs as it is.
        for name in found.keys() - {"guarded", "guarded-by-apikey"}:
            assert "hello" in runs(found[name]["snippets"][0]["code"], ""), name
    finally:
        gateway.stop()
