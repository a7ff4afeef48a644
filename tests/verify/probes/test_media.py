"""The files that a page offers."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from verify.probes import media

NAME = "/media/" + "0a" * 28 + ".txt"


def test_the_files_that_a_message_names_are_told():
    message = b"\x0a\x10Report\x32\x44" + NAME.encode() + b"\x40\x01 /media/x.txt"
    assert media.offered(message) == {NAME}


def test_a_file_is_fetched_below_the_base_path_and_one_that_is_gone_is_empty():
    class Files(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == f"/base{NAME}" else 404)
            self.end_headers()
            self.wfile.write(b"what it says")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/base/"
        assert media.fetch(url, NAME) == b"what it says"
        assert media.fetch(url, "/media/gone.txt") == b""
        server.shutdown()
    assert media.fetch(url, NAME) == b""
