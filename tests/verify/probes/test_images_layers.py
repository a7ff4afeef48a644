"""Images as `docker save` hands them out: old form and OCI layout, damage, memory, the base."""

import gzip
import hashlib
import io
import itertools
import json
import os
import subprocess
import tarfile
import uuid

import pytest

from verify.errors import CouldNotCheck
from verify.inventory import Kind
from verify.probes.images import base, layers, memory, save
from verify.probes.images.base import Base, Step
from verify.probes.images.tar import PIECE


@pytest.fixture(autouse=True)
def _own_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def tar(*rows):
    """Return a tar file; a row is (name, content), or (name, type, where it leads)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", encoding="utf-8", errors="surrogateescape") as made:
        for name, what, *more in rows:
            info = tarfile.TarInfo(name)
            if more:
                info.type, info.linkname = what, more[0]
                made.addfile(info)
            else:
                info.size = len(what)
                made.addfile(info, io.BytesIO(what))
    return file.getvalue()


def sha(content):
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


LOWER = tar(("etc/one", b"1"), ("etc/again", tarfile.LNKTYPE, "etc/one"), ("app/old", b"old"))
UPPER = tar(
    ("app/.wh.old", b""), ("etc/.wh..wh..opq", b""), ("etc/.wh..wh.plnk", b""), ("app/n", b"new")
)
EMPTY = b"\0" * 1024


def config(*stored):
    return json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "rootfs": {"type": "layers", "diff_ids": [sha(each) for each in stored]},
            "history": [{"created_by": "one"}, {"created_by": "x", "empty_layer": True}],
        }
    ).encode()


def old_form(*stored, order=1):
    """Return what an engine up to version 24 saves."""
    text = config(*stored)
    name = sha(text).partition(":")[2] + ".json"
    rows = [(f"{n}/layer.tar", each) for n, each in enumerate(stored)]
    listed = [{"Config": name, "RepoTags": None, "Layers": [row[0] for row in rows]}]
    parts = [*rows, (name, text), ("manifest.json", json.dumps(listed).encode())]
    parts += [("0/VERSION", b"1.0"), ("0/json", b"{}"), ("repositories", b"{}")]
    return tar(*parts[::order]), sha(text)


def oci(*stored, packed=True, order=1, docker=False):
    """Return an OCI layout of several platforms, of which one is there, and an attestation."""
    text = config(*stored)
    blobs = [gzip.compress(each) if packed else each for each in stored]
    manifest = json.dumps(
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"digest": sha(text)},
            "layers": [{"digest": sha(each)} for each in blobs],
        }
    ).encode()
    note = json.dumps({"config": {"digest": "sha256:0"}, "layers": []}).encode()
    index = json.dumps(
        {
            "manifests": [
                {"digest": sha(b"gone"), "platform": {"os": "linux", "architecture": "arm64"}},
                {"digest": sha(manifest), "platform": {"os": "linux", "architecture": "amd64"}},
                {"digest": sha(note), "platform": {"os": "unknown", "architecture": "unknown"}},
            ]
        }
    ).encode()
    top = json.dumps({"manifests": [{"digest": sha(index)}]}).encode()
    parts = [(blob(each), each) for each in (*blobs, text, manifest, note, index)]
    parts += [("index.json", top), ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')]
    if docker:
        listed = [{"Config": blob(text), "Layers": [blob(each) for each in blobs]}]
        parts.append(("manifest.json", json.dumps(listed).encode()))
    return tar(*parts[::order]), {
        sha(text): "config",
        sha(manifest): "manifest",
        sha(index): "index",
    }


def blob(content):
    return f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"


def read(stream, **options):
    pieces = (stream[n : n + 5000] for n in range(0, len(stream), 5000))
    return save.saved(pieces, "image x", platform="linux/amd64", **options)


@pytest.mark.parametrize("order", [1, -1])
def test_what_older_engines_save_is_read_in_any_order(order):
    stream, config_digest = old_form(LOWER, UPPER, EMPTY, order=order)
    found = read(stream)

    assert found.named == {config_digest: "config"}
    assert [each.diff_id for each in found.layers] == [sha(LOWER), sha(UPPER), sha(EMPTY)]
    lower, upper, empty = found.layers
    assert (lower.size, set(lower.files)) == (4, {"/etc/one", "/etc/again", "/app/old"})
    assert lower.files["/etc/again"].size == 1
    assert (upper.removed, upper.emptied, set(upper.files)) == (
        ("/app/old",),
        ("/etc",),
        {"/app/n"},
    )
    assert (empty.size, empty.files) == (0, {})


@pytest.mark.parametrize(
    ("packed", "order", "docker"), list(itertools.product([True, False], [1, -1], [True, False]))
)
def test_an_oci_layout_is_read_in_any_order(packed, order, docker):
    stream, named = oci(LOWER, UPPER, packed=packed, order=order, docker=docker)
    found = read(stream)

    assert found.named == named
    assert [each.diff_id for each in found.layers] == [sha(LOWER), sha(UPPER)]
    assert found.config["rootfs"]["diff_ids"] == [sha(LOWER), sha(UPPER)]


def test_a_layer_that_stands_there_twice_is_a_link_to_the_first():
    stored = config(LOWER, LOWER)
    listed = [{"Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar"]}]
    found = read(
        tar(
            ("b/layer.tar", tarfile.SYMTYPE, "../a/layer.tar"),
            ("a/layer.tar", LOWER),
            ("c.json", stored),
            ("manifest.json", json.dumps(listed).encode()),
        )
    )

    assert [each.diff_id for each in found.layers] == [sha(LOWER), sha(LOWER)]


def test_a_layer_in_several_pieces_of_gzip_is_one_layer():
    packed = gzip.compress(LOWER[:700]) + gzip.compress(LOWER[700:])
    listed = [{"Config": "c.json", "Layers": ["l"]}]
    stream = tar(
        ("l", packed), ("c.json", config(LOWER)), ("manifest.json", json.dumps(listed).encode())
    )

    assert read(stream).layers[0].diff_id == sha(LOWER)


@pytest.mark.parametrize("cut", [600, 1600, 3000, -1])
@pytest.mark.parametrize("form", [old_form, oci])
def test_a_stream_that_breaks_off_is_never_an_image(form, cut):
    stream, _ = form(LOWER, UPPER)
    with pytest.raises(CouldNotCheck):
        read(stream.rstrip(b"\0")[:cut])


@pytest.mark.parametrize(
    "rows",
    [
        [("manifest.json", b"[]")],
        [("manifest.json", b"{"), ("l", LOWER)],
        [("manifest.json", b'[{"Config": "gone", "Layers": []}]')],
        [("index.json", b'{"manifests": []}')],
        [("l", gzip.compress(LOWER)[:-9])],
        [("l", gzip.compress(LOWER[:-1024]))],
        [("l", b"\x28\xb5\x2f\xfd" + b"x" * 600)],
    ],
)
def test_what_is_no_image_could_not_be_looked_at(rows):
    with pytest.raises(CouldNotCheck):
        read(tar(*rows))


def test_each_file_that_has_content_is_scanned_once_piece_by_piece():
    seen = {}

    def scan(path, pieces):
        seen[path] = [len(piece) for piece in pieces]
        return ("a key",) if path == "/text" else ()

    stored = tar(
        ("text", b"KEY"),
        ("plain", b"x"),
        ("binary", b"KEY\0"),
        ("empty", b""),
        ("large", b" " * (PIECE + 1)),
        ("link", tarfile.SYMTYPE, "text"),
    )
    found = read(old_form(stored)[0], scan=scan)

    assert seen == {"/text": [3], "/plain": [1], "/binary": [4], "/large": [PIECE, 1]}
    assert found.layers[0].findings == {"/text": ("a key",)}
    assert found.layers[0].diff_id == sha(stored)


def test_names_and_kinds_come_back_from_memory_as_they_were():
    stored = tar(
        ("latin-\udce9\n", b"x"), ("l", tarfile.SYMTYPE, "to\udcff"), ("p", tarfile.FIFOTYPE, "")
    )
    (contents,) = read(old_form(stored)[0], scan=lambda *_: ("a key",)).layers
    layers._keep(contents, "v1")

    assert layers._recall(contents.diff_id, "v1") == contents
    assert layers._recall(contents.diff_id, "v2") is None
    assert {file.kind for file in contents.files.values()} == {Kind.FILE, Kind.LINK, Kind.OTHER}


def test_a_damaged_entry_is_read_as_none():
    memory.keep("layer", "x", value={"size": 1})
    assert memory.recall("layer", "x") == {"size": 1}
    (entry,) = memory.folder().iterdir()
    good = entry.read_bytes()
    for bad in (b"", good[:-1], good[:40] + b"x" + good[41:], good + b"x"):
        entry.write_bytes(bad)
        assert memory.recall("layer", "x") is None


def test_memory_that_cannot_be_written_costs_nothing_but_time(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    memory.keep("layer", "x", value=1)

    assert memory.recall("layer", "x") is None


def test_memory_forgets_what_nobody_asked_for_longest(monkeypatch):
    for n in range(4):
        memory.keep("layer", str(n), value=os.urandom(2000).hex())
        os.utime(memory._file(("layer", str(n))), (n, n))
    assert memory.recall("layer", "0") is not None
    held = sum(entry.stat().st_size for entry in memory.folder().iterdir())
    monkeypatch.setattr(memory, "MOST", held - 1)
    memory.keep("layer", "new", value="")

    assert [n for n in range(4) if memory.recall("layer", str(n)) is None] == [1]


CLASSIC = (
    "/bin/sh -c #(nop) ADD file:1 in / ",
    '/bin/sh -c #(nop)  CMD ["bash"]',
    "/bin/sh -c #(nop) ARG A=1",
    "|1 A=1 /bin/sh -c true",
    "/bin/sh -c #(nop) COPY dir:1 in /x",
)
BUILDKIT = (
    "ADD rootfs.tar.xz / # buildkit",
    'CMD ["bash"]',
    "ARG A=1",
    "RUN |1 A=1 /bin/sh -c true # buildkit",
    "COPY . /x # buildkit",
)
TEXT = "FROM base\nARG A=1\nRUN true\nCOPY . /x\n"


@pytest.mark.parametrize("made", [CLASSIC, BUILDKIT, (*CLASSIC, "/bin/sh -c #(nop)  LABEL a=b")])
def test_the_steps_of_the_dockerfile_tell_which_layers_are_ours(made):
    history = [Step(each, n if n in {0, 3, 4} else None) for n, each in enumerate(made)]
    unknown = Base("base", here=False, first=None, layers=None)

    assert base.by_steps(unknown, TEXT, history).layers == 1
    assert base.by_steps(unknown, TEXT + "USER x\n", history) == unknown
    assert base.by_steps(unknown, TEXT, history[3:]) == unknown


def test_the_base_is_that_of_the_lowest_stage_the_last_one_stands_on():
    text = "ARG I=python:3\nFROM other AS a\nFROM ${I} AS b\nFROM b\nRUN true\n"

    assert base.named_in(text, {}) == "python:3"
    assert base.named_in(text, {"I": "mine"}) == "mine"
    assert base.named_in("", {}) == ""


@pytest.fixture
def built(tmp_path):
    """Build a Dockerfile's text; return its tag."""
    tag = f"verify-test-{uuid.uuid4().hex[:10]}:x"
    made = []

    def build(text, **files):
        folder = tmp_path / f"context{len(made)}"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / "Dockerfile").write_text(text)
        made.append(f"{tag}{len(made)}")
        subprocess.run(
            ["docker", "build", "-q", "-t", made[-1], str(folder)],
            capture_output=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "DOCKER_BUILDKIT": "0"},
        )
        return made[-1]

    yield build
    for each in reversed(made):
        subprocess.run(["docker", "rmi", "-f", each], capture_output=True, check=False)


@pytest.mark.docker
def test_a_real_image_is_read_once_and_remembered(engine, built, monkeypatch):
    below = built("FROM scratch\nCOPY one /one\n", one=b"1")
    text = f"FROM {below}\nCOPY two /two\nENV A=1\nCOPY one /one\n"
    image = engine.api.inspect_image(built(text, two=b"KEY", one=b"2"))
    scanner = layers.Scanner("1", lambda _, pieces: ("key",) if b"KEY" in pieces else ())
    first = layers.look(engine, image, base=below, dockerfile=text, scanner=scanner)

    assert first.named[image["Id"]] == "config"
    assert [each.contents.diff_id for each in first.layers] == image["RootFS"]["Layers"]
    assert [each.declared for each in first.layers] == image["RootFS"]["Layers"]
    assert [each.of_base for each in first.layers] == [True, False, False]
    assert [set(each.contents.files) for each in first.layers] == [{"/one"}, {"/two"}, {"/one"}]
    assert first.layers[1].contents.findings == {"/two": ("key",)}
    assert "COPY" in first.layers[1].created_by
    assert not first.remembered

    def never(*_args, **_settings):
        raise AssertionError("docker save was asked for again")

    monkeypatch.setattr(layers, "download", never)
    again = layers.look(engine, image, base=below, dockerfile=text, scanner=scanner)
    assert again.remembered
    assert (again.named, again.history, again.base) == (first.named, first.history, first.base)
    assert [each.contents for each in again.layers] == [each.contents for each in first.layers]
    gone = layers.look(engine, image, base="gone:x", dockerfile=text, scanner=scanner)
    assert gone.base.layers == 1
    unknown = layers.look(engine, image, scanner=scanner)
    assert {each.of_base for each in unknown.layers} == {None}
    assert len(unknown.ours()) == 3
    with pytest.raises(AssertionError, match="again"):
        layers.look(engine, image, scanner=layers.Scanner("2", lambda *_: ()))


@pytest.mark.docker
def test_another_image_of_the_same_name_is_not_the_base(engine, built):
    below = built("FROM scratch\nCOPY one /one\n", one=b"1")
    image = engine.api.inspect_image(built(f"FROM {below}\nCOPY two /two\n", two=b"2"))
    other = built("FROM scratch\nCOPY one /other\n", one=b"other")
    found = layers.look(engine, image, base=other)

    assert (found.base.here, found.base.first, found.base.layers) == (True, False, None)
