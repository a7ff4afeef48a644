"""`verify running`: a running deployment, from inside."""

from __future__ import annotations

import sys
from typing import Any

import click

from verify.cli.ending import people_first
from verify.cli.group import json_option, main, root_option
from verify.cli.screen import status_line, terminal

RUNNING_CODES = {"same": 0, "differs": 1, "unknown": 3}


@main.command("running")
@click.argument("ref")
@click.option(
    "--against",
    default="",
    metavar="TREE|IMAGE",
    help="A folder, a revision of the checkout, or an image; the checkout's HEAD if not given.",
)
@click.option(
    "--app-dir",
    default="",
    metavar="PATH",
    help="The folder inside in which the whole tree stands; if not given, the files that the "
    "Dockerfile of verify.toml copies stand where it puts them.",
)
@click.option("--python", default="", metavar="PATH", help="The interpreter inside.")
@click.option("--try", "tried", is_flag=True, help="Try the declared imports there, too.")
@click.option(
    "--deadline",
    type=click.FloatRange(0.1, 3600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="For the look inside.",
)
@root_option
@json_option
def running_command(*, as_json: bool, **asked: Any) -> None:
    """Hold what runs, file by file, against the reviewed tree or an image.

    REF is a container's name or id, or docker://[USER@]NAME, podman://NAME,
    kubectl://POD?namespace=...&container=..., ssh://[USER@]HOST[:PORT] or local://. One look inside
    reads everything; nothing there is started, imported or written, unless --try asks for it.

    Exit code: 0 the same, 1 something differs, 3 not everything could be looked at, 2 wrong usage
    or a bad manifest, 130 interrupted.
    """
    with people_first():
        from verify.report import running as lines
        from verify.report import running_json
        from verify.running.asked import Options
        from verify.running.look import Look

        with status_line() as progress:
            found = Look(Options(**asked), progress).compare()
        shown = running_json.as_json(found) if as_json else lines.as_text(found, **terminal())
        click.echo(shown, nl=False)
        sys.exit(RUNNING_CODES[found.verdict])
