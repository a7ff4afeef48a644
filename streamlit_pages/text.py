"""Words and figures, ready for Streamlit's Markdown."""

import re
from datetime import UTC, datetime

# Only what Markdown would obey, so that names, paths and addresses stay readable on the wire: code,
# emphasis, links, colours, HTML, formulas and strike-through; an underscore at the edge of a word,
# an entity, a :shortcode:, and what begins a heading, quote or list.
_SPECIAL = re.compile(
    r"[\\`*\[\]<$~]|(?<!\w)_|_(?!\w)|&(?=#?\w+;)|:(?=[A-Za-z])|^[#>+-]|(?<=^\d)[.)]"
)
_CENTS = 100


def escape(text: object) -> str:
    """Return text that Markdown shows as it is: no images, colours or formulas.

    Names come from imported files; one that reads `![](http://...)` must not load a picture.
    """
    return _SPECIAL.sub(lambda found: "\\" + found[0], " ".join(str(text).split()))


def code(text: object) -> str:
    """Return text as one Markdown code span."""
    flat = " ".join(str(text).split()) or "(empty)"
    if "`" not in flat:
        return f"`{flat}`"
    longest = max(len(run) for run in re.findall(r"`+", flat))
    fence = "`" * (longest + 1)
    return f"{fence} {flat} {fence}"


def money(cents: int) -> str:
    """Return an amount in whole currency units, or with cents if it has any."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), _CENTS)
    return f"{sign}{units:,}.{rest:02d}" if rest else f"{sign}{units:,}"


def percent(share: float) -> str:
    """Return a share of one as a percentage."""
    return f"{share:.0%}"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 lead", "3 leads"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """Return how long ago a moment was, in the largest fitting unit."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if abs(seconds) >= size:
            words = count(int(abs(seconds) // size), name)
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now" if seconds >= 0 else "in a moment"


def moment(when: datetime) -> str:
    """Return a moment as date and time, UTC."""
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
