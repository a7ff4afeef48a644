"""Finds the code of a page: the table of its tabs, what each draws, what every run does."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.planting import code
from verify.planting.defect import CannotPlant
from verify.probes.static import labels, names
from verify.probes.static.modules import find_module, folder_of
from verify.probes.static.symbols import symbols_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from verify.planting.tree import Tree

USUAL = ("render", "main", "draw", "show", "page", "app", "run", "view", "body", "display")
"""What functions that draw are called, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table of tabs.

    Args:
        label: what the operator clicks.
        node: the row.
        text: the label in it.
    """

    label: str
    node: ast.expr
    text: ast.Constant


@dataclass(frozen=True, slots=True)
class Body:
    """The statements that draw one tab.

    Args:
        path: the file.
        statements: in order, a docstring left out.
    """

    path: str
    statements: tuple[ast.stmt, ...]


def table(tree: Tree) -> ast.List | ast.Tuple:
    """Return the literal table of tabs in the entry file.

    Raises:
        CannotPlant: there is none to read.
    """
    name = table_name(tree)
    module = tree.module(tree.entry)
    value: ast.expr | None = None
    if name:
        bound = (b.value for b in names.bindings(module, name) if b.scope == names.MODULE)
        value = next(bound, None)
    elif (call := labels.first_tabs_call(module)) is not None:
        value = call.argument
    if isinstance(value, ast.Call) and len(value.args) == 1:  # tuple([...])
        value = value.args[0]
    if not isinstance(value, ast.List | ast.Tuple) or not value.elts:
        raise CannotPlant(f"{tree.entry}: has no literal table of tabs")
    return value


def table_name(tree: Tree) -> str:
    """Return the name of the table of tabs; "" where it stands inside of `st.tabs([...])`."""
    if name := tree.manifest.dashboard.tabs_name:
        return name
    call = labels.first_tabs_call(tree.module(tree.entry))
    value = call.argument if call else None
    return value.id if isinstance(value, ast.Name) else ""


def table_statement(tree: Tree) -> ast.stmt:
    """Return the statement of the entry file that binds the table of tabs to its name.

    Raises:
        NotDeclared: the table has no name.
        CannotPlant: no plain statement of the file binds it.
    """
    name = table_name(tree)
    if not name:
        raise NotDeclared("the table of tabs has no name that anything could bind again")
    for node in tree.module(tree.entry).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and name in _targets(node):
            return node
    raise CannotPlant(f"{tree.entry}: no plain statement binds {name}")


def row_texts(tree: Tree) -> list[str]:
    """Return the rows of the table of tabs as they are written."""
    text = tree.text(tree.entry)
    return [text[slice(*code.span(text, row.node))] for row in rows(tree)]


def put_rows(tree: Tree, texts: Sequence[str]) -> None:
    """Write other rows into the table of tabs; a comment may stand before a row."""
    text, found = tree.text(tree.entry), rows(tree)
    start, _ = code.span(text, found[0].node)
    _, end = code.span(text, found[-1].node)
    between = ",\n" + " " * found[0].node.col_offset
    change(tree, tree.entry, text[:start] + between.join(texts) + text[end:])


def reached(tree: Tree) -> list[str]:
    """Return the entry and the files of the tree that it imports, the nearest first."""
    symbols, found = symbols_of(tree.source), [tree.entry]
    for path in found:  # the list grows meanwhile
        file = symbols.file(path)
        for module, name in file.imports.values() if file else ():
            for dotted in (f"{module}.{name}", module):
                there = find_module(tree.source, dotted, near=folder_of(tree.entry))
                if there is not None and there not in found:
                    found.append(there)
    return found


def drawn_labels(tree: Tree) -> tuple[str, ast.expr]:
    """Return the file that calls `st.tabs(...)` for the page, and what it hands over there.

    Raises:
        CannotPlant: there is no such call.
    """
    for path in reached(tree):
        call = labels.first_tabs_call(tree.module(path))
        if call is not None and call.argument is not None:
            return path, call.argument
    raise CannotPlant(f"{tree.entry}: nothing that it imports calls st.tabs(...)")


def uses(tree: Tree, name: str) -> list[ast.Name]:
    """Return where the entry file reads a name, in order."""
    return sorted(
        (
            node
            for node in ast.walk(tree.module(tree.entry))
            if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load)
        ),
        key=lambda node: (node.lineno, node.col_offset),
    )


def sidebar(tree: Tree) -> tuple[str, list[ast.stmt]]:
    """Return the statements that draw the sidebar, and their file.

    Raises:
        CannotPlant: there is no `with st.sidebar:` and no `st.sidebar.text(...)`.
    """
    for path in reached(tree):
        nodes = list(ast.walk(tree.module(path)))
        drawing = [one for node in nodes for one in _in_sidebar(node)]
        if drawing:
            return path, drawing
    raise CannotPlant(f"{tree.entry}: nothing that it imports draws a sidebar")


def _in_sidebar(node: ast.AST) -> list[ast.stmt]:
    match node:
        case ast.With(items=items, body=body):
            managers = [ast.unparse(item.context_expr) for item in items]
            return body if any(one.endswith(".sidebar") for one in managers) else []
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Attribute(attr="sidebar")))):
            return [node]
    return []


def rows(tree: Tree) -> list[Row]:
    """Return the rows of the table of tabs.

    Raises:
        CannotPlant: a label of verify.toml stands in none.
    """
    found = []
    for node, label in zip(table(tree).elts, tree.manifest.dashboard.tabs, strict=False):
        texts = [
            one for one in ast.walk(node) if isinstance(one, ast.Constant) and one.value == label
        ]
        if not texts:
            raise CannotPlant(f"{tree.entry}:{node.lineno}: the label {label!r} is not in this row")
        found.append(Row(label, node, texts[0]))
    return found


def plain_tab(tree: Tree) -> str:
    """Return the label of a tab that no other promise is about; not the first, which is open."""
    special = {
        *(x.tab for x in (tree.manifest.diagnostics, tree.manifest.campaign_ops) if x is not None)
    }
    tabs = tree.manifest.dashboard.tabs
    middle = [*tabs[len(tabs) // 2 :], *tabs[1:], *tabs]
    return next((label for label in middle if label not in special), tabs[0])


def body(tree: Tree, label: str) -> Body:
    """Return the statements that draw a tab: of its function, or inside of its `with`.

    Raises:
        CannotPlant: they cannot be found.
    """
    for function in (_of_row, _of_with):
        found = function(tree, label)
        if found is not None:
            return found
    raise CannotPlant(f"{tree.entry}: the code that draws tab {label!r} cannot be found")


def draw_first(tree: Tree, label: str, statements: str) -> str:
    """Let a tab begin with these statements; return the file they stand in."""
    found = body(tree, label)
    change(tree, found.path, code.before(tree.text(found.path), found.statements[0], statements))
    return found.path


def draw_only(tree: Tree, label: str, statements: str) -> str:
    """Let a tab do these statements instead of what it does; return the file they stand in."""
    found = body(tree, label)
    text = tree.text(found.path)
    start, _ = code.span(text, found.statements[0])
    _, end = code.span(text, found.statements[-1])
    opened = code.before(text, found.statements[0], statements)
    kept = len(opened) - len(text) + start
    head = opened[:kept].rstrip()
    change(tree, found.path, f"{head}{text[end:]}")
    return found.path


def run_first(tree: Tree, statements: str) -> None:
    """Do this at the beginning of each run of the script, but not when it is imported."""
    module = tree.module(tree.entry)
    main = _main_block(module)
    first = main.body[0] if main else _after_imports(module)
    change(tree, tree.entry, code.before(tree.text(tree.entry), first, statements))


def run_last(tree: Tree, statements: str) -> None:
    """Do this at the end of each run of the script, but not when it is imported."""
    module = tree.module(tree.entry)
    main = _main_block(module)
    last = main.body[-1] if main else module.body[-1]
    change(tree, tree.entry, code.after(tree.text(tree.entry), last, statements))


def import_first(tree: Tree, path: str, statement: str) -> None:
    """Write an import at the top of a file, where imports may stand."""
    module, text = tree.module(path), tree.text(path)
    first = next((node for node in module.body if not _at_the_top(node)), None)
    if first is None:
        change(tree, path, f"{text.rstrip()}\n{statement}\n")
    else:
        change(tree, path, code.before(text, first, statement))


def kept(key: str) -> str:
    """Return an expression for a list that stays from run to run, in the process of the page.

    Args:
        key: names the list.
    """
    return f"__import__('sys').modules['streamlit'].__dict__.setdefault('_{key}', [])"


def marker(tree: Tree) -> ast.Assign | ast.AnnAssign:
    """Return the statement that binds the marker in the entry file.

    Raises:
        CannotPlant: there is none.
    """
    name = tree.manifest.dashboard.marker_name
    for node in tree.module(tree.entry).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        if _targets(node) == [name]:
            return node
    raise CannotPlant(f"{tree.entry}: binds no {name}")


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [ast.unparse(target) for target in targets]


def _at_the_top(node: ast.stmt) -> bool:
    """Say whether a statement has to stand before any import: a docstring, or a __future__."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.ImportFrom(module="__future__"):
            return True
    return False


def change(tree: Tree, path: str, text: str) -> None:
    """Write a file of Python.

    Raises:
        CannotPlant: what would be written is none.
    """
    try:
        ast.parse(text)
    except SyntaxError as error:
        raise CannotPlant(f"{path}:{error.lineno}: is no Python any more: {error.msg}") from error
    tree.write(path, text)


def _main_block(module: ast.Module) -> ast.If | None:
    for node in module.body:
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            return node
    return None


def _after_imports(module: ast.Module) -> ast.stmt:
    """Return the first statement that is no docstring, import or definition."""
    passed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    for node in module.body:
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_text and not isinstance(node, passed):
            return node
    return module.body[-1]


def _of_row(tree: Tree, label: str) -> Body | None:
    """Find the function that the tab's row names, or the module in which it is."""
    row = next((row for row in rows(tree) if row.label == label), None)
    if row is None:
        return None
    for node in ast.walk(row.node):
        for path, name in _named(tree, node, row):
            found = _function(tree, path, name)
            if found is not None:
                return found
    return None


def _named(tree: Tree, node: ast.AST, row: Row) -> Iterator[tuple[str, str]]:
    """Yield the file and function that a part of a row may name; the name is "" for a module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node is not row.text:
        module, _, name = node.value.partition(":")
        path = find_module(tree.source, module, near=folder_of(tree.entry))
        if path is not None:
            yield path, name
    elif isinstance(node, ast.Name | ast.Attribute):
        found = symbols_of(tree.source).resolve(tree.entry, node)
        if found is not None:
            yield found.path, found.name


def _function(tree: Tree, path: str, name: str) -> Body | None:
    """Return the body of a function; without a name, of the one that draws."""
    functions = {
        node.name: node
        for node in tree.module(path).body
        if isinstance(node, ast.FunctionDef) and _free(node.args) and not node.name.startswith("_")
    }
    order = (name,) if name else (*USUAL, *functions)
    found = next((functions[one] for one in order if one in functions), None)
    return None if found is None else Body(path, _statements(found.body))


def _free(args: ast.arguments) -> bool:
    """Say whether a function can be called without arguments."""
    given = [*args.posonlyargs, *args.args]
    return len(args.defaults) >= len(given) and None not in args.kw_defaults


def _of_with(tree: Tree, label: str) -> Body | None:
    """Find the `with` block of a tab: `with tabs[3]:`, or of its name out of `a, b = st.tabs()`."""
    position = tree.manifest.dashboard.tabs.index(label)
    module = tree.module(tree.entry)
    wanted: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[target], value=ast.Call(func=called)) if _is_tabs(called):
                if isinstance(target, ast.Tuple | ast.List) and position < len(target.elts):
                    wanted.add(ast.unparse(target.elts[position]))
                elif isinstance(target, ast.Name):
                    wanted.add(f"{target.id}[{position}]")
    for node in ast.walk(module):
        if isinstance(node, ast.With):
            managers = {ast.unparse(item.context_expr) for item in node.items}
            if managers & wanted:
                return Body(tree.entry, _statements(node.body))
    return None


def _is_tabs(called: ast.expr) -> bool:
    return ast.unparse(called).rpartition(".")[2] == "tabs"


def _statements(body: list[ast.stmt]) -> tuple[ast.stmt, ...]:
    first = body[0]
    is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return tuple(body[1:] if is_text and len(body) > 1 else body)
