"""What surrounds an image or a container besides its content: tag, platform, clock, overrides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from verify.probes.docker_errors import engine_errors
from verify.probes.dockerfile import parse
from verify.probes.images.find import find

if TYPE_CHECKING:
    from verify.probes.engine import Engine


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an image stands.

    Args:
        tagged: the id of the image that its tag names now; empty when it names none.
        platform: what it should run on, such as `linux/amd64`.
        chosen_by: what says so.
        now: when this was looked up.
    """

    tagged: str
    platform: str
    chosen_by: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Ran:
    """What the engine tells of a container that was started.

    Args:
        image: the id of the image it was made of.
        system: the operating system it runs on, such as `linux`; empty when nobody tells.
        config: its command, user, variables and so on; the image's own where nothing else was said.
    """

    image: str
    system: str
    config: Mapping[str, Any]


def whereabouts(engine: Engine, tag: str, dockerfile: str, path: str) -> Whereabouts:
    """Look up where an image stands.

    Args:
        engine: which engine.
        tag: the image's tag.
        dockerfile: the text of its Dockerfile.
        path: where that stands, for people.

    Raises:
        CouldNotCheck: the engine does not say.
    """
    tagged = find(engine, tag)
    with engine_errors("the engine does not tell its platform"):
        version = engine.api.version()
    chosen = platform_of(dockerfile)
    return Whereabouts(
        tagged=str(tagged["Id"]) if tagged else "",
        platform=chosen or f"{version['Os']}/{version['Arch']}",
        chosen_by=f"FROM --platform in {path}" if chosen else "the engine's own",
        now=datetime.now(UTC),
    )


def ran(attrs: Mapping[str, Any]) -> Ran:
    """Return what `docker inspect` says of a container's origin."""
    return Ran(str(attrs["Image"]), str(attrs.get("Platform") or ""), attrs.get("Config") or {})


def platform_of(dockerfile: str) -> str:
    """Return the platform that a Dockerfile asks for; empty where it is the engine's own."""
    every = parse.stages(dockerfile)
    if not every:
        return ""
    lowest = parse.lineage(every, every[-1])[0]
    froms = {each.line: each for each in parse.instructions(dockerfile) if each.name == "FROM"}
    # BUILDPLATFORM and TARGETPLATFORM have no default, and are the engine's own unless told.
    return parse.expand(froms[lowest.line].flag("platform"), parse.arguments(dockerfile))
