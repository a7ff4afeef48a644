"""Reads and writes protobuf messages by field number, with no generated classes.

Only the wire format is known here (https://protobuf.dev/programming-guides/encoding/); what a
number means is up to the caller, so one reader serves every version of a schema.
"""

from __future__ import annotations

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10  # bytes: 64 bits in groups of 7
_HIGHEST_FIELD = 2**29 - 1


class ProtobufError(ValueError):
    """The bytes are not a protobuf message."""


class Message:
    """One message; nested ones stay unread until they are asked for.

    A field of another type than asked for counts as absent, as protobuf itself has it.

    Args:
        data: the serialized message.

    Raises:
        ProtobufError: the bytes are truncated, or no message at all.
    """

    __slots__ = ("_fields",)

    def __init__(self, data: bytes | memoryview = b"") -> None:
        self._fields: dict[int, list[int | memoryview]] = {}
        view = memoryview(data)
        at, end = 0, len(view)
        while at < end:
            key, at = _varint(view, at)
            number, kind = key >> 3, key & 7
            if not 0 < number <= _HIGHEST_FIELD:
                raise ProtobufError(f"field number {number} at byte {at}")
            value: int | memoryview
            if kind == _VARINT:
                value, at = _varint(view, at)
            else:
                if kind == _BYTES:
                    size, at = _varint(view, at)
                elif kind in _FIXED_SIZES:
                    size = _FIXED_SIZES[kind]
                else:  # groups (3, 4) went before Streamlit was; 6 and 7 never were
                    raise ProtobufError(f"wire type {kind} at byte {at}")
                if size > end - at:
                    raise ProtobufError(f"{size} bytes announced at byte {at}, {end - at} left")
                value, at = view[at : at + size], at + size
            self._fields.setdefault(number, []).append(value)

    def __contains__(self, number: int) -> bool:
        return number in self._fields

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of the fields that are set, in the order they were first seen."""
        return tuple(self._fields)

    def message(self, number: int) -> Message:
        """Return the nested message; an empty one when the field is absent."""
        return Message(self._last_bytes(number))

    def messages(self, number: int) -> list[Message]:
        """Return all messages of a repeated field."""
        return [Message(v) for v in self._fields.get(number, ()) if isinstance(v, memoryview)]

    def text(self, number: int) -> str:
        """Return the text; empty when the field is absent."""
        return str(self._last_bytes(number), "utf-8", "replace")

    def number(self, number: int) -> int:
        """Return the unsigned integer, boolean or enum; 0 when the field is absent."""
        value = self._fields.get(number, (0,))[-1]
        return value if isinstance(value, int) else 0

    def all_numbers(self, number: int) -> list[int]:
        """Return all integers of a repeated field, packed or not."""
        found: list[int] = []
        for value in self._fields.get(number, ()):
            if isinstance(value, int):
                found.append(value)
                continue
            at = 0
            while at < len(value):
                item, at = _varint(value, at)
                found.append(item)
        return found

    def _last_bytes(self, number: int) -> bytes | memoryview:
        value = self._fields.get(number, (b"",))[-1]
        return b"" if isinstance(value, int) else value


def field(number: int, value: bool | int | str | bytes) -> bytes:  # noqa: FBT001
    """Serialize one field: integers and booleans as varint, texts and messages with their length.

    Args:
        number: the field's number.
        value: a number that is not negative, a text, or a serialized message.
    """
    if isinstance(value, int):
        return _to_varint(number << 3 | _VARINT) + _to_varint(int(value))
    payload = value.encode() if isinstance(value, str) else value
    return _to_varint(number << 3 | _BYTES) + _to_varint(len(payload)) + payload


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    """Return the number that starts at `at`, and where the next one starts."""
    value = shift = 0
    for byte in view[at : at + _LONGEST_VARINT]:
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise ProtobufError(f"no end of the number before byte {at}")


def _to_varint(value: int) -> bytes:
    groups = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
