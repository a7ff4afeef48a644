"""What a whole look at a page with faults sees, and how the gates judge it: real small pages."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from verify.errors import CouldNotCheck, NotDeclared, SubjectBroken
from verify.fixtures.faults import look_here
from verify.gates import campaign_ops, isolation
from verify.manifest import load
from verify.probes.subject import open_subject

PYTHON = Path(__file__).parents[3] / ".venv/bin/python"

MANIFEST = """
    [dashboard]
    entry = "page.py"
    marker = "M1"
    tabs = ["One", "Two", "Three"]
    fault_text = "Fault"
"""

UNDECLARED = MANIFEST.replace('fault_text = "Fault"', "")

BOUNDED = """
    [dashboard]
    entry = "page.py"
    marker = "M1"
    tabs = ["One", "Two", "Three"]
    fault_text = "Fault"
    sentinel = "data-end"
    [diagnostics]
    tab = "Three"
    service = "Service {}"
    [campaign_ops]
    module = "extra"
    tab = "Two"
    text = "no extra"
"""

EAGER = """
    import streamlit as st
    for tab in st.tabs(["One", "Two", "Three"]):
        with tab:
            st.write("first")
            st.write("second")
"""

SAFE = """
    import secrets, sys
    import streamlit as st
    from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
    import store

    def guarded(label, draw):
        try:
            with tab:
                draw()
        except BaseException as error:
            requests = st.runtime.scriptrunner.get_script_run_ctx().script_requests
            requests._state = ScriptRequestType.CONTINUE
            known = "F-" + secrets.token_hex(4)
            store.FAULTS.append(known)
            print(known, label, repr(error), file=sys.stderr, flush=True)
            tab.error(f"Fault `{known}`: {error}")

    def two():
        try:
            import extra
        except Exception as error:
            st.write("no extra")
            st.write(f"extra: {type(error).__name__}")
        else:
            st.button("go")

    def three():
        try:
            import extra
            state = "available"
        except Exception:
            state = "unavailable"
        st.write(f"Service extra: {state}")
        st.write(" ".join(store.FAULTS) or "none")

    DRAW = {"One": lambda: st.write("one"), "Two": two, "Three": three}
    for label, tab in zip(DRAW, st.tabs(list(DRAW), on_change="rerun", key="open")):
        if tab.open:
            guarded(label, DRAW[label])
    st.html("<span data-end hidden></span>")
"""


@pytest.fixture
def look(tmp_path):
    """Look at an app with faults: `look(manifest, files)`; gives the faults and the manifest."""

    def take(manifest, **files):
        root = tmp_path / "tree"
        root.mkdir()
        (root / "verify.toml").write_text(dedent(manifest))
        for name, code in files.items():
            (root / f"{name}.py").write_text(dedent(code))
        declared = load(root)
        return look_here(open_subject(root, str(PYTHON), {}, tmp_path), declared), declared

    return take


def findings(observations):
    return {one.subject: str(one.got) for one in observations if not one.ok}


def facts(error=""):
    return {"imports": [{"module": "extra", "error": error}]}


def test_a_page_that_keeps_its_faults_in_their_tabs_is_sound(look):
    files = {"page": SAFE, "store": "FAULTS = []\n", "extra": ""}
    faults, manifest = look(BOUNDED, **files)
    judged = list(isolation.gate_local(faults, manifest))
    assert findings(judged) == {}
    assert findings(campaign_ops.gate_local(faults, facts(), manifest)) == {}
    subjects = {one.subject for one in judged}
    for tab, others in (("One", ("Two", "Three")), ("Two", ("One",)), ("Three", ("One", "Two"))):
        for other in others:
            assert f"an exception in {tab}: tab {other}" in subjects
            assert f"a call that never returns in {tab}: tab {other}" in subjects
        for kind in ("an exception", "sys.exit(1)", "st.stop()", "an import error"):
            assert f"{kind} in {tab}: its id in the log" in subjects
            assert f"{kind} in {tab}: its id in tab Three" in subjects
    assert not (Path(manifest.root) / "__pycache__").exists()


def test_what_goes_down_with_a_tab_is_named(look):
    faults, manifest = look(MANIFEST, page=EAGER)
    found = findings(isolation.gate_local(faults, manifest))
    assert found["an exception in One: tab Two"] == "empty"
    assert found["an exception in One: tab Three"] == "empty"
    assert "an exception in Two: tab One" not in found
    assert found["an exception in Two: tab Three"] == "empty"
    assert "an exception in Three: tab One" not in found
    assert found["st.stop() in Two: tab Three"] == "empty"
    assert found["sys.exit(1) in Two: its own run"].startswith("still running")
    assert found["a call that never returns in Two: tab Three"] == "empty"
    assert "a call that never returns in Two: tab One" not in found
    assert not [subject for subject in found if subject.startswith(("with no fault", "after"))]
    with pytest.raises(NotDeclared):
        list(campaign_ops.gate_local(faults, facts(), manifest))


def test_a_page_that_promises_no_boundary_is_not_asked_for_one(look):
    with pytest.raises(NotDeclared, match="declares no"):
        look(UNDECLARED, page=EAGER)


def test_a_fault_that_is_swallowed_is_a_finding(look):
    page = SAFE.replace('tab.error(f"Fault `{known}`: {error}")', "tab.write('one moment')")
    faults, manifest = look(BOUNDED, page=page, store="FAULTS = []\n", extra="")
    found = findings(isolation.gate_local(faults, manifest))
    assert found["an exception in Two: what its tab shows"] == "one moment"
    assert not [subject for subject in found if ": tab " in subject]


def test_an_id_that_leads_nowhere_is_a_finding(look):
    page = SAFE.replace("print(known,", "print(").replace("store.FAULTS.append(known)", "pass")
    faults, manifest = look(BOUNDED, page=page, store="FAULTS = []\n", extra="")
    found = findings(isolation.gate_local(faults, manifest))
    assert found["an import error in Two: its id in the log"] == "not in the log"
    assert found["an import error in Two: its id in tab Three"] == "not in tab Three"


def test_a_tab_that_is_silent_without_its_module_is_a_finding(look):
    page = SAFE.replace('st.write("no extra")', "").replace('"unavailable"', '"available"')
    page = page.replace('st.write(f"extra: {type(error).__name__}")', 'st.write("later")')
    faults, manifest = look(BOUNDED, page=page, store="FAULTS = []\n", extra="")
    assert findings(campaign_ops.gate_local(faults, facts(), manifest)) == {
        "without the module: what Two says": "later",
        "without the module: why, in Two": "later",
        "without the module: Service extra in Three": "available",
        "with a module that raises: what Two says": "later",
        "with a module that raises: why, in Two": "later",
        "with a module that raises: Service extra in Three": "available",
    }


def test_a_module_that_is_not_installed_at_all_has_no_control(look):
    faults, manifest = look(BOUNDED, page=SAFE, store="FAULTS = []\n")
    assert findings(campaign_ops.gate_local(faults, facts("ModuleNotFoundError"), manifest)) == {}
    assert findings(campaign_ops.gate_local(faults, facts(), manifest)) == {
        "with the module: tab Two": "no extra",
        "with the module: metrics and controls in Two": "0",
        "with the module: Service extra in Three": "unavailable",
    }


def test_a_fault_that_ends_the_server_is_the_fault_of_the_project(look):
    page = SAFE.replace("known = ", "import os; os._exit(3); known = ")
    with pytest.raises(SubjectBroken) as broken:
        look(BOUNDED, page=page, store="FAULTS = []\n", extra="")
    assert (broken.value.expected, broken.value.got) == ("goes on serving", "exit code 3")


def test_a_fault_that_cannot_be_planted_is_no_finding_and_no_pass(look):
    page = SAFE.replace("if tab.open:", "if tab.open and not st.query_params:")
    with pytest.raises(CouldNotCheck, match="no fault could be planted"):
        look(BOUNDED, page=page, store="FAULTS = []\n", extra="")


def test_a_page_that_hides_all_tabs_after_a_fault_is_a_finding(look):
    hides = "    if store.FAULTS:\n        st.stop()\n    for label, tab in"
    page = SAFE.replace("    for label, tab in", hides)
    faults, manifest = look(BOUNDED, page=page, store="FAULTS = []\n", extra="")
    found = findings(isolation.gate_local(faults, manifest))
    gone = [got for subject, got in found.items() if subject.endswith(": tabs that are gone")]
    assert "One, Two, Three" in gone


def test_the_look_is_over_when_the_project_does_not_start(tmp_path):
    (tmp_path / "verify.toml").write_text(dedent(MANIFEST))
    (tmp_path / "page.py").write_text("")
    manifest = load(tmp_path)
    (tmp_path / "page.py").unlink()
    with pytest.raises(SubjectBroken):
        look_here(open_subject(tmp_path, str(PYTHON), {}, tmp_path), manifest)
