"""What the image is changed with from inside does what it says, to packages and to files."""

import subprocess
import sys
from pathlib import Path

import pytest

from verify.errors import NotDeclared
from verify.planting import installed, tampering
from verify.planting.defect import CannotPlant
from verify.planting.tree import Tree

LOCK = "one==1.0 ; sys_platform == 'win32'\ntwo[more]==2.0\nthree==3.0\n"
TOML = """
[dashboard]
entry = "page.py"
marker = "M"
tabs = ["One"]
[image]
dockerfile = "Dockerfile"
tag = "t:x"
"""


@pytest.fixture
def tree(tmp_path):
    def made(dockerfile="FROM x\nCOPY . /app\n", more="", **files):
        texts = {"page.py": "x = 1\n", "Dockerfile": dockerfile, "verify.toml": TOML + more}
        for name, text in (texts | {f"{name}.py": text for name, text in files.items()}).items():
            (tmp_path / name).write_text(text)
        return Tree(tmp_path)

    return made


@pytest.fixture
def packages(tmp_path):
    """A folder of packages with one in it, its bytecode included; and how to tamper with it."""
    site = tmp_path / "site"
    (site / "a_b-1.0.dist-info").mkdir(parents=True)
    (site / "a_b.py").write_text("X = 1\n")
    (site / "a_b-1.0.dist-info/METADATA").write_text("Name: a-b\nVersion: 1.0\n\nText.\n")
    (site / "a_b-1.0.dist-info/RECORD").write_text("a_b.py,,\na_b-1.0.dist-info/METADATA,,\n")

    def run(*words, code=None):
        given = [code] if code else [Path(tampering.__file__).read_text("utf-8"), *words]
        done = subprocess.run(
            [sys.executable, "-c", *given],
            env={"PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    return site, run


def test_a_module_is_chosen_that_is_neither_the_entry_nor_empty(tree):
    with pytest.raises(CannotPlant, match="no module but the entry"):
        installed.module(tree(__init__="\n"))
    assert installed.module(tree(other="y = 1\n")) == ("/app/other.py", "other.py")


def test_an_image_that_gets_nothing_of_the_tree_cannot_be_changed_so(tree):
    with pytest.raises(CannotPlant, match="no COPY"):
        installed.module(tree("FROM x\n"))


def test_a_pin_is_chosen_that_counts_everywhere(tree, tmp_path):
    with pytest.raises(NotDeclared, match="lock"):
        installed.pinned(tree())
    (tmp_path / "lock.txt").write_text(LOCK)
    assert installed.pinned(tree(more='lock = "lock.txt"\n')).name == "three"


def test_the_step_runs_as_root_and_the_user_comes_back(tree):
    planted = tree("FROM x\nUSER 7:7\n")
    installed.tampered(planted, "drop", "/app/page.py")
    lines = planted.text("Dockerfile").splitlines()
    assert lines[-3::2] == ["USER root", "USER 7:7"]
    assert lines[-2].startswith('RUN ["python", "-I", "-B", "-c", ')
    assert lines[-2].endswith('"drop", "/app/page.py"]')


@pytest.mark.parametrize("header", ["time", "unchecked"])
def test_forged_bytecode_is_run_in_place_of_its_source(packages, header):
    site, run = packages
    run("forge", str(site / "a_b.py"), header)
    assert run(code="import a_b; print(a_b.FORGED)") == "1"
    assert (site / "a_b.py").read_text() == "X = 1\n"


def test_a_change_shows_neither_in_the_size_nor_in_the_time(packages):
    site, run = packages
    before = (site / "a_b.py").stat()
    run("other_letter", str(site / "a_b.py"))
    after = (site / "a_b.py").stat()
    assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    assert (site / "a_b.py").read_text() == "x = 1\n"


VERSIONS = """
import importlib.metadata
found = importlib.metadata.distributions(path={})
print(sorted((one.name, one.version) for one in found))
"""


def test_a_distribution_is_told_of_another_version_removed_hollowed_and_doubled(packages):
    site, run = packages
    versions = VERSIONS.format([str(site)])
    run("again", "a-b", "0.1")
    assert run(code=versions) == "[('a-b', '0.1'), ('a-b', '1.0')]"
    run("uninstall", "a-b")
    run("tell", "a-b", "Version", "7")
    left = "[('a-b', '7')]"
    assert run(code=versions) == left
    assert (site / "a_b-1.0.dist-info").exists() != (site / "a_b-0.1.dist-info").exists()


def test_a_hollow_distribution_is_told_of_and_has_no_file(packages):
    site, run = packages
    run("hollow", "A.B")
    assert sorted(one.name for one in site.iterdir()) == ["a_b-1.0.dist-info"]


def test_a_link_leads_to_what_stood_there(packages, tmp_path):
    site, run = packages
    run("link", str(site / "a_b.py"), str(tmp_path / "elsewhere/a_b.py"))
    assert (site / "a_b.py").is_symlink()
    assert (site / "a_b.py").read_text() == "X = 1\n"
