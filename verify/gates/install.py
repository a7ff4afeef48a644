"""No install step hides its failure.

Why: an image whose packages failed to install still builds, and the dashboard breaks when somebody
opens it.
Fix: let the step fail: no fallback after `||`, no `;` after it, `set -e` in scripts, `pipefail`
where it is piped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Observation
from verify.probes.dockerfile.called import Called
from verify.probes.dockerfile.install_steps import dockerfile_steps, script_steps
from verify.probes.source import is_test

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.manifest import Manifest
    from verify.probes.dockerfile.install_steps import Step
    from verify.probes.source import Source


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Follow the exit status of each install step in Dockerfiles and shell scripts."""
    dockerfiles = _dockerfiles(source, manifest)
    scripts = [path for path in source.shell_files if not is_test(path)]
    if not dockerfiles and not scripts:
        raise NotDeclared("the tree has no Dockerfile and no shell script that could install")
    installing = frozenset(path for path in scripts if any(script_steps(source.text(path))))
    contexts = dict(manifest.declared().contexts)
    for path in dockerfiles:
        called = Called(source, path, contexts.get(path, "."), installing)
        yield from _judge(source, path, dockerfile_steps(source.text(path), called.runs))
    for path in scripts:
        yield from _judge(source, path, script_steps(source.text(path)))


def _judge(source: Source, path: str, steps: Iterable[Step]) -> Iterator[Observation]:
    fault = source.unreadable(path)
    if fault is not None:
        yield Observation(path, "read", fault.reason, path, 1)
        return
    found = list(steps)
    count = f"{len(found)} install steps" if found else "no install steps"
    yield Observation(path, "read", "read", path, message=count)
    for step in found:
        expected = "a failure ends the build"
        yield Observation(step.code, expected, step.hidden or expected, path, step.line)


def _dockerfiles(source: Source, manifest: Manifest) -> list[str]:
    declared = [manifest.image.dockerfile] if manifest.image is not None else []
    found = [path for path in source.files if _is_dockerfile(path) and not is_test(path)]
    return list(dict.fromkeys([*declared, *found]))


def _is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    first, _, rest = name.partition(".")
    if rest in {"py", "md", "rst", "txt", "dockerignore"}:
        return False  # about Dockerfiles
    names = {"dockerfile", "containerfile"}
    return first in names or name.rpartition(".")[2] in names
