"""Finds what makes the build of a Dockerfile fail, whatever machine it runs on."""

from __future__ import annotations

import itertools
import posixpath
import re
from typing import TYPE_CHECKING

from verify.probes.dockerfile.files import FETCHES
from verify.probes.dockerfile.ignore import Ignore
from verify.probes.dockerfile.parse import build_time, instructions, lineage
from verify.probes.languages.shell.run import commands
from verify.probes.languages.shell.state import Shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.dockerfile.files import ImageFiles
    from verify.probes.dockerfile.parse import Instruction, Stage
    from verify.probes.languages.command import Word
    from verify.probes.source import Source

KNOWN = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL"}
    | {"MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
"""The instructions of the Dockerfile reference."""

_CONDA_FILE = frozenset({"-f", "--file"})
_PIP = re.compile(r"pip[\d.]*$")
_MANIFESTS = ("pyproject.toml", "setup.py", "setup.cfg")


def build_fault(
    text: str, all_stages: list[Stage], stage: Stage, files: ImageFiles
) -> tuple[int, str] | None:
    """Return the line of what makes the build of a stage fail, and why; None when nothing does.

    Args:
        text: the Dockerfile's.
        all_stages: its stages.
        stage: the one that is built.
        files: what the build puts into it.
    """
    for each in instructions(text):
        if each.name not in KNOWN:
            return each.line, f"Docker knows no instruction {each.name[:40]}"
        if not each.value and not each.heredocs:
            return each.line, f"{each.name} has no argument"
    chain = lineage(all_stages, stage)
    fault = _copy_fault(files)
    if fault is not None:
        return fault
    if "/" in chain[0].base.partition("@")[0]:
        return None  # somebody's own base image may hold anything
    return _install_fault(chain, files)


def _copy_fault(files: ImageFiles) -> tuple[int, str] | None:
    for copy in files.copies():
        if copy.origin:
            continue
        wanted = [source for source in copy.sources if source and not _elsewhere(source)]
        lost = [source for source in wanted if not files.in_context(source)]
        globs = [source for source in wanted if re.search(r"[*?\[]", source)]
        for source in lost:
            if source in globs and len(lost) < len(wanted):
                continue  # a wildcard may find nothing as long as another source is there
            inner = posixpath.normpath(source.lstrip("/"))
            path = files.context + inner
            if _made_elsewhere(files.source, path):
                continue
            rule = files.ignored.rule(inner)
            if rule is not None and files.source.has(path):
                why = f"{path}, which {files.ignored.path}:{rule.line} keeps out of the build"
            else:
                where = files.context.rstrip("/") or "the repository"
                why = f"{inner}, which is not in {where}"
            return copy.line, f"the COPY of line {copy.line} needs {why}"
    return None


def _elsewhere(source: str) -> bool:
    return "://" in source or source.startswith("git@") or "$" in source


def _made_elsewhere(source: Source, path: str) -> bool:
    """Say whether git ignores the path: then it is made before the build, or put there by hand."""
    if not source.has(".gitignore"):
        return False
    for line in source.text(".gitignore").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith(("#", "!")):
            continue
        anchored = "/" in pattern.rstrip("/")
        rule = pattern if anchored else f"**/{pattern}"
        if Ignore(rule.rstrip("/"), "").rule(path) is not None:
            return True
    return False


def _install_fault(chain: list[Stage], files: ImageFiles) -> tuple[int, str] | None:
    """Find an installer that is given a file that is not there yet."""
    variables: dict[str, Word] = dict(build_time(chain))
    where = "/"
    seen: list[Instruction] = []
    for each in (one for stage in chain for one in stage.instructions):
        if each.name == "WORKDIR":
            where = posixpath.normpath(posixpath.join(where, each.value.strip("\"'")))
        if each.name == "RUN" and not any(name == "mount" for name, _ in each.flags):
            code = each.value if not each.value.startswith("<<") else "\n".join(each.heredocs)
            if each.exec_form is None and re.search(r"\b(?:pip|poetry|uv|pipenv|conda)", code):
                for command in commands(code, Shell(where, "", dict(variables))):
                    for needed in _needs(list(command.words)):
                        fault = _lacking(needed, command.cwd, each.line, files, seen, code)
                        if fault:
                            return each.line, fault
        seen.append(each)
    return None


def _lacking(
    needed: tuple[str, ...],
    cwd: str | None,
    line: int,
    files: ImageFiles,
    seen: list[Instruction],
    code: str,
) -> str:
    """Return why an installer cannot find what it needs, or ""."""
    if cwd is None or any("$" in name for name in needed):
        return ""
    paths = [posixpath.normpath(posixpath.join(cwd, name)) for name in needed]
    if any(files.before(line, path) for path in paths):
        return ""
    names = {posixpath.basename(path) for path in paths}
    # What another command writes, fetches or unpacks may be this file.
    if any(each.name == "RUN" and _may_make(each, names) for each in seen):
        return ""
    if any(f"> {name}" in code or f"-o {name}" in code for name in names) or "git clone" in code:
        return ""
    if any(
        each.name in {"COPY", "ADD"}
        and (each.flag("from") or "$" in each.value or "://" in each.value)
        for each in seen
    ):
        return ""
    shown = needed[0] if len(needed) == 1 else " or ".join(needed[:2])
    return f"the RUN of line {line} needs {shown}, which no earlier COPY brings to {cwd}"


def _may_make(each: Instruction, names: set[str]) -> bool:
    text = "\n".join([each.value, *each.heredocs])
    fetched = FETCHES.search(text) is not None
    return fetched or any(name in text for name in names)


def _needs(words: list[Word]) -> Iterator[tuple[str, ...]]:
    """Yield the files that an installer needs, each as the names of which one will do."""
    plain = [word or "$" for word in words]
    if not plain:
        return
    name = posixpath.basename(plain[0])
    rest = plain[1:]
    if re.fullmatch(r"python[\d.]*", name) and rest[:1] == ["-m"] and len(rest) > 1:
        name, rest = rest[1], rest[2:]
    if name == "uv" and rest[:1] == ["pip"]:
        name, rest = "pip", rest[1:]
    if _PIP.match(name) and "install" in rest:
        yield from _pip_needs(rest)
    elif (name == "poetry" and "install" in rest) or (name == "uv" and rest[:1] == ["sync"]):
        if not {"--project", "--directory", "-C"} & set(rest):
            yield ("pyproject.toml",)
    elif name in {"conda", "mamba", "micromamba"} and {"env", "create"} & set(rest):
        yield from ((file,) for option, file in itertools.pairwise(rest) if option in _CONDA_FILE)
    elif name == "pipenv" and [word for word in rest if word[:1] != "-"] in (["install"], ["sync"]):
        yield ("Pipfile", "Pipfile.lock", "requirements.txt")


def _pip_needs(rest: list[str]) -> Iterator[tuple[str, ...]]:
    words = iter(rest)
    for word in words:
        if word in {"-r", "--requirement", "-c", "--constraint"}:
            yield (next(words, "$"),)
        elif word.startswith(("--requirement=", "--constraint=")):
            yield (word.partition("=")[2],)
        elif re.match(r"-[rc]\S", word):
            yield (word[2:],)
        elif word.partition("[")[0] in {".", "./"}:
            yield _MANIFESTS
        elif word.startswith("./") and not word.endswith((".whl", ".gz", ".zip")):
            folder = word.partition("[")[0].rstrip("/")
            yield tuple(f"{folder}/{name}" for name in _MANIFESTS)
