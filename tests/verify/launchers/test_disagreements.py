"""Launchers, entry points and ports that contradict each other are said, each at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.matrix import EntryPoint, Launcher, State, Status
from verify.probes.launchers import disagreements as look
from verify.probes.launchers.documents import Told
from verify.probes.launchers.launch import Launch
from verify.probes.source import Source

if TYPE_CHECKING:
    from pathlib import Path


def row(
    path: str, entry: str | None, *, kind: str = "shell", line: int = 1, port: int | None = 8501
) -> Launcher:
    status = Status.OK if entry else Status.UNKNOWN
    return Launcher(path, line, kind, f"streamlit run {entry}", entry, (), status, port, "")


def entry(path: str, state: State) -> EntryPoint:
    return EntryPoint(path, state, "x")


STATES = {
    "a.py": entry("a.py", State.CANONICAL),
    "b.py": entry("b.py", State.UNGUARDED),
    "old.py": entry("old.py", State.GUARDED),
    "p.py": entry("p.py", State.PAGE),
    "s.py": entry("s.py", State.SHIM),
}
NO_ENTRY = {"a.py": entry("a.py", State.UNGUARDED), "b.py": entry("b.py", State.UNGUARDED)}


@pytest.mark.parametrize(
    ("starts", "states", "told"),
    [
        (["a.py", "a.py"], STATES, []),
        (["a.py", "p.py", "s.py", None], STATES, []),
        (["a.py", "b.py"], STATES, ["1: it starts b.py, while 1 launcher starts a.py"]),
        (["a.py", "a.py", "b.py"], STATES, ["2: it starts b.py, while 2 launchers start a.py"]),
        (["b.py"], STATES, ["0: it starts b.py, while the entry is a.py"]),
        (["a.py", "old.py"], STATES, ["1: it starts old.py, which refuses to run"]),
        (
            ["a.py", "b.py"],
            NO_ENTRY,
            [
                "0: it starts a.py, while others start b.py",
                "1: it starts b.py, while others start a.py",
            ],
        ),
        (["b.py", "b.py"], NO_ENTRY, []),
    ],
)
def test_launchers_that_start_another_file(
    starts: list[str | None], states: dict[str, EntryPoint], told: list[str]
) -> None:
    rows = [row(str(number), start) for number, start in enumerate(starts)]
    assert [f"{one.path}: {one.why}" for one in look.of_launchers(rows, states)] == told


def said(status: Status, start: str | None, why: str = "", *, placeholder: bool = False) -> Told:
    launch = Launch(status, why, "raw", "README.md", 3, entry=start)
    return Told("README.md", 3, "raw", launch, placeholder)


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (said(Status.OK, "a.py"), None),
        (said(Status.OK, "p.py"), None),
        (said(Status.OK, "s.py"), None),
        (said(Status.OK, "b.py"), "the documentation starts b.py, while 1 launcher starts a.py"),
        (said(Status.OK, "old.py"), "the documentation starts old.py, which refuses to run"),
        (said(Status.OK, "none.py"), "the documentation starts none.py, which draws nothing"),
        (said(Status.MISSING, None, "x.py is not in the repository"), "not there: x.py is not in"),
        (said(Status.MISSING, None, "x.py is not there", placeholder=True), None),
        (said(Status.MISSING, None, "/x.py is outside of the repository"), None),
        (said(Status.MISSING, None, "it starts a file from elsewhere: https://x/y.py"), None),
        (said(Status.BROKEN, None, "--server.port has no value"), "cannot work: --server.port"),
        (said(Status.UNKNOWN, None, "who knows"), None),
    ],
)
def test_documentation_that_misleads(one: Told, why: str | None) -> None:
    found = list(look.of_documents([one], [row("s.sh", "a.py")], STATES))
    assert (why is None) is (found == [])
    assert all(why in each.why for each in found if why)
    assert all((each.path, each.line, each.raw) == ("README.md", 3, "raw") for each in found)


@pytest.mark.parametrize(
    ("exposed", "port", "wrong"),
    [
        ("EXPOSE 8501", 8501, False),
        ("EXPOSE 8501/tcp", 8501, False),
        ("EXPOSE 80 8501", 8501, False),
        ("EXPOSE 80\nEXPOSE 8501", 8501, False),
        ("EXPOSE 8500-8510", 8501, False),
        ("EXPOSE $PORT", 8501, False),
        ("", 8501, False),
        ("EXPOSE 8080", None, False),
        ("EXPOSE 8080", 8501, True),
        ("EXPOSE 8080/tcp", 8501, True),
        ("EXPOSE 80-90", 8501, True),
        ("EXPOSE 1-99999999999999", 8501, False),
    ],
)
def test_exposed_ports(exposed: str, port: int | None, tmp_path: Path, *, wrong: bool) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM x\n{exposed}\nCMD y\n", "utf-8")
    rows = [row("Dockerfile", "a.py", kind="dockerfile", port=port)]
    found = list(look.of_ports(Source(tmp_path), rows))
    assert bool(found) is wrong
    assert all((one.line, one.raw) == (2, exposed) for one in found)


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        ([row("s.sh", "a.py", line=1), row("s.sh", "b.py", line=2)], True),
        ([row("s.sh", "a.py", line=1), row("s.sh", "b.py", line=2, port=8502)], False),
        ([row("s.sh", "a.py", line=1), row("s.sh", "b.py", line=2, port=None)], False),
        ([row("s.sh", "a.py"), row("t.sh", "b.py")], False),
        ([row("m", "a.py", kind="makefile"), row("m", "b.py", kind="makefile", line=4)], False),
    ],
)
def test_two_servers_on_one_port(rows: list[Launcher], *, wrong: bool) -> None:
    found = list(look.of_servers(rows))
    assert bool(found) is wrong
    assert all(one.line == 2 and "line 1" in one.why for one in found)


@pytest.mark.parametrize(
    ("code", "rows", "wrong"),
    [
        ("run()", [row("x.py", "a.py", kind="python", line=5), row("s.sh", "x.py")], True),
        ("run()", [row("x.py", "x.py", kind="python", line=5), row("s.sh", "x.py")], True),
        ("run()", [row("x.py", "x.py", kind="python", line=5)], False),
        ("run()", [row("x.py", "a.py", kind="python", line=5), row("s.sh", "a.py")], False),
        (
            "if not exists(): run()",
            [row("x.py", "x.py", kind="python"), row("s.sh", "x.py")],
            False,
        ),
    ],
)
def test_a_page_that_starts_a_server(
    code: str,
    rows: list[Launcher],
    tmp_path: Path,
    *,
    wrong: bool,
) -> None:
    (tmp_path / "x.py").write_text(code, "utf-8")
    found = list(look.of_relaunches(Source(tmp_path), rows))
    assert bool(found) is wrong
    assert all((one.path, one.line) == ("x.py", 5) and "s.sh:1" in one.why for one in found)
