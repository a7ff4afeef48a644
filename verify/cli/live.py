"""`verify live`: a running deployment, from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from verify.cli.ending import exit_with, people_first
from verify.cli.group import json_option, main, root_option
from verify.cli.screen import status_line, terminal


@main.command("live")
@click.argument("url")
@click.option("--marker", default="", metavar="TEXT", help="The build marker it must show.")
@click.option(
    "--tab",
    "tabs",
    multiple=True,
    metavar="LABEL",
    help="A tab it must have; repeat it for all tabs, in their order.",
)
@click.option("--browser", is_flag=True, help="Look with a real browser, too.")
@click.option(
    "--screenshots",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep a picture of each tab; needs --browser.",
)
@click.option(
    "--sessions",
    type=click.IntRange(1, 500),
    metavar="N",
    help="Send N visitors at the same moment, besides.",
)
@click.option(
    "--sessions-anywhere",
    "anywhere",
    is_flag=True,
    help="Send them to another machine than this one, too.",
)
@click.option(
    "--watch",
    type=click.FloatRange(0.1, 86400 * 31),
    metavar="SECONDS",
    help="Look again and again, and print what changes.",
)
@click.option(
    "--metrics",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Also write each look as Prometheus text.",
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    help="A header that goes along; may be repeated.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Holds a bearer token that goes along; else the variable VERIFY_TOKEN.",
)
@click.option(
    "--ca-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Certificates to trust instead of this machine's.",
)
@click.option(
    "--deadline",
    type=click.FloatRange(0.1, 3600),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="For one look by protocol.",
)
@root_option
@json_option
def live_command(
    url: str,
    root: Path | None,
    *,
    watch: float | None,
    metrics: Path | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Look at a running deployment as an operator's browser does, from outside.

    With a verify.toml, from --root or upward of this folder, the deployment is held against it;
    without one against what must be true of any page, and against what the options say.

    Exit code: 0 verified, 1 failed, 3 inconclusive (nothing could be looked at, or not all of it),
    2 wrong usage or a bad manifest, 130 interrupted.
    """
    with people_first():
        from verify.live.asked import options_of
        from verify.live.look import Looker
        from verify.report import deployment, prometheus

        looker = Looker(options_of(url, root, watched=watch is not None, **asked))
        if watch is not None:
            from verify.live.watch import reports

            for text in reports(looker, watch, metrics=metrics, as_json=as_json):
                click.echo(text, nl=False)
        with status_line() as progress:
            look = looker.look(progress)
        if metrics is not None:
            prometheus.write(look, metrics)
        shown = deployment.as_json(look) if as_json else deployment.as_text(look, **terminal())
        click.echo(shown, nl=False)
        exit_with(look.verdict)
