"""Every way to start the dashboard starts its one entry file.

Why: an image or script that starts another file shows operators a dashboard nobody reviewed.
Fix: let the launcher run `streamlit run` with the file of [dashboard].entry, written out, on the
port of [image]. Let any other file that draws a page refuse ([[retired]]), or declare it
([dashboard].others). Let the documentation name the same command.
`verify matrix` shows all launchers and all such files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.errors import Unavailable
from verify.matrix import BASE_DECIDES, NO_STREAMLIT, NOT_PUBLISHED, State, Status
from verify.model import Observation, OneOf
from verify.probes import trials
from verify.probes.dockerfile.address import server_address
from verify.probes.launchers.images.built import Folder, command_launches
from verify.probes.source import Unparsable
from verify.probes.static.code import excerpt
from verify.probes.static.draws import top_level_calls, uses_streamlit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from verify.manifest import Manifest
    from verify.matrix import EntryPoint, Launcher, Matrix
    from verify.probes.engine import Built
    from verify.probes.ready import Started
    from verify.probes.source import Source
    from verify.probes.starts import Start
    from verify.probes.wire import Page

LAST = True


def gate_source(source: Source, matrix: Matrix, manifest: Manifest) -> Iterator[Observation]:
    """Follow every launcher of the tree to the file it starts, and look for rivals of the entry."""
    entry = manifest.dashboard.entry
    yield from _entry_file(source, entry)
    own = list(manifest.subject.launchers)
    if manifest.image is not None:
        own.insert(0, manifest.image.dockerfile)
    allowed = matrix.allowed | {entry}
    for path in own:
        rows = [row for row in matrix.launchers if row.path == path]
        if not rows:
            yield Observation(path, entry, "starts no Streamlit", path, 1)
        for row in rows:
            yield _judged(row, entry, frozenset({entry}))
    yield from _reached(source, matrix, manifest)
    for row in matrix.launchers:
        if row.path in manifest.subject.tools and row.status is Status.UNKNOWN:
            told = "whatever it is given, as [subject].tools says"
            yield Observation(f"{row.path} ({row.kind})", told, told, row.path, row.line, row.why)
        elif row.path not in own and not _of_something_else(row, source):
            yield _judged(row, entry, allowed)
    for point in matrix.entry_points:
        yield _rival(point)
    yield from _told(matrix)


def _of_something_else(row: Launcher, source: Source) -> bool:
    """Say whether a container is about another program altogether, such as a proxy."""
    if row.status is Status.NOT_STREAMLIT:
        return row.why.startswith(NO_STREAMLIT)
    undecided = row.status is Status.UNKNOWN and row.why.startswith(BASE_DECIDES)
    return undecided and not source.mentions(row.path, "streamlit")


def _judged(row: Launcher, entry: str, allowed: frozenset[str]) -> Observation:
    entries = row.candidates if row.status is Status.DYNAMIC else tuple(filter(None, [row.entry]))
    followed = bool(entries) and row.status in {Status.OK, Status.DYNAMIC}
    got = ", ".join(entries) if followed else f"{_WORDS.get(row.status, row.status)}: {row.why}"
    expected: object = entry
    if followed and got != entry and allowed.issuperset(entries):
        expected = OneOf((entry, got))
    if followed and row.why.endswith(NOT_PUBLISHED):
        got = f"nothing that anybody reaches: {row.why}"
    message = f"{row.raw}: {row.why}" if followed and row.why else row.raw
    return Observation(f"{row.path} ({row.kind})", expected, got, row.path, row.line, message)


_WORDS = {
    Status.UNKNOWN: "cannot tell",
    Status.NOT_IN_IMAGE: "not in the image",
    Status.NOT_STREAMLIT: "starts no page",
}


def _rival(point: EntryPoint) -> Observation:
    expected = "no rival of the entry"
    got = "an unguarded rival" if point.state is State.UNGUARDED else expected
    subject = f"{point.path}, which draws a page or refuses to"
    return Observation(subject, expected, got, point.path, 1, f"{point.state}: {point.why}")


def _reached(source: Source, matrix: Matrix, manifest: Manifest) -> Iterator[Observation]:
    """Say whether the image's own server listens where [image].port leads to."""
    if manifest.image is None or source.unreadable(manifest.image.dockerfile) is not None:
        return
    path, port = manifest.image.dockerfile, manifest.image.port
    for row in matrix.launchers:
        if row.path == path and row.status is Status.OK and row.port is not None:
            subject = "the port on which the image's server listens"
            yield Observation(subject, port, row.port, path, row.line, row.raw)
    address = server_address(source, manifest.image.dockerfile, manifest.image.context)
    got = f"this container alone: {address.value}" if address.loopback else _EVERYBODY
    subject = "who reaches the image's server"
    yield Observation(subject, _EVERYBODY, got, address.path, address.line, address.value)


_EVERYBODY = "everybody who reaches its container"


def _told(matrix: Matrix) -> Iterator[Observation]:
    """Hold what people and engines are told of the launchers against what these start."""
    rows = {(row.path, row.line) for row in matrix.launchers}  # those are judged themselves
    agrees = "agrees with the launchers"
    for one in matrix.disagreements:
        if (one.path, one.line) not in rows:
            yield Observation(one.raw, agrees, one.why, one.path, one.line)


def _entry_file(source: Source, entry: str) -> Iterator[Observation]:
    expected = "draws a page"
    try:
        tree = source.module(entry)
        calls = top_level_calls(tree)
    except Unparsable as error:
        got = f"cannot tell: {error.fault.reason}"
        yield Observation("the entry file", expected, got, entry, error.fault.line)
        return
    if not calls:
        got = "draws nothing: no call at its top level or under its main guard"
        yield Observation("the entry file", expected, got, entry, 1)
        return
    used = uses_streamlit(source, entry)
    got = expected if used else "draws nothing: neither it nor what it imports uses streamlit"
    message = f"`{excerpt(calls[0])}`"
    yield Observation("the entry file", expected, got, entry, calls[0].lineno, message)


def gate_local(local_starts: Sequence[Start], manifest: Manifest) -> Iterator[Observation]:
    """Start the dashboard in each way there is on this machine; ask its page what file it runs."""
    entry = manifest.dashboard.entry
    hindered: list[Start] = []
    fine = True
    for start in local_starts:
        if start.hindered:
            hindered.append(start)
            continue
        subject = f"the file that `{start.command}` runs"
        seen = Observation(subject, entry, start.got, start.path, 1, start.message)
        fine = fine and seen.ok
        yield seen
    if hindered and fine:  # a finding weighs more than what could not be looked at
        raise Unavailable(
            "; ".join(f"`{start.command}`: {start.hindered}" for start in hindered),
            "Mend that, or take the command out of [subject] in verify.toml.",
        )


def gate_image(
    source: Source, image: Built, image_facts: Mapping[str, Any], manifest: Manifest
) -> Iterator[Observation]:
    """Follow the command of the built image to the file it starts, and see that it is there."""
    argv = [*(image.config.get("Entrypoint") or ()), *(image.config.get("Cmd") or ())]
    yield from _started("the built image's command", argv, source, image, image_facts, manifest)


def gate_container(
    source: Source,
    image: Built,
    image_facts: Mapping[str, Any],
    container_facts: Mapping[str, Any],
    container: Started,
    manifest: Manifest,
) -> Iterator[Observation]:
    """Look at every process of the container, and ask its page which file it runs."""
    running = 0
    check = list(trials.words(image.config))
    for process in container_facts["processes"]:
        if process["args"] == check or process["ours"]:  # they come and go
            continue
        subject = f"process {process['pid']} of the container"
        found = list(_started(subject, process["args"], source, image, image_facts, manifest, ""))
        running += len(found)
        yield from found
    yield Observation("processes that run Streamlit", expected=1, got=running)
    page = container.page
    entry = manifest.dashboard.entry
    folder = manifest.image.app_dir if manifest.image else ""
    yield Observation("the file the page runs", f"{folder}/{entry}", page.main_script, entry)


def gate_live(page: Page, manifest: Manifest) -> Iterator[Observation]:
    """Hear from the server which file its page runs; where that lies there is its own business."""
    entry = manifest.dashboard.entry
    script = page.main_script.replace("\\", "/")
    got = entry if script.endswith(f"/{entry}") else page.main_script
    yield Observation("the file the page runs", entry, got, page.url)


def _started(
    subject: str,
    argv: list[str],
    source: Source,
    image: Built,
    image_facts: Mapping[str, Any],
    manifest: Manifest,
    otherwise: str = "starts no Streamlit",
) -> Iterator[Observation]:
    if manifest.image is None:
        return
    paths = frozenset(fact["path"] for fact in image_facts["compile"])
    files = Folder(source, manifest.image.app_dir, paths)
    cwd, where = image.config.get("WorkingDir") or "/", manifest.image.dockerfile
    variables = dict(pair.split("=", 1) for pair in image.config.get("Env") or ())
    launches = command_launches(argv, files, cwd=cwd, path=where, variables=variables)
    raw = " ".join(argv)
    for launch in launches:
        yield Observation(subject, manifest.dashboard.entry, launch.got, where, message=raw)
    if not launches and otherwise:
        yield Observation(subject, manifest.dashboard.entry, otherwise, where, message=raw)
