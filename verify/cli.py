"""The command line: options, what is printed where, and exit codes; nothing else."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.model import Verdict
    from verify.progress import Progress

STAGES = ("source", "local", "image", "container", "live")
FORMATS = ("text", "json", "junit")

USAGE, INTERRUPTED = 2, 130
"""Exit codes besides the verdict's: wrong usage or a bad manifest; Ctrl-C or SIGTERM."""

EXIT_CODES = {"verified": 0, "failed": 1, "inconclusive": 3}
RUNNING_CODES = {"same": 0, "differs": 1, "unknown": 3}


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
    with _people_first():
        from verify import session
        from verify.manifest import find_root
        from verify.model import Stage
        from verify.report import render, write

        options = session.Options(
            root=root or find_root(Path.cwd()),
            stages=tuple(Stage(stage) for stage in stages),
            gates=gates,
            progress=_progress(quiet=as_json),
            screenshots=screenshots,
            previous=previous,
        )
        report = session.run(options)
        for form, path in reports:
            write(report, form, path)
        click.echo(
            render(report, "json" if as_json else "text", **({} if as_json else _terminal())),
            nl=False,
        )
        if not as_json:
            for form, path in reports:
                click.echo(f"{form} report: {path}", err=True)
        _exit(report.verdict)


@main.command("list")
@root_option
@json_option
def list_command(root: Path | None, *, as_json: bool) -> None:
    """Show every gate: what it proves, where, why, and how to fix it."""
    with _people_first():
        from verify import catalog, manifest
        from verify.errors import ManifestError
        from verify.report import listing

        try:
            project = manifest.load(root or manifest.find_root(Path.cwd()))
            extra = [project.root / folder for folder in project.gates.extra]
        except ManifestError:
            if root is not None:
                raise
            extra = []  # no project here: the toolkit's own gates are still worth reading
        gates = catalog.read(catalog.BUILT_IN, *extra)
        click.echo(
            listing.as_json(gates) if as_json else listing.as_text(gates, **_terminal()), nl=False
        )


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
    with _people_first():
        from verify.manifest import nearest_root
        from verify.probes.launchers.look import look
        from verify.report import matrix as rendered

        progress = _progress(quiet=as_json, brief=True)
        try:
            found = look(root or nearest_root(Path.cwd()), progress.step, cached=not no_cache)
        finally:
            progress.end()
        click.echo(
            rendered.as_json(found) if as_json else rendered.as_text(found, **_terminal()), nl=False
        )
        if check:
            _exit(found.verdict)


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
    with _people_first():
        from verify.live.asked import options_of
        from verify.live.look import Looker
        from verify.report import deployment, prometheus

        looker = Looker(options_of(url, root, watched=watch is not None, **asked))
        if watch is not None:
            from verify.live.watch import reports

            for text in reports(looker, watch, metrics=metrics, as_json=as_json):
                click.echo(text, nl=False)
        progress = _progress(quiet=as_json, brief=True)
        try:
            look = looker.look(progress)
        finally:
            progress.end()
        if metrics is not None:
            prometheus.write(look, metrics)
        shown = deployment.as_json(look) if as_json else deployment.as_text(look, **_terminal())
        click.echo(shown, nl=False)
        _exit(look.verdict)


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
    with _people_first():
        from verify.report import running as lines
        from verify.report import running_json
        from verify.running.asked import Options
        from verify.running.look import Look

        progress = _progress(quiet=as_json, brief=True)
        try:
            found = Look(Options(**asked), progress).compare()
        finally:
            progress.end()
        shown = running_json.as_json(found) if as_json else lines.as_text(found, **_terminal())
        click.echo(shown, nl=False)
        sys.exit(RUNNING_CODES[found.verdict])


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
    with _people_first():
        from verify.probes.images import releases
        from verify.releases import compared
        from verify.report.releases import as_text
        from verify.report.releases_json import as_json as for_machines

        progress = _progress(quiet=as_json, brief=True)
        try:
            looked_at = releases.look((before, after), progress, app_dir=_app_dir(root))
        finally:
            progress.end()
        found = compared(*looked_at)
        shown = for_machines(found) if as_json else as_text(found, **_terminal())
        click.echo(shown, nl=False)
        sys.exit(0 if found.same else EXIT_CODES["failed"])


@main.command("doctor")
@root_option
@json_option
def doctor_command(root: Path | None, *, as_json: bool) -> None:
    """Show what this machine lacks for a full run, and the command that adds it.

    Exit code: 0 when nothing is lacking, 3 when a full run would be inconclusive.
    """
    with _people_first():
        from verify import doctor, manifest
        from verify.report import listing

        needs = doctor.examine(manifest.load(root or manifest.find_root(Path.cwd())))
        show = listing.needs_as_json if as_json else listing.needs_as_text
        click.echo(show(needs), nl=False)
        sys.exit(0 if all(need.met for need in needs) else EXIT_CODES["inconclusive"])


def _app_dir(root: Path | None) -> str:
    """Return where a project's application stands in its image; empty without a project."""
    from verify import manifest

    folder = root or manifest.nearest_root(Path.cwd())
    if root is None and not (folder / manifest.FILE_NAME).is_file():
        return ""
    image = manifest.load(folder).image
    return image.app_dir if image else ""


def _exit(verdict: Verdict) -> NoReturn:
    sys.exit(EXIT_CODES[verdict])


def _terminal() -> dict[str, Any]:
    """Return how wide standard output is, and whether it takes colours."""
    import os
    import shutil

    tty = sys.stdout.isatty()
    width = shutil.get_terminal_size((100, 24)).columns if tty or "COLUMNS" in os.environ else 100
    return {"width": max(60, width), "colour": tty and "NO_COLOR" not in os.environ}


def _progress(*, quiet: bool, brief: bool = False) -> Progress:
    import os

    from verify.progress import Progress

    if quiet and not sys.stderr.isatty():
        return Progress()
    if brief:
        from verify.report.status_line import StatusLine

        return StatusLine() if sys.stderr.isatty() else Progress()
    if sys.stderr.isatty() and not os.environ.get("CI"):
        from verify.report.live import LiveProgress

        return LiveProgress()
    from verify.report.lines import LineProgress

    return LineProgress()


@contextlib.contextmanager
def _people_first() -> Iterator[None]:
    """Turn every error into a sentence for people and the exit code that goes with it."""
    from verify.errors import CouldNotCheck, Unavailable, VerifyError

    def interrupt(_number: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    except VerifyError as error:
        click.echo(f"verify: {error.diagnosis}", err=True)
        if error.remedy:
            click.echo(f"  -> {error.remedy}", err=True)
        unknown = isinstance(error, CouldNotCheck | Unavailable)
        sys.exit(EXIT_CODES["inconclusive"] if unknown else USAGE)
    except KeyboardInterrupt:
        click.echo("verify: interrupted; everything this run made is removed", err=True)
        # CPython remembers an interrupt that came through an exec(), with which dataclasses make
        # their classes, and ends the process by SIGINT although it was handled; the next exec()
        # makes it forget (run_eval_code_obj in its pythonrun.c).
        exec("")  # noqa: S102
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # whoever read the output is gone, and so is who wants the rest
        import os

        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(INTERRUPTED)
    except Exception:  # noqa: BLE001 - an unknown fault is never a verdict
        import traceback

        click.echo(traceback.format_exc(), err=True)
        click.echo("verify: this is a fault of verify itself; nothing was decided", err=True)
        sys.exit(EXIT_CODES["inconclusive"])


if __name__ == "__main__":
    main()
