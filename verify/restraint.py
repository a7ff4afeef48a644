"""What must hold of the image under every restriction: a pure judgement of one look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.model import AtLeast, Contains, Observation
from verify.probes import secrets
from verify.probes.hardened import MEMORY, PROCESSES, READ_ONLY, RIGHTS, SIGNS, TEMPORARY
from verify.soundness import SUCCESS, soundness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.hardened import Hardened, Restrictions
    from verify.surroundings import Inside
    from verify.tables import Dashboard

KERNEL = ("/proc", "/sys", "/dev")
"""Folders that the kernel fills; what of them may be written is the engine's to decide."""

ENGINES = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
"""Files that the engine puts into each container; they belong to root."""

PAGE = 1 << 16
"""Bytes to which a kernel may round a limit: no page of memory is larger."""


def works(seen: Hardened | None, dashboard: Dashboard, where: str) -> Iterator[Observation]:
    """Judge the page that the image gives under restrictions, and say which of them breaks it.

    Args:
        seen: what came of it; None when nobody started it.
        dashboard: what the page should show.
        where: the file to open.

    Raises:
        CouldNotCheck: not all of the page was seen.
    """
    if seen is None:
        return
    sound, hindrance = True, None
    try:
        for observation in _page(seen, dashboard, where):
            sound = sound and observation.ok
            yield observation
    except CouldNotCheck as error:
        hindrance = error
    for name in SIGNS:
        # A program may be refused something, and do well without it.
        line = "" if sound else secrets.hidden(seen.causes.get(name, ""))
        yield Observation(
            f"what {name} breaks", "", line, where, message=_UNDER[name] if line else ""
        )
    if hindrance is not None:
        raise hindrance


_UNDER = {
    READ_ONLY: "Write into a volume, or into a folder of [hardening].writable.",
    RIGHTS: "Do without the right; no dashboard needs one.",
    PROCESSES: "Start fewer threads, or raise [hardening].processes and pids_limit.",
    MEMORY: "Hold less, or raise [image].memory and mem_limit.",
    TEMPORARY: "Write large files into a volume.",
}
"""By restriction: what to do about it."""


def _page(seen: Hardened, dashboard: Dashboard, where: str) -> Iterator[Observation]:
    subject, expected = "the image under restrictions", "serves its page"
    page = seen.page
    if page is None:
        yield Observation(
            subject, expected, seen.ended, where, message=secrets.hidden(seen.last_words)
        )
        return
    yield Observation(subject, expected, expected, where)
    labels = tuple(tab.label for tab in page.tabs)
    yield Observation("under restrictions, the tabs", dashboard.tabs, labels, where)
    if dashboard.sentinel and page.how == SUCCESS:
        last = page.end.text if page.end else "nothing to read"
        what = "under restrictions, the last thing drawn"
        yield Observation(what, Contains(dashboard.sentinel), last, where)
    if fault := dashboard.fault_text:
        drawn = [*page.main, *page.sidebar, *(one for tab in page.tabs for one in tab.elements)]
        shown = "; ".join(one.text for one in drawn if fault in one.text)
        yield Observation("under restrictions, faults shown", "", secrets.hidden(shown), where)
    for one in soundness(page):
        got = secrets.hidden(one.got) if isinstance(one.got, str) else one.got
        yield Observation(f"under restrictions, {one.subject}", one.expected, got, where)


def in_force(seen: Hardened | None) -> Iterator[Observation]:
    """Yield each restriction that was really seen inside; the engine's word is not enough.

    Raises:
        CouldNotCheck: one was not in force, which is no fault of the image; or nobody could look.
    """
    if seen is not None and seen.hindered is not None:
        raise seen.hindered
    if seen is None or seen.inside is None:
        return
    idle = []
    for observation in _seen_inside(seen.inside, seen.restrictions):
        if observation.ok:
            yield observation
        else:
            idle.append(f"{observation.subject}: {observation.got}, not {observation.expected}")
    if idle:
        raise CouldNotCheck(
            f"the engine did not put every restriction in force: {'; '.join(idle)}",
            "See what it warns of: `docker info`; control groups may lack memory or pids.",
        )


def _seen_inside(inside: Inside, asked: Restrictions) -> Iterator[Observation]:
    mounts = {mount.path: mount for mount in inside.part("mounts")}
    root = "/" in mounts and mounts["/"].read_only
    yield Observation("the root file system is read-only", expected=True, got=root)
    for folder in asked.writable:
        kind = mounts[folder].kind if folder in mounts else "not mounted"
        yield Observation(f"{folder} is in memory", "tmpfs", kind)
    for path, mount in mounts.items():
        kernel = any(f"{path}/".startswith(f"{one}/") for one in KERNEL)
        if not kernel and path not in ("/", *asked.writable, *asked.volumes, *ENGINES):
            yield Observation(f"{path} is read-only", expected=True, got=mount.read_only)
    processes = inside.part("processes")
    yield Observation("processes", AtLeast(1), len(processes))
    for one in processes:
        yield Observation(f"capabilities of process {one.pid}", 0, one.capabilities)
        yield Observation(
            f"process {one.pid} gains no privileges", expected=True, got=one.no_new_privileges
        )
    limits = inside.part("limits")
    memory = "none" if limits.memory is None else limits.memory // PAGE
    yield Observation("memory, in blocks of 64 KiB", asked.bytes // PAGE, memory)
    yield Observation("processes and threads", asked.processes, limits.processes)
