"""What scripts of every language share: where they start from, and how that becomes rows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.launch import alternatives
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.world import World

_ABSENT = re.compile(r"(\S+)/[^/\s]+ is not in the repository")


def founds(path: str, world: World, launches: list[Launch]) -> Iterator[Found]:
    """Yield a script's launchers: one for each start that excludes no other.

    Args:
        path: the script.
        world: the repository.
        launches: what it starts.
    """
    groups = alternatives(launches)
    lines = world.source.text(path).splitlines() if groups else []
    for group in groups:
        line, raw = _written(path, group[0], lines)
        yield Found(line, raw, tuple(_explained(one, world) for one in group))


def from_either(
    path: str, run: Callable[[str], list[Launch]], *, again: bool = True
) -> list[Launch]:
    """Return what a script starts from the checkout's root, or else from its own folder.

    Args:
        path: the script.
        run: follows it from a folder, "" for the root.
        again: whether its folder is tried, too, when it starts nothing from the root.
    """
    at_root = run("")
    folder = path.rpartition("/")[0]
    if not folder or not (again or any(one.certain for one in at_root)):
        return at_root
    at_home = run(folder)
    if not at_root:
        why = f"started from its own folder {folder}/; from the root it comes to nothing"
        return [one.because(why) for one in at_home if one.status in {Status.OK, Status.MISSING}]
    if len(at_root) == len(at_home):
        return [_either(one, other, folder) for one, other in zip(at_root, at_home, strict=True)]
    if any(one.status is Status.OK for one in at_root):
        return at_root
    same = {(one.path, one.line): one for one in reversed(at_root)}
    return [_either(same.get((one.path, one.line), one), one, folder) for one in at_home]


def called_script(
    words: list[Word],
    raw: str,
    place: Place,
    follow: Callable[[str, str, Place, tuple[Word, ...]], list[Launch]],
) -> Iterator[Launch]:
    """Yield what the call of a Windows script starts.

    Args:
        words: its name, and what it is given.
        raw: the call as written.
        place: where it stands.
        follow: follows it, by its path in the tree and where it stands.
    """
    target = words[0] if words else None
    full = place.join(target.replace("\\", "/")) if target else None
    path = place.files.repo_path(full) if full else None
    if full is None:
        yield place.unknown("the script's name depends on a variable", raw, certain=False)
    elif path is None:
        status, why = place.files.absent(full)
        yield place.launch(status, why, raw, certain=False)
    elif not any(one.rpartition(":")[0] == path for one in place.through) and path != place.path:
        yield from follow(path, full, place.deeper(path), tuple(words[1:]))


def inside_images(path: str, world: World, found: list[Launch]) -> list[Launch]:
    """Return what a script starts in an image that calls it, when the checkout has no such file.

    Args:
        path: the script.
        world: the repository.
        found: what it starts in the checkout.
    """
    from verify.probes.launchers.images.image import image_launches

    files = [file for file, kind in world.claimed if kind.KIND == "dockerfile"]
    for file in files:
        if not world.readable(file) or path.rpartition("/")[2] not in world.source.text(file):
            continue
        for one in image_launches(world, file):
            if one.path != path or one.status is not Status.OK:
                continue
            where = one.through[0] if one.through else file
            told = replace(one, through=()).because(f"inside the image of {where}")
            found = [
                replace(told, raw=old.raw, arms=old.arms)
                if old.status is Status.MISSING and old.line == one.line
                else old
                for old in found
            ]
    return found


def _either(at_root: Launch, at_home: Launch, folder: str) -> Launch:
    if at_home.status is not Status.OK or at_home.entry == at_root.entry:
        return at_root
    if at_root.status is Status.MISSING or at_root is at_home:
        return at_home.because(
            f"started from its own folder {folder}/; from the root there is no such file"
        )
    if at_root.status is Status.UNKNOWN:
        return at_home.because(
            f"started from its own folder {folder}/; from the root it cannot be told"
        )
    if at_root.status is not Status.OK or not at_root.entry or not at_home.entry:
        return at_root
    why = f"it depends on the folder it is started from, the root or {folder}/"
    both = (at_root.entry, at_home.entry)
    return replace(at_root, status=Status.DYNAMIC, entry=None, candidates=both, why=why)


def _written(path: str, launch: Launch, lines: list[str]) -> tuple[int, str]:
    """Return the line of the script that leads to a start, and the command on it."""
    if launch.path == path and not launch.through:
        return launch.line, launch.raw
    first = launch.through[0] if launch.through else ""
    number = first.rpartition(":")[2]
    if first.rpartition(":")[0] != path or not 0 < int(number) <= len(lines):
        return launch.line, launch.raw
    return int(number), lines[int(number) - 1].strip()


def _explained(launch: Launch, world: World) -> Launch:
    """Return the launch with the folder named that is missing with its file."""
    absent = _ABSENT.match(launch.why) if launch.status is Status.MISSING else None
    if absent is None or absent[1] in world.source.folders:
        return launch
    return launch.because(f"there is no folder {absent[1]}/")
