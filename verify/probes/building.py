"""Has the engine build an image, and follows what it says about it."""

from __future__ import annotations

import os
import re
import tempfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.errors import CouldNotCheck, SubjectBroken
from verify.probes import secrets
from verify.probes.container import LOG_LINES, plain
from verify.probes.docker_errors import engine_errors, refused_build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from verify.tables import Image

_STEP = re.compile(r"^Step (\d+/\d+) : (.*)")
_GONE = re.compile(r"failed to get digest sha256|No such image: sha256|unknown parent image")
"""What an engine says of a cached layer that went while the build was about to use it."""

_TRIES = 5

_MADE = re.compile(r"^ *-+> ([0-9a-f]{12,64})$")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be built.

    Args:
        root: the project's root.
        spec: the manifest's `[image]`.
        args: build arguments.
        tag: what the image is to be called; empty for nothing.
        dockerfile: the text of another file than that of `spec`; empty for none.
        fresh: whether to use nothing that an earlier build has left.
    """

    root: Path
    spec: Image
    args: Mapping[str, str]
    tag: str = ""
    dockerfile: str = ""
    fresh: bool = False


def build(api: Any, order: Order, step: Callable[[str], None], made: Callable[[str], None]) -> str:
    """Build an image and return its id.

    Args:
        api: the SDK's low-level client.
        order: what is to be built.
        step: hears each step.
        made: hears the id of what each step has left, and of what it started from.

    Raises:
        SubjectBroken: the build failed; carries the step and the end of its log.
        CouldNotCheck: the engine died meanwhile.
    """
    for _ in range(_TRIES - 1):
        try:
            return _built(api, order, step, made)
        except SubjectBroken as error:
            if not _GONE.search(error.got):
                raise
            # Somebody removed an image, and with it a layer that this build wanted to take from it.
    return _built(api, order, step, made)


def _built(api: Any, order: Order, step: Callable[[str], None], made: Callable[[str], None]) -> str:
    spec = order.spec
    log: deque[str] = deque(maxlen=LOG_LINES)
    at, image_id = "before its first step", None
    with engine_errors("the image build broke off"), refused_build(spec.dockerfile):
        for message in _begun(api, order):
            for line in plain(message.get("stream", "")).splitlines():
                if line.strip():
                    log.append(_untold(line.rstrip()))
                if found := _STEP.match(line):
                    told = _untold(found[2])
                    at = f"at step {found[1]}: {told}"
                    step(f"building {found[1]}: {told}")
                elif found := _MADE.match(line):
                    made(found[1])
            if "error" in message:
                raise SubjectBroken(
                    "the image build",
                    expected="every step succeeds",
                    got=f"fails {at}: {_untold(message['error'].strip())}",
                    path=spec.dockerfile,
                    log="\n".join(log),
                )
            image_id = message.get("aux", {}).get("ID", image_id)
    if image_id is None:
        raise CouldNotCheck("the engine ended the build without saying which image it made")
    made(str(image_id))
    return str(image_id)


def _begun(api: Any, order: Order) -> Iterator[dict[str, Any]]:
    """Send all that is to be built; what the engine says comes as it is asked for."""
    context = order.root / order.spec.context
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        dockerfile = os.path.relpath(order.root / order.spec.dockerfile, context)
        if order.dockerfile:  # only a file of that text will do, until it is sent
            other = Path(folder, "Dockerfile")
            other.write_text(order.dockerfile, "utf-8")
            dockerfile = str(other)
        stream: Iterator[dict[str, Any]] = api.build(
            path=str(context),
            dockerfile=dockerfile,
            tag=order.tag or None,
            buildargs=dict(order.args),
            nocache=order.fresh,
            rm=True,
            forcerm=True,
            decode=True,
        )
    return stream


def _untold(line: str) -> str:
    """Return a line of a build, for people and logs; nothing of it where a secret is in it."""
    return "(not shown: there is a secret in it)" if secrets.in_command(line) else line
