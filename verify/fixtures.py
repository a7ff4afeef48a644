"""What gates can ask for; each prerequisite is an edge of this fixture graph."""

from __future__ import annotations

import contextlib
import shlex
import threading
import time
import tomllib
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from verify.errors import NotDeclared
from verify.manifest import FILE_NAME
from verify.model import Stage
from verify.plugin import RUN, Run
from verify.probes import inside, payload, ready, wire
from verify.probes.container import Container
from verify.probes.engine import Built, Engine, connect
from verify.probes.importable import Importable
from verify.probes.importable import importable as look_for_importable
from verify.probes.launchers.beside import Beside
from verify.probes.server import serve
from verify.probes.source import Source
from verify.probes.starts import Launch, Start, in_tree, launch_of, start_each
from verify.probes.subject import Subject, open_subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from verify.manifest import Image, Manifest
    from verify.matrix import Matrix
    from verify.probes.git import Checkout

LOOK = 120.0
"""Seconds for one look at all imports and guards; about 3 are usual."""

RUN_ONCE = 60.0
"""Seconds for the in-process run of all tabs, or for reading a page with every tab; 3 are usual."""

ENGINE = pytest.StashKey["Future[Engine]"]()
BUILD = pytest.StashKey["Future[Built]"]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the image build at once, so that it runs beside the first stages."""
    run = session.config.stash[RUN]
    if not run.stages() & {Stage.IMAGE, Stage.CONTAINER, Stage.LIVE} or run.manifest.image is None:
        return
    engine: Future[Engine] = Future()
    build: Future[Built] = Future()
    session.config.stash[ENGINE], session.config.stash[BUILD] = engine, build
    # A daemon, because an interrupt must not wait for a build to end; the engine gives it up when
    # its connection closes.
    threading.Thread(target=_prepare, args=(run, engine, build), daemon=True, name="build").start()


def _prepare(run: Run, engine: Future[Engine], build: Future[Built]) -> None:
    try:
        connected = connect(run.id)
        if swept := connected.sweep():
            run.notes.append(f"removed {swept} containers that a killed run had left")
        engine.set_result(connected)
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
        engine.set_exception(error)
        build.set_exception(error)
        return
    try:
        build.set_result(_build(run, connected))
    except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
        build.set_exception(error)


def _build(run: Run, engine: Engine) -> Built:
    args = {"VERSION": _version(run.manifest.root)}
    if run.checkout:
        args |= {"REVISION": run.checkout.revision, "CREATED": run.checkout.date}
    return engine.build(run.manifest.root, _spec(run.manifest), args=args, step=run.progress.step)


def _version(root: Path) -> str:
    """Return the project's version as its pyproject.toml says it."""
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
        return str(project["version"])
    except (OSError, ValueError, KeyError):
        return "unknown"


def _spec(manifest: Manifest) -> Image:
    if manifest.image is None:
        raise NotDeclared("verify.toml declares no [image]")
    return manifest.image


@pytest.fixture(scope="session")
def run(request: pytest.FixtureRequest) -> Run:
    """What this run shares."""
    return request.config.stash[RUN]


@pytest.fixture(scope="session")
def manifest(run: Run) -> Manifest:
    """The reviewed manifest."""
    return run.manifest


@pytest.fixture(scope="session")
def source(manifest: Manifest) -> Source:
    """The reviewed tree."""
    return Source(manifest.root)


@pytest.fixture(scope="session")
def matrix(run: Run, source: Source, manifest: Manifest) -> Matrix:
    """Every way to launch, what it really starts, and every file that draws a page."""
    run.progress.step("following every launcher to the file it starts")
    with contextlib.closing(run.beside or Beside(manifest.root)) as beside:
        return beside.matrix(source, manifest.declared())


@pytest.fixture(scope="session")
def importable(manifest: Manifest) -> Importable:
    """What the dashboard may import from outside of its tree."""
    return look_for_importable(manifest.root, manifest.subject.python)


@pytest.fixture(scope="session")
def checkout(run: Run) -> Checkout | None:
    """Where the git checkout stands, or None where there is none."""
    return run.checkout


# --- local: executed on this machine, in the subject's own interpreter


@pytest.fixture(scope="session")
def subject(run: Run, manifest: Manifest) -> Subject:
    """The project, executable."""
    spec = manifest.subject
    return open_subject(manifest.root, spec.python, dict(spec.env), run.scratch)


@pytest.fixture(scope="session")
def local_facts(run: Run, subject: Subject, manifest: Manifest) -> dict[str, Any]:
    """What `agent.py` saw on this machine: imports, constants, guards."""
    run.progress.step("importing each module and running each guard on its own")
    return subject.look(_questions(manifest), deadline=LOOK)


@pytest.fixture(scope="session")
def rehearsal(run: Run, subject: Subject, manifest: Manifest) -> dict[str, Any]:
    """What an in-process run of the dashboard showed, every tab opened."""
    run.progress.step("running the dashboard in-process, tab by tab")
    engine = manifest.sessions.engine if manifest.sessions else ""
    return subject.rehearse(manifest.dashboard.entry, engine=engine, deadline=RUN_ONCE)


@pytest.fixture(scope="session")
def local_start(run: Run, subject: Subject, manifest: Manifest) -> tuple[wire.Page, float]:
    """The first page of `streamlit run ENTRY` here, and the seconds from the process's start."""
    run.progress.step("starting the dashboard")
    deadline = _patience(manifest)
    with serve(
        subject.python,
        manifest.dashboard.entry,
        cwd=subject.root,
        env=subject.env,
        deadline=deadline,
        via="script",
    ) as server:
        asked = time.monotonic()
        page = wire.read(server.url, deadline=deadline)
        return page, asked + page.complete_seconds - server.started


@pytest.fixture(scope="session")
def local_starts(
    run: Run, subject: Subject, local_start: tuple[wire.Page, float], manifest: Manifest
) -> list[Start]:
    """What the page runs for each way to start the dashboard on this machine."""
    entry, spec = manifest.dashboard.entry, manifest.subject
    page, _ = local_start  # by `streamlit run ENTRY`, so that need not be started again
    ran = in_tree(page.main_script, subject.root)
    launches = [
        Launch(
            (subject.python, "-m", "streamlit", "run", entry),
            entry,
            f"python -m streamlit run {entry}",
        ),
        *(launch for path in spec.launchers if (launch := launch_of(path, subject))),
        *(Launch(words, FILE_NAME, shlex.join(words)) for words in spec.commands),
    ]
    run.progress.step(f"starting the dashboard in {len(launches)} more ways")
    started = start_each(launches, root=subject.root, env=subject.env, deadline=_patience(manifest))
    return [Start(f"streamlit run {entry}", entry, ran), *started]


@pytest.fixture(scope="session")
def local_refusals(run: Run, subject: Subject, manifest: Manifest) -> ready.Refusals:
    """What `streamlit run FILE` gives and does for each retired file, and for the entry."""
    run.progress.step("serving each retired file")
    with subject.serve_each(_served(manifest)) as farm:
        pages = _first_pages(farm.urls, _patience(manifest))
        return ready.Refusals(pages, farm.effects())


# --- image, container, live: what is deployed


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest, manifest: Manifest) -> Iterator[Engine]:
    """The container engine."""
    _spec(manifest)
    connected = request.config.stash[ENGINE].result()
    yield connected
    connected.close()


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest, run: Run, engine: Engine) -> Built:
    """The built image."""
    run.progress.step("waiting for the image build")
    built = request.config.stash[BUILD].result()
    run.image = built.ref
    run.notes.append(f"engine {engine.version}; image built on {built.ref.base or 'its own base'}")
    return built


@pytest.fixture(scope="session")
def image_facts(run: Run, engine: Engine, image: Built, manifest: Manifest) -> dict[str, Any]:
    """What `agent.py` saw in a throw-away container that never started the image's entry."""
    run.progress.step("looking at the image at rest")
    spec = _spec(manifest)
    request = {
        "root": spec.app_dir,
        "deadline": LOOK,
        "compile": [spec.app_dir],
        "read": [f"{spec.app_dir}/{manifest.dashboard.entry}"],
    }
    command = [spec.python, "-I", "-S", *payload.packed("agent.py", request)]
    out, err = engine.run_once(image.ref.id, command, memory=spec.memory, deadline=LOOK)
    return payload.answer(out, err, who="the look at the image")


@pytest.fixture(scope="session")
def container(
    run: Run, engine: Engine, image: Built, manifest: Manifest
) -> Iterator[ready.Started]:
    """The started container, its first page, and the seconds from its start to that page."""
    run.progress.step("starting the container")
    spec = _spec(manifest)
    started = engine.start(image.ref.id, ports=(spec.port,), memory=spec.memory)
    try:
        page = ready.first_page(
            started.url(spec.port),
            what="the container",
            ended=started.ended,
            log=started.log,
            deadline=spec.ready_seconds,
        )
        seconds = time.monotonic() - started.started
        started.hold()
        run.container = started
        yield ready.Started(started, page, seconds)
    finally:
        run.container = None
        engine.remove(started)


@pytest.fixture(scope="session")
def container_facts(run: Run, container: ready.Started, manifest: Manifest) -> dict[str, Any]:
    """What `agent.py` saw inside the running container, by one exec."""
    run.progress.step("looking around inside the container")
    spec = _spec(manifest)
    request = {"root": spec.app_dir, "processes": True, **_questions(manifest)}
    host = f"docker://{container.container.id}"
    facts = inside.look(host, spec.python, request, deadline=LOOK, watch=container.container.same)
    container.container.same()
    return facts


@pytest.fixture(scope="session")
def container_refusals(
    run: Run, engine: Engine, image: Built, manifest: Manifest
) -> ready.Refusals:
    """What the image gives and does when its command names a retired file instead."""
    run.progress.step("starting the image with each retired file")
    spec = _spec(manifest)
    ports = {path: spec.port + n for n, path in enumerate(_served(manifest))}
    # All addresses of its container, of which only published ports are reached, from loopback.
    request = {"address": "0.0.0.0", "servers": list(ports.items())}  # noqa: S104
    started = engine.start(
        image.ref.id,
        ports=tuple(ports.values()),
        memory=spec.memory,
        entrypoint=[spec.python],
        command=payload.packed("farm.py", request),
    )
    try:
        urls = {path: started.url(port) for path, port in ports.items()}
        pages = _first_pages(urls, spec.ready_seconds, started)
        said = started.finish()
        facts = payload.answer(said, said, who="the servers of the retired files")
        return ready.Refusals(pages, facts["effects"])
    finally:
        engine.remove(started)


@pytest.fixture(scope="session")
def page(run: Run, container: ready.Started, manifest: Manifest) -> wire.Page:
    """What an operator gets from the running container, every tab opened."""
    run.progress.step("reading the page and opening every tab")
    container.container.same()
    seen = wire.read(
        container.container.url(_spec(manifest).port), deadline=RUN_ONCE, open_tabs=True
    )
    container.container.same()
    return seen


def _questions(manifest: Manifest) -> dict[str, Any]:
    """Return what is asked of the agent wherever the project runs."""
    imports = manifest.imports
    entry = _module(manifest.dashboard.entry)
    return {
        "modules": [*imports.required, *imports.optional] if imports else [],
        "without": [[module, entry] for module in imports.optional] if imports else [],
        "constants": [[entry, manifest.dashboard.marker_name]],
        "guards": [[retired.path, _module(retired.path)] for retired in manifest.retired],
    }


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _served(manifest: Manifest) -> list[str]:
    if not manifest.retired:
        raise NotDeclared("verify.toml declares no [[retired]] entry point")
    # The entry is the control: the same look that sees no page of a retired file sees this one.
    return [*(retired.path for retired in manifest.retired), manifest.dashboard.entry]


def _patience(manifest: Manifest) -> float:
    """Seconds to wait for a first page; well past the budget, so that a slow start is measured."""
    return max(30.0, 4 * manifest.startup.budget_seconds)


def _first_pages(
    urls: dict[str, str], deadline: float, container: Container | None = None
) -> dict[str, wire.Page]:
    def first(item: tuple[str, str]) -> wire.Page:
        return ready.first_page(
            item[1],
            what=f"streamlit run {item[0]}",
            ended=container.ended if container else lambda: "",
            log=container.log if container else lambda: "",
            deadline=deadline,
        )

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(urls, pool.map(first, urls.items()), strict=True))
