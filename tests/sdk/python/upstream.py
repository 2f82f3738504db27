"""An upstream that records what it is sent and answers as a test tells it to.

The standard library only, and a thread for each connection: an answer is a function that a test writes,
so it can wait at any byte for what the client does.
"""

import json
import socket
import struct
import threading
from collections import deque
from dataclasses import dataclass
from typing import Callable, Iterable

# How long anything that must come is waited for before the test fails.
PATIENCE = 20


@dataclass(frozen=True)
class Request:
    """A request exactly as it came over the wire; only the framing of its body is undone."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only header of this name, in any case."""
        values = [value for sent, value in self.headers if sent.lower() == name]
        assert len(values) <= 1, f"{name} was sent {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)


class Exchange:
    """A request, and the way to answer it step by step."""

    def __init__(self, request: Request, connection: socket.socket):
        self.request = request
        self._connection = connection
        self.reusable = True

    def respond(self, status: int = 200, body=b"", content_type="application/json", headers=()):
        """The whole answer at once; `body` is bytes, or a value to be sent as JSON."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        framing = [("content-type", content_type), ("content-length", str(len(body)))]
        self._connection.sendall(head(status, [*framing, *headers]) + body)

    def start(self, content_type="text/event-stream", headers=()):
        """The head of an answer of unknown length."""
        framing = [("content-type", content_type), ("transfer-encoding", "chunked")]
        self._connection.sendall(head(200, [*framing, *headers]))

    def send(self, chunk: bytes):
        """A piece of an answer that was started."""
        self._connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))

    def event(self, value):
        """A server-sent event."""
        self.send(sse(value))

    def end(self):
        """The proper end of an answer that was started."""
        self._connection.sendall(b"0\r\n\r\n")

    def abort(self):
        """Resets the connection, whatever has been answered."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()
        self.reusable = False

    def client_leaves(self):
        """Waits until the other side closes the connection."""
        self.reusable = False
        self._connection.settimeout(PATIENCE)
        try:
            assert self._connection.recv(1) == b"", "the client sent more instead of leaving"
        except ConnectionResetError:
            pass


Answer = Callable[[Exchange], None]


class Upstream:
    """Listens on a free loopback port until it is closed."""

    def __init__(self):
        self.requests: list[Request] = []
        self.failures: list[BaseException] = []
        self._answers: deque[Answer] = deque()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def script(self, *answers: Answer):
        """Forgets what was, and answers the next requests in turn; the last answer serves all that follow."""
        with self._lock:
            self._answers = deque(answers)
            self.requests = []
            self.failures = []

    @property
    def request(self) -> Request:
        """The one request that came since the script was written."""
        assert len(self.requests) == 1, f"{len(self.requests)} requests came"
        return self.requests[0]

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection, connection.makefile("rb") as stream:
            try:
                while (request := read(stream)) is not None:
                    exchange = Exchange(request, connection)
                    self._next_answer(request)(exchange)
                    if not exchange.reusable:
                        return
            except ConnectionResetError:
                pass
            except Exception as failure:  # reported by the test that is running
                self.failures.append(failure)

    def _next_answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            assert self._answers, f"nobody expected {request.method} {request.target}"
            return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]


def sse(value, end="\n\n") -> bytes:
    """A value, or text as it is, as a server-sent event."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"data: {text}{end}".encode()


def head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode()


def read(stream) -> Request | None:
    """The next request of a connection; `None` once the other side has closed it, be it halfway."""
    line = stream.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ")
    headers = []
    while (line := stream.readline()) != b"\r\n":
        if not line:
            return None
        name, value = line.decode("latin-1").split(":", 1)
        headers.append((name, value.strip()))
    framing = {name.lower(): value for name, value in headers}
    if framing.get("transfer-encoding") == "chunked":
        body = read_chunks(stream)
    else:
        length = int(framing.get("content-length", 0))
        body = stream.read(length)
        body = body if len(body) == length else None
    return None if body is None else Request(method, target, tuple(headers), body)


def read_chunks(stream) -> bytes | None:
    chunks = []
    while line := stream.readline():
        size = int(line, 16)
        # A line end is behind every chunk, the empty last one included.
        chunk = stream.read(size + 2)
        if len(chunk) < size + 2:
            return None
        if size == 0:
            return b"".join(chunks)
        chunks.append(chunk[:size])
    return None
