"""Lists the gates by reading their files, without running them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from verify.errors import VerifyError
from verify.model import Stage

BUILT_IN = Path(__file__).parent / "gates"
"""The folder of the toolkit's own gates."""

PREFIX = "gate_"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a gate's file says about it.

    Args:
        id: the file's name without `.py`.
        title: the promise, the first line of the docstring.
        why: what happens without it.
        fix: how to mend it.
        stages: where it looks, in stage order.
        path: the file.
        fault: why the file cannot be used as a gate; empty when it can.
        needs: for each stage the names of what it cannot do without.
    """

    id: str
    title: str
    why: str
    fix: str
    stages: tuple[Stage, ...]
    path: Path
    fault: str = ""
    needs: Mapping[Stage, tuple[str, ...]] = field(default_factory=dict)


def read(*folders: Path, stage: Stage | None = None) -> tuple[Gate, ...]:
    """Return the gates of these folders, by id.

    Args:
        folders: where the gates' files are.
        stage: only those whose file has a function for this stage; the others are not parsed.

    Raises:
        VerifyError: two files carry the same id.
    """
    gates: dict[str, Gate] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.py")):
            if path.name.startswith("_") or not _may_look_at(path, stage):
                continue
            gate = _gate(path)
            if gate.id in gates:
                raise VerifyError(
                    f"{path}: gate {gate.id!r} stands in {gates[gate.id].path} already",
                    "Give the file another name: a gate's id is its file's name.",
                )
            gates[gate.id] = gate
    return tuple(gates[id_] for id_ in sorted(gates))


def _may_look_at(path: Path, stage: Stage | None) -> bool:
    if stage is None:
        return True
    try:
        return f"def {PREFIX}{stage}(".encode() in path.read_bytes()
    except OSError:
        return True  # told as the gate's fault


def _gate(path: Path) -> Gate:
    try:
        module = ast.parse(path.read_bytes(), filename=str(path))
    except (OSError, SyntaxError, ValueError) as error:
        return Gate(path.stem, "", "", "", (), path, fault=f"cannot be read: {error}")
    names = {
        node.name.removeprefix(PREFIX): _needs(node)
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith(PREFIX)
    }
    needs = {stage: names[stage] for stage in Stage if stage in names}
    stages = tuple(needs)
    unknown = sorted(set(names) - set(Stage))
    fault = ""
    if unknown:
        fault = f"gate_{unknown[0]} names no stage; the stages are {', '.join(Stage)}"
    elif not stages:
        fault = f"has no function gate_STAGE; the stages are {', '.join(Stage)}"
    title, why, fix = _docstring(ast.get_docstring(module) or "")
    return Gate(path.stem, title, why, fix, stages, path, fault, needs)


def _needs(function: ast.FunctionDef) -> tuple[str, ...]:
    """Return the names of the arguments, without those that may be None."""
    given = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return tuple(one.arg for one in given if not _may_be_none(one.annotation))


def _may_be_none(annotation: ast.expr | None) -> bool:
    """Say whether an argument is one that the gate can do without: `drill: Drill | None`."""
    return annotation is not None and ast.unparse(annotation).endswith("| None")


def _docstring(text: str) -> tuple[str, str, str]:
    """Split a gate's docstring into its title, why and fix."""
    title, _, rest = inspect.cleandoc(text).partition("\n")
    parts = re.split(r"^(Why|Fix):\s*", rest, flags=re.MULTILINE)
    named = dict(zip(parts[1::2], parts[2::2], strict=True))
    why, fix = (" ".join(named.get(key, "").split()) for key in ("Why", "Fix"))
    return title.strip(), why, fix
