"""Runs a health check against a server that answers each time in another way.

This one file is sent whole, as `python -c`, into a throw-away container of an image. So it needs
only the standard library and Python 3.8, and imports nothing of `verify`.

It is given one request, a JSON object in its first argument:
    command      the words of the health check; [] for none, which tries nothing
    port         where the server listens, on all addresses
    patience     seconds after which a check that has not ended is killed
    trials       [[name, status, type, body], ...]; status 0: it takes the connection, and never
                 answers; status null: nothing listens

Its answer tells who it ran as, and of each trial: what was asked, how the check ended, after how
many seconds, and the end of what it said.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any, Dict, Iterator, List, Optional

MARK = "verify-agent:"
"""Stands before the answer, because the interpreter's start-up may print something too."""

TAIL = 300
"""Characters of a check's output that are kept: its end, where the reason stands."""

MOST = 10
"""Requests of one check that are told."""


class Server(socketserver.ThreadingTCPServer):
    """A server that notes what it is asked, and always says the same."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, status: int, kind: str, body: str) -> None:
        self.status, self.kind, self.body = status, kind, body.encode()
        self.asked: List[str] = []
        self.over = threading.Event()
        try:
            self.address_family = socket.AF_INET6
            super().__init__(("::", port), Handler)
        except OSError:  # no IPv6 here
            self.address_family = socket.AF_INET
            super().__init__(("", port), Handler)

    def server_bind(self) -> None:
        """Take IPv4, too, where the address is one of IPv6."""
        if self.address_family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        super().server_bind()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a check may hang up as it likes."""


class Handler(BaseHTTPRequestHandler):
    """Notes one request, and answers it."""

    server: Server

    def answer(self) -> None:
        """Give the answer of this trial, or none until the trial is over."""
        server = self.server
        if len(server.asked) < MOST:
            server.asked.append(f"{self.command} {self.path}")
        if not server.status:
            server.over.wait()
            return
        self.send_response(server.status)
        self.send_header("Content-Type", server.kind)
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(server.body)

    do_GET = do_HEAD = do_POST = do_OPTIONS = answer  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextlib.contextmanager
def serving(port: int, trial: List[Any]) -> Iterator[List[str]]:
    """Serve one trial's answers; yields what was asked, which grows meanwhile."""
    _, status, kind, body = trial
    if status is None:
        yield []
        return
    server = Server(port, status, kind, body)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.asked
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def run(command: List[str], patience: float) -> Dict[str, Any]:
    """Run the check once; return how it ended."""
    began = time.monotonic()
    code: Optional[int] = None
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        said = f"{command[0]} cannot be started: {error.strerror}"
        return {"exit": None, "ended": True, "seconds": 0.0, "said": said}
    try:
        out, _ = child.communicate(timeout=patience)
        code = child.returncode
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        out, _ = child.communicate()
    return {
        "exit": code,
        "ended": code is not None,
        "seconds": time.monotonic() - began,
        "said": out.decode("utf-8", "replace").strip()[-TAIL:],
    }


def main() -> None:
    """Answer the request in the first argument."""
    request = json.loads(sys.argv[1])
    trials = []
    for trial in request["trials"] if request["command"] else []:
        with serving(request["port"], trial) as asked:
            seen = run(request["command"], request["patience"])
        trials.append(dict(seen, name=trial[0], asked=list(asked)))
    facts = {
        "uid": os.getuid(),
        "gids": sorted({os.getgid(), *os.getgroups()}),
        "trials": trials,
    }
    print(MARK + json.dumps(facts))


if __name__ == "__main__":
    main()
