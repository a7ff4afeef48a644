"""Reads what `docker save` sends, in one pass: the config, the manifest, and each layer.

Two forms are known: that of older engines (manifest.json, and a folder for each layer), and the OCI
image layout (index.json, blobs/sha256/…) that newer ones send besides. The order of the parts is
not promised, so each part is read as what it looks like, and put in order at the end.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import posixpath
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from verify.errors import CouldNotCheck
from verify.inventory import File, Kind
from verify.probes.images.tar import PIECE, Member, members

_DOCUMENTS = 1 << 26
"""Bytes of all that is neither layer nor marked as one; a config of 1 MB is a large one."""

_MAGIC = slice(257, 262)
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_GONE, _OPAQUE, _THEIRS = ".wh.", ".wh..wh..opq", ".wh..wh."

Scan = Callable[[str, Iterable[bytes]], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Contents:
    """What one layer holds.

    Args:
        diff_id: SHA-256 of its tar, reckoned from what was read.
        size: bytes of its files.
        files: its paths; contents are not digested.
        removed: paths of lower layers that it takes away.
        emptied: folders of which it shows nothing that lower layers have there.
        findings: of what kind a scan found something, by path.
    """

    diff_id: str
    size: int
    files: Mapping[str, File]
    removed: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    findings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Saved:
    """One image, as its engine saved it.

    Args:
        config: the image's config.
        named: what each digest that was reckoned names: `config`, `manifest` or `index`.
        layers: the lowest first.
    """

    config: Mapping[str, Any]
    named: Mapping[str, str]
    layers: tuple[Contents, ...]


@dataclass(slots=True)
class _Parts:
    documents: dict[str, bytes] = field(default_factory=dict)
    layers: dict[str, Contents] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    def layer(self, name: str) -> Contents:
        return self.layers[self.links.get(name, name)]


def saved(
    stream: Iterable[bytes] | IO[bytes], what: str, *, platform: str = "", scan: Scan | None = None
) -> Saved:
    """Read one image.

    Args:
        stream: what yields or reads the bytes.
        what: the image, for people.
        platform: which one of an image for several, such as `linux/amd64`.
        scan: is given path and content of each file, the content piece by piece, and says what
            kinds of things it found in it.

    Raises:
        CouldNotCheck: the stream breaks off, or is not what an engine saves.
    """
    parts = _Parts()
    for member in members(stream, f"the saved {what}"):
        name = member.path.lstrip("/")
        if member.info.issym() or member.info.islnk():
            target = member.info.linkname
            folder = posixpath.dirname(name) if member.info.issym() else ""
            parts.links[name] = posixpath.normpath(posixpath.join(folder, target))
        elif member.info.isreg():
            _take(parts, name, member, what, scan)
    try:
        return _assembled(parts, platform)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise CouldNotCheck(
            f"the engine saved {what} in a form that is not known: {type(error).__name__}: {error}"
        ) from error


def _take(parts: _Parts, name: str, member: Member, what: str, scan: Scan | None) -> None:
    content = member.content()
    head = next(content, b"")
    whole = itertools.chain((head,), content)
    if head.startswith(_ZSTD):
        raise CouldNotCheck(f"a layer of {what} is compressed with zstd, which nothing here reads")
    packed = head.startswith(_GZIP)
    if packed or head[_MAGIC] == b"ustar" or (head and not head[: tarfile.BLOCKSIZE].strip(b"\0")):
        tar = _unpacked(whole, what) if packed else whole
        parts.layers[name] = _contents(tar, f"a layer of {what}", scan)
        return
    if sum(map(len, parts.documents.values())) + member.info.size > _DOCUMENTS:
        raise CouldNotCheck(f"{name} of the saved {what} is no layer, and too large for all else")
    parts.documents[name] = b"".join(whole)


def _unpacked(stream: Iterable[bytes], what: str) -> Iterator[bytes]:
    """Yield what gzip has packed, in one member or several."""
    unpack = zlib.decompressobj(wbits=31)
    try:
        for piece in stream:
            left = piece
            while left:
                if unpack.eof:
                    unpack = zlib.decompressobj(wbits=31)
                yield unpack.decompress(left, PIECE)
                left = unpack.unconsumed_tail or unpack.unused_data
        yield unpack.flush()
    except zlib.error as error:
        raise CouldNotCheck(f"a layer of {what} cannot be unpacked: {error}") from error


def _contents(stream: Iterable[bytes], what: str, scan: Scan | None) -> Contents:
    digest = hashlib.sha256()
    files: dict[str, File] = {}
    removed: list[str] = []
    emptied: list[str] = []
    findings: dict[str, tuple[str, ...]] = {}
    size = 0
    for member in members(_tapped(stream, digest.update), what):
        folder, name = posixpath.split(member.path)
        if name == _OPAQUE:
            emptied.append(folder)
        elif name.startswith(_GONE):
            if not name.startswith(_THEIRS):
                removed.append(posixpath.join(folder, name.removeprefix(_GONE)))
        else:
            file = files[member.path] = _file(member, files)
            if file.kind is Kind.FILE and not member.hard_link:
                size += file.size or 0
                if (
                    scan is not None
                    and file.size
                    and (kinds := scan(member.path, member.content()))
                ):
                    findings[member.path] = kinds
    return Contents(
        f"sha256:{digest.hexdigest()}", size, files, tuple(removed), tuple(emptied), findings
    )


def _tapped(stream: Iterable[bytes], hear: Callable[[bytes], object]) -> Iterator[bytes]:
    for piece in stream:
        hear(piece)
        yield piece


def _file(member: Member, files: Mapping[str, File]) -> File:
    file = member.file()
    first = files.get(member.hard_link)
    if first is None:
        return file
    return File(
        member.path, first.kind, first.size, first.mode, first.uid, first.gid, first.mtime,
        capabilities=first.capabilities,
    )  # fmt: skip


def _assembled(parts: _Parts, platform: str) -> Saved:
    manifests = dict(_manifests(parts, platform))
    named = {f"sha256:{_sha256(text)}": kind for text, kind in manifests.items()}
    if "manifest.json" in parts.documents:
        (image,) = json.loads(parts.documents["manifest.json"])
        config, layers = parts.documents[image["Config"]], image["Layers"] or []
    else:
        (manifest,) = [json.loads(text) for text, kind in manifests.items() if kind == "manifest"]
        config = parts.documents[_blob(manifest["config"])]
        layers = [_blob(one) for one in manifest["layers"]]
    named[f"sha256:{_sha256(config)}"] = "config"
    return Saved(json.loads(config), named, tuple(parts.layer(name) for name in layers))


def _manifests(parts: _Parts, platform: str) -> Iterator[tuple[bytes, str]]:
    """Yield the manifests that lead from index.json to the image, and what each is."""
    if "index.json" not in parts.documents:
        return
    waiting = list(json.loads(parts.documents["index.json"])["manifests"])
    while waiting:
        one = waiting.pop(0)
        text = parts.documents.get(_blob(one))
        if text is None or not _fits(one.get("platform"), platform):
            continue  # another platform's, which is not here
        document = json.loads(text)
        if "manifests" in document:
            waiting += document["manifests"]
            yield text, "index"
        elif "layers" in document:
            yield text, "manifest"


def _fits(said: Mapping[str, str] | None, platform: str) -> bool:
    if not said:
        return True
    if said.get("os") == "unknown":
        return False  # an attestation stands in the list of platforms, as of none
    return not platform or f"{said.get('os')}/{said.get('architecture')}" == platform


def _blob(descriptor: Mapping[str, str]) -> str:
    return "blobs/" + descriptor["digest"].replace(":", "/", 1)


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
