"""Starts the image that one would go back to, and looks at what it still is and gives."""

from __future__ import annotations

import ast
import contextlib
import posixpath
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from verify.declared import Declared
from verify.difference import REVIEWED, Change, Difference, compare
from verify.errors import Unavailable, UsageError
from verify.probes import inside, ready, wire
from verify.probes.inside.decode import decode
from verify.probes.inside.held import held
from verify.probes.reviewed import Labelled, Reviewed, labelled

if TYPE_CHECKING:
    from verify.manifest import Manifest
    from verify.probes.container import Container
    from verify.probes.engine import Built, Engine
    from verify.tables import Image

REVISION = "org.opencontainers.image.revision"
"""The label of the OCI image specification, annotations.md."""

WHAT = "the image to go back to"

WAITS = 2.0
"""Times the allowed seconds that the end is waited for, so that a slow end is measured."""

_NOTHING = Reviewed(where="nothing", files={}, sources={}, dockerfile="")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of its application folder beside those of the commit that its label names.

    Args:
        revision: what its label says, and what git here knows of it.
        compared: how many reviewed files were looked for.
        differences: what is not as reviewed.
        why: why nothing was compared; empty when it was.
    """

    revision: Labelled
    compared: int = 0
    differences: tuple[Difference, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What the image to go back to is, and what a container of it gave.

    Args:
        name: by which tag, id or digest it was found.
        image: the image.
        page: its page, every tab opened.
        seconds: from its start to its first page.
        marker: the build marker that its own entry declares; None without one.
        why: why there is none, where its entry does not even import.
        files: its files.
        exit_code: of its first process; None when it did not end in time.
        ended: seconds from SIGTERM to its end, or to the moment it was given up.
    """

    name: str
    image: Built
    page: wire.Page
    seconds: float
    marker: str | None
    why: str
    files: Files
    exit_code: int | None
    ended: float


def go_back(
    engine: Engine, name: str, image: Built, manifest: Manifest, spec: Image, *, deadline: float
) -> WayBack:
    """Start an image, read its page and its files, and stop it.

    Args:
        engine: where it runs.
        name: by which it was found.
        image: which image.
        manifest: what is expected of a page.
        spec: its `[image]`.
        deadline: seconds for reading the page, and for the look inside.

    Raises:
        SubjectBroken: it does not start, or serves no page.
        CouldNotCheck: it or the engine went away.
    """
    container = engine.start(image.ref.id, ports=(spec.port,), memory=spec.memory, role="previous")
    try:
        url = container.url(spec.port)
        ready.first_page(
            url,
            what=WHAT,
            ended=container.ended,
            log=container.log,
            deadline=spec.ready_seconds,
        )
        seconds = time.monotonic() - container.started
        with held(container) as watch:
            page = wire.read(
                url,
                deadline=deadline,
                open_tabs=True,
                tab_deadline=manifest.live.tab_seconds,
                visit_pages=True,
            )
            question = _question(page, manifest, spec)
            facts = inside.look(
                f"docker://{container.id}", spec.python, question, deadline=deadline, watch=watch
            )
        code, ended = _stop(container, manifest.live.stop_seconds)
    finally:
        engine.remove(container)
    label = str((image.config.get("Labels") or {}).get(REVISION, ""))
    files = _files(facts, labelled(manifest.root, spec, label, _NOTHING), manifest, spec)
    marker, why = _marker(facts)
    return WayBack(name, image, page, seconds, marker, why, files, code, ended)


def _question(page: wire.Page, manifest: Manifest, spec: Image) -> dict[str, Any]:
    """Return what is asked inside; its entry is the script that the server itself names."""
    entry = posixpath.relpath(posixpath.join(spec.app_dir, page.main_script), spec.app_dir)
    module = entry.removesuffix(".py").replace("/", ".")
    return {
        "root": spec.app_dir,
        "constants": [[module, manifest.dashboard.marker_name]],
        "modules": [module],
        "files": {"roots": [spec.app_dir], "blobs": [spec.app_dir]},
    }


def _marker(facts: dict[str, Any]) -> tuple[str | None, str]:
    """Return the marker that the entry declares, and what went wrong with its import."""
    why = ""
    for fact in facts.get("imports", ()):
        why = why or str(fact.get("error") or "")
        for shown in fact.get("constants", {}).values():
            with contextlib.suppress(ValueError, SyntaxError):
                return str(ast.literal_eval(shown)), why
    return None, why


def _stop(container: Container, allowed: float) -> tuple[int | None, float]:
    began = time.monotonic()
    code = container.terminate(WAITS * allowed)
    return code, time.monotonic() - began


def _files(facts: dict[str, Any], revision: Labelled, manifest: Manifest, spec: Image) -> Files:
    if revision.dirty:
        return Files(revision, why="it was built from uncommitted changes")
    if revision.reviewed is None:
        return Files(revision, why=revision.why)
    try:
        got = decode(facts, WHAT).part("files")
    except (Unavailable, UsageError) as error:
        return Files(revision, why=error.diagnosis)
    app_dir = spec.app_dir.rstrip("/")
    declared = Declared(manifest.contents, app_dir)
    expected = {
        path: file
        for path, file in revision.reviewed.expected(got).items()
        if path.startswith(f"{app_dir}/") and declared.mark(path) is None
    }
    found = compare(expected, got, attributes=REVIEWED, exact_mode=False, within=[app_dir])
    odd = tuple(one for one in found if one.change is not Change.EXTRA or _odd(one, declared))
    return Files(revision, len(expected), odd)


def _odd(extra: Difference, declared: Declared) -> bool:
    return declared.mark(extra.path) is None and declared.data(extra.path) is None
