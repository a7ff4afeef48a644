"""What a tab may do wrong, and how little it takes with it."""

import logging
import sys
import types

import pytest
from streamlit.testing.v1 import AppTest

import streamlit as st
from aicmo.core.errors import DatabaseUnavailableError
from streamlit_pages import aicmo_operator, error_log, panel, shell


def two_tabs():
    from streamlit_pages.shell import Tab, draw_page

    draw_page(
        [Tab("Faulty", "faulty_tab"), Tab("Sound", "sound_tab")], marker="M", entry="entry.py"
    )


def whole_page():
    from streamlit_pages import aicmo_operator

    aicmo_operator.main()


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


class UnreadableError(Exception):
    def __str__(self):
        raise ValueError("no text")


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
        (raising(UnreadableError()), "UnreadableError: its text cannot be read (ValueError)"),
        (raising(OSError("caf\udce9.csv")), "OSError: caf?.csv"),
        (raising(ImportError("no such part")), "ImportError: no such part"),
    ],
    ids=[
        "error",
        "exit",
        "base",
        "group",
        "recursion",
        "zero",
        "stop",
        "name",
        "unreadable",
        "half a character",
        "import",
    ],
)
def test_a_fault_is_shown_in_its_tab_with_an_id_that_is_in_the_log_and_in_diagnostics(
    draw, caplog, open_tab, words, render, shown
):
    at = draw(render)
    [error] = at.error
    assert shown in error.value
    [fault] = error_log.recent()
    assert f"`{fault.id}`" in error.value
    [record] = caplog.records
    assert fault.id in record.getMessage()
    assert "Traceback" in record.getMessage()
    assert f"`{fault.id}` **Faulty**" in words(open_tab("Diagnostics"))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (None, "ModuleNotFoundError: No module named 'tab_to_import'"),
        ("raise RuntimeError('half loaded')", "RuntimeError: half loaded"),
        ("raise SystemExit('not today')", "SystemExit: not today"),
        ("def render(:", "SyntaxError"),
        ("import streamlit\nstreamlit.stop()", "it stopped before it was complete"),
        ("", "AttributeError"),
    ],
    ids=["absent", "error", "exit", "syntax", "stop", "no render"],
)
def test_a_tab_whose_module_cannot_be_loaded_is_said_so_and_found_again(
    caplog, monkeypatch, tmp_path, open_tab, words, source, shown
):
    if source is not None:
        (tmp_path / "tab_to_import.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "tab_to_import", raising=False)
    tabs = list(aicmo_operator.TABS)
    tabs[5] = shell.Tab("Strategy", "tab_to_import")
    monkeypatch.setattr(aicmo_operator, "TABS", tuple(tabs))
    at = AppTest.from_function(whole_page, default_timeout=60)
    at.session_state["tab"] = "Strategy"
    at.run()
    [error] = at.error
    assert shown in error.value
    [fault] = error_log.recent()
    assert f"`{fault.id}`" in error.value
    assert f"{fault.id} in Strategy" in caplog.text
    assert f"`{fault.id}` **Strategy**" in words(open_tab("Diagnostics"))


def test_what_a_tab_drew_before_it_failed_stays(draw):
    assert draw(raising(ValueError("boom"))).text[0].value == "before"


def test_the_other_tab_is_whole(draw):
    at = draw(raising(ValueError("boom")), tab="Sound")
    assert [element.value for element in at.text] == ["sound"]
    assert not at.error


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


def test_a_fault_outside_the_tabs_leaves_the_tabs_alone(draw, caplog, monkeypatch, open_tab, words):
    monkeypatch.setattr("streamlit_pages.panel.draw_sidebar", lambda: 1 / 0)
    monkeypatch.setenv("AICMO_MOCK_MODE", "maybe")
    at = draw(lambda: st.text("drawn"))
    assert at.text[0].value == "drawn"
    faults = error_log.recent()
    assert [fault.where for fault in faults] == ["Sidebar", "Banner"]
    assert "AICMO_MOCK_MODE" in at.error[0].value
    diagnostics = words(open_tab("Diagnostics"))
    for fault in faults:
        assert f"{fault.id} in {fault.where}" in caplog.text
        assert f"`{fault.id}` **{fault.where}**" in diagnostics


def test_diagnostics_stands_when_the_domain_cannot_be_loaded(monkeypatch, open_tab, words):
    monkeypatch.setitem(sys.modules, "aicmo.operator_services", None)
    monkeypatch.delitem(sys.modules, "streamlit_pages.ui", raising=False)
    monkeypatch.setattr(shell, "_load", lambda: 1 / 0)
    at = open_tab("Diagnostics")
    [fault] = [fault for fault in error_log.recent() if fault.where == "Page"]
    assert f"`{fault.id}`" in at.error[0].value
    shown = words(at)
    assert f"`{fault.id}` **Page**" in shown
    assert "**Build marker:** `AICMO_DASH_V2_2025_12_16`" in shown
    assert "**Service aicmo.operator_services:** `unavailable: ModuleNotFoundError" in shown


def test_a_fault_of_diagnostics_itself_is_shown_there_with_an_id_that_is_in_the_log(
    caplog, monkeypatch, open_tab
):
    monkeypatch.setattr(panel, "current_facts", lambda: 1 / 0)
    at = open_tab("Diagnostics")
    faults = {fault.where: fault.id for fault in error_log.recent()}
    assert set(faults) == {"Diagnostics", "Sidebar"}
    shown = [error.value for error in at.error]
    for where, found in faults.items():
        assert any(f"`{found}`" in text for text in shown), where
        assert f"{found} in {where}" in caplog.text
    assert f"`{faults['Diagnostics']}`" in at.main.error[0].value
