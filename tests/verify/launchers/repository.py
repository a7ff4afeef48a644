"""Reads a fixture repository from one text file, and holds a run matrix against its right answer.

A whole tree in one text file keeps a fixture's launchers from looking like launchers of this
project. The format, read top down:

    # The form or the trap, in a sentence or two.
    link start.sh -> scripts/start.sh
    executable scripts/start.sh
    bytes start.bat 0d0a
    -- path/in/repository --
    the text of that file
    -- expected.toml --
    the right answer, no file of the tree

The right answer is `[[launchers]]`, `[[entry_points]]`, `[[disagreements]]` and, for a project with
a manifest, `[declared]`. What the specification leaves open is written down as open: a list instead
of one value, `meant` for an entry that a command names but never comes to, `open` for fields that
are not compared, `optional` for a row that may be left out, "any" for a file that may be anything.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from verify.matrix import Declared, Disagreement, Launcher, Matrix, State, Status
from verify.probes.launchers.survey import survey
from verify.probes.source import Source

FOLDER = Path(__file__).with_name("repositories")

_SECTION = re.compile(r"-- (.+) --")
_ANSWER = "expected.toml"


@dataclass(frozen=True)
class Repository:
    """A fixture.

    Args:
        name: of its file, without the ending; the part before the first dash is its family.
        about: what it is an example of.
        files: the content of each path.
        links: each symbolic link and what it leads to.
        executables: the files with the bit.
        expected: the right answer.
    """

    name: str
    about: str
    files: dict[str, bytes]
    links: dict[str, str]
    executables: tuple[str, ...]
    expected: dict[str, Any]

    @property
    def family(self) -> str:
        """The group of forms it belongs to."""
        return self.name.partition("-")[0]

    @property
    def declared(self) -> Declared:
        """What its manifest says."""
        rows: dict[str, Any] = self.expected.get("declared", {})
        lists = {name: tuple(row) for name, row in rows.items() if isinstance(row, list)}
        return Declared(**{**rows, **lists})

    def write(self, root: Path) -> None:
        """Write the tree."""
        for path, content in self.files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            if path in self.executables:
                target.chmod(0o755)
        for path, goal in self.links.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(goal)

    def survey(self, root: Path) -> Matrix:
        """Write the tree into an empty folder and return its run matrix."""
        self.write(root)
        return survey(Tree(root), self.declared)


class Tree(Source):
    """All files below a folder, hidden ones too, as git would list them, without a git."""

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All files of the tree, relative to the root, sorted."""
        base = os.path.realpath(self.root)
        found = (Path(folder, name) for folder, _, names in os.walk(base) for name in names)
        inside = (path for path in found if path.is_file() and path.resolve().is_relative_to(base))
        return tuple(sorted(path.relative_to(base).as_posix() for path in inside))


def read(path: Path) -> Repository:
    """Read one fixture."""
    about: list[str] = []
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    executables: list[str] = []
    sections: dict[str, list[str]] = {}
    lines: list[str] | None = None
    for line in path.read_text("utf-8").splitlines():
        section = _SECTION.fullmatch(line)
        if section is not None:
            lines = sections.setdefault(section[1], [])
        elif lines is not None:
            lines.append(line)
        elif line.startswith("#"):
            about.append(line.removeprefix("#").strip())
        elif line:
            word, rest = line.split(" ", maxsplit=1)
            match word:
                case "link":
                    name, _, goal = rest.partition(" -> ")
                    links[name] = goal
                case "executable":
                    executables.append(rest)
                case "bytes":
                    name, _, digits = rest.rpartition(" ")
                    files[name] = bytes.fromhex(digits)
                case _:
                    raise ValueError(f"{path.name}: {line!r} is no directive")
    answer = tomllib.loads("\n".join(sections.pop(_ANSWER)))
    files |= {name: "".join(f"{x}\n" for x in text).encode() for name, text in sections.items()}
    return Repository(path.stem, " ".join(about), files, links, tuple(executables), answer)


def repositories() -> list[Repository]:
    """Return all fixtures, in the order of their names."""
    return [read(path) for path in sorted(FOLDER.glob("*.txt"))]


@dataclass(frozen=True)
class Verdict:
    """One thing that was to be told about a repository, and what was told.

    Args:
        about: "launcher", "entry point" or "disagreement".
        right: whether it was told right.
        shy: whether all that is wrong is that it says `unknown`.
        expected: the right answer.
        got: what was told.
    """

    about: str
    right: bool
    expected: str
    got: str
    shy: bool = False


@dataclass
class _Rows:
    """Rows that were told, each to be taken once."""

    rows: list[Launcher]
    taken: set[int] = field(default_factory=set)

    def take(self, wanted: dict[str, Any]) -> Launcher | None:
        """Return the row at that place: the one that fits, else any."""
        at = ("path", "line", "kind")
        near = [
            (index, row)
            for index, row in enumerate(self.rows)
            if index not in self.taken and not set(_differing(wanted, row)) & set(at)
        ]
        index, row = next(((i, r) for i, r in near if not _differing(wanted, r)), (-1, None))
        if row is None and near:
            index, row = near[0]
        self.taken.add(index)
        return row

    @property
    def left(self) -> list[Launcher]:
        return [row for index, row in enumerate(self.rows) if index not in self.taken]


def judge(repository: Repository, matrix: Matrix) -> list[Verdict]:
    """Hold a run matrix against the right answer."""
    expected = repository.expected
    return [
        *_launchers(expected.get("launchers", []), list(matrix.launchers)),
        *_entry_points(expected.get("entry_points", []), matrix),
        *_disagreements(expected.get("disagreements", []), list(matrix.disagreements)),
    ]


def _launchers(expected: list[dict[str, Any]], got: list[Launcher]) -> list[Verdict]:
    rows = _Rows(got)
    found: list[Verdict] = []
    # Rows that fit are taken first, so that a wrong one never takes another's place.
    for wanted in sorted(expected, key=lambda one: all(_differing(one, row) for row in got)):
        row = rows.take(wanted)
        if row is None and wanted.get("optional"):
            continue
        wrong = ["no row"] if row is None else _differing(wanted, row)
        shy = row is not None and row.status is Status.UNKNOWN and "status" in wrong
        found.append(
            Verdict(
                "launcher", not wrong, _wanted(wanted), "no row" if row is None else _told(row), shy
            )
        )
    found += [
        Verdict("launcher", right=False, expected="no row", got=_told(row)) for row in rows.left
    ]
    return found


def _differing(wanted: dict[str, Any], row: Launcher) -> list[str]:
    """Return the names of the fields in which the row is not as wanted."""
    statuses = _listed(wanted["status"])
    entries = [wanted.get("entry")]
    if "meant" in wanted:
        entries.append(wanted["meant"])
    checks = {
        "path": row.path == wanted["path"],
        "line": row.line == wanted.get("line"),
        "kind": row.kind == wanted["kind"],
        "status": row.status in statuses,
        "entry": row.entry in entries,
        "candidates": sorted(row.candidates) == sorted(wanted.get("candidates", [])),
        "port": row.port == wanted.get("port"),
        "why": wanted.get("why", "") in row.why,
    }
    return [
        name for name, fits in checks.items() if not fits and name not in wanted.get("open", [])
    ]


def _entry_points(expected: list[dict[str, Any]], matrix: Matrix) -> list[Verdict]:
    got = {row.path: row.state.value for row in matrix.entry_points}
    why = {row.path: row.why for row in matrix.entry_points}
    found: list[Verdict] = []
    for wanted in expected:
        path, states = wanted["path"], _listed(wanted["state"])
        state = got.pop(path, "none")
        if states != ["any"]:
            told = f"{path} {state} ({why.get(path, '')})"
            shown = f"{path} {' or '.join(states)}"
            found.append(Verdict("entry point", state in states, shown, told))
    loud = {State.CANONICAL, State.UNGUARDED}
    found += [
        Verdict(
            "entry point",
            right=False,
            expected="no such entry point",
            got=f"{path} {state} ({why[path]})",
        )
        for path, state in got.items()
        if state in loud
    ]
    return found


def _disagreements(expected: list[dict[str, Any]], got: list[Disagreement]) -> list[Verdict]:
    told = {(one.path, one.line): one.why for one in got}
    found: list[Verdict] = []
    for wanted in expected:
        place = (wanted["path"], wanted["line"])
        why = told.pop(place, None)
        if why is not None or not wanted.get("optional"):
            shown = f"{place[0]}:{place[1]} disagrees"
            found.append(Verdict("disagreement", why is not None, shown, why or "nothing told"))
    found += [
        Verdict(
            "disagreement",
            right=False,
            expected="nothing to tell",
            got=f"{path}:{line}: {why}",
        )
        for (path, line), why in told.items()
    ]
    return found


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _wanted(row: dict[str, Any]) -> str:
    opened = row.get("open", [])
    entry = row.get("entry") or (f"none or {row['meant']}" if "meant" in row else "none")
    parts = [f"{row['path']}:{row.get('line', '*')}", row["kind"], "/".join(_listed(row["status"]))]
    parts += [entry, "any port" if "port" in opened else f"port {row.get('port')}"]
    if row.get("candidates"):
        parts.append(f"of {', '.join(row['candidates'])}")
    if row.get("why"):
        parts.append(f"because ...{row['why']}...")
    return " ".join(parts)


def _told(row: Launcher) -> str:
    parts = [f"{row.path}:{row.line}", row.kind, row.status.value, row.entry or "none"]
    parts += [f"port {row.port}", *([f"of {', '.join(row.candidates)}"] if row.candidates else [])]
    return " ".join([*parts, f"({row.why})" if row.why else ""]).strip()
