"""The image, really built, by either builder, and really run."""

import os
import shutil
import subprocess
import uuid

import pytest

pytestmark = pytest.mark.docker

CONTENT = ["aicmo", "guards", "streamlit_pages", ".streamlit", "streamlit", "requirements"]
FILES = ["app.py", "launch_operator.py", "streamlit_app.py", "operator_v2.py", ".dockerignore"]
PLANTED = [
    ".env",
    ".git/config",
    ".streamlit/secrets.toml",
    "aicmo/.env",
    "aicmo/__pycache__/stale.cpython-311.pyc",
    "data/aicmo.db",
    "streamlit_pages/tests/test_left_behind.py",
    "tests/test_planted.py",
    "verify/planted.py",
]


def run(*command, **options):
    return subprocess.run(
        command, capture_output=True, text=True, timeout=300, check=False, **options
    )


def output(*command):
    done = run(*command)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def context(root, tmp_path_factory):
    """A copy of what is built from, with things planted in it, and some files private."""
    copy = tmp_path_factory.mktemp("context")
    for folder in CONTENT:
        shutil.copytree(root / folder, copy / folder)
    for file in FILES:
        shutil.copy(root / file, copy / file)
    for path in map(copy.joinpath, PLANTED):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("planted")
    for path in copy.joinpath("guards").rglob("*.py"):
        path.chmod(0o600)
    return copy


def build(context, base_image, builder, tag):
    """Build with the first docker command on the PATH that has this builder."""
    for folder in os.environ["PATH"].split(":"):
        docker = os.path.join(folder, "docker")  # noqa: PTH118 - a PATH may hold an empty part
        if not os.access(docker, os.X_OK):
            continue
        done = run(
            *(docker, "build", "-f", "streamlit/Dockerfile", "-t", tag),
            *(f"--build-arg=PYTHON_IMAGE={base_image}", "--build-arg=REVISION=abc123", "."),
            cwd=context,
            env=os.environ | {"DOCKER_BUILDKIT": builder},
        )
        if "buildx component is missing" not in done.stderr:
            assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
            return
    pytest.skip("no docker command on the PATH has this builder")


@pytest.fixture(scope="module", params=["0", "1"], ids=["classic", "buildkit"])
def image(request, context, base_image):
    tag = f"aicmo-setup-test:{uuid.uuid4().hex}"
    build(context, base_image, request.param, tag)
    yield tag
    output("docker", "image", "rm", tag)


@pytest.fixture
def container(image):
    limits = ["--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--memory=1g"]
    name = output("docker", "run", "--detach", *limits, image)
    yield name
    output("docker", "rm", "--force", "--volumes", name)


def inside(image, *command):
    return output(
        "docker", "run", "--rm", "--network=none", "--entrypoint", command[0], image, *command[1:]
    )


def test_it_holds_the_application_and_nothing_that_was_planted(image):
    files = inside(image, "find", "/app", "/opt", "-path", "/opt/venv", "-prune", "-o", "-print")
    found = {os.path.relpath(path, "/app") for path in files.splitlines()}
    assert {"app.py", "aicmo", "guards", "streamlit_pages/aicmo_operator.py"} <= found
    assert not found & set(PLANTED)
    assert not [path for path in found if {"tests", "__pycache__"} & set(path.split("/"))]


def test_it_runs_as_nobody_special_and_can_write_only_its_data(image):
    script = (
        "id -u; id -g; test -w /data; test ! -w /app; test ! -w /opt/venv; cat /app/guards/*.py"
    )
    lines = inside(image, "sh", "-ec", script).splitlines()
    assert lines[:2] == ["10001", "10001"]
    assert output("docker", "image", "inspect", "-f", "{{.Config.User}}", image) == "10001:10001"


def test_no_installer_is_left(image):
    done = run("docker", "run", "--rm", "--entrypoint", "python", image, "-m", "pip", "--version")
    assert done.returncode == 1
    assert "No module named pip" in done.stderr


def test_the_code_is_found_from_any_folder(image):
    code = "import aicmo, guards, streamlit_pages; print(aicmo.__file__)"
    command = ["docker", "run", "--rm", "-w", "/tmp", "--entrypoint", "python", image, "-c", code]
    assert output(*command) == "/app/aicmo/__init__.py"


def test_labels_say_what_was_told_and_unknown_otherwise(image, base_image):
    name = "org.opencontainers.image."
    shown = output("docker", "image", "inspect", "-f", "{{json .Config.Labels}}", image)
    for key, value in {
        "title": "AICMO operator dashboard",
        "revision": "abc123",
        "version": "unknown",
        "created": "unknown",
        "base.name": base_image,
    }.items():
        assert f'"{name}{key}":"{value}"' in shown


def test_it_gets_healthy_and_ends_cleanly_when_asked(container, until):
    def health():
        code = run("docker", "exec", container, "python", "-I", "/opt/healthcheck.py").returncode
        state = output("docker", "inspect", "-f", "{{.State.Status}}", container)
        return code == 0 or state != "running"

    until(health, "the health check is green")
    output("docker", "stop", "--time=20", container)
    # 137 would be the end of the engine's patience.
    assert output("docker", "inspect", "-f", "{{.State.ExitCode}}", container) == "0"


def test_the_engine_runs_the_health_check(image):
    shown = output("docker", "image", "inspect", "-f", "{{json .Config.Healthcheck.Test}}", image)
    assert shown == '["CMD","python","-I","/opt/healthcheck.py"]'
