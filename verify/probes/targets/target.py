"""A machine, of which only its kernel tells which run of it this is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.comparison import ImageSeen, Ran
from verify.probes.inside.held import Attached

if TYPE_CHECKING:
    from verify.probes.changes import Changes
    from verify.probes.container import Container
    from verify.probes.engine import Built, Engine
    from verify.probes.inside.hosts import Host

RUNNING = "running"


class Target:
    """Something that runs, and that is to stay the same while it is looked at.

    Args:
        host: where a look inside goes; by an id that no other can take over, where there is one.
        container: what Docker's engine knows of it; None where no such engine runs it.
    """

    ran: Ran
    """Which run of it is looked at."""

    image: ImageSeen | None = None
    """What it was made of; None when nothing tells."""

    folder: str = ""
    """The working directory of its image; empty when nothing tells."""

    engine: Engine | None = None
    """Docker's engine, where that runs it."""

    built: Built | None = None
    """The image in that engine."""

    def __init__(self, host: Host, container: Container | None = None) -> None:
        self.host = host
        self.container = container
        self._attached = Attached(host, container)
        self.known: Any = None
        self.ran = Ran(host.name or "this machine")

    def hold(self) -> None:
        """Remember which run of it is looked at from here on.

        Raises:
            CouldNotCheck: it does not run, or cannot be asked.
        """
        self._attached.hold()
        self.known = self._attached.known

    def same(self) -> None:
        """Make sure that it is still that run.

        Raises:
            CouldNotCheck: it is not, so that what was seen meanwhile does not count.
        """
        self._attached.same()

    def changed(self) -> Changes | None:
        """Return what changed in its files after it was made; None where nothing tells.

        Raises:
            CouldNotCheck: the engine cannot say it now.
        """
        return None

    def close(self) -> None:
        """Let go of what reached it."""
