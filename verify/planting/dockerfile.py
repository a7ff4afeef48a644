"""Finds and changes the instructions of the project's Dockerfile.

What is found is of the file as it is now: look again after each change.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.planting.defect import CannotPlant
from verify.probes.dockerfile.install_steps import dockerfile_steps
from verify.probes.dockerfile.installers import installs
from verify.probes.dockerfile.parse import Instruction, Stage, instructions, lineage, stages
from verify.probes.languages.shell.state import Shell, parse, source_of, walk

if TYPE_CHECKING:
    from verify.planting.tree import Tree

_IGNORED = re.compile(r"\s*(?:#.*)?")
_HEAD = re.compile(r"\s*\w+\s+(?:--\S+\s+)*(?:<<-?[\"']?\w+[\"']?)?")


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a RUN, as it stands in the file.

    Args:
        text: as written.
        start: where it begins, in characters of the Dockerfile.
        line: 1-based line of its instruction.
    """

    text: str
    start: int
    line: int


def path(tree: Tree) -> str:
    """Return the Dockerfile that makes the image."""
    return tree.image.dockerfile


def final(tree: Tree) -> list[Stage]:
    """Return the stages that the image consists of: the last one, and those it builds on before it.

    Raises:
        CannotPlant: there is no FROM.
    """
    found = stages(tree.text(path(tree)))
    if not found:
        raise CannotPlant(f"{path(tree)}: has no FROM")
    return lineage(found, found[-1])


def last(tree: Tree, name: str) -> Instruction | None:
    """Return the last instruction of that name in the final stage, the one that counts; or None."""
    found = (stage.last(name) for stage in reversed(final(tree)))
    return next((one for one in found if one is not None), None)


def needed(tree: Tree, name: str) -> Instruction:
    """Return the same, where a defect can be planted in no other.

    Raises:
        CannotPlant: there is none.
    """
    found = last(tree, name)
    if found is None:
        raise CannotPlant(f"{path(tree)}: the final stage has no {name}")
    return found


def written(tree: Tree, instruction: Instruction) -> str:
    """Return the lines of an instruction as they stand in the file, without the last line end."""
    lines = tree.text(path(tree)).splitlines()
    return "\n".join(lines[instruction.line - 1 : _end(tree, instruction)])


def replaced(tree: Tree, instruction: Instruction, text: str) -> None:
    """Put these lines in place of an instruction; "" takes it out."""
    lines = tree.text(path(tree)).splitlines()
    new = text.splitlines()
    lines[instruction.line - 1 : _end(tree, instruction)] = new
    tree.write(path(tree), "\n".join(lines) + "\n")


def before(tree: Tree, instruction: Instruction, text: str) -> None:
    """Put these lines before an instruction."""
    replaced(tree, instruction, f"{text}\n{written(tree, instruction)}")


def after(tree: Tree, instruction: Instruction, text: str) -> None:
    """Put these lines after an instruction."""
    replaced(tree, instruction, f"{written(tree, instruction)}\n{text}")


def appended(tree: Tree, lines: str) -> None:
    """Add instructions at the end: they win over all before, and everything above stays cached."""
    tree.append(path(tree), f"{lines}\n")


def starter(tree: Tree) -> Instruction:
    """Return the CMD or ENTRYPOINT that names the entry.

    Raises:
        CannotPlant: none does; the image is started by a script, say.
    """
    for name in ("ENTRYPOINT", "CMD"):
        found = last(tree, name)
        if found is not None and _names_entry(tree, found):
            return found
    raise CannotPlant(f"{path(tree)}: neither ENTRYPOINT nor CMD names {tree.entry}")


def starting(tree: Tree, target: str) -> str:
    """Return the instruction that starts the entry, as it would be to start another file."""
    found = starter(tree)
    for name in (tree.inside(tree.entry), tree.entry):
        if found.value.count(name) == 1:
            return f"{found.name} {found.value.replace(name, target)}"
    raise CannotPlant(f"{path(tree)}:{found.line}: names {tree.entry} more than once")


def started(tree: Tree, target: str) -> list[str]:
    """Return the words that start the image, with another file in place of the entry."""
    inside = tree.inside(tree.entry)
    found = words(starter(tree))
    return [one.replace(inside, target).replace(tree.entry, target) for one in found]


def words(instruction: Instruction) -> list[str]:
    """Return the words of a CMD or ENTRYPOINT, those of a shell split as it would."""
    return list(instruction.exec_form or shlex.split(instruction.value))


def exec_form(name: str, given: Sequence[str]) -> str:
    """Return an instruction in the form that no shell reads: `CMD ["a", "b"]`."""
    return f"{name} {json.dumps(list(given), ensure_ascii=False)}"


def shell_line(given: Sequence[str]) -> str:
    """Return words as one line for a shell."""
    return shlex.join(given)


def install_step(tree: Tree) -> Instruction:
    """Return the RUN that installs the project's packages: that of pip, say, before that of apt.

    Raises:
        CannotPlant: there is none.
    """
    text = tree.text(path(tree))
    steps = sorted(dockerfile_steps(text), key=lambda one: not _of_python(one.code))
    for step in steps:
        found = [one for one in instructions(text) if one.line <= step.line]
        if found:
            return found[-1]
    raise CannotPlant(f"{path(tree)}: no RUN installs anything")


def install_command(tree: Tree) -> Command:
    """Return the command that installs the project's packages; it stands in a shell afterwards.

    Raises:
        CannotPlant: there is none.
    """
    step = install_step(tree)
    if step.exec_form is not None:
        replaced(tree, step, f"RUN {shell_line(step.exec_form)}")
        step = install_step(tree)
    text = tree.text(path(tree))
    start = sum(map(len, text.splitlines(keepends=True)[: step.line - 1]))
    code = _as_shell(written(tree, step))
    found = [
        Command(source_of(node), start + len(code.encode()[: node.start_byte].decode()), step.line)
        for node in walk(parse(code))
        if node.type == "command" and installs(Shell(None).words(node))
    ]
    if not found:
        raise CannotPlant(f"{path(tree)}:{step.line}: the command that installs cannot be found")
    return min(found, key=lambda one: not _of_python(one.text))


def rewritten(tree: Tree, command: Command, text: str) -> None:
    """Put this text in place of a command of a RUN."""
    whole = tree.text(path(tree))
    end = command.start + len(command.text)
    tree.write(path(tree), f"{whole[: command.start]}{text}{whole[end:]}")


def _end(tree: Tree, instruction: Instruction) -> int:
    """Return the 1-based line that an instruction ends on."""
    text = tree.text(path(tree))
    lines = text.splitlines()
    later = [one.line for one in instructions(text) if one.line > instruction.line]
    end = later[0] - 1 if later else len(lines)
    while _IGNORED.fullmatch(lines[end - 1]):
        end -= 1
    return end


def _names_entry(tree: Tree, instruction: Instruction) -> bool:
    return tree.entry in instruction.value


def _of_python(code: str) -> bool:
    return re.search(r"\b(?:pip|uv|poetry|pipenv|pdm|conda|mamba)\b", code) is not None


def _as_shell(text: str) -> str:
    """Return an instruction's lines as its shell reads them, each character at its place."""
    head = _HEAD.match(text)
    if head is not None:
        text = re.sub(r"[^\n]", " ", head[0]) + text[head.end() :]
    return re.sub(r"(?m)^(\s*#.*)\n", lambda found: " " * (len(found[1]) - 1) + "\\\n", text)
