"""Tells which file is the one entry of a project."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.streamlit_run import DEFAULT_TARGET

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from verify.matrix import Launcher
    from verify.probes.launchers.world import World

# What a platform runs says more about a project than what a developer's machine does.
_DEPLOYMENTS = frozenset(
    {
        "dockerfile",
        "compose",
        "kubernetes",
        "helm",
        "heroku",
        "render",
        "procfile",
        "systemd",
        "supervisord",
        "fly",
    }
)


def canonical(
    world: World,
    launchers: Sequence[Launcher],
    own: Sequence[str] = (),
    is_entry: Callable[[str], bool] = lambda _: True,
) -> tuple[str, str]:
    """Return the canonical entry, "" when there is no telling, and the rule that says so.

    Args:
        world: the repository.
        launchers: the rows of the matrix.
        own: the files that draw a page of their own: no pages of another, no shims, no guards.
        is_entry: says of a file that a launcher starts whether it can be an entry at all.
    """
    if world.declared.entry:
        return world.declared.entry, "verify.toml names it as the entry"
    started = [row for row in launchers if row.status is Status.OK and row.entry is not None]
    started = [row for row in started if row.entry is not None and is_entry(row.entry)]
    if started:
        return _most_started(started)
    if len(own) == 1:
        return own[0], "no verify.toml and no launcher: it is the only file with a page of its own"
    if DEFAULT_TARGET in own:
        return DEFAULT_TARGET, "no verify.toml and no launcher: it is Streamlit's default"
    return "", "no verify.toml and no launcher tells which file is the entry"


def _most_started(rows: Sequence[Launcher]) -> tuple[str, str]:
    """Return the file that most launchers start; those of deployments count before others."""
    everywhere = _count(rows)
    deployed = _count([row for row in rows if row.kind in _DEPLOYMENTS])
    ranked = sorted(everywhere, key=lambda path: (-deployed[path], -everywhere[path], path))
    best = ranked[0]
    if len(ranked) == 1:
        count = everywhere[best]
        told = "the one launcher starts it" if count == 1 else f"all {count} launchers start it"
        return best, f"no verify.toml: {told}"
    second = ranked[1]
    if (deployed[best], everywhere[best]) == (deployed[second], everywhere[second]):
        each = ", ".join(f"{path} ({everywhere[path]})" for path in ranked)
        return "", f"no verify.toml, and the launchers disagree: {each}"
    total = sum(everywhere.values())
    why = f"no verify.toml: {everywhere[best]} of {total} launchers start it"
    if everywhere[best] <= everywhere[second] or deployed[best] == sum(deployed.values()):
        why += ", and deployments count first"
    return best, why


def _count(rows: Sequence[Launcher]) -> Counter[str]:
    """Count the launchers of each entry, several starts of one as one."""
    return Counter(entry for entry, _ in {(row.entry or "", (row.path, row.line)) for row in rows})
