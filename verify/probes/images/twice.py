"""Builds the image a second time, from nothing, and remembers what came of it.

What it remembers goes by all that the build reads: a change of any of it makes it build again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import threading
import zlib
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from verify.difference import Difference, compare
from verify.errors import CouldNotCheck, SubjectBroken
from verify.inventory import Inventory, from_row
from verify.probes import cached, kept
from verify.probes.building import build
from verify.probes.docker_errors import engine_errors
from verify.probes.dockerfile.ignore import Ignore
from verify.probes.dockerfile.parse import arguments, expand, instructions, stages
from verify.probes.inside.at_rest import at_rest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.probes.building import Order
    from verify.probes.engine import Engine

WORDS = frozenset({"VERSION", "REVISION", "CREATED"})
"""Build arguments that name a build and change with each; an image has them in its labels."""

LOOK = 300.0
"""Seconds for reading all files of the image; 5 are usual."""

IGNORE = ".dockerignore"

_FORM = 1  # of what is remembered
_ENTRIES = 8
_PAUSE = 0.2
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Other:
    """What another build of the same tree came to.

    Args:
        files: all files of its image.
        when: the time it was built, ISO 8601.
        remembered: whether an earlier run built it.
    """

    files: Inventory
    when: str
    remembered: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The image and another build of the same tree.

    Args:
        other: what the other build came to.
        paths: how many paths the two have, taken together.
        differences: those that are not the same, or could not be read.
    """

    other: Other
    paths: int
    differences: tuple[Difference, ...]


def side_by_side(other: Other, files: Inventory) -> SideBySide:
    """Compare another build's files with the image's."""
    found = tuple(compare(other.files.files, files, within=("/",)))
    return SideBySide(other, len({*other.files.files, *files.files}), found)


def another(engine: Engine, order: Order) -> Other:
    """Return what an earlier run remembers of another build, or else build now.

    Raises:
        CouldNotCheck: it cannot be built a second time, or not be looked at.
    """
    return _recall(_entry(engine, order)) or again(engine, order)


def again(engine: Engine, order: Order) -> Other:
    """Build the image from nothing, read all of its files, and remove it with all its layers.

    Raises:
        CouldNotCheck: it cannot be built a second time, which may be the network's fault, or not be
            looked at.
    """
    entry, when = _entry(engine, order), datetime.now(UTC).isoformat(timespec="seconds")
    made: list[str] = []
    try:
        image_id = _built(engine, order, made)
        found = at_rest(
            engine, image_id, order.spec.python, memory=order.spec.memory, deadline=LOOK
        )
    except SubjectBroken as error:
        raise CouldNotCheck(
            f"the image was built, and cannot be built again from nothing: {error.got}",
            f"See whether the package index can be reached. The end of its log:\n{error.log}",
        ) from error
    finally:
        _remove(engine, made)
    files = replace(found.part("files"), where="the image, built again")
    _remember(entry, files, when)
    return Other(files, when, remembered=False)


def _built(engine: Engine, order: Order, made: list[str]) -> str:
    """Build in a thread that nobody has to wait for: an interrupt ends the run at once.

    The engine gives a build up when its connection closes, as it does when this process ends.
    """
    came: list[str | BaseException] = []

    def run() -> None:
        try:
            ours = replace(order, fresh=True, tag="", dockerfile=_marked(engine, order))
            came.append(build(engine.api, ours, lambda _: None, made.append))
        except BaseException as error:  # noqa: BLE001 - handed to whoever waits for it
            came.append(error)

    worker = threading.Thread(target=run, daemon=True, name="second build")
    worker.start()
    while worker.is_alive():
        worker.join(_PAUSE)
        if engine.closed:
            raise CouldNotCheck("the run was over before the second build was")
    (result,) = came
    if isinstance(result, BaseException):
        raise result
    return result


def _marked(engine: Engine, order: Order) -> str:
    """Return a Dockerfile that says in each stage whose build it is; empty where it would show.

    By that a later run finds what a killed one has left. It goes to the builder besides the tree,
    with an ignore file that hides it, which a tree that copies its own into the image would see.
    Nor does an ordinary build take its layers from the engine's cache, where it was broken off.
    """
    ignore = order.root / order.spec.context / IGNORE
    if ignore.exists():
        rules = Ignore(ignore.read_text("utf-8", "replace"), IGNORE)
        if rules.rule(IGNORE) is None:
            return ""
    text = (order.root / order.spec.dockerfile).read_text("utf-8")
    lines, found = text.splitlines(), instructions(text)
    ends = [next_one.line - 1 for next_one in found[1:]] + [len(lines)]
    words = [f"LABEL {name}='{value}'" for name, value in engine.label.items()]
    for instruction, end in reversed(list(zip(found, ends, strict=True))):
        if instruction.name == "FROM":
            lines[end:end] = words
    return "\n".join(lines) + "\n"


def _remove(engine: Engine, made: Iterable[str]) -> None:
    """Remove what a build made, the last first; what it started from has names, and stays."""
    for image in dict.fromkeys(reversed(list(made))):
        # What is gone went with one of its children; what cannot go, somebody needs.
        with (
            contextlib.suppress(CouldNotCheck),
            engine_errors("a layer cannot be removed"),
        ):
            found = engine.api.inspect_image(image)
            if not found.get("RepoTags") and not found.get("RepoDigests"):
                engine.api.remove_image(image, noprune=False)


def _entry(engine: Engine, order: Order) -> Path:
    """Return where it is remembered, by a digest of all that the build reads."""
    text = (order.root / order.spec.dockerfile).read_bytes()
    asked = {
        "form": _FORM,
        "arguments": sorted((k, v) for k, v in order.args.items() if k not in WORDS),
        "bases": [kept.tagged(engine.api, name) or name for name in _bases(order, text)],
        "dockerfile": hashlib.sha256(text).hexdigest(),
        "context": list(_digests(order)),
    }
    digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    return cached.folder("twice") / f"{digest[:40]}.z"


def _bases(order: Order, text: bytes) -> Iterator[str]:
    written = text.decode("utf-8", "replace")
    known = {**arguments(written), **order.args}
    earlier: set[str] = {"scratch"}
    for stage in stages(written):
        name = expand(stage.base, known)
        if name.lower() not in earlier:
            yield name
        earlier.add(stage.name.lower())


def _sent(order: Order) -> list[str]:
    """Return what goes to the builder, as the SDK chooses it."""
    from docker.utils.build import exclude_paths

    context = order.root / order.spec.context
    patterns: list[str] = []
    with contextlib.suppress(OSError):
        text = (context / IGNORE).read_text("utf-8", "replace")
        lines = map(str.strip, text.splitlines())
        patterns = [line for line in lines if line and not line.startswith("#")]
    dockerfile = os.path.relpath(order.root / order.spec.dockerfile, context)
    return sorted(exclude_paths(str(context), patterns, dockerfile=dockerfile))


def _digests(order: Order) -> Iterator[tuple[str, int, str]]:
    """Yield path, mode and digest of each file that goes to the builder."""
    context = order.root / order.spec.context
    for name in _sent(order):
        path = context / name
        try:
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                told = os.readlink(path)  # noqa: PTH115 - any bytes
            else:
                told = _digest(path) if stat.S_ISREG(mode) else ""
        except OSError as error:
            raise CouldNotCheck(f"{name} cannot be read: {error.strerror or error}") from error
        yield name, mode, told


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _recall(path: Path) -> Other | None:
    try:
        entry = json.loads(zlib.decompress(path.read_bytes()))
        files = {row[0]: from_row(row) for row in entry["files"]}
        found = Inventory("the image, built before", tuple(entry["roots"]), files, entry["unread"])
        return Other(found, str(entry["when"]), remembered=True)
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None  # none, or a damaged one: it is built again


def _remember(path: Path, files: Inventory, when: str) -> None:
    """Keep what came of it, and forget the oldest; nothing happens where that cannot be written."""
    if files.incomplete:
        return
    entry = {
        "when": when,
        "roots": files.roots,
        "unread": dict(files.unread),
        "files": [astuple(file) for file in files.files.values()],
    }
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".")
        with os.fdopen(handle, "wb") as file:
            file.write(zlib.compress(json.dumps(entry).encode(), 1))
        Path(name).replace(path)
        known = sorted(path.parent.glob("*.z"), key=lambda one: one.stat().st_mtime)
        for old in known[:-_ENTRIES]:
            old.unlink(missing_ok=True)
