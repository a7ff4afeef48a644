"""Follows the exit status of each install step up to the end of its script."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from verify.probes.dockerfile.installers import hiding_option, installs
from verify.probes.dockerfile.parse import stages
from verify.probes.languages.shell.state import Shell, first_fault, line_of, parse, source_of, walk
from verify.probes.languages.shell.status import Script
from verify.probes.languages.wrappers import unwrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from verify.probes.dockerfile.parse import Instruction, Stage
    from verify.probes.languages.command import Word

    Calls = Callable[[list[Word]], bool]

_SHELL_NAME = re.compile(r"(?:.*/)?(?:ba|da|a|z|k)?sh$")


_LONGEST = 100  # characters of a step that people are shown


@dataclass(frozen=True, slots=True)
class Step:
    """One install step.

    Args:
        code: as written, cut.
        line: 1-based.
        hidden: how its failure is hidden, in words; empty when it is not.
    """

    code: str
    line: int
    hidden: str


def script_steps(
    code: str, *, line: int = 1, flags: str = "", calls: Calls = lambda _: False
) -> Iterator[Step]:
    """Yield the install steps of a shell script.

    Args:
        code: the script.
        line: the line its first line is on.
        flags: options its shell was started with, such as "-e -o pipefail".
        calls: says of a command's words whether it runs a script that installs.
    """
    root = parse(code)
    fault = first_fault(root)
    if fault is not None:
        shown = code.strip().splitlines()[0][:80] if code.strip() else ""
        yield Step(shown, line + fault - 1, f"cannot tell: line {fault} is not shell")
        return
    first = code.split("\n", 1)[0]
    if first.startswith("#!"):
        flags += " " + " ".join(first.split()[1:])
    script = Script(root, flags)
    shell = Shell(None)
    for node in walk(root):
        if node.type != "command":
            continue
        words = shell.words(node)
        place = line + line_of(node) - 1
        inner = _inner_script(unwrapped(words))
        if inner is not None:
            found = list(script_steps(inner[0], line=place, flags=inner[1], calls=calls))
            outer = script.hidden(node) if found else ""
            yield from (Step(s.code, place, s.hidden or outer) for s in found)
        elif installs(words) or calls(unwrapped(words)):
            option = hiding_option(words)
            hidden = f"`{option}` makes it succeed" if option else script.hidden(node)
            yield Step(_cut(source_of(_whole(node))), place, hidden)


def dockerfile_steps(
    text: str, calls: Callable[[Stage, list[Word]], bool] = lambda _stage, _words: False
) -> Iterator[Step]:
    """Yield the install steps of a Dockerfile's RUN instructions.

    Args:
        text: the Dockerfile's.
        calls: says of a stage and a command's words in it whether these run a script that installs.
    """
    for stage in stages(text):
        flags = ""
        inside = partial(calls, stage)
        for each in stage.instructions:
            if each.name == "SHELL":
                flags = " ".join((each.exec_form or ())[1:])
            elif each.name == "RUN":
                yield from _run(each, flags, inside)
            elif each.name == "ONBUILD" and each.value.upper().startswith("RUN "):
                yield from script_steps(each.value[4:], line=each.line, flags=flags, calls=inside)


def _run(each: Instruction, flags: str, calls: Calls) -> Iterator[Step]:
    if each.value.startswith("["):
        words = each.exec_form
        if words is None:
            yield Step(_cut(each.value), each.line, "cannot tell: not a JSON list")
            return
        inner = _inner_script(list(words))
        if inner is not None:
            yield from _all_at(script_steps(inner[0], flags=inner[1], calls=calls), each.line)
        elif installs(words):
            option = hiding_option(words)
            yield Step(_cut(" ".join(words)), each.line, option and f"`{option}`")
        return
    if each.heredocs and "<<" in each.value:
        before = each.value.split("<<", 1)[0].split()
        if not before or _SHELL_NAME.match(before[0]):
            options = " ".join(before[1:]) if before else flags
            for body in each.heredocs:
                yield from script_steps(body, line=each.line + 1, flags=options, calls=calls)
            return
        code = re.sub(r"<<-?\S+", "", each.value)  # the here-document is data
        yield from _all_at(script_steps(code, flags=flags, calls=calls), each.line)
        return
    yield from _all_at(script_steps(each.value, flags=flags, calls=calls), each.line)


def _all_at(steps: Iterator[Step], line: int) -> Iterator[Step]:
    return (Step(step.code, line, step.hidden) for step in steps)


def _inner_script(words: list[str | None]) -> tuple[str, str] | None:
    """Return the code and the options of `sh -c CODE` or `eval CODE`, None for other commands."""
    if not words or words[0] is None:
        return None
    if words[0] == "eval":
        return " ".join(word or "" for word in words[1:]), ""
    if not _SHELL_NAME.match(words[0]):
        return None
    flags: list[str] = []
    for n, word in enumerate(words[1:], 1):
        if word is None or not word.startswith(("-", "+")):
            if flags and flags[-1] == "-o" and word:
                flags.append(word)
                continue
            return None
        flags.append(word)
        if word.endswith("c") and not word.startswith("--"):
            code = words[n + 1] if len(words) > n + 1 else None
            return (code, " ".join(flags)) if code is not None else None
    return None


def _whole(node: Node) -> Node:
    """Return the statement a command stands in, for people to read."""
    while node.parent is not None and node.parent.type in {"list", "redirected_statement"} | {
        "pipeline",
        "negated_command",
    }:
        node = node.parent
    return node


def _cut(code: str) -> str:
    text = " ".join(code.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
