"""What the probe says when what answers is no dashboard, or goes away."""

import contextlib
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve as serve_websocket

from verify.errors import CouldNotCheck, UsageError
from verify.probes import wire
from verify.probes.access import Access
from verify.probes.protocol.protobuf import field as encode
from verify.probes.protocol.websocket import split

PATIENCE = 60  # seconds: never reached unless something hangs


@contextlib.contextmanager
def listening(answer):
    """Accept connections on a free port, each handed to `answer(connection)`, and yield the URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def loop():
            with contextlib.suppress(OSError):  # the server is closed
                while True:
                    connection, _ = server.accept()
                    with connection, contextlib.suppress(OSError):
                        answer(connection)

        threading.Thread(target=loop, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)


def says(payload):
    """Return an answer that reads the request and sends this."""

    def answer(connection):
        connection.recv(65536)
        connection.sendall(payload)

    return answer


def response(status, *headers, body=b"<html>hello</html>"):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return says("\r\n".join(lines).encode() + body)


def reset(connection):
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stays_silent(connection):
    while connection.recv(65536):
        pass


@contextlib.contextmanager
def talking(handler, tls=None, **settings):
    """Serve websockets on a free port, each handed to `handler(connection)`, and yield the URL."""
    settings = {"subprotocols": ["streamlit"], "ssl": tls, **settings}
    server = serve_websocket(handler, "127.0.0.1", 0, **settings)
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            scheme = "https" if tls else "http"
            yield f"{scheme}://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def look(url, deadline=PATIENCE):
    with pytest.raises(CouldNotCheck) as caught:
        wire.read(url, deadline=deadline)
    assert caught.value.remedy
    return caught.value.diagnosis


def test_refused_connection_says_that_nothing_listens():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        assert look(url) == f"{url} refused the connection: nothing listens there."


def test_unknown_host_is_named():
    assert "The host of http://no-such-host.invalid was not found" in look(
        "http://no-such-host.invalid/"
    )


ANSWERS = {
    "page": (
        response("200 OK", "Content-Type: text/html"),
        "answered 200 (text/html) at /_stcore/stream and no websocket: this is not a Streamlit",
    ),
    "old page": (says(b"HTTP/1.0 200 OK\r\n\r\n"), "did not answer as a websocket server does"),
    "not found": (response("404 Not Found"), "this is not a Streamlit server"),
    "origin": (response("403 Forbidden"), "the origin or host of this URL is not allowed"),
    "sign-in": (response("401 Unauthorized"), "answered 401: it wants a sign-in"),
    "redirect": (
        response("302 Found", "Location: https://login.example/"),
        "answered 302: it sends visitors to a sign-in at https://login.example/.",
    ),
    "move": (
        response("301 Moved Permanently", "Location: https://new.example/app/_stcore/stream"),
        "answered 301: it sends visitors to https://new.example/app/_stcore/stream.",
    ),
    "redirect to nowhere": (response("302 Found"), "it sends visitors to nowhere"),
    "redirect to no address": (
        response("302 Found", "Location: https://[::1"),
        "it sends visitors to an address that is none",
    ),
    "sign-in page": (
        response("200 OK", "Content-Type: text/html", body=b"<input name=p type='password'>"),
        "answered 200: it shows a sign-in page",
    ),
    "sign-in page that forbids": (
        response("403 Forbidden", body=b'<INPUT TYPE="Password" name="p">'),
        "answered 403: it shows a sign-in page",
    ),
    "proxy": (response("502 Bad Gateway"), "the proxy does not reach the dashboard"),
    "proxy without backend": (response("503 Unavailable"), "the proxy does not reach the dash"),
    "proxy that waited": (response("504 Timeout"), "does not answer it in time"),
    "broken": (response("500 Oops"), "answered 500: the server, or a proxy before it, broke"),
    "too often": (response("429 Too Many"), "answered 429: it was asked too often"),
    "https port": (
        response("400 Bad Request", body=b"The plain HTTP request was sent to HTTPS port"),
        "answered 400: it speaks TLS at this port",
    ),
    "alert of TLS": (says(b"\x15\x03\x01\x00\x02\x02\x46"), "speaks TLS at this port"),
    "ssh": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), "did not answer as a websocket server does"),
    "nothing": (says(b""), "closed the connection without an answer"),
    "half an answer": (says(b"HTTP/1.1 101 Swi"), "closed the connection without an answer"),
    "reset": (reset, "dropped the connection"),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_each_refusal_is_told_apart(case):
    answer, expected = ANSWERS[case]
    with listening(answer) as url:
        assert expected in look(url)


SIGN_INS = [
    "https://accounts.google.com/o/oauth2/v2/auth",
    "/oauth2/start",
    "/login",
    "/users/sign_in",
    "https://corp.example/sign-in/",
    "https://sso.example/",
    "https://team.cloudflareaccess.com/cdn-cgi/access/login/host",
    "https://example.invalid/realms/x/protocol/openid-connect/auth",
]


@pytest.mark.parametrize("address", SIGN_INS)
def test_redirect_to_a_sign_in_is_said_without_what_it_carries(address):
    location = f"Location: {address}?state=SECRET&client_id=SECRET#SECRET"
    with listening(response("302 Found", location)) as url, pytest.raises(CouldNotCheck) as caught:
        wire.read(url, deadline=PATIENCE)
    assert f"sends visitors to a sign-in at {address}." in caught.value.diagnosis
    assert "--token" in caught.value.remedy
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("address", ["/app/", "https://new.example/assigning/", "/authors"])
def test_redirect_to_another_page_is_no_sign_in(address):
    with listening(response("302 Found", f"Location: {address}")) as url:
        assert f"it sends visitors to {address}." in look(url)


def test_user_and_password_of_an_address_are_not_shown():
    location = "Location: https://me:SECRET@login.example/"
    with listening(response("302 Found", location)) as url:
        assert "SECRET" not in look(url)


def test_script_that_sends_visitors_to_a_sign_in_is_said():
    def handler(connection):
        connection.recv()
        connection.send(encode(4, b""))
        connection.send(encode(24, encode(1, "/auth/login?state=SECRET")))
        with contextlib.suppress(ConnectionClosed):
            connection.recv()

    with talking(handler) as url:
        assert look(url) == "The script sends visitors to a sign-in at /auth/login."


def test_name_that_is_not_looked_up_in_time_is_said(monkeypatch):
    asked, answered = threading.Event(), threading.Event()

    def slow(*args, **kwargs):
        asked.set()
        answered.wait(PATIENCE)
        raise OSError("too late")

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    try:
        assert "was not looked up before the deadline" in look("http://slow.example/", 0.3)
        assert asked.is_set()
    finally:
        answered.set()


def drip(send):
    """Send byte by byte until the other side goes."""
    with contextlib.suppress(OSError):
        while True:
            send(b"x")
            threading.Event().wait(0.02)


def drips_its_answer(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nX-Long: ")
    drip(connection.sendall)


def test_server_that_drips_its_answer_is_given_up_at_the_deadline():
    with listening(drips_its_answer) as url:
        assert "did not answer the websocket handshake before the deadline" in look(url, 0.5)


def test_server_that_drips_a_message_is_given_up_at_the_deadline():
    def handler(connection):
        connection.recv()
        connection.send(encode(4, b""))
        connection.socket.sendall(b"\x82\x7e\xff\xff")
        drip(connection.socket.sendall)

    with talking(handler) as url:
        page = wire.read(url, deadline=0.6)
    assert page.how == "still running after 0.6 s"


def test_server_that_answers_no_tls_handshake_is_given_up_at_the_deadline():
    with listening(stays_silent) as url:
        diagnosis = look(url.replace("http", "https"), 1)
    assert "did not answer the TLS handshake before the deadline" in diagnosis


def draws_lazy_tabs(connection, labels):
    """Play a run that draws lazy tabs and ends."""
    connection.recv()
    connection.send(encode(4, b""))
    root = encode(2, 0) + encode(2, 0)
    group = encode(6, encode(6, encode(2, "widget")))
    connection.send(encode(2, root) + encode(5, group))
    for number, label in enumerate(labels):
        tab = encode(6, encode(7, encode(1, label)))
        connection.send(encode(2, root + encode(2, number)) + encode(5, tab))
    connection.send(encode(6, 0))


def test_server_that_goes_while_a_tab_is_opened_is_said_with_the_tab():
    def handler(connection):
        draws_lazy_tabs(connection, "AB")
        connection.recv()
        connection.close(1001, "restart")

    with talking(handler) as url, pytest.raises(CouldNotCheck) as caught:
        wire.read(url, deadline=PATIENCE, open_tabs=True)
    assert "closed the connection (1001" in caught.value.diagnosis
    assert caught.value.diagnosis.endswith("That was while the tab 'B' was opened.")


def test_server_that_lets_nobody_come_back_leaves_what_was_seen():
    came = []

    def handler(connection):
        draws_lazy_tabs(connection, "ABC")
        with contextlib.suppress(ConnectionClosed):
            while True:
                connection.recv()

    def busy(connection, request):
        came.append(request)
        return connection.respond(503, "busy") if len(came) > 1 else None

    with talking(handler, process_request=busy) as url:
        page = wire.read(url, deadline=PATIENCE, open_tabs=True, tab_deadline=0.5)
    assert [(tab.opened, tab.how.partition(": http")[0]) for tab in page.tabs] == [
        (True, "success"),
        (True, "no run began within 0.5 s"),
        (False, "not opened"),
    ]
    assert not page.complete


def test_server_that_accepts_and_says_nothing_is_given_up_at_the_deadline():
    begun = time.monotonic()
    with listening(stays_silent) as url:
        assert "did not answer the websocket handshake before the deadline" in look(url, 0.5)
    assert time.monotonic() - begun < PATIENCE


def test_handshake_names_origin_path_and_subprotocol():
    seen = []

    def answer(connection):
        seen.append(connection.recv(65536).decode())
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with listening(answer) as url:
        look(f"{url.replace('//', '//user:secret@')}/base/?who=me#part")
    lines = seen[0].split("\r\n")
    assert lines[0] == "GET /base/_stcore/stream HTTP/1.1"
    assert f"Origin: {url}" in lines
    assert "Sec-WebSocket-Protocol: streamlit" in lines
    assert "secret" not in seen[0]


def test_websocket_on_which_no_script_runs_is_no_dashboard():
    with talking(lambda connection: connection.recv() and connection.recv()) as url:
        assert "no run of its script began within 0.5 s" in look(url, 0.5)


def test_server_that_closes_during_the_run_is_said_with_its_code():
    with talking(lambda connection: connection.recv() and connection.close(1011, "gone")) as url:
        assert "closed the connection (1011" in look(url)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"\x82\x7e\xff\xff{", id="frame cut off"),
        pytest.param(b"\x82\x05", id="payload missing"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_frame_that_is_cut_off_is_a_dropped_connection(raw):
    def handler(connection):
        connection.recv()
        connection.socket.sendall(raw)
        connection.socket.shutdown(socket.SHUT_RDWR)

    with talking(handler) as url:
        assert "dropped the connection" in look(url)


def test_frame_against_the_protocol_is_told_apart():
    def handler(connection):
        connection.recv()
        connection.socket.sendall(b"\xf2\x00")  # reserved bits set
        connection.recv()

    with talking(handler) as url:
        assert "broke the websocket protocol" in look(url)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\xff" * 20, id="noise"),
        pytest.param("hello", id="text"),
        pytest.param(encode(4, b"\x0f\xff"), id="noise inside"),
    ],
)
def test_messages_that_are_not_streamlits_are_told_apart(message):
    def handler(connection):
        connection.recv()
        connection.send(message)
        connection.recv()

    with talking(handler) as url:
        assert "sent bytes that are not Streamlit's protocol" in look(url)


@pytest.mark.parametrize("url", ["ftp://host/", "host:8501", "http://", "http://h:99999/", ""])
def test_what_is_no_url_of_a_page_is_wrong_usage(url):
    with pytest.raises(UsageError):
        wire.read(url, deadline=PATIENCE)


def test_https_to_a_server_without_it_is_said():
    with listening(says(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url:
        diagnosis = look(url.replace("http", "https"))
    assert diagnosis.endswith("could not be connected to: it does not speak TLS at this port.")


def test_http_to_a_server_with_tls_is_said(certificate):
    context, _ = certificate
    with talking(one_run, tls=context) as url:
        diagnosis = look(url.replace("https", "http"))
    # How much a server says before it goes is up to it.
    assert diagnosis.endswith((" the connection without an answer.", "speaks TLS at this port."))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Return key and certificate of 127.0.0.1, made for this run."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    key, chain = folder / "key.pem", folder / "chain.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", chain),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context, chain


def one_run(connection):
    """Play a server whose script draws one text and ends."""
    connection.recv()
    session = encode(1, encode(3, encode(1, "1.99"))) + encode(4, "/app/page.py")
    element = encode(3, encode(29, encode(1, "hello")))
    connection.send(encode(4, session))
    connection.send(encode(2, encode(2, 0) + encode(2, 0)) + encode(5, element))
    connection.send(encode(6, 0))
    with contextlib.suppress(Exception):
        connection.recv()


@pytest.mark.parametrize(
    ("last", "goodbye"),
    [pytest.param(0, [], id="finished"), pytest.param(3, [b"8\x01"], id="still running")],
)
def test_visit_ends_with_a_clean_goodbye_and_stops_what_still_runs(last, goodbye):
    heard, codes = [], []

    def handler(connection):
        connection.recv()
        connection.send(encode(4, b""))
        connection.send(encode(6, last))  # 3: a fragment has ended, the script goes on
        try:
            while True:
                heard.append(connection.recv())
        except ConnectionClosed as closed:
            codes.append(closed.rcvd.code)

    with talking(handler) as url:
        page = wire.read(url, deadline=0.5)
    assert page.complete is (last == 0)
    assert (heard, codes) == (goodbye, [1000])


def test_page_over_tls_is_read(certificate, monkeypatch):
    context, chain = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(chain))
    with talking(one_run, tls=context) as url:
        page = wire.read(url, deadline=PATIENCE)
    assert (page.complete, page.streamlit) == (True, "1.99")
    assert [e.text for e in page.main] == ["hello"]


def test_certificate_nobody_signed_is_said(certificate):
    context, _ = certificate
    with talking(one_run, tls=context) as url:
        diagnosis = look(url)
    assert "could not be connected to: self-signed certificate" in diagnosis


def test_certificates_of_ones_own_are_trusted_when_they_are_named(certificate):
    context, chain = certificate
    with talking(one_run, tls=context) as url:
        page = wire.read(url, deadline=PATIENCE, access=Access(ca_file=chain))
    assert page.complete


@pytest.mark.parametrize("text", ["no certificate", None])
def test_certificates_that_cannot_be_read_are_wrong_usage(tmp_path, text):
    path = tmp_path / "ca.pem"
    if text:
        path.write_text(text)
    with pytest.raises(UsageError, match=r"The certificates in .*ca\.pem cannot be used"):
        wire.read("https://127.0.0.1:1/", deadline=PATIENCE, access=Access(ca_file=path))


def test_what_a_visitor_brings_along_goes_with_the_handshake_and_is_not_shown():
    seen = []

    def answer(connection):
        seen.append(connection.recv(65536).decode())
        connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")

    access = Access(headers=(("X-Key", "SECRET-1"), ("host", "public.example")), token="SECRET-2")
    with listening(answer) as url, pytest.raises(CouldNotCheck) as caught:
        wire.read(url, deadline=PATIENCE, access=access)
    lines = seen[0].split("\r\n")
    assert "X-Key: SECRET-1" in lines
    assert "Authorization: Bearer SECRET-2" in lines
    assert [line for line in lines if line.lower().startswith("host:")] == ["host: public.example"]
    assert "SECRET" not in str(caught.value) + repr(access)


@pytest.mark.parametrize(
    "brought",
    [
        pytest.param({"headers": (("X Y", "SECRET"),)}, id="name"),
        pytest.param({"headers": (("X", "SECRET\r\nY: z"),)}, id="value"),
        pytest.param({"token": "SECRET\n"}, id="token"),
    ],
)
def test_what_no_header_can_hold_is_wrong_usage_and_not_shown(brought):
    with pytest.raises(UsageError) as caught:
        Access(**brought)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://Host.example:443/a/", "https://host.example"),
        ("http://host.example:80", "http://host.example"),
        ("http://host.example:443", "http://host.example:443"),
        ("https://[::1]:443/", "https://[::1]"),
    ],
)
def test_address_is_written_as_a_browser_writes_it(url, address):
    parts = split(url)
    assert f"{parts.scheme}://{parts.netloc}" == address
