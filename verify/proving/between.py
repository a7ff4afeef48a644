"""Stands between a run and its engine, and lets nothing pass any more when it is time."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Final, Self

from verify.errors import NotDeclared
from verify.probes.engine import DEFAULT_SOCKET

_CHUNK: Final = 1 << 14
_KIND: Final = "unix://"


class Between:
    """The only way that a run has to its engine, until it is cut.

    Args:
        folder: takes the socket.
        until: is cut before this of what the engine says has passed; empty for not by itself.

    Raises:
        NotDeclared: the engine of this machine is not at a socket of the file system.
    """

    def __init__(self, folder: Path, until: bytes = b"") -> None:
        there = os.environ.get("DOCKER_HOST") or DEFAULT_SOCKET
        if not there.startswith(_KIND):
            raise NotDeclared(f"the engine is at {there}, where nobody can stand in between")
        self._there = there.removeprefix(_KIND)
        self._until = until
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._is_cut = False
        self.path = f"{_KIND}{folder}/engine"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.path.removeprefix(_KIND))
        self._listening.listen(64)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()
        for one in (self._listening, *self._open):
            one.close()
        Path(self.path.removeprefix(_KIND)).unlink()

    def cut(self) -> None:
        """Break off every connection and take no more: whoever comes is refused."""
        with self._lock:
            self._is_cut = True
            for one in (self._listening, *self._open):
                with contextlib.suppress(OSError):  # the other side is gone
                    one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # no longer listened to
            while True:
                client, _ = self._listening.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(self._there)
                with self._lock:
                    self._open += [client, engine]
                    if self._is_cut:  # meanwhile
                        raise OSError
                for way in ((client, engine, b""), (engine, client, self._until)):
                    thread = threading.Thread(target=self._pass_on, args=way, daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _pass_on(self, source: socket.socket, target: socket.socket, until: bytes) -> None:
        end = b""
        with contextlib.suppress(OSError):  # either side is gone
            while chunk := source.recv(_CHUNK):
                if until and until in (end := end[-len(until) :] + chunk):
                    self.cut()
                    return
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)
