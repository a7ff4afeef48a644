"""Starts a Streamlit server for each of several files, and prints one line when all are started.

Sent as it is to the subject's interpreter, like `agent.py`. The servers are forks of one process
that has Streamlit loaded, which spares each of them the half second of that import. From the fork
on each goes the way of the console script `streamlit run FILE`: Streamlit's own command line, and
no working directory on sys.path (the script puts its own folder there instead).

Its one argument is a JSON object: address, servers ([[file, port], ...]).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import NoReturn

MARK = "verify-agent:"
OPTIONS = (
    "--server.headless=true",
    "--server.fileWatcherType=none",
    "--browser.gatherUsageStats=false",
)


def serve(file: str, port: int, address: str) -> NoReturn:
    """Become `streamlit run FILE`; never returns."""
    from streamlit.web import cli

    sys.path[:] = [folder for folder in sys.path if folder]  # "" is what `python -c` adds
    sys.argv = ["streamlit", "run", file, f"--server.port={port}", "--server.address=" + address]
    sys.argv += OPTIONS
    try:
        cli.main(prog_name="streamlit")
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(1)


def main() -> NoReturn:
    """Start the servers and stay until told to stop."""
    request = json.loads(sys.argv[1])

    children = []
    for file, port in request["servers"]:
        pid = os.fork()
        if pid == 0:
            serve(file, port, request["address"])
        children.append(pid)

    def stop(_signal: int, _frame: object) -> None:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    print(MARK + json.dumps({"started": len(children)}), flush=True)
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
