"""The entry file carries the reviewed build marker.

Why: without it nobody can tell which version is running.
Fix: bind the constant once, at the top of the entry file, to a plain text, and write the same text
as [dashboard].marker in verify.toml.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from verify.model import Observation
from verify.probes import panel
from verify.probes.source import Unparsable
from verify.probes.static import names
from verify.probes.static.code import excerpt
from verify.probes.static.modules import absolute, find_module
from verify.soundness import each_tab_ran

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.source import Source
    from verify.probes.static.names import Binding
    from verify.probes.wire import Page

_ASSIGNMENTS = frozenset({"assignment", "attribute assignment", "setattr"})


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Read the constant off the entry file, and every other binding of its name off the tree."""
    entry, name = manifest.dashboard.entry, manifest.dashboard.marker_name
    try:
        found = names.module_bindings(source, entry, name)
    except Unparsable as error:
        yield _unparsable(manifest, entry, error)
        return
    yield from _of_entry(source, manifest, found)
    for path in source.product_files:
        if path != entry and source.mentions(path, name):
            yield from _elsewhere(source, manifest, path)


def _of_entry(source: Source, manifest: Manifest, found: list[Binding]) -> Iterator[Observation]:
    entry, name = manifest.dashboard.entry, manifest.dashboard.marker_name
    own = [b for b in found if b.scope == names.MODULE]
    yield Observation(
        f"how often {entry} binds {name}",
        expected=1,
        got=len(own),
        path=entry,
        line=own[-1].line if own else 1,
        message=", ".join(f"line {b.line}: {b.how}" for b in own) or "there is no such constant",
    )
    dead = _first_stop(source.module(entry))
    for binding in own:
        got = _read(binding)
        if dead and binding.line > dead:
            got = f"never reached (line {dead} ends the file): {got}"
        yield Observation(
            f"{name} in {entry}",
            expected=manifest.dashboard.marker,
            got=got,
            path=entry,
            line=binding.line,
        )
    for binding in found:
        if binding.scope != names.MODULE:
            yield _copy(manifest, entry, binding, _read(binding))


def _elsewhere(source: Source, manifest: Manifest, path: str) -> Iterator[Observation]:
    try:
        found = names.bindings(source.module(path), manifest.dashboard.marker_name)
    except Unparsable as error:
        yield _unparsable(manifest, path, error)
        return
    for binding in found:
        if binding.how == "star import" or binding.scope == "dynamic" or binding.how == "exec":
            continue
        followed = binding.how == "import"
        got = _imported(source, path, binding) if followed else _read(binding)
        yield _copy(manifest, path, binding, got)


def _unparsable(manifest: Manifest, path: str, error: Unparsable) -> Observation:
    return Observation(
        f"{manifest.dashboard.marker_name} in {path}",
        expected=manifest.dashboard.marker,
        got=f"cannot tell: {error.fault.reason}",
        path=path,
        line=error.fault.line,
    )


def _copy(manifest: Manifest, path: str, binding: Binding, got: str) -> Observation:
    return Observation(
        f"{manifest.dashboard.marker_name} in {path}",
        expected=manifest.dashboard.marker,
        got=got,
        path=path,
        line=binding.line,
        message=f"a second binding of the name ({binding.how}, {binding.scope})",
    )


def _read(binding: Binding) -> str:
    """Return the literal text that is bound, or say in words why there is none."""
    value = binding.value
    code = excerpt(value) if value is not None else ""
    if binding.branch:
        return f"only {binding.branch}: {binding.how} {code}".rstrip()
    if binding.how not in _ASSIGNMENTS:
        return f"bound by {binding.how}: {code}" if code else f"cannot tell: {binding.how}"
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return f"computed: {code}"
    return value.value


def _imported(source: Source, path: str, binding: Binding) -> str:
    """Follow an import of the name to the literal it is bound to."""
    module, original = binding.source
    for _ in range(16):  # a chain of re-exports; a circle of them ends here
        target = find_module(source, absolute(module, path)) if module else None
        if target is None:
            return f"cannot tell: imported from {module or original}, which is not in the tree"
        try:
            there = names.bindings(source.module(target), original)
        except Unparsable as error:
            return f"cannot tell: {error.fault.reason} in {target}"
        there = [b for b in there if b.scope == names.MODULE and b.how != "star import"]
        if len(there) != 1:
            return f"cannot tell: {target} binds {original} {len(there)} times"
        if there[0].how != "import":
            return _read(there[0])
        path, (module, original) = target, there[0].source
    return "cannot tell: imports in a circle"


def _first_stop(tree: ast.Module) -> int:
    """Return the line of the first top-level statement that ends the file for certain, or 0."""
    for statement in tree.body:
        match statement:
            case ast.Raise():
                return statement.lineno
            case ast.Expr(value=ast.Call(func=func)):
                if excerpt(func) in {"sys.exit", "exit", "quit", "os._exit", "st.stop"}:
                    return statement.lineno
    return 0


def gate_local(
    local_marker: Mapping[str, Any], rehearsal: Mapping[str, Any], manifest: Manifest
) -> Iterator[Observation]:
    """Import the entry and read its constant; run it and read its sidebar and Diagnostics."""
    sound = True
    for observation in _imported_constant(local_marker, manifest):
        sound = sound and observation.ok
        yield observation
    if sound:  # a wrong constant is told instead
        each_tab_ran(rehearsal)
    entry = manifest.dashboard.entry
    yield _on_page(rehearsal["sidebar"], manifest, panel.SIDEBAR, entry)
    if manifest.diagnostics is not None:
        label = manifest.diagnostics.tab
        texts = [
            text for tab in rehearsal["tabs"] if tab["label"] == label for text in tab["texts"]
        ]
        yield _on_page(texts, manifest, f"tab {label}", entry)


def gate_image(image_facts: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    """Read the constant off the entry file as it stands in the image."""
    name, entry = manifest.dashboard.marker_name, manifest.dashboard.entry
    for path, text in image_facts["read"].items():
        if text is None:
            got = "there is no such file in the image"
        else:
            bound = [b for b in names.bindings(ast.parse(text), name) if b.scope == names.MODULE]
            got = _read(bound[0]) if len(bound) == 1 else f"bound {len(bound)} times"
        yield Observation(f"{name} in the image's {path}", manifest.dashboard.marker, got, entry)


def gate_container(container_facts: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    """Import the entry inside the running container and read its constant."""
    yield from _imported_constant(container_facts, manifest)


def gate_live(page: Page, manifest: Manifest) -> Iterator[Observation]:
    """Read the sidebar and Diagnostics as an operator's browser gets them."""
    yield _on_page([element.text for element in page.sidebar], manifest, panel.SIDEBAR, page.url)
    if manifest.diagnostics is not None:
        label = manifest.diagnostics.tab
        drawn = [one for tab in page.tabs if tab.label == label for one in tab.elements]
        texts = [element.text for element in drawn]
        yield _on_page(texts, manifest, f"tab {label}", page.url)


def _imported_constant(facts: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    name, entry = manifest.dashboard.marker_name, manifest.dashboard.entry
    module = entry.removesuffix(".py").replace("/", ".")
    for fact in facts["imports"]:
        if fact["module"] == module:
            got = fact["constants"].get(name, f"{module} does not import")
            yield Observation(
                f"{module}.{name}",
                repr(manifest.dashboard.marker),
                got,
                entry,
                message=fact["error"],
            )


def _on_page(texts: Iterable[str], manifest: Manifest, where: str, path: str) -> Observation:
    label = manifest.dashboard.marker_label
    shown = panel.facts(texts).get(label, f"there is no {label!r} in {where}")
    return Observation(f"{label} in {where}", manifest.dashboard.marker, shown, path)
