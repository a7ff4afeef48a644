"""What a program finds around it: the modules that it imports, and other files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ast


class Around(Protocol):
    """The files around a program."""

    def module(self, dotted: str, script: str) -> tuple[str, ast.Module] | None:
        """Return the path and the tree of a module that the program at `script` imports."""
        ...

    def exists(self, path: str) -> bool:
        """Say whether something stands there."""
        ...
