"""Faults are planted in any tab of a page that knows nothing of it, and nowhere else."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import pytest

from tests.verify.probes.conftest import OLDER
from verify.probes import faults, ready
from verify.probes.opener import Opener
from verify.probes.server import serve
from verify.probes.subject import open_subject

PYTHON = Path(__file__).parents[3] / ".venv/bin/python"
PATIENCE = 60.0

LAZY = """
    import streamlit as st

    st.title("Before")
    one, two, three = st.tabs(["One", "Two", "Three"], on_change="rerun", key="open")
    if one.open:
        with one:
            st.write("in one")
    if two.open:
        try:
            with two:
                import part
                part.draw()
        except BaseException as error:
            two.write(f"caught {type(error).__name__}: {error}")
    if three.open:
        left, right = three.columns(2)
        with right, st.container():
            st.write("in three")
    import part
    st.write("after", part.NAME)
"""

PART = """
    import streamlit as st
    NAME = "part"
    def draw():
        st.write("in two")
        st.write("still in two")
"""


@pytest.fixture
def planted(tmp_path):
    """Serve an app with faults: `planted(files, *missing)` gives the servers, all answering."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(files, *missing):
            root = tmp_path / "tree"
            for name, code in files.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(dedent(code))
            subject = open_subject(root, str(PYTHON), {}, tmp_path)
            grove = stack.enter_context(subject.serve_planted("page.py", missing or [("", "")]))
            for url in grove.urls:
                ready.first_page(
                    url, what="page", ended=grove.ended, log=grove.log, deadline=PATIENCE
                )
            return grove

        yield start


def see(grove, tab, fault=None, seconds=PATIENCE, server=0):
    """Open one tab with one fault; return what it shows, and all that is drawn outside of tabs."""
    with Opener(grove.urls[server], seconds) as opener:
        opener.run({})
        widget = opener.tabs[tab]
        opener.run({widget: tab} if widget else {}, fault)
        outside = opener._talk.drawing.elements("main", tabs=False)
        return opener.shown(tab), [element.text for element in outside]


def test_a_page_nobody_asked_to_break_is_as_it_always_is(planted):
    grove = planted({"page.py": LAZY, "part.py": PART})
    shown, outside = see(grove, "Two")
    assert shown.texts == "in two\nstill in two"
    assert (shown.how, outside, shown.exceptions) == ("success", ["Before", "after part"], ())
    assert faults.strikes(grove.log()) == {}


def test_each_kind_strikes_the_first_drawing_inside_of_its_tab_and_only_there(planted):
    grove = planted({"page.py": LAZY, "part.py": PART})
    said = {kind: see(grove, "Two", (kind, "Two"))[0].texts for kind in ("exception", "exit")}
    assert said["exception"] == "caught RuntimeError: planted by verify in Two: it is broken"
    assert said["exit"] == "caught SystemExit: 1"
    assert set(faults.strikes(grove.log())) == {("exception", "Two"), ("exit", "Two")}
    other, outside = see(grove, "One", ("exception", "Two"))
    assert (other.texts, outside) == ("in one", ["Before", "after part"])


def test_a_module_that_is_loaded_already_cannot_be_imported_inside_of_its_tab(planted):
    grove = planted({"page.py": LAZY, "part.py": PART})
    shown, outside = see(grove, "Two", ("import", "Two"))
    assert shown.texts == "caught ImportError: planted by verify in Two: part cannot be imported"
    assert outside == ["Before", "after part"]  # the same import below the tabs


def test_a_tab_that_imports_nothing_gets_its_import_error_where_it_draws(planted):
    grove = planted({"page.py": LAZY, "part.py": PART})
    shown, outside = see(grove, "One", ("import", "One"))
    assert shown.texts == ""
    assert outside[-1] == "ImportError: planted by verify in One: it cannot be imported"


def test_an_optional_module_is_passed_over(tmp_path):
    (tmp_path / "page.py").write_text(dedent(LAZY))
    (tmp_path / "part.py").write_text(dedent(PART))
    subject = open_subject(tmp_path, str(PYTHON), {}, tmp_path)
    with subject.serve_planted("page.py", [("", "")], ["part"]) as grove:
        ready.first_page(
            grove.urls[0], what="page", ended=grove.ended, log=grove.log, deadline=PATIENCE
        )
        shown, _ = see(grove, "Two", ("import", "Two"))
    assert shown.texts == "caught ImportError: planted by verify in Two: it cannot be imported"


def test_a_deployment_cannot_be_asked_for_a_fault(tmp_path):
    (tmp_path / "page.py").write_text(dedent(LAZY))
    (tmp_path / "part.py").write_text(dedent(PART))
    subject = open_subject(tmp_path, str(PYTHON), {}, tmp_path)
    with serve(str(PYTHON), "page.py", cwd=tmp_path, env=subject.env, deadline=PATIENCE) as server:
        grove = SimpleNamespace(urls=[server.url])
        for kind in ("exception", "exit", "stop", "import", "slow"):
            shown, outside = see(grove, "Two", (kind, "Two"))
            assert (shown.how, shown.texts) == ("success", "in two\nstill in two")
            assert outside == ["Before", "after part"]


@pytest.mark.parametrize("version", OLDER)
def test_older_versions_of_streamlit_are_broken_the_same_way(version, tmp_path, older_streamlit):
    python = older_streamlit(version)
    page = """
        import streamlit as st
        for name, tab in zip(("One", "Two"), st.tabs(["One", "Two"])):
            try:
                with tab:
                    import part
                    with st.columns(2)[1]:
                        st.write(f"in {name}")
            except BaseException as error:
                tab.write(f"caught {type(error).__name__}")
    """
    (tmp_path / "page.py").write_text(dedent(page))
    (tmp_path / "part.py").write_text("")
    subject = open_subject(tmp_path, python, {}, tmp_path)
    with subject.serve_planted("page.py", faults.servers("")) as grove:
        come = partial(
            ready.first_page, what="page", ended=grove.ended, log=grove.log, deadline=PATIENCE
        )
        tour = faults.Tour(("One", "Two"), "", 10.0, PATIENCE)
        seen = faults.look(grove.urls, tour, come=come, log=grove.log)
    shown = {
        (one.kind, one.tab): [one.faulty.texts, *(other.texts for other in one.beside)]
        for look in seen.looks
        for one in look.planted
    }
    for kind, error in (("exception", "RuntimeError"), ("exit", "SystemExit")):
        assert shown[kind, "One"] == [f"caught {error}", "in Two"]
        assert shown[kind, "Two"] == [f"caught {error}", "in One"]
    assert shown["import", "Two"] == ["caught ImportError", "in One"]
    assert shown["stop", "Two"] == shown["slow", "Two"] == ["", "in One"]
    assert shown["stop", "One"] == shown["slow", "One"] == ["", ""]


def test_columns_and_containers_inside_of_a_tab_belong_to_it(planted):
    grove = planted({"page.py": LAZY, "part.py": PART})
    shown, outside = see(grove, "Three", ("exception", "Three"))
    assert shown.texts == ""
    assert outside == ["Before", "RuntimeError: planted by verify in Three: it is broken"]


def test_stop_ends_the_page_where_nothing_keeps_it(planted):
    grove = planted({"page.py": LAZY, "part.py": PART})
    shown, outside = see(grove, "One", ("stop", "One"))
    assert (shown.how, shown.texts, outside) == ("success", "", ["Before"])


def test_a_slow_call_does_not_come_back_and_other_visitors_do_not_wait(planted, until):
    grove = planted({"page.py": LAZY, "part.py": PART})
    with Opener(grove.urls[0], 1.0) as opener:
        opener.run({}, ("slow", "One"))
        until(lambda: ("slow", "One") in faults.strikes(grove.log()))
        assert opener.shown("One").how == "still running after 1 s"
    assert see(grove, "One")[0].texts == "in one"


def test_tabs_inside_of_a_tab_are_part_of_it_whatever_their_labels(planted):
    page = """
        import streamlit as st
        outer, other = st.tabs(["Outer", "Other"])
        with outer:
            inner, = st.tabs(["Other"])
            inner.write("inside")
        other.write("beside")
    """
    grove = planted({"page.py": page})
    shown, _ = see(grove, "Other", ("exception", "Other"))
    assert shown.exceptions[0].text == "RuntimeError: planted by verify in Other: it is broken"
    with Opener(grove.urls[0], PATIENCE) as opener:
        opener.run({}, ("exception", "Other"))
        assert opener.shown("Outer").texts.splitlines()[-1] == "inside"


def test_a_module_is_taken_away_with_all_below_it_or_raises_and_no_file_is_touched(planted):
    page = """
        import importlib
        import streamlit as st
        for name in ("shop.parts.wheel", "shop.parts", "shop"):
            try:
                importlib.import_module(name)
                st.write(f"{name}: there")
            except Exception as error:
                st.write(f"{name}: {type(error).__name__}: {error}")
        st.write(str(importlib.util.find_spec("shop").name))
        tab, = st.tabs(["Tab"])
        tab.write("drawn")
    """
    files = {
        "page.py": page,
        "shop/__init__.py": "",
        "shop/parts/__init__.py": "",
        "shop/parts/wheel.py": "",
    }
    grove = planted(files, ("shop.parts", "absent"), ("shop.parts", "raises"), ("", ""))
    _, absent = see(grove, "Tab", server=0)
    _, raises = see(grove, "Tab", server=1)
    _, there = see(grove, "Tab", server=2)
    missing = "ModuleNotFoundError: No module named 'shop.parts'"
    assert absent == [
        f"shop.parts.wheel: {missing}",
        f"shop.parts: {missing}",
        "shop: there",
        "shop",
    ]
    broken = "RuntimeError: planted by verify: shop.parts raises when it is imported"
    assert raises[:3] == [f"shop.parts.wheel: {broken}", f"shop.parts: {broken}", "shop: there"]
    assert [line.rpartition(": ")[2] for line in there[:3]] == ["there"] * 3


def test_all_servers_are_gone_when_the_look_is_over(tmp_path):
    (tmp_path / "page.py").write_text("import streamlit as st\nst.tabs(['A'])[0].write('a')\n")
    subject = open_subject(tmp_path, str(PYTHON), {}, tmp_path)
    with subject.serve_planted("page.py", [("", ""), ("", "")]) as grove:
        for url in grove.urls:
            ready.first_page(url, what="page", ended=grove.ended, log=grove.log, deadline=PATIENCE)
        leader = grove.process.pid
        children = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
        assert len(children) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in (leader, *children))


def test_a_page_that_does_not_start_is_told_as_the_fault_of_the_project(tmp_path):
    from verify.errors import SubjectBroken

    subject = open_subject(tmp_path, str(PYTHON), {}, tmp_path)
    with (
        subject.serve_planted("gone.py", [("", "")]) as grove,
        pytest.raises(SubjectBroken) as broken,
    ):
        ready.first_page(
            grove.urls[0], what="page", ended=grove.ended, log=grove.log, deadline=PATIENCE
        )
    assert "gone.py" in broken.value.log
