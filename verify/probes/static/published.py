"""Says which pages an entry publishes besides itself.

The rules are those of Streamlit's runtime/pages_manager.py, runtime/scriptrunner/script_runner.py
(`_mpa_v1`) and navigation/page.py: files of a folder `pages/` beside the entry are published unless
`st.navigation` is called; that call publishes what it is given.
"""

from __future__ import annotations

import ast
import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.probes.source import Unparsable
from verify.probes.static.code import excerpt
from verify.probes.static.modules import absolute, find_module, folder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.source import Source

_FILE_NAME = re.compile(r"([0-9]*)[_ -]*(.*)\.py")  # Streamlit's source_util.PAGE_FILENAME_REGEX
_MODULE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+(?::\w+)?")
_NAVIGATION = "streamlit.navigation"
_PAGES = frozenset({"streamlit.Page", "streamlit.navigation.page.Page"})


@dataclass(frozen=True, slots=True)
class Published:
    """One page besides the entry's own.

    Args:
        file: the file of the tree that it is; "" for a function of the entry's code, or when that
            cannot be told.
        name: the path of its address.
        path: the file that publishes it.
        line: 1-based.
        what: what stands there, when it is no file.
        problem: why it cannot be told which page it is; empty when it can.
    """

    file: str
    name: str
    path: str
    line: int
    what: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """All pages of an entry.

    Args:
        published: those besides the entry's own.
        navigation: whether `st.navigation` decides; its default page then has no name of its own.
    """

    published: tuple[Published, ...]
    navigation: bool


def pages_of(source: Source, entry: str) -> Pages:
    """Return the pages that an entry publishes, as far as its code tells without being run."""
    found: list[Published] = []
    navigation = False
    for path, tree in _reached(source, entry):
        names = _imported(tree, path)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            called = _dotted(call.func, names)
            if called == _NAVIGATION:
                navigation = True
                found += _given(call, tree, path, entry, names, source)
            elif called in _PAGES and (call.args or call.keywords):
                found.append(_page(call, tree, path, entry, source))
    if navigation:
        return Pages(tuple(dict.fromkeys(found)), navigation=True)
    return Pages(tuple(_of_folder(source, entry)), navigation=False)


def page_name(file: str) -> str:
    """Return the address that Streamlit gives the page of a file."""
    found = _FILE_NAME.search(posixpath.basename(file))
    if found is None:
        return ""
    name = re.sub(r"[_ ]+", "_", found[2]).strip() or found[1]
    # A leading emoji is the page's icon, see extract_leading_emoji in Streamlit's string_util.
    return re.sub(r"^[^\w]+[_ -]*", "", name) or name


def _of_folder(source: Source, entry: str) -> Iterator[Published]:
    folder = posixpath.join(folder_of(entry), "pages")
    for file in source.files:
        name = posixpath.basename(file)
        hidden = name.startswith(".") or name == "__init__.py"
        if folder_of(file) == folder and name.endswith(".py") and not hidden:
            yield Published(file, page_name(file), file, 1)


def _reached(source: Source, entry: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the entry, and each file of the tree that it imports, whose text names navigation."""
    seen, pending = {entry}, [entry]
    while pending:
        path = pending.pop()
        try:
            tree = source.module(path)
        except Unparsable:
            continue
        if source.mentions(path, "navigation") or source.mentions(path, "Page"):
            yield path, tree
        for node in ast.walk(tree):
            for dotted in _modules(node, path):
                file = find_module(source, dotted, near=folder_of(entry))
                if file is not None and file not in seen:
                    seen.add(file)
                    pending.append(file)


def _modules(node: ast.AST, path: str) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(names=names, module=module, level=level):
            dotted = absolute("." * level + (module or ""), path)
            return [dotted, *(f"{dotted}.{alias.name}" for alias in names)]
        case ast.Constant(value=str(text)) if _MODULE.fullmatch(text):
            return [text.partition(":")[0]]  # a table of tabs may name what it imports later
    return []


def _imported(tree: ast.Module, path: str) -> dict[str, str]:
    """Return what each imported name of a file stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {
                    alias.asname or alias.name.partition(".")[0]: alias.name
                    if alias.asname
                    else alias.name.partition(".")[0]
                    for alias in aliases
                }
            case ast.ImportFrom(names=aliases, module=module, level=level):
                dotted = absolute("." * level + (module or ""), path)
                names |= {alias.asname or alias.name: f"{dotted}.{alias.name}" for alias in aliases}
    return names | _other_names(tree, names)


def _other_names(tree: ast.Module, names: dict[str, str]) -> dict[str, str]:
    """Return the variables that stand for one of Streamlit's functions."""
    return {
        target.id: meant
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and (meant := _dotted(node.value, names)) in {_NAVIGATION, *_PAGES}
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    match node:
        case ast.Name(id=name):
            return names.get(name, "")
        case ast.Attribute(value=value, attr=attribute):
            inner = _dotted(value, names)
            return f"{inner}.{attribute}" if inner else ""
        case ast.Call(
            func=ast.Name(id="getattr"), args=[value, ast.Constant(value=str(attribute)), *_]
        ):
            inner = _dotted(value, names)
            return f"{inner}.{attribute}" if inner else ""
    return ""


def _given(
    call: ast.Call, tree: ast.Module, path: str, entry: str, names: dict[str, str], source: Source
) -> Iterator[Published]:
    """Yield the pages that stand in the call of st.navigation without a `st.Page` around them."""
    first = [*call.args[:1], *(word.value for word in call.keywords if word.arg == "pages")]
    for item in _items(first):
        if isinstance(item, ast.Call) and _dotted(item.func, names) in _PAGES:
            continue  # it is seen as a call of its own
        if isinstance(item, ast.Name) and _assigned_page(item.id, tree, names):
            continue
        yield _published(item, None, tree, path, entry, source)


def _items(pending: list[ast.expr]) -> Iterator[ast.expr]:
    for node in pending:
        match node:
            case ast.List(elts=items) | ast.Tuple(elts=items):
                yield from _items(items)
            case ast.Dict(values=values):
                yield from _items(values)
            case _:
                yield node


def _assigned_page(name: str, tree: ast.Module, names: dict[str, str]) -> bool:
    """Say whether a name only stands for pages that are seen where they are made."""
    values = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and target.id == name
    ]
    items = list(_items(values))
    return bool(items) and all(
        (isinstance(item, ast.Call) and _dotted(item.func, names) in _PAGES)
        or (isinstance(item, ast.Name) and item.id != name and _assigned_page(item.id, tree, names))
        for item in items
    )


def _page(call: ast.Call, tree: ast.Module, path: str, entry: str, source: Source) -> Published:
    words = {word.arg: word.value for word in call.keywords}
    target = call.args[0] if call.args else words.get("page")
    if target is None:
        what = excerpt(call)
        return Published("", "", path, call.lineno, what, "its page cannot be told")
    return _published(target, words.get("url_path"), tree, path, entry, source)


def _published(
    target: ast.expr, url: ast.expr | None, tree: ast.Module, path: str, entry: str, source: Source
) -> Published:
    """Say which page an expression means."""
    what, line = excerpt(target), target.lineno
    text = _text(target, tree, path)
    given = url.value.strip().strip("/") if _is_text(url) else ""  # type: ignore[union-attr]
    if url is not None and not given:
        return Published("", "", path, line, what, "its address cannot be told")
    if text is not None and "://" in text:
        return Published("", "", path, line, f"a link to {text}")
    if text is not None:
        file = posixpath.normpath(posixpath.join(folder_of(entry), text))
        problem = "" if source.has(file) else f"{file} is not in the tree"
        return Published(file, given or page_name(file), path, line, what, problem)
    functions = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    imported = _imported(tree, path)
    match target:
        case ast.Name(id=name) if name in functions or name in imported:
            return Published("", given or name, path, line, f"the function {name}")
        case ast.Attribute(attr=name) if _dotted(target, imported):
            return Published("", given or name, path, line, f"the function {what}")
    return Published("", "", path, line, what, "its page cannot be told")


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _text(node: ast.expr, tree: ast.Module, path: str) -> str | None:
    """Return a file's name as a page's expression gives it, relative to the entry or to `path`."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Call(func=ast.Name(id="Path") | ast.Attribute(attr="Path"), args=[inner]):
            return _text(inner, tree, path)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            before, after = _text(left, tree, path), _text(right, tree, path)
            return None if before is None or after is None else posixpath.join(before, after)
        case ast.Name(id=name):
            values = [
                each.value
                for each in tree.body
                if isinstance(each, ast.Assign)
                and [t.id for t in each.targets if isinstance(t, ast.Name)] == [name]
            ]
            return _text(values[0], tree, path) if len(values) == 1 else None
    return None
