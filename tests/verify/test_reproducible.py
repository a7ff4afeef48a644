"""A second build from nothing: what differs, what is remembered, and that nothing of it stays."""

import json
import signal
import subprocess
import sys
import textwrap
import uuid

import pytest

from verify.difference import Change
from verify.errors import CouldNotCheck
from verify.probes import ownership
from verify.probes.images import twice
from verify.probes.inside.at_rest import at_rest
from verify.tables import Image

pytestmark = pytest.mark.docker

FROM = "ARG PYTHON_IMAGE=python:3.12-slim-bookworm\nFROM ${PYTHON_IMAGE}"
RANDOM = "cp /proc/sys/kernel/random/uuid"


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    (root / "app").mkdir(parents=True)
    (root / "app/page.py").write_text("X = 1\n")
    return root


@pytest.fixture
def spec():
    tag = f"verify-test-{uuid.uuid4().hex[:10]}:x"
    yield Image(
        dockerfile="Dockerfile",
        tag=tag,
        python="python3",
        base_arg="PYTHON_IMAGE",
        fallback_base="aicmo-python-base:bookworm",
    )
    all_of_it = ["docker", "images", "-aq", "--filter", f"label=verify.test={tag}"]
    while left := subprocess.run(all_of_it, capture_output=True, check=True).stdout.split():
        subprocess.run(["docker", "rmi", "-f", *left], capture_output=True, check=False)


def built(engine, spec, root, *lines: str, ignore: str | None = ".dockerignore\n"):
    own = f"LABEL verify.test={spec.tag}"  # so that no layer is another test's
    (root / "Dockerfile").write_text("\n".join((FROM, own, *lines)) + "\n")
    if ignore is not None:
        (root / ".dockerignore").write_text(ignore)
    return engine.build(root, spec, args={"REVISION": "abc"}, step=lambda _: None)


def files_of(engine, image, spec):
    return at_rest(engine, image.ref.id, "python3", memory="512m", deadline=60).part("files")


def layers(engine) -> set[str]:
    """Return the images that a second build of this run has left."""
    value = engine.label[ownership.LABEL]
    rows = engine.api.images(all=True, filters={"label": ownership.LABEL})
    return {row["Id"] for row in rows if row["Labels"][ownership.LABEL] == value}


def test_the_same_tree_makes_the_same_files_and_the_second_build_is_remembered(engine, spec, root):
    image = built(engine, spec, root, "COPY app /app", "RUN date > /dev/null && mkdir /empty")
    files = files_of(engine, image, spec)
    first = twice.another(engine, image.order)
    assert not first.remembered
    seen = twice.side_by_side(first, files)
    assert (seen.differences, seen.paths) == ((), len(files.files))
    assert seen.paths > 1000
    assert layers(engine) == set()
    second = twice.another(engine, image.order)
    assert second.remembered
    assert second.when == first.when
    assert twice.side_by_side(second, files).differences == ()


@pytest.mark.parametrize(
    ("line", "path", "letters"),
    [
        (f"RUN {RANDOM} /opt/stamp", "/opt/stamp", "..5......"),
        ("RUN touch /opt/$(cat /proc/sys/kernel/random/uuid)", "/opt/", ""),
        (
            "RUN ln -s $(cat /proc/sys/kernel/random/uuid) /opt/link",
            "/opt/link",
            "....L....",
        ),
        (
            "RUN install -o $(od -An -N3 -tu4 /dev/urandom | tr -d ' ') /bin/true /opt/owned",
            "/opt/owned",
            ".....U...",
        ),
    ],
    ids=["content", "name", "link", "owner"],
)
def test_what_comes_out_otherwise_is_named(engine, spec, root, line, path, letters):
    image = built(engine, spec, root, line)
    other = twice.another(engine, image.order)
    found = twice.side_by_side(other, files_of(engine, image, spec)).differences
    assert {one.letters for one in found} == {letters}
    assert all(one.path.startswith(path) for one in found)
    if not letters:
        assert {one.change for one in found} == {Change.EXTRA, Change.MISSING}


def test_the_time_of_a_file_does_not_count(engine, spec, root):
    image = built(
        engine, spec, root, "RUN touch -d @$(od -An -N3 -tu4 /dev/urandom | tr -d ' ') /opt/a"
    )
    other = twice.another(engine, image.order)
    files = files_of(engine, image, spec)
    assert other.files.files["/opt/a"].mtime != files.files["/opt/a"].mtime
    assert twice.side_by_side(other, files).differences == ()


def test_every_stage_is_built_again_and_goes_again(engine, spec, root):
    own = f"LABEL verify.test={spec.tag}"
    lines = (f"RUN {RANDOM} /made", "FROM ${PYTHON_IMAGE}", own, "COPY --from=0 /made /opt/made")
    image = built(engine, spec, root, *lines)
    other = twice.another(engine, image.order)
    found = twice.side_by_side(other, files_of(engine, image, spec)).differences
    assert [(one.path, one.letters) for one in found] == [("/opt/made", "..5......")]
    assert layers(engine) == set()


@pytest.mark.parametrize("change", ["content", "mode", "name", "dockerfile", "argument"])
def test_what_the_build_reads_decides_what_is_remembered(engine, spec, root, change):
    image = built(engine, spec, root, "ARG KIND=a", "COPY app /app")
    first = twice._entry(engine, image.order)
    assert twice._entry(engine, image.order) == first
    order = image.order
    if change == "content":
        (root / "app/page.py").write_text("X = 2\n")
    elif change == "mode":
        (root / "app/page.py").chmod(0o755)
    elif change == "name":
        (root / "app/page.py").rename(root / "app/other.py")
    elif change == "dockerfile":
        (root / "Dockerfile").write_text(f"{FROM}\nCOPY app /other\n")
    else:
        order = engine._order(root, spec, {"KIND": "b"})
    assert twice._entry(engine, order) != first


def test_what_the_build_does_not_read_decides_nothing(engine, spec, root):
    lines = ("ARG REVISION", "COPY app /app", 'LABEL r="${REVISION}"')
    image = built(engine, spec, root, *lines, ignore="*\n!app\n")
    first = twice._entry(engine, image.order)
    (root / "notes.txt").write_text("not sent")
    assert twice._entry(engine, engine._order(root, spec, {"REVISION": "other"})) == first


def test_a_damaged_memory_is_built_again(engine, spec, root):
    image = built(engine, spec, root)
    twice.another(engine, image.order)
    twice._entry(engine, image.order).write_bytes(b"damaged")
    assert not twice.another(engine, image.order).remembered
    assert twice.another(engine, image.order).remembered


def test_only_a_few_builds_are_remembered(engine, spec, root, monkeypatch):
    monkeypatch.setattr(twice, "_ENTRIES", 2)
    for number in range(3):
        (root / "app/page.py").write_text(f"X = {number}\n")
        image = built(engine, spec, root, "COPY app /app")
        twice.another(engine, image.order)
    assert len(list(twice._entry(engine, image.order).parent.glob("*"))) == 2


def test_what_cannot_be_built_again_is_neither_the_same_nor_different(engine, spec, root):
    image = built(engine, spec, root)
    (root / "Dockerfile").write_text(f"{FROM}\nRUN echo no index >&2 && exit 3\n")
    with pytest.raises(CouldNotCheck, match="cannot be built again from nothing") as caught:
        twice.another(engine, image.order)
    assert "no index" in caught.value.remedy
    assert layers(engine) == set()


@pytest.mark.parametrize(
    ("ignore", "marked"),
    [
        ("# a comment\nDockerfile\n", False),
        (".dockerignore\n", True),
        ("*\n!app\n", True),
        (None, True),
    ],
)
def test_an_image_of_the_whole_tree_sees_nothing_of_how_it_is_built_again(
    engine, spec, root, ignore, marked
):
    image = built(engine, spec, root, "COPY . /app", ignore=ignore)
    assert bool(twice._marked(engine, image.order)) is marked
    other = twice.another(engine, image.order)
    assert twice.side_by_side(other, files_of(engine, image, spec)).differences == ()


SCRIPT = """
    import sys
    from pathlib import Path
    from verify.probes import engine
    from verify.probes.images import twice
    from verify.tables import Image
    e = engine.connect("ends-early")
    print(e.label["verify.run"], flush=True)
    spec = Image(dockerfile="Dockerfile", tag="none:x", python="python3",
        base_arg="PYTHON_IMAGE", fallback_base="aicmo-python-base:bookworm")
    try:
        twice.another(e, e._order(Path(sys.argv[1]), spec, {}))
    finally:
        e.close()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_run_that_ends_early_leaves_nothing_that_the_next_does_not_sweep(
    engine, root, until, number
):
    own = uuid.uuid4().hex
    (root / "Dockerfile").write_text(f"{FROM}\nENV OWN={own}\nRUN mkdir /a\nRUN sleep 300\n")

    def left() -> set[str]:
        rows = engine.api.images(all=True, filters={"label": ownership.LABEL})
        return {row["Id"] for row in rows if row["Labels"][ownership.LABEL] == value}

    def steps() -> list[str]:
        rows = engine.api.containers(all=True)
        return [row["Id"] for row in rows if "sleep 300" in row["Command"]]

    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        value = process.stdout.readline().decode().strip()
        assert json.loads(value)["pid"] == process.pid
        until(lambda: left() and steps(), 60)
        process.send_signal(number)
    until(lambda: not steps(), 60)
    until(lambda: engine.sweep() is not None and not left(), 60)
