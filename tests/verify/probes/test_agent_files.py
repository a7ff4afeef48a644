"""The agent's look at files: all kinds of paths, large and many, unwilling and changing ones."""

import hashlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck
from verify.inventory import File, Kind
from verify.probes import agent, payload
from verify.probes.inside.decode import decode

GIB2 = "a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51"
"""`head -c 2147483648 /dev/zero | sha256sum`."""

MEMORY = 64 * 1024
"""KiB that a look may take, however much it looks at; 22,000 are usual."""


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sparse(path: Path, size: int) -> None:
    """Make a file of this many zeros that takes no room."""
    path.touch()
    os.truncate(path, size)


def test_each_kind_of_path_is_told_with_what_is_known_of_it(looked, tmp_path):
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True, mode=0o750)
    (root / "folder").chmod(0o1750)
    (root / "file").write_bytes(b"abc")
    (root / "file").chmod(0o4755)
    os.utime(root / "file", (1, 86400))
    (root / "empty").touch()
    (root / "link").symlink_to("file")
    os.mkfifo(root / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(root / "socket"))
    listening.close()
    inventory = looked(files={"roots": [str(root)]}).files
    found = {path[len(str(root)) + 1 :]: file for path, file in inventory.files.items()}
    assert {name: file.kind for name, file in found.items()} == {
        "": Kind.FOLDER,
        "folder": Kind.FOLDER,
        "file": Kind.FILE,
        "empty": Kind.FILE,
        "link": Kind.LINK,
        "pipe": Kind.OTHER,
        "socket": Kind.OTHER,
    }
    assert found["file"] == File(
        path=str(root / "file"),
        size=3,
        mode=0o4755,
        uid=os.geteuid(),
        gid=(root / "file").stat().st_gid,
        mtime=86400,
        digest=sha256(b"abc"),
        capabilities="",
    )
    assert found["empty"].digest == sha256(b"")
    assert found["folder"].mode == 0o1750
    assert (found["link"].target, found["link"].size, found["link"].digest) == ("file", None, None)
    assert inventory.unread == {}
    assert not inventory.incomplete


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_gits_id_is_told_of_files_below_the_folders_that_ask_for_it(looked, tmp_path, form):
    for name in ("tree/a/file", "tree/large", "other/file", "tree-like"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * (100000 if name.endswith("large") else 1))
    asked = {"roots": [str(tmp_path)], "blobs": [str(tmp_path / "tree")], "format": form}
    files = looked(files=asked).files.files
    git = ["git", "-C", str(tmp_path / "tree")]
    subprocess.run([*git, "init", "-q", f"--object-format={form}"], check=True)
    for name in ("a/file", "large"):
        said = subprocess.run([*git, "hash-object", name], check=True, capture_output=True)
        assert files[str(tmp_path / "tree" / name)].blob == said.stdout.decode().strip()
    assert files[str(tmp_path / "other/file")].blob is None
    assert files[str(tmp_path / "tree-like")].blob is None


NAMES = [
    b"new\nline",
    b"\xff\xfe not UTF-8",
    b"tab\t\x1b[31m\x7f",
    "ünïcödé 💥".encode(),
    b" ",
    b"'\"\\",
]


def test_a_name_may_be_any_bytes(looked, tmp_path):
    for name in map(os.fsdecode, NAMES):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).write_bytes(os.fsencode(name))
        (tmp_path / name / "link").symlink_to(name)
    files = looked(files={"roots": [str(tmp_path)]}).files.files
    assert len(files) == 1 + 3 * len(NAMES)
    for name in NAMES:
        told = name.decode("utf-8", "surrogateescape")
        assert files[f"{tmp_path}/{told}/{told}"].digest == sha256(name)
        assert files[f"{tmp_path}/{told}/link"].target == told


def test_a_root_may_have_such_a_name_itself_and_is_told_as_it_was_asked_for(looked, tmp_path):
    name = b"\xff\n".decode("utf-8", "surrogateescape")
    (tmp_path / os.fsdecode(b"\xff\n")).write_bytes(b"x")
    inventory = looked(files={"roots": [f"{tmp_path}/{name}"]}).files
    assert inventory.roots == (f"{tmp_path}/{name}",)
    assert inventory.files[f"{tmp_path}/{name}"].digest == sha256(b"x")


@pytest.mark.parametrize("locale", ["C", "POSIX", "C.UTF-8", ""])
def test_names_are_told_alike_in_any_locale(looked, tmp_path, locale):
    (tmp_path / os.fsdecode(b"\xc3\xa4 \xff")).touch()
    files = looked(files={"roots": [str(tmp_path)]}, env={"LC_ALL": locale}).files.files
    assert f"{tmp_path}/ä \udcff" in files


def test_a_locale_of_other_letters_does_not_change_what_is_told(monkeypatch):
    monkeypatch.setattr(agent, "UTF8", False)
    monkeypatch.setattr(os, "fsencode", lambda path: path.encode("latin-1"))
    monkeypatch.setattr(os, "fsdecode", lambda path: path.decode("latin-1"))
    assert agent.told(b"\xc3\xa4 \xff".decode("latin-1")) == "ä \udcff"
    assert agent.native("ä \udcff") == b"\xc3\xa4 \xff".decode("latin-1")


def test_links_are_not_followed_not_even_in_circles(looked, tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "self").symlink_to(tmp_path)
    (tmp_path / "secrets").symlink_to("/etc")
    inventory = looked(files={"roots": [str(tmp_path), str(tmp_path / "self")]}).files
    assert len(inventory.files) == 6
    assert {file.kind for file in inventory.files.values()} == {Kind.FOLDER, Kind.LINK}


def test_nested_roots_are_told_once_and_what_is_skipped_only_by_its_name(looked, tmp_path):
    for name in ("a/b/file", "a/c/file", "a/c/wanted/file"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    roots = [
        f"{tmp_path}/{name}" for name in ("a/b", "a", "a/", "a/c/wanted", "none", "a/b/file/x")
    ]
    inside = looked(files={"roots": roots, "skip": [f"{tmp_path}/a/c"]})
    assert sorted(path[len(str(tmp_path)) :] for path in inside.files.files) == [
        "/a",
        "/a/b",
        "/a/b/file",
        "/a/c",
        "/a/c/wanted",
        "/a/c/wanted/file",
    ]
    assert inside.files.unread == {}


def test_a_file_can_be_a_root_and_file_systems_without_files_are_not_walked(looked, tmp_path):
    (tmp_path / "file").write_text("x")
    found = looked(files={"roots": [str(tmp_path / "file"), "/proc", "/sys", "/dev"]}).files.files
    assert set(found) == {str(tmp_path / "file"), "/proc", "/sys", "/dev"}


def test_the_environment_of_the_interpreter_can_be_asked_for_without_knowing_it(looked):
    asked = {"roots": ["{prefix}"], "skip": [f"{sys.prefix}/lib"]}
    inventory = looked(files=asked).files
    assert inventory.roots == (sys.prefix,)
    assert f"{sys.prefix}/pyvenv.cfg" in inventory.files


def test_a_file_of_2_gb_is_read_in_little_memory(looked, tmp_path):
    sparse(tmp_path / "large", 1 << 31)
    inside = looked(files={"roots": [str(tmp_path)]})
    assert inside.files.files[str(tmp_path / "large")].digest == GIB2
    assert inside.answer["memory_kb"] < MEMORY


@pytest.fixture
def quick():
    """A folder whose files stand in memory, where there is such a place; gone afterwards."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def test_200_000_files_are_told_in_little_memory_and_at_the_deadline_what_is_not_done(
    looked, quick
):
    for folder in range(200):
        here = quick / f"folder-{folder:03}"
        here.mkdir()
        for number in range(1000):
            os.close(os.open(f"{here}/file-{number:03}", os.O_CREAT | os.O_WRONLY))
    inside = looked(files={"roots": [str(quick)]})
    assert len(inside.files.files) == 1 + 200 + 200_000
    assert {file.digest for file in inside.files.files.values()} == {None, sha256(b"")}
    assert inside.answer["memory_kb"] < MEMORY
    inventory = looked(files={"roots": [str(quick)]}, deadline=0.2).files
    assert len(inventory.files) < 200_000
    assert "deadline" in inventory.incomplete


def test_a_file_that_takes_longer_than_the_deadline_has_no_digest(looked, tmp_path):
    sparse(tmp_path / "large", 1 << 40)
    (tmp_path / "small").write_text("x")
    inventory = looked(files={"roots": [str(tmp_path)]}, deadline=3).files
    assert inventory.incomplete
    file = inventory.files[str(tmp_path / "large")]
    assert (file.digest, file.fault) == (None, "not read before the deadline")
    assert inventory.unread == {str(tmp_path / "large"): "not read before the deadline"}


def test_a_look_that_is_stuck_ends_by_itself_and_is_no_answer(looked, tmp_path):
    os.mkfifo(tmp_path / "pipe")  # whose text nobody will ever write
    began = time.monotonic()
    with pytest.raises(CouldNotCheck, match="gave no answer"):
        looked(read=[str(tmp_path / "pipe")], deadline=0.1)
    assert time.monotonic() - began < 100  # not that of the test's own patience


@pytest.mark.parametrize("when", [-86400 * 365, 0, 2**31 + 5, 7258118400])
def test_a_time_before_1970_or_far_ahead_is_told_as_it_is(looked, tmp_path, when):
    (tmp_path / "file").touch()
    os.utime(tmp_path / "file", (when, when))
    assert looked(files={"roots": [str(tmp_path)]}).files.files[f"{tmp_path}/file"].mtime == when


def test_a_file_that_is_written_all_the_time_has_no_digest(looked, tmp_path):
    path, over = tmp_path / "busy", threading.Event()
    sparse(path, 200 << 20)

    def write():
        with path.open("r+b", buffering=0) as file:
            while not over.is_set():
                os.pwrite(file.fileno(), b"x", 0)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        file = looked(files={"roots": [str(tmp_path)]}).files.files[str(path)]
    finally:
        over.set()
        writer.join()
    assert (file.digest, file.fault) == (None, "changed while it was read")


class Kept:
    """Stands in for the rows that are printed."""

    def __init__(self):
        self.rows = []
        self.count = 0

    def add(self, row):
        self.rows.append(list(row))


def walked(root, **asked):
    kept = Kept()
    walk = agent.Walk({"roots": [str(root)], **asked}, kept, time.monotonic() + 60)
    walk.run()
    return {Path(row[1]).name: row for row in kept.rows if row[0] != "d"}


def appended(path):
    with path.open("ab") as file:
        file.write(b"more")


def rewritten(path):
    """Change a byte, and set the time of the change back."""
    was = path.stat()
    with path.open("r+b") as file:
        file.write(b"X")
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def replaced(path):
    other = path.with_name("other")
    other.write_bytes(b"other")
    other.replace(path)


def cut(path):
    os.truncate(path, 1)


@pytest.mark.parametrize("change", [appended, rewritten, replaced, cut])
@pytest.mark.parametrize("size", [10, 3 << 20])
def test_any_change_while_a_file_is_read_is_seen(tmp_path, monkeypatch, change, size):
    path = tmp_path / "file"
    path.write_bytes(b"a" * size)
    meanwhile(monkeypatch, lambda: change(path))
    row = walked(tmp_path)["file"]
    assert row[agent.FAULT] == "changed while it was read"
    assert row[agent.DIGEST] is row[agent.BLOB] is None


def meanwhile(monkeypatch, change):
    """Let something happen after the first read."""
    read, changes = os.read, [change]

    def then_change(fd, count):
        chunk = read(fd, count)
        if changes:
            changes.pop()()
        return chunk

    monkeypatch.setattr(os, "read", then_change)


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_a_file_that_is_removed_while_it_is_read_is_not_there(tmp_path, monkeypatch, size):
    path = tmp_path / "file"
    path.write_bytes(b"a" * size)
    meanwhile(monkeypatch, path.unlink)
    assert walked(tmp_path) == {}


@pytest.mark.parametrize("size", [10, 3 << 20])
def test_a_file_with_many_names_is_read_once_and_told_with_each(tmp_path, monkeypatch, size):
    (tmp_path / "file-0").write_bytes(b"a" * size)
    for number in range(1, 30):
        os.link(tmp_path / "file-0", tmp_path / f"file-{number}")
    read = []
    digests = agent.Walk.digests
    monkeypatch.setattr(
        agent.Walk, "digests", lambda walk, large: read.append(large) or digests(walk, large)
    )
    rows = walked(tmp_path)
    assert len(read) == 1
    assert len(rows) == 30
    assert {row[agent.DIGEST] for row in rows.values()} == {sha256(b"a" * size)}


def test_nothing_is_remembered_of_files_whose_names_were_all_seen(tmp_path):
    for number in range(10):
        (tmp_path / f"file-{number}").write_bytes(b"a")
        os.link(tmp_path / f"file-{number}", tmp_path / f"other-{number}")
    walk = agent.Walk({"roots": [str(tmp_path)]}, Kept(), time.monotonic() + 60)
    walk.run()
    assert walk.linked == {}


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_of_files_with_other_names_elsewhere_only_so_many_are_remembered(tmp_path, monkeypatch):
    monkeypatch.setattr(agent, "LINKED", 3)
    (tmp_path / "seen").mkdir()
    for number in range(10):
        (tmp_path / f"seen/file-{number}").write_text(str(number))
        os.link(tmp_path / f"seen/file-{number}", tmp_path / f"other-{number}")
    walk = agent.Walk({"roots": [str(tmp_path / "seen")]}, Kept(), time.monotonic() + 60)
    walk.run()
    assert len(walk.linked) == 3
    rows = {Path(row[1]).name: row[agent.DIGEST] for row in walk.rows.rows if row[0] == "f"}
    assert rows == {f"file-{number}": sha256(b"%d" % number) for number in range(10)}


def test_many_large_files_are_read_with_few_open_at_once(tmp_path, monkeypatch):
    for number in range(60):
        sparse(tmp_path / f"file-{number}", agent.SMALL + number + 1)
    most = []
    digests = agent.Walk.digests

    def counted(walk, large):
        most.append(open_files())
        return digests(walk, large)

    before = open_files()
    monkeypatch.setattr(agent.Walk, "digests", counted)
    rows = walked(tmp_path)
    assert len({row[agent.DIGEST] for row in rows.values()}) == 60
    assert max(most) <= before + agent.QUEUE + 5
    assert open_files() == before


def test_what_takes_the_place_of_a_file_is_never_read(tmp_path, monkeypatch):
    """Between the look at a path and its opening it may become something else."""
    (tmp_path / "file").write_text("x")
    opened = agent.Walk.open

    def swapped(walk, name, here, seen):
        (tmp_path / "file").unlink()
        (tmp_path / "file").symlink_to("/etc/passwd")
        return opened(walk, name, here, seen)

    monkeypatch.setattr(agent.Walk, "open", swapped)
    row = walked(tmp_path)["file"]
    assert row[agent.DIGEST] is None
    assert row[agent.FAULT]


def answered(root) -> str:
    request = {"deadline": 60, "files": {"roots": [str(root)]}, "distributions": True}
    command = [sys.executable, "-I", "-S", *payload.packed("agent.py", request)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_an_answer_that_broke_off_anywhere_is_none(tmp_path):
    for number in range(500):
        (tmp_path / f"file-{number}").write_text(str(number))
    output = answered(tmp_path)
    whole = decode(payload.answer(output, "", who="the agent"), "here")
    assert len(whole.files.files) == 501
    for end in range(0, len(output) - 1, max(1, len(output) // 300)):
        with pytest.raises(CouldNotCheck):
            decode(payload.answer(output[:end], "", who="the agent"), "here")


def test_rows_that_lost_a_part_in_the_middle_or_are_missing_are_no_answer(tmp_path):
    for number in range(500):
        (tmp_path / f"file-{number}").write_text(str(number))
    rows, facts = answered(tmp_path).split("\n", 1)
    for broken in (rows[:5000] + rows[9000:], rows[:-100], rows[:20], "nothing"):
        with pytest.raises(CouldNotCheck):
            decode(payload.answer(f"{broken}\n{facts}", "", who="the agent"), "here")
