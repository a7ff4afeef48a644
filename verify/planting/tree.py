"""The throw-away copy that a defect is planted in."""

from __future__ import annotations

import ast
import base64
import json
from functools import cached_property
from pathlib import Path

from verify import manifest
from verify.errors import NotDeclared
from verify.manifest import Manifest
from verify.planting.defect import CannotPlant
from verify.probes.dockerfile.parse import stages
from verify.probes.source import Source
from verify.tables import Image

PUT = "import base64,os,sys; p=sys.argv[1]; os.makedirs(os.path.dirname(p),exist_ok=True); "
PUT += "open(p,'wb').write(base64.b64decode(sys.argv[2]))"
DROP = "import os,sys; os.remove(sys.argv[1])"


class Tree:
    """A copy of a project, and how to change it.

    Args:
        root: its folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._before: dict[str, bytes | None] = {}

    @cached_property
    def manifest(self) -> Manifest:
        """What is expected of it."""
        return manifest.load(self.root)

    @cached_property
    def source(self) -> Source:
        """Its files as they were before anything was planted."""
        return Source(self.root)

    @property
    def entry(self) -> str:
        """The one entry, relative to the root."""
        return self.manifest.dashboard.entry

    @property
    def image(self) -> Image:
        """What the manifest says of the image.

        Raises:
            NotDeclared: nothing.
        """
        if self.manifest.image is None:
            raise NotDeclared("verify.toml declares no [image]")
        return self.manifest.image

    @property
    def changed(self) -> tuple[str, ...]:
        """The files that were written or removed."""
        return tuple(self._before)

    def has(self, path: str) -> bool:
        """Say whether there is such a file."""
        return (self.root / path).is_file()

    def text(self, path: str) -> str:
        """Return a file's text, as it is now."""
        return (self.root / path).read_text("utf-8")

    def module(self, path: str) -> ast.Module:
        """Return a Python file's syntax tree, as it is now."""
        return ast.parse(self.text(path))

    def write(self, path: str, text: str | bytes) -> None:
        """Write a file, folders included."""
        target = self._touch(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = target.stat().st_mode if target.exists() else None
        target.unlink(missing_ok=True)  # it may have other places, see copying.link
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        if mode is not None:
            target.chmod(mode)

    def append(self, path: str, text: str) -> None:
        """Add lines at the end of a file."""
        self.write(path, f"{self.text(path).rstrip()}\n{text.lstrip(chr(10))}")

    def remove(self, path: str) -> None:
        """Remove a file."""
        self._touch(path).unlink()

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that must stand in a file exactly once.

        Raises:
            CannotPlant: it does not.
        """
        text = self.text(path)
        if (count := text.count(old)) != 1:
            raise CannotPlant(f"{path}: {old!r} stands there {count} times, not once")
        self.write(path, text.replace(old, new))

    def manifest_line(self, key: str, value: str) -> None:
        """Give a key of verify.toml that stands there once another value, written as TOML."""
        lines = self.text(manifest.FILE_NAME).splitlines(keepends=True)
        found = [n for n, line in enumerate(lines) if line.partition("=")[0].strip() == key]
        if len(found) != 1:
            raise CannotPlant(f"{manifest.FILE_NAME}: {key} stands there {len(found)} times")
        lines[found[0]] = f"{key} = {value}\n"
        self.write(manifest.FILE_NAME, "".join(lines))

    def in_image(self, *commands: str | list[str]) -> None:
        """Change the image behind the tree's back, in its last layers, as root.

        Args:
            commands: for `RUN`: a line for a shell, or the words of a command.
        """
        path = self.image.dockerfile
        found = stages(self.text(path))
        if not found:
            raise CannotPlant(f"{path}: has no FROM")
        user = found[-1].last("USER")
        lines = [f"RUN {one if isinstance(one, str) else json.dumps(one)}" for one in commands]
        if user is not None:
            lines = ["USER root", *lines, f"USER {user.value}"]
        self.append(path, "\n".join(lines) + "\n")

    def inside(self, path: str) -> str:
        """Return where a file of the tree stands inside of the image."""
        return f"{self.image.app_dir.rstrip('/')}/{path}"

    def smuggle(self) -> None:
        """Take back what was changed so far, and change the same in the image instead.

        Raises:
            NotDeclared: there is no image.
        """
        self.in_image(*self.taken_back())

    def taken_back(self) -> list[list[str]]:
        """Take back what was changed so far; return the commands that do the same in the image.

        Raises:
            NotDeclared: there is no image.
        """
        python, commands = self.image.python, []
        for path, before in list(self._before.items()):
            place = self.inside(path)
            if self.has(path):
                content = base64.b64encode((self.root / path).read_bytes()).decode()
                commands.append([python, "-c", PUT, place, content])
            else:
                commands.append([python, "-c", DROP, place])
            if before is None:
                (self.root / path).unlink()
            else:
                (self.root / path).write_bytes(before)
            del self._before[path]
        return commands

    def undo(self) -> None:
        """Take back all that was changed."""
        for path, before in self._before.items():
            (self.root / path).unlink(missing_ok=True)
            if before is not None:
                (self.root / path).write_bytes(before)
        self._before.clear()

    def _touch(self, path: str) -> Path:
        """Remember how a file was before its first change."""
        target = self.root / path
        if path not in self._before:
            self._before[path] = target.read_bytes() if target.is_file() else None
        return target
