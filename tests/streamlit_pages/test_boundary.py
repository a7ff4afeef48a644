"""What a tab may do wrong, and how little it takes with it."""

import logging
import sys
import types

import pytest
from streamlit.testing.v1 import AppTest

import streamlit as st
from aicmo.core.errors import DatabaseUnavailableError
from streamlit_pages import error_log


def two_tabs():
    from streamlit_pages.shell import Tab, draw_page

    draw_page(
        [Tab("Faulty", "faulty_tab"), Tab("Sound", "sound_tab")], marker="M", entry="entry.py"
    )


@pytest.fixture
def draw(monkeypatch, caplog):
    """Return a function that draws a page whose first tab runs `render`."""
    caplog.set_level(logging.ERROR, "aicmo.dashboard")

    def run(render, tab="Faulty"):
        faulty, sound = types.ModuleType("faulty_tab"), types.ModuleType("sound_tab")
        faulty.render = render
        sound.render = lambda: st.text("sound")
        monkeypatch.setitem(sys.modules, "faulty_tab", faulty)
        monkeypatch.setitem(sys.modules, "sound_tab", sound)
        at = AppTest.from_function(two_tabs, default_timeout=60)
        at.session_state["tab"] = tab
        at.run()
        assert not at.exception
        assert at.caption[-1].value.endswith("build M"), "the page was not drawn to its end"
        return at

    return run


def raising(error):
    def render():
        st.text("before")
        raise error

    return render


def recursion():
    return recursion()


@pytest.mark.parametrize(
    ("render", "shown"),
    [
        (raising(ValueError("boom")), "ValueError: boom"),
        (raising(SystemExit(3)), "SystemExit: 3"),
        (raising(BaseException("base")), "BaseException: base"),
        (raising(ExceptionGroup("two", [ValueError("a"), TypeError("b")])), "ExceptionGroup"),
        (recursion, "RecursionError"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (st.stop, "it stopped before it was complete"),
        (lambda: st.text(undefined_name), "NameError"),  # noqa: F821
    ],
    ids=["error", "exit", "base", "group", "recursion", "zero", "stop", "name"],
)
def test_a_fault_is_shown_in_its_tab_with_an_id_that_is_in_the_log(draw, caplog, render, shown):
    at = draw(render)
    [error] = at.error
    assert shown in error.value
    [fault] = error_log.recent()
    assert f"`{fault.id}`" in error.value
    [record] = caplog.records
    assert fault.id in record.getMessage()
    assert "Traceback" in record.getMessage()


def test_what_a_tab_drew_before_it_failed_stays(draw):
    assert draw(raising(ValueError("boom"))).text[0].value == "before"


def test_the_other_tab_is_whole(draw):
    at = draw(raising(ValueError("boom")), tab="Sound")
    assert [element.value for element in at.text] == ["sound"]
    assert not at.error


def test_a_tab_that_cannot_be_imported_is_said_so(draw, monkeypatch, tmp_path):
    (tmp_path / "unimportable_tab.py").write_text("def render(:\n")
    monkeypatch.syspath_prepend(tmp_path)

    def render():
        import unimportable_tab  # noqa: F401

    assert "SyntaxError" in draw(render).error[0].value


def test_a_rerun_is_no_fault(draw):
    def render():
        if "again" not in st.session_state:
            st.session_state["again"] = True
            st.rerun()
        st.text("second run")

    at = draw(render)
    assert at.text[0].value == "second run"
    assert not at.error
    assert error_log.recent() == []


def test_a_text_for_operators_is_shown_as_it_was_written(draw):
    at = draw(raising(DatabaseUnavailableError("The database sleeps")))
    assert "**The database sleeps**" in at.error[0].value
    assert "DatabaseUnavailableError" not in at.error[0].value


def test_an_error_s_text_cannot_format_or_load_anything(draw):
    at = draw(raising(ValueError("![x](http://evil.example/p.png) `a` $b$ :red[c]")))
    assert r"!\[x\](http://" in at.error[0].value


def test_a_fault_that_comes_back_keeps_its_id_and_is_counted(draw, caplog):
    draw(raising(ValueError("boom")))
    draw(raising(ValueError("boom")))
    [fault] = error_log.recent()
    assert fault.count == 2
    assert [("Traceback" in record.getMessage()) for record in caplog.records] == [True, False]


def test_a_fault_outside_the_tabs_leaves_the_tabs_alone(draw, monkeypatch):
    monkeypatch.setattr("streamlit_pages.panel.draw_sidebar", lambda: 1 / 0)
    monkeypatch.setenv("AICMO_MOCK_MODE", "maybe")
    at = draw(lambda: st.text("drawn"))
    assert at.text[0].value == "drawn"
    assert [fault.where for fault in error_log.recent()] == ["Sidebar", "Banner"]
    assert "AICMO_MOCK_MODE" in at.error[0].value
