"""`verify run`: the matrix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from verify.cli.ending import exit_with, people_first
from verify.cli.group import json_option, main, root_option
from verify.cli.screen import listener, terminal

STAGES = ("source", "local", "image", "container", "live")
FORMATS = ("text", "json", "junit")


class ReportTarget(click.ParamType[tuple[str, Path]]):
    """`FORMAT:PATH`, such as `junit:build/junit.xml`."""

    name = "FORMAT:PATH"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Path]:
        """Split and check one `--report`."""
        if isinstance(value, tuple):
            return value
        form, colon, path = str(value).partition(":")
        if form not in FORMATS or not colon or not path:
            self.fail(
                f"{value!r} is not FORMAT:PATH with a format of {', '.join(FORMATS)}", param, ctx
            )
        target = Path(path)
        if target.is_dir():
            self.fail(f"{path} is a folder; name a file in it", param, ctx)
        return form, target


@main.command("run")
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice(STAGES),
    help="Only this stage; may be repeated.",
)
@click.option(
    "--gate", "gates", multiple=True, metavar="ID", help="Only this gate; may be repeated."
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=ReportTarget(),
    help="Also write a report to a file; may be repeated.",
)
@click.option(
    "--screenshots",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep a picture of each tab, as the browser showed it.",
)
@click.option(
    "--previous",
    default="",
    metavar="IMAGE",
    help="The image to go back to, by tag, id or digest; the last verified one if not given.",
)
@root_option
@json_option
def run_command(
    stages: tuple[str, ...],
    gates: tuple[str, ...],
    reports: tuple[tuple[str, Path], ...],
    screenshots: Path | None,
    previous: str,
    root: Path | None,
    *,
    as_json: bool,
) -> None:
    """Run the gates and print the matrix.

    Exit code: 0 verified, 1 failed, 3 inconclusive, 2 wrong usage or a bad manifest,
    130 interrupted.
    """
    with people_first():
        from verify import session
        from verify.manifest import find_root
        from verify.model import Stage
        from verify.report import render, write

        options = session.Options(
            root=root or find_root(Path.cwd()),
            stages=tuple(Stage(stage) for stage in stages),
            gates=gates,
            progress=listener(quiet=as_json),
            screenshots=screenshots,
            previous=previous,
        )
        report = session.run(options)
        for form, path in reports:
            write(report, form, path)
        click.echo(
            render(report, "json" if as_json else "text", **({} if as_json else terminal())),
            nl=False,
        )
        if not as_json:
            for form, path in reports:
                click.echo(f"{form} report: {path}", err=True)
        exit_with(report.verdict)
