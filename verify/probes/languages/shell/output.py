"""Says what a command prints, for the few that scripts find their place with."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.probes.languages.command import Word
    from verify.probes.languages.shell.state import Shell


def printed(words: Sequence[Word], cwd: str | None, shell: Shell) -> Word:
    """Return what the command prints, None when that cannot be told."""
    plain = [word for word in words if word is not None]
    if len(plain) != len(words) or not plain:
        return None
    last = plain[-1] if len(plain) > 1 and not plain[-1].startswith("-") else ""
    match posixpath.basename(plain[0]):
        case "pwd":
            return cwd
        case "dirname":
            return posixpath.dirname(last) or "."
        case "basename":
            return _basename(plain[1:])
        case "realpath" | "readlink" | "abspath":
            return posixpath.normpath(posixpath.join(cwd, last)) if cwd else None
        case "echo" | "printf":
            return _echoed(plain[1:])
        case "git" if plain[1:] == ["rev-parse", "--show-toplevel"]:
            return shell.variables.get("\0root")
        case "command" | "which":
            return last
    return None


def _basename(words: list[str]) -> Word:
    if words[:1] in (["-s"], ["-a"]):
        return None
    name = posixpath.basename(words[0].rstrip("/")) if words else ""
    return name.removesuffix(words[1]) if len(words) > 1 else name


def _echoed(words: list[str]) -> Word:
    while words and words[0] in {"-n", "-e"}:
        words = words[1:]
    if words[:1] in (["%s"], ["%s\\n"]):
        words = words[1:]
    return None if any("%" in word for word in words) else " ".join(words)
