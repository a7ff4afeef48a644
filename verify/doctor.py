"""Finds out what this machine lacks for a full run."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

from verify.errors import Unavailable, VerifyError
from verify.model import Need
from verify.probes import browser, engine, git
from verify.probes.subject import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.tables import Image

PROVISION = "sh scripts/provision.sh (as root), or install Docker as your system does it"


def examine(manifest: Manifest) -> tuple[Need, ...]:
    """Return everything a full run of this project needs, met or not."""
    return tuple(_needs(manifest))


def _needs(manifest: Manifest) -> Iterator[Need]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Need("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")
    checkout = git.checkout(manifest.root)
    yield Need(
        "git checkout",
        checkout is not None,
        f"commit {checkout.commit[:12]}" if checkout else "none, so no revision can be proven",
        "git clone the project, rather than unpacking an archive of it",
    )
    yield _interpreter(manifest)
    if manifest.image is not None:
        yield from _container(manifest, manifest.image)
        yield _browser()


def _interpreter(manifest: Manifest) -> Need:
    name = "the project's interpreter"
    try:
        found = interpreter(manifest.root, manifest.subject.python)
    except Unavailable as error:
        return Need(name, met=False, found=error.diagnosis, cure="make setup")
    return Need(name, met=True, found=found, cure="make setup")


def _browser() -> Need:
    try:
        found = browser.find()
    except Unavailable as error:
        return Need("browser", met=False, found=error.diagnosis, cure=error.remedy)
    return Need("browser", met=True, found=str(found), cure="")


def _container(manifest: Manifest, spec: Image) -> Iterator[Need]:
    client = shutil.which("docker")
    yield Need("docker command", client is not None, client or "not on PATH", PROVISION)
    try:
        connected = engine.connect("doctor")
    except VerifyError as error:
        yield Need("container engine", met=False, found=error.diagnosis, cure=PROVISION)
        return
    try:
        yield Need("container engine", met=True, found=connected.version, cure=PROVISION)
        base, here = connected.base_of(manifest.root, spec)
        found = f"{base} is here" if here else f"{base} is not here yet; the build pulls it"
        yield Need("base image", here, found, "sh scripts/provision.sh")
    finally:
        connected.close()
