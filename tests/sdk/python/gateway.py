"""A running `aiproxy serve`."""

import json
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

from upstream import PATIENCE

ROOT = Path(__file__).resolve().parents[3]
AIPROXY = os.environ.get("AIPROXY", str(ROOT / "target/release/aiproxy"))
LISTENING = re.compile(r"listening on (http://\S+) \(admin (http://\S+)\)")


class Gateway:
    """Runs from its making until `stop`, on free ports and with nothing of the surrounding environment.

    Its process id stands in the folder `SDK_PIDS` meanwhile, so that whoever started the tests can end it
    even if they were killed.
    """

    def __init__(self, config: Path, *arguments: str, environment=None):
        self.process = subprocess.Popen(
            command(config, arguments),
            env=environment or {},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._pid_file = Path(os.environ.get("SDK_PIDS", "/dev/null")) / str(self.process.pid)
        if self._pid_file.parent.is_dir():
            self._pid_file.touch()
        self._ready = threading.Event()
        self._news = threading.Condition()
        self.stdout, self.stderr = [], []
        self._readers = [
            threading.Thread(target=self._collect, args=(self.process.stdout, self.stdout)),
            threading.Thread(target=self._collect, args=(self.process.stderr, self.stderr)),
        ]
        for reader in self._readers:
            reader.start()
        self._ready.wait(PATIENCE)
        found = LISTENING.search(self.said)
        if found is None:
            self.process.kill()
            self._finish()
            raise AssertionError(f"the gateway did not start:\n{self.said}")
        self.url, self.admin = found.groups()

    @property
    def said(self) -> str:
        """Everything on standard error so far."""
        return "".join(self.stderr)

    @property
    def log(self) -> str:
        """Everything on standard output so far: the access log."""
        return "".join(self.stdout)

    def logged(self, request_id: str) -> dict:
        """The line of the access log about a request, which may be written after its answer."""

        def line():
            return next((line for line in self.stdout if request_id in line), None)

        with self._news:
            assert self._news.wait_for(line, PATIENCE), f"nothing was logged about {request_id}"
            return json.loads(line())

    def stop(self):
        """Asks the gateway to finish, which it has to do properly."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the gateway did not stop:\n{self.said}") from None
        finally:
            self._finish()
        assert status == 0, f"the gateway ended with {status}:\n{self.said}"

    def _collect(self, pipe, lines):
        for line in pipe:
            with self._news:
                lines.append(line.decode())
                self._news.notify_all()
            if pipe is self.process.stderr and LISTENING.search(lines[-1]):
                self._ready.set()
        self._ready.set()

    def _finish(self):
        self.process.wait()
        for reader in self._readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        if self._pid_file.is_file():
            self._pid_file.unlink()


def refused(config: Path, *arguments: str, environment=None) -> tuple[int, str]:
    """How `serve` ends on a file that it does not serve: status and standard error."""
    ended = subprocess.run(
        command(config, arguments),
        env=environment or {},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
    )
    return ended.returncode, ended.stderr.decode()


def command(config: Path, arguments) -> list[str]:
    free = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
    return [AIPROXY, "serve", str(config), *free, *arguments]
