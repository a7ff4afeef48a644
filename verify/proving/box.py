"""A container that a run looks at, and what may happen to it."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from verify.errors import CouldNotCheck
from verify.probes import engine

AGENT: Final = "zlib"
"""Stands in the command line of what looks around inside, see `probes/payload.py`."""

_STUCK: Final = "unable to freeze"
"""What an engine says on a busy machine; asked again, it can."""

_EXHAUST: Final = """
open("/proc/1/oom_score_adj", "w").write("1000")
kept = []
while True:
    kept.append(bytearray(1 << 22))
"""
"""Let the first process be the one that the kernel ends, and eat all memory."""

Until = Callable[[Callable[[], Any], str], Any]


@dataclass(frozen=True, slots=True)
class Box:
    """A container.

    Args:
        id: of it.
        until: waits for a condition as long as the run works.
    """

    id: str
    until: Until

    def wait_for_look(self) -> None:
        """Wait until somebody looks around inside.

        Before that an exec is about to start, in which the engine may lose its way for good.
        """
        with _api() as api:
            self.until(lambda: AGENT in self._processes(api), "it looks inside")

    def _processes(self, api: Any) -> str:
        found: list[str] = []
        with self._still_there():
            found.append(str(api.top(self.id, "-eo pid,args")))
        return "".join(found)

    def kill(self) -> None:
        """Kill it."""
        with _api() as api, self._still_there():
            api.kill(self.id)

    def remove(self) -> None:
        """Remove it, running as it is."""
        with _api() as api, self._still_there():
            api.remove_container(self.id, force=True, v=True)

    def pause(self) -> None:
        """Freeze it."""
        with _api() as api:
            self.until(lambda: self._paused(api), "it is frozen")

    def _paused(self, api: Any) -> bool:
        from docker.errors import APIError

        try:
            api.pause(self.id)
        except APIError as error:
            if _STUCK in str(error.explanation):
                return False
            raise CouldNotCheck(f"the container cannot be paused: {error.explanation}") from error
        return True

    def exhaust(self, python: str) -> None:
        """Use up its memory until the kernel ends its first process."""
        with _api() as api, self._still_there():
            made = api.exec_create(self.id, [python, "-c", _EXHAUST])
            api.exec_start(made["Id"], detach=True)
            self.until(lambda: self._exhausted(api), "its memory is used up")

    def _exhausted(self, api: Any) -> bool:
        filters = {"container": self.id, "event": "oom"}
        since = {"since": 1, "until": _now(api)}
        return any(True for _ in api.events(**since, filters=filters, decode=True))

    @contextlib.contextmanager
    def _still_there(self) -> Iterator[None]:
        """Take it for too late when the container is gone."""
        from docker.errors import APIError, NotFound

        try:
            yield
        except NotFound:
            pass
        except APIError as error:
            if "is not running" not in str(error.explanation):
                raise CouldNotCheck(f"the engine cannot: {error.explanation}") from error


def _now(api: Any) -> int:
    """Return the time of the engine's own clock, a second ahead: what it heard until now counts."""
    from datetime import datetime

    told = str(api.info()["SystemTime"])
    return int(datetime.fromisoformat(told[:19] + "+00:00").timestamp()) + 1


@contextlib.contextmanager
def _api() -> Iterator[Any]:
    """Yield a way to the engine that nothing stands in."""
    with contextlib.closing(engine.connect(uuid.uuid4().hex[:12])) as connected:
        yield connected.api
