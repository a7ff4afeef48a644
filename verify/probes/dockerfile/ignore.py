"""Reads `.dockerignore`: which files of the build context never reach the engine.

Patterns are those of the Dockerfile reference, section ".dockerignore file": the last one that fits
decides, `!` takes back, `**` stands for any number of folders.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the file.

    Args:
        line: 1-based.
        fits: matches the paths it means, folders with all that is in them.
        ignores: False for a line with `!`.
    """

    line: int
    fits: re.Pattern[str]
    ignores: bool


class Ignore:
    """One `.dockerignore` file.

    Args:
        text: its content.
        path: the file.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self.rules: list[Rule] = []
        for number, raw in enumerate(text.splitlines(), 1):
            line = raw.strip()
            if not line or line.startswith("#"):
                continue
            keep = line.startswith("!")
            pattern = posixpath.normpath(line.removeprefix("!").strip()).lstrip("/")
            fits = re.compile(_pattern(pattern) + r"(?:/.*)?\Z")
            self.rules.append(Rule(number, fits, not keep))

    def rule(self, path: str) -> Rule | None:
        """Return the rule that leaves this path of the context out, or None."""
        decisive = None
        for rule in self.rules:
            if rule.fits.match(path):
                decisive = rule if rule.ignores else None
        return decisive


def _pattern(glob: str) -> str:
    if glob == ".":
        return ".*"
    parts = []
    n = 0
    while n < len(glob):
        if glob.startswith("**/", n):
            parts.append("(?:.*/)?")
            n += 3
        elif glob.startswith("**", n):
            parts.append(".*")
            n += 2
        elif glob[n] == "[" and "]" in glob[n + 1 :]:
            end = glob.index("]", n + 1)
            inner = glob[n + 1 : end]
            negated = inner.startswith(("^", "!"))
            body = re.escape(inner[1:] if negated else inner).replace(r"\-", "-")
            parts.append(f"[{'^' if negated else ''}{body}]" if body else r"\[\]")
            n = end + 1
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(glob[n]) or re.escape(glob[n]))
            n += 1
    return "".join(parts)
