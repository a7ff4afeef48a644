"""What one look inside a deployment brings back besides its files; values only, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verify.errors import Unavailable
from verify.inventory import Inventory


@dataclass(frozen=True, slots=True)
class Process:
    """One running process.

    Args:
        pid: its number inside.
        parent: its parent's number.
        args: its command line.
        uid: the effective user it runs as.
        capabilities: its effective capabilities, one bit each (capabilities(7)).
        no_new_privileges: whether it can gain none (prctl(2)).
    """

    pid: int
    parent: int
    args: tuple[str, ...]
    uid: int
    capabilities: int | None = None
    no_new_privileges: bool | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening TCP socket."""

    address: str
    port: int
    uid: int


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system."""

    path: str
    kind: str
    source: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What the control group and the kernel allow; None is no limit.

    Args:
        memory: bytes.
        processes: processes and threads.
        files: open files of one process.
    """

    memory: int | None
    processes: int | None
    files: int | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """One line of a RECORD: a file, and what it was when it was installed.

    Args:
        path: absolute, inside.
        digest: SHA-256 in hex; None where RECORD has none, or of another kind.
        size: bytes; None where RECORD has none.
    """

    path: str
    digest: str | None
    size: int | None


@dataclass(frozen=True, slots=True)
class Distribution:
    """One installed distribution.

    Args:
        name: as it is normalised: lower case, `-` for runs of `-`, `_` and `.` (PEP 503).
        version: as its metadata says.
        folder: its .dist-info or .egg-info, absolute.
        requires: its Requires-Dist lines.
        record: the lines of its RECORD; None without one.
    """

    name: str
    version: str
    folder: str
    requires: tuple[str, ...]
    record: tuple[Recorded, ...] | None


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that looked.

    Args:
        version: such as 3.11.2.
        executable: its path.
        prefix: of its environment (sys.prefix).
        path: where it looks for modules (sys.path of an ordinary start).
        markers: the environment markers of PEP 508 with their values.
        tag: of its bytecode files, such as cpython-311.
    """

    version: str
    executable: str
    prefix: str
    path: tuple[str, ...]
    markers: Mapping[str, str]
    tag: str


@dataclass(frozen=True, slots=True)
class Inside:
    """All facts of one look.

    A part that could not be had is None, and `unknown` has the reason by the part's name.

    Args:
        where: what was looked at, for people.
        environment: the names of variables of the first process; a value only where it was allowed.
        answer: the agent's whole answer: imports tried, guards tried.
    """

    where: str
    files: Inventory | None = None
    processes: tuple[Process, ...] | None = None
    listeners: tuple[Listener, ...] | None = None
    mounts: tuple[Mount, ...] | None = None
    limits: Limits | None = None
    environment: Mapping[str, str | None] | None = None
    distributions: tuple[Distribution, ...] | None = None
    interpreter: Interpreter | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    def part(self, name: str) -> Any:
        """Return one part.

        Raises:
            Unavailable: it could not be had; says why.
        """
        value = getattr(self, name)
        if value is None:
            raise Unavailable(
                f"{self.where}: {self.unknown.get(name, 'nobody looked')}",
                "What cannot be known of it is not held against it.",
            )
        return value
