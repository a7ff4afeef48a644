"""Reads the commands that the documentation tells people to type; they launch nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.resolve import code_launches
from verify.probes.source import is_test

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import World

_MARKDOWN = (".md", ".markdown", ".mdx")
_PLAIN = (".rst", ".txt")
_HISTORY = re.compile(r"(?i)(?:changelog|changes|history|news|releases?)\b")  # tells what once was
_FOLDERS = re.compile(r"(?i)(?:^|/)docs?/")
_SHELLS = frozenset(
    {"", "bash", "sh", "shell", "zsh", "console", "terminal", "shell-session", "shellsession"}
    | {"text", "txt", "plaintext", "none", "cmd", "bat", "batch", "powershell", "ps1", "fish"}
)
_PROMPT = re.compile(
    r"^\s*(?:\([\w. -]+\)\s*)?(?:[$%>❯]|PS[^>]*>|[A-Za-z]:\\[^>]*>|\S+@\S+[$#])\s+"
)
_COMMAND = re.compile(r"^[\w./=&|;:@$'\"{}~\\ -]*\bstreamlit(?:\.exe)?\s+run\b")
_INLINE = re.compile(
    r"^(?:\$ )?(?:\w+=\S+ |cd \S+ (?:&&|;) |(?:uv|poetry|pipenv|pdm|hatch|rye|pixi) run |"
    r"python[\d.]* -m |py -m )*streamlit\s+run\s+(?:-\S+\s+)*[^-\s]"
)
_SURROUNDINGS = re.compile(r"^(?:cd|export|set|pushd|popd)\b|^\w+=")
_TARGET = re.compile(r"\brun\s+(.*?)\s*(?:[;&|#]|$)")
_PLACEHOLDER = re.compile(
    r"^[A-Z_]+(?:\.py)?$|[<>{}\[\]*…%]|\.\.\.|my_?(?:app|script|file|dashboard)"
    r"|(?i:your|path/to|filename|file_name|some_|example|entrypoint|xxx|foo\b)"
)
_MOST = 500  # pieces of code of one document; the longest manual has a tenth of it


@dataclass(frozen=True, slots=True)
class Told:
    """One command of the documentation.

    Args:
        path: the document.
        line: 1-based.
        raw: the command as written.
        launch: what it starts.
        placeholder: whether readers are to put in a file's name of their own.
    """

    path: str
    line: int
    raw: str
    launch: Launch
    placeholder: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Code of a document.

    Args:
        line: 1-based line it starts on.
        code: its text.
        inline: whether it stands within a sentence.
    """

    line: int
    code: str
    inline: bool = False


def documented(world: World) -> tuple[Told, ...]:
    """Return the commands of every document that start Streamlit."""
    return tuple(
        told
        for path in world.source.files
        if is_document(path) and _worth(world, path)
        for block in islice(_worth_reading(path, world.source.text(path)), _MOST)
        for told in _told(world, path, block)
    )


def is_document(path: str) -> bool:
    """Say whether the file tells people how to use the project as it is now."""
    name = path.rpartition("/")[2]
    if is_test(path) or _HISTORY.match(name):
        return False
    lowered = name.lower()
    if lowered.endswith(_MARKDOWN) or lowered == "readme" or lowered.endswith(".rst"):
        return True
    first = lowered.startswith(("readme", "contributing", "install"))
    return lowered.endswith(".txt") and (first or _FOLDERS.search(path) is not None)


def _worth(world: World, path: str) -> bool:
    return world.readable(path) and b"streamlit" in world.source.raw(path)


def _worth_reading(path: str, text: str) -> Iterator[Block]:
    return (block for block in _blocks(path, text) if "streamlit" in block.code)


def _blocks(path: str, text: str) -> Iterator[Block]:
    yield from _markdown(text) if path.lower().endswith(_MARKDOWN) else _indented(path, text)


def _markdown(text: str) -> Iterator[Block]:
    from markdown_it import MarkdownIt

    # Only what makes code: the rest costs time and changes nothing.
    parser = MarkdownIt("zero", {"maxNesting": 20})
    parser.enable(["fence", "code", "list", "blockquote", "heading", "backticks"])
    lines = text.splitlines()
    for token in parser.parse(text):
        first, last = token.map or [0, 0]
        if token.type == "fence":
            language = token.info.strip().partition(" ")[0].strip("{}").lower()
            if language in _SHELLS:
                yield Block(first + 2, token.content)
        elif token.type == "code_block":
            yield Block(first + 1, token.content)
        elif token.type == "inline":
            for child in token.children or ():
                if child.type == "code_inline" and _INLINE.match(child.content):
                    yield Block(
                        _line_of(child.content, lines, first, last), child.content, inline=True
                    )


def _line_of(code: str, lines: list[str], first: int, last: int) -> int:
    words = " ".join(code.split()[:2])
    return next(
        (n + 1 for n in range(first, min(last, len(lines))) if words in lines[n]), first + 1
    )


def _indented(path: str, text: str) -> Iterator[Block]:
    """Yield the indented lines of a plain document, and its commands that stand alone on a line."""
    block: list[str] = []
    start = 0
    lines = text.splitlines()
    for number, line in enumerate([*lines, "end"], 1):
        if line.startswith(("  ", "\t")) or (block and not line.strip()):
            block.append(line)
            start = start or number
            continue
        if block:
            yield Block(start, "\n".join(each.strip() for each in block))
            block, start = [], 0
        if not path.endswith(".rst") and (_PROMPT.match(line) or _COMMAND.match(line)):
            yield Block(number, line)
        for code in re.findall(r"``([^`]+)``", line):
            if _INLINE.match(code):
                yield Block(number, code, inline=True)


def _told(world: World, path: str, block: Block) -> Iterator[Told]:
    code = _commands(world, block.code)
    written = block.code.splitlines()
    first: dict[int, list[Launch]] = {}
    for folder in dict.fromkeys(("", path.rpartition("/")[0])):
        place = world.place(path, folder=folder)
        for launch in code_launches(code, place, once=False):
            if launch.path == path and launch.certain:
                first.setdefault(launch.line, []).append(launch)
    for line, launches in first.items():
        best = min(launches, key=lambda one: one.status is not Status.OK)
        number = line + block.line - 1
        yield Told(
            path,
            number,
            best.raw,
            replace(best, line=number),
            placeholder=best.status is not Status.OK and _is_placeholder(written[line - 1]),
        )


def _is_placeholder(line: str) -> bool:
    """Say whether the command leaves it to its reader which file to run."""
    target = _TARGET.search(line)
    words = target[1].split() if target else []
    return any(_PLACEHOLDER.search(word) for word in words if not word.startswith(("-", ">", "2>")))


def _commands(world: World, code: str) -> str:
    """Return the shell code of a block; what is no command of interest becomes an empty line."""
    kept: list[str] = []
    goes_on = False
    for line in code.splitlines():
        bare = _PROMPT.sub("", line).strip()
        if goes_on or _COMMAND.match(bare) or _starts_python(bare):
            kept.append(bare)
            goes_on = bare.endswith(("\\", "`", "^"))
            if goes_on:
                kept[-1] = bare[:-1].rstrip() + " \\"
        elif _SURROUNDINGS.match(bare) and not _leaves(world, bare):
            kept.append(bare)
        else:
            kept.append("")
    return "\n".join(kept)


def _starts_python(line: str) -> bool:
    return re.match(r"(?:\S+ run )?py(?:thon[\d.]*)?\s+-m\s+streamlit\s", line) is not None


def _leaves(world: World, line: str) -> bool:
    """Say whether it is the `cd` into the fresh clone, or into a folder nobody here knows."""
    words = line.split()
    if words[0] not in {"cd", "pushd"} or len(words) != 2:  # noqa: PLR2004 - cd and where to
        return False
    folder = words[1].strip("\"'").removeprefix("./").rstrip("/")
    return folder not in world.source.folders and not folder.startswith("..")
