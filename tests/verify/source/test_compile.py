"""Every fault of a Python file is seen with its line and column, and none stops the run."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from verify.probes.source import Source, Unparsable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAULTS = {
    "syntax": (b"x = 1\ny = (\n", 2, "never closed"),
    "indent": (b"if 1:\npass\n", 2, "indented block"),
    "return outside": (b"x = 1\nreturn x\n", 2, "outside function"),
    "yield outside": (b"\n\nyield 1\n", 3, "outside function"),
    "break outside": (b"break\n", 1, "outside loop"),
    "argument twice": (b"\ndef f(a, a): pass\n", 2, "duplicate argument"),
    "nonlocal at top": (b"nonlocal x\n", 1, "nonlocal"),
    "late future": (b"import os\nfrom __future__ import annotations\n", 2, "__future__"),
    "null byte": (b"x = 1\ny = '\0'\n", 2, "null byte"),
    "latin-1 in a comment": (b"x = 1\n# caf\xe9\n", 2, "0xe9 is not UTF-8"),
    "latin-1 in a text": (b"x = 'caf\xe9'\n", 1, "0xe9 is not UTF-8"),
    "unknown cookie": (b"# -*- coding: klingon -*-\nx = 1\n", 1, "klingon"),
    "wrong cookie": (b"# coding: ascii\nx = 'caf\xc3\xa9'\n", 2, "ascii"),
    "utf-16": ("x = 1\n".encode("utf-16"), 1, ""),
    "too deep": (b"(" * 5000 + b")" * 5000, 1, ""),
    "long chain": (b"x = " + b"-" * 60000 + b"1\n", 1, ""),
}

FINE = {
    "empty": b"",
    "plain": b"x = 1\n",
    "byte order mark": b"\xef\xbb\xbfx = 1\n",
    "utf-8": "naïve = 'é'\n".encode(),
    "latin-1 that says so": b"# coding: latin-1\nx = 'caf\xe9'\n",
    "no newline at the end": b"x = 1",
    "windows lines": b"x = 1\r\ny = 2\r\n",
    "an odd escape is a warning only": b"x = '\\d'\n",
    "is with a literal is a warning only": b"x = 1 is 1\n",
}


@pytest.mark.parametrize("case", FAULTS)
def test_fault_is_found_at_its_line(case: str, look: Callable) -> None:
    raw, line, reason = FAULTS[case]
    seen = look("compile", {"bad.py": raw, "good.py": "x = 1\n"})
    assert [(o.path, o.line) for o in seen.findings] == [("bad.py", line)]
    assert reason in str(seen.findings[0].got)
    assert f"line {line}, column" in seen.findings[0].message
    assert len(seen.observations) == 2


@pytest.mark.parametrize("case", FINE)
def test_what_python_takes_is_fine(case: str, look: Callable) -> None:
    assert not look("compile", {"x.py": FINE[case]}).red


def test_column_is_that_of_the_fault(look: Callable) -> None:
    assert "column 9" in look("compile", {"x.py": "x = 1 + $\n"}).findings[0].message


def test_no_bytecode_is_written(look: Callable, tmp_path: Path) -> None:
    look("compile", {"x.py": "x = 1\n"})
    assert not list(tmp_path.rglob("*.pyc"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_is_a_finding(look: Callable, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("x = 1\n")
    (tmp_path / "x.py").chmod(0)
    assert look("compile", {}).red


def test_script_without_ending_is_python_by_its_first_line(look: Callable) -> None:
    seen = look("compile", {"tool": "#!/usr/bin/env python3\nx = (\n", "other": "#!/bin/sh\n("})
    assert [o.path for o in seen.findings] == ["tool"]


def test_walk_leaves_out_what_is_not_the_projects(tmp_path: Path) -> None:
    for name in (
        "a.py",
        "pkg/b.py",
        ".hidden/c.py",
        "venv/lib/d.py",
        "venv/pyvenv.cfg",
        "node_modules/e.py",
        "build/f.py",
        "__pycache__/g.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    assert Source(tmp_path).python_files == ("a.py", "pkg/b.py")


def test_checkout_lists_what_git_would_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("kept.py", "gone.py", "new.py", "ignored.py"):
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("ignored.py\n")
    subprocess.run(["git", "-C", tmp_path, "add", "kept.py", "gone.py"], check=True)
    (tmp_path / "gone.py").unlink()
    assert Source(tmp_path).python_files == ("kept.py", "new.py")


def test_a_hooks_environment_does_not_change_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "a.py").write_text("")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere/index")
    assert Source(tmp_path).files == ("a.py",)


def test_links_that_lead_outside_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("x = (")
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.py").write_text("")
    (root / "inside.py").symlink_to("a.py")
    (root / "out.py").symlink_to("../outside.py")
    (root / "circle.py").symlink_to("circle.py")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe.py")  # reading it would wait for ever
    assert Source(root).python_files == ("a.py", "inside.py")


@pytest.mark.skipif(sys.platform == "darwin", reason="its file system refuses such names")
def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x = (\n")
    (tmp_path / "new\nline.py").write_text("x = 1\n")
    source = Source(tmp_path)
    assert len(source.python_files) == 2
    assert [source.faults(path) is None for path in source.python_files].count(False) == 1


def test_a_file_is_parsed_once(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    source = Source(tmp_path)
    assert source.module("a.py") is source.module("a.py")


def test_a_file_that_does_not_parse_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = (\n")
    with pytest.raises(Unparsable, match="never closed"):
        Source(tmp_path).module("a.py")
