"""Changes how the image's container is started: its command, and what runs before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.planting import dockerfile
from verify.planting.defect import CannotPlant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.planting.tree import Tree
    from verify.probes.dockerfile.parse import Instruction

SHELL = ("/bin/sh", "-c")
"""What the engine gives a command that is written as one line to."""


def own(tree: Tree) -> list[str]:
    """Return the words that the engine starts the container with: of ENTRYPOINT and of CMD.

    Raises:
        CannotPlant: the Dockerfile has neither.
    """
    entrypoint, command = (dockerfile.last(tree, name) for name in ("ENTRYPOINT", "CMD"))
    found = [*_words(entrypoint)]
    if entrypoint is None or entrypoint.exec_form is not None:
        found += _words(command)
    if not found:
        raise CannotPlant(f"{dockerfile.path(tree)}: has no CMD and no ENTRYPOINT")
    return found


def instead(tree: Tree, words: Sequence[str], *, through: Sequence[str] = ()) -> None:
    """Start the container with these words.

    Args:
        tree: the copy.
        words: of the command.
        through: the entry point that gets them; none if empty.
    """
    lines = [dockerfile.exec_form(name, given) for name, given in _both(tree, words, through)]
    dockerfile.appended(tree, "\n".join(lines))


def through_shell(tree: Tree, line: str) -> None:
    r"""Start the container through a line for a shell, which gets its own command as `"$@"`."""
    instead(tree, own(tree), through=["sh", "-c", line, "sh"])


def first(tree: Tree, line: str) -> None:
    """Run a line for a shell in each container before its own command takes over."""
    through_shell(tree, f'{line}\nexec "$@"')


def with_option(tree: Tree, option: str) -> None:
    """Give the server one more option, after all others.

    Args:
        tree: the copy.
        option: such as `--server.port=80`.
    """
    words = own(tree)
    if words[:2] == list(SHELL):
        instead(tree, [*words[:-1], f"{words[-1]} {option}"])
    else:
        instead(tree, [*words, option])


def writable(tree: Tree, path: str) -> None:
    """Let everybody write a folder or a file of the image.

    Args:
        tree: the copy.
        path: where it stands inside.
    """
    tree.in_image(["chmod", "a+w", path])


def _both(
    tree: Tree, words: Sequence[str], through: Sequence[str]
) -> list[tuple[str, Sequence[str]]]:
    if through:
        return [("ENTRYPOINT", through), ("CMD", words)]
    has_own = dockerfile.last(tree, "ENTRYPOINT") is not None
    return [*([("ENTRYPOINT", ())] if has_own else []), ("CMD", words)]


def _words(instruction: Instruction | None) -> tuple[str, ...]:
    if instruction is None or not instruction.value:
        return ()
    words = instruction.exec_form
    return (*SHELL, instruction.value) if words is None else words
