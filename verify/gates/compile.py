"""Every Python file of the tree compiles.

Why: a file with a syntax error takes down the tab that imports it, and only when somebody opens it.
Fix: open the file at the line named and mend it; `python -m compileall` shows the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.model import Observation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.source import Source


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:  # noqa: ARG001
    """Compile each Python file of the tree, writing no bytecode."""
    for path in source.python_files:
        fault = source.faults(path)
        if fault is None:
            yield Observation(path, expected="compiles", got="compiles", path=path)
        else:
            yield Observation(
                path,
                expected="compiles",
                got=fault.reason,
                path=path,
                line=fault.line,
                message=f"line {fault.line}, column {fault.column}",
            )


def gate_image(image_facts: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    """Compile each Python file of the application's folder with the image's own interpreter.

    What was installed is not compiled: packages ship templates and fixtures that are no Python.
    """
    folder = f"{manifest.image.app_dir}/" if manifest.image else ""
    for fact in image_facts["compile"]:
        where = f"line {fact['line']}, column {fact['column']}, " if fact["line"] else ""
        yield Observation(
            fact["path"].removeprefix(folder),
            expected="compiles",
            got="compiles" if fact["ok"] else fact["reason"],
            path=fact["path"].removeprefix(folder),
            line=fact["line"],
            message=f"{where}in the image, Python {image_facts['python']}",
        )
