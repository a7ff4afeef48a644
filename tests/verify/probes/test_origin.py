"""What is said of a page of another site that knocks at a real server, and at others."""

import sys
import threading

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response
from websockets.sync.server import serve as serve_websocket

from verify.errors import CouldNotCheck
from verify.probes import origin
from verify.probes.access import Access
from verify.probes.server import serve

PATIENCE = 60  # seconds: never reached unless something hangs
CORS, XSRF = "STREAMLIT_SERVER_ENABLE_CORS", "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION"


@pytest.mark.parametrize(
    ("env", "answer"),
    [
        pytest.param({}, origin.REFUSED, id="as it comes"),
        pytest.param({CORS: "false", XSRF: "false"}, origin.ACCEPTED, id="both off"),
        pytest.param({CORS: "false"}, origin.ACCEPTED, id="cors off"),
        pytest.param({XSRF: "false"}, origin.REFUSED, id="xsrf off"),
        pytest.param(
            {"STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS": origin.ELSEWHERE},
            origin.ACCEPTED,
            id="allowed",
        ),
        pytest.param(
            {"STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS": "https://other.invalid"},
            origin.REFUSED,
            id="another allowed",
        ),
    ],
)
def test_a_server_says_by_its_settings_whom_it_lets_in(tmp_path, env, answer):
    (tmp_path / "page.py").write_text("")
    whole_env = {"HOME": str(tmp_path), **env}
    with serve(
        sys.executable, "page.py", cwd=tmp_path, env=whole_env, deadline=PATIENCE
    ) as running:
        assert origin.foreign(running.url, deadline=PATIENCE) == answer


@pytest.fixture
def answering():
    """Serve websockets, or what is given instead: `url, seen = answering(status)`."""
    started = []

    def start(status=None):
        seen = []

        def answer(connection, request):
            seen.append(request.headers)
            if status is None:
                return None
            headers = Headers([("Content-Length", "0"), ("Location", "/login?x=SECRET")])
            return Response(status, "so", headers)

        server = serve_websocket(
            lambda connection: connection.recv(),
            "127.0.0.1",
            0,
            process_request=answer,
            subprotocols=["streamlit"],
        )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        started.append((server, thread))
        return f"http://127.0.0.1:{server.socket.getsockname()[1]}", seen

    yield start
    for server, thread in started:
        server.shutdown()
        thread.join()


def test_it_knocks_as_another_site_whatever_a_visitor_brings_along(answering):
    url, seen = answering()
    access = Access(headers=(("origin", url), ("X-Key", "k")), token="t")
    assert origin.foreign(url, deadline=PATIENCE, access=access) == "accepted"
    assert seen[0].get_all("Origin") == [origin.ELSEWHERE]
    assert (seen[0]["X-Key"], seen[0]["Authorization"]) == ("k", "Bearer t")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "refused with 403"),
        (302, "answered 302: it sends visitors to a sign-in at /login"),
        (502, "answered 502: the proxy does not reach the dashboard behind it"),
        (404, "answered 404: no websocket"),
    ],
)
def test_other_answers_are_told_apart(answering, status, said):
    url, _ = answering(status)
    assert origin.foreign(url, deadline=PATIENCE) == said


def test_no_answer_is_no_refusal():
    with pytest.raises(CouldNotCheck):
        origin.foreign("http://127.0.0.1:1/", deadline=PATIENCE)
