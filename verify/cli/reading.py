"""`verify list`, `verify matrix`, `verify doctor`: what can be told without a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from verify.cli.ending import EXIT_CODES, exit_with, people_first
from verify.cli.group import json_option, main, root_option
from verify.cli.screen import status_line, terminal


@main.command("list")
@root_option
@json_option
def list_command(root: Path | None, *, as_json: bool) -> None:
    """Show every gate: what it proves, where, why, how to fix it, and by what it is seen red."""
    with people_first():
        from verify import catalog, manifest
        from verify.errors import ManifestError
        from verify.proving import record
        from verify.report import listing

        try:
            project = manifest.load(root or manifest.find_root(Path.cwd()))
            here, extra = project.root, [project.root / folder for folder in project.gates.extra]
        except ManifestError:
            if root is not None:
                raise
            # no project here: the toolkit's own gates are still worth reading
            here, extra = None, []
        gates = catalog.read(catalog.BUILT_IN, *extra)
        known = record.known(here, gates)
        show = listing.as_json if as_json else listing.as_text
        click.echo(show(gates, known, **({} if as_json else terminal())), nl=False)


@main.command("matrix")
@click.option("--check", is_flag=True, help="Exit with 1 or 3 when something is wrong or unknown.")
@click.option("--no-cache", is_flag=True, help="Read everything again.")
@root_option
@json_option
def matrix_command(root: Path | None, *, check: bool, no_cache: bool, as_json: bool) -> None:
    """Show every way to launch, and which file each really starts.

    Needs no verify.toml; without --root it looks at the nearest folder upward that has one, or
    at this folder.

    Exit code: 0; with --check also 1 when a launcher or an entry point is wrong, 3 when it
    cannot be told what one starts.
    """
    with people_first():
        from verify.manifest import nearest_root
        from verify.probes.launchers.look import look
        from verify.report import matrix as rendered

        with status_line() as progress:
            found = look(root or nearest_root(Path.cwd()), progress.step, cached=not no_cache)
        click.echo(
            rendered.as_json(found) if as_json else rendered.as_text(found, **terminal()), nl=False
        )
        if check:
            exit_with(found.verdict)


@main.command("doctor")
@root_option
@json_option
def doctor_command(root: Path | None, *, as_json: bool) -> None:
    """Show what this machine lacks for a full run, and the command that adds it.

    Exit code: 0 when nothing is lacking, 3 when a full run would be inconclusive.
    """
    with people_first():
        from verify import doctor, manifest
        from verify.report import listing

        needs = doctor.examine(manifest.load(root or manifest.find_root(Path.cwd())))
        show = listing.needs_as_json if as_json else listing.needs_as_text
        click.echo(show(needs), nl=False)
        sys.exit(0 if all(need.met for need in needs) else EXIT_CODES["inconclusive"])
