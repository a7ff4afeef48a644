"""Retired files that refuse in the wrong way, with other words, or in one of two worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import retired
from verify.planting.code import literal
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.retired import Guarded
    from verify.planting.tree import Tree


@defect("guards", Stage.SOURCE)
def guard_with_another_text(tree: Tree) -> Sign:
    """A retired file refuses, and does not say what to run instead."""
    return _says(tree, retired.near(tree, "raise"), "This file is not used any more.")


@defect("guards", Stage.SOURCE)
def guard_with_another_target(tree: Tree) -> Sign:
    """A retired file sends operators to another retired file."""
    file = retired.near(tree, "exit")
    # The last word of the text names what to run.
    kept, _, _ = file.text.rstrip(".").rpartition(" ")
    return _says(tree, file, f"{kept} {retired.files(tree)[0].path}".strip())


@defect("guards", Stage.SOURCE)
def guard_with_words_after_its_text(tree: Tree) -> Sign:
    """A retired file says its text, and then how to go on all the same."""
    file = retired.near(tree, "stop")
    return _says(tree, file, f"{file.text} (or set FORCE=1)")


@defect("guards", Stage.SOURCE)
def guard_with_a_text_that_only_looks_right(tree: Tree) -> Sign:
    """A retired file's text has a Cyrillic letter in it: nobody finds it, nobody can copy it."""
    file = retired.near(tree, "raise")
    return _says(tree, file, file.text.replace("e", "\u0435", 1).replace("o", "\u043e", 1))


@defect("guards", Stage.SOURCE)
def guard_with_a_computed_text(tree: Tree) -> Sign:
    """A retired file computes its text, and nothing is left of it."""
    file = retired.near(tree, "raise")
    retired.say(tree, file, f"{literal(file.text)}[:0]")
    return retired.shown(file, "cannot tell")


@defect("guards", Stage.SOURCE)
def guard_with_a_text_from_outside(tree: Tree) -> Sign:
    """A retired file says what a variable of the environment holds, by default its text."""
    file = retired.near(tree, "stop")
    retired.first(tree, file, "import os\n")
    retired.say(tree, file, f'os.environ.get("NOTICE", {literal(file.text)})')
    return retired.shown(file, "cannot tell")


@defect("guards", Stage.SOURCE)
def guard_with_an_empty_text(tree: Tree) -> Sign:
    """A retired file refuses without a word."""
    file = retired.near(tree, "exit")
    retired.say(tree, file, '""')
    return retired.shown(file, "no text")


@defect("guards", Stage.SOURCE)
def guard_that_raises_something_else(tree: Tree) -> Sign:
    """A retired file raises another class of exception than the reviewed one."""
    file = retired.of_way(tree, "raise")
    retired.instead(tree, file, f"raise NotImplementedError({literal(file.text)})")
    return retired.ended(file, "raises NotImplementedError")


@defect("guards", Stage.SOURCE)
def guard_that_ends_with_success(tree: Tree) -> Sign:
    """A retired file says its text, and ends its process with exit code 0."""
    file = retired.of_way(tree, "exit")
    ends = f"import sys\n\nprint({literal(file.text)}, file=sys.stderr)\nsys.exit(0)"
    retired.instead(tree, file, ends)
    return retired.ended(file, "exits with status 0")


@defect("guards", Stage.SOURCE)
def guard_that_ends_with_a_multiple_of_256(tree: Tree) -> Sign:
    """A retired file ends its process with a status of which the system keeps the zero only."""
    file = retired.of_way(tree, "exit")
    ends = f"""
    import sys
    import streamlit as st

    st.error({literal(file.text)})
    st.stop()
    print({literal(file.text)}, file=sys.stderr)
    sys.exit(256)
    """
    retired.instead(tree, file, ends)
    return retired.ended(file, "exits with status 0")


@defect("guards", Stage.SOURCE)
def guard_that_only_exits(tree: Tree) -> Sign:
    """A retired file exits, which leaves its page loading for ever under `streamlit run`."""
    file = retired.of_way(tree, "exit")
    retired.instead(tree, file, f"import sys\n\nsys.exit({literal(file.text)})")
    return Sign(f"{file.path}: under streamlit run\nno st.stop()", file.path)


@defect("guards", Stage.SOURCE)
def guard_that_only_stops(tree: Tree) -> Sign:
    """A retired file stops its page, which does nothing under plain Python."""
    file = retired.of_way(tree, "stop")
    stops = f"import streamlit as st\n\nst.error({literal(file.text)})\nst.stop()"
    retired.instead(tree, file, stops)
    return Sign(f"{file.path}: under plain Python\nnothing ends the process", file.path)


@defect("guards", Stage.SOURCE)
def guard_that_stops_without_a_word(tree: Tree) -> Sign:
    """A retired file stops its page without a word, and tells the terminal only."""
    file = retired.of_way(tree, "stop")
    stops = f"import streamlit as st\n\nst.stop()\nraise SystemExit({literal(file.text)})"
    retired.instead(tree, file, stops)
    return retired.shown(file, "no text")


@defect("guards", Stage.SOURCE)
def guard_that_waits_for_ever(tree: Tree) -> Sign:
    """A retired file says its text, and never ends."""
    file = retired.near(tree, "exit")
    retired.instead(tree, file, f"print({literal(file.text)})\nwhile True:\n    pass")
    return retired.ended(file, "loops for ever")


@defect("guards", Stage.SOURCE)
def guard_that_says_it_where_nobody_reads(tree: Tree) -> Sign:
    """A retired file writes its text into a buffer, and exits with a number."""
    file = retired.of_way(tree, "exit")
    says = f"""
    import io
    import sys
    import streamlit as st

    st.error({literal(file.text)})
    st.stop()
    print({literal(file.text)}, file=io.StringIO())
    sys.exit(1)
    """
    retired.instead(tree, file, says)
    return retired.acted(file, "calls `io.StringIO`")


def _says(tree: Tree, file: Guarded, text: str) -> Sign:
    retired.say(tree, file, literal(text))
    return retired.shown(file, text)
