"""Every kind of launcher is documented under the word it puts into the report."""

import re
from pathlib import Path

from verify.probes.launchers.world import World
from verify.probes.source import Source

ROOT = Path(__file__).parents[3]


def kinds() -> dict[str, str]:
    return {
        kind.KIND: (kind.__doc__ or "").partition("\n")[0].rstrip(".")
        for kind in World(Source(ROOT)).kinds
        if kind.NAMES  # without names it only follows what other launchers call
    }


def test_every_kind_is_in_the_documentation_with_its_own_first_line():
    text = (ROOT / "docs/matrix.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| (.+) \|$", text, re.MULTILINE))
    assert {kind: rows.get(kind) for kind in kinds()} == kinds()


def test_kinds_are_lower_case_words():
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", kind) for kind in kinds())
