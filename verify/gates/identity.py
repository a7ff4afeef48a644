"""The image is the one that its digests name, and the running container is of this image.

Why: a tag moves and a label says whatever it was told; only a digest that is reckoned from the
bytes tells which image was looked at, and a container that was started with another command, user
or variable runs something else than the image that was reviewed.
Fix: build again from the reviewed tree; start the container with nothing but the image's own
command, user and variables.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck
from verify.model import NoneOf, Observation, OneOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.engine import Built
    from verify.probes.images.layers import Layers
    from verify.probes.images.whereabouts import Ran, Whereabouts

BASE, CREATED = "org.opencontainers.image.base.name", "org.opencontainers.image.created"
"""Labels of the OCI image specification, annotations.md."""

NO_LABEL = "no such label"

SLACK = timedelta(minutes=5)
"""Two machines' clocks may be so far apart."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_ABSENT = "the base image is not here"

OWN = {
    "Cmd": "command",
    "Entrypoint": "entry point",
    "User": "user",
    "WorkingDir": "working directory",
    "Healthcheck": "health check",
    "StopSignal": "stop signal",
}
"""What a container takes from its image unless it is told otherwise; the engine's names."""


def gate_image(
    image: Built, image_layers: Layers, image_whereabouts: Whereabouts, manifest: Manifest
) -> Iterator[Observation]:
    """Reckon the image's digests, and hold what it says of itself against them."""
    where = manifest.image.dockerfile if manifest.image else None
    yield from _digests(image, image_layers)
    yield Observation(
        f"the image that the tag {image.ref.tag} names",
        image.ref.id,
        image_whereabouts.tagged or "no image",
    )
    yield Observation(
        "the image's platform",
        image_whereabouts.platform,
        _platform(image.inspected, image_whereabouts.platform),
        where,
        message=image_whereabouts.chosen_by,
    )
    labels = image.config.get("Labels") or {}
    made = str(image.inspected.get("Created") or "")
    yield from _times(labels.get(CREATED, NO_LABEL), made, image_whereabouts.now, where)
    yield from _base(image, image_layers, labels.get(BASE, NO_LABEL), where)


def gate_container(
    container_origin: Ran, image: Built, manifest: Manifest
) -> Iterator[Observation]:
    """Hold what the container was made of against the image."""
    yield Observation("the image of the running container", image.ref.id, container_origin.image)
    system = image.inspected.get("Os")
    if system and container_origin.system:
        yield Observation("the container's operating system", system, container_origin.system)
    for name, words in OWN.items():
        yield Observation(
            f"the container's {words}",
            expected=_told(image.config.get(name)),
            got=_told(container_origin.config.get(name)),
            message="what the image says; something else was said when it was started",
        )
    declared = set(manifest.diagnostics.variables) if manifest.diagnostics else set()
    yield Observation(
        "variables that are not the image's own",
        expected=(),
        got=tuple(_variables(image.config, container_origin.config, declared)),
        message="values are not shown; a variable of [diagnostics].variables may be added",
    )
    ours, theirs = (
        config.get("Labels") or {} for config in (image.config, container_origin.config)
    )
    yield Observation(
        "labels of the image that the container has otherwise",
        expected=(),
        got=tuple(sorted(name for name in ours if theirs.get(name) != ours[name])),
    )


def _digests(image: Built, seen: Layers) -> Iterator[Observation]:
    how = "remembered from an earlier run" if seen.remembered else "reckoned from its bytes"
    kinds = ("config",) if image.ref.config_digest else ("manifest", "index")
    reckoned = [digest for digest, kind in seen.named.items() if kind in kinds]
    if seen.named:
        known = image.ref.id in reckoned
        kind = seen.named[image.ref.id] if known else " or ".join(kinds)
        yield Observation(
            f"the digest of the image's {kind}",
            expected=image.ref.id,
            got=image.ref.id if known else ", ".join(reckoned) or "none",
            message=how,
        )
    declared = (image.inspected.get("RootFS") or {}).get("Layers") or ()
    yield Observation("the number of the image's layers", len(declared), len(seen.layers))
    for n, layer in enumerate(seen.layers):
        yield Observation(
            f"the digest of layer {n + 1} of {len(seen.layers)}",
            expected=layer.declared,
            got=layer.contents.diff_id,
            message=how,
        )


def _times(said: str, made: str, now: datetime, where: str | None) -> Iterator[Observation]:
    claimed, created = _time(said), _time(made)
    if created is not None and created <= _LONG_AGO:
        created = None  # a builder left it out
    latest = min(now, created or now)
    yield Observation(
        f"label {CREATED}",
        expected=_until(latest),
        got=_until(latest) if claimed and claimed <= latest + SLACK else said or "nothing",
        path=where,
        message="a claim; it can neither be in the future nor after the image was made",
    )
    yield Observation(
        "when the image was made, as its config says",
        expected=_until(now),
        got=_until(now) if created and created <= now + SLACK else made or "nothing",
    )


def _until(latest: datetime) -> str:
    return f"a time as in ISO 8601, at most {latest.isoformat(timespec='seconds')}"


def _base(image: Built, seen: Layers, said: str, where: str | None) -> Iterator[Observation]:
    named = image.ref.base or seen.base.name
    unsaid = NoneOf(("", "unknown", NO_LABEL))
    yield Observation(f"label {BASE}", named or unsaid, said, where)
    subject = f"the first layers of the image, built on {named or 'an unknown base'}"
    if seen.base.first is not None:
        got = "the base image's" if seen.base.first else "other layers than the base image has"
        yield Observation(subject, "the base image's", got, where)
    elif seen.base.layers is not None:
        steps = f"{seen.base.layers} that no step of the Dockerfile made"
        yield Observation(subject, OneOf((steps,)), steps, where, message=_ABSENT)
    else:
        raise CouldNotCheck(
            f"nothing tells which layers are those of the base image {named}".rstrip(),
            f"Get it, and look again: `docker pull {named}`." if named else "",
        )


def _platform(inspected: Mapping[str, Any], wanted: str) -> str:
    parts = (inspected.get("Os"), inspected.get("Architecture"), inspected.get("Variant"))
    # Who asks for linux/arm64 takes any variant of it.
    return "/".join(str(part) for part in parts[: wanted.count("/") + 1] if part)


def _time(said: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_told(value[key])}" for key in sorted(value))
    if isinstance(value, list):
        return " ".join(map(str, value)) or "nothing"
    return str(value or "nothing")


def _variables(
    image: Mapping[str, Any], container: Mapping[str, Any], declared: set[str]
) -> Iterator[str]:
    own, other = (_environment(config) for config in (image, container))
    for name in sorted(own.keys() | other.keys()):
        if name not in other:
            yield f"{name} is taken away"
        elif name in own and own[name] != other[name]:
            yield f"{name} is changed"
        elif name not in own and name not in declared:
            yield f"{name} is added"


def _environment(config: Mapping[str, Any]) -> dict[str, str]:
    rows = (str(row).partition("=") for row in config.get("Env") or ())
    return {name: value for name, _, value in rows}
