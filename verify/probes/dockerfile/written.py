"""Reads the files that a Dockerfile writes itself: by here-document, echo, printf or tee."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.dockerfile.parse import expand
from verify.probes.languages.shell.state import Shell, parse, source_of, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from verify.probes.dockerfile.parse import Instruction
    from verify.probes.languages.command import Word

_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "r": "\r", "0": "\0", '"': '"'}
_STEPS = re.compile(r"^\s*cd\s+(\S+)\s*&&")
_LARGEST = 100_000  # characters of one written file


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is written in a way that cannot be told.

    Args:
        why: in words.
    """

    why: str


def written_files(
    each: Instruction, cwd: str, variables: dict[str, str]
) -> dict[str, str | Unreadable]:
    """Return the files that one RUN or COPY writes, by their absolute paths.

    Args:
        each: the instruction.
        cwd: the working directory it runs in.
        variables: what is set while the image is built.
    """
    if each.name == "COPY":
        target = posixpath.join(cwd, each.value.split()[-1].strip("\"'"))
        bodies = "".join(each.heredocs)
        quoted = "<<'" in each.value or '<<"' in each.value
        return {posixpath.normpath(target): bodies if quoted else expand(bodies, variables)}
    code = "\n".join([each.value, *_with_ends(each)])
    if not each.value.startswith("<<"):
        return _of_code(code, cwd, variables)
    found: dict[str, str | Unreadable] = {}
    for body in each.heredocs:
        found |= _of_code(body, cwd, variables)
    return found


def _with_ends(each: Instruction) -> Iterator[str]:
    names = re.findall(r"<<-?\s*[\"']?([A-Za-z_][\w.-]*)", each.value)
    for name, body in zip(names, each.heredocs, strict=False):
        yield f"{body}{name}"


def _of_code(code: str, cwd: str, variables: dict[str, str]) -> dict[str, str | Unreadable]:
    if ">" not in code and "tee" not in code:
        return {}
    shell = Shell(cwd, "", dict(variables))
    moved = _STEPS.match(code)
    if moved:
        shell.cwd = shell.join(moved[1])
    found: dict[str, str | Unreadable] = {}
    statements = [node for node in walk(parse(code)) if node.type == "redirected_statement"]
    # `a > f && b >> f` is parsed as the redirection of a list that holds the other one.
    for node in sorted(statements, key=lambda one: one.end_byte):
        body = _body(node)
        text = _printed(node, body, shell)
        for path, appends in _targets(node, body, shell):
            before = found.get(path, "") if appends else ""
            if isinstance(text, Unreadable) or isinstance(before, Unreadable):
                found[path] = text if isinstance(text, Unreadable) else before
            else:
                found[path] = (before + text)[:_LARGEST]
    return found


def _body(node: Node) -> Node:
    """Return what a redirection is of: of a list, its last command."""
    body = node.child_by_field_name("body") or node
    while body.type == "list" and body.named_children:
        body = body.named_children[-1]
    return body


def _targets(node: Node, body: Node, shell: Shell) -> Iterator[tuple[str, bool]]:
    """Yield the files that a statement's output goes to, and whether it is added to them."""
    for redirect in [*node.children, *_of_heredocs(node)]:
        if redirect.type != "file_redirect":
            continue
        text = source_of(redirect)
        target = redirect.child_by_field_name("destination")
        if target is None or text.startswith(("<", "2", "&")) or "&" in text[:3]:
            continue
        path = shell.word(target)
        if path and (full := shell.join(path)) and not full.startswith("/dev/"):
            yield full, ">>" in text
    for words in (shell.words(one) for one in walk(body) if one.type == "command"):
        if words and words[0] == "tee":
            for word in words[1:]:
                if word and not word.startswith("-") and (full := shell.join(word)):
                    yield full, "-a" in words


def _of_heredocs(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.type == "heredoc_redirect":
            yield from child.children


def _printed(node: Node, body: Node, shell: Shell) -> str | Unreadable:
    """Return what a statement writes to its output."""
    heredocs = [one for one in walk(node) if one.type == "heredoc_body"]
    if heredocs:
        start = next((one for one in walk(node) if one.type == "heredoc_start"), None)
        literal = start is not None and source_of(start).startswith(("'", '"', "\\"))
        text = "".join(source_of(one) for one in heredocs)
        return text if literal else _expanded(text, shell)
    parts: list[str] = []
    for command in (one for one in walk(body) if one.type == "command"):
        words = shell.words(command)
        name = posixpath.basename(words[0] or "") if words else ""
        if name in {"echo", "printf"}:
            line = _echoed(name, words[1:])
            if line is None:
                return Unreadable("its text depends on a variable")
            parts.append(line)
        elif name != "tee":
            return Unreadable(f"by {name or 'a program'}")
    return "".join(parts)


def _echoed(name: str, words: list[Word]) -> str | None:
    plain = [word for word in words if word is not None]
    if len(plain) != len(words):
        return None
    end = "\n" if name == "echo" else ""
    while name == "echo" and plain and re.fullmatch(r"-[neE]+", plain[0]):
        end = "" if "n" in plain.pop(0) else end
    if name == "printf" and plain and "%" in plain[0]:
        form, *rest = plain
        if re.findall(r"%(.)", form) != ["s"]:
            return None
        return "".join(_unescaped(form).replace("%s", word) for word in rest or [""])
    # /bin/sh of Debian and Alpine follow backslashes in echo; bash does so with -e only.
    return _unescaped(" ".join(plain)) + end


def _unescaped(text: str) -> str:
    return re.sub(r"\\([nt\\r0\"])", lambda match: _ESCAPES[match[1]], text)


def _expanded(text: str, shell: Shell) -> str:
    """Expand a here-document without quotes; what is not set is empty."""

    def value(match: re.Match[str]) -> str:
        if match[0].startswith("\\"):
            return match[0][1:]
        return shell.variables.get(match[1] or match[2]) or ""

    return re.sub(r"\\[$`\\]|\$(?:(\w+)|\{(\w+)\})", value, text)
