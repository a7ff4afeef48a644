"""What must be true of any page, judged from what a look brought back."""

from dataclasses import replace

import pytest

from verify.errors import CouldNotCheck
from verify.probes.protocol.elements import Element
from verify.probes.wire import Page, Tab, Visit
from verify.soundness import place, soundness, state

TEXT = Element("markdown", "hello", ("main",))
FAULT = Element("exception", "ValueError: kaputt", ("main", "Two"))
URL = "http://127.0.0.1:8501"


def page(**changes):
    """A sound page of two tabs, one of them lazy, and one more page."""
    sound = Page(
        url=URL,
        main_script="/app/page.py",
        streamlit="1.67.0",
        python="3.11.2",
        pages=("page", "other"),
        page_paths=("", "other"),
        tabs=(Tab("One", (TEXT,)), Tab("Two", (TEXT,), how="success", seconds=0.01)),
        main=(TEXT,),
        sidebar=(),
        exceptions=(),
        complete=True,
        how="success",
        runs=2,
        bytes=1000,
        connect_seconds=0.001,
        first_message_seconds=0.002,
        complete_seconds=0.01,
        visits=(Visit("other", "Other", "success", (TEXT,), (), 0.01),),
    )
    return replace(sound, **changes)


def findings(seen: Page) -> list[tuple[str, object]]:
    return [(one.subject, one.got) for one in soundness(seen) if not one.ok]


def test_a_sound_page_is_sound_in_every_part():
    subjects = [one.subject for one in soundness(page()) if one.ok]
    assert findings(page()) == []
    assert subjects == [
        "the first page's run",
        "the first page: elements",
        "tab One: its run",
        "tab One: elements",
        "tab Two: its run",
        "tab Two: elements",
        "page other: its run",
        "page other: elements",
        "exceptions",
        "exceptions",
    ]


def broken_tab(how):
    return page(tabs=(Tab("One", (TEXT,)), Tab("Two", (), how=how, seconds=5.0)))


BROKEN = {
    "a first run that never ends": (
        page(how="still running after 5 s"),
        ("the first page's run", "still running after 5 s"),
    ),
    "a compile error": (page(how="compile error"), ("the first page's run", "compile error")),
    "a rerun loop": (page(how="rerun loop"), ("the first page's run", "rerun loop")),
    "a page that draws nothing": (
        page(main=(), tabs=()),
        ("the first page: elements", 0),
    ),
    "a tab that does not settle": (
        broken_tab("still running after 5 s"),
        ("tab Two: its run", "still running after 5 s"),
    ),
    "an empty tab": (broken_tab("success"), ("tab Two: elements", 0)),
    "an exception": (page(exceptions=(FAULT,)), ("exceptions in main > Two", FAULT.text)),
    "an exception whose text is withheld": (
        page(exceptions=(replace(FAULT, text=""),)),
        ("exceptions in main > Two", "redacted"),
    ),
    "another page that hangs": (
        page(visits=(Visit("other", "Other", "still running after 5 s", (), (), 5.0),)),
        ("page other: its run", "still running after 5 s"),
    ),
    "another page that is empty": (
        page(visits=(Visit("other", "Other", "success", (), (), 0.1),)),
        ("page other: elements", 0),
    ),
    "an exception on another page": (
        page(visits=(Visit("other", "Other", "success", (FAULT,), (FAULT,), 0.1),)),
        ("exceptions in main > Two", FAULT.text),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(name):
    seen, finding = BROKEN[name]
    assert finding in findings(seen)


def test_a_finding_on_another_page_has_its_address():
    seen = page(visits=(Visit("other", "Other", "success", (), (), 0.1),))
    assert [one.path for one in soundness(seen) if not one.ok] == [f"{URL}/other"]


def test_a_tab_that_nobody_opened_is_no_pass():
    seen = page(tabs=(Tab("One", (TEXT,)), Tab("Two", (), opened=False)))
    with pytest.raises(CouldNotCheck, match="did not come to tab Two"):
        list(soundness(seen))
    assert state(seen.tabs[1], seen) == "not opened"


def test_a_tab_of_the_sidebar_is_held_too():
    empty = page(elsewhere=(Tab("Help", (), how="success"),))
    assert findings(empty) == [("tab Help, elsewhere: elements", 0)]
    hidden = page(elsewhere=(Tab("Help", (), opened=False, how="did not open"),))
    with pytest.raises(CouldNotCheck, match=r"tab Help \(did not open\)"):
        list(soundness(hidden))


def test_a_page_that_nobody_visited_is_no_pass():
    with pytest.raises(CouldNotCheck, match="did not come to page other"):
        list(soundness(page(visits=())))


def test_what_is_wrong_goes_before_what_is_not_known():
    seen = page(tabs=(Tab("One", ()), Tab("Two", (), opened=False)))
    assert findings(seen) == [("tab One: elements", 0)]


def test_an_eager_tab_ended_as_the_first_page_did():
    seen = page(how="still running after 5 s")
    assert state(seen.tabs[0], seen) == "still running after 5 s"
    assert state(seen.tabs[1], seen) == "success"


def test_a_place_is_read_from_the_outside_inwards():
    assert place(FAULT) == "main > Two"
