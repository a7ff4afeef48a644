"""The port that a script writes into Streamlit's config.toml before the page is started.

Streamlit reads ~/.streamlit/config.toml, and after it .streamlit/config.toml of the working
directory, which wins (get_config_options in its config.py).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from verify.probes.languages.command import Command, Word
    from verify.probes.launchers.place import Place

AT_HOME = "\0port of ~/.streamlit"
IN_PROJECT = "\0port of .streamlit"
"""Where `Place.variables` keeps it: names that no environment has."""

_WRITES = re.compile(
    r"(?:>|\btee(?:\s+-a)?)\s*[\"']?((?:~|\$\{?HOME\}?|/root)/)?(?:\./)?\.streamlit/config\.toml"
)
_PORT = re.compile(r"\bport\s*=\s*[\"']?(\d+\b|\S)")


def noted(code: str, place: Place) -> Place:
    """Return the place with the port that shell code writes."""
    return place.but(variables=(*place.variables, *_written(code)))


def ports(place: Place) -> tuple[tuple[str, Word], ...]:
    """Return the ports that are known to be written there."""
    return tuple(pair for pair in place.variables if pair[0] in {AT_HOME, IN_PROJECT})


def after(command: Command, place: Place) -> tuple[tuple[str, Word], ...]:
    """Return what a command that calls a shell script leaves behind: the port that it writes."""
    for word in command.words[:3]:
        if word is None or not word.endswith(".sh"):
            continue
        full = place.join(word)
        text = place.files.text(full) if full is not None else None
        return _written(text or "")
    return ()


def _written(code: str) -> tuple[tuple[str, Word], ...]:
    """Return the port that shell code writes into a config.toml, None for a variable."""
    if ".streamlit/config.toml" not in code:
        return ()
    written, port = _WRITES.search(code), _PORT.search(code)
    if written is None or port is None:
        return ()
    return ((AT_HOME if written[1] else IN_PROJECT, port[1] if port[1].isdecimal() else None),)
