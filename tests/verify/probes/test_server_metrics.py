"""What a server counts of itself, as it writes it and as others write it."""

import contextlib
import http.server
import math
import socket
import sys
import threading

import pytest

from verify.errors import CouldNotCheck, UsageError
from verify.probes import wire
from verify.probes.access import Access
from verify.probes.server import serve
from verify.probes.server_metrics import Counts, parse, server_metrics, session_counts

PATIENCE = 60  # seconds: never reached unless something hangs

TOLD = """\
# TYPE session_events counter
# HELP session_events Total count of session events by type.
session_events_total{type="connect"} 7
session_events_total{type="disconnect"} 5
# TYPE active_sessions gauge
active_sessions 2
# EOF
"""
OPENMETRICS = "application/openmetrics-text"


@contextlib.contextmanager
def answering(body, kind=OPENMETRICS, status=200, asked=None):
    """Answer every request so, and yield the URL; `asked` gathers paths and headers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if asked is not None:
                asked.append((self.path, dict(self.headers)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("line", "name", "labels", "value"),
    [
        ("up 1", "up", {}, 1.0),
        ("up{} 1", "up", {}, 1.0),
        ('a{b="c"} 2.5e3', "a", {"b": "c"}, 2500.0),
        ('a{b="c",d="e",} 3 1700000000', "a", {"b": "c", "d": "e"}, 3.0),
        ('a { b = "c" , d="e" } 3', "a", {"b": "c", "d": "e"}, 3.0),
        ('a{b="x{y},\\"z\\" # 9 \\\\ \\n"} 4', "a", {"b": 'x{y},"z" # 9 \\ \n'}, 4.0),
        ('a{b="ü"} 1 # {trace="t"} 0.5', "a", {"b": "ü"}, 1.0),
        ("a:b_total +Inf", "a:b_total", {}, math.inf),
    ],
)
def test_samples_are_read_with_their_labels(line, name, labels, value):
    assert parse(f"# TYPE x gauge\n\n{line}\n# EOF\n") == {name: {frozenset(labels.items()): value}}


def test_a_value_that_is_no_number_is_read_as_such():
    assert math.isnan(parse("a NaN")["a"][frozenset()])


@pytest.mark.parametrize(
    "line",
    ["a", "1a 2", 'a{b="c" 3', 'a{b="c"x="d"} 3', "a{b=c} 3", 'a{b="c"}', "a one", "{} 1", 'a{"'],
)
def test_a_line_that_is_no_sample_is_a_fault_with_its_number(line):
    with pytest.raises(ValueError, match="line 2 is no sample"):
        parse(f"up 1\n{line}\n")


def test_a_real_server_counts_its_sessions(tmp_path, until):
    (tmp_path / "page.py").write_text("import streamlit as st\nst.write('x')\n")
    with serve(
        sys.executable, "page.py", cwd=tmp_path, env={"HOME": str(tmp_path)}, deadline=PATIENCE
    ) as server:
        assert session_counts(server.url, deadline=PATIENCE) == Counts(0, 0, 0)
        wire.read(server.url, deadline=PATIENCE)
        until(lambda: session_counts(server.url, deadline=PATIENCE) == Counts(0, 1, 1), PATIENCE)
        told = server_metrics(server.url, deadline=PATIENCE)
        # Any other path leads to the page, with status 200.
        assert server_metrics(f"{server.url}/elsewhere", deadline=PATIENCE) is None
    assert told["session_duration_seconds_total"][frozenset()] >= 0


def test_only_what_is_wanted_is_asked_for():
    asked = []
    with answering(TOLD, asked=asked) as url:
        assert session_counts(f"{url}/base/", deadline=PATIENCE) == Counts(2, 7, 5)
    ((path, headers),) = asked
    assert path == "/base/_stcore/metrics?families=session_events&families=active_sessions"
    assert "protobuf" not in headers["Accept"]


def test_a_server_that_does_not_count_sessions_says_nothing_of_them():
    old = 'cache_memory_bytes{cache_type="st_cache_data",cache="f"} 2171\n# EOF\n'
    with answering(old) as url:
        assert session_counts(url, deadline=PATIENCE) is None
        assert server_metrics(url, deadline=PATIENCE)
    with answering("# EOF\n") as url:
        assert session_counts(url, deadline=PATIENCE) is None
        assert server_metrics(url, deadline=PATIENCE) == {}


@pytest.mark.parametrize("kind", ["text/html", OPENMETRICS])
def test_a_page_instead_of_metrics_are_none(kind):
    with answering("\n<!doctype html><html></html>", kind) as url:
        assert server_metrics(url, deadline=PATIENCE) is None


def test_metrics_count_whatever_a_server_calls_them():
    with answering(TOLD, "text/html") as url:
        assert session_counts(url, deadline=PATIENCE) == Counts(2, 7, 5)


def test_no_metrics_is_none():
    with answering("gone", "text/plain", 404) as url:
        assert server_metrics(url, deadline=PATIENCE) is None
    with answering("ok", "text/plain") as url:
        assert server_metrics(url, deadline=PATIENCE) is None


@pytest.mark.parametrize("status", [302, 401, 403, 502])
def test_whoever_stands_in_between_is_told_of(status):
    with (
        answering("", "text/html", status) as url,
        pytest.raises(CouldNotCheck, match=f"answered {status}"),
    ):
        server_metrics(url, deadline=PATIENCE)


def test_other_text_under_the_type_of_metrics_is_told_of():
    with (
        answering("these are\nno metrics\n") as url,
        pytest.raises(CouldNotCheck, match="line 1 is no sample"),
    ):
        server_metrics(url, deadline=PATIENCE)


def test_headers_and_token_go_along(monkeypatch):
    # A proxy of the environment is not asked: nothing listens there.
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    asked = []
    access = Access(headers=(("X-Tenant", "one"),), token="t0p")
    with answering(TOLD, asked=asked) as url:
        assert session_counts(url, deadline=PATIENCE, access=access) is not None
    assert asked[0][1]["X-Tenant"] == "one"
    assert asked[0][1]["Authorization"] == "Bearer t0p"


def test_nobody_there_and_nobody_who_answers_could_not_be_checked():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(CouldNotCheck, match=r"did not tell its metrics within 0\.2 s"):
            server_metrics(url, deadline=0.2)
    with pytest.raises(CouldNotCheck, match=r"refused|reset"):
        server_metrics(url, deadline=PATIENCE)


def test_what_speaks_another_protocol_could_not_be_checked():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(CouldNotCheck, match="did not tell its metrics"):
            server_metrics(f"http://127.0.0.1:{server.getsockname()[1]}", deadline=PATIENCE)
        thread.join()


def test_a_url_that_is_none_is_wrong_usage():
    with pytest.raises(UsageError):
        server_metrics("file:///etc", deadline=1)
