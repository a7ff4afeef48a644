"""The command line: options, what is printed where, and exit codes; nothing else.

One file is one command, or a few that only read.
"""

from verify.cli import diff, live, prove, reading, run, running  # noqa: F401 - each adds its command
from verify.cli.group import main

__all__ = ["main"]
