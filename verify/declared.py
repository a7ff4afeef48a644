"""What `[contents]` of the manifest declares about paths inside; pure, no I/O."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from verify.difference import LETTERS, Change, Difference, Mark

if TYPE_CHECKING:
    from verify.tables import Contents


_CONTENT = frozenset("S5")
"""What of a file of configuration may differ."""


class Declared:
    """The declared classes of paths, and the folders of data.

    A pattern means the paths it fits and all that is below them.

    Args:
        contents: the manifest's `[contents]`.
        app_dir: what its relative patterns are relative to.
        data: folders of data that are known besides, and from where.
    """

    def __init__(
        self, contents: Contents, app_dir: str, data: Iterable[tuple[str, str]] = ()
    ) -> None:
        def fits(patterns: Iterable[str]) -> list[tuple[str, re.Pattern[str]]]:
            return [(pattern, _compiled(posixpath.join(app_dir, pattern))) for pattern in patterns]

        # In this order: whatever may be anything may also have another content.
        self._marks = {
            Mark.GHOST: fits(contents.ghost),
            Mark.GENERATED: fits(contents.generated),
            Mark.CONFIG: fits(contents.config),
        }
        self._data = [
            *((pattern, "[contents].data", fit) for pattern, fit in fits(contents.data)),
            *((folder, why, _compiled(folder)) for folder, why in data),
        ]

    def mark(self, path: str) -> Mark | None:
        """Return what a path is declared to be; None when it is not."""
        for mark, patterns in self._marks.items():
            if any(fit.match(path) for _, fit in patterns):
                return mark
        return None

    def left(self, one: Difference) -> Difference | None:
        """Return what is left of a difference when what is declared may differ; None for nothing.

        Args:
            one: how a path differs that should be there.
        """
        mark = self.mark(one.path)
        if mark is None:
            return one
        if mark is Mark.GHOST or (mark is Mark.GENERATED and one.got is not None):
            return None
        if mark is not Mark.CONFIG or one.got is None:
            return replace(one, mark=mark)
        letters = "".join(
            "." if name in _CONTENT else told
            for name, told in zip(LETTERS, one.letters, strict=True)
        )
        if not letters.strip("."):
            return None
        change = Change.CHANGED if letters.strip(".?") else Change.UNREAD
        return replace(one, change=change, letters=letters, mark=mark)

    def data(self, path: str) -> str | None:
        """Return which folder of data a path is, or is in; None when it is in none."""
        return next((folder for folder, _, fit in self._data if fit.match(path)), None)

    @property
    def folders(self) -> tuple[tuple[str, str], ...]:
        """The folders of data, each once, and what declares it."""
        return tuple({folder: (folder, why) for folder, why, _ in reversed(self._data)}.values())

    def idle(self, paths: Iterable[str]) -> Iterator[tuple[Mark, str]]:
        """Yield the classes' patterns that none of these paths fits."""
        known = tuple(paths)
        for mark, patterns in self._marks.items():
            for pattern, fit in patterns:
                if not any(fit.match(path) for path in known):
                    yield mark, pattern


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return what a pattern fits: `*` is any text, and what is below a fitting path fits, too."""
    path = posixpath.normpath(pattern)
    text = ".*".join(re.escape(part) for part in path.split("*"))
    return re.compile(rf"{text.rstrip('/')}(?:/.*)?\Z", re.DOTALL)
