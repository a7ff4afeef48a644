"""Asks a command line client for one JSON answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.probes.inside import client

if TYPE_CHECKING:
    from collections.abc import Sequence


class Refused(CouldNotCheck):
    """A client ended with an exit code that is not zero; `said` is the end of its output."""

    def __init__(self, who: str, said: str) -> None:
        last = said.splitlines()[-1] if said else "it said nothing"
        super().__init__(f"{who}: {last}")
        self.said = said


def ask(command: Sequence[str], *, who: str, seconds: float) -> Any:
    """Return what a client prints as JSON.

    Raises:
        Refused: it refuses.
        CouldNotCheck: it cannot be started, does not end in time, or prints something else.
    """
    ran = client.run(command, who=who, seconds=seconds)
    if ran.exit != 0:
        raise Refused(who, ran.said)
    try:
        return json.loads(ran.out)
    except ValueError as error:
        raise CouldNotCheck(f"{who} gave no JSON: {ran.said[-200:]}") from error
