"""Follows a Python program to the commands it would run, without running any."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from verify.probes.languages.command import cut_off
from verify.probes.languages.python.program import Program
from verify.probes.languages.python.state import Ended
from verify.probes.languages.python.values import Function, Instance, Ref, known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Command, Word
    from verify.probes.languages.python.around import Around

EVERY = "*"
"""In place of a function's name: whatever functions the module offers to others."""


def commands(
    tree: ast.Module,
    script: str,
    cwd: str | None,
    arguments: tuple[Word, ...] = (),
    *,
    function: str = "",
    variables: tuple[tuple[str, Word], ...] = (),
    around: Around | None = None,
    text: str = "",
    exact: bool = False,
) -> Iterator[Command]:
    """Yield the commands that the program runs, from every branch that is not plainly dead.

    Args:
        tree: the program.
        script: its absolute path, `__file__`; "" for code on a command line.
        cwd: the absolute folder it runs in; None when that cannot be told.
        arguments: `sys.argv[1:]`.
        function: the function that a console script calls; "" when the file itself is run.
        variables: what its environment has set.
        around: the files around it.
        text: its source, to quote from.
        exact: whether `arguments` are all it is ever given.
    """
    program = Program(tree, script, cwd, arguments, dict(variables), around, text)
    program.exact = exact or bool(arguments)
    try:
        program.run(tree, "__main__" if not function else "\0imported")
        if not program.over:
            if function == EVERY:
                program.run_offered()
            elif function:
                program.run_function(function)
            else:
                program.run_registered()
    except (Ended, RecursionError) as error:
        if program.spent or isinstance(error, RecursionError):
            program.found += cut_off(text, cwd)
    yield from program.found


def session_commands(
    tree: ast.Module,
    script: str,
    cwd: str | None,
    function: str,
    arguments: tuple[Word, ...] = (),
    *,
    text: str = "",
) -> list[Command]:
    """Return the commands that a session of a noxfile runs.

    Args:
        tree: the noxfile.
        script: its absolute path.
        cwd: the folder that nox runs it in.
        function: the session's function.
        arguments: what follows `--` on the command line.
        text: its source, to quote from.
    """
    program = Program(tree, script, cwd, arguments, {}, None, text)
    try:
        program.run(tree, "noxfile")
        program.found.clear()
        found = program.named(function)
        if isinstance(found, Function):
            program.invoke(found, [known(Instance(Ref("nox.Session")))], {})
    except (Ended, RecursionError) as error:
        if program.spent or isinstance(error, RecursionError):
            program.found += cut_off(text, cwd)
    return program.found
