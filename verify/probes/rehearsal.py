"""Runs a dashboard in-process, opens every tab, and prints what it saw as one line of JSON.

Sent as it is to the subject's interpreter, like `agent.py`; it needs Streamlit there and nothing of
`verify`. Its one argument is a JSON object: entry (file), engine ("module:function" or ""), first
and each (seconds for the first run, and for each later one, which opens a tab).

An in-process run cannot end a loop that never yields. So when a run is still going on after its
seconds, what was seen until then is told, with the tab that was opened and the line that the
script stands at, and this process ends.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import time
from typing import Any, Dict, Optional, Tuple

MARK = "verify-agent:"
RAN_CLEAN = "$$STREAMLIT_INTERNAL_KEY_SCRIPT_RUN_WITHOUT_ERRORS"
"""Streamlit's own note in the session state; missing or false means that the script died, which
`AppTest.exception` does not tell after a SyntaxError or sys.exit()."""

LONGEST = 3600.0
"""Seconds that Streamlit itself gives a run: it would wait for ever for one that does not end."""


def texts(block: Any) -> list[str]:
    """Return what people read in a block, in order, nested blocks included."""
    found: list[str] = []
    for child in block.children.values():
        proto = getattr(child, "proto", None)
        said = [getattr(proto, name, None) for name in ("label", "body", "message")]
        said.append(getattr(child, "value", None))
        # The value of a plain text is its body once more.
        found += list(dict.fromkeys(text for text in said if isinstance(text, str) and text))
        if hasattr(child, "children"):
            found += texts(child)
    return found


def size(block: Any) -> int:
    """Count the elements drawn in a block, nested ones included."""
    return sum(size(c) if hasattr(c, "children") else 1 for c in block.children.values())


def exceptions(block: Any) -> list[str]:
    """Return the exceptions drawn in a block."""
    found: list[str] = []
    for child in block.children.values():
        if child.type == "exception":
            found.append(f"{child.proto.type}: {child.message}")
        if hasattr(child, "children"):
            found += exceptions(child)
    return found


def tab_key(block: Any) -> str | None:
    """Return the session-state key of the first tab group that tracks which tab is open, or None.

    A widget's id ends in the key its author gave it: `$$ID-<hash>-<key>`.
    """
    for child in getattr(block, "children", {}).values():
        if child.type == "tab_container" and getattr(child.proto, "id", ""):
            key = child.proto.id.split("-", 2)[-1]
            return None if key == "None" else key
        key = tab_key(child)
        if key:
            return key
    return None


def checked_out(target: str) -> int | None:
    """Return how many database connections are out of the pool, or None when that is not known."""
    if not target:
        return None
    module, name = target.split(":")
    counter = getattr(getattr(importlib.import_module(module), name)().pool, "checkedout", None)
    return counter() if counter else None


class Watch:
    """Tells what was seen, and ends this process, once a run takes too long.

    Args:
        facts: what was seen so far; the run that never ends is added to its tabs.
    """

    def __init__(self, facts: Dict[str, Any]) -> None:
        self._facts = facts
        self._over = threading.Event()

    def begin(self, label: Optional[str], seconds: float) -> None:
        """Begin a run; `label` is the tab that it opens, None for the first one."""
        self._over = threading.Event()
        threading.Thread(target=self._wait, args=(label, seconds, self._over), daemon=True).start()

    def end(self) -> None:
        """End a run in time."""
        self._over.set()

    def _wait(self, label: Optional[str], seconds: float, over: threading.Event) -> None:
        if over.wait(seconds):
            return
        how, (path, line) = f"still running after {seconds:g} s", standing()
        stuck = {"label": label, "how": how, "path": path, "line": line}
        os.write(1, f"{MARK}{json.dumps({**self._facts, 'stuck': stuck})}\n".encode("ascii"))
        os._exit(0)


def standing() -> Tuple[str, int]:
    """Return the innermost line of the project that the script stands at; "" when there is none."""
    here = os.path.realpath(os.getcwd()) + os.sep
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():  # noqa: SLF001 - the only way
        current: Any = frame if "ScriptRunner" in names.get(ident, "") else None
        while current is not None:
            path = os.path.realpath(current.f_code.co_filename)
            if path.startswith(here) and f"{os.sep}site-packages{os.sep}" not in path:
                return path[len(here) :].replace(os.sep, "/"), current.f_lineno
            current = current.f_back
    return "", 0


def run(at: Any, watch: Watch, label: Optional[str], seconds: float) -> bool:
    """Run the script once; return whether it came to its end."""
    at.session_state[RAN_CLEAN] = False
    watch.begin(label, seconds)
    at.run()
    watch.end()
    try:
        return bool(at.session_state[RAN_CLEAN])
    except KeyError:
        return False


def main() -> None:
    """Answer the request in the first argument."""
    request = json.loads(sys.argv[1])
    from streamlit.testing.v1 import AppTest

    facts: dict[str, Any] = {
        "complete": False,
        "main": [],
        "sidebar": [],
        "exceptions": [],
        "labels": [],
        "tabs": [],
        "stuck": None,
    }
    watch, each = Watch(facts), request["each"]
    started = time.perf_counter()
    at = AppTest.from_file(os.path.abspath(request["entry"]), default_timeout=LONGEST)
    complete = run(at, watch, None, request["first"])
    facts["complete"] = complete
    facts["first_seconds"] = time.perf_counter() - started
    facts["main"], facts["sidebar"] = texts(at.main), texts(at.sidebar)
    facts["exceptions"] = exceptions(at.main) + exceptions(at.sidebar)
    facts["labels"] = [tab.label for tab in at.tabs]
    key = tab_key(at.main)
    for position, label in enumerate(facts["labels"]):
        started = time.perf_counter()
        if key and position:
            at.session_state[key] = label
        ended = run(at, watch, label, each) if key and position else complete
        drawn = [tab for tab in at.tabs if tab.label == label]
        facts["tabs"].append(
            {
                "label": label,
                "complete": ended,
                "elements": size(drawn[0]) if drawn else 0,
                "texts": texts(drawn[0]) if drawn else [],
                "exceptions": exceptions(drawn[0]) if drawn else [],
                "seconds": time.perf_counter() - started,
                "connections": checked_out(request.get("engine")),
            }
        )
    print(MARK + json.dumps(facts))


if __name__ == "__main__":
    main()
