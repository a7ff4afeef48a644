"""Every module of the dashboard imports, and importing it does nothing else.

Why: a module that fails on import takes down its tab, and one that connects, writes or starts a
thread on import does so in every test, script and worker that only wanted a name from it.
Fix: open the module at the place named; move what acts into a function that is called when needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.errors import NotDeclared
from verify.model import Observation, OneOf, StartsWith

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.tables import Imports


def gate_local(local_imports: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    """Import each module in a fresh interpreter of the project, on this machine."""
    yield from _imports(local_imports, _declared(manifest), str(manifest.root))


def gate_container(container_facts: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    """Import each module in a fresh interpreter inside the running container."""
    folder = manifest.image.app_dir if manifest.image else ""
    yield from _imports(container_facts, _declared(manifest), folder)


def _declared(manifest: Manifest) -> Imports:
    if manifest.imports is None:
        raise NotDeclared("verify.toml declares no [imports]")
    return manifest.imports


def _imports(facts: Mapping[str, Any], declared: Imports, folder: str) -> Iterator[Observation]:
    by_name = {fact["module"]: fact for fact in facts["imports"]}
    for module in declared.required:
        yield from _one(by_name[module], "imports", folder)
    for module in declared.optional:
        yield from _one(
            by_name[module], OneOf(("imports", f"ModuleNotFoundError: {module}")), folder
        )
    for fact in facts["without"]:
        yield Observation(
            f"{fact['module']} without the optional {fact['blocked']}",
            expected="imports",
            got=_came_of(fact),
            path=_file(fact["module"]),
        )


def _one(fact: Mapping[str, Any], expected: object, folder: str) -> Iterator[Observation]:
    module = fact["module"]
    took = f"{fact['seconds']:.2f} s" if fact["seconds"] is not None else ""
    yield Observation(f"import {module}", expected, _came_of(fact), _file(module), message=took)
    if not fact["ok"]:
        return
    # A copy that is installed elsewhere would import just as well, and prove nothing of this tree.
    came_from = StartsWith(f"{folder}/")
    yield Observation(f"where {module} comes from", came_from, fact["origin"], _file(module))
    # Whoever is started in another folder, or by a command of its own, gets that one.
    copy = fact.get("copy") or "none"
    yield Observation(f"copies of {module} before it on PYTHONPATH", "none", copy, _file(module))
    effects = "; ".join(fact["effects"]) or "nothing"
    yield Observation(f"what importing {module} does besides", "nothing", effects, _file(module))
    printed = fact["output"] + fact["error"]
    yield Observation(f"what importing {module} prints", "", printed.strip(), _file(module))


def _came_of(fact: Mapping[str, Any]) -> str:
    if fact["ok"]:
        return "imports"
    if fact["exit"] is None:
        return "did not end in time"
    said = fact["error"].strip().splitlines() or [f"exit code {fact['exit']}"]
    # An absent module and a module that lacks one itself are different things.
    if said[-1] == f"ModuleNotFoundError: No module named '{fact['module']}'":
        return f"ModuleNotFoundError: {fact['module']}"
    return str(said[-1])


def _file(module: str) -> str:
    return module.replace(".", "/")
