"""What a comparison says of what was seen, and how it is shown."""

import json

import pytest

from verify.comparison import Comparison, Odd, Same, Sameness, Source, When
from verify.difference import Change, Difference
from verify.inventory import File, Inventory
from verify.model import Cell, Observation, Outcome, Stage
from verify.probes.changes import Changes
from verify.report.running import as_text, path_shown
from verify.report.running_json import as_json
from verify.running.compared import Since, drifted, hidden
from verify.surroundings import Mount

SEEN = Same(reviewed=3)


def odd(path: str, change: Change, letters: str = "", why: str = "") -> Odd:
    return Odd(Difference(path, change, letters, why=why), Source.TREE)


def cell(gate: str, outcome: Outcome, *, required: bool = True) -> Cell:
    bad = outcome is Outcome.FAIL
    seen = (Observation("x", "a", "b" if bad else "a"),) if outcome is not Outcome.SKIP else ()
    return Cell(gate, Stage.CONTAINER, outcome, seen, required=required, reason="why")


UNREAD = odd("/app/a", Change.UNREAD, "?????????", "permission denied")
EXTRA = odd("/app/b", Change.EXTRA)

VERDICTS = {
    "all that was seen is the same": ({"same": SEEN}, Sameness.SAME),
    "nothing was seen": ({}, Sameness.UNKNOWN),
    "it was not reached": ({"same": SEEN, "fault": "gone"}, Sameness.UNKNOWN),
    "what was seen of one that is gone": (
        {"differences": (EXTRA,), "fault": "gone"},
        Sameness.UNKNOWN,
    ),
    "a file differs": ({"same": SEEN, "differences": (EXTRA,)}, Sameness.DIFFERS),
    "a file could not be read": ({"same": SEEN, "differences": (UNREAD,)}, Sameness.UNKNOWN),
    "one could not be read and one differs": (
        {"differences": (UNREAD, EXTRA)},
        Sameness.DIFFERS,
    ),
    "the look did not end": ({"same": SEEN, "unknown": {"files": "late"}}, Sameness.UNKNOWN),
    "a part that is none of the files": (
        {"same": SEEN, "unknown": {"packages": "none"}},
        Sameness.SAME,
    ),
    "a gate found something": (
        {"same": SEEN, "cells": (cell("hardening", Outcome.FAIL),)},
        Sameness.DIFFERS,
    ),
    "a gate broke": (
        {"same": SEEN, "cells": (cell("hardening", Outcome.ERROR),)},
        Sameness.UNKNOWN,
    ),
    "a gate that compares could not look": (
        {"same": SEEN, "cells": (cell("drift", Outcome.SKIP),)},
        Sameness.UNKNOWN,
    ),
    "another gate could not look": (
        {"same": SEEN, "cells": (cell("hardening", Outcome.SKIP),)},
        Sameness.SAME,
    ),
    "a gate was not asked": (
        {"same": SEEN, "cells": (cell("drift", Outcome.SKIP, required=False),)},
        Sameness.SAME,
    ),
}


@pytest.mark.parametrize("case", VERDICTS)
def test_nothing_is_the_same_that_was_not_seen_and_nothing_differs_either(case):
    given, verdict = VERDICTS[case]
    found = Comparison("web", **given)
    assert found.verdict is verdict
    assert json.loads(as_json(found))["verdict"] == verdict
    last = [line for line in as_text(found, width=80).splitlines() if not line.startswith(" ")][-1]
    word = {"same": "same", "differs": "differs", "unknown": "could not look"}[verdict]
    assert last.startswith(word)


def test_colours_are_only_where_they_are_asked_for():
    found = Comparison("web", same=SEEN, differences=(EXTRA,))
    plain, painted = as_text(found), as_text(found, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31mdiffers\x1b[0m" in painted


def test_a_name_stands_in_one_line_and_steers_no_terminal():
    assert path_shown("/a\nb\tc\x1b[2J\udcff\u202e日") == "/a\\nb\\tc\\x1b[2J\\xff\\x202e日"


def test_the_engine_tells_since_when_and_what_is_mounted_is_told_so():
    rows = {"/app/a": Change.CHANGED, "/gone": Change.MISSING, "/app/b\ufffd": Change.EXTRA}
    mounts = [Mount(path, "tmpfs", "", read_only=False) for path in ("/", "/m")]
    since = Since(Changes(rows), mounts)
    assert since.when("/app/a") is When.RUN
    assert since.when("/app/b\udcff") is When.RUN
    assert since.when("/gone/below") is When.RUN
    assert since.when("/app/other") is When.BUILD
    assert since.when("/m/file") is When.MOUNT
    assert Since(None, None).when("/app/a") is When.UNKNOWN


def test_what_was_held_against_something_is_not_told_once_more():
    rows = {"/app": Change.CHANGED, "/app/a": Change.CHANGED, "/etc/b": Change.EXTRA}
    got = Inventory("here", ("/app",), {"/app/a": File("/app/a")})
    since = Since(Changes(rows), None)
    told = drifted(Changes(rows), got, lambda path: path.startswith("/app"), since)
    assert [(one.difference.path, one.difference.change) for one in told] == [
        ("/etc/b", Change.EXTRA)
    ]


def test_what_cannot_be_read_says_who_could():
    found = Comparison("web", kind="docker", same=SEEN, differences=(UNREAD,))
    assert "docker://0@" in as_text(found)
    assert "?????????" in as_text(found)


def test_a_place_that_cannot_be_read_is_told_once():
    unread = {"/app/a": "no", "/app/b": "no", "/etc/c": "no"}
    got = Inventory("here", ("/app",), {}, unread)
    told = [odd("/app/b/below", Change.UNREAD)]
    found = hidden(got, told, lambda path: path.startswith("/app"), Source.TREE)
    assert [(one.difference.path, one.difference.why) for one in found] == [("/app/a", "no")]
