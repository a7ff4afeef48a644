"""`verify prove`: each gate, seen red."""

from __future__ import annotations

from pathlib import Path

import click

from verify.cli.ending import exit_with, people_first
from verify.cli.group import json_option, main, root_option
from verify.cli.run import STAGES
from verify.cli.screen import terminal


@main.command("prove")
@click.option(
    "--gate",
    "gates",
    multiple=True,
    metavar="ID",
    help="Only what this gate must see; may be repeated.",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice(STAGES),
    help="Only what must be seen at this stage; may be repeated.",
)
@click.option(
    "--defect", "defects", multiple=True, metavar="NAME", help="Only this one; may be repeated."
)
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Defects at once; one for each core if not given.",
)
@root_option
@json_option
def prove_command(
    gates: tuple[str, ...],
    stages: tuple[str, ...],
    defects: tuple[str, ...],
    jobs: int | None,
    root: Path | None,
    *,
    as_json: bool,
) -> None:
    """Plant each known defect in a throw-away copy, and show that its gate turns red.

    Exit code: 0 every defect was killed, 1 one survived or the clean copy is red, 3 undecided,
    2 wrong usage or a bad manifest, 130 interrupted.
    """
    with people_first():
        from verify.manifest import find_root
        from verify.model import Stage
        from verify.proving import prove
        from verify.report import proof as report

        options = prove.Options(
            root=root or find_root(Path.cwd()),
            defects=defects,
            gates=gates,
            stages=tuple(Stage(stage) for stage in stages),
            jobs=jobs or 0,
        )
        proof = prove.prove(options)
        show = report.as_json(proof) if as_json else report.as_text(proof, **terminal())
        click.echo(show, nl=False)
        exit_with(proof.verdict)
