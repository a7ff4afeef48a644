"""The dashboard has the reviewed tabs, in the reviewed order.

Why: a tab that vanishes, moves or changes its name sends an operator to the wrong controls.
Fix: make the table of tabs in the entry file and [dashboard].tabs in verify.toml the same, as plain
texts, bound once and changed by nothing.
"""

from __future__ import annotations

import ast
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.model import AtLeast, Contains, Observation
from verify.probes.source import Unparsable
from verify.probes.static import labels, names
from verify.probes.static.code import code_of, excerpt
from verify.soundness import place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from verify.manifest import Manifest
    from verify.probes.protocol.elements import Element
    from verify.probes.source import Source
    from verify.probes.static.names import Binding
    from verify.probes.wire import Page

_ENDS = "ends by itself"


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Read the labels off the entry file's table, or off its first `st.tabs([...])`."""
    entry, name = manifest.dashboard.entry, manifest.dashboard.tabs_name
    value: ast.expr | None = None
    try:
        tree = source.module(entry)
    except Unparsable as error:
        got, line = f"cannot tell: {error.fault.reason}", error.fault.line
        yield Observation("the table of tabs", "a literal table", got, entry, line)
        return
    if not name:
        call = labels.first_tabs_call(tree)
        got = "no st.tabs(...)" if call is None else call.branch or "on every run"
        yield Observation("st.tabs", "on every run", got, entry, call.line if call else 1)
        value = call.argument if call else None
        name = value.id if isinstance(value, ast.Name) else ""
    if name:
        bound = names.module_bindings(source, entry, name)
        yield from _bound(entry, name, bound)
        value = next((b.value for b in bound if b.scope == names.MODULE), None)
    yield from _labels(value, manifest)
    if name:
        yield from _changes(source, manifest, name)


def _bound(entry: str, name: str, bound: list[Binding]) -> Iterator[Observation]:
    yield Observation(
        f"how often {entry} binds {name}",
        expected=1,
        got=len(bound),
        path=entry,
        line=bound[-1].line if bound else 1,
        message=", ".join(f"line {b.line}: {b.how}" for b in bound) or "there is no such constant",
    )
    for binding in bound:
        got = binding.how if binding.scope == names.MODULE else f"{binding.how}, {binding.scope}"
        if binding.branch:
            got = f"{got}, only {binding.branch}"
        yield Observation(f"how {name} is bound", "assignment", got, entry, binding.line)


def _labels(value: ast.expr | None, manifest: Manifest) -> Iterator[Observation]:
    entry, expected = manifest.dashboard.entry, manifest.dashboard.tabs
    found = labels.rows(value)
    if found is None:
        got = f"computed: {excerpt(value)}" if value is not None else "nothing to read"
        line = value.lineno if value is not None else 1
        yield Observation("the table of tabs", "a literal list of rows", got, entry, line)
        return
    last = found[-1].line if found else getattr(value, "lineno", 1)
    yield Observation("number of tabs", len(expected), len(found), entry, last)
    for position, (label, want) in enumerate(zip_longest(found, expected), 1):
        yield Observation(
            f"tab {position}",
            expected=want if want is not None else "no tab",
            got=label.text if label is not None else "no tab",
            path=entry,
            line=label.line if label is not None else last,
        )


def _changes(source: Source, manifest: Manifest, name: str) -> Iterator[Observation]:
    """Look, in the entry and in every file that imports the table, for what changes it later."""
    expected = "whole, in order, unchanged"
    for path in source.product_files:
        if path != manifest.dashboard.entry and not _imports_it(source, manifest, path, name):
            continue
        found = list(labels.changes(source.module(path), name))
        if not found:
            yield Observation(f"use of {name} in {path}", expected, expected, path)
        for change in found:
            yield Observation(f"use of {name} in {path}", expected, change.what, path, change.line)


def _imports_it(source: Source, manifest: Manifest, path: str, name: str) -> bool:
    stem = manifest.dashboard.entry.rpartition("/")[2].removesuffix(".py")
    if not source.mentions(path, name) or not source.mentions(path, stem):
        return False
    try:
        tree = source.module(path)
    except Unparsable:
        return False
    return any(
        stem in code_of(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    )


def gate_local(rehearsal: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    """Run the dashboard in-process and open every tab."""
    entry, stuck = manifest.dashboard.entry, rehearsal["stuck"]
    if stuck is not None:
        name = "the script's run" if stuck["label"] is None else f"tab {stuck['label']}: its run"
        path, line = stuck["path"] or entry, stuck["line"] or None
        yield Observation(name, _ENDS, stuck["how"], path, line)
        if stuck["label"] is None:
            return  # nothing else was seen
    yield Observation("the script's run", _ENDS, _ended(rehearsal["complete"]), entry)
    last = rehearsal["main"][-1] if rehearsal["main"] else ""
    yield from _reaches_its_end("the script's run", last, manifest, entry)
    yield from _shown_labels(rehearsal["labels"], manifest, entry)
    for tab in rehearsal["tabs"]:
        name = f"tab {tab['label']}"
        yield Observation(f"{name}: its run", _ENDS, _ended(tab["complete"]), entry)
        yield Observation(f"{name}: elements", AtLeast(1), tab["elements"], entry)
        yield Observation(f"{name}: exceptions", "", "; ".join(tab["exceptions"]), entry)
        yield from _faults(name, tab["texts"], manifest, entry)
    outside = [*rehearsal["main"], *rehearsal["sidebar"]]
    yield from _faults("the rest of the page", outside, manifest, entry)


def gate_live(page: Page, manifest: Manifest) -> Iterator[Observation]:
    """Read the page as an operator's browser gets it, every tab opened.

    Raises:
        CouldNotCheck: nothing is wrong with what was seen, but not every tab was.
    """
    sound = True
    for observation in _shown(page, manifest):
        sound = sound and observation.ok
        yield observation
    tabs = (*page.tabs, *page.elsewhere)
    unseen = [f"{tab.label} ({tab.how})" for tab in tabs if not tab.opened]
    if sound and unseen:
        raise CouldNotCheck(
            f"The look did not come to each tab: {', '.join(unseen)}.",
            "Look again when this machine, and what it looks at, has less to do.",
        )


def _shown(page: Page, manifest: Manifest) -> Iterator[Observation]:
    yield Observation("the first page's run", "success", page.how, page.url)
    yield from _reaches_its_end("the first page's run", _text(page.end), manifest, page.url)
    yield from _shown_labels([tab.label for tab in page.tabs], manifest, page.url)
    for tab in page.tabs:
        if not tab.opened:
            continue
        name = f"tab {tab.label}"
        yield Observation(f"{name}: its run", "success", tab.how, page.url)
        yield Observation(f"{name}: elements", AtLeast(1), len(tab.elements), page.url)
        yield from _reaches_its_end(f"{name}: its run", _text(tab.end), manifest, page.url)
        texts = [element.text for element in tab.elements]
        yield from _faults(name, texts, manifest, page.url)
    for tab in page.elsewhere:
        if tab.opened:
            yield Observation(f"tab {tab.label}, elsewhere: its run", "success", tab.how, page.url)
    outside = [element.text for element in (*page.main, *page.sidebar)]
    yield from _faults("the rest of the page", outside, manifest, page.url)
    drawn_exceptions = "; ".join(f"{place(one)}: {one.text}" for one in page.exceptions)
    yield Observation("exceptions on the page", "", drawn_exceptions, page.url)


def _reaches_its_end(what: str, last: str, manifest: Manifest, where: str) -> Iterator[Observation]:
    """Look for what the script draws last: `st.stop()` ends a run with success, and draws less."""
    if sentinel := manifest.dashboard.sentinel:
        yield Observation(
            f"{what}: the last thing drawn", Contains(sentinel), last or "nothing to read", where
        )


def _text(element: Element | None) -> str:
    return element.text if element else ""


def _faults(
    where: str, texts: Iterable[str], manifest: Manifest, path: str
) -> Iterator[Observation]:
    """Look for what the page's own error boundary shows: it is drawn, and still a fault."""
    if fault := manifest.dashboard.fault_text:
        shown = "; ".join(text for text in texts if fault in text)
        yield Observation(f"{where}: faults shown", "", shown, path)


def _ended(complete: object) -> str:
    return _ENDS if complete else "dies before its end"


def _shown_labels(found: Sequence[str], manifest: Manifest, where: str) -> Iterator[Observation]:
    expected = manifest.dashboard.tabs
    yield Observation("number of tabs", len(expected), len(found), where)
    for position, (label, want) in enumerate(zip_longest(found, expected), 1):
        got = "no tab" if label is None else label
        yield Observation(f"tab {position}", "no tab" if want is None else want, got, where)
