"""Reads YAML into values that know their lines; no input makes it run long, recurse or crash.

The parser is PyYAML's, LibYAML's where it is built in. Its events are put together here, not by its
composer: that one recurses, and LibYAML takes quadratic time for what is nested deeply.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from verify.probes.launchers.readers.values import Malformed, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from yaml import Event

    from verify.probes.source import Source

_DEEPEST = 200  # the deepest file that people write has some twenty levels
_MOST_MERGED = 200_000  # pairs that `<<` copies, in all of one file
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # of YAML 1.2's core schema, 10.3.2
_NULL_TAG = "tag:yaml.org,2002:null"


class NotYaml(Malformed):
    """A text is not YAML."""

    FORMAT = "YAML"


def read(text: str) -> list[Value]:
    """Return the documents of a text, one value each.

    What an alias names is shared, never copied. A tag such as `!Sub` leaves its value as it is. Of
    keys that stand twice the last one counts.

    Raises:
        NotYaml: the text is none, or is nested too deeply to be read.
    """
    documents = _Documents()
    for event in _events(text):
        documents.take(event)
    return documents.done


_known: WeakKeyDictionary[Source, dict[str, list[Value] | NotYaml]] = WeakKeyDictionary()


def documents(source: Source, path: str) -> list[Value]:
    """Return the documents of a file, which is read once however many kinds ask for it.

    Raises:
        NotYaml: the file is none.
    """
    known = _known.setdefault(source, {})
    if path not in known:
        try:
            known[path] = read(source.text(path))
        except NotYaml as error:
            known[path] = error
    found = known[path]
    if isinstance(found, NotYaml):
        raise found
    return found


def _events(text: str) -> Iterator[Event]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        yield from yaml.parse(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise NotYaml(1 if mark is None else mark.line + 1, error.problem or "malformed") from None
    except (yaml.YAMLError, UnicodeError) as error:  # characters that YAML does not allow
        raise NotYaml(1, str(error).partition("\n")[0]) from None


@dataclass(slots=True)
class _Open:
    """A mapping or list that has not ended yet, and the key that waits for its value."""

    value: Value
    key: Value | None = None
    plain: bool = False  # `"<<"` in quotes is a key like any other
    merged: list[Value] = field(default_factory=list)


class _Documents:
    """Puts events together."""

    def __init__(self) -> None:
        self.done: list[Value] = []
        self.open: list[_Open] = []
        self.anchors: dict[str, Value] = {}
        self.merged = 0

    def take(self, event: Event) -> None:
        import yaml

        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self.anchors = {}
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise NotYaml(line, f"there is no anchor {event.anchor}")
            self._add(self.anchors[event.anchor], plain=False)
        elif isinstance(event, yaml.ScalarEvent):
            plain = not event.style  # None or "", depending on the parser
            empty = event.tag == _NULL_TAG or (plain and event.value in _NULLS)
            value = Value(line, "" if empty else event.value, null=empty)
            self._name(event.anchor, value)
            self._add(value, plain=plain)
        elif isinstance(event, yaml.CollectionStartEvent):
            if len(self.open) >= _DEEPEST:
                raise NotYaml(line, f"more than {_DEEPEST} levels deep")
            mapping = isinstance(event, yaml.MappingStartEvent)
            value = Value(line, {} if mapping else [])
            self._name(event.anchor, value)
            self.open.append(_Open(value))
        elif isinstance(event, yaml.CollectionEndEvent):
            ended = self.open.pop()
            self._merge(ended)
            self._add(ended.value, plain=False)

    def _name(self, anchor: str | None, value: Value) -> None:
        if anchor is not None:
            self.anchors[anchor] = value

    def _add(self, value: Value, *, plain: bool) -> None:
        if not self.open:
            self.done.append(value)
            return
        above = self.open[-1]
        if isinstance(above.value.content, list):
            above.value.content.append(value)
        elif above.key is None:
            above.key, above.plain = value, plain
        else:
            key, above.key = above.key, None
            if key.text == "<<" and above.plain:
                above.merged += value.items or [value]
            else:
                above.value.pairs[key.text] = value
                above.value.keys[key.text] = key.line

    def _merge(self, ended: _Open) -> None:
        """Take over the pairs that `<<` names and the mapping does not have; the first one wins."""
        pairs, keys = ended.value.pairs, ended.value.keys
        for source in {id(one): one for one in ended.merged}.values():
            self.merged += len(source.pairs)
            if self.merged > _MOST_MERGED:
                raise NotYaml(ended.value.line, "its merge keys unfold without end")
            for key, value in list(source.pairs.items()):
                if key not in pairs:
                    pairs[key] = value
                    keys[key] = source.line_of(key)
