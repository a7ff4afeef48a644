"""A value read from YAML or JSON that knows the line it stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterator


class Malformed(ValueError):
    """A file is not of its format.

    Args:
        line: 1-based, of the first thing that is not.
        reason: for people.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line} is not {self.FORMAT}: {reason}")
        self.line = line
        self.reason = reason

    FORMAT: ClassVar[str] = "of its format"


@dataclass(frozen=True, slots=True)
class Value:
    """One node of a document.

    Args:
        line: 1-based line it starts on.
        content: its pairs, its items, or its text; a number or truth value as it is written, and
            "" for null.
        keys: the line of each of its keys; a value may start on the line after its key.
        null: whether it is null, and not an empty text.
    """

    line: int
    content: dict[str, Value] | list[Value] | str
    keys: dict[str, int] = field(default_factory=dict, repr=False, compare=False)
    null: bool = False

    @property
    def text(self) -> str:
        """The text; "" for pairs and items."""
        return self.content if isinstance(self.content, str) else ""

    @property
    def items(self) -> list[Value]:
        """The items; none for anything else."""
        return self.content if isinstance(self.content, list) else []

    @property
    def pairs(self) -> dict[str, Value]:
        """The pairs; none for anything else."""
        return self.content if isinstance(self.content, dict) else {}

    def get(self, *path: str) -> Value | None:
        """Return what stands under these keys, one below the other, or None."""
        found: Value | None = self
        for key in path:
            found = found.pairs.get(key) if found is not None else None
        return found

    def at(self, *path: str) -> str:
        """Return the text under these keys, "" when there is none."""
        found = self.get(*path)
        return found.text if found is not None else ""

    def line_of(self, key: str) -> int:
        """Return the line of a key; its value's, or its own, where that is not known."""
        value = self.pairs.get(key)
        return self.keys.get(key) or (value.line if value is not None else self.line)

    def words(self) -> list[str]:
        """Return the texts of its items."""
        return [item.text for item in self.items]

    def walk(self) -> Iterator[Value]:
        """Yield it and all below it, each once, however often an alias names it."""
        seen: set[int] = set()
        pending: list[Value] = [self]
        while pending:
            value = pending.pop()
            if id(value) in seen:
                continue
            seen.add(id(value))
            yield value
            pending += reversed([*value.items, *value.pairs.values()])
