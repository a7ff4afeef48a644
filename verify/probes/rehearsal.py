"""Runs a dashboard in-process, opens every tab, and prints what it saw as one line of JSON.

Sent as it is to the subject's interpreter, like `agent.py`; it needs Streamlit there and nothing of
`verify`. Its one argument is a JSON object: entry (file), engine ("module:function" or ""), seconds
(for one script run). An in-process run cannot end a loop that never yields, so the caller kills
this process at its deadline.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any

MARK = "verify-agent:"
RAN_CLEAN = "$$STREAMLIT_INTERNAL_KEY_SCRIPT_RUN_WITHOUT_ERRORS"
"""Streamlit's own note in the session state; missing or false means that the script died, which
`AppTest.exception` does not tell after a SyntaxError or sys.exit()."""


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


def run(at: Any) -> bool:
    """Run the script once; return whether it came to its end."""
    at.session_state[RAN_CLEAN] = False
    at.run()
    try:
        return bool(at.session_state[RAN_CLEAN])
    except KeyError:
        return False


def main() -> None:
    """Answer the request in the first argument."""
    request = json.loads(sys.argv[1])
    from streamlit.testing.v1 import AppTest

    started = time.perf_counter()
    at = AppTest.from_file(os.path.abspath(request["entry"]), default_timeout=request["seconds"])
    complete = run(at)
    facts: dict[str, Any] = {
        "complete": complete,
        "first_seconds": time.perf_counter() - started,
        "main": texts(at.main),
        "sidebar": texts(at.sidebar),
        "exceptions": exceptions(at.main) + exceptions(at.sidebar),
        "labels": [tab.label for tab in at.tabs],
        "tabs": [],
    }
    key = tab_key(at.main)
    for position, label in enumerate(facts["labels"]):
        started = time.perf_counter()
        if key and position:
            at.session_state[key] = label
        ended = run(at) if key and position else complete
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
