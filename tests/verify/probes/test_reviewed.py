"""What of a reviewed tree belongs in the image: real git repositories, and real builds."""

import hashlib
import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from verify.errors import CouldNotCheck, UsageError
from verify.gittree import tree_id
from verify.inventory import File, Inventory, Kind
from verify.probes import git
from verify.probes.reviewed import labelled, objects, reviewed
from verify.tables import Image

GIT = ("git", "-c", "user.name=t", "-c", "user.email=t@example.invalid")
SPEC = Image(dockerfile="Dockerfile", tag="t:t")
ALL = "FROM scratch\nCOPY src /app\n"


class Repository:
    """A repository of a test."""

    def __init__(self, root: Path, algorithm: str = "sha1") -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", f"--object-format={algorithm}")
        self.write("Dockerfile", ALL)

    def git(self, *args: str) -> str:
        done = subprocess.run(
            [*GIT, "-c", "protocol.file.allow=always", *args],
            cwd=self.root,
            capture_output=True,
            check=True,
        )
        return os.fsdecode(done.stdout).strip()

    def write(self, path: str, content: str | bytes) -> None:
        full = self.root / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-qm", "all")
        return self.git("rev-parse", "HEAD")

    def reviewed(self, revision: str | None = None):
        return reviewed(self.root, SPEC, revision)


@pytest.fixture(params=["sha1", "sha256"])
def repository(request, tmp_path):
    return Repository(tmp_path / "r", request.param)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def standing(expected, **changes) -> Inventory:
    """An image that holds what it should, but for some files."""
    files = {
        path: File(**{n: getattr(f, n) for n in File.__slots__}) for path, f in expected.items()
    }
    return Inventory("the image", ("/",), {**files, **changes})


def test_files_links_and_modes_come_from_the_commit(repository):
    repository.write("src/a.py", b"one\r\n\0")
    repository.write("src/in/run.sh", "#!/bin/sh\n")
    (repository.root / "src/in/run.sh").chmod(0o755)
    (repository.root / "src/link").symlink_to("in/run.sh")
    repository.write("beside.py", "not copied\n")
    commit = repository.commit()
    repository.write("src/a.py", "dirty\n")
    repository.write("src/new.py", "untracked\n")
    repository.write("notes", "untracked\n")

    found = repository.reviewed()

    assert (found.commit, found.tree) == (commit, repository.git("rev-parse", "HEAD^{tree}"))
    assert set(found.files) == {"/app/a.py", "/app/in/run.sh", "/app/link"}
    assert found.files["/app/a.py"].digest == sha256(b"one\r\n\0")
    assert found.files["/app/a.py"].size == 6
    assert [found.files[f"/app/{n}"].mode for n in ("a.py", "in/run.sh")] == [0o644, 0o755]
    link = found.files["/app/link"]
    assert (link.kind, link.target) == (Kind.LINK, "in/run.sh")
    assert found.sources["/app/in/run.sh"] == "src/in/run.sh"
    assert found.dirt == ("notes", "src/a.py", "src/new.py")
    assert found.dirt_inside == ("src/a.py", "src/new.py")
    assert tree_id(found.entries, found.algorithm) == found.tree
    repository.git("rm", "-q", "--cached", "beside.py", "Dockerfile")
    assert found.part == repository.git("write-tree")


def test_names_may_be_any_bytes(repository):
    odd = os.fsdecode(b"src/a\n\xff\t b.py")
    repository.write(odd, "x")
    repository.commit()
    found = repository.reviewed()
    assert found.sources == {"/app/" + odd.removeprefix("src/"): odd}
    assert found.dirt == ()


def test_the_tree_is_the_commits_only_with_the_reviewed_files(repository):
    for name in ("a", "b", "c"):
        repository.write(f"src/{name}", name)
    (repository.root / "src/l").symlink_to("a")
    repository.commit()
    found = repository.reviewed()

    def with_one(path, **values):
        seen = standing(found.files)
        files = {**seen.files, path: File(path, **values)} if values else dict(seen.files)
        if not values:
            del files[path]
        return found.recomputed(Inventory("", ("/",), files))

    assert found.recomputed(standing(found.files)) == found.tree
    sound = {"size": 1, "mode": 0o644, "digest": sha256(b"a")}
    assert with_one("/app/a", **sound) == found.tree, "the content is the same, so is git's id"
    assert with_one("/app/a", **{**sound, "mode": 0o755}) != found.tree
    assert with_one("/app/a", **{**sound, "digest": sha256(b"z")}) != found.tree
    assert with_one("/app/a", kind=Kind.LINK, target="b") != found.tree
    assert with_one("/app/l", kind=Kind.LINK, target="b") != found.tree
    assert with_one("/app/l", size=1, mode=0o777, digest=sha256(b"a")) != found.tree
    assert with_one("/app/b") != found.tree
    gone = Inventory("", ("/",), {p: f for p, f in found.files.items() if p != "/app/b"})
    assert found.recomputed(gone, besides={"/app/b"}) == found.tree


def test_another_revision_is_read_with_its_own_dockerfile(repository):
    repository.write("src/a", "1")
    first = repository.commit()
    repository.write("Dockerfile", "FROM scratch\nCOPY src /srv/app\n")
    repository.write("src/a", "2")
    repository.commit()
    repository.git("tag", "second")
    assert {p: f.digest for p, f in repository.reviewed("HEAD~1").files.items()} == {
        "/app/a": sha256(b"1")
    }
    assert set(repository.reviewed("second").files) == {"/srv/app/a"}
    assert repository.reviewed(first[:12]).commit == first
    with pytest.raises(UsageError, match="no revision gone"):
        repository.reviewed("gone")
    with pytest.raises(UsageError):
        repository.reviewed("--all")


def test_a_folder_without_git_is_what_stands_there(tmp_path):
    root = tmp_path / "plain"
    (root / "src").mkdir(parents=True)
    (root / "Dockerfile").write_text(ALL)
    (root / "src/a").write_bytes(b"x")
    (root / "src/a").chmod(0o755)
    (root / "src/l").symlink_to("a")
    found = reviewed(root, SPEC)
    assert (found.commit, found.tree, found.part, found.dirty) == ("", "", "", False)
    assert found.files["/app/a"].digest == sha256(b"x")
    assert found.files["/app/a"].mode == 0o755
    assert found.files["/app/l"].target == "a"
    assert str(root) in found.where
    with pytest.raises(UsageError):
        reviewed(root, SPEC, "HEAD")


def test_a_checkout_that_git_cannot_read_is_no_folder(tmp_path, monkeypatch):
    repository = Repository(tmp_path)
    repository.write("src/a", "x")
    with pytest.raises(CouldNotCheck, match="git finds no commit"):
        repository.reviewed()
    repository.commit()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    with pytest.raises(CouldNotCheck, match="git finds no commit"):
        repository.reviewed()


def test_a_copy_that_its_outer_checkout_ignores_is_a_folder(tmp_path):
    outer = Repository(tmp_path / "outer")
    outer.write(".gitignore", "copy\n")
    outer.commit()
    outer.write("copy/Dockerfile", ALL)
    outer.write("copy/src/a", "x")
    assert reviewed(outer.root / "copy", SPEC).commit == ""


def test_a_project_may_be_a_folder_of_its_checkout(repository):
    repository.write("deep/project/Dockerfile", ALL)
    repository.write("deep/project/src/a", "x")
    repository.commit()
    repository.write("deep/project/src/b", "new")
    repository.write("elsewhere", "new")
    root = repository.root / "deep/project"
    found = reviewed(root, SPEC)
    assert found.sources == {"/app/a": "src/a"}
    assert found.tree == repository.git("rev-parse", "HEAD:deep/project")
    assert found.recomputed(standing(found.files)) == found.tree
    assert found.dirt == ("src/b",)


def test_a_hooks_environment_makes_no_difference(repository, tmp_path, monkeypatch):
    repository.write("src/a", "x")
    repository.commit()
    other = Repository(tmp_path / "other")
    other.commit()
    monkeypatch.setenv("GIT_DIR", str(other.root / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.root / ".git/index"))
    assert set(repository.reviewed().files) == {"/app/a"}


def test_replaced_objects_fool_nobody(repository):
    repository.write("src/a", "sound")
    repository.commit()
    (repository.root / "evil").write_text("evil")
    evil = repository.git("hash-object", "-w", "evil")
    repository.git("replace", repository.git("rev-parse", "HEAD:src/a"), evil)
    assert repository.reviewed().files["/app/a"].digest == sha256(b"sound")


def test_a_damaged_object_is_told(repository):
    repository.write("src/a", "sound")
    repository.commit()
    objects = repository.root / ".git/objects"
    (repository.root / "evil").write_text("evil")
    sound = repository.git("rev-parse", "HEAD:src/a")
    evil = repository.git("hash-object", "-w", "evil")
    target = objects / sound[:2] / sound[2:]
    target.chmod(0o644)
    shutil.copy(objects / evil[:2] / evil[2:], target)
    with pytest.raises(CouldNotCheck):
        repository.reviewed()


@pytest.fixture
def stuck(tmp_path, monkeypatch):
    """Let one git command hang: `stuck("ls-tree")`."""

    def hang(command: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        real = shutil.which("git")
        (folder / "git").write_text(
            f'#!/bin/sh\ncase " $* " in *" {command} "*) exec sleep 300;; esac\nexec {real} "$@"\n'
        )
        (folder / "git").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    return hang


@pytest.mark.parametrize("command", ["rev-parse", "ls-tree", "status", "cat-file --batch"])
def test_a_git_that_hangs_is_not_waited_for(tmp_path, stuck, monkeypatch, command):
    repository = Repository(tmp_path / "r")
    repository.write("src/a", "x")
    repository.commit()
    stuck(command)
    monkeypatch.setattr(git, "DEADLINE", 1.0)
    monkeypatch.setattr(objects, "DEADLINE", 1.0)
    with pytest.raises(CouldNotCheck):
        repository.reviewed()


def test_contents_are_read_in_pieces(repository, monkeypatch):
    monkeypatch.setattr(objects, "_CHUNK", 3)
    for content in (b"ab\r\ncd\n\n\r\r\n\r", b"\r\n\r\n", b"\n" * 7, b"a\r", b"", b"ab\rcd\n"):
        repository.write("src/a", content)
        blob = repository.git("hash-object", "-w", "src/a")
        algorithm = repository.git("rev-parse", "--show-object-format")
        (read,) = objects.contents(repository.root, [blob], algorithm).values()
        assert (read.size, read.digest) == (len(content), sha256(content))
        windows = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        assert read.windows == (None if windows == content else (len(windows), sha256(windows)))


def test_assuming_a_file_unchanged_does_not_make_it_so(repository):
    repository.write("src/a", "sound")
    repository.commit()
    repository.git("update-index", "--assume-unchanged", "src/a")
    repository.write("src/a", "evil")
    found = repository.reviewed()
    assert not found.dirty
    assert found.files["/app/a"].digest == sha256(b"sound")


def test_lines_may_end_as_a_checkout_writes_them(repository):
    repository.write(".gitattributes", "*.bat text eol=crlf\n")
    text = b"one\r\ntwo\r\n"
    repository.write("src/a.bat", text)
    repository.write("src/b.txt", b"one\ntwo\n")
    repository.commit()
    found = repository.reviewed()
    for path, content, same in [
        ("/app/a.bat", text, True),
        ("/app/a.bat", b"one\ntwo\n", True),
        ("/app/a.bat", b"one\r\ntwo\n", False),
        ("/app/b.txt", b"one\r\ntwo\r\n", False),
    ]:
        one = File(path, size=len(content), mode=0o644, digest=sha256(content))
        got = standing(found.files, **{path: one})
        expected = found.expected(got)[path]
        assert (expected.digest == one.digest) is same, (path, content)
        assert (found.recomputed(got) == found.tree) is same


def test_a_checkout_of_windows_is_known_by_its_setting(repository):
    repository.write("src/a", "one\n")
    repository.commit()
    assert not repository.reviewed().others
    repository.git("config", "core.autocrlf", "true")
    assert repository.reviewed().others["/app/a"].digest == sha256(b"one\r\n")


def test_what_git_lfs_keeps_is_known_by_its_pointer(repository):
    content = b"a picture" * 1000
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(content)}\nsize 9000\n"
    )
    repository.write(".gitattributes", "*.png filter=lfs diff=lfs merge=lfs -text\n")
    repository.write("src/a.png", pointer)
    repository.write("src/small.png", "never was in LFS")
    repository.commit()
    found = repository.reviewed()
    assert found.files["/app/a.png"].digest == sha256(content)
    assert found.files["/app/a.png"].size == 9000
    assert found.files["/app/small.png"].digest == sha256(b"never was in LFS")
    assert found.recomputed(standing(found.files)) == found.tree


@pytest.mark.parametrize("attribute", ["filter=secret", "ident", "working-tree-encoding=UTF-16"])
def test_what_git_alters_otherwise_is_not_held_against_the_image(tmp_path, attribute):
    repository = Repository(tmp_path)
    repository.write("src/a", "x")
    repository.write("src/b", "x")
    repository.commit()
    repository.write(".gitattributes", f"src/a {attribute}\n")
    repository.git("add", ".gitattributes")
    repository.git("commit", "-qm", "attributes")
    found = repository.reviewed()
    other = File("/app/a", size=1, mode=0o644, digest=sha256(b"y"))
    expected = found.expected(standing(found.files, **{"/app/a": other}))
    assert expected["/app/a"].digest is None
    assert "src/a" in expected["/app/a"].fault
    assert expected["/app/b"].digest == sha256(b"x")
    assert found.expected(standing(found.files))["/app/a"].digest == sha256(b"x")


def test_attributes_that_were_not_committed_do_not_count(repository):
    repository.write("src/a", "x")
    repository.commit()
    repository.write(".gitattributes", "* filter=evil\n")
    assert not repository.reviewed().altered


def test_a_submodules_files_are_said_to_be_unknown(repository, tmp_path):
    other = Repository(tmp_path / "other", repository.git("rev-parse", "--show-object-format"))
    other.commit()
    repository.git("submodule", "--quiet", "add", str(other.root), "src/module")
    repository.write("src/a", "x")
    repository.commit()
    found = repository.reviewed()
    assert set(found.files) == {"/app/a"}
    assert set(found.unknown) == {"/app/module"}
    assert found.recomputed(standing(found.files)) == found.tree


def test_a_link_that_is_copied_by_name_is_what_it_leads_to(repository):
    repository.write("real/a.py", "x")
    repository.write("src/b", "")
    (repository.root / "first").symlink_to("second")
    (repository.root / "second").symlink_to("real/a.py")
    (repository.root / "circle").symlink_to("circle")
    (repository.root / "out").symlink_to("/etc/passwd")
    repository.write("Dockerfile", "FROM scratch\nCOPY first /app/a.py\nCOPY circle out /app/\n")
    repository.commit()
    found = repository.reviewed()
    assert found.sources == {"/app/a.py": "real/a.py"}
    assert found.files["/app/a.py"].digest == sha256(b"x")
    assert set(found.unknown) == {"/app/circle", "/app/out"}


def test_a_tree_without_its_dockerfile_says_nothing(repository):
    (repository.root / "Dockerfile").unlink()
    repository.write("src/a", "x")
    repository.commit()
    with pytest.raises(CouldNotCheck, match="no Dockerfile"):
        repository.reviewed()


def test_a_label_is_looked_up(repository):
    repository.write("src/a", "1")
    first = repository.commit()
    repository.write("src/a", "2")
    second = repository.commit()
    head = repository.reviewed()

    def look(label):
        return labelled(repository.root, SPEC, label, head)

    assert look(second).reviewed is head
    assert look(first).reviewed.files["/app/a"].digest == sha256(b"1")
    assert look(f"{second}-dirty").dirty
    assert look("").why
    assert look("unknown").why
    assert "full id" in look("HEAD").why
    assert "full id" in look(first[:12]).why
    repository.git("rm", "-q", "Dockerfile")
    assert "has no Dockerfile" in look(repository.commit()).why
    unknown = look("0" * len(first))
    assert unknown.reviewed is None
    assert "knows no such commit" in unknown.why


BASE = "aicmo-python-base:bookworm"
EVERYTHING = """
FROM {base} AS one
LABEL of={mark}
WORKDIR /there
COPY a.txt .
COPY a.txt in/
COPY a.txt renamed
COPY src /there/src
COPY src/*.py /globs/
COPY s?c/de* /deep/
COPY ["with space.txt", "/spaces/"]
COPY a.txt /opt
ADD b.txt /added/b.txt
COPY /a.txt /up/a.txt

FROM one AS two
LABEL of={mark}
ARG WHERE=/from-arg
ENV SUB=sub
COPY src/x.py ${{WHERE}}/$SUB/
COPY other.txt /there/a.txt
RUN mkdir -p /made
COPY a.txt /made

FROM {base}
LABEL of={mark}
COPY --from=one /there /app
COPY --from=1 /there/src /two/src
COPY --from=one /globs /globs
COPY --from=one /deep /deep
COPY --from=one /up /spaces /added /more/
COPY --from=two /from-arg /arg
COPY --from=two /there/a.txt /opt/other.txt
COPY --from=two /made/a.txt /opt/
COPY --chown=1:1 src/deep/ /deep2
COPY src /app
"""

FOLDERS = ("/app", "/two", "/globs", "/deep", "/more", "/arg", "/deep2", "/opt/a.txt")
LIST = """
find "$@" /opt/other.txt -type l -printf 'link %l  %p\\0'
find "$@" /opt/other.txt -type f -exec sha256sum -z {} +
"""


@pytest.mark.docker
def test_a_real_build_puts_files_where_it_is_said(tmp_path):
    mark = uuid.uuid4().hex
    repository = Repository(tmp_path)
    repository.write("Dockerfile", EVERYTHING.format(base=BASE, mark=mark))
    repository.write(".dockerignore", "**/*.pyc\nsrc/secret\n!src/kept.pyc\n")
    for name in ("a.txt", "b.txt", "other.txt", "with space.txt", "src/x.py", "src/deep/y.py"):
        repository.write(name, f"{name}\n")
    for name in ("src/z.py", "src/z.pyc", "src/kept.pyc", "src/secret/key", "src/deep/more/w"):
        repository.write(name, f"{name}\n")
    (repository.root / "src/link").symlink_to("x.py")
    repository.commit()
    try:
        image = docker("build", "-q", ".", cwd=tmp_path).strip()
        command = ("sh", "-c", LIST, "sh", *FOLDERS)
        rows = docker("run", "--rm", "--network=none", image, *command).split("\0")[:-1]
    finally:
        for image in docker("images", "-q", "--filter", f"label=of={mark}").split():
            subprocess.run(["docker", "rmi", "-f", image], check=False, capture_output=True)
    there = {path: what for what, _, path in (row.partition("  ") for row in rows)}
    found = repository.reviewed()
    said = {p: f"link {f.target}" if f.target else f.digest for p, f in found.files.items()}
    assert said == there


def docker(*args: str, cwd: Path | None = None) -> str:
    done = subprocess.run(["docker", *args], cwd=cwd, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
