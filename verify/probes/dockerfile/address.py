"""Tells on which address the server of an image listens, as far as its Dockerfile says.

Streamlit takes an option before STREAMLIT_SERVER_ADDRESS, and that before .streamlit/config.toml.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.dockerfile.files import ImageFiles
from verify.probes.dockerfile.parse import environment, lineage, stages

if TYPE_CHECKING:
    from verify.probes.dockerfile.parse import Instruction
    from verify.probes.source import Source

_OPTION = re.compile(r"--server\.address(?:=|[\s\"',]+)[\"']?([^\s\"',\]]+)")
_VARIABLE = "STREAMLIT_SERVER_ADDRESS"
_FILE = ".streamlit/config.toml"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens.

    Args:
        value: as written; "" where nothing says so, and Streamlit takes all addresses.
        path: the file that says so.
        line: 1-based.
    """

    value: str
    path: str
    line: int

    @property
    def loopback(self) -> bool:
        """Whether only the container itself reaches it."""
        if self.value == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.value).is_loopback
        except ValueError:
            return False  # a name, or a variable


def server_address(source: Source, dockerfile: str, context: str) -> Address:
    """Return the address that the image's own command listens on.

    Args:
        source: the tree.
        dockerfile: the file that makes the image.
        context: the folder that is sent to the engine.
    """
    all_stages = stages(source.text(dockerfile))
    if not all_stages:
        return Address("", dockerfile, 1)
    chain = lineage(all_stages, all_stages[-1])
    for name in ("CMD", "ENTRYPOINT"):  # what CMD says comes after, and wins
        found = next((s.last(name) for s in reversed(chain) if s.last(name)), None)
        if found is not None and (option := _of_option(found)):
            return Address(option, dockerfile, found.line)
    line = next((s.last("ENV") or s.last("FROM") for s in reversed(chain)), None)
    if value := environment(chain).get(_VARIABLE, ""):
        return Address(value, dockerfile, line.line if line else 1)
    files = ImageFiles(source, all_stages, context, dockerfile)
    text = files.text(f"{files.workdir(all_stages[-1]).rstrip('/')}/{_FILE}")
    return Address(_of_file(text or ""), _FILE if source.has(_FILE) else dockerfile, 1)


def _of_option(instruction: Instruction) -> str:
    found = _OPTION.findall(instruction.value)
    return str(found[-1]) if found else ""


def _of_file(text: str) -> str:
    try:
        address = tomllib.loads(text).get("server", {}).get("address", "")
    except (ValueError, AttributeError, RecursionError):
        return ""  # Streamlit itself goes on without such a file
    return address if isinstance(address, str) else ""
