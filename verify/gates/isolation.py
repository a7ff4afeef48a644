"""A fault in one tab stays in that tab, and is never hidden.

What is looked at: an exception is planted in each tab in turn, and all others are opened after
it, each time. sys.exit(), st.stop() and an import error are planted in each tab in turn too; after
each, one other tab and the one that lists faults are opened, and in the end all tabs. Slow calls
are planted in all tabs at once, and while they hang another visitor opens each tab. Where a page
draws all its tabs in one run, each fault is planted in each tab in turn, and all are looked at.

Why: one broken tab must not take the page from everybody, and a fault nobody sees is never mended.
Fix: draw only the open tab, inside an error boundary that also takes SystemExit and st.stop(), that
shows an id with the fault, writes it to the log, and lists it in Diagnostics.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Contains, Observation, StartsWith
from verify.probes.faults import SLOW
from verify.probes.protocol.conversation import SUCCESS
from verify.probes.protocol.elements import EXCEPTION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.faults import Faults, Look, Planted
    from verify.probes.opener import Shown

LAST = True  # what it needs is looked at beside the others meanwhile

_WORDS = {
    "exception": "an exception",
    "exit": "sys.exit(1)",
    "stop": "st.stop()",
    "import": "an import error",
    "slow": "a call that never returns",
}
_COMPLETE = "complete"
_MOST = 200  # characters of what a tab shows


def gate_local(local_faults: Faults, manifest: Manifest) -> Iterator[Observation]:
    """Serve the page here with a fault in each tab in turn."""
    yield from _judged(local_faults, manifest)


def gate_container(container_faults: Faults, manifest: Manifest) -> Iterator[Observation]:
    """Serve the page in a throw-away container with a fault in each tab in turn."""
    yield from _judged(container_faults, manifest)


def _judged(faults: Faults, manifest: Manifest) -> Iterator[Observation]:
    if not manifest.dashboard.fault_text:
        raise NotDeclared("verify.toml declares no [dashboard].fault_text, no error boundary")
    for look in faults.looks:
        sound = {shown.tab: shown for shown in look.sound}
        yield from _every_tab("with no fault", look.sound, sound, manifest)
        for planted in look.planted:
            yield from _planted(planted, sound, faults.log, manifest)
        yield from _every_tab(f"after {_kinds(look)}", look.after, sound, manifest)


def _kinds(look: Look) -> str:
    kinds = dict.fromkeys(_WORDS[planted.kind] for planted in look.planted)
    return " and ".join(kinds) + " in each tab"


def _every_tab(
    when: str, seen: Iterable[Shown], sound: Mapping[str, Shown], manifest: Manifest
) -> Iterator[Observation]:
    found = {shown.tab: shown for shown in seen}
    for tab in manifest.dashboard.tabs:
        got = _state(found[tab], sound, manifest) if tab in found else "no such tab"
        yield Observation(f"{when}: tab {tab}", _COMPLETE, got, manifest.dashboard.entry)


def _planted(
    planted: Planted, sound: Mapping[str, Shown], log: str, manifest: Manifest
) -> Iterator[Observation]:
    entry, faulty = manifest.dashboard.entry, planted.faulty
    name = f"{_WORDS[planted.kind]} in {planted.tab}"
    missing = [tab for tab in manifest.dashboard.tabs if tab not in planted.labels]
    yield Observation(f"{name}: tabs that are gone", "", ", ".join(missing), entry)
    if planted.kind == SLOW:
        yield Observation(f"{name}: its own run", StartsWith("still running"), faulty.how, entry)
    else:
        yield Observation(
            f"{name}: its own run", SUCCESS, faulty.ended(manifest.dashboard.sentinel), entry
        )
        yield from _never_hidden(name, planted, log, manifest)
    for other in planted.beside:
        got = _drawn(other, sound, manifest)
        yield Observation(f"{name}: tab {other.tab}", _COMPLETE, got, entry)
    for other in planted.after:
        got = _state(other, sound, manifest)
        yield Observation(f"{name}: tab {other.tab}", _COMPLETE, got, entry)


def _never_hidden(
    name: str, planted: Planted, log: str, manifest: Manifest
) -> Iterator[Observation]:
    """Look for the fault in its tab, in the log, and in the tab that lists faults."""
    entry, shown, text = manifest.dashboard.entry, planted.faulty, manifest.dashboard.fault_text
    got = shown.texts[:_MOST] or "nothing"
    yield Observation(f"{name}: what its tab shows", Contains(text), got, entry)
    found = re.search(rf"{re.escape(text)}[\s:*`#]*([\w-]+)", shown.texts)
    if found is None:
        return
    known = found[1]
    got = known if known in log else "not in the log"
    yield Observation(f"{name}: its id in the log", known, got, entry)
    if planted.told is not None:
        got = known if known in planted.told.texts else f"not in tab {planted.told.tab}"
        yield Observation(f"{name}: its id in tab {planted.told.tab}", known, got, entry)


def _state(shown: Shown, sound: Mapping[str, Shown], manifest: Manifest) -> str:
    """Say in words what a tab without a fault shows, in a run that no fault struck."""
    if (how := shown.ended(manifest.dashboard.sentinel)) != SUCCESS:
        return how
    if shown.exceptions:
        return f"an exception: {shown.exceptions[0].text}"
    return _drawn(shown, sound, manifest)


def _drawn(shown: Shown, sound: Mapping[str, Shown], manifest: Manifest) -> str:
    """Say in words what is drawn inside of a tab without a fault."""
    text = manifest.dashboard.fault_text
    for element in shown.elements:
        if element.kind == EXCEPTION or text in element.text:
            return f"shows a fault: {element.text[:_MOST]}"
    here, before = len(shown.elements), len(sound[shown.tab].elements)
    if not here:
        return "empty"
    return _COMPLETE if here >= before else f"{here} of {before} elements"
