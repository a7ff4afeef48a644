"""Lists the modules that the dashboard imports from outside of its tree; nothing is executed."""

from __future__ import annotations

import contextlib
import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STREAMLIT = frozenset(
    (  # noqa: SIM905 - as a list it takes 45 lines
        "altair anyio blinker cachetools certifi charset_normalizer click dateutil git gitdb google"
        " h11 httptools idna itsdangerous jinja2 jsonschema jsonschema_specifications markdown_it"
        " markupsafe multipart narwhals numpy packaging pandas pyarrow pydeck pygments referencing"
        " requests rich rpds six smmap sniffio starlette streamlit tenacity toml tornado"
        " typing_extensions urllib3 uvicorn watchdog websockets"
    ).split()
)
"""What Streamlit's own requirements bring along (1.40 to 1.67), where nothing is installed."""

CARELESS = frozenset({"bench", "benchmarks", "docs", "examples", "scripts", "test", "tests"})
"""Folders that packages install by mistake, and that nothing imports from there."""

AT_START = frozenset({"sitecustomize", "usercustomize"})
"""Modules that Python imports by itself when it starts, see its documentation of `site`."""

_REQUIREMENT = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_COMPILED = (".so", ".pyd")


@dataclass(frozen=True, slots=True)
class Importable:
    """What the dashboard may import from outside of its tree, by top-level name.

    Args:
        standard: Python's own modules.
        installed: those of its dependencies.
        known_from: where the latter are known from, for people.
    """

    standard: frozenset[str]
    installed: frozenset[str]
    known_from: str

    def kind(self, name: str) -> str:
        """Say what a file of this name hides, or "" for nothing."""
        if name in AT_START:
            return "is run by Python itself, whatever is started"
        if name in self.standard:
            return "hides the standard module of that name"
        return "hides the dependency of that name" if name in self.installed else ""


def importable(root: Path, python: str) -> Importable:
    """Return what a project may import from outside of its tree.

    Args:
        root: the project's root.
        python: its interpreter as the manifest names it; what is installed beside it counts when it
            is one of a virtual environment.
    """
    standard = frozenset(sys.stdlib_module_names)
    own = _own_name(root)
    packages = _site_packages(root / python) if python else []
    if packages:
        names = {name for folder in packages for name in _modules(folder, own)}
        shown = ", ".join(_shown(folder, root) for folder in packages[:1])
        return Importable(standard, frozenset(names) - CARELESS, f"what is installed in {shown}")
    required = {name.replace("-", "_").lower() for name in _required(root)} - {own}
    return Importable(standard, frozenset(required | STREAMLIT), "what the project requires")


def module_of(file_name: str) -> str:
    """Return the module that a file of this name is when Python finds it; "" for none."""
    stem, dot, ending = file_name.partition(".")
    if not stem.isidentifier() or not dot:
        return ""
    if ending in {"py", "pyc", "pyw"} or f".{ending}".endswith(_COMPILED):
        return stem
    return ""


def _shown(folder: Path, root: Path) -> str:
    return folder.relative_to(root).as_posix() if folder.is_relative_to(root) else folder.name


def _site_packages(python: Path) -> list[Path]:
    """Return the folders that a virtual environment's interpreter imports packages from."""
    top = python.parent.parent
    if not (top / "pyvenv.cfg").is_file():
        return []
    found = [*top.glob("lib*/python3*/site-packages"), *top.glob("Lib/site-packages")]
    for folder in list(found):
        for file in sorted(folder.glob("*.pth")):
            with contextlib.suppress(OSError, UnicodeDecodeError):
                lines = file.read_text("utf-8").splitlines()
                added = [folder / line for line in lines if line and not line.startswith("import")]
                found += [one for one in added if one.is_dir() and one.name == "site-packages"]
    return list(dict.fromkeys(found))


def _modules(folder: Path, own: str) -> Iterator[str]:
    """Yield the top-level modules in a folder of packages, without those of the project itself."""
    mine = {
        line.partition(",")[0].partition("/")[0].partition(".")[0]
        for record in folder.glob("*.dist-info/RECORD")
        if own and _normal(record.parent.name.partition("-")[0]) == own
        for line in _lines(record)
    }
    for entry in folder.iterdir():
        name = module_of(entry.name) if entry.is_file() else entry.name
        if name.isidentifier() and name not in mine and name != "__pycache__":
            yield name


def _own_name(root: Path) -> str:
    name = _project(root).get("name")
    return _normal(name) if isinstance(name, str) else ""


def _required(root: Path) -> Iterator[str]:
    """Yield the names of what the project requires, as its own files say."""
    dependencies = _project(root).get("dependencies")
    yield from _names(dependencies if isinstance(dependencies, list) else ())
    for file in [*root.glob("requirements*.txt"), *root.glob("requirements/*.txt")]:
        yield from _names(_lines(file))


def _names(requirements: Iterable[object]) -> Iterator[str]:
    for requirement in requirements:
        if isinstance(requirement, str) and (found := _REQUIREMENT.match(requirement)):
            yield found[1]


def _project(root: Path) -> dict[str, object]:
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8")).get("project")
    except (OSError, ValueError):
        return {}
    return project if isinstance(project, dict) else {}


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()
