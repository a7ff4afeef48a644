"""One command that a script would run, whatever language the script is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass

Word = str | None
"""A word, or None when it depends on what the script does not tell."""

Arms = tuple[tuple[str, int], ...]
"""The branches a command stands in, as (branching, arm): two commands with different arms of one
branching never both run."""

BESIDE_PYTHON = "/\ufdd2python"
"""The folder of the Python that runs a program: its scripts stand there, and nobody knows where."""


_LAUNCHES = re.compile(
    r"streamlit[\s\"',\])]+run\b|\bstcli\b|streamlit\.web|streamlit import\b[^\n]*\bcli\b"
    r"|\bbootstrap\b|\bmain_run\b|[\"']run[\"']|\.App\("
)
"""What a program that starts Streamlit has in it; a page mentions Streamlit, too."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command that a script may run.

    Args:
        words: its name and arguments, expanded; empty when `code` is given.
        cwd: the absolute folder it runs in; None when that cannot be told.
        line: 1-based.
        raw: as written.
        variables: what its environment has set when it comes to it.
        arms: the branches it stands in.
        code: shell code, for a command that is handed to a shell as text.
        assumed: variables that would change the words if somebody set them.
        note: what was assumed to come to it.
        fault: why it cannot work as written.
        cut: why nothing after it could be followed; there is no command then.
    """

    words: tuple[Word, ...]
    cwd: str | None
    line: int
    raw: str
    variables: tuple[tuple[str, Word], ...] = ()
    arms: Arms = ()
    code: str | None = None
    assumed: tuple[str, ...] = ()
    note: str = ""
    fault: str = ""
    cut: str = ""


def starts_streamlit(code: str) -> bool:
    """Say whether a program's text names a start of Streamlit, and not Streamlit alone."""
    return _LAUNCHES.search(code) is not None


def cut_off(code: str, cwd: str | None) -> list[Command]:
    """Return the end of a program that is too long to be followed, if it may start Streamlit."""
    if not starts_streamlit(code):
        return []
    why = "it is too long, or nested too deeply, to be followed to its end"
    return [Command((), cwd, 1, "", cut=why)]


def exclusive(one: Arms, other: Arms) -> bool:
    """Say whether two commands stand in different arms of one branching."""
    arms = dict(one)
    return any(arms.get(branching, arm) != arm for branching, arm in other)
