"""The command `verify` itself, and what its commands have in common."""

from __future__ import annotations

from pathlib import Path

import click

root_option = click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The project; the nearest folder upward that has a verify.toml if not given.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="aicmo-dashboard", message="verify %(version)s")
def main() -> None:
    """Prove that the dashboard an operator opens is the dashboard that was reviewed."""
