"""Packs a script of ours so that another interpreter can run it, and reads its answer."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path
from typing import Any

from verify.errors import CouldNotCheck

HERE = Path(__file__).parent
MARK = "verify-agent:"
"""What stands before the answer, see agent.py."""

_BOOT = (
    "import base64,sys,zlib;"
    "exec(compile(zlib.decompress(base64.b64decode(sys.argv.pop(1))),'<verify>','exec'))"
)


def packed(script: str, request: dict[str, Any]) -> list[str]:
    """Return interpreter arguments that run the script with this request, with no file needed.

    Linux allows 128 KiB for one argument (MAX_ARG_STRLEN, execve(2)); a script of 10 KB takes 5.

    Args:
        script: the file's name in this folder.
        request: what it is asked; must be JSON. The text of witness.py is added.
    """
    request = {**request, "witness": (HERE / "witness.py").read_text("utf-8")}
    source = base64.b64encode(zlib.compress((HERE / script).read_bytes(), 9)).decode("ascii")
    return ["-c", _BOOT, source, json.dumps(request)]


def answer(output: str, errors: str, *, who: str) -> dict[str, Any]:
    """Return the facts in a script's output.

    Raises:
        CouldNotCheck: there is no answer in it; says the end of `errors`.
    """
    _, mark, text = output.rpartition(MARK)
    if mark:
        try:
            facts = json.loads(text)
        except ValueError:
            facts = None
        if isinstance(facts, dict):
            return facts
    tail = "\n".join(errors.strip().splitlines()[-6:]) or "it said nothing"
    raise CouldNotCheck(f"{who} gave no answer: {tail}")
