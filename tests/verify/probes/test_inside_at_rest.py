"""Images nobody started, and containers in which nothing can look: what is known of them still."""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import uuid

import pytest

from verify.errors import CouldNotCheck, Unavailable
from verify.inventory import Kind
from verify.probes import inside
from verify.probes.inside import at_rest, held
from verify.probes.inside.refusals import NoPython

pytestmark = pytest.mark.docker

BASES = ("python:3.12-slim-bookworm", "aicmo-python-base:bookworm")


@pytest.fixture
def tag():
    name = f"verify-test-{uuid.uuid4().hex[:10]}:x"
    yield name
    subprocess.run(["docker", "rmi", "--force", name], capture_output=True, check=False)


@pytest.fixture
def build(engine, tag, tmp_path):
    """Build an image on the base that is here: `build("RUN ...")` returns its id."""

    def built(*lines: str) -> str:
        base = next((name for name in BASES if engine.here(name)), None)
        if base is None:
            pytest.skip("no base image is here: run scripts/get-base-image.sh")
        (tmp_path / "Dockerfile").write_text("\n".join([f"FROM {base}", *lines]) + "\n")
        subprocess.run(
            ["docker", "build", "--quiet", "--tag", tag, str(tmp_path)],
            env={**os.environ, "DOCKER_BUILDKIT": "0"},
            check=True,
            capture_output=True,
        )
        return engine.here(tag).ref.id

    return built


@pytest.fixture
def imported(engine, tag):
    """Make an image of these files and nothing else: `imported({"a": b"..."})` returns its id."""

    def made(files: dict[str, bytes]) -> str:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for path, content in files.items():
                row = tarfile.TarInfo(path)
                row.size, row.mode = len(content), 0o755
                tar.addfile(row, io.BytesIO(content))
        subprocess.run(
            ["docker", "import", "-", tag], input=packed.getvalue(), check=True, capture_output=True
        )
        return engine.here(tag).ref.id

    return made


def remove(*paths: str) -> str:
    code = f"import os, glob; [os.remove(f) for p in {paths!r} for f in glob.glob(p)]"
    return f"RUN {json.dumps(['python3', '-c', code])}"


WITHOUT_SHELL = remove("/bin/sh", "/bin/dash", "/bin/bash")
WITHOUT_PYTHON = remove("/usr/bin/python3*", "/usr/local/bin/python3*")
PRIVATE = (
    "RUN mkdir /app && echo hello > /app/private && chmod 600 /app/private && chown 7:7 /app -R"
)
HELLO = hashlib.sha256(b"hello\n").hexdigest()


def look(engine, image_id: str, python: str = "python3", **settings):
    return at_rest.at_rest(
        engine, image_id, python, memory="256m", deadline=60, blobs=["/app"], **settings
    )


def test_all_of_an_image_is_read_whoever_owns_it_and_whoever_its_user_is(engine, build):
    seen = look(engine, build(PRIVATE, "USER 1234", 'ENTRYPOINT ["false"]'))
    private = seen.files.files["/app/private"]
    assert (private.digest, private.uid, private.mode) == (HELLO, 7, 0o600)
    assert private.blob == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert seen.files.incomplete == ""
    assert seen.interpreter.executable
    assert seen.distributions is not None
    with pytest.raises(Unavailable, match="it was not asked for"):
        seen.part("processes")


def test_nothing_that_the_engine_puts_into_a_container_is_taken_for_the_images(engine, build):
    seen = look(engine, build())
    assert not {"/.dockerenv", "/etc/hosts", "/proc", "/sys/kernel"} & set(seen.files.files)
    assert "the engine puts its own there" in seen.files.unread["/etc/hosts"]


def test_an_image_with_gits_other_hash_is_read_with_that(engine, build):
    seen = look(engine, build(PRIVATE), blob_format="sha256")
    wanted = hashlib.sha256(b"blob 6\0hello\n").hexdigest()
    assert seen.files.files["/app/private"].blob == wanted


def test_an_image_without_a_shell_is_read_by_its_python_all_the_same(engine, build):
    seen = look(engine, build(PRIVATE, WITHOUT_SHELL))
    assert "/bin/dash" not in seen.files.files
    assert seen.interpreter is not None


def test_of_an_image_without_python_the_files_are_known_and_nothing_else(engine, build):
    seen = look(engine, build(PRIVATE, WITHOUT_PYTHON))
    assert seen.files.files["/app/private"].digest == HELLO
    assert seen.files.files["/app/private"].blob == "ce013625030ba8dba906f756967f9e9ca394464a"
    for part in ("distributions", "interpreter", "processes", "listeners", "mounts", "limits"):
        with pytest.raises(Unavailable, match="the image has no Python that starts"):
            seen.part(part)


def test_an_image_of_two_files_is_read_too(engine, imported):
    seen = look(engine, imported({"app/tool": b"hello\n", "bin/sh": b"\x7fELF nothing"}))
    assert seen.files.files["/app/tool"].digest == HELLO
    assert {path for path, file in seen.files.files.items() if file.kind is Kind.FILE} == {
        "/app/tool",
        "/bin/sh",
    }


@pytest.mark.parametrize(
    "python", [b"hello\n", b"#!/no/such/interpreter\n", b"\x7fELF nothing", b""]
)
def test_a_python_that_is_none_is_no_python(engine, imported, python):
    seen = look(engine, imported({"usr/bin/python3": python}), "/usr/bin/python3")
    assert seen.interpreter is None
    assert seen.files.files["/usr/bin/python3"].size == len(python)


def test_a_look_at_an_image_that_is_not_there_is_no_look(engine):
    with pytest.raises(CouldNotCheck, match=r"cannot be (run|created)"):
        look(engine, f"sha256:{'0' * 64}")


def test_an_interpreter_that_answers_something_else_gives_no_facts(engine, build):
    image_id = build("RUN ln -sf /bin/echo /usr/bin/other")
    with pytest.raises(CouldNotCheck, match="gave no answer"):
        look(engine, image_id, "/usr/bin/other")


def test_nothing_is_left_of_a_look_at_an_image(engine, build, imported):
    look(engine, build())
    look(engine, imported({"a": b""}))
    assert engine._made == []


def test_a_container_without_a_shell_is_looked_at_by_its_python_all_the_same(engine, build):
    image_id = build(WITHOUT_SHELL)
    command = ["python3", "-c", "import signal; signal.pause()"]
    container = engine.start(image_id, ports=(), memory="256m", command=command)
    with held.held(container) as watch:
        facts = inside.look(
            f"docker://0:0@{container.id}",
            "nonesuch",
            {"processes": True},
            deadline=60,
            watch=watch,
            others=("python3",),
        )
    assert facts["uid"] == 0
    assert facts["processes"][0]["pid"] == 1


@pytest.mark.parametrize("lines", [(), (WITHOUT_SHELL,)], ids=["with a shell", "without a shell"])
def test_of_a_container_in_which_nothing_can_look_the_engine_tells_the_files(engine, build, lines):
    image_id = build(PRIVATE, *lines, WITHOUT_PYTHON)
    container = engine.start(image_id, ports=(), memory="256m", command=["sleep", "300"])
    said = "has none of the interpreters"
    with held.held(container) as watch, pytest.raises(NoPython, match=said) as caught:
        inside.look(f"docker://{container.id}", "python3", {}, deadline=60, watch=watch)
    seen = at_rest.from_the_engine(engine, container.id, "it", str(caught.value), deadline=60)
    assert seen.files.files["/app/private"].digest == HELLO
    with pytest.raises(Unavailable, match=said):
        seen.part("processes")
