"""The tab of the optional module is always there, and says so when it has to do without.

The module is taken from a running page, in no file: one server does not find it, another one's
raises when it is imported; see verify/probes/planted.py.

Why: a tab that vanishes with its module, or takes the page along, looks like another dashboard.
Fix: import the module inside of its tab only, show [campaign_ops].text and the reason when the
import fails, in whatever way, and say in Diagnostics that it is unavailable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.errors import NotDeclared
from verify.model import AtLeast, Contains, Expectation, Observation, StartsWith
from verify.probes import panel
from verify.probes.faults import TEXT
from verify.probes.opener import Shown
from verify.probes.protocol.conversation import SUCCESS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.faults import Faults, Look
    from verify.tables import CampaignOps

LAST = True  # what it needs is looked at beside the others meanwhile

_CONTROLS = frozenset(
    {
        "button",
        "button_group",
        "chat_input",
        "checkbox",
        "date_input",
        "download_button",
        "file_uploader",
        "metric",
        "multiselect",
        "number_input",
        "radio",
        "selectbox",
        "slider",
        "text_area",
        "text_input",
        "time_input",
    }
)
_WORDS = {"absent": "without the module", "raises": "with a module that raises"}
_NOTHING = "no such line"
_AVAILABLE = "available"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Expects a text that has one of `texts` in it."""

    texts: tuple[str, ...]

    def accepts(self, got: object) -> bool:
        """Say whether `got` is a string that contains one of the texts."""
        return isinstance(got, str) and any(text in got for text in self.texts)

    def __str__(self) -> str:
        return "contains " + " or ".join(map(repr, self.texts))


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Expects a status that is shown, and says anything but that all is well."""

    def accepts(self, got: object) -> bool:
        """Say whether `got` is a status other than `available`."""
        return isinstance(got, str) and got != _NOTHING and not got.startswith(_AVAILABLE)

    def __str__(self) -> str:
        return f"a status that does not begin with {_AVAILABLE!r}"


def gate_local(
    local_module: Faults, local_optional: Mapping[str, Any], manifest: Manifest
) -> Iterator[Observation]:
    """Serve the page here with the module, without it, and with one that raises."""
    yield from _judged(local_module, local_optional, manifest)


def gate_container(
    container_module: Faults, container_facts: Mapping[str, Any], manifest: Manifest
) -> Iterator[Observation]:
    """Serve the page in a throw-away container: with the module, without, with one that raises."""
    yield from _judged(container_module, container_facts, manifest)


def _judged(faults: Faults, facts: Mapping[str, Any], manifest: Manifest) -> Iterator[Observation]:
    ops = manifest.campaign_ops
    if ops is None:
        raise NotDeclared("verify.toml declares no [campaign_ops]")
    errors = {fact["module"]: fact["error"] for fact in facts["imports"]}
    if not errors.get(ops.module):  # it is optional: where it is not installed, there is no control
        yield from _with_module(faults.looks[0], ops, manifest)
    for how, look in faults.modules.items():
        yield from _without_module(how, look, ops, manifest)


def _with_module(look: Look, ops: CampaignOps, manifest: Manifest) -> Iterator[Observation]:
    entry, shown = manifest.dashboard.entry, _tab(look, ops.tab)
    says = ops.text if _says(shown, ops.text) else "nothing of the kind"
    yield Observation(f"with the module: tab {ops.tab}", "nothing of the kind", says, entry)
    drawn = sum(element.kind in _CONTROLS for element in shown.elements)
    yield Observation(
        f"with the module: metrics and controls in {ops.tab}", AtLeast(1), drawn, entry
    )
    yield from _in_diagnostics("with the module", look, ops, manifest, StartsWith(_AVAILABLE))


def _without_module(
    how: str, look: Look, ops: CampaignOps, manifest: Manifest
) -> Iterator[Observation]:
    entry, name, shown = manifest.dashboard.entry, _WORDS[how], _tab(look, ops.tab)
    found = [one.tab for one in look.sound]
    missing = [tab for tab in manifest.dashboard.tabs if tab not in found]
    yield Observation(f"{name}: tabs that are gone", "", ", ".join(missing), entry)
    for one in look.sound:
        yield Observation(
            f"{name}: the run of tab {one.tab}",
            SUCCESS,
            one.ended(manifest.dashboard.sentinel),
            entry,
        )
        drawn = "; ".join(exception.text for exception in one.exceptions)
        yield Observation(f"{name}: exceptions with {one.tab} open", "", drawn, entry)
        if one.tab != ops.tab:
            yield Observation(
                f"{name}: elements in {one.tab}", AtLeast(1), len(one.elements), entry
            )
            yield Observation(
                f"{name}: faults shown in {one.tab}", "", _fault(one, manifest), entry
            )
    says = ops.text if _says(shown, ops.text) else shown.texts or "nothing"
    yield Observation(f"{name}: what {ops.tab} says", ops.text, says, entry)
    reason = Contains(ops.module) if how == "absent" else AnyOf(("RuntimeError", TEXT))
    yield Observation(f"{name}: why, in {ops.tab}", reason, shown.texts or "nothing", entry)
    yield from _in_diagnostics(name, look, ops, manifest, Unavailable())


def _in_diagnostics(
    name: str, look: Look, ops: CampaignOps, manifest: Manifest, expected: Expectation
) -> Iterator[Observation]:
    shows = manifest.diagnostics
    if shows is None or not shows.service:
        return
    label = shows.service.replace("{}", ops.module)
    said = panel.facts(_tab(look, shows.tab).texts.splitlines()).get(label, _NOTHING)
    entry = manifest.dashboard.entry
    yield Observation(f"{name}: {label} in {shows.tab}", expected, said, entry)


def _tab(look: Look, label: str) -> Shown:
    return next((one for one in look.sound if one.tab == label), Shown(label, "no such tab"))


def _says(shown: Shown, text: str) -> bool:
    """Say whether the text is drawn; the icon of a message may be its first sign."""
    texts = [element.text for element in shown.elements]
    return any(text in said or text in said.replace(": ", " ", 1) for said in texts)


def _fault(shown: Shown, manifest: Manifest) -> str:
    text = manifest.dashboard.fault_text
    return "; ".join(one.text for one in shown.elements if text and text in one.text)
