"""Images read as tar streams: every kind of member, streams that break off, a real engine."""

import gzip
import hashlib
import http.server
import io
import subprocess
import tarfile
import threading
import tracemalloc
import uuid
from types import SimpleNamespace

import pytest
import requests

from verify.difference import STORED, compare
from verify.errors import CouldNotCheck
from verify.inventory import Kind
from verify.probes.images import download, export
from verify.probes.inside.at_rest import at_rest

WRITTEN = {"encoding": "utf-8", "errors": "surrogateescape"}


def archive(*rows, form=tarfile.PAX_FORMAT):
    """Return a tar file; a row is (name, content or a dict of what its header has)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form, **WRITTEN) as tar:
        for name, what in rows:
            info = tarfile.TarInfo(name)
            content = b""
            if isinstance(what, bytes):
                content, info.size, info.mode = what, len(what), 0o644
            else:
                content = what.get("content", b"")
                info.size = len(content)
                for key, value in what.items():
                    if key != "content":
                        setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


def listed(stream, **options):
    return export.read(stream, "the image", **options).inventory


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_names_are_any_bytes_and_of_any_length(form):
    names = [
        "a" * 300,
        "new\nline",
        "ctrl\x1b[31m",
        "ünï",
        "latin-\udce9",
        f"{'d' * 90}/{'f' * 90}",
    ]
    files = listed(io.BytesIO(archive(*((name, b"x") for name in names), form=form))).files

    assert set(files) == {f"/{name}" for name in names}
    assert {file.digest for file in files.values()} == {hashlib.sha256(b"x").hexdigest()}


def test_each_kind_of_member_is_told_as_what_it_is():
    stream = archive(
        ("./folder/", {"type": tarfile.DIRTYPE, "mode": 0o1777, "uid": 5, "gid": 6}),
        ("folder/file", {"content": b"text", "mode": 0o104755, "mtime": 1700000000}),
        ("folder/again", {"type": tarfile.LNKTYPE, "linkname": "folder/file"}),
        ("link", {"type": tarfile.SYMTYPE, "linkname": "../out\udcff", "mode": 0o777}),
        ("loop", {"type": tarfile.SYMTYPE, "linkname": "loop"}),
        ("device", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
        ("pipe", {"type": tarfile.FIFOTYPE}),
        ("able", {"content": b"x", "pax_headers": {export_capability(): "\x01\0\udcff"}}),
        ("../../escape", b"y"),
    )
    files = listed([stream[n : n + 7] for n in range(0, len(stream), 7)]).files

    assert (files["/folder"].kind, files["/folder"].mode) == (Kind.FOLDER, 0o1777)
    assert (files["/folder"].uid, files["/folder"].gid, files["/folder"].size) == (5, 6, None)
    assert (files["/folder/file"].mode, files["/folder/file"].mtime) == (0o4755, 1700000000)
    assert files["/folder/again"].digest == files["/folder/file"].digest == sha(b"text")
    assert (files["/folder/again"].size, files["/folder/again"].mode) == (4, 0o4755)
    assert (files["/link"].kind, files["/link"].target) == (Kind.LINK, "../out\udcff")
    assert files["/loop"].target == "loop"
    assert files["/device"].kind is files["/pipe"].kind is Kind.OTHER
    assert files["/able"].capabilities == "0100ff"
    assert "/escape" in files


def export_capability():
    return "SCHILY.xattr.security.capability"


def sha(content):
    return hashlib.sha256(content).hexdigest()


def test_git_ids_are_those_of_git(tmp_path):
    (tmp_path / "file").write_bytes(b"reviewed\n")
    told = subprocess.run(
        ["git", "hash-object", "--no-filters", "file"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    stream = io.BytesIO(archive(("app/file", b"reviewed\n"), ("other", b"x")))
    files = export.inventory(stream, "the image", ["/app"]).files

    assert files["/app/file"].blob == told
    assert files["/other"].blob is None


def test_a_sparse_file_has_the_content_it_reads_as(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.seek(3_000_000)
        file.write(b"end")
    done = subprocess.run(
        ["tar", "--sparse", "-cf", "-", "sparse", "/dev/null"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    files = listed(io.BytesIO(done.stdout)).files

    assert len(done.stdout) < 100_000
    assert files["/sparse"].size == 3_000_003
    assert files["/sparse"].digest == sha(b"\0" * 3_000_000 + b"end")


def test_a_stream_that_breaks_off_anywhere_is_never_an_inventory():
    whole = archive(("a", b"1" * 600), ("b" * 200, b"2"), ("c", b""), ("zeros", b"\0" * 2048))
    end = whole.rstrip(b"\0")
    last = -(-(len(end) + 2048) // 512) * 512  # the last member is all zeros
    for cut in range(0, last, 64):
        with pytest.raises(CouldNotCheck, match="broke off"):
            listed(io.BytesIO(whole[:cut]))
    assert len(listed(io.BytesIO(whole)).files) == 4


def test_a_damaged_stream_is_never_an_inventory():
    whole = archive(("a", b"1" * 600), ("b", b"2"))
    for at in (0, 100, 150, 1536, 1536 + 150):
        damaged = bytearray(whole)
        damaged[at] ^= 0xFF
        with pytest.raises(CouldNotCheck):
            listed(io.BytesIO(bytes(damaged)))
    with pytest.raises(CouldNotCheck):
        listed(io.BytesIO(b""))
    with pytest.raises(CouldNotCheck):
        listed(io.BytesIO(gzip.compress(whole)))


def test_a_hard_link_to_nothing_is_a_fault_and_no_content():
    stream = archive(("again", {"type": tarfile.LNKTYPE, "linkname": "gone"}))
    (file,) = listed(io.BytesIO(stream)).files.values()

    assert file.digest is None
    assert "/gone" in file.fault


@pytest.fixture
def built(tmp_path):
    """Build a Dockerfile's text; return the image's id."""
    tag = f"verify-test-{uuid.uuid4().hex[:10]}:x"

    def build(text, **files):
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        (tmp_path / "Dockerfile").write_text(text)
        done = subprocess.run(
            ["docker", "build", "-q", "-t", tag, str(tmp_path)],
            capture_output=True,
            text=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "DOCKER_BUILDKIT": "0"},
        )
        return done.stdout.strip()

    yield build
    subprocess.run(["docker", "rmi", "-f", tag], capture_output=True, check=False)


@pytest.mark.docker
def test_an_image_without_shell_or_python_is_read(engine, built):
    image = built("FROM scratch\nCOPY one /folder/one\n", one=b"content")
    found = export.exported(engine, image)

    assert found.files["/folder/one"].digest == sha(b"content")
    assert set(found.files) == {"/folder", "/folder/one"}
    assert "the engine" in found.unread["/etc/hosts"]
    assert not left(engine)


@pytest.mark.docker
def test_an_image_that_is_not_there_could_not_be_looked_at(engine):
    with pytest.raises(CouldNotCheck):
        export.exported(engine, "sha256:" + "0" * 64)
    assert not left(engine)


@pytest.mark.docker
def test_a_deadline_ends_a_long_stream_and_leaves_nothing(engine):
    with pytest.raises(CouldNotCheck, match="in time"):
        export.exported(engine, "aicmo-python-base:bookworm", deadline=0.05)
    assert not left(engine)


def left(engine):
    """Return the containers of this run that are still there."""
    rows = engine.api.containers(all=True, filters={"label": "verify.run"})
    return [row for row in rows if engine._run_id in row["Labels"]["verify.run"]]


@pytest.mark.docker
def test_the_stream_tells_of_each_file_what_the_agent_sees(engine):
    image = engine.api.inspect_image("aicmo-python-base:bookworm")["Id"]
    inside = at_rest(engine, image, "python3", blobs=["/etc"], memory="512m", deadline=120)
    stream = export.exported(engine, image, blobs=["/etc"])
    seen = {path: file for path, file in inside.part("files").files.items() if path != "/"}

    assert len(seen) > 5000
    assert list(compare(seen, stream, attributes=STORED, within=["/"])) == []
    assert {path: file.blob for path, file in seen.items()} == {
        path: file.blob for path, file in stream.files.items()
    }


def test_a_file_of_two_gigabytes_needs_no_memory():
    piece = bytes(1 << 20)
    info = tarfile.TarInfo("large")
    info.size = 2048 * len(piece)

    def stream():
        yield info.tobuf()
        for _ in range(2048):
            yield piece
        yield bytes(1024)

    tracemalloc.start()
    (large,) = listed(stream()).files.values()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert large.size == 2 << 30
    assert large.digest is not None
    assert peak < 20 << 20


def test_a_stream_of_very_many_files_is_read_whole():
    many = 200_000

    def stream():
        info = tarfile.TarInfo()
        for n in range(many):
            info.name = f"folder/{n}"
            yield info.tobuf(tarfile.USTAR_FORMAT)
        yield bytes(1024)

    assert len(listed(stream()).files) == many


class Fake(http.server.BaseHTTPRequestHandler):
    """An engine that refuses, falls silent or goes away in the middle."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.endswith("/refused"):
            self.send_response(404)
            self.send_header("Content-Length", "25")
            self.end_headers()
            self.wfile.write(b'{"message": "no such it"}')
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"4\r\nhalf\r\n")
        self.wfile.flush()
        if self.path.endswith("/silent"):
            self.server.over.wait(60)
        elif self.path.endswith("/ended"):
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def fake():
    """Return what looks like an engine to `download`."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    server.over = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    with requests.Session() as session:
        session.base_url = f"http://127.0.0.1:{server.server_port}"
        session.api_version = "1.41"
        yield SimpleNamespace(api=session, closed=False)
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("ending", ["gone", "silent", "ended"])
def test_an_engine_that_goes_away_or_falls_silent_is_no_empty_image(fake, ending, monkeypatch):
    monkeypatch.setattr(download, "SDK_SECONDS", 0.5)
    with (
        pytest.raises(CouldNotCheck, match="the image broke off"),
        download.download(fake, f"/{ending}", "the image") as stream,
    ):
        export.read(stream, "the image")


def test_an_engine_that_refuses_says_why(fake):
    refused = download.download(fake, "/refused", "it")
    with pytest.raises(CouldNotCheck, match="no such it"), refused:
        pass


@pytest.mark.docker
def test_a_run_that_is_over_reads_no_further(engine):
    with engine.created("aicmo-python-base:bookworm", command=["x"]) as raw:
        address = f"/containers/{raw.id}/export"
        with download.download(engine, address, "the image") as stream:
            next(stream)
            engine.close()
            with pytest.raises(CouldNotCheck, match="over"):
                next(stream)
    assert not left(engine)
