"""The gate contents: what it tells of files that are not as reviewed, and what may differ."""

import subprocess
from dataclasses import replace
from types import SimpleNamespace

import pytest

from verify.errors import CouldNotCheck, NotDeclared, Unavailable
from verify.gates import contents
from verify.gittree import Entry, object_id, tree_id
from verify.inventory import File, Inventory, Kind
from verify.judge import judge
from verify.model import Outcome
from verify.probes.reviewed import Labelled, Reviewed
from verify.surroundings import Inside
from verify.tables import Contents, Image

COMMIT = "c" * 40
IMAGE = Image(dockerfile="Dockerfile", tag="t:t")


def file(path: str, content: bytes = b"x", mode: int = 0o644, **more) -> File:
    import hashlib

    digest = hashlib.sha256(content).hexdigest()
    blob = object_id("blob", content)
    return File(path, size=len(content), mode=mode, digest=digest, blob=blob, **more)


FILES = {
    f.path: f
    for f in (
        file("/app/a.py"),
        file("/app/in/b.py"),
        file("/app/in/run", mode=0o755),
        file("/opt/c.py"),
        File("/app/link", Kind.LINK, target="a.py"),
    )
}
SOURCES = {path: "src" + path for path in FILES}
ENTRIES = {
    SOURCES[path]: Entry(
        {Kind.LINK: "120000"}.get(one.kind, "100755" if one.mode == 0o755 else "100644"),
        one.blob or object_id("blob", b"a.py"),
    )
    for path, one in FILES.items()
} | {"beside": Entry("100644", object_id("blob", b"not in the image"))}
REVIEWED = Reviewed(
    where="commit cccccccccccc",
    files=FILES,
    sources=SOURCES,
    dockerfile="Dockerfile",
    commit=COMMIT,
    tree=tree_id(ENTRIES),
    entries=ENTRIES,
)
CLEAN = Labelled(COMMIT, COMMIT, False, REVIEWED)  # noqa: FBT003 - not dirty


def inside(*changed: File, without: str = "", **settings) -> Inside:
    files = {path: one for path, one in FILES.items() if path != without}
    files |= {one.path: one for one in changed}
    return Inside("it", files=Inventory("it", ("/",), files, **settings))


def look(seen, reviewed=REVIEWED, labelled=CLEAN, stage="image", **declared):
    """Return outcome, reason and findings, judged as in every run."""
    manifest = SimpleNamespace(image=IMAGE, contents=Contents(**declared))
    observed, error = [], None
    gate = (
        contents.gate_image(seen, reviewed, labelled, manifest)
        if stage == "image"
        else contents.gate_container(seen, reviewed, manifest)
    )
    try:
        observed.extend(gate)
    except (CouldNotCheck, NotDeclared, Unavailable) as caught:
        error = caught
        observed.extend(())
    outcome, reason, _ = judge(observed, error)
    return SimpleNamespace(
        outcome=outcome,
        reason=reason,
        observed=observed,
        found=[one for one in observed if not one.ok],
        got=[str(one.got) for one in observed if not one.ok],
    )


def test_the_same_files_pass_each_looked_at():
    seen = look(inside())
    assert seen.outcome is Outcome.PASS
    assert {one.subject for one in seen.observed} >= set(FILES)
    assert seen.observed[0].path == "src/app/a.py"
    assert seen.observed[-1].got == REVIEWED.tree


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (file("/app/a.py", b"yy"), "S.5......    /app/a.py: content: 1 bytes -> 2 bytes"),
        (file("/app/a.py", b"y"), "..5......    /app/a.py: content: 1 bytes -> 1 bytes, sha256"),
        (file("/app/a.py", mode=0o666), ".M.......    /app/a.py: mode 0644 -> 0666"),
        (file("/app/a.py", mode=0o755), ".M.......    /app/a.py: mode 0644 -> 0755"),
        (file("/app/in/run", mode=0o4755), ".M.......    /app/in/run: mode 0755 -> 4755"),
        (File("/app/a.py", Kind.LINK, target="/x"), "...D.....    /app/a.py: a file of 1 bytes"),
        (File("/app/link", Kind.LINK, target="b"), "....L....    /app/link: link to a.py -> b"),
        (file("/app/link", b"a.py"), "...D.....    /app/link: a link to a.py -> a file"),
    ],
)
def test_what_differs_has_its_letters_and_its_words(changed, line):
    seen = look(inside(changed))
    assert seen.outcome is Outcome.FAIL
    first, *tree = seen.found
    assert str(first.got).startswith(line)
    assert first.path == SOURCES[changed.path]
    # Who may write a file, and setuid, git does not know.
    known = changed.mode not in {0o666, 0o4755}
    assert [one.expected for one in tree] == [REVIEWED.tree] * known, "nor is it the label's tree"
    assert look(inside(changed), stage="container").got == [first.got]


def test_missing_and_extra_files_are_told():
    seen = look(inside(file("/app/more.py"), without="/opt/c.py"))
    assert seen.outcome is Outcome.FAIL
    assert seen.got[0] == "missing      /opt/c.py: it is not there"
    assert seen.got[1] == "extra        /app/more.py: a file of 1 bytes"


def test_what_stands_outside_of_the_folder_is_not_extra():
    assert look(inside(file("/etc/passwd"))).outcome is Outcome.PASS


def test_a_whole_environment_that_was_copied_in_is_one_finding():
    many = [file(f"/app/venv/lib/p{n % 9}/{n}.py") for n in range(300)]
    folders = [File("/app/venv", Kind.FOLDER), File("/app/venv/lib", Kind.FOLDER)]
    seen = look(inside(*many, *folders))
    assert seen.got == ["extra        /app/venv: a folder with 300 extra files, 300 bytes"]


def test_many_extra_files_of_one_folder_are_one_finding():
    (finding,) = look(inside(*[file(f"/app/in/{n:03}.dat") for n in range(21)])).found
    assert finding.subject == "/app/in"
    assert "21 extra files, 21 bytes in it: 000.dat, 001.dat," in str(finding.got)
    assert "and 16 more" in str(finding.got)


def test_bytecode_beside_a_source_is_extra():
    seen = look(inside(file("/app/in/__pycache__/b.cpython-311.pyc")), stage="container")
    assert seen.got == [
        "extra        /app/in/__pycache__: a folder with 1 extra files, 1 bytes",
    ]


def test_a_file_that_is_generated_may_hold_anything_but_must_be_there():
    made = file("/app/built.js", b"any")
    patterns = {"generated": ("built.js", "in/*.py")}
    odd = file("/app/in/b.py", b"changed", 0o755)
    assert look(inside(made, odd), **patterns).outcome is Outcome.PASS
    seen = look(inside(odd), **patterns)
    assert seen.outcome is Outcome.FAIL
    assert seen.found[0].subject == "[contents].generated: built.js"
    seen = look(inside(made, without="/app/in/b.py"), **patterns)
    assert seen.got[0] == "missing    n /app/in/b.py: it is not there"


def test_a_file_of_configuration_may_have_another_content_and_no_other_mode():
    patterns = {"config": ("/app/a.py",)}
    assert look(inside(file("/app/a.py", b"other")), **patterns).outcome is Outcome.PASS
    seen = look(inside(file("/app/a.py", b"other", 0o666)), **patterns)
    assert seen.got == [".M.......  c /app/a.py: mode 0644 -> 0666"]
    assert look(inside(without="/app/a.py"), **patterns).outcome is Outcome.FAIL
    seen = look(inside(file("/app/a.cfg")), config=("*.cfg", "a.py"))
    assert seen.got == ["extra        /app/a.cfg: a file of 1 bytes"]


def test_a_ghost_may_be_missing_and_may_be_anything():
    patterns = {"ghost": ("in", "cache/*", "never.db")}
    assert look(inside(without="/app/in/b.py"), **patterns).outcome is Outcome.PASS
    odd = (file("/app/in/b.py", b"other"), file("/app/cache/x"), file("/app/in/more"))
    assert look(inside(*odd), **patterns).outcome is Outcome.PASS


def test_a_pattern_that_fits_nothing_is_told():
    (finding,) = look(inside(), config=("gone.toml",)).found
    assert (finding.subject, finding.path) == ("[contents].config: gone.toml", "verify.toml")
    assert look(inside(), config=("gone.toml",), stage="container").outcome is Outcome.PASS


def test_data_may_stand_in_the_folder_while_it_runs():
    odd = inside(file("/app/data/x.db"), File("/app/data", Kind.FOLDER))
    assert look(odd, data=("data",), stage="container").outcome is Outcome.PASS
    assert look(odd, data=("data",)).outcome is Outcome.FAIL, "in the image nothing has run yet"
    empty = inside(File("/app/data", Kind.FOLDER))
    assert look(empty, data=("data",)).outcome is Outcome.PASS
    assert look(empty).outcome is Outcome.FAIL


UNREAD = replace(FILES["/app/a.py"], size=None, digest=None, blob=None, fault="permission denied")


@pytest.mark.parametrize("stage", ["image", "container"])
@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (inside(UNREAD), "..5"),
        (inside(incomplete="it took too long"), "it took too long"),
        (inside(without="/app/a.py", incomplete="it took too long"), "it took too long"),
        (inside(unread={"/app/closed": "permission denied"}), "/app/closed: permission denied"),
        (inside(unread={"/app": "gone"}, without="/app/a.py"), "?????????    /app/a.py: gone"),
    ],
)
def test_what_could_not_be_read_is_neither_sound_nor_a_finding(seen, why, stage):
    judged = look(seen, stage=stage)
    assert judged.outcome is Outcome.ERROR
    assert judged.found == []
    assert why.replace("..5", "permission denied") in judged.reason
    assert judged.observed, "what was seen is kept"


def test_a_finding_beats_what_could_not_be_read():
    judged = look(inside(UNREAD, file("/app/in/b.py", b"other")))
    assert judged.outcome is Outcome.FAIL
    assert judged.got[0].startswith("S.5......    /app/in/b.py")
    assert "permission denied" in judged.got[-1]
    assert all(one.expected != REVIEWED.tree for one in judged.found), "no tree without all files"


def test_what_nobody_could_look_at_is_skipped_with_the_reason():
    judged = look(Inside("it", unknown={"files": "no Python there"}))
    assert judged.outcome is Outcome.SKIP
    assert "no Python there" in judged.reason


def test_a_submodule_that_is_not_known_is_no_extra_folder():
    reviewed = replace(REVIEWED, unknown={"/app/module": "src/module is a submodule"})
    judged = look(inside(file("/app/module/x.py")), reviewed)
    assert judged.outcome is Outcome.ERROR
    assert "src/module is a submodule" in judged.reason
    assert look(inside(file("/app/module/x")), reviewed, ghost=("module",)).outcome is Outcome.PASS


def test_a_dockerfile_that_copies_nothing_proves_nothing():
    judged = look(inside(), replace(REVIEWED, files={}, sources={}))
    assert judged.outcome is Outcome.ERROR
    assert "no COPY of Dockerfile" in judged.reason


def test_what_git_alters_is_no_false_alarm():
    reviewed = replace(REVIEWED, altered={"/app/a.py": "its filter is secret"})
    judged = look(inside(file("/app/a.py", b"other")), reviewed)
    assert judged.outcome is Outcome.ERROR
    assert "its filter is secret" in judged.reason
    assert "[contents].config" in judged.reason
    assert look(inside(), reviewed).outcome is Outcome.PASS
    allowed = look(inside(file("/app/a.py", b"other")), reviewed, config=("a.py",))
    assert allowed.outcome is Outcome.PASS


def test_a_pointer_of_git_lfs_in_the_image_is_explained():
    large = replace(FILES["/app/a.py"], digest="d" * 64, size=9000, blob=None)
    reviewed = replace(REVIEWED, files={**FILES, "/app/a.py": large})
    judged = look(inside(), reviewed)
    assert "git lfs pull" in judged.found[0].message


@pytest.mark.parametrize(
    ("labelled", "got", "message"),
    [
        (Labelled("", why="does not say"), "no such label", "does not say"),
        (Labelled("v2", why="no full id"), "v2", "no full id"),
        (Labelled("d" * 40, "d" * 40, why="knows no such commit"), "d" * 40, "knows no such"),
        (
            Labelled(f"{COMMIT}-dirty", COMMIT, True, REVIEWED),  # noqa: FBT003 - dirty
            f"{COMMIT}-dirty",
            "commit, then build again",
        ),
    ],
)
def test_a_label_that_says_nothing_sure_is_red(labelled, got, message):
    judged = look(inside(), labelled=labelled)
    assert judged.outcome is Outcome.FAIL
    (finding,) = judged.found
    assert (finding.subject, finding.got) == (contents.LABEL, got)
    assert message in finding.message


def test_a_label_of_another_tree_is_red():
    entries = {**ENTRIES, "src/app/a.py": Entry("100644", object_id("blob", b"older"))}
    older = replace(
        REVIEWED,
        files={**FILES, "/app/a.py": file("/app/a.py", b"older")},
        entries=entries,
        tree=tree_id(entries),
        commit="d" * 40,
    )
    judged = look(inside(), labelled=Labelled("d" * 40, "d" * 40, reviewed=older))
    (finding,) = judged.found
    assert finding.expected == older.tree
    assert "d" * 40 in finding.message


def test_uncommitted_changes_are_told_with_those_that_are_in_the_image():
    dirty = replace(REVIEWED, dirt=("notes", "src/app/a.py"), dirt_inside=("src/app/a.py",))
    (finding,) = look(inside(), dirty).found
    assert finding.subject == "the reviewed tree"
    assert "2 files differ from commit cccccccccccc: notes, src/app/a.py" in str(finding.got)
    assert "of these belong in the image: src/app/a.py" in str(finding.got)
    assert look(inside(), dirty, stage="container").outcome is Outcome.PASS


def test_without_git_the_files_are_held_against_the_folder():
    folder = replace(REVIEWED, commit="", tree="", entries={}, where="the folder /src")
    judged = look(inside(), folder, Labelled("", why="no"))
    assert judged.outcome is Outcome.PASS
    assert "there is no git checkout" in judged.observed[-1].message
    assert look(inside(file("/app/a.py", b"y")), folder).outcome is Outcome.FAIL


DOCKERFILE = "streamlit/Dockerfile"


def in_image(copy, *lines):
    planted = "".join(f"RUN {line}\n" for line in lines)
    copy.edit(DOCKERFILE, "\nUSER 10001:10001\n", f"\n{planted}USER 10001:10001\n")


def declare(copy, *lines):
    copy.edit("verify.toml", "[contents]\n", "[contents]\n" + "".join(f"{one}\n" for one in lines))


@pytest.mark.docker
def test_a_real_image_may_differ_where_it_is_declared(copy):
    in_image(
        copy,
        "echo made > /app/made.txt",
        "echo '# local' >> /app/.streamlit/config.toml",
        "rm /app/operator_v2.py",
    )
    declare(
        copy,
        'generated = ["made.txt"]',
        'config = [".streamlit/config.toml"]',
        'ghost = ["operator_v2.py"]',
    )
    copy.commit()
    cell = copy.cell("contents", "image")
    assert (cell["outcome"], cell["reason"], cell["findings"]) == ("PASS", "", [])


@pytest.mark.docker
def test_a_real_image_tells_all_that_differs_at_once(copy):
    in_image(
        copy,
        "cp -r /usr/lib/python3*/json /app/vendored",
        "mkdir /app/guards/__pycache__ && touch /app/guards/__pycache__/x.pyc",
        "chmod u+x /app/app.py && ln -sf /etc/passwd /app/launch_operator.py",
        "printf y | dd of=/app/guards/__init__.py bs=1 seek=3 conv=notrunc && touch /opt/beside",
    )
    copy.commit()
    copy.write("uncommitted.txt", "x")
    cell = copy.cell("contents", "image")
    assert cell["outcome"] == "FAIL"
    found = {finding["subject"]: finding["got"] for finding in cell["findings"]}
    tree = found.pop(next(subject for subject in found if subject.startswith("git's tree")))
    assert len(tree) == 40
    assert found.pop(contents.LABEL).endswith("-dirty")
    assert "uncommitted.txt; of these belong in the image: none" in found.pop("the reviewed tree")
    lines = {subject: got[:9] for subject, got in found.items()}
    assert lines == {
        "/app/vendored": "extra    ",
        "/app/guards/__pycache__": "extra    ",
        "/app/guards/__init__.py": "..5......",
        "/app/app.py": ".M.......",
        "/app/launch_operator.py": "...D.....",
    }


@pytest.mark.docker
def test_a_dirty_build_that_calls_itself_clean_is_found_by_its_content(copy):
    commit = copy.commit()
    subprocess.run(
        ["git", "update-index", "--assume-unchanged", "app.py"], cwd=copy.root, check=True
    )
    copy.write("app.py", (copy.root / "app.py").read_text("utf-8") + "\n# not committed\n")
    cell = copy.cell("contents", "image")
    assert cell["outcome"] == "FAIL"
    file, tree = cell["findings"]
    assert file["got"].startswith("S.5......    /app/app.py: content: ")
    assert file["path"] == "app.py"
    assert commit in tree["message"]
    assert tree["expected"] != tree["got"]
