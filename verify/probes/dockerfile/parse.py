"""Parses Dockerfiles: instructions with their lines, stages, and what the image starts.

The parser on the package index (dockerfile-parse) knows no heredocs, drops instructions without
arguments and reads a trailing backslash where the escape directive says something else.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

_DIRECTIVE = re.compile(r"^#\s*([a-zA-Z][\w-]*)\s*=\s*(.*?)\s*$")
_HEREDOC = re.compile(r"(?<![<\w])\d*<<(-?)\s*([\"']?)([A-Za-z_][\w.-]*)\2")
_LONGEST = 10_000  # characters of a value: ENV A=$A$A, over and over, would have no end
_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction.

    Args:
        name: in capitals.
        value: the rest, continuation lines joined, comments in them dropped.
        line: 1-based line it starts on.
        flags: its `--name=value` options.
        heredocs: the texts of its here-documents.
        lines: for each line of `value`, the line of the file; a joined value has one.
    """

    name: str
    value: str
    line: int
    flags: tuple[tuple[str, str], ...] = ()
    heredocs: tuple[str, ...] = ()

    @property
    def exec_form(self) -> tuple[str, ...] | None:
        """The words of `["a", "b"]`, or None when it is not a well-formed list of texts."""
        if not self.value.startswith("["):
            return None
        try:
            words = json.loads(self.value)
        except (ValueError, RecursionError):
            return None
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            return tuple(words)
        return None

    def flag(self, name: str) -> str:
        """Return an option's value, "" when it is not given."""
        return dict(self.flags).get(name, "")


@dataclass(slots=True)
class Stage:
    """One `FROM` and what follows it.

    Args:
        base: the image or stage it starts from.
        name: its `AS` name, "" without one.
        line: 1-based line of the `FROM`.
    """

    base: str
    name: str
    line: int
    instructions: list[Instruction] = field(default_factory=list)

    def last(self, name: str) -> Instruction | None:
        """Return the last instruction of that name, the one that counts."""
        found = [each for each in self.instructions if each.name == name]
        return found[-1] if found else None


def instructions(text: str) -> list[Instruction]:
    """Return the instructions of a Dockerfile in order."""
    lines = text.replace("\r\n", "\n").split("\n")
    escape = _escape(lines)
    found: list[Instruction] = []
    n = 0
    while n < len(lines):
        start = n
        if not lines[n].strip() or lines[n].lstrip().startswith("#"):
            n += 1
            continue
        parts: list[str] = []
        while n < len(lines):
            line = lines[n]
            n += 1
            if parts and (not line.strip() or line.lstrip().startswith("#")):
                continue  # comments and empty lines within an instruction
            stripped = line.rstrip()
            if stripped.endswith(escape):
                parts.append(stripped[:-1])
                continue
            parts.append(line)
            break
        name, _, value = "".join(parts).strip().partition(" ")
        if "\t" in name:
            name, _, value = "".join(parts).strip().partition("\t")
        heredocs: list[str] = []
        if name.upper() in _WITH_HEREDOC and "<<" in value:
            for dash, _, word in _HEREDOC.findall(value):
                body: list[str] = []
                while n < len(lines):
                    line = lines[n].lstrip("\t") if dash else lines[n]
                    n += 1
                    if line == word:
                        break
                    body.append(line)
                heredocs.append("\n".join(body) + "\n")
        flags, value = _flags(value.strip())
        found.append(Instruction(name.upper(), value, start + 1, flags, tuple(heredocs)))
    return found


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile; the last one is the image."""
    found: list[Stage] = []
    for each in instructions(text):
        if each.name == "FROM":
            base, _, rest = each.value.partition(" ")
            word, _, name = rest.strip().partition(" ")
            found.append(Stage(base, name.strip() if word.upper() == "AS" else "", each.line))
        elif found:
            found[-1].instructions.append(each)
    return found


def arguments(text: str) -> dict[str, str]:
    """Return the build arguments a Dockerfile declares, each with its first default or ""."""
    found: dict[str, str] = {}
    for each in instructions(text):
        if each.name == "ARG":
            for word in each.value.split():
                name, _, default = word.partition("=")
                found[name] = found.get(name) or default.strip("\"'")
    return found


def lineage(all_stages: list[Stage], stage: Stage) -> list[Stage]:
    """Return the stage and the stages of this file it builds on, outermost base first."""
    chain = [stage]
    while (below := find_stage(all_stages, chain[0].base, before=chain[0])) is not None:
        chain.insert(0, below)
    return chain


def find_stage(all_stages: list[Stage], name: str, *, before: Stage) -> Stage | None:
    """Return the stage called `name` (or of that number) that stands before another."""
    earlier = all_stages[: all_stages.index(before)]
    if name.isdigit() and int(name) < len(earlier):
        return earlier[int(name)]
    return next((s for s in reversed(earlier) if s.name and s.name.lower() == name.lower()), None)


def environment(chain: list[Stage]) -> dict[str, str]:
    """Return what ENV sets in the stages, build arguments at their defaults; the last one wins."""
    return _variables(chain)[0]


def build_time(chain: list[Stage]) -> dict[str, str]:
    """Return what is set while the stages are built: build arguments, and ENV over them."""
    found, given = _variables(chain)
    return {**given, **found}


def _variables(chain: list[Stage]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what ENV sets, and the build arguments of the last stage."""
    found: dict[str, str] = {}
    given: dict[str, str] = {}
    for stage in chain:
        given = {}  # an argument ends with its stage
        for each in stage.instructions:
            if each.name == "ARG":
                given |= {name: expand(text, {**given, **found}) for name, text in _defaults(each)}
            elif each.name == "ENV":
                known = {**given, **found}
                found |= {name: expand(text, known) for name, text in _pairs(each.value).items()}
    return found, given


def _defaults(arg: Instruction) -> list[tuple[str, str]]:
    rows = [word.partition("=") for word in arg.value.split()]
    return [(name, default.strip("\"'")) for name, equals, default in rows if equals]


def expand(text: str, variables: dict[str, str]) -> str:
    """Expand `$NAME`, `${NAME}` and `${NAME:-default}` as Docker does in paths."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        return variables.get(name) or (match[3] or "")

    return re.sub(r"\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})", value, text)[:_LONGEST]


def _pairs(value: str) -> dict[str, str]:
    found = re.findall(r"(\w+)=(\"(?:\\.|[^\"\\])*\"|'[^']*'|(?:\\.|\S)*)", value)
    if not found or not re.match(r"\w+=", value):
        name, _, rest = value.partition(" ")  # the old form: ENV NAME the value
        return {name: rest.strip()}
    return {name: text.strip("\"'") for name, text in found}


def _flags(value: str) -> tuple[tuple[tuple[str, str], ...], str]:
    found = []
    while value.startswith("--"):
        flag, _, rest = value.partition(" ")
        name, _, setting = flag[2:].partition("=")
        found.append((name, setting))
        value = rest.lstrip()
    return tuple(found), value


def _escape(lines: list[str]) -> str:
    for line in lines:
        directive = _DIRECTIVE.match(line.strip())
        if directive is None:
            break  # directives stand at the very top
        if directive[1].lower() == "escape" and directive[2] in {"`", "\\"}:
            return directive[2]
    return "\\"
