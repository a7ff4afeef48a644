"""Looks once inside something that runs, and holds what it sees against what was reviewed."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from verify.comparison import Comparison, Same, When
from verify.declared import Declared
from verify.errors import CouldNotCheck, Unavailable, UsageError
from verify.probes import inside
from verify.probes.inside import hosts
from verify.probes.inside.asked import AROUND, PREFIX, copied, questions
from verify.probes.inside.decode import decode
from verify.probes.inside.held import held
from verify.probes.inside.hosts import Kind
from verify.probes.inside.refusals import NoPython, NoShell
from verify.probes.targets import target
from verify.progress import Progress
from verify.running import cells
from verify.running.asked import project, wanted
from verify.running.compared import (
    Seen,
    Since,
    drifted,
    environment,
    excused,
    hidden,
    without_mounts,
)
from verify.running.expected import Image, Tree
from verify.tables import Contents
from verify.tables import Image as Spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from verify.inventory import Inventory
    from verify.manifest import Manifest
    from verify.probes.changes import Changes
    from verify.probes.engine import Built, Engine
    from verify.probes.targets import Target
    from verify.running.asked import Options, Wanted
    from verify.running.expected import Expected
    from verify.surroundings import Inside

OTHERS = ("python3", "python")
"""Interpreters that look where the one that was named, or none, is not there."""

ENGINE_SECONDS = 60.0
"""For one request to an engine."""

WITHOUT = Contents(data=("/tmp", "/var/tmp", "/run"))  # noqa: S108 - paths inside
"""What may change while it runs where no manifest declares it."""

CONTAINERS = frozenset({Kind.DOCKER, Kind.PODMAN, Kind.KUBECTL})
ENGINES = frozenset({Kind.DOCKER, Kind.PODMAN})


def _beside(work: Callable[[], Changes | None]) -> Future[Changes | None]:
    """Have something done in a thread that an interrupt does not wait for."""
    future: Future[Changes | None] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - handed to whoever waits for it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="beside").start()
    return future


class Look:
    """One look.

    Args:
        options: what for.
        progress: hears what takes long.
    """

    def __init__(self, options: Options, progress: Progress | None = None) -> None:
        self._options = options
        self._progress = progress or Progress()
        self._run_id = uuid.uuid4().hex[:12]
        self._closing = contextlib.ExitStack()
        self._engine: Engine | None = None
        self._manifest: Manifest | None = None
        self._found = Comparison(options.ref)

    def compare(self) -> Comparison:
        """Look, and return what was found; that nothing could be seen is found, too.

        Raises:
            UsageError: what was asked for does not exist.
            ManifestError: the manifest is wrong.
        """
        began, started = time.monotonic(), datetime.now(UTC)
        with self._closing:
            try:
                self._look()
            except (CouldNotCheck, Unavailable) as error:
                self._tell(fault=error.diagnosis, remedy=error.remedy)
        self._tell(started=started.isoformat(timespec="seconds"), seconds=time.monotonic() - began)
        return self._found

    def _tell(self, **known: Any) -> None:
        self._found = replace(self._found, **known)

    def _look(self) -> None:
        options = self._options
        host = hosts.parse(options.ref)
        self._tell(kind=str(host.kind), host=host.spec)
        self._manifest = project(options)
        against = wanted(options, self._manifest, self._image)
        reached = target(host, run_id=self._run_id, seconds=ENGINE_SECONDS)
        self._closing.callback(reached.close)
        self._tell(host=reached.host.spec, ran=reached.ran, image=reached.image)
        folder = self._folder(reached)
        self._progress.step(f"reading {against.name}")
        expected = self._expected(against, folder)
        self._tell(against=expected.against)
        self._progress.step(f"looking around inside {reached.host}")
        with held(reached) as watch:
            # The engine walks all of the container for it, beside the look inside.
            telling = _beside(reached.changed)
            seen = self._inside(reached, expected, folder, watch)
            self._progress.step("comparing")
            changes = telling.result()
            self._judge(seen, changes, expected, folder)
            if any(odd.when is When.BUILD for odd in self._found.differences):
                # What changed while both looked would be told as if it had never been otherwise.
                changes = reached.changed()
                self._judge(seen, changes, expected, folder)
        if self._manifest is not None and isinstance(expected, Tree):
            spec = self._manifest.image
            reviewed = replace(self._manifest, image=spec and replace(spec, app_dir=folder))
            found = cells.of(reviewed, reached, seen, changes, expected, self._options)
            self._tell(cells=found)

    def _image(self, name: str) -> Built | None:
        """Return an image of the engine; None where it has none, or there is no engine."""
        from verify.probes.engine import connect

        try:
            self._engine = connect(self._run_id, ENGINE_SECONDS)
        except Unavailable:
            return None
        self._closing.callback(self._engine.close)
        return self._engine.here(name)

    def _folder(self, reached: Target) -> str:
        """Return the folder inside that the application stands in.

        Raises:
            UsageError: nothing tells.
        """
        options, manifest = self._options, self._manifest
        declared = manifest.image.app_dir if manifest and manifest.image else ""
        folder = options.app_dir or declared or reached.folder
        if not folder.startswith("/") or not folder.strip("/"):
            raise UsageError(
                f"Nothing says in which folder the application stands in {reached.host}.",
                "Name it, absolute, with --app-dir; with a verify.toml it is [image].app_dir.",
            )
        return folder.rstrip("/")

    def _expected(self, against: Wanted, folder: str) -> Expected:
        if against.image is not None:
            from verify.probes.images.export import exported

            assert self._engine is not None  # it has found the image  # noqa: S101
            files = exported(self._engine, against.image.ref.id, deadline=self._options.deadline)
            return Image(against.name, against.image, files)
        from verify.probes.reviewed import reviewed

        assert against.root is not None  # no image, so it is a tree  # noqa: S101
        spec = self._manifest.image if self._manifest else None
        if spec is None or self._options.app_dir:
            spec = Spec(dockerfile="", tag="", app_dir=folder)
        tree = reviewed(against.root, spec, against.revision)
        return Tree(against.name if tree.commit else str(against.root), tree)

    def _inside(
        self, reached: Target, expected: Expected, folder: str, watch: Callable[[], None]
    ) -> Inside:
        options, host = self._options, reached.host
        if isinstance(expected, Image):
            roots, blobs = ["/"], []
            if host.kind in ENGINES and not host.user:
                host = replace(host, user="0")  # an image's files are not all for everybody
        else:
            blobs = copied(folder, expected.paths())
            roots = [*blobs, *([PREFIX] if self._has_environment(reached) else [])]
        request: dict[str, Any] = {
            "root": folder if options.tried else "/",
            **AROUND,
            "files": {"roots": roots, "blobs": blobs, "format": expected.algorithm},
        }
        if options.tried and self._manifest is not None:
            request |= questions(self._manifest)
        spec = self._manifest.image if self._manifest else None
        python = options.python or (spec.python if spec else OTHERS[0])
        others = () if options.python else OTHERS
        began = time.monotonic()
        try:
            answer = inside.look(
                host, python, request, deadline=options.deadline, watch=watch, others=others
            )
            found = decode(answer, str(reached.host))
        except (NoPython, NoShell) as why:
            if reached.engine is None or options.tried:
                raise
            found = self._from_outside(reached, why)
        self._tell(exec_seconds=time.monotonic() - began)
        if isinstance(expected, Image):
            from verify.probes.inside.at_rest import without_the_engines

            found = without_the_engines(found)
        return found

    def _has_environment(self, reached: Target) -> bool:
        """Say whether the interpreter's folder is the application's: on a machine it may be all."""
        own = self._options.python.count("/") > 0 and not self._options.python.startswith("/usr/")
        return reached.host.kind in CONTAINERS or own

    def _from_outside(self, reached: Target, why: Unavailable) -> Inside:
        """Read a container's files from its engine, which does not hand out what is mounted."""
        from verify.probes.inside.at_rest import from_the_engine

        assert reached.engine is not None  # asked before  # noqa: S101
        self._progress.step(f"reading the files of {reached.host} from the engine")
        found = from_the_engine(
            reached.engine,
            reached.ran.id,
            str(reached.host),
            why.diagnosis,
            deadline=self._options.deadline,
        )
        changes = reached.changed()
        mounts = changes.mounts if changes else {}
        return replace(found, files=without_mounts(found.part("files"), mounts))

    def _judge(
        self, seen: Inside, changes: Changes | None, expected: Expected, folder: str
    ) -> None:
        files: Inventory = seen.part("files")
        since = Since(changes, seen.mounts)
        contents = self._manifest.contents if self._manifest else WITHOUT
        volumes = [(path, "a VOLUME") for path in (changes.volumes if changes else ())]
        declared = Declared(contents, folder, volumes)
        odd = list(excused(expected.differences(files, folder, since), declared))
        unknown: dict[str, str] = {}
        around = Seen()
        if isinstance(expected, Tree):
            around = self._around(seen, since, unknown)
            odd += [one for one in around.odd if not expected.held(one.difference.path, folder)]

        def held_(path: str) -> bool:
            return expected.held(path, folder) or path in around.held

        if changes is not None:
            odd += excused(drifted(changes, files, held_, since), declared)
        odd += excused(hidden(files, odd, held_, expected.against.kind), declared)
        if files.incomplete:
            unknown["files"] = files.incomplete
        differ = {one.difference.path for one in odd}
        prefix = seen.interpreter.prefix if seen.interpreter else ""
        counted = expected.counted()
        good = [path for path in counted if path in files.files and path not in differ]
        # Of the environment a tree has nothing; an image has it among its files.
        apart = bool(prefix) and isinstance(expected, Image)
        below = sum(path.startswith(f"{prefix}/") for path in good) if apart else 0
        self._tell(
            differences=tuple(sorted(odd, key=lambda one: one.difference.path)),
            same=Same(len(good) - below, around.same + below, around.unheld),
            unknown=unknown,
        )

    def _around(self, seen: Inside, since: Since, unknown: dict[str, str]) -> Seen:
        """Hold the environment against what its installer wrote down."""
        files: Inventory = seen.part("files")
        if seen.interpreter is None or seen.distributions is None:
            why = seen.unknown.get("distributions") or seen.unknown.get("interpreter")
            unknown["environment"] = why or "nobody looked"
            return Seen()
        if seen.interpreter.prefix not in files.roots:
            unknown["packages"] = (
                f"{seen.interpreter.executable} is the machine's own; name the application's "
                "interpreter with --python, and what is installed for it is looked at, too"
            )
            return Seen()
        spec = self._manifest.image if self._manifest else None
        made = (spec.installed,) if spec and spec.installed else ()
        return environment(seen, since, made)
