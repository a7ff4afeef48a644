"""What should stand inside: the reviewed tree's files, or those of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from verify.comparison import Against, Odd, Source
from verify.difference import REVIEWED, STORED, compare
from verify.inventory import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from verify.inventory import Inventory
    from verify.probes.engine import Built
    from verify.probes.reviewed import Reviewed
    from verify.running.compared import Since


class Expected(Protocol):
    """What something is held against."""

    against: Against
    """Which tree or image that is."""

    algorithm: str
    """The hash of git's ids there."""

    def paths(self) -> Iterable[str]:
        """Return where its files should stand, absolute."""
        ...

    def differences(self, got: Inventory, folder: str, since: Since) -> list[Odd]:
        """Return what is not as expected.

        Args:
            got: what stands inside.
            folder: of the application.
            since: tells since when something is another one.
        """
        ...

    def held(self, path: str, folder: str) -> bool:
        """Say whether a path that stands inside was held against something."""
        ...

    def counted(self) -> Iterable[str]:
        """Return the paths that are counted where they are the same; folders are not."""
        ...


class Tree:
    """The files of a reviewed tree.

    Args:
        name: as it was asked for.
        reviewed: what of it belongs inside.
    """

    def __init__(self, name: str, reviewed: Reviewed) -> None:
        self.reviewed = reviewed
        self.algorithm = reviewed.algorithm
        self.against = Against(
            Source.TREE,
            name,
            commit=reviewed.commit or None,
            tree=reviewed.tree or None,
            dirty=reviewed.dirty if reviewed.commit else None,
        )

    def paths(self) -> Iterable[str]:
        """Return where its files should stand, absolute."""
        return self.reviewed.files

    def differences(self, got: Inventory, folder: str, since: Since) -> list[Odd]:
        """Return what is not as reviewed; nothing else may stand in the application's folder."""
        expected = self.reviewed.expected(got)
        found = compare(expected, got, attributes=REVIEWED, exact_mode=False, within=[folder])
        sources = self.reviewed.sources
        return [
            Odd(one, Source.TREE, sources.get(one.path, ""), since.when(one.path)) for one in found
        ]

    def held(self, path: str, folder: str) -> bool:
        """Say whether a path was held against the tree."""
        return path in self.reviewed.files or f"{path}/".startswith(f"{folder.rstrip('/')}/")

    def counted(self) -> Iterable[str]:
        """Return where its files should stand."""
        return self.reviewed.files


class Image:
    """All files of an image.

    Args:
        name: as it was asked for.
        built: the image.
        files: what stands in it.
    """

    algorithm = "sha1"

    def __init__(self, name: str, built: Built, files: Inventory) -> None:
        self.against = Against(Source.IMAGE, name, image=built.ref.id)
        self._files = files

    def paths(self) -> Iterable[str]:
        """Return nowhere in particular: everything is looked at."""
        return ()

    def differences(self, got: Inventory, folder: str, since: Since) -> list[Odd]:  # noqa: ARG002
        """Return what is not as in the image, wherever it stands."""
        found = compare(self._files.files, got, attributes=STORED, within=["/"])
        # Of the root itself a tar stream has nothing to tell.
        return [
            Odd(one, Source.IMAGE, when=since.when(one.path)) for one in found if one.path != "/"
        ]

    def held(self, path: str, folder: str) -> bool:  # noqa: ARG002 - everything was
        """Say that a path was held against the image."""
        return True

    def counted(self) -> Iterable[str]:
        """Return where its files stand."""
        found = self._files.files
        return [path for path, file in found.items() if file.kind is not Kind.FOLDER]
