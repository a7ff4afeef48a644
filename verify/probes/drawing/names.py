"""Says which names of Streamlit put something on the page when they are called."""

from __future__ import annotations

ROOT = "streamlit"

# What streamlit/__init__.py offers beside elements: settings, caches, state, and ways to end a run.
_QUIET = frozenset(
    {
        "App",
        "Page",
        "cache",
        "cache_data",
        "cache_resource",
        "column_config",
        "config",
        "connection",
        "connections",
        "context",
        "dialog",
        "errors",
        "fragment",
        "get_option",
        "login",
        "logout",
        "logger",
        "query_params",
        "rerun",
        "runtime",
        "secrets",
        "session_state",
        "set_option",
        "stop",
        "testing",
        "user",
        "web",
        "experimental_connection",
        "experimental_dialog",
        "experimental_fragment",
        "experimental_get_query_params",
        "experimental_memo",
        "experimental_rerun",
        "experimental_set_query_params",
        "experimental_singleton",
        "experimental_user",
    }
)
# What holds elements: their methods draw as the names of the package itself do.
_HOLDERS = frozenset({"sidebar", "bottom", "_bottom", "_main", "_event", "beta", "experimental"})
_COMPONENTS = ("components.v1.html", "components.v1.iframe")


def draws(dotted: str) -> bool:
    """Say whether a call of the name, such as `streamlit.sidebar.title`, draws."""
    inner = dotted.removeprefix(ROOT).removeprefix(".")
    if inner in _COMPONENTS:
        return True
    first, _, rest = inner.partition(".")
    if rest:
        return first in _HOLDERS and "." not in rest
    return bool(first) and first not in _QUIET and not first.startswith("_")
