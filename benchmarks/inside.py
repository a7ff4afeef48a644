"""What a look at 400 files inside of a container costs, beside the ways people use today."""

from __future__ import annotations

import contextlib
import shlex
import time
import uuid
from collections.abc import Callable, Sequence

import testinfra

from benchmarks.measure import ROOT, Row, pairs
from verify.manifest import load
from verify.probes import engine as engines
from verify.probes import inside
from verify.probes.inside.decode import decode
from verify.surroundings import Inside

FILES = 400
"""As many as goss was measured with, which took 72 ms in a container it had been copied to."""

BY_MODULES = 4
"""Files that testinfra's own modules are asked about; its time for all is counted from theirs."""

PROPERTIES = ("sha256sum", "size", "mode", "uid", "gid", "is_file")
"""What is asked of each: a part of what the agent tells."""

NAMED = "'%s %a %u %g %Y %F %n'"
"""The same for stat."""

TIMES = 9

Look = Callable[[], float]


def look_inside() -> list[Row]:
    """400 files by the agent, by shell loops and by testinfra; and all files that matter."""
    manifest = load(ROOT)
    spec = manifest.image
    assert spec is not None
    engine = engines.connect(uuid.uuid4().hex[:12])
    with contextlib.closing(engine):
        container = engine.start(spec.tag, ports=(), memory=spec.memory, command=["sleep", "3600"])
        where = f"docker://{container.id}"

        def look(roots: Sequence[str]) -> Inside:
            request = {"files": {"roots": list(roots)}}
            return decode(inside.look(where, spec.python, request, deadline=120), where)

        paths = _some(look(["{prefix}"]))
        host = testinfra.get_host(where)
        ours = _timed(lambda: _seen(look(paths), FILES))
        rows = [
            _row("a shell loop", ours, _timed(lambda: _ran(host, _loop(paths))), 1.0),
            _row("one sha256sum", ours, _timed(lambda: _ran(host, _at_once(paths))), None),
            _row("testinfra", ours, _modules(host, paths), 0.1),
            _row("no look at all, one empty exec", ours, _timed(lambda: host.run("true")), None),
        ]
        roots = [spec.app_dir, "{prefix}"]
        took, count = [], 0
        for _ in range(TIMES):
            began = time.perf_counter()
            count = _seen(look(roots), FILES)
            took.append(time.perf_counter() - began)
        how = f"{count} paths: {spec.app_dir} and its environment"
        rows.append(Row("inside", sorted(took)[TIMES // 2], None, "s", how))
        return rows


def _some(seen: Inside) -> list[str]:
    """Return paths of regular files, evenly from all there are."""
    assert seen.files is not None
    paths = sorted(path for path, file in seen.files.files.items() if file.digest)
    return paths[:: len(paths) // FILES][:FILES]


def _seen(seen: Inside, least: int) -> int:
    assert seen.files is not None
    assert not seen.files.unread
    assert len(seen.files.files) >= least
    return len(seen.files.files)


def _timed(work: Callable[[], object]) -> Look:
    def timed() -> float:
        began = time.perf_counter()
        work()
        return time.perf_counter() - began

    return timed


def _loop(paths: Sequence[str]) -> str:
    named = shlex.join(paths)
    return f'for f in {named}; do sha256sum "$f" && stat -c {NAMED} "$f" || exit 1; done'


def _at_once(paths: Sequence[str]) -> str:
    named = shlex.join(paths)
    return f"sha256sum {named} && stat -c {NAMED} {named}"


def _ran(host: testinfra.host.Host, line: str) -> None:
    done = host.run(line)
    assert done.rc == 0, done.stderr
    assert done.stdout.count("\n") == 2 * FILES


def _modules(host: testinfra.host.Host, paths: Sequence[str]) -> Look:
    def timed() -> float:
        began = time.perf_counter()
        for path in paths[:BY_MODULES]:
            file = host.file(path)
            for name in PROPERTIES:
                assert getattr(file, name) is not None  # each goes there by an exec of its own
        return (time.perf_counter() - began) * FILES / BY_MODULES

    return timed


def _row(other: str, ours: Look, theirs: Look, limit: float | None) -> Row:
    ratio, a, b = pairs(ours, theirs, TIMES)
    how = f"{FILES} files by the agent {a * 1e3:.0f} ms, by {other} {b * 1e3:.0f} ms"
    return Row("inside", ratio, limit, "x", how)
