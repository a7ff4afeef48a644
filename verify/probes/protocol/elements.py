"""What people see of one drawn element: its kind and its text, by field number.

The numbers are those of Streamlit's `Element.proto` and the messages it names; they have not
changed from 1.40 to 1.67. What is not listed here is still seen, as `other:<number>`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from verify.probes.protocol.protobuf import Message


@dataclass(frozen=True, slots=True)
class Element:
    """One thing drawn on the page.

    Args:
        kind: what it is, such as "markdown" or "metric"; "other:<number>" when not known here.
        text: what people read in it; several parts are joined with ": ".
        where: the labels of what it stands in, from "main" or "sidebar" inwards.
    """

    kind: str
    text: str
    where: tuple[str, ...] = field(default=(), compare=False)


EXCEPTION: Final = "exception"

ELEMENTS: Final[dict[int, tuple[str, tuple[int, ...]]]] = {
    1: ("text", (1,)),
    5: ("progress", (2,)),
    6: ("image", ()),
    7: ("help", (6, 4, 3)),
    8: (EXCEPTION, (1, 2)),
    13: ("audio", ()),
    14: ("video", ()),
    16: ("plotly_chart", ()),
    18: ("graphviz_chart", ()),
    19: ("button", (2,)),
    20: ("checkbox", (2,)),
    21: ("slider", (3,)),
    22: ("text_area", (2,)),
    23: ("radio", (2,)),
    24: ("text_input", (2,)),
    25: ("selectbox", (2,)),
    26: ("time_input", (2,)),
    27: ("date_input", (2,)),
    28: ("multiselect", (2,)),
    29: ("markdown", (1,)),
    30: ("alert", (5, 1)),
    31: ("json", (1,)),
    32: ("number_input", (2,)),
    33: ("file_uploader", (2,)),
    34: ("deck_gl_json_chart", ()),
    35: ("color_picker", (2,)),
    37: ("component_instance", (4,)),
    38: ("iframe", ()),
    39: ("table", ()),
    40: ("dataframe", ()),
    41: ("vega_lite_chart", ()),
    42: ("metric", (1, 2, 3)),
    43: ("download_button", (2,)),
    44: ("spinner", (1,)),
    45: ("camera_input", (2,)),
    47: ("heading", (3,)),
    48: ("code", (1,)),
    49: ("chat_input", (2,)),
    50: ("toast", (1,)),
    51: ("link_button", (2,)),
    53: ("page_link", (2,)),
    54: ("html", (1,)),
    55: ("button_group", (11,)),
    56: ("audio_input", (2,)),
    62: ("date_time_input", (2,)),
}
"""`Element` field number: its kind, and the fields of its message that people read."""

INVISIBLE: Final = frozenset({2, 36, 52, 60})
"""`empty`, `favicon`, `skeleton` and `space`: a tab with nothing else in it is an empty tab."""

BOOKKEEPING: Final = frozenset({57, 58, 61, 65})
"""Height, width, text alignment and effects: set beside what the element is."""

BLOCKS: Final[dict[int, tuple[str, int]]] = {
    4: ("expander", 1),
    7: ("tab", 1),
    9: ("chat_message", 1),
    10: ("popover", 1),
    11: ("dialog", 1),
}
"""`Block` field number: its kind, and the field of its message that labels it."""


def from_message(message: Message, where: tuple[str, ...]) -> Element | None:
    """Return what people see of a serialized `Element`; None when it draws nothing.

    Args:
        message: the `Element`, of which at most one field is set besides its bookkeeping.
        where: the labels of what it stands in.

    Raises:
        ProtobufError: its bytes are no message.
    """
    known = [number for number in message.numbers if number in ELEMENTS]
    if known:
        kind, parts = ELEMENTS[known[0]]
        return Element(kind, _joined(message.message(known[0]), parts), where)
    others = [n for n in message.numbers if n not in INVISIBLE | BOOKKEEPING]
    return Element(f"other:{others[0]}", "", where) if others else None


def exception(message: Message, where: tuple[str, ...]) -> Element:
    """Return a serialized `Exception` that comes outside any element, as a compile error does."""
    return Element(EXCEPTION, _joined(message, ELEMENTS[8][1]), where)


def block_label(block: Message) -> tuple[str, str]:
    """Return the kind and the label of a serialized `Block`; both empty when it shows none."""
    for number, (kind, label) in BLOCKS.items():
        if number in block:
            return kind, block.message(number).text(label)
    return "", ""


def _joined(message: Message, parts: tuple[int, ...]) -> str:
    return ": ".join(text for text in map(message.text, parts) if text)
