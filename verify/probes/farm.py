"""Starts a Streamlit server for each of several files, and tells at its end what the files did.

Sent as it is to the subject's interpreter, like `agent.py`. The servers are forks of one process
that has Streamlit loaded, which spares each of them the half second of that import. From the fork
on each goes the way of the console script `streamlit run FILE`: Streamlit's own command line, and
no working directory on sys.path (the script puts its own folder there instead). Each has a witness
that notes what the files of the project do to the world; the server's own doings do not count.

Its one argument is a JSON object:
    address      where they listen
    servers      [[file, port], ...]
    witness      the text of witness.py
It stays until SIGTERM, and then prints its answer: {"effects": {file: [[verb, rest], ...]}}.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
from typing import Dict, List, NoReturn

MARK = "verify-agent:"
OPTIONS = (
    "--server.headless=true",
    "--server.fileWatcherType=none",
    "--browser.gatherUsageStats=false",
)


COLUMNS = 4
"""Of a line that a witness writes: process, verb, object, place."""


def serve(file: str, port: int, address: str, effects: str, witness: str) -> NoReturn:
    """Become `streamlit run FILE`; never returns."""
    from streamlit.web import cli

    os.environ["VERIFY_EFFECTS"], os.environ["VERIFY_PROJECT_ONLY"] = effects, "1"
    exec(compile(witness, "<witness>", "exec"), {"__name__": "witness"})  # noqa: S102
    sys.path[:] = [folder for folder in sys.path if folder]  # "" is what `python -c` adds
    sys.argv = ["streamlit", "run", file, f"--server.port={port}", "--server.address=" + address]
    sys.argv += OPTIONS
    try:
        cli.main(prog_name="streamlit")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


def read_effects(path: str) -> List[List[str]]:
    """Return what a witness noted, each as a verb and the rest of the sentence."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = [line.rstrip("\n").split("\t") for line in file]
    except FileNotFoundError:
        return []
    return [
        [row[1], f"{row[2]} at {row[3]}" if row[1] != "runs" else row[2]]
        for row in rows
        if len(row) == COLUMNS
    ]


def main() -> NoReturn:
    """Start the servers and stay until told to stop."""
    request = json.loads(sys.argv[1])
    scratch = tempfile.mkdtemp(prefix="verify-")
    children: Dict[int, str] = {}

    def stop(_signal: int, _frame: object) -> None:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        for pid in children:
            os.waitpid(pid, 0)  # what it wrote is complete then
        effects = {
            file: read_effects(os.path.join(scratch, str(number)))
            for number, file in enumerate(children.values())
        }
        shutil.rmtree(scratch, ignore_errors=True)
        print("\n" + MARK + json.dumps({"effects": effects}), flush=True)
        os._exit(0)

    for number, (file, port) in enumerate(request["servers"]):
        pid = os.fork()
        if pid == 0:
            effects = os.path.join(scratch, str(number))
            serve(file, port, request["address"], effects, request["witness"])
        children[pid] = file
    signal.signal(signal.SIGTERM, stop)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
