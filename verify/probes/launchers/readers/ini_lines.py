"""Reads files of `[section]` and `key=value` with the line of each value, keys that repeat too."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Entry:
    """One value.

    Args:
        key: its name.
        value: its text, with the lines it is continued by.
        line: 1-based.
    """

    key: str
    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Section:
    """One section.

    Args:
        name: what stands in brackets.
        entries: its values in order.
    """

    name: str
    entries: list[Entry] = field(default_factory=list)

    def all(self, key: str) -> list[Entry]:
        """Return the values of a key; an empty one takes back those before it."""
        found: list[Entry] = []
        for entry in self.entries:
            if entry.key == key:
                found = [*found, entry] if entry.value else []
        return found

    def last(self, key: str) -> str:
        """Return the last value of a key, "" when there is none."""
        return next((one.value for one in reversed(self.entries) if one.key == key), "")


def read(text: str, *, indented: bool) -> list[Section]:
    """Return the sections.

    Args:
        text: the file.
        indented: whether an indented line goes on with the value before it; else a backslash at the
            end of a line tells so.
    """
    sections = [Section("")]
    parts: list[str] = []
    key, first, open_ = "", 0, False

    def close() -> None:
        nonlocal parts
        if key and parts:
            value = " ".join(part for part in parts if part)
            sections[-1].entries.append(Entry(key, value, first))
        parts = []

    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare[:1] in {"#", ";"}:
            continue
        if open_ or (indented and line[:1] in {" ", "\t"} and parts and bare):
            open_ = not indented and bare.endswith("\\")
            parts.append(bare.removesuffix("\\").strip() if open_ else bare)
            continue
        close()
        if bare.startswith("[") and bare.endswith("]"):
            sections.append(Section(bare[1:-1].strip()))
            continue
        name, equals, value = bare.partition("=")
        if not equals:
            continue
        open_ = not indented and value.endswith("\\")
        key, first = name.strip(), number
        parts = [value.removesuffix("\\").strip() if open_ else value.strip()]
    close()
    return sections
