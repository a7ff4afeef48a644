"""Every way to start the dashboard starts its one entry file.

Why: an image or script that starts another file shows operators a dashboard nobody reviewed.
Fix: let the Dockerfile's CMD and each script of [subject].launchers run
`streamlit run` with the file of [dashboard].entry, written out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from verify.model import Observation
from verify.probes.source import Unparsable
from verify.probes.static.code import excerpt
from verify.probes.static.draws import top_level_calls, uses_streamlit
from verify.probes.static.launch import Folder, command_launches, image_launches, script_launches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.engine import Built
    from verify.probes.ready import Started
    from verify.probes.source import Source
    from verify.probes.static.launch import Launch


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Follow the Dockerfile's command and each launcher script to the file they start."""
    entry = manifest.dashboard.entry
    yield from _entry_file(source, entry)
    if manifest.image is not None:
        path = manifest.image.dockerfile
        if source.unreadable(path) is None:
            launches = image_launches(source, path, manifest.image.context)
            yield from _judge("the image's command", path, launches, entry)
        else:
            yield Observation("the image's command", entry, "cannot tell: unreadable", path, 1)
    for path in manifest.subject.launchers:
        if source.unreadable(path) is None:
            yield from _judge(path, path, script_launches(source, path), entry)
        else:
            yield Observation(path, entry, "cannot tell: it cannot be read", path, 1)


def _judge(subject: str, path: str, launches: list[Launch], entry: str) -> Iterator[Observation]:
    if not launches:
        yield Observation(subject, entry, "starts no Streamlit", path, 1)
    for launch in launches:
        yield Observation(subject, entry, launch.got, launch.path, launch.line, launch.raw)


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
    for process in container_facts["processes"]:
        subject = f"process {process['pid']} of the container"
        found = list(_started(subject, process["args"], source, image, image_facts, manifest, ""))
        running += len(found)
        yield from found
    yield Observation("processes that run Streamlit", expected=1, got=running)
    page = container.page
    entry = manifest.dashboard.entry
    folder = manifest.image.app_dir if manifest.image else ""
    yield Observation("the file the page runs", f"{folder}/{entry}", page.main_script, entry)


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
    files = Folder(manifest.image.app_dir, frozenset(f["path"] for f in image_facts["compile"]))
    cwd, where = image.config.get("WorkingDir") or "/", manifest.image.dockerfile
    launches = command_launches(source, argv, files, cwd=cwd, path=where)
    raw = " ".join(argv)
    for launch in launches:
        yield Observation(subject, manifest.dashboard.entry, launch.got, where, message=raw)
    if not launches and otherwise:
        yield Observation(subject, manifest.dashboard.entry, otherwise, where, message=raw)
