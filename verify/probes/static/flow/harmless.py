"""Says what the function of a guard may call besides ending: what asks, and what tells people."""

from __future__ import annotations

import ast

_HARMLESS_ROOTS = frozenset({"logging", "warnings", "traceback", "textwrap"})
_HARMLESS = frozenset(
    {
        "importlib.util.find_spec",
        "os.environ.get",
        "os.getenv",
        "os.path.basename",
        "pathlib.Path",
        "re.compile",
        "collections.namedtuple",
        "typing.TypeVar",
        "streamlit.get_option",
        "streamlit.set_page_config",
    }
)
# Of `sys` and of a path, by the last part of the name; the rest closes, changes or writes.
_ASKING = frozenset(
    {"copy", "count", "exc_info", "exception", "flush", "get", "index", "intern", "isatty", "items"}
    | {"keys", "values", "write", "writelines", "_getframe"}
    | {"absolute", "as_posix", "cwd", "exists", "is_dir", "is_file", "is_relative_to", "joinpath"}
    | {"relative_to", "resolve", "stat", "with_name", "with_suffix"}
)
PATH = "pathlib.Path()"
"""Stands for a path that was made, in the name of what is done with it."""

# What draws a text that was handed over; a text of the guard's own is a page of its own.
_SHOWING = frozenset(
    {"caption", "code", "exception", "info", "markdown", "text", "title", "warning", "write"}
)
_HARMLESS_BUILTINS = frozenset(
    [
        "bool",
        "callable",
        "dict",
        "frozenset",
        "getattr",
        "hasattr",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "len",
        "list",
        "max",
        "min",
        "print",
        "repr",
        "set",
        "sorted",
        "str",
        "tuple",
        "type",
        "vars",
    ]
)


def harmless(name: str, node: ast.Call) -> bool:
    """Say whether a call of something outside of the tree does no more than ask or tell.

    Args:
        name: what is called, dotted.
        node: the call.
    """
    root, _, rest = name.partition(".")
    last = name.rpartition(".")[2]
    if name in _HARMLESS:
        return True
    match root:
        case "builtins":
            return rest.partition(".")[0] in _HARMLESS_BUILTINS
        case "sys":
            return last in _ASKING or last.startswith(("get", "is_", "_is_"))
        case "pathlib":
            return name.startswith(f"{PATH}.") and last in _ASKING
        case "streamlit":
            shows = last in _SHOWING and _handed_over(node)
            return rest.startswith(("runtime.", "logger.")) or shows
        case "logging":
            files = any(word.arg == "filename" for word in node.keywords)
            elsewhere = ".handlers." in name or ".config." in name
            return not files and not elsewhere and last != "FileHandler"
    return root in _HARMLESS_ROOTS


def _handed_over(node: ast.Call) -> bool:
    """Say whether a call is given nothing of its own to show, only what stands in a name."""
    given = [*node.args, *(word.value for word in node.keywords if word.arg == "body")]
    return bool(given) and all(isinstance(one, ast.Name) for one in given)
