"""Changes what the project tells Streamlit in its own settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.planting.tree import Tree

FILE = ".streamlit/config.toml"
"""Where Streamlit looks for the settings of a project."""


def server(tree: Tree, key: str, value: str) -> None:
    """Give a key of the server's table a value, written as TOML."""
    text = tree.text(FILE) if tree.has(FILE) else ""
    text = re.sub(rf"(?m)^\s*{re.escape(key)}\s*=.*\n?", "", text)
    line = f"{key} = {value}\n"
    table = re.search(r"(?m)^\s*\[server\].*\n?", text)
    if table is None:
        tree.write(FILE, f"{text.rstrip()}\n[server]\n{line}".lstrip())
    else:
        tree.write(FILE, f"{text[: table.end()]}{line}{text[table.end() :]}")
