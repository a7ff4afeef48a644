"""Says what the image that an image was built on has where Python looks for modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from typing import TYPE_CHECKING

from verify.difference import Change, Difference, compare, letters
from verify.inventory import File, Inventory, Kind, from_row
from verify.probes.images import base, memory
from verify.probes.images.export import exported
from verify.probes.images.find import find
from verify.probes.packages.bytecode_files import resolved

if TYPE_CHECKING:
    from verify.probes.engine import Built, Engine
    from verify.probes.packages.environment import Environment

FORM = "1"
"""Of what is remembered; another one is read again."""

COMPARED = "SM5DLUG"
"""Attributes that a file has which was not touched; a time is none of them."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """What the base image has.

    Args:
        base: its name; empty when nobody tells.
        files: below the folders that were asked for, and what links there lead to.
        unknown: why nothing is known of it; empty when it is.
    """

    base: str
    files: Mapping[str, File] = field(default_factory=dict)
    unknown: str = ""

    def has(self, path: str, files: Mapping[str, File]) -> bool:
        """Say whether a file of the image is still just as it is in the base, link and target."""
        return all(
            one in files
            and one in self.files
            and not letters(self.files[one], files[one], COMPARED).strip(".")
            for one in (path, resolved(path, files) or path)
        )

    def touched(self, environment: Environment, others: Iterable[str]) -> Iterator[Difference]:
        """Yield what stands on Python's path otherwise than in the base; what is gone does not.

        Bytecode does not count: it is held against its sources.

        Args:
            environment: of the image.
            others: folders that are not the base's to fill.
        """
        apart = tuple(f"{one.rstrip('/')}/" for one in (*environment.roots, *others))
        folders = [one for one in environment.path if one in self.files]
        files = {
            path: file
            for path, file in environment.files.files.items()
            if _below(path, folders) and not _below(path, apart) and not path.endswith(".pyc")
        }
        got = Inventory(environment.files.where, environment.files.roots, files)
        expected = {path: file for path, file in self.files.items() if path in files}
        for difference in compare(expected, got, attributes=COMPARED, within=folders):
            if difference.change not in {Change.MISSING, Change.UNREAD}:
                yield difference
        yield from self._programs(environment, apart)
        for path in environment.path:  # an archive of modules
            file = environment.files.files.get(path)
            if file is not None and file.kind is not Kind.FOLDER and path not in self.files:
                yield Difference(path, Change.EXTRA, got=file)

    def _programs(self, environment: Environment, apart: tuple[str, ...]) -> Iterator[Difference]:
        """Yield the parts of the interpreter that are in the base otherwise.

        What the base does not have may have been installed since: nothing tells how it should be.
        """
        there = [one for one in environment.programs if not _below(one, apart)]
        files = {path: file for path in there if (file := environment.files.files.get(path))}
        expected = {path: self.files[path] for path in files if path in self.files}
        got = Inventory(environment.files.where, environment.files.roots, files)
        for difference in compare(expected, got, attributes=COMPARED):
            if difference.change is Change.CHANGED:
                yield difference


def inherited(engine: Engine, image: Built, dockerfile: str, folders: Iterable[str]) -> Inherited:
    """Look at the base image of an image; what it has is remembered by its id.

    Args:
        engine: that has both.
        image: the image.
        dockerfile: the text of the Dockerfile it was built by.
        folders: where Python looks for modules.

    Raises:
        CouldNotCheck: the engine went away.
    """
    name = base.name_of(image, dockerfile)
    layers = (image.inspected.get("RootFS") or {}).get("Layers") or []
    below = base.by_layers(engine, name, layers)
    inspected = find(engine, name) if below.layers else None
    if inspected is None:
        why = f"the layers of {name} are not its first ones" if below.here else "it is not here"
        return Inherited(name, unknown=f"what the base image has is not known: {why}")
    key = ("python", FORM, str(inspected["Id"]), *folders)
    rows = memory.recall(*key)
    if rows is None:
        files = exported(engine, str(inspected["Id"]), where=name).files
        rows = [astuple(files[path]) for path in sorted(_wanted(files, key[3:]))]
        memory.keep(*key, value=rows)
    return Inherited(name, {row[0]: from_row(row) for row in rows})


def _wanted(files: Mapping[str, File], folders: Iterable[str]) -> set[str]:
    found = {path for path in files if _below(f"{path}/", folders) and not path.endswith(".pyc")}
    targets = [resolved(path, files) for path in found if files[path].kind is Kind.LINK]
    return found | {path for path in targets if path is not None and path in files}


def _below(path: str, folders: Iterable[str]) -> bool:
    return path.startswith(tuple(f"{one.rstrip('/')}/" for one in folders))
