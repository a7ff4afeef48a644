"""`verify diff`: what changed between two releases."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from verify.cli.ending import EXIT_CODES, people_first
from verify.cli.group import json_option, main, root_option
from verify.cli.screen import status_line, terminal


@main.command("diff")
@click.argument("before", metavar="IMAGE_A")
@click.argument("after", metavar="IMAGE_B")
@root_option
@json_option
def diff_command(before: str, after: str, root: Path | None, *, as_json: bool) -> None:
    """Show what changed from one image to another: files, dependencies, configuration, size.

    The images are any two of the engine's, and neither is started. Needs no verify.toml; with
    one, from --root or upward of this folder, it says where the application stands.

    Exit code: 0 nothing differs, 1 something does, 3 one of them could not be looked at, 2 wrong
    usage or a bad manifest, 130 interrupted.
    """
    with people_first():
        from verify.probes.images import releases
        from verify.releases import compared
        from verify.report.releases import as_text
        from verify.report.releases_json import as_json as for_machines

        with status_line() as progress:
            looked_at = releases.look((before, after), progress, app_dir=_app_dir(root))
        found = compared(*looked_at)
        shown = for_machines(found) if as_json else as_text(found, **terminal())
        click.echo(shown, nl=False)
        sys.exit(0 if found.same else EXIT_CODES["failed"])


def _app_dir(root: Path | None) -> str:
    """Return where a project's application stands in its image; empty without a project."""
    from verify import manifest

    folder = root or manifest.nearest_root(Path.cwd())
    if root is None and not (folder / manifest.FILE_NAME).is_file():
        return ""
    image = manifest.load(folder).image
    return image.app_dir if image else ""
