"""Every retired entry point refuses, whatever starts it.

Why: a retired file that still draws its page is a second dashboard, and operators will find it.
Fix: let the file hold nothing but its docstring, the import of its guard and the call of it with
the text of [[retired]] in verify.toml; no condition, nothing before it.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from verify.errors import NotDeclared
from verify.model import AtLeast, Contains, NoneOf, Observation
from verify.probes.source import Unparsable
from verify.probes.static.flow.guard import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.manifest import Manifest
    from verify.probes.ready import Refusals
    from verify.probes.source import Source
    from verify.probes.static.flow.guard import Ending, Refusal
    from verify.probes.wire import Page
    from verify.tables import Retired

_WAYS = {
    "raise": "raises RuntimeError",
    "exit": "exits the process, non-zero",
    "stop": "shows the text on the page, then st.stop()",
}

SERVED = "streamlit run FILE"
AGAIN = "streamlit run FILE, to a second visitor,"


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Follow every path through each retired file, without running it."""
    if not manifest.retired:
        raise NotDeclared("verify.toml declares no [[retired]] entry point")
    for retired in manifest.retired:
        yield _imported(retired, source)
        try:
            found = refusal(source, retired.path)
        except Unparsable as error:
            got = f"cannot tell: {error.fault.reason}"
            yield _seen(retired, "refuses", _WAYS[retired.way], got, error.fault.line)
            continue
        if found.problem:
            got = f"cannot tell: {found.problem}"
            yield _seen(retired, "refuses", _WAYS[retired.way], got, 1)
            continue
        yield from _judge(retired, found)


def _imported(retired: Retired, source: Source) -> Observation:
    """Look for a package of the file's name: Python takes it for the file in an import."""
    package = f"{retired.path.removesuffix('.py')}/__init__.py"
    got = package if source.has(package) else retired.path
    return _seen(retired, "what an import of its name runs", retired.path, got)


def _judge(retired: Retired, found: Refusal) -> Iterator[Observation]:
    nothing = "nothing that runs"
    if not found.effects:
        yield _seen(retired, "before the guard", nothing, nothing)
    for effect in found.effects:
        where = f" ({effect.path})" if effect.path != retired.path else ""
        got = f"{effect.what}{where}"
        yield Observation(
            f"{retired.path}: before the guard", nothing, got, effect.path, effect.line
        )
    got = "refuses" if found.passes is None else "goes on to the end of the file"
    yield _seen(retired, "every path", "refuses", got, found.passes)
    for ending in found.endings:
        yield from _judge_ending(retired, ending)
    if retired.way != "raise":
        yield from _judge_worlds(retired, found)


def _judge_ending(retired: Retired, ending: Ending) -> Iterator[Observation]:
    # Two worlds: st.stop() ends a page's script, an exit ends a process. The ways "exit" and "stop"
    # need both; a `raise` is seen in both.
    wanted = _WAYS[retired.way]
    fits = ending.way == "raise" if retired.way == "raise" else ending.way in {"exit", "stop"}
    if retired.way == "stop" and ending.way == "raise":
        fits = True  # where there is no page
    got = wanted if fits else _WAYS.get(ending.way, ending.way)
    if ending.way == "exit" and not fits:
        got = f"exits with status {ending.detail}"
    place = f" ({ending.path}:{ending.line})" if ending.path != retired.path else ""
    line = ending.line if ending.path == retired.path else None
    yield _seen(retired, f"how it refuses{place}", wanted, got, line)
    shown = ending.text if ending.text is not None else "cannot tell: not a literal text"
    if ending.way in _WAYS:
        yield _seen(retired, f"the text it shows{place}", retired.text, shown or "no text", line)
    others = [text for text in ending.drawn if text is not None and retired.text not in str(text)]
    besides = "; ".join(map(str, others)) or "nothing"
    yield _seen(retired, f"what it draws besides{place}", "nothing", besides, line)


def _judge_worlds(retired: Retired, found: Refusal) -> Iterator[Observation]:
    ways = {ending.way for ending in found.endings}
    stops = "shows the text, then st.stop()"
    got = stops if "stop" in ways else "no st.stop(): the page would load for ever"
    yield _seen(retired, "under streamlit run", stops, got)
    ends = "ends non-zero"
    got = ends if ways & {"exit", "raise"} else "nothing ends the process: st.stop() does nothing"
    yield _seen(retired, "under plain Python", ends, got)


def _seen(
    retired: Retired, what: str, expected: object, got: object, line: int | None = None
) -> Observation:
    return Observation(f"{retired.path}: {what}", expected, got, retired.path, line or 1)


def gate_local(
    local_guards: Mapping[str, Any], local_refusals: Refusals, manifest: Manifest
) -> Iterator[Observation]:
    """Start each file in every way there is, on this machine."""
    yield from _refused(local_guards, local_refusals, manifest)


def gate_container(
    container_facts: Mapping[str, Any],
    container_refusals: Refusals,
    manifest: Manifest,
) -> Iterator[Observation]:
    """Start each file in every way there is, inside containers of the image."""
    yield from _refused(container_facts, container_refusals, manifest)


def _refused(
    facts: Mapping[str, Any], served: Refusals, manifest: Manifest
) -> Iterator[Observation]:
    if not manifest.retired:
        raise NotDeclared("verify.toml declares no [[retired]] entry point")
    by_path = {retired.path: retired for retired in manifest.retired}
    for fact in facts["guards"]:
        retired, way = by_path[fact["path"]], fact["way"]
        yield _seen(retired, f"{way} shows", Contains(retired.text), fact["output"].strip())
        yield _seen(retired, f"{way} ends with exit code", NoneOf((0, None)), fact["exit"])
        effects = "; ".join(fact["effects"]) or "nothing"
        yield _seen(retired, f"{way} does besides", "nothing", effects)
    for retired in manifest.retired:
        yield from _page_refuses(retired, served.pages[retired.path], SERVED)
        if retired.path in served.again:
            yield from _page_refuses(retired, served.again[retired.path], AGAIN)
        effects = _done(retired.path, served.effects[retired.path])
        yield _seen(retired, f"{SERVED} does besides", "nothing", effects)
    yield from _control(manifest.dashboard.entry, served)


def _done(path: str, effects: list[list[str]]) -> str:
    """Say what a file did under `streamlit run`, and whether anybody watched it run at all."""
    if ["runs", posixpath.normpath(path)] not in effects:
        return "no witness saw it run"
    return "; ".join(" ".join(one) for one in effects if one[0] != "runs") or "nothing"


def _control(entry: str, served: Refusals) -> Iterator[Observation]:
    """Look at the entry as at the retired files: who sees nothing there sees nothing anywhere."""
    seen = len(served.pages[entry].tabs)
    yield Observation(f"control: tabs that the same look sees of {entry}", AtLeast(1), seen, entry)
    ran = len({path for verb, path in served.effects[entry] if verb == "runs"})
    subject = f"control: files that the same witness sees run with {entry}"
    yield Observation(subject, AtLeast(1), ran, entry)


def _page_refuses(retired: Retired, page: Page, way: str) -> Iterator[Observation]:
    drawn = [element.text for element in page.main]
    shown = "\n".join(drawn) or "an empty page"
    yield _seen(retired, f"{way} shows", Contains(retired.text), shown)
    # The file's own text as an exception's, or as an error's; anything more is a page.
    rest = [text for text in drawn if retired.text not in text and not _is_exception(page, text)]
    yield _seen(retired, f"{way} draws besides", "", "; ".join(rest))
    yield _seen(retired, f"{way} draws tabs", 0, len(page.tabs))
    yield _seen(retired, f"{way} ends its script", "success", page.how)


def _is_exception(page: Page, text: str) -> bool:
    return any(text == one.text for one in page.exceptions)
