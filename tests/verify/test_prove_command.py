"""`verify prove`, held against a tiny project: its ends, its table, and what it remembers."""

import hashlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

FAMILY = '''
"""A family of these tests."""

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting.defect import CannotPlant, Sign, defect


@defect("marker", Stage.SOURCE)
def another_marker(tree):
    """The marker is another one."""
    tree.replace(tree.entry, '"M1"', '"M2"')
    return Sign("M2", tree.entry)


@defect("mine", Stage.SOURCE)
def nobody_to_call(tree):
    """Nobody is named."""
    tree.remove("contact.txt")
    return Sign("nobody", "contact.txt")


@defect("tabs", Stage.SOURCE)
def only_a_comment(tree):
    """A comment in the entry file is another one."""
    tree.append(tree.entry, "# three tabs")
    return Sign("three tabs")


@defect("tabs", Stage.SOURCE)
def text_that_is_not_there(tree):
    """A text is another one."""
    tree.replace(tree.entry, "nowhere", "somewhere")
    return Sign()


@defect("mock", Stage.SOURCE)
def no_banner(tree):
    """The banner is gone."""
    raise NotDeclared("verify.toml declares no [mock]")


@defect("tabs", Stage.SOURCE)
def planting_that_breaks(tree):
    """What plants it breaks."""
    raise RuntimeError("the plan was \\x1b[31mbad")


@defect("tabs", Stage.SOURCE)
def planting_that_hangs(tree):
    """What plants it never comes back."""
    import time

    time.sleep(600)
'''

MINE = '''"""Somebody is named.

Why: at night.
Fix: write a name into contact.txt.
"""
from verify.model import Observation


def gate_source(source):
    text = source.text("contact.txt") if "contact.txt" in source.files else "nobody"
    yield Observation("who to call", "Dana", text.strip(), "contact.txt")
'''


@pytest.fixture
def planting(tiny, tmp_path):
    """The tiny project, and the command with a catalogue of these tests' own."""
    tiny.write("own/mine.py", MINE)
    tiny.write("contact.txt", "Dana\n")
    families, site = tmp_path / "families", tmp_path / "site"
    temporary = tmp_path / "tmp"
    for folder in (families, site, temporary):
        folder.mkdir()
    (families / "family.py").write_text(FAMILY)
    (site / "sitecustomize.py").write_text(
        "try:\n    import verify.sabotage\nexcept ImportError:\n    pass\nelse:\n"
        f"    verify.sabotage.__path__[:] = [{str(families)!r}]\n"
    )
    return Planting(tiny, families / "family.py", temporary, tmp_path / "cache", site)


class Planting:
    def __init__(self, project, family, temporary, cache, site):
        self.project, self.family, self.temporary = project, family, temporary
        self.cache = cache
        self.env = {
            "PYTHONPATH": str(site),
            "XDG_CACHE_HOME": str(cache),
            "TMPDIR": str(temporary),
        }

    def prove(self, *defects, options=()):
        wanted = [part for name in defects for part in ("--defect", name)]
        ran = self.project.verify("prove", *wanted, *options, env=self.env)
        assert list(self.temporary.iterdir()) == [], ran.err
        return ran

    def list(self, *options):
        return self.project.verify("list", *options, env=self.env)

    def defects(self):
        gates = json.loads(self.list("--json").out)["gates"]
        return {one["defect"]: one for gate in gates for one in gate["defects"]}

    def record(self):
        (file,) = (self.cache / "verify/proven").glob("*.json")
        return file


def test_a_killed_defect_is_told_in_one_row_and_remembered(planting):
    before = planting.list()
    assert "  seen red by:\n    source     another-marker\n" in before.out

    ran = planting.prove("another-marker")
    assert ran.exit == 0, ran.out + ran.err
    assert re.fullmatch(
        r" gate    defect, time in s  source\n"
        r" marker  another-marker     ✔ [\d.]+\n"
        r"\n"
        r"✔ clean copy: its one cell is green, no git checkout\n"
        r"proved: 1 of 1 defects killed, [\d.]+ s, \d+ jobs?\n",
        ran.out,
    )
    assert "1 defect, " in ran.err
    assert "[1/1] 1 killed" in ran.err

    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert f"    source     ✔ {today}: another-marker\n" in planting.list().out
    assert "- not tried: nobody-to-call" in planting.list().out


def test_json_has_every_attempt_and_is_silent_besides(planting):
    ran = planting.prove("another-marker", "only-a-comment", "no-banner", options=["--json"])
    assert ran.exit == 1
    assert ran.err == ""
    said = ran.report
    assert said["schema"] == "verify.proof/v1"
    assert said["verdict"] == "failed"
    assert said["subject"]["root"] == str(planting.project.root)
    assert said["manifest"]["path"] == "verify.toml"
    assert said["counts"] == {
        "survived": 1,
        "not planted": 0,
        "undecided": 0,
        "killed": 1,
        "not here": 1,
    }
    killed, survived, not_here = said["attempts"]
    assert killed["fate"] == "killed"
    assert killed["sign"] == "'M2', in page.py"
    assert killed["changed"] == ["page.py"]
    assert killed["outcome"] == killed["wanted"] == "FAIL"
    assert survived["sentence"] == "A comment in the entry file is another one."
    assert (survived["outcome"], survived["said"]) == ("PASS", "seen by no one")
    assert (not_here["fate"], not_here["outcome"]) == ("not here", None)
    assert {(cell["gate"], cell["outcome"]) for cell in said["clean"]} >= {
        ("marker", "PASS"),
        ("tabs", "PASS"),
    }


def test_what_survives_comes_first_with_all_that_is_needed_to_see_it_again(planting):
    ran = planting.prove("another-marker", "only-a-comment", "text-that-is-not-there", "no-banner")
    assert ran.exit == 1
    survived, unplanted, table, not_here, end = ran.out.split("\n\n")
    assert re.match(r"✘ survived only-a-comment  tabs, source, [\d.]+ s\n", survived)
    for line in (
        "  planted    A comment in the entry file is another one.",
        "  expected   FAIL of tabs, source, telling 'three tabs'",
        "  the cell   PASS: seen by no one",
        "  changed    page.py",
        "  again      verify prove --defect only-a-comment",
    ):
        assert line in survived.splitlines()
    assert unplanted.startswith("✘ not planted text-that-is-not-there")
    assert "stands there 0 times, not once" in unplanted
    assert [line.split()[-2] for line in table.splitlines()[1:]] == ["✔", "✘", "✘"]
    assert not_here == "- 1 not here: verify.toml declares no [mock]\n    no-banner"
    assert "failed: 1 of 3 defects killed, 1 survived, 1 not planted, 1 not here, " in end
    assert "✘ survived: only-a-comment (tabs, source): seen by no one" in ran.err

    seen = planting.defects()
    assert {name: one["standing"] for name, one in seen.items() if one["when"]} == {
        "another-marker": "seen red",
        "only-a-comment": "survived",
        "text-that-is-not-there": "not planted",
        "no-banner": "not here",
    }


def test_a_gate_that_is_red_without_any_defect_has_shown_nothing(planting):
    planting.project.edit("verify.toml", 'marker = "M1"', 'marker = "other"')
    ran = planting.prove("another-marker")
    assert ran.exit == 1
    assert "✘ clean copy: 1 of 1 cells not green" in ran.out
    assert "    FAIL marker, source: page.py:2: " in ran.out
    assert "✘ clean copy: FAIL marker, source" in ran.err
    assert planting.defects()["another-marker"]["standing"] == "not tried"


def test_nothing_is_proved_where_nothing_was_planted(planting):
    ran = planting.prove("no-banner")
    assert ran.exit == 3
    assert "inconclusive: 0 of 0 defects killed, 1 not here" in ran.out


def test_a_function_that_breaks_is_a_fault_of_the_catalogue(planting):
    ran = planting.prove("planting-that-breaks")
    assert ran.exit == 1
    assert "✘ not planted planting-that-breaks" in ran.out
    assert "the plan was" in ran.out
    assert "\x1b" not in ran.out + ran.err
    assert planting.defects()["planting-that-breaks"]["standing"] == "not planted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_an_interrupt_ends_with_130_and_leaves_nothing_behind(planting, until, number):
    child = subprocess.Popen(
        [sys.executable, "-m", "verify.cli", "prove", "--defect", "planting-that-hangs"],
        cwd=planting.project.root,
        env={**os.environ, **planting.env, "CI": "true"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until(lambda: list(planting.temporary.glob("*/copy/page.py")), seconds=60)
    child.send_signal(number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert "everything this run made is removed" in said
    until(lambda: not list(planting.temporary.iterdir()))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--defect", "another-markr"], ["no defect 'another-markr'", "Near it: another-marker."]),
        (["--defect", "comment"], ["no defect 'comment'", "Near it: only-a-comment."]),
        (["--gate", "tab"], ["no defect is known for a gate 'tab'", "Near it: tabs."]),
        (["--gate", "zzz"], ["no defect is known for a gate 'zzz'", "`verify list` shows"]),
        (["--gate", "tabs", "--stage", "live"], ["must be seen at live, but at source"]),
        (["--gate", "tabs", "--defect", "no-banner"], ["no defect fits all that was asked for"]),
        (["--stage", "sauce"], ["'sauce' is not one of 'source', 'local'"]),
        (["--jobs", "0"], ["0 is not in the range x>=1"]),
    ],
)
def test_what_does_not_exist_is_told_with_what_is_near_it(planting, options, said):
    ran = planting.prove(options=options)
    assert ran.exit == 2
    for text in said:
        assert text in ran.err


def test_there_must_be_a_manifest(planting):
    (planting.project.root / "verify.toml").unlink()
    assert planting.prove("another-marker").exit == 2
    assert "  seen red by:\n    source     another-marker\n" in planting.list().out


def test_a_later_proof_renews_its_own_rows_until_gate_or_family_change(planting):
    planting.prove("another-marker", "nobody-to-call")
    first = planting.defects()
    assert first["another-marker"]["standing"] == first["nobody-to-call"]["standing"] == "seen red"

    with (planting.project.root / "own/mine.py").open("a") as gate:
        gate.write("# another gate\n")
    changed = planting.defects()
    assert changed["nobody-to-call"]["standing"] == "seen red before, changed since"
    assert changed["nobody-to-call"]["when"] == first["nobody-to-call"]["when"]
    assert changed["another-marker"] == first["another-marker"]
    assert "~ seen " in planting.list().out
    assert ", changed since: nobody-to-call\n" in planting.list().out

    planting.prove("nobody-to-call")
    renewed = planting.defects()
    assert renewed["nobody-to-call"]["standing"] == "seen red"
    assert renewed["another-marker"] == first["another-marker"]

    with planting.family.open("a") as family:
        family.write("# another family\n")
    assert {one["standing"] for one in planting.defects().values() if one["when"]} == {
        "seen red before, changed since"
    }


def test_the_record_is_canonical_and_named_by_its_digest(planting):
    assert planting.prove("another-marker", "nobody-to-call").exit == 0
    raw = planting.record().read_bytes()
    said = json.loads(raw)
    assert said["schema"] == "verify.proven/v1"
    assert [row["defect"] for row in said["rows"]] == ["another-marker", "nobody-to-call"]
    assert raw == json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    code = "import pathlib, sys; from verify.proving.record import sha256; "
    code += "print(sha256(pathlib.Path(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", code, planting.project.root],
        env={**os.environ, **planting.env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == hashlib.sha256(raw).hexdigest()


def test_what_is_remembered_may_be_damaged_or_gone(planting):
    planting.prove("another-marker")
    for folder in ("proven", "defects"):
        for file in (planting.cache / "verify" / folder).glob("*.json"):
            file.write_text('{"schema": "verify.proven/v1", "rows": [{"defect": 1}], "of": 2}')
    assert "source     another-marker" in planting.list().out
    assert planting.prove("another-marker").exit == 0
    shutil.rmtree(planting.cache)
    assert "source     another-marker" in planting.list().out


def test_a_record_that_cannot_be_written_is_told_and_changes_no_verdict(planting):
    planting.cache.write_text("no folder")
    ran = planting.prove("another-marker")
    assert ran.exit == 0
    assert "note: `verify list` will not know of this: " in ran.out


def test_a_terminal_has_one_line_that_is_never_wider_than_it(planting):
    screen, other = pty.openpty()
    environment = {**os.environ, **planting.env, "COLUMNS": "60", "LINES": "24"}
    environment.pop("CI", None)
    environment.pop("NO_COLOR", None)
    words = "prove --defect another-marker --defect only-a-comment --jobs 1 --json"
    with subprocess.Popen(
        [sys.executable, "-m", "verify.cli", *words.split()],
        cwd=planting.project.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=other,
    ) as child:
        os.close(other)
        shown = b""
        while piece := _read(screen):
            shown += piece
        assert child.stdout is not None
        assert json.loads(child.stdout.read())["counts"]["killed"] == 1
    os.close(screen)
    drawn = [re.sub(r"\x1b\[[\d;]*m", "", line) for line in shown.decode().split("\r\x1b[K")]
    lines = [line.strip("\r\n") for line in drawn]
    assert max(map(len, lines)) < 60
    assert lines[-1] == ""
    assert any(re.fullmatch(r"prove  0/2 · .*clean copy.*", line) for line in lines), lines
    assert any(
        line.startswith("prove  1/2 · 1") and "about" in line and "s left" in line for line in lines
    ), lines
    assert "✘ survived: only-a-comment (tabs, source): seen by no one" in lines


def _read(screen: int) -> bytes:
    try:
        return os.read(screen, 4096)
    except OSError:  # Linux says so when nobody has the other end any more
        return b""


def test_defects_of_the_real_catalogue_are_killed_in_a_project_of_ten_lines(tiny, tmp_path):
    tiny.write("own/mine.py", MINE)
    wanted = ["--defect", "syntax-error", "--defect", "tab-renamed", "--jobs", "2"]
    ran = tiny.verify("prove", *wanted, "--json", env={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert ran.exit == 0, ran.out
    assert [one["fate"] for one in ran.report["attempts"]] == ["killed", "killed"]
    assert ran.report["jobs"] == 2
    assert not Path(tiny.root / "broken.py").exists()
