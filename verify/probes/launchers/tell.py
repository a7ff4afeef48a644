"""Says which variables a launch would change with, if somebody set them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.matrix import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.launchers.launch import Launch

_PORT = re.compile("port", re.IGNORECASE)


def unless(launch: Launch, used: Mapping[str, str]) -> Launch:
    """Return the launch with the variables that may be set to something else than was taken.

    Args:
        launch: what a command starts.
        used: those variables, with the values they were taken for; "" for one that is set nowhere.
    """
    if launch.status is not Status.OK:
        return launch
    names = [name for name, value in used.items() if _matters(name, value.strip(), launch)]
    return launch.because(f"unless {' or '.join(names)} is set") if names else launch


def _matters(name: str, value: str, launch: Launch) -> bool:
    if not value:
        return _PORT.search(name) is not None
    return value == str(launch.port) or value.removeprefix("./") in (launch.entry or "")
