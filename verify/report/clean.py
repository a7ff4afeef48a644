"""Makes text from the outside harmless: what a log or a page says never steers a terminal."""

from __future__ import annotations

import re

# C0 and C1 control characters except tab and newline, and the Unicode ones that turn or hide text.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def clean(value: object) -> str:
    """Return a value as text with every control character written out."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", str(value))
