"""`verify diff`: two images side by side, in words and as JSON, and what is left behind."""

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from dataclasses import replace

import pytest

from verify.difference import Change
from verify.inventory import File, Inventory, Kind
from verify.releases import Packed, Release, compared
from verify.report.releases import as_text
from verify.report.releases_json import as_json
from verify.surroundings import Distribution, Recorded

SITE = "/opt/venv/lib/python3.12/site-packages"


def file(path, content="x", **settings):
    return File(path, Kind.FILE, len(content), 0o644, 0, 0, 1, digest=content, capabilities="",
                **settings)  # fmt: skip


def distribution(name, version, *paths):
    folder = f"{SITE}/{name}-{version}.dist-info"
    record = tuple(Recorded(f"{SITE}/{path}", None, None) for path in paths)
    return Distribution(name, version, folder, (), record)


def release(*files, **changes):
    listed = {each.path: each for each in files}
    told = Release(
        name="app:1",
        id="sha256:" + "1" * 64,
        tags=("app:1",),
        created="2026-01-02T03:04:05Z",
        platform="linux/amd64",
        size=100_000_000,
        config={"Cmd": ["serve"], "Env": ["PATH=/bin", "TOKEN=one-secret"], "User": "10001"},
        layers=(Packed("sha256:a", 90_000_000, "/bin/sh -c #(nop) COPY dir:1 in /x"),),
        inventory=Inventory("image", ("/",), listed, {"/dev": "the engine's"}),
        distributions=(),
        packages={"libc6": "2.36", "old": "1"},
        app_dir="/app",
    )
    return replace(told, **changes)


def test_the_same_files_with_other_times_are_no_difference():
    before = release(file("/app/a"), file("/etc/b"))
    later = {path: replace(each, mtime=9) for path, each in before.inventory.files.items()}
    after = replace(before, id="sha256:2", inventory=replace(before.inventory, files=later))
    found = compared(before, after)

    assert found.same
    assert "the same" in as_text(found)
    assert json.loads(as_json(found))["same"] is True


def test_files_stand_with_what_they_belong_to():
    lib = distribution("lib", "1.0", "lib/code.py", "lib/kept.py", "../../../bin/lib")
    lib = replace(lib, record=(*lib.record, Recorded("/opt/venv/bin/lib", None, None)))
    cfg = file("/opt/venv/pyvenv.cfg")
    before = release(
        cfg, file("/app/a", "1"), file("/app/gone"), file(f"{SITE}/lib/code.py", "1"),
        file(f"{SITE}/lib/__pycache__/code.cpython-312.pyc", "1"), file("/usr/lib/x/y", "1"),
        file("/opt/venv/bin/lib", "1"), distributions=(lib,),
    )  # fmt: skip
    after = release(
        cfg, file("/app/a", "2"), file("/app/new"), file(f"{SITE}/lib/code.py", "2"),
        file(f"{SITE}/lib/__pycache__/code.cpython-312.pyc", "2"), file("/usr/lib/x/y", "2"),
        file("/opt/venv/bin/lib", "2"), file(f"{SITE}/evil.pth"), file("/opt/venv/loose"),
        File("/empty", Kind.FOLDER, mode=0o755, uid=0, gid=0), distributions=(lib,), id="sha256:2",
    )  # fmt: skip
    found = compared(before, after)

    assert [(each.path, each.change) for each in found.app] == [
        ("/app/a", Change.CHANGED),
        ("/app/gone", Change.MISSING),
        ("/app/new", Change.EXTRA),
    ]
    assert [
        (group.name, group.environment, [each.path for each in group.differences])
        for group in found.environment
    ] == [
        (
            "lib",
            "/opt/venv",
            [
                "/opt/venv/bin/lib",
                f"{SITE}/lib/__pycache__/code.cpython-312.pyc",
                f"{SITE}/lib/code.py",
            ],
        ),
        ("no distribution", "/opt/venv", [f"{SITE}/evil.pth", "/opt/venv/loose"]),
    ]
    assert [(group.name, len(group.differences)) for group in found.system] == [
        ("/empty", 1),
        ("/usr/lib", 1),
    ]
    text = as_text(found)
    assert f"{SITE}/lib/code.py" in text  # the same version, and other code
    assert "evil.pth" in text
    assert ".pyc" not in text


def test_dependencies_are_told_by_version_wherever_their_folder_is():
    before = release(distributions=(distribution("same", "1"), distribution("old", "1")))
    moved = replace(
        distribution("same", "1"), folder="/opt/venv/lib/python3.13/site-packages/same-1.dist-info"
    )
    after = release(
        id="sha256:2",
        distributions=(moved, distribution("new", "2")),
        packages={"libc6": "2.37", "more": "1"},
    )
    found = compared(before, after)

    assert [(each.name, each.before, each.after) for each in found.dependencies] == [
        ("new", None, "2"),
        ("old", "1", None),
    ]
    assert [(each.name, each.before, each.after) for each in found.packages] == [
        ("libc6", "2.36", "2.37"),
        ("more", None, "1"),
        ("old", "1", None),
    ]


def test_values_of_variables_are_told_only_where_they_are_harmless():
    check = {"Test": ["CMD", "probe"], "Interval": 10_000_000_000, "Retries": 3}
    after = release(
        id="sha256:2",
        config={
            "Cmd": ["serve", "--more"],
            "Env": ["PATH=/usr/bin", "TOKEN=two-secret", "KEY=three-secret"],
            "ExposedPorts": {"80/tcp": {}},
            "Volumes": {"/data": {}},
            "Healthcheck": check,
            "Labels": {"a": "b"},
        },
    )
    found = compared(release(), after)

    assert {each.name: (each.before, each.after) for each in found.config} == {
        "User": ("10001", None),
        "Cmd": ("serve", "serve --more"),
        "Healthcheck": (None, "CMD probe, Interval 10s, Retries 3"),
        "ports": (None, "80/tcp"),
        "volumes": (None, "/data"),
        "label a": (None, "b"),
        "variable KEY": (None, "(not shown)"),
        "variable PATH": ("/bin", "/usr/bin"),
        "variable TOKEN": ("(not shown)", "(not shown)"),
    }
    assert "secret" not in as_text(found) + as_json(found)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    name = "/app/" + "ä" * 90 + "/\x1b[31m\n\udcff"
    before = release(file(name, "1"), file("/app/link"), file("/etc/p"))
    after = release(
        replace(file(name, "22"), mode=0o4755, uid=7),
        File("/app/link", Kind.LINK, mode=0o777, uid=0, gid=0, target="x", capabilities=""),
        *(file(f"/etc/{n}" * 9) for n in range(5)),
        id="sha256:2",
        name="registry.example:5000/a/very/long/name/of/an/image:and-a-tag",
        layers=(Packed("sha256:b", None, ""), Packed("sha256:c", 5, "RUN " + "x " * 99)),
        config={"Cmd": ["long"] * 60},
    )
    text = as_text(compared(before, after), width=width)

    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert "\\x1b" in text
    assert "mode 0644 → 4755" in text.replace("\n", " ")
    coloured = as_text(compared(before, after), width=width, colour=True)
    assert re.sub(r"\x1b\[[\d;]+m", "", coloured) == text


DPKG = "Package: base\nStatus: install ok installed\nVersion: {}\n\nPackage: gone\nStatus: x\n"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Two releases without shell or Python, and one of another base."""
    tag = f"verify-test-{uuid.uuid4().hex[:10]}"
    made = {}
    for name, lines in {
        "one": ["ENV A=1 TOKEN=first-secret", "LABEL v=1", "USER 7", "WORKDIR /app"],
        "two": ["ENV A=1 TOKEN=other-secret", "LABEL v=2", "WORKDIR /app", "EXPOSE 80"],
    }.items():
        context = tmp_path_factory.mktemp(name)
        info = context / f"root{SITE}/lib-{name}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Lib\nVersion: {name}\n\n")
        (info / "RECORD").write_text("lib.py,,\n")
        (info.parent / "lib.py").write_text(name)
        (context / "root/app").mkdir()
        (context / "root/app/page.py").write_text(f"the page of {name}")
        (context / "root/var/lib/dpkg").mkdir(parents=True)
        (context / "root/var/lib/dpkg/status").write_text(DPKG.format(name))
        made[name] = _built(f"{tag}:{name}", context, "FROM scratch", "COPY root /", *lines)
    context = tmp_path_factory.mktemp("full")
    (context / "more").write_text("more")
    lines = ("FROM aicmo-python-base:bookworm", "COPY more /app/more")
    made["full"] = _built(f"{tag}:full", context, *lines)
    yield made
    subprocess.run(["docker", "rmi", "-f", *made.values()], capture_output=True, check=False)


def _built(tag, context, *lines):
    (context / "Dockerfile").write_text("\n".join(lines))
    subprocess.run(
        ["docker", "build", "-q", "-t", tag, str(context)],
        capture_output=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "DOCKER_BUILDKIT": "0"},
    )
    return tag


@pytest.fixture
def diff(tmp_path):
    """Run `verify diff` in an empty folder, with a memory of its own."""

    def run(*arguments, **env):
        return subprocess.run(
            [sys.executable, "-m", "verify.cli", "diff", *arguments],
            cwd=tmp_path,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.mark.docker
def test_two_releases_without_shell_or_python_are_compared(diff, images):
    ran = diff(images["one"], images["two"], "--json")
    found = json.loads(ran.stdout)

    assert (ran.returncode, ran.stderr) == (1, "")
    assert (found["schema"], found["same"]) == ("verify.diff/v1", False)
    assert found["before"]["name"] == images["one"]
    assert [(row["path"], row["change"]) for row in found["files"]["app"]] == [
        ("/app/page.py", "changed")
    ]
    assert [row["name"] for row in found["files"]["environment"]] == ["lib"]
    assert found["dependencies"] == [
        {"name": "lib", "before": "one", "after": "two", "environment": "/opt/venv"}
    ]
    assert found["packages"] == [{"name": "base", "before": "one", "after": "two"}]
    assert {row["name"]: (row["before"], row["after"]) for row in found["config"]} == {
        "User": ("7", None),
        "ports": (None, "80/tcp"),
        "label v": ("1", "2"),
        "variable TOKEN": ("(not shown)", "(not shown)"),
    }
    assert "secret" not in ran.stdout
    again = diff(images["one"], images["two"], "--json")
    assert again.stdout == ran.stdout  # what is remembered reads the same


@pytest.mark.docker
def test_one_image_under_two_names_is_the_same(diff, images):
    ran = diff(images["one"], images["one"])

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "one image" in ran.stdout


@pytest.mark.docker
def test_images_of_different_bases_are_compared(diff, images):
    ran = diff(images["full"], images["one"], COLUMNS="80")

    assert ran.returncode == 1
    assert "PACKAGES OF THE SYSTEM" in ran.stdout
    assert "/usr/lib" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80


@pytest.mark.docker
def test_an_image_that_is_not_there_is_no_difference(diff, images):
    ran = diff(images["one"], images["one"].replace(":one", ":onee"))

    assert (ran.returncode, ran.stdout) == (3, "")
    assert images["one"] in ran.stderr  # what is near
    for name in ("UPPER/case", "", "a b", "--"):
        assert diff(images["one"], name).returncode in {2, 3}


def test_without_an_engine_nothing_is_said_to_differ(diff, tmp_path):
    ran = diff("a:1", "b:1", DOCKER_HOST=f"unix://{tmp_path}/none.sock")

    assert (ran.returncode, ran.stdout) == (3, "")
    assert "no container engine answers" in ran.stderr


def test_wrong_usage_and_a_bad_manifest_are_neither_same_nor_different(diff, tmp_path):
    assert diff("a:1").returncode == 2
    (tmp_path / "verify.toml").write_text("[dashboard")
    assert diff("a:1", "b:1").returncode == 2


@pytest.mark.docker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_container(images, tmp_path, until, number):
    process = subprocess.Popen(
        [sys.executable, "-m", "verify.cli", "diff", images["full"], "aicmo-python-base:bookworm"],
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: _left(process.pid) or process.poll() is not None, seconds=60)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (130, "")
    assert err == "verify: interrupted; everything this run made is removed\n"
    assert _left(process.pid) == []


def _left(pid):
    """Return the containers that a process has made and that are still there."""
    told = subprocess.run(
        ["docker", "ps", "-a", "--filter", "label=verify.run", "--format", "{{.ID}} {{.Labels}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in told.stdout.splitlines() if re.search(rf'"pid": {pid}\b', line)]
