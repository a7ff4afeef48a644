"""Finds a browser: one that was named, Playwright's own, or the system's Chromium or Chrome."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "VERIFY_BROWSER"
"""The environment variable that names the browser's program."""

NAMES = (
    "chromium-headless-shell",  # Debian's; a fifth cheaper than the whole browser
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)

APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

PROGRAMS = (
    "chrome-*/headless_shell",
    "chrome-*/chrome-headless-shell",
    "chrome-*/chrome",
    "chrome-*/*.app/Contents/MacOS/*",
)
"""Where its program is in a folder that Playwright has downloaded."""

CURE = (
    "Add one with `.venv-verify/bin/playwright install --only-shell chromium`, or as root with "
    f"`apt-get install chromium-headless-shell`; or name its program in {VARIABLE}."
)

_PATIENCE = 30.0  # seconds for a program to tell its version; 0.1 are usual


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that can be started.

    Args:
        path: its program.
        name: as it calls itself.
        version: its version.
    """

    path: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def find() -> Browser:
    """Return the browser to look with.

    Raises:
        Unavailable: there is none, or nothing to drive it with; with the command that adds one.
    """
    if find_spec("playwright") is None:
        raise Unavailable(
            "there is nothing to drive a browser with: the package playwright is not installed",
            "make setup",
        )
    if named := os.environ.get(VARIABLE):
        if browser := _told(named):
            return browser
        raise Unavailable(
            f"{VARIABLE} names {named}, which is not a browser that starts",
            f"Name the program of a Chromium or Chrome, or unset {VARIABLE}.",
        )
    for path in (*_playwrights(), *_systems()):
        if browser := _told(path):
            return browser
    raise Unavailable("there is no browser on this machine", CURE)


def _playwrights() -> Iterator[str]:
    """Yield the programs that this very version of Playwright has downloaded.

    Read from its files: to ask Playwright itself starts its driver, which takes half a second.
    """
    spec = find_spec("playwright")
    if spec is None or spec.origin is None:
        return
    package = Path(spec.origin).parent / "driver" / "package"
    try:
        rows = json.loads((package / "browsers.json").read_text("utf-8"))["browsers"]
    except (OSError, ValueError, KeyError):
        return
    known: dict[str, dict[str, Any]] = {row["name"]: row for row in rows}
    for name in ("chromium-headless-shell", "chromium"):
        row = known.get(name, {})
        for revision in (row.get("revision"), *row.get("revisionOverrides", {}).values()):
            folder = _downloads(package) / f"{name.replace('-', '_')}-{revision}"
            # Written last: a download that was broken off has none.
            if (folder / "INSTALLATION_COMPLETE").is_file():
                for program in PROGRAMS:
                    yield from map(str, sorted(folder.glob(program)))


def _downloads(package: Path) -> Path:
    """Return the folder into which Playwright downloads browsers."""
    chosen = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    if chosen:
        return package / ".local-browsers" if chosen == "0" else Path(chosen)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ms-playwright"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ms-playwright"


def _systems() -> Iterator[str]:
    for name in (*NAMES, *APPLICATIONS):
        if path := shutil.which(name):
            yield path


def _told(path: str) -> Browser | None:
    """Return the browser with the version that its program tells; None if it tells none.

    Where the libraries it needs are missing it tells none; and Ubuntu's `chromium-browser` is a
    script that asks for a snap.
    """
    try:
        done = subprocess.run(
            [path, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said = re.search(
        r"([A-Za-z][A-Za-z ]*)[ /](\d+(?:\.\d+)+)", done.stdout.decode("utf-8", "replace")
    )
    if done.returncode or not said:
        return None
    return Browser(shutil.which(path) or path, said[1], said[2])
