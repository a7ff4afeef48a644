"""Says why there is nothing to look at: no such thing, or one that does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck

if TYPE_CHECKING:
    from collections.abc import Iterable

_CURES = {
    "paused": "Let it go on: {engine} unpause {name}",
    "exited": "Start it, or see why it ended: {engine} logs {name}",
    "created": "Start it: {engine} start {name}",
    "restarting": "See why it ends again and again: {engine} logs {name}",
}


def near(what: str, wanted: str, names: Iterable[str], command: str) -> CouldNotCheck:
    """Return the error for something that is not there; names what its name is near to.

    Args:
        what: a container, a pod.
        wanted: the name that was asked for.
        names: all there are.
        command: lists them.
    """
    import difflib  # only a wrong name pays for it

    names = list(names)
    found = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    found += [name for name in sorted(names) if wanted in name and name not in found][:3]
    hint = f"Did you mean {' or '.join(found)}? " if found else ""
    return CouldNotCheck(f"there is no {what} {wanted}", f"{hint}See what there is: {command}")


def not_running(
    who: str, state: str, status: str, name: str, engine: str = "docker"
) -> CouldNotCheck:
    """Return the error for a container that does not run.

    Args:
        who: which one, for people.
        state: one word, as the engine says it.
        status: more of it, as the engine says it.
        name: the container's name.
        engine: its command line client.
    """
    said = f"{state} ({status})" if status else state
    cure = _CURES.get(state, "").format(engine=engine, name=name)
    return CouldNotCheck(f"{who} does not run but is {said}", cure)
