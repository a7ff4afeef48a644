"""Python programs that start Streamlit: subprocess, `os.system`, Streamlit's own main, runpy."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.languages.command import starts_streamlit
from verify.probes.languages.python.run import EVERY
from verify.probes.launchers.resolve import python_launches
from verify.probes.launchers.scripts import founds, from_either
from verify.probes.launchers.world import Found
from verify.probes.source import is_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import World

KIND = "python"
NAMES = ("*.py", "*.pyw")

_OTHERS = frozenset({"noxfile.py", "setup.py"})  # kinds of their own
_STARTS = re.compile(
    rb"subprocess|\bpopen|\bexec[lv]|spawn|runpy|pexpect|import invoke|import sh\b|from sh\b"
    rb"|os\s*\.\s*system|import[^\n]*\bsystem\b|\bsystem\s*\(|__import__|import_module"
)
# One of these is in whatever _STARTS finds; looking for them takes a sixth of its time.
_STARTING_WORDS = (
    *(b"subprocess", b"popen", b"exec", b"spawn", b"runpy", b"pexpect", b"system"),
    *(b"import invoke", b"import sh", b"from sh", b"__import__", b"import_module"),
)
_STREAMLIT = re.compile(rb"\bcli\b|bootstrap|\.App\b|import[^\n]*\bApp\b")
_LAUNCHERS = re.compile(rb"\.(?:sh|bash|bat|ps1|py)\b|\b(?:make|just|task|npm|docker|nox|tox)\b")
_MAIN = re.compile(rb"__main__")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    if path.rpartition("/")[2] in _OTHERS or not _may_launch(path, world):
        return
    if world.module(path) is None:
        if not _says_so(path, world):
            return
        fault = world.source.faults(path)
        why = f"it is not Python: {fault}" if fault else "it has no syntax tree"
        line = fault.line if fault else 1
        yield Found(line, "", (world.place(path, line).unknown(why, ""),))
        return
    found = from_either(path, lambda folder: _from(folder, path, world, ""), again=False)
    # What a function starts by way of another script is seen where the function is called.
    offers = not found and starts_streamlit(world.source.text(path))
    if offers and not _MAIN.search(world.source.raw(path)) and _used(path, world):
        found = from_either(path, lambda folder: _from(folder, path, world, EVERY), again=False)
    yield from founds(path, world, [one for one in found if not _is_forwarder(one)])


def _is_forwarder(launch: Launch) -> bool:
    """Say whether it runs a page inside this very program, which is then a page itself."""
    return launch.status is Status.NOT_STREAMLIT and "run_path" in launch.raw


def _says_so(path: str, world: World) -> bool:
    """Say whether a file that nobody can parse names both Streamlit and a way to start it."""
    raw = world.source.raw(path)
    starts = _STARTS.search(raw) is not None or _STREAMLIT.search(raw) is not None
    return starts and world.source.mentions(path, "streamlit")


def _may_launch(path: str, world: World) -> bool:
    """Say, by its bytes alone, whether the program may start a page."""
    raw = world.source.raw(path)
    starts = any(word in raw for word in _STARTING_WORDS) and _STARTS.search(raw) is not None
    if world.source.mentions(path, "streamlit"):
        return starts or _STREAMLIT.search(raw) is not None or not raw.isascii()
    return starts and _LAUNCHERS.search(raw) is not None


def _from(folder: str, path: str, world: World, function: str) -> list[Launch]:
    return python_launches(path, world.place(path, folder=folder), function=function)


def _used(path: str, world: World) -> bool:
    """Say whether another program may use what the file offers."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return any(
        world.source.mentions(other, stem)
        for other in world.source.product_files
        if other != path and other.rpartition("/")[2] != "setup.py" and not is_test(other)
    )
