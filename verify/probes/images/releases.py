"""Looks at two images side by side, for a comparison of two releases.

What an image holds is remembered by its id, which is a digest of all of it: to read one takes 3 s
for 700 MB, to remember it 0.2 s.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from verify.inventory import File, Inventory, Kind
from verify.probes import secrets
from verify.probes.docker_errors import engine_errors
from verify.probes.engine import connect
from verify.probes.images import memory
from verify.probes.images.distributions import distributions, packages, wanted
from verify.probes.images.export import export
from verify.probes.images.find import found
from verify.releases import Packed, Release
from verify.settings import HIDDEN
from verify.surroundings import Distribution, Recorded

if TYPE_CHECKING:
    from verify.probes.engine import Engine
    from verify.progress import Progress

FORM = "3"
"""Of what is remembered; another one is read again."""

PATIENCE = 0.2
"""Seconds between two words about what is going on."""


def look(
    names: tuple[str, str], progress: Progress, *, app_dir: str = ""
) -> tuple[Release, Release]:
    """Look at two images of the engine.

    Args:
        names: a tag, an id or a digest each.
        progress: hears what is being read.
        app_dir: where the application stands; the working directory of an image without it.

    Raises:
        Unavailable: no engine answers.
        CouldNotCheck: it has no such image, or breaks off.
    """
    with contextlib.closing(connect(uuid.uuid4().hex[:12])) as engine:
        first, second = (found(engine, name) for name in names)
        if first["Id"] == second["Id"]:
            release = _release(engine, names[0], first, app_dir)
            return release, replace(release, name=names[1])
        pool = ThreadPoolExecutor(2, thread_name_prefix="image")
        try:
            looks = [
                pool.submit(_release, engine, name, each, app_dir)
                for name, each in zip(names, (first, second), strict=True)
            ]
            while wait(looks, PATIENCE).not_done:
                progress.step(f"reading {names[0]} and {names[1]}")
            before, after = (each.result() for each in looks)
        except BaseException:
            # Whoever still reads would go on to the end; without its container it cannot.
            engine.close()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    return before, after


def _release(engine: Engine, name: str, inspected: Mapping[str, Any], app_dir: str) -> Release:
    image, config = str(inspected["Id"]), inspected.get("Config") or {}
    parts = _recall(image)
    if parts is None:
        read = export(engine, image, where=f"image {name}", wanted=wanted)
        parts = (read.inventory, distributions(read.contents), packages(read.contents))
        _keep(image, *parts)
    inventory, installed, system = parts
    stated = (inspected.get("Os"), inspected.get("Architecture"), inspected.get("Variant"))
    return Release(
        name=name,
        id=image,
        tags=tuple(inspected.get("RepoTags") or ()),
        created=str(inspected.get("Created") or ""),
        platform="/".join(str(part) for part in stated if part),
        size=int(inspected.get("Size") or 0),
        config=_without_secrets(config),
        layers=_layers(engine, inspected),
        inventory=inventory,
        distributions=installed,
        packages=system,
        app_dir=_app_dir(inventory, app_dir, str(config.get("WorkingDir") or "")),
    )


def _app_dir(inventory: Inventory, given: str, working: str) -> str:
    return next(
        (
            each.rstrip("/")
            for each in (given, working)
            if each.strip("/") and each.rstrip("/") in inventory.files
        ),
        "",
    )


def _layers(engine: Engine, inspected: Mapping[str, Any]) -> tuple[Packed, ...]:
    """Return the layers with their sizes, which the history tells; `docker save` would take 5 s."""
    diff_ids = (inspected.get("RootFS") or {}).get("Layers") or ()
    with engine_errors("the history of an image cannot be read"):
        rows = [row for row in reversed(engine.api.history(inspected["Id"])) if row.get("Size")]
    if len(rows) != len(diff_ids):
        return tuple(Packed(diff_id, None, "") for diff_id in diff_ids)
    return tuple(
        Packed(diff_id, int(row["Size"]), _step(str(row.get("CreatedBy") or "")))
        for diff_id, row in zip(diff_ids, rows, strict=True)
    )


def _step(created_by: str) -> str:
    return HIDDEN if secrets.in_command(created_by) else created_by


def _without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a configuration that tells no secret; variables are left to whoever shows them."""
    shown = dict(config)
    for name in ("Cmd", "Entrypoint", "Shell", "OnBuild"):
        words = config.get(name) or ()
        if secrets.in_command(" ".join(words)):
            shown[name] = [HIDDEN]
    labels = config.get("Labels") or {}
    told = dict(secrets.in_variables(labels))
    shown["Labels"] = {name: HIDDEN if name in told else value for name, value in labels.items()}
    return shown


def _recall(image: str) -> tuple[Inventory, tuple[Distribution, ...], dict[str, str]] | None:
    value = memory.recall("files", FORM, image)
    try:
        if value is None:
            return None
        files = {row[0]: _file(row) for row in value["files"]}
        return (
            Inventory(value["where"], ("/",), files, value["unread"]),
            tuple(_distribution(row) for row in value["distributions"]),
            dict(value["packages"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _keep(
    image: str,
    inventory: Inventory,
    installed: Sequence[Distribution],
    system: Mapping[str, str],
) -> None:
    value = {
        "where": inventory.where,
        "unread": dict(inventory.unread),
        "files": [_row(file) for file in inventory.files.values()],
        "distributions": [
            [
                one.name,
                one.version,
                one.folder,
                one.requires,
                one.record and [[each.path, each.digest, each.size] for each in one.record],
            ]
            for one in installed
        ],
        "packages": dict(system),
    }
    memory.keep("files", FORM, image, value=value)


def _row(file: File) -> list[Any]:
    return [getattr(file, name) for name in File.__slots__]


def _file(row: Sequence[Any]) -> File:
    path, kind, *rest = row
    return File(path, Kind(kind), *rest)


def _distribution(row: Sequence[Any]) -> Distribution:
    name, version, folder, requires, record = row
    recorded = None if record is None else tuple(Recorded(*each) for each in record)
    return Distribution(name, version, folder, tuple(requires), recorded)
