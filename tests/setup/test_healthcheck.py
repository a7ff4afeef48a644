"""The health check is red on everything that merely answers."""

import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest


def check(root, url):
    script = root / "streamlit" / "healthcheck.py"
    done = subprocess.run(
        [sys.executable, "-I", script, url], capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout.strip()


@contextmanager
def server(status, kind, body):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/_stcore/health"
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "kind", "body", "says"),
    [
        (200, "text/html; charset=utf-8", b"<!doctype html>", "expected text/plain, got text/html"),
        (200, "text/html", b"ok", "expected text/plain, got text/html"),
        (200, "text/plain", b"starting", "expected 'ok', got 'starting'"),
        (200, "text/plain", b"", "expected 'ok', got ''"),
        (503, "text/plain", b"ok", "HTTP Error 503"),
    ],
    ids=["html page", "html that says ok", "another text", "nothing", "unavailable"],
)
def test_red(root, status, kind, body, says):
    with server(status, kind, body) as url:
        code, text = check(root, url)
    assert code == 1
    assert says in text


def test_red_when_nobody_listens(root, port):
    code, text = check(root, f"http://127.0.0.1:{port}/")
    assert code == 1
    assert "refused" in text


def test_green(root):
    with server(200, "text/plain; charset=utf-8", b"ok") as url:
        assert check(root, url) == (0, "ok")
