"""Changes an image from inside, while it is built: what is installed there, files, rights.

This one file is sent whole, as `python -c`, in a RUN of the Dockerfile. So it needs only the
standard library and Python 3.8, and imports nothing of `verify`.

Its first argument names one of the functions, the others are what that is given. A path may begin
with `site:` or `stdlib:`: where this interpreter has installed packages, or its own library.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import importlib.util
import marshal
import os
import py_compile
import re
import shutil
import sys
import sysconfig
from pathlib import Path

FOLDERS = {"site": "purelib", "stdlib": "stdlib"}


def place(path: str) -> Path:
    """Return the path that is meant."""
    kind, colon, rest = path.partition(":")
    return Path(sysconfig.get_path(FOLDERS[kind]), rest) if colon else Path(path)


def write(path: str, text: str, mode: str = "644") -> None:
    """Write a file."""
    file = place(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    file.chmod(int(mode, 8))


def append(path: str, text: str) -> None:
    """Write more at the end of a file that is there; its time stays, as an attacker would do."""
    file = place(path)
    times = file.stat()
    with file.open("a", encoding="utf-8") as opened:
        opened.write(text)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def other_letter(path: str) -> None:
    """Change one letter of a file that is there: neither its size nor its time tells."""
    file = place(path)
    times, content = file.stat(), bytearray(file.read_bytes())
    at = next(n for n, byte in enumerate(content) if chr(byte).isalpha())
    content[at] = ord("x" if content[at] != ord("x") else "y")
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def drop(path: str) -> None:
    """Remove a file."""
    place(path).unlink()


def folder(path: str, mode: str) -> None:
    """Make a folder with these rights."""
    place(path).mkdir(parents=True, exist_ok=True)
    place(path).chmod(int(mode, 8))


def rights(path: str, mode: str) -> None:
    """Give a file other rights."""
    place(path).chmod(int(mode, 8))


def own(path: str, user: str) -> None:
    """Give a file to a user, named as USER names one."""
    name = user.partition(":")[0]
    if name.isdigit():
        os.chown(place(path), int(name), -1)
    else:
        shutil.chown(place(path), name)


def capable(path: str) -> None:
    """Make a program that may open any socket: cap_net_raw, in the form of capabilities(7)."""
    write(path, "#!/bin/sh\n", "755")
    raw = bytes.fromhex("01000002 00200000 00000000 00000000 00000000")
    os.setxattr(place(path), "security.capability", raw)  # type: ignore[attr-defined,unused-ignore]


def link(path: str, target: str) -> None:
    """Move a file elsewhere, and let a link lead there: who reads it sees no difference."""
    place(target).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(str(place(path)), target)
    place(path).symlink_to(target)


def interpreter() -> None:
    """Put another program in this interpreter's place, which does the same so far."""
    there = Path(sys.executable).resolve()
    other = there.with_name("planted")
    shutil.copy2(there, other)
    with other.open("ab") as opened:
        opened.write(b"\0")
    other.replace(there)


def forge(path: str, header: str) -> None:
    """Compile something else for a source, and call it the source's.

    Args:
        path: of the source, which stays as it is.
        header: `time`, that of honest bytecode; `unchecked`, which tells Python not to look.
    """
    source = place(path)
    cached = Path(importlib.util.cache_from_source(str(source)))
    if not cached.exists():
        py_compile.compile(str(source), str(cached), doraise=True)
    content = source.read_bytes()
    head = cached.read_bytes()[:16]
    if header == "unchecked":
        head = head[:4] + bytes([1, 0, 0, 0]) + importlib.util.source_hash(content)
    code = compile(content + b"\nFORGED = 1\n", str(source), "exec")
    cached.write_bytes(head + marshal.dumps(code))


def sourceless(path: str) -> None:
    """Leave only the bytecode of a module that nobody can read."""
    source = place(path)
    write(path, "FORGED = 1\n")
    py_compile.compile(str(source), f"{source}c", doraise=True)
    source.unlink()


def information(name: str) -> Path:
    """Return the folder that tells of a distribution."""
    found = importlib.metadata.distribution(name).locate_file("")
    wanted = re.sub("[-_.]+", "_", name.lower())
    folders = Path(str(found)).glob("*.dist-info")
    return next(
        one
        for one in folders
        if re.sub("[-_.]+", "_", one.name.lower().partition("-")[0]) == wanted
    )


def tell(name: str, key: str, value: str) -> None:
    """Let a distribution say something else of itself."""
    file = information(name) / "METADATA"
    head, gap, rest = file.read_text("utf-8").partition("\n\n")
    lines = [line for line in head.splitlines() if key != "Version" or line[:8] != "Version:"]
    file.write_text("\n".join([*lines, f"{key}: {value}"]) + gap + rest, "utf-8")


def uninstall(name: str, *, told: str = "") -> None:
    """Remove a distribution with all its files; or all but what tells of it."""
    there = information(name)
    for one in importlib.metadata.distribution(name).files or ():
        file = Path(str(one.locate()))
        if file.suffix == ".py":
            Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)
        if file.exists() and not (told and there in file.parents):
            file.unlink()
    if not told:
        shutil.rmtree(there)


def hollow(name: str) -> None:
    """Remove a distribution's files, and leave what says that it is installed."""
    uninstall(name, told="yes")


def again(name: str, version: str) -> None:
    """Let a distribution be installed twice, in another version."""
    there = information(name)
    other = there.with_name(f"{there.name.partition('-')[0]}-{version}.dist-info")
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    install(other, text)


def beside(name: str, version: str) -> None:
    """Install a distribution that nobody asked for, with all that belongs to one."""
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    install(place(f"site:{name}-{version}.dist-info"), text)


def install(there: Path, metadata: str) -> None:
    """Write what tells of a distribution that has no file of its own."""
    there.mkdir()
    (there / "METADATA").write_text(metadata, "utf-8")
    digest = base64.urlsafe_b64encode(hashlib.sha256(metadata.encode()).digest()).rstrip(b"=")
    row = f"{there.name}/METADATA,sha256={digest.decode()},{len(metadata.encode())}"
    (there / "RECORD").write_text(f"{row}\n{there.name}/RECORD,,\n", "utf-8")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
