"""Locks as their tools write them: what is pinned, where it belongs, and what holds nothing."""

import pytest
from packaging.markers import default_environment

from verify.errors import CouldNotCheck
from verify.probes.packages import locked
from verify.probes.source import Source

ONE, TWO = "1" * 64, "2" * 64
HERE = {**default_environment(), "sys_platform": "linux", "python_version": "3.11"}


@pytest.fixture
def read(tmp_path):
    def write_and_read(text, name="lock.txt", **others):
        for path, content in {name: text, **others}.items():
            target = tmp_path / path.replace("__", "/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        return locked.read(Source(tmp_path), name)

    return write_and_read


def told(lock):
    return [(pin.name, pin.version, sorted(pin.hashes), pin.line) for pin in lock.pins]


def test_each_line_is_read_with_all_it_is_continued_by(read):
    lock = read(
        "# made by a tool\n"
        "--index-url https://user:secret@elsewhere.invalid/simple\n"
        "--require-hashes\n"
        "\n"
        "One==1.0 \\\n"
        f"    --hash=sha256:{ONE} \\\n"
        f"    --hash=sha256:{TWO}\n"
        "    # via two\n"
        f"two_two.x[extra,Other_one]==2.0.post1 --hash=sha256:{TWO.upper()} # why\n"
        "three===3+local \\\n"
        "    # a comment ends what is continued\n"
        f"four == 4 ; python_version < '3'   --hash sha256:{ONE}\n"
        f"five==5; sys_platform == 'linux' \\\n  --hash=sha512:{ONE}{ONE}\\\n"
    )
    assert told(lock) == [
        ("one", "1.0", [ONE, TWO], 5),
        ("two-two-x", "2.0.post1", [TWO], 9),
        ("three", "3+local", [], 10),
        ("four", "4", [ONE], 12),
        ("five", "5", [], 13),
    ]
    assert lock.pins[1].extras == {"extra", "other-one"}
    assert lock.unheld == ()
    assert [pin.name for pin in lock.applying(HERE)] == ["one", "two-two-x", "three", "five"]


def test_markers_are_asked_of_the_image_and_never_of_this_machine(read):
    lock = read("a==1 ; sys_platform == 'win32'\nb==1 ; implementation_name != 'pypy'\n")
    elsewhere = {**HERE, "sys_platform": "win32", "implementation_name": "pypy"}
    assert [pin.name for pin in lock.applying(elsewhere)] == ["a"]
    with pytest.raises(CouldNotCheck, match="did not tell its sys_platform"):
        lock.applying({key: value for key, value in HERE.items() if key != "sys_platform"})


def test_what_holds_nothing_to_one_version_is_told_with_its_line(read):
    lock = read(
        "free\n"
        "loose>=1 --hash=sha256:" + ONE + "\n"
        "starred==1.*\n"
        "-e .\n"
        "--editable=./other\n"
        "there @ https://elsewhere.invalid/there-1.whl\n"
        "./a/folder\n"
        "-r https://elsewhere.invalid/more.txt\n"
    )
    assert lock.pins == ()
    assert [(one.text, one.line) for one in lock.unheld] == [
        ("free", 1),
        ("loose>=1", 2),
        ("starred==1.*", 3),
        ("-e .", 4),
        ("--editable=./other", 5),
        ("there @ https://elsewhere.invalid/there-1.whl", 6),
        ("./a/folder", 7),
        ("-r https://elsewhere.invalid/more.txt", 8),
    ]


def test_included_files_count_and_those_that_only_limit_do_not(read):
    lock = read(
        "-r more/base.txt\n-c limits.txt\n--constraint=limits.txt\none==1\n",
        name="lock.txt",
        **{
            "more__base.txt": "-r ../lock.txt\n--requirement=own.txt\n",
            "more__own.txt": "two==2\n",
        },
    )
    assert [(pin.name, pin.path) for pin in lock.pins] == [
        ("two", "more/own.txt"),
        ("one", "lock.txt"),
    ]


def test_a_lock_that_is_not_there_or_of_another_form_is_no_empty_lock(read, tmp_path):
    with pytest.raises(CouldNotCheck, match=r"gone\.txt cannot be read"):
        locked.read(Source(tmp_path), "gone.txt")
    with pytest.raises(CouldNotCheck, match="uv export --format requirements-txt"):
        read("version = 1\n", "uv.lock")
    with pytest.raises(CouldNotCheck, match="has no lock-version"):
        read("[project]\n", "pyproject.toml")
    with pytest.raises(CouldNotCheck, match="cannot be read"):
        read("lock-version = \n", "pylock.toml")


def test_a_pylock_is_read_with_all_its_archives(read):
    lock = read(
        f"""
lock-version = "1.0"
created-by = "a tool"
[[packages]]
name = "One"
version = "1.0"
marker = "sys_platform == 'linux'"
sdist = {{ name = "one-1.0.tar.gz", hashes = {{ sha256 = "{ONE}" }} }}
[[packages.wheels]]
name = "one-1.0-py3-none-any.whl"
hashes = {{ sha256 = "{TWO}" }}
[[packages]]
name = "two"
version = "2"
marker = "'test' in dependency_groups"
[[packages]]
name = "three"
directory = {{ path = "." }}
""",
        "pylock.web.toml",
    )
    assert told(lock) == [("one", "1.0", [ONE, TWO], None), ("two", "2", [], None)]
    assert [pin.name for pin in lock.applying(HERE)] == ["one"]
    assert [one.text for one in lock.unheld] == ["three"]


@pytest.mark.parametrize(
    "text", ["lock-version='1'\npackages=3\n", "lock-version='1'\n[[packages]]\nversion='1'\n"]
)
def test_a_pylock_that_is_damaged_is_no_lock(read, text):
    with pytest.raises(CouldNotCheck, match="cannot be read"):
        read(text, "pylock.toml")


def test_the_lock_of_this_project_is_read_whole():
    from pathlib import Path

    root = Path(__file__).parents[3]
    lock = locked.read(Source(root), "requirements/dashboard.txt")
    text = (root / "requirements/dashboard.txt").read_text("utf-8")
    assert len(lock.pins) == text.count("==") - text.count("_name ==")
    assert sum(len(pin.hashes) for pin in lock.pins) == text.count("--hash=sha256:")
    assert lock.unheld == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1.0", "1.0.0", True), ("1.0", "1.0.1", False), ("odd!", "odd!", True), ("x", "1", False)],
)
def test_versions_are_compared_as_versions(one, other, same):
    assert locked.same_version(one, other) is same
