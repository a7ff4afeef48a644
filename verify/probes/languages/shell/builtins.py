"""The commands of a shell that change what follows: cd, set, shift, source, exit, ..."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.languages.wrappers import unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from verify.probes.languages.command import Word
    from verify.probes.languages.shell.state import Shell

    Sourced = Callable[[str, Shell, str], None]

_SHELL = re.compile(r"(?:.*/)?(?:sh|bash|dash|ash|zsh|ksh)$")
_PYTHON = re.compile(r"(?:.*/)?python(?:\d[\d.]*)?$")
_DIGITS = frozenset("123456789")  # how many arguments `shift` drops
_NESTED = 20  # depth at which sourced files are followed no further
_ENDS = {"exit": "exit", "return": "return", "break": "break", "continue": "break"}


def run(words: Sequence[Word], shell: Shell, source: Sourced) -> bool:
    """Carry out a builtin; False for what is none, or is a command all the same.

    Args:
        words: the command.
        shell: where it runs; changed.
        source: runs the text of a sourced file in it.
    """
    name = words[0]
    if name == "builtin":
        return len(words) > 1 and run(words[1:], shell, source)
    if name in _ENDS:
        shell.ended = _ENDS[name]
    elif name in {"cd", "chdir", "pushd", "popd"}:
        _move(words, shell)
    elif name == "set":
        if "--" in words:
            shell.arguments, shell.exact = tuple(words[words.index("--") + 1 :]), True
        elif len(words) > 1 and words[1] is not None and words[1][:1] not in "-+":
            shell.arguments, shell.exact = tuple(words[1:]), True
    elif name == "shift":
        number = (words[1] if len(words) > 1 else "1") or "1"
        shell.arguments = shell.arguments[int(number) if number in _DIGITS else 1 :]
    elif name == "unset":
        for each in words[1:]:
            shell.variables.pop(each or "", None)
            shell.arrays.pop(each or "", None)
    elif name in {"read", "mapfile"}:
        for each in words[1:]:
            if each is not None and each.isidentifier():
                shell.set(each, None)
    else:
        if name in {"source", "."} and len(words) > 1:
            _source(words[1], shell, source)
        return False
    return True


def fed(words: list[Word], text: str) -> list[Word]:
    """Return the command that runs the text of a here-document; none when it is only read.

    Args:
        words: the command that reads it.
        text: the here-document.
    """
    inner = unwrapped(list(words))
    if not inner or inner[0] is None:
        return []
    options = [word for word in inner[1:] if word is not None and word.startswith("-")]
    if len(options) != len(inner) - 1 or any("c" in one or "m" in one for one in options):
        return []
    if _SHELL.match(inner[0]):
        return ["sh", "-c", text]
    return ["python", "-c", text] if _PYTHON.match(inner[0]) else []


def _move(words: Sequence[Word], shell: Shell) -> None:
    if words[0] == "popd":
        shell.cwd = shell.folders[-1] if shell.folders else None
        shell.folders = shell.folders[:-1]
        return
    before = shell.cwd
    rest = [word for word in words[1:] if word is None or word == "-" or not word.startswith("-")]
    target = rest[0] if rest else None
    if target == "-":
        shell.cwd, target = shell.variables.get("OLDPWD"), None
    else:
        shell.cwd = shell.join(target) if target else None
    shell.set("OLDPWD", before)
    if words[0] == "pushd":
        shell.folders = (*shell.folders, before)[-20:]


def _source(target: Word, shell: Shell, source: Sourced) -> None:
    """Take over what the sourced script sets."""
    full = shell.join(target) if target is not None else None
    if full is None or shell.read is None or shell.depth > _NESTED:
        return
    if posixpath.basename(full).startswith("activate"):
        return  # of a virtual environment: nothing that a command here depends on
    text = shell.read(full)
    if text is not None:
        source(text, shell, full)
