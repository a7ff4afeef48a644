"""Draws times as a histogram of a few lines of text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

ROWS: Final = 12
"""Lines at most; more would tell noise."""

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_FULL: Final = "█"
_ASCII: Final = "#"
_NICE: Final = (1, 2, 5)  # steps that people count in, times a power of ten
_WIDEST: Final = 4  # columns for one time: a few make no mountains
_FINEST: Final = 0.001  # seconds; below, no clock of a page is right


def render(seconds: Sequence[float], *, width: int = 80, encoding: str = "utf-8") -> str:
    """Return how many times lie between which; nothing where there are none.

    Args:
        seconds: the times.
        width: columns; fewer than 40 are not kept to.
        encoding: of whoever shows it; where it lacks blocks, the bars are of `#`.
    """
    if not seconds:
        return ""
    step = _step(max(seconds) - min(seconds))
    counts = Counter(math.floor(value / step + 1e-9) for value in seconds)
    first, last = min(counts), max(counts)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    labels = [
        f"{row * step:.{digits}f} - {(row + 1) * step:.{digits}f} s"
        for row in range(first, last + 1)
    ]
    longest, most = max(map(len, labels)), max(counts.values())
    room = min(max(40, width) - longest - len(str(most)) - 3, most * _WIDEST)
    blocks = _has_blocks(encoding)
    lines = []
    for row, label in zip(range(first, last + 1), labels, strict=True):
        bar = _bar(counts[row] / most * room, blocks=blocks)
        lines.append(f"{label:>{longest}}  {bar} {counts[row] or ''}".rstrip() + "\n")
    return "".join(lines)


def _step(spread: float) -> float:
    """Return the smallest step people count in, by which a spread takes no more than all rows."""
    power = math.floor(math.log10(max(spread, _FINEST) / ROWS))
    steps = (nice * 10.0**exponent for exponent in (power, power + 1) for nice in _NICE)
    # One row less, because the first and the last row may both be filled in part.
    return max(_FINEST, next(step for step in steps if spread / step <= ROWS - 1))


def _bar(length: float, *, blocks: bool) -> str:
    """Return a bar; one that stands for something is never invisible."""
    if not length:
        return ""
    if not blocks:
        return _ASCII * max(1, round(length))
    full, part = divmod(max(1, round(length * 8)), 8)
    return _FULL * full + _EIGHTHS[part].strip()


def _has_blocks(encoding: str) -> bool:
    try:
        (_EIGHTHS + _FULL).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
