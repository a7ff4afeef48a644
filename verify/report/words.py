"""Puts single findings and cells into words, for every format that is read by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.model import Observation

LONGEST = 500
"""Characters of an expected or got value that are shown; a page's whole text helps nobody."""


def shown(value: object) -> str:
    """Return a value as people read it, shortened in the middle when it is long."""
    if isinstance(value, float):
        text = f"{value:.3g}"
    elif isinstance(value, tuple | list | set | frozenset):
        text = ", ".join(map(str, value)) or "nothing"
    else:
        text = str(value) or "nothing"
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"


def place(finding: Observation) -> str:
    """Return where to look: `path:line`, as editors and terminals take it."""
    if finding.path is None:
        return ""
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def rows(finding: Observation) -> list[tuple[str, str]]:
    """Return a finding as named rows, the empty ones left out."""
    named = [
        ("what", finding.subject),
        ("expected", shown(finding.expected)),
        ("got", shown(finding.got)),
        ("where", place(finding)),
        ("note", finding.message),
    ]
    return [(name, text) for name, text in named if text]


def told(finding: Observation) -> str:
    """Return a finding as a few lines of plain text."""
    return "\n".join(f"{name}: {text}" for name, text in rows(finding))


def in_one_line(finding: Observation) -> str:
    """Return a finding as one sentence, without its place."""
    expected, got = shown(finding.expected), shown(finding.got)
    return " ".join(f"{finding.subject}: expected {expected}, got {got}".split())
