"""Stands in for what only the run tells, as `${{ inputs.app }}`, in code that a shell reads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from verify.matrix import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch

_LONGEST = 50_000  # characters of a command; the longest that people write has a tenth
_STAND_IN = re.compile(r"\$\{(OPAQUE_\d+)\}")


@dataclass(slots=True)
class Opaque:
    """The places of one command that cannot be told, each held by a variable that nothing sets.

    Args:
        written: what stands there, by that variable.
    """

    written: dict[str, str] = field(default_factory=dict)

    @property
    def given(self) -> frozenset[str]:
        """The variables: set by whoever runs the command, so none of them is empty."""
        return frozenset(self.written)

    def hide(self, written: str) -> str:
        """Return shell code that stands in for something that cannot be told."""
        name = f"OPAQUE_{len(self.written)}"
        self.written[name] = written
        return f"${{{name}}}"

    def fill(self, pattern: re.Pattern[str], text: str, value: Callable[[str], Word]) -> str:
        """Return the text with each expression replaced by its value, or hidden.

        Args:
            pattern: finds an expression; its first group is what stands inside.
            text: where to look.
            value: says what an expression comes to, None when that cannot be told.
        """

        def filled(found: re.Match[str]) -> str:
            known = value(found[1])
            return self.hide(found[0]) if known is None else known

        if len(text) > _LONGEST:
            return self.hide(f"{text[:20]}... ({len(text)} characters)")
        return pattern.sub(filled, text)

    def word(self, text: str) -> Word:
        """Return a word of a command that no shell reads: None when part of it is hidden."""
        return None if _STAND_IN.search(text) else text

    def shown(self, launches: Iterable[Launch]) -> Iterator[Launch]:
        """Yield the launches as they stand in the file, with what keeps them from being told."""
        for launch in launches:
            names = [name for name in _STAND_IN.findall(launch.raw) if name in self.written]
            missed = _STAND_IN.search(launch.why) is not None  # in quotes no shell expands it
            seen = replace(launch, raw=self._restored(launch.raw), why=self._restored(launch.why))
            if names and (missed or launch.status is Status.UNKNOWN):
                parts = ", ".join(dict.fromkeys(self.written[name] for name in names))
                why = f"only the run tells what {parts} is"
                seen = replace(seen, status=Status.UNKNOWN, why=why, entry=None)
            yield seen

    def _restored(self, text: str) -> str:
        return _STAND_IN.sub(lambda found: self.written.get(found[1], found[0]), text)
