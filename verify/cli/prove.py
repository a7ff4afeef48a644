"""`verify prove`: each gate, seen red."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from verify.cli.ending import exit_with, people_first
from verify.cli.group import json_option, main, root_option
from verify.cli.run import STAGES
from verify.cli.screen import terminal, watcher

if TYPE_CHECKING:
    from verify.proof import Proof
    from verify.proving.prove import Options


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
        from verify.report import proof as text
        from verify.report import proof_json

        options = prove.Options(
            root=root or find_root(Path.cwd()),
            defects=defects,
            gates=gates,
            stages=tuple(Stage(stage) for stage in stages),
            jobs=jobs or 0,
            watcher=watcher(quiet=as_json),
        )
        proof = _remembered(options)
        show = proof_json.render(proof) if as_json else text.as_text(proof, **terminal())
        click.echo(show, nl=False)
        exit_with(proof.verdict)


def _remembered(options: Options) -> Proof:
    """Prove, and remember what was shown for `verify list`."""
    from dataclasses import replace

    from verify import catalog, manifest
    from verify.proving import record
    from verify.proving.prove import prove

    def written() -> record.Files:
        project = manifest.load(options.root)
        extra = [project.root / folder for folder in project.gates.extra]
        return record.files(catalog.read(catalog.BUILT_IN, *extra))

    before = written()
    proof = prove(options)
    try:
        record.keep(proof, before, written())
    except OSError as error:
        note = f"`verify list` will not know of this: {error}"
        proof = replace(proof, notes=(*proof.notes, note))
    return proof
