"""Which image is the way back, who keeps it, and what the gate says of it."""

import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from verify import session
from verify.errors import CouldNotCheck
from verify.gates import rollback
from verify.manifest import load
from verify.model import Cell, ImageRef, ManifestRef, Outcome, Report, Stage, Subject
from verify.probes.previous import Files, WayBack
from verify.probes.protocol.elements import Element
from verify.probes.protocol.page import Page, Tab
from verify.probes.reviewed import Labelled


def inspected(name: str, what: str = "{{.Id}}") -> str:
    done = subprocess.run(
        ["docker", "inspect", "--format", what, name], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def tag_of(project) -> str:
    return load(project.root).image.tag


@pytest.mark.docker
def test_a_whole_run_keeps_what_it_verified_and_the_next_image_can_go_back_to_it(copy):
    commit, tag = copy.commit(), tag_of(copy)
    some = ("--stage", "image", "--stage", "container")
    none = copy.cell("rollback", "container")
    assert (none["outcome"], none["verdict"]) == ("SKIP", "inconclusive")
    assert "there is no way back yet" in none["reason"]
    assert inspected(f"{tag}-verified") == ""  # one gate has not verified the image

    whole = copy.verify("run", *some, "--json")
    assert whole.exit == 0, [c for c in whole.report["cells"] if c["outcome"] != "PASS"]
    first = whole.report["image"]["id"]
    assert inspected(f"{tag}-verified") == first
    assert any(f"kept as {tag}-verified" in note for note in whole.report["notes"])

    copy.write("guards/more.py", '"""More."""\n')
    copy.commit()
    back = copy.cell("rollback", "container")
    assert (back["outcome"], back["exit"]) == ("PASS", 0)
    assert inspected(tag) != first
    label = '{{index .Config.Labels "org.opencontainers.image.revision"}}'
    assert inspected(f"{tag}-verified", label) == commit


@pytest.mark.docker
def test_an_image_that_was_given_and_is_not_here_is_a_finding(copy):
    copy.commit()
    some = ("--gate", "rollback", "--stage", "container")
    ran = copy.verify("run", *some, "--previous", "verify-test-nothing:x", "--json")
    (cell,) = [c for c in ran.report["cells"] if c["outcome"] != "SKIP"]
    assert (cell["outcome"], ran.exit) == ("FAIL", 1)
    assert cell["findings"][0]["got"] == "there is no image verify-test-nothing:x here"

    own = tag_of(copy)
    ran = copy.verify("run", *some, "--previous", own, "--json")
    (cell,) = [c for c in ran.report["cells"] if c["outcome"] != "SKIP"]
    assert cell["findings"][0]["subject"] == "the image to go back to, its id"


def report(outcome=Outcome.PASS) -> Report:
    cells = (Cell("image", Stage.IMAGE, outcome), Cell("log", Stage.CONTAINER, Outcome.PASS))
    return Report(Subject("."), ManifestRef("verify.toml", ""), cells)


@pytest.mark.parametrize(
    ("stages", "gates", "outcome", "whole"),
    [
        ((), (), Outcome.PASS, True),
        ((Stage.IMAGE, Stage.CONTAINER), (), Outcome.PASS, True),
        ((Stage.IMAGE,), (), Outcome.PASS, False),
        ((Stage.SOURCE, Stage.LOCAL), (), Outcome.PASS, False),
        ((), ("image", "log"), Outcome.PASS, False),
        ((), (), Outcome.FAIL, False),
        ((), (), Outcome.ERROR, False),
    ],
)
def test_only_a_run_over_all_of_an_image_makes_it_a_way_back(
    tmp_path, stages, gates, outcome, whole
):
    options = session.Options(root=tmp_path, stages=stages, gates=gates)
    assert session._whole(report(outcome), options) is whole


ID, OTHER = "sha256:1", "sha256:2"


@pytest.fixture
def seen():
    """A way back of which nothing is wrong, and what it is held against."""
    marker = Element("markdown", "**Build marker:** `OLD`")
    tab = Tab("Its own", elements=(Element("text", "x"),), how="success", opened=True)
    page = Page(
        url="http://127.0.0.1:1",
        main_script="/app/page.py",
        streamlit="1",
        python="3",
        pages=("page",),
        page_paths=("",),
        tabs=(tab,),
        main=(),
        sidebar=(marker,),
        exceptions=(),
        complete=True,
        how="success",
        runs=1,
        bytes=1,
        connect_seconds=0.1,
        first_message_seconds=0.1,
        complete_seconds=0.1,
    )
    files = Files(Labelled("a" * 40, commit="a" * 40), compared=3)
    image = SimpleNamespace(ref=ImageRef(ID, "x:y-verified", config_digest=ID))
    return WayBack("x:y-verified", image, page, 1.0, "OLD", "", files, 0, 0.5)


def judged(seen, root):
    image = SimpleNamespace(ref=ImageRef(OTHER, "x:y"))
    return list(rollback.gate_container(seen, image, load(root)))


def test_its_tabs_and_its_marker_are_its_own(seen, request):
    found = judged(seen, request.config.rootpath)
    assert all(one.ok for one in found)
    assert f"config digest {ID}; its label says revision {'a' * 40}" in found[0].message
    assert found[1].expected == "OLD"


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"exit_code": None}, "its exit code"),
        ({"exit_code": 137}, "its exit code"),
        ({"ended": 99.0}, "from SIGTERM to its end"),
        ({"marker": "NEW"}, "Build marker in the sidebar"),
        ({"marker": None, "why": "ImportError: x"}, "what BUILD_MARKER in its own entry says"),
    ],
)
def test_what_is_wrong_with_it_is_told(seen, request, change, subject):
    found = judged(replace(seen, **change), request.config.rootpath)
    assert [one.subject for one in found if not one.ok] == [f"the image to go back to, {subject}"]


def test_a_tab_that_was_not_opened_is_no_pass(seen, request):
    closed = replace(seen.page.tabs[0], opened=False, how="no time")
    unopened = replace(seen, page=replace(seen.page, tabs=(closed,)))
    with pytest.raises(CouldNotCheck, match="Its own"):
        judged(unopened, request.config.rootpath)
    # What is wrong with it counts more than what was not seen.
    assert not all(
        one.ok for one in judged(replace(unopened, exit_code=1), request.config.rootpath)
    )


def test_an_image_of_an_unknown_commit_is_not_held_against_another(seen, request):
    files = Files(Labelled("", why="it does not say"), why="it does not say")
    found = judged(replace(seen, files=files), request.config.rootpath)
    assert all(one.ok for one in found)
    assert "no label says its revision" in found[0].message
    assert "its files are held against no commit: it does not say" in found[0].message
    assert not any("its files" in one.subject for one in found)
