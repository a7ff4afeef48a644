"""What is said of many sessions at once, held against real servers, each with one small app."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from textwrap import dedent

import pytest
from websockets.sync.server import serve as serve_websocket

from verify.errors import CouldNotCheck, UsageError
from verify.probes import endure as endurance
from verify.probes.access import Access
from verify.probes.burst import MOST, Burst, burst, require_loopback
from verify.probes.endure import endure
from verify.probes.protocol.protobuf import field as encode
from verify.probes.server import serve
from verify.probes.server_metrics import session_counts

PATIENCE = 60  # seconds: never reached unless something hangs


@pytest.fixture
def served(tmp_path):
    """Serve an app: `with served(code) as server`."""

    @contextlib.contextmanager
    def start(code):
        (tmp_path / "page.py").write_text(dedent(code), encoding="utf-8")
        with serve(
            sys.executable,
            "page.py",
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "FOLDER": str(tmp_path)},
            deadline=PATIENCE,
        ) as server:
            yield server

    return start


@contextlib.contextmanager
def talking(handler, tls=None):
    """Serve websockets on a free port, each handed to `handler(connection)`, and yield the URL."""
    server = serve_websocket(handler, "127.0.0.1", 0, subprotocols=["streamlit"], ssl=tls)
    with server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            scheme = "https" if tls else "http"
            yield f"{scheme}://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def rested(until, url):
    """Wait until nobody is connected any more."""

    def gone():
        counts = session_counts(url, deadline=PATIENCE)
        return counts.active == 0 and counts.connects == counts.disconnects

    until(gone, PATIENCE)


NUMBERED = """
    import itertools
    import streamlit as st

    @st.cache_resource
    def numbers():
        return itertools.count(1)

    number = next(numbers())
"""


def test_all_sessions_are_connected_before_any_asks_and_all_are_complete(served, tmp_path, until):
    ran = tmp_path / "ran"
    seen = []
    app = """
        import os
        from pathlib import Path
        import streamlit as st

        (Path(os.environ["FOLDER"]) / "ran").touch()
        st.title("hello")
        one, two = st.tabs(["One", "Two"])
        one.write("in one")
        st.html("<i data-end></i>")
    """
    with served(app) as server:

        def connected():
            seen.append((session_counts(server.url, deadline=PATIENCE).active, ran.exists()))

        found = burst(
            server.url, sessions=12, deadline=PATIENCE, sentinel="data-end", connected=connected
        )
        rested(until, server.url)
        counts = session_counts(server.url, deadline=PATIENCE)
    assert (found.sessions, found.connected, found.complete, found.failures) == (12, 12, 12, ())
    assert seen == [(12, False)]
    assert ran.exists()
    assert found.elements == len(["hello", "One", "in one", "Two", "end"])
    assert list(found.seconds) == sorted(found.seconds)
    assert 0 < found.seconds[0] <= found.p50 <= found.p95 <= found.max < found.wall_seconds
    assert found.bytes > 12 * 100
    assert (counts.connects, counts.disconnects) == (12, 12)
    assert found.url == server.url


def test_each_way_to_fail_is_told_and_counted(served):
    app = dedent(NUMBERED) + dedent("""
        st.title("hello")
        if number % 5 == 0:
            raise ValueError("every fifth")
        if number % 5 == 1:
            st.error("went wrong, Error id 12")
        if number % 5 == 2:
            st.stop()
        st.html("<i data-end></i>")
    """)
    with served(app) as server:
        found = burst(
            server.url,
            sessions=10,
            deadline=PATIENCE,
            fault_text="Error id",
            sentinel="data-end",
        )
    assert found.complete == 4
    assert dict(found.failures) == {
        "exception: ValueError: every fifth": 2,
        "shows 'Error id' in main": 2,
        "ended before 'data-end' was drawn": 2,
    }


def test_a_page_with_less_on_it_than_most_is_not_complete(served):
    app = dedent(NUMBERED) + "st.write('a')\nif number != 3:\n    st.write('b')\n"
    with served(app) as server:
        found = burst(server.url, sessions=6, deadline=PATIENCE)
    assert found.complete == 5
    assert found.failures == (("1 elements, where most pages have 2", 1),)


def test_an_exception_only_when_many_are_there_is_seen(served):
    app = """
        import streamlit as st
        from streamlit.runtime import get_instance

        there = len(get_instance()._session_mgr.list_active_sessions())
        if there > 3:
            raise RuntimeError("too many")
        st.write("fine")
    """
    with served(app) as server:
        few = burst(server.url, sessions=1, deadline=PATIENCE)
        many = burst(server.url, sessions=8, deadline=PATIENCE)
    assert (few.complete, few.failures) == (1, ())
    assert (many.complete, many.failures) == (0, (("exception: RuntimeError: too many", 8),))
    assert (many.p50, many.p95, many.max) == (None, None, None)


def test_a_file_that_does_not_compile_is_told(served):
    with served("x = (\n") as server:
        found = burst(server.url, sessions=2, deadline=PATIENCE)
    ((reason, count),) = found.failures
    assert count == 2
    assert reason.startswith("compile error: SyntaxError")


def test_a_page_that_never_ends_is_given_up_and_left(served, until):
    app = """
        import time
        import streamlit as st

        st.write("begins")
        while True:
            time.sleep(0.01)
    """
    with served(app) as server:
        found = burst(server.url, sessions=3, deadline=4)
        rested(until, server.url)
    assert found.complete == 0
    assert found.connected == 3
    assert found.failures == (("still running after 4 s", 3),)


def test_a_server_that_goes_away_midway_fails_every_session(served):
    with served("import streamlit as st\nst.write('x')\n") as server:
        found = burst(
            server.url,
            sessions=4,
            deadline=PATIENCE,
            connected=lambda: os.killpg(server.pid, signal.SIGKILL),
        )
    assert found.connected == 4
    assert found.complete == 0
    assert sum(count for _, count in found.failures) == 4
    assert all("dropped the connection" in reason for reason, _ in found.failures)


def test_nobody_there_is_no_fact_about_the_page():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(CouldNotCheck, match="refused the connection"):
            burst(f"http://127.0.0.1:{bound.getsockname()[1]}", sessions=3, deadline=PATIENCE)


def test_those_that_are_not_let_in_are_counted_beside_the_others():
    doors = threading.Semaphore(2)

    def answer(connection, request):
        if not doors.acquire(blocking=False):
            return connection.respond(503, "full")
        return None

    def handler(connection):
        connection.recv()
        connection.send(encode(4, encode(4, "page.py")))
        connection.send(encode(6, 0))
        with contextlib.suppress(Exception):
            connection.recv()

    with serve_websocket(
        handler, "127.0.0.1", 0, subprotocols=["streamlit"], process_request=answer
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.socket.getsockname()[1]}"
        found = burst(url, sessions=5, deadline=PATIENCE)
        server.shutdown()
        thread.join()
    assert (found.connected, found.complete) == (2, 2)
    ((reason, count),) = found.failures
    assert count == 3
    assert "503" in reason


def test_what_is_no_page_of_streamlit_is_told():
    def handler(connection):
        connection.recv()
        connection.send(b"\xff\xff\xff")
        with contextlib.suppress(Exception):
            connection.recv()

    with talking(handler) as url:
        found = burst(url, sessions=2, deadline=PATIENCE)
    ((reason, count),) = found.failures
    assert count == 2
    assert reason.startswith("bytes that are not Streamlit's protocol")


def test_headers_and_token_go_along_with_every_session():
    came = []

    def handler(connection):
        headers = connection.request.headers
        came.append((headers["X-Tenant"], headers["Authorization"], headers["Origin"]))
        connection.recv()
        connection.send(encode(4, encode(4, "page.py")))
        connection.send(encode(6, 0))
        with contextlib.suppress(Exception):
            connection.recv()

    access = Access(headers=(("X-Tenant", "one"),), token="t0p")
    with talking(handler) as url:
        burst(url, sessions=2, deadline=PATIENCE, access=access)
    assert came == [("one", "Bearer t0p", url)] * 2


def test_sessions_go_by_tls_and_only_where_the_certificate_is_trusted(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
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

    def handler(connection):
        connection.recv()
        connection.send(encode(4, encode(4, "page.py")))
        connection.send(encode(6, 0))
        with contextlib.suppress(Exception):
            connection.recv()

    with talking(handler, context) as url:
        found = burst(url, sessions=3, deadline=PATIENCE, access=Access(ca_file=chain))
        assert (found.complete, found.failures) == (3, ())
        with pytest.raises(CouldNotCheck, match="certificate"):
            burst(url, sessions=3, deadline=PATIENCE)


def test_an_interrupt_leaves_no_session_behind(served, until):
    def interrupt():
        raise KeyboardInterrupt

    with served("import streamlit as st\nst.write('x')\n") as server:
        with pytest.raises(KeyboardInterrupt):
            burst(server.url, sessions=3, deadline=PATIENCE, connected=interrupt)
        rested(until, server.url)


@pytest.mark.parametrize("sessions", [-1, 0, MOST + 1])
def test_more_sessions_than_sense_are_refused(sessions):
    with pytest.raises(UsageError, match=f"{sessions} sessions") as caught:
        burst("http://127.0.0.1:1", sessions=sessions, deadline=1)
    assert "500" in str(caught.value)


def test_more_connections_than_this_machine_allows_are_its_own_fault(served, until):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    with served("import streamlit as st\nst.write('x')\n") as server:
        burst(server.url, sessions=1, deadline=PATIENCE)  # whatever is loaded first is loaded
        os.close(lowest := os.dup(0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 4, limit[1]))
        try:
            with pytest.raises(CouldNotCheck, match="cannot open so many connections"):
                burst(server.url, sessions=20, deadline=PATIENCE)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        rested(until, server.url)


def test_percentiles_are_times_that_were_measured():
    def of(*seconds):
        return Burst("u", len(seconds), len(seconds), seconds, (), 1, 1.0, 1)

    twenty = of(*(float(n) for n in range(1, 21)))
    assert (twenty.p50, twenty.p95, twenty.max) == (10.0, 19.0, 20.0)
    assert [of(3.0).percentile(p) for p in (1, 50, 95, 100)] == [3.0] * 4
    assert of(1.0, 2.0).p95 == 2.0
    assert of().p95 is None


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8501",
        "http://127.8.9.1",
        "http://localhost:8501/base",
        "https://[::1]:8501",
        "http://[::ffff:127.0.0.1]",
    ],
)
def test_this_machine_may_be_burst(url):
    require_loopback(url)


@pytest.mark.parametrize(
    "url",
    ["http://0.0.0.0:8501", "http://[::]:8501", "http://192.0.2.7", "https://[2001:db8::1]"],
)
def test_another_machine_is_burst_only_when_asked_for(url):
    with pytest.raises(UsageError, match="loopback") as caught:
        require_loopback(url)
    assert "--sessions-anywhere" in str(caught.value)
    require_loopback(url, allowed=True)


def test_a_name_counts_by_where_it_leads(monkeypatch):
    found = []
    rows = {"inside.test": ["127.0.0.1"], "mixed.test": ["127.0.0.1", "192.0.2.7"]}

    def look_up(host, *_, **__):
        found.append(host)
        if host not in rows:
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in rows[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    require_loopback("http://inside.test")
    with pytest.raises(UsageError, match=r"mixed\.test \(192\.0\.2\.7\)"):
        require_loopback("http://mixed.test")
    with pytest.raises(CouldNotCheck, match=r"nowhere\.test was not found"):
        require_loopback("http://nowhere.test")
    assert found == ["inside.test", "mixed.test", "nowhere.test"]


def test_a_url_that_is_none_is_wrong_usage():
    with pytest.raises(UsageError, match="not the URL of a page"):
        require_loopback("ftp://127.0.0.1")


POOL = """
    import streamlit as st

    st.markdown("**Database connections:** `{line}`")
"""


def test_a_server_is_seen_before_at_the_peak_and_after(served):
    held = iter([100.0, 112.5])
    with served(POOL.format(line="0 in use, 5 idle")) as server:
        found = endure(
            server.url,
            sessions=5,
            deadline=PATIENCE,
            pool="Database connections",
            memory_mb=lambda: next(held),
        )
    around = found.around
    assert (found.complete, around.calm, found.elements) == (5, 1, 1)
    assert around.peak.active == around.before.active + 5
    assert around.after.active <= around.before.active
    assert around.after.connects - around.before.connects == 5
    assert around.after.disconnects - around.before.disconnects >= 5
    assert (around.pool, around.growth_mb, around.trouble) == ("0 in use, 5 idle", 12.5, "")


def test_a_pool_that_does_not_come_to_rest_is_told(served, monkeypatch):
    monkeypatch.setattr(endurance, "REST", 1.0)
    with served(POOL.format(line="3 in use")) as server:
        found = endure(server.url, sessions=1, deadline=PATIENCE, pool="Database connections")
        other = endure(server.url, sessions=1, deadline=PATIENCE, pool="Pool")
    assert found.around.pool == "3 in use"
    assert other.around.pool == "there is no 'Pool' on the page"
    assert found.around.growth_mb is None


def test_a_server_that_a_burst_kills_is_in_trouble_after(served):
    app = dedent(NUMBERED) + "import os\nif number > 1:\n    os._exit(3)\nst.write('x')\n"
    with served(app) as server:
        found = endure(server.url, sessions=3, deadline=PATIENCE, pool="Pool")
    assert (found.complete, found.around.calm) == (0, 1)
    assert found.around.trouble
    assert found.around.after is None
