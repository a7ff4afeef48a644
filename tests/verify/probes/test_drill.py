"""Servers with secrets in their environment: what shows is told, and the secrets are not."""

import gc
import subprocess
import uuid
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes import engine as engines
from verify.probes.canaries import HIDDEN, Planted
from verify.probes.drill import OUT_OF_SIGHT, WAITS, drill, look_each
from verify.probes.log import LOG
from verify.probes.subject import open_subject
from verify.tables import Image

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv/bin/python"

SOUND = """
import streamlit as st
st.container(border=True).warning("Banner")
first, second = st.columns(1)[0].tabs(["First", "Second"], on_change="rerun", key="tab")
if first.open:
    first.write("drawn")
if second.open:
    second.metric("Sold", 3)
st.caption("below")
"""

INDISCREET = """
import os
import streamlit as st
print("the key is", os.environ["TOKEN"], flush=True)
first, second = st.tabs(["First", "Second"], on_change="rerun", key="tab")
if first.open:
    first.write("signed in with " + os.environ["PASSWORD"])
if second.open:
    second.dataframe([{"variable": os.environ["TABLED"]}])
st.sidebar.code(os.environ["PASSWORD"])
"""


@pytest.fixture
def planted():
    return Planted((name, "{secret}") for name in ("TOKEN", "PASSWORD", "TABLED", "UNSEEN"))


@pytest.fixture
def looks(tmp_path, planted):
    """Look at an app in environments of its own."""

    def look(code: str, **environments: dict[str, str]):
        root = tmp_path / "tree"
        root.mkdir()
        (root / "page.py").write_text(code)
        subject = open_subject(root, str(PYTHON), {}, tmp_path)
        return look_each(
            subject, "page.py", planted, environments=environments, starting=60, reading=60
        )

    return look


def test_each_environment_has_a_page_of_its_own(looks):
    code = "import os\nimport streamlit as st\nst.write(os.environ.get('MODE', 'none'))\n"
    seen = looks(code, one={"MODE": "first"}, two={"MODE": "second"}, bare={})
    texts = {name: [e.text for e in look.page.main] for name, look in seen.items()}
    assert texts == {"one": ["first"], "two": ["second"], "bare": ["none"]}


def test_where_each_secret_shows_is_told_and_no_secret_is(looks, planted):
    look = looks(INDISCREET, all=planted.environment)["all"]
    assert look.seen == {
        "TOKEN": (LOG,),
        "PASSWORD": ("the sidebar", "tab First"),
        "TABLED": (OUT_OF_SIGHT,),
        "UNSEEN": (),
    }
    assert planted.found_in(repr(look)) == ()
    assert look.page.complete
    assert HIDDEN in look.log
    assert any(HIDDEN in element.text for element in look.page.sidebar)
    assert look.texts > 3


def test_what_stands_above_the_tabs_is_told(looks):
    look = looks(SOUND, one={})["one"]
    assert [element.text for element in look.page.above] == ["Banner"]
    assert [tab.label for tab in look.page.tabs] == ["First", "Second"]
    metric = look.page.tabs[1].elements[0]
    assert (metric.kind, metric.text) == ("metric", "Sold: 3")


def test_a_server_that_does_not_start_tells_no_secret_either(looks, planted, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nif 'TOKEN' in os.environ:\n"
        "    print('cannot sign in with', os.environ['TOKEN'], flush=True)\n    os._exit(3)\n"
    )
    with pytest.raises(SubjectBroken) as caught:
        looks(SOUND, all={**planted.environment, "PYTHONPATH": str(tmp_path)})
    assert caught.value.got == "exit code 3"
    assert f"cannot sign in with {HIDDEN}" in caught.value.log
    assert planted.found_in(f"{caught.value.log}{caught.value!r}") == ()


pytestmark = [
    # The SDK leaves the socket of a stream that ended with an error to the garbage collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]

SERVE = '["python", "-m", "streamlit", "run", "/app/page.py", "--server.address=0.0.0.0"]'


@pytest.fixture
def engine():
    connected = engines.connect(uuid.uuid4().hex[:12])
    yield connected
    for raw in connected._made:
        raw.reload()
    # One that is never started keeps the image from being removed by others.
    left = [raw for raw in connected._made if raw.status != "created"]
    connected.close()
    gc.collect()
    assert left == []


@pytest.fixture
def image(engine, tmp_path):
    """Build an image on the dashboard's own, which has Streamlit, with another page in it."""
    name = f"verify-test-{uuid.uuid4().hex[:10]}"
    whole = Image(
        dockerfile="streamlit/Dockerfile",
        tag=f"{name}:whole",
        base_arg="PYTHON_IMAGE",
        fallback_base="aicmo-python-base:bookworm",
    )
    spec = Image(dockerfile="Dockerfile", tag=f"{name}:page", memory="512m")

    def build(code: str, command: str = SERVE):
        engine.build(ROOT, whole, args={}, step=lambda _: None)
        (tmp_path / "page.py").write_text(code)
        (tmp_path / "Dockerfile").write_text(
            f"FROM {whole.tag}\nCOPY page.py /app/page.py\nCMD {command}\n"
        )
        return engine.build(tmp_path, spec, args={}, step=lambda _: None).ref.id, spec

    yield build
    for tag in (spec.tag, whole.tag):
        subprocess.run(["docker", "rmi", "-f", tag], capture_output=True, check=False)


@pytest.fixture
def drilled(engine, image, planted):
    def run(code: str, command: str = SERVE, *, stop_seconds: float = 30, **environment: str):
        image_id, spec = image(code, command)
        return drill(
            engine,
            image_id,
            spec,
            planted,
            environment=environment,
            stop_seconds=stop_seconds,
            deadline=60,
        )

    return run


@pytest.mark.docker
def test_a_container_is_read_and_ends_in_good_order_while_a_visitor_is_there(drilled):
    seen = drilled(SOUND)
    assert seen.exit_code == 0
    assert 0 < seen.seconds < 30
    assert seen.look.page.complete
    assert "You can now view your Streamlit app" in seen.look.log
    assert "You can now view" not in seen.last_words
    assert set(seen.look.seen.values()) == {()}


@pytest.mark.docker
def test_the_secrets_of_a_container_are_found_on_its_page_and_in_its_log(drilled, planted):
    farewell = "import atexit\nimport os\natexit.register(print, os.environ['UNSEEN'])\n"
    seen = drilled(farewell + INDISCREET)
    assert seen.look.seen == {
        "TOKEN": (LOG,),
        "PASSWORD": ("the sidebar", "tab First"),
        "TABLED": (OUT_OF_SIGHT,),
        "UNSEEN": (LOG,),
    }
    assert HIDDEN in seen.last_words
    assert planted.found_in(repr(seen)) == ()


@pytest.mark.docker
def test_a_container_that_does_not_heed_the_signal_is_told_and_gone(drilled):
    shell = "python -m streamlit run /app/page.py --server.address=0.0.0.0; true"
    seen = drilled(SOUND, shell, stop_seconds=0.5)
    assert seen.exit_code is None
    assert seen.seconds >= 0.5 * WAITS


@pytest.mark.docker
def test_a_container_that_dies_tells_no_secret(drilled, planted):
    with pytest.raises(SubjectBroken) as caught:
        drilled(SOUND, '["sh", "-c", "echo no luck with $TOKEN; exit 4"]')
    assert "exit code 4" in caught.value.got
    assert f"no luck with {HIDDEN}" in caught.value.log
    assert planted.found_in(caught.value.log) == ()


@pytest.mark.docker
def test_a_container_that_has_ended_cannot_be_told_to_stop(engine, image, until):
    image_id, spec = image(SOUND, '["true"]')
    container = engine.start(image_id, ports=(spec.port,), memory=spec.memory)
    until(container.ended)
    with pytest.raises(CouldNotCheck, match="it cannot be told to stop"):
        container.terminate(5)
    assert container.whole_log() == ""
    engine.remove(container)
