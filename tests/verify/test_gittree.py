"""Tree ids without git, held against git's own."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verify.gittree import EXECUTABLE, FILE, LINK, SUBMODULE, Entry, object_id, tree_id

ROOT = Path(__file__).parents[2]


def git(root, *args, given=b""):
    done = subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.invalid", *args],
        cwd=root,
        input=given,
        capture_output=True,
        check=True,
    )
    return done.stdout


def written(root, entries):
    """Return the id that `git write-tree` gives an index of these entries."""
    git(root, "read-tree", "--empty")
    rows = [
        f"{entry.mode} {entry.blob}\t".encode() + path.encode("utf-8", "surrogateescape")
        for path, entry in entries.items()
    ]
    git(root, "update-index", "-z", "--index-info", given=b"".join(row + b"\0" for row in rows))
    return git(root, "write-tree", "--missing-ok").decode().strip()


@pytest.fixture(scope="module", params=["sha1", "sha256"])
def repository(request, tmp_path_factory):
    root = tmp_path_factory.mktemp(request.param)
    git(root, "init", "-q", f"--object-format={request.param}")
    return root, request.param


def entry(algorithm, mode=FILE, content=b"x"):
    return Entry(mode, object_id("blob", content, algorithm))


def test_a_content_has_gits_id(repository):
    root, algorithm = repository
    for content in (b"", b"x\n", b"\0" * 5000):
        known = git(root, "hash-object", "--stdin", given=content).decode().strip()
        assert object_id("blob", content, algorithm) == known


def test_a_tree_has_gits_id(repository):
    root, algorithm = repository
    entries = {
        "a": entry(algorithm),
        "a.b": entry(algorithm, EXECUTABLE),
        "a-": entry(algorithm),
        "d/e/f/g": entry(algorithm),
        "d.x/y": entry(algorithm, LINK),
        "d0": entry(algorithm),
        "new\nline/\udcff\udcfe": entry(algorithm),
        "\u00e9/x": entry(algorithm),
        "module": entry(algorithm, SUBMODULE),
    }
    assert tree_id(entries, algorithm) == written(root, entries)
    assert tree_id({}, algorithm) == written(root, {})


NAMES = st.text(st.sampled_from("ab.-0\n\udcff\u00e9"), min_size=1, max_size=3).filter(
    lambda name: name not in {".", ".."}
)
TREES = st.recursive(
    st.sampled_from([FILE, EXECUTABLE, LINK]),
    lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4),
    max_leaves=12,
)


def flat(tree, start=""):
    if isinstance(tree, str):
        return {start: tree}
    found = {}
    for name, inner in tree.items():
        found |= flat(inner, f"{start}/{name}" if start else name)
    return found


@given(st.dictionaries(NAMES, TREES, max_size=5))
@settings(max_examples=25, deadline=None)
def test_any_tree_has_gits_id(repository, tree):
    root, algorithm = repository
    entries = {
        path: entry(algorithm, mode, path.encode("utf-8", "replace"))
        for path, mode in flat(tree).items()
    }
    assert tree_id(entries, algorithm) == written(root, entries)


def test_a_path_cannot_be_a_file_and_a_folder():
    with pytest.raises(ValueError, match="a file and a folder"):
        tree_id({"a": entry("sha1"), "a/b": entry("sha1")})


def test_a_deep_tree_needs_no_recursion():
    path = "/".join("d" * 3000)
    assert len(tree_id({path: entry("sha1")})) == 40
