"""`verify running`: what runs is held file by file against the reviewed tree or an image."""

import json
import re
import subprocess
import sys

import pytest

from tests.verify.conftest import Project
from tests.verify.running.conftest import docker

SITE = "/opt/venv/lib/python3.11/site-packages"
FORGED = "thing/__pycache__/__init__.cpython-311.pyc"

pytestmark = pytest.mark.docker


def told(found: dict) -> dict[str, tuple[str, str]]:
    """Return each difference by its path: its letters or its change, and since when."""
    return {
        one["path"]: ((one["letters"].strip(".") and one["letters"]) or one["change"], one["when"])
        for one in found["differences"]
    }


def test_a_container_of_the_reviewed_tree_is_the_same(served):
    name = served.start()
    ran = served.found(name)
    assert (ran.exit, ran.found["verdict"], ran.found["differences"]) == (0, "same", []), ran.out
    found = ran.found
    assert found["schema"] == "verify.running/v1"
    assert (found["ref"], found["kind"]) == (name, "docker")
    assert found["identity"]["name"] == name
    assert found["host"] == f"docker://{found['identity']['id']}"
    assert found["against"]["commit"] == found["image"]["labels"]["revision"] == served.commit
    assert found["against"]["kind"] == "tree"
    assert found["image"]["config_digest"].startswith("sha256:")
    assert found["same"]["reviewed"] == 5
    assert found["same"]["environment"] == 2
    passed = {one["gate"] for one in found["cells"] if one["outcome"] == "PASS"}
    assert {"contents", "drift", "identity"} <= passed
    assert 0 < found["exec_seconds"] < found["seconds"]


def test_what_changed_at_run_is_named_with_the_letters_of_rpm(served):
    name = served.start()
    served.inside(
        name,
        "printf X | dd of=/app/main.py bs=1 seek=3 conv=notrunc 2>/dev/null;"
        "echo more >> /app/deep/er/part.py; chmod 666 /app/run.sh; rm /opt/health.py;"
        "echo evil > /app/deep/evil.py; ln -s / /app/way; mkdir /app/empty;"
        f"echo >> {SITE}/thing/__init__.py; echo 'import os' > {SITE}/evil.pth;"
        f"mkdir {SITE}/thing/__pycache__; echo x > {SITE}/{FORGED};"
        "echo x > /etc/evil; echo x >> /etc/passwd; rm /usr/bin/yes;"
        "echo data > /tmp/data; echo blue > /app/settings.toml; echo other > /app/made.txt",
    )
    ran = served.found(name)
    run = "changed at run"
    assert told(ran.found) == {
        "/app/main.py": ("..5......", run),
        "/app/deep/er/part.py": ("S.5......", run),
        "/app/run.sh": (".M.......", run),
        "/opt/health.py": ("missing", run),
        "/app/deep/evil.py": ("extra", run),
        "/app/way": ("extra", run),
        "/app/empty": ("extra", run),
        f"{SITE}/thing/__init__.py": ("S.5......", run),
        f"{SITE}/evil.pth": ("extra", run),
        f"{SITE}/{FORGED}": ("extra", run),
        "/etc/evil": ("extra", run),
        "/etc/passwd": ("changed", run),
        "/usr/bin/yes": ("missing", run),
    }
    assert (ran.exit, ran.found["verdict"]) == (1, "differs")
    by_path = {one["path"]: one for one in ran.found["differences"]}
    assert by_path["/app/main.py"]["source"] == "app/main.py"
    assert by_path[f"{SITE}/thing/__init__.py"]["source"] == "thing 1.0"
    assert by_path["/app/run.sh"]["expected"]["mode"] == "0755"
    assert by_path["/app/run.sh"]["got"]["mode"] == "0666"
    assert by_path["/app/deep/er/part.py"]["got"]["size"] == 14


def test_what_changed_at_build_is_told_apart(served, tmp_path):
    name = served.start()
    subprocess.run(["git", "clone", "-q", str(served.root), str(tmp_path / "other")], check=True)
    other = Project(tmp_path / "other")
    other.write("app/main.py", "BUILD_MARKER = 'M2'\n")
    other.write("app/new.py", "NEW = 1\n")
    other.commit()
    served.inside(name, "echo x > /app/evil.py")
    ran = served.found(name, "--root", str(other.root))
    assert told(ran.found) == {
        "/app/evil.py": ("extra", "changed at run"),
        "/app/main.py": ("..5......", "changed at build"),
        "/app/new.py": ("missing", "changed at build"),
    }
    same = served.found(name, "--root", str(other.root), "--against", served.commit)
    assert told(same.found) == {"/app/evil.py": ("extra", "changed at run")}


def test_a_commit_is_compared_and_not_what_stands_beside_it(served):
    name = served.start()
    work = served.root / "app/main.py"
    text = work.read_text()
    work.write_text("not committed\n")
    try:
        ran = served.found(name)
    finally:
        work.write_text(text)
    assert (ran.exit, ran.found["against"]["dirty"]) == (0, True)


def test_what_is_mounted_is_neither_of_the_build_nor_of_the_run(served, tmp_path):
    (tmp_path / "main.py").write_text("mounted\n")
    name = served.start("-v", f"{tmp_path}/main.py:/app/main.py:ro")
    ran = served.found(name)
    assert told(ran.found)["/app/main.py"] == ("S.5......", "from a mount")
    assert ran.exit == 1


def test_a_container_of_another_image_than_its_tag_names_is_no_other_container(served):
    name = served.start()
    moved = f"{served.tag}-moved"
    docker("tag", served.tag, moved)
    other = served.start(image=moved)
    docker("build", "-q", "-t", moved, "--build-arg", "REVISION=other", str(served.root))
    try:
        cells = {one["gate"]: one for one in served.found(other).found["cells"]}
        finding, *_ = cells["identity"]["findings"]
        assert finding["subject"] == "the image of the running container"
        assert served.found(other).exit == 1
        assert served.found(name).exit == 0
    finally:
        served.clean()
        docker("rmi", "-f", moved)


@pytest.mark.parametrize("user", ["", "docker://", "docker://0@"])
def test_a_container_is_named_by_its_name_or_by_how_testinfra_writes_it(user, served):
    name = served.start()
    assert served.found(f"{user}{name}").exit == 0


def test_a_container_is_named_by_the_beginning_of_its_id(served):
    ident = docker("inspect", "-f", "{{.Id}}", served.start())
    assert served.found(ident[:12]).found["identity"]["id"] == ident


def test_an_image_is_compared_with_all_its_files(served):
    name = served.start()
    ran = served.found(name, "--against", served.tag)
    assert (ran.exit, ran.found["differences"]) == (0, []), ran.out
    assert ran.found["against"]["image"] == ran.found["image"]["id"]
    assert ran.found["same"]["reviewed"] > 1000
    assert ran.found["same"]["environment"] > 2
    served.inside(name, "chown 10001 /app/main.py; echo x > /usr/share/evil; rm /usr/bin/yes")
    ran = served.found(name, "--against", served.tag)
    run = "changed at run"
    assert told(ran.found) == {
        "/app/main.py": (".....U...", run),
        "/usr/bin/yes": ("missing", run),
        "/usr/share/evil": ("extra", run),
    }
    assert ran.exit == 1


def test_what_another_image_has_otherwise_was_changed_at_build(served):
    other = f"{served.tag}-other"
    subprocess.run(
        ["docker", "build", "-q", "-t", other, "-"],
        input=f"FROM {served.tag}\nUSER 0\nRUN echo x > /usr/share/new && rm /app/run.sh\n",
        text=True,
        check=True,
        capture_output=True,
    )
    try:
        ran = served.found(served.start(image=other), "--against", served.tag)
        assert told(ran.found) == {
            "/app/run.sh": ("missing", "changed at build"),
            "/usr/share/new": ("extra", "changed at build"),
        }
    finally:
        served.clean()
        docker("rmi", "-f", other)


def test_a_folder_without_git_is_a_tree_as_it_stands(served, tmp_path):
    folder = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", str(served.root), str(folder)], check=True)
    subprocess.run(["rm", "-r", str(folder / ".git")], check=True)
    (folder / "app/main.py").write_text("BUILD_MARKER = 'M3'\n")
    ran = served.found(served.start(), "--against", str(folder))
    assert told(ran.found) == {"/app/main.py": ("..5......", "changed at build")}
    assert ran.found["against"]["commit"] is None


def test_without_a_manifest_the_whole_tree_stands_in_the_folder_of_the_image(served, tmp_path):
    tree = Project(tmp_path / "tree")
    for name in ("main.py", "settings.toml", "deep/er/part.py", "run.sh"):
        tree.write(name, (served.root / "app" / name).read_bytes())
    (tree.root / "run.sh").chmod(0o755)
    tree.commit()
    name = served.start()
    ran = served.found(name, "--against", str(tree.root), "--root", str(tree.root))
    assert ran.exit == 2, "a --root without verify.toml is no project"
    done = subprocess.run(
        [sys.executable, "-m", "verify.cli", "running", name, "--json"],
        cwd=tree.root,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)
    assert told(found) == {"/app/made.txt": ("extra", "changed at build")}
    assert found["same"]["reviewed"] == 4


def test_imports_are_tried_only_when_they_are_asked_for(served):
    name = served.start()
    outcomes = {one["gate"]: one["outcome"] for one in served.found(name).found["cells"]}
    assert outcomes["imports"] == "SKIP"
    tried = {one["gate"]: one for one in served.found(name, "--try").found["cells"]}
    assert tried["imports"]["outcome"] in {"PASS", "FAIL"}
    assert tried["imports"]["observed"] > 0


def test_what_the_engine_lets_it_do_is_told_and_is_not_the_same(served):
    ran = served.found(served.start("--privileged", "--cap-add", "SYS_ADMIN"))
    (cell,) = [one for one in ran.found["cells"] if one["gate"] == "hardening"]
    subjects = [one["subject"] for one in cell["findings"]]
    assert {"privileged", "capabilities added"} <= set(subjects)
    assert (ran.exit, ran.found["differences"]) == (1, [])


def test_nothing_of_a_secret_is_told(served):
    name = served.start("-e", "TOKEN_OF_MINE=hunter2hunter2")
    ran = served.found(name)
    assert "hunter2" not in ran.out + ran.err
    assert "TOKEN_OF_MINE is added" in ran.out
    assert ran.exit == 1


def test_nothing_is_left_in_the_container_nor_beside_it(served):
    name = served.start()
    before = docker("diff", name), docker("ps", "-aq")
    assert served.found(name).exit == 0
    assert (docker("diff", name), docker("ps", "-aq").split()) >= (before[0], [])
    assert docker("diff", name) == before[0]
    assert len(docker("top", name, "-eo", "pid").split()) == 2  # the headline and one process


PEOPLE = [("80", {}), ("120", {}), ("80", {"NO_COLOR": "1"})]


@pytest.mark.parametrize(("columns", "env"), PEOPLE)
def test_people_read_it_from_the_top_to_one_line_that_says_what_came_of_it(served, columns, env):
    name = served.start()
    served.inside(name, "printf X | dd of=/app/main.py bs=1 seek=3 conv=notrunc 2>/dev/null")
    ran = served.running(name, env={"COLUMNS": columns, **env})
    lines = ran.out.splitlines()
    assert lines[0].startswith(f"container {name}  ")
    assert lines[1].startswith("  started   ")
    assert "  ..5......  changed at run    /app/main.py" in lines
    assert re.fullmatch(r"differs: 1 changed, in \d+\.\d s", lines[-1])
    assert all(len(line) <= int(columns) for line in lines)
    assert "\x1b" not in ran.out
    assert ran.exit == 1


def test_at_most_fifty_differences_are_shown_and_all_are_told(served):
    name = served.start()
    served.inside(name, "for n in $(seq 60); do echo > /app/extra$n; done")
    shown = served.running(name).out
    assert shown.count("  extra      changed at run") == 50
    assert "and 10 more; --json shows all" in shown
    assert len(served.found(name).found["differences"]) == 60
