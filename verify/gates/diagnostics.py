"""The dashboard tells what it is and how it does, and no secret.

Why: without it nobody knows which code runs where; with too much of it everybody knows the
passwords.
Fix: show each fact as a line `**Label:** value`, in the sidebar and in the tab, with the labels
that verify.toml gives in [diagnostics]; show no variable that is not listed there, and cut
credentials out of every address and every error text before it is shown or logged.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import AtLeast, NoneOf, Observation, StartsWith
from verify.probes import panel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.drill import Drill, LocalLooks, Look
    from verify.probes.wire import Page
    from verify.tables import Diagnostics

LAST = True  # what it needs is looked at beside the others meanwhile

_TIME = re.compile(r"\d\s*(µs|ms|s)\b")
_DIALECT = re.compile(r"\b(sqlite|postgres\w*|mysql|mariadb|oracle|mssql|duckdb|cockroachdb)\b")


def gate_local(
    local_page: Page, local_looks: LocalLooks, manifest: Manifest
) -> Iterator[Observation]:
    """Serve the dashboard here: as it is; with secrets; with secrets and no database."""
    declared, entry = _declared(manifest), manifest.dashboard.entry
    yield from _facts(local_page, manifest, declared, folder=str(manifest.root), path=entry)
    if local_looks.mock is not None:
        yield from _secrets(local_looks.mock, "in mock mode", entry)
    if local_looks.barred is not None:
        yield from _secrets(local_looks.barred, "without its database", entry)
        yield from _barred(local_looks.barred, declared, entry)


def gate_live(page: Page, drill: Drill | None, manifest: Manifest) -> Iterator[Observation]:
    """Read the running page, and that of a container with secrets in its environment."""
    declared = _declared(manifest)
    # The folder that holds the tree which runs: /app in a container, a checkout elsewhere.
    script = posixpath.normpath(page.main_script)
    folder = script.removesuffix(f"/{manifest.dashboard.entry}")
    yield from _facts(page, manifest, declared, folder=folder, path=page.url)
    if drill is not None:
        yield from _secrets(drill.look, "in the container with secrets", drill.look.page.url)


def _declared(manifest: Manifest) -> Diagnostics:
    if manifest.diagnostics is None:
        raise NotDeclared("verify.toml declares no [diagnostics]")
    return manifest.diagnostics


def _facts(
    page: Page, manifest: Manifest, declared: Diagnostics, *, folder: str, path: str
) -> Iterator[Observation]:
    wanted = [
        (manifest.dashboard.marker_label, manifest.dashboard.marker),
        (declared.path, posixpath.normpath(page.main_script)),
        (declared.folder, folder),
    ]
    yield Observation("the page's runs", "success", panel.ended(page), path)
    script = page.main_script.replace("\\", "/")
    runs = manifest.dashboard.entry if script.endswith(f"/{manifest.dashboard.entry}") else script
    yield Observation("the file that runs", manifest.dashboard.entry, runs, path)
    for where, facts in panel.panels(page, declared.tab).items():
        for label, expected in wanted:
            if label and expected:
                got = facts.get(label, panel.MISSING)
                yield Observation(f"{label} in {where}", expected, got, path)
        yield from _services(facts, manifest, declared, where, path)
        yield from _database(facts, declared, where, path)
        yield from _variables(facts, declared, where, path)


def _services(
    facts: Mapping[str, str], manifest: Manifest, declared: Diagnostics, where: str, path: str
) -> Iterator[Observation]:
    if not declared.service or manifest.imports is None:
        return
    for module in manifest.imports.required:
        label = declared.service.format(module)
        got = facts.get(label, panel.MISSING)
        yield Observation(f"{label} in {where}", "available", got, path)
    for module in manifest.imports.optional:
        label = declared.service.format(module)
        got = facts.get(label, panel.MISSING)
        yield Observation(f"{label} in {where}", NoneOf(("", panel.MISSING)), got, path)


def _database(
    facts: Mapping[str, str], declared: Diagnostics, where: str, path: str
) -> Iterator[Observation]:
    if declared.database:
        got = facts.get(declared.database, panel.MISSING)
        label = f"{declared.database} in {where}"
        yield Observation(label, StartsWith("reachable"), got, path)
        for what, sign in (("a dialect", _DIALECT), ("a time", _TIME)):
            named = what if sign.search(got) else f"none in {got!r}"
            yield Observation(f"{label}: {what}", what, named, path)
    if declared.pool:
        got = facts.get(declared.pool, panel.MISSING)
        yield Observation(f"{declared.pool} in {where}", StartsWith("0 in use"), got, path)


def _variables(
    facts: Mapping[str, str], declared: Diagnostics, where: str, path: str
) -> Iterator[Observation]:
    """Look at each variable that is shown, and for each that should be."""
    if not declared.variable:
        return
    before, _, after = declared.variable.partition("{}")
    shown = [
        label.removeprefix(before).removesuffix(after)
        for label in facts
        if label.startswith(before) and label.endswith(after) and len(label) > len(before + after)
    ]
    for name in dict.fromkeys((*declared.variables, *shown)):
        expected = "shown" if name in declared.variables else "not shown: it is not on the list"
        got = "shown" if name in shown else "not shown"
        yield Observation(f"variable {name} in {where}", expected, got, path)


def _secrets(look: Look, which: str, path: str) -> Iterator[Observation]:
    """Tell of each planted secret whether it showed; the secret itself is told to nobody."""
    yield Observation(f"the page's runs {which}", "success", panel.ended(look.page), path)
    yield Observation(f"texts searched {which}", AtLeast(1), look.texts, path)
    for variable, places in look.seen.items():
        yield Observation(
            f"the secret in {variable} {which}",
            expected="nowhere",
            got=", ".join(places) or "nowhere",
            path=path,
        )


def _barred(look: Look, declared: Diagnostics, path: str) -> Iterator[Observation]:
    """Make sure that the database really was out of reach, and that the page said so."""
    if not declared.database or not declared.credentials:
        return
    for where, facts in panel.panels(look.page, declared.tab).items():
        got = facts.get(declared.database, panel.MISSING)
        unreachable = not got.startswith("reachable") and got != panel.MISSING
        yield Observation(
            f"{declared.database} in {where}, with an address that leads nowhere",
            "not reachable",
            "not reachable" if unreachable else got,
            path,
        )
