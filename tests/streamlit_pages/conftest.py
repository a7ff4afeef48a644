"""The dashboard in this process (AppTest), and behind a real server (its websocket)."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from aicmo.core import db
from streamlit_pages import error_log, facts

ROOT = Path(__file__).resolve().parents[2]
ENTRY = ROOT / "streamlit_pages" / "aicmo_operator.py"
PATIENCE = 60
"""Seconds a server may take under any load; far beyond what it ever should."""


@pytest.fixture
def root():
    return ROOT


@pytest.fixture
def entry():
    return ENTRY


@pytest.fixture(autouse=True)
def data_dir(tmp_path, monkeypatch):
    """Give the test a data folder of its own, and a process that remembers no fault."""
    for name in ("AICMO_DATABASE_URL", "AICMO_MOCK_MODE"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "data"
    monkeypatch.setenv("AICMO_DATA_DIR", str(folder))
    error_log.clear()
    facts.forget()
    yield folder
    db.dispose()


@pytest.fixture
def broken_database(data_dir):
    data_dir.mkdir()
    (data_dir / "aicmo.db").write_bytes(b"this is not a database" * 100)


@pytest.fixture
def mock_mode(monkeypatch):
    monkeypatch.setenv("AICMO_MOCK_MODE", "1")


@pytest.fixture
def open_tab():
    """Return a function that draws the dashboard with one tab open."""

    def draw(tab="Command Center"):
        at = AppTest.from_file(str(ENTRY), default_timeout=PATIENCE)
        at.session_state["tab"] = tab
        at.run()
        assert not at.exception
        return at

    return draw


def words(at):
    """Return all text a page shows outside its widgets."""
    kinds = (at.markdown, at.error, at.warning, at.success, at.info, at.caption, at.text)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


@pytest.fixture(name="words")
def _words():
    return words


@dataclass
class Page:
    """What one session sees: elements by their place, the order in which they came, and how the
    last run ended."""

    elements: dict[tuple[int, ...], object] = field(default_factory=dict)
    drawn: list[tuple[int, ...]] = field(default_factory=list)
    labels: dict[tuple[int, ...], str] = field(default_factory=dict)
    tabs_id: str = ""
    status: int = -1

    def texts(self, place=()):
        """Return the texts in a part of the page: (0,) main, (1,) sidebar."""
        found = []
        for path, element in sorted(self.elements.items()):
            if path[: len(place)] == place:
                kind = element.WhichOneof("type")
                if kind in {"markdown", "alert", "text", "heading", "exception"}:
                    part = getattr(element, kind)
                    found.append(part.message if kind == "exception" else part.body)
        return found

    def place_of(self, label):
        """Return where a tab is."""
        return next(path for path, name in self.labels.items() if name == label)


class Session:
    """One browser tab, without the browser."""

    def __init__(self, socket_: ClientConnection):
        self._socket = socket_

    def run(self, stop_at="", **state) -> Page:
        """Run the script, with the given tab open, and return what it drew.

        With `stop_at`, ask for a stop as soon as a text reads so.
        """
        message = BackMsg()
        message.rerun_script.SetInParent()
        if state:
            widget = message.rerun_script.widget_states.widgets.add()
            widget.id, widget.string_value = state["id"], state["label"]
        self._socket.send(message.SerializeToString())
        page = Page()
        while True:
            got = ForwardMsg()
            got.ParseFromString(self._socket.recv(PATIENCE))
            kind = got.WhichOneof("type")
            if kind == "delta":
                self._take(page, tuple(got.metadata.delta_path), got.delta)
                if stop_at and stop_at in page.texts():
                    self._socket.send(BackMsg(stop_script=True).SerializeToString())
            elif kind == "script_finished" and got.script_finished != 2:
                page.status = got.script_finished
                return page

    @staticmethod
    def _take(page, path, delta):
        if delta.WhichOneof("type") == "new_element":
            page.elements[path] = delta.new_element
            page.drawn.append(path)
        elif delta.add_block.WhichOneof("type") == "tab":
            page.labels[path] = delta.add_block.tab.label
        elif delta.add_block.WhichOneof("type") == "tab_container":
            page.tabs_id = delta.add_block.tab_container.id or delta.add_block.id


class Server:
    """A Streamlit server of this test."""

    def __init__(self, target, log, env):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = log
        command = [sys.executable, "-m", "streamlit", "run", str(target)]
        options = ["--server.port", str(self.port), "--server.headless", "true"]
        with log.open("w") as output:
            self.process = subprocess.Popen(
                command + options, cwd=ROOT, env=env, stdout=output, stderr=output
            )

    @contextlib.contextmanager
    def session(self):
        """Open a session, waiting for the server if it is still starting."""
        deadline = time.monotonic() + PATIENCE
        url = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        while True:
            assert self.process.poll() is None, self.log.read_text()
            try:
                opened = connect(url, subprotocols=["streamlit"], max_size=None, compression=None)
                break
            except (OSError, WebSocketException):
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.02)
        with opened:
            yield Session(opened)

    def visit(self):
        """Return the first page of a new session."""
        with self.session() as session:
            return session.run()


@pytest.fixture
def serve(tmp_path):
    """Return a function that starts a server for a file, ended with the test."""
    servers = []

    def start(target=ENTRY, **env):
        log = tmp_path / f"server-{len(servers)}.log"
        server = Server(target, log, {**os.environ, **env})
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.process.terminate()
    for server in servers:
        server.process.wait(PATIENCE)
