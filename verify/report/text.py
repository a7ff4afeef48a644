"""The report for a terminal: the matrix, then each failure, then the verdict."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from verify.model import NOT_ASKED, Outcome, Stage, Verdict
from verify.report.clean import clean
from verify.report.words import rows

if TYPE_CHECKING:
    from rich.console import RenderableType

    from verify.model import Cell, Report

STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold yellow",
    Outcome.SKIP: "dim",
    Verdict.VERIFIED: "bold green",
    Verdict.FAILED: "bold red",
    Verdict.INCONCLUSIVE: "bold yellow",
}
MOST_FINDINGS = 10
"""Findings of one cell that are shown in full; the JSON report has all."""

FULL_ID = 12
"""Characters of a git id or digest that are shown, as git and docker shorten them."""


def render(report: Report, *, width: int = 100, colour: bool = False) -> str:
    """Return the report as text.

    Args:
        report: what to show.
        width: columns of the terminal.
        colour: whether it takes ANSI colours.
    """
    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(_matrix(report))
    for cell in report.cells:
        if cell.outcome is Outcome.FAIL or (cell.outcome is Outcome.ERROR):
            console.print(_trouble(cell))
    for reason, cells in _skipped(report).items():
        console.print(_skips(reason, cells))
    for note in report.notes:
        console.print(Text(f"note: {clean(note)}", style="dim"))
    console.print(_verdict(report))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _matrix(report: Report) -> RenderableType:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("gate")
    for stage in Stage:
        table.add_column(stage.value)
    by_key = {(cell.gate, cell.stage): cell for cell in report.cells}
    for gate in dict.fromkeys(cell.gate for cell in report.cells):
        row = [by_key.get((gate, stage)) for stage in Stage]
        if any(cell and not _unasked(cell) for cell in row):
            table.add_row(clean(gate), *(_square(cell) for cell in row))
    return table


def _unasked(cell: Cell) -> bool:
    return cell.outcome is Outcome.SKIP and cell.reason == NOT_ASKED


def _square(cell: Cell | None) -> Text:
    if cell is None:
        return Text("")
    words = {
        Outcome.PASS: f"✔ {cell.observed}",
        Outcome.FAIL: f"✘ {len(cell.findings)} of {cell.observed}",
        Outcome.ERROR: "! error",
        Outcome.SKIP: "- skip" if cell.required else "-",
    }
    return Text(words[cell.outcome], style=STYLES[cell.outcome])


def _trouble(cell: Cell) -> RenderableType:
    sign = "✘" if cell.outcome is Outcome.FAIL else "!"
    head = Text.assemble(
        (f"{sign} {cell.outcome} ", STYLES[cell.outcome]),
        (clean(f"{cell.gate}, {cell.stage}"), "bold"),
        clean(f": {cell.title}"),
    )
    parts: list[RenderableType] = [head]
    if cell.reason:
        parts.append(_facts([("could not check", cell.reason)]))
    parts += [_facts(rows(finding)) for finding in cell.findings[:MOST_FINDINGS]]
    if (more := len(cell.findings) - MOST_FINDINGS) > 0:
        parts.append(Padding(Text(f"... and {more} more; --json shows all"), (0, 0, 0, 2)))
    if cell.outcome is Outcome.FAIL:
        parts.append(_facts([("why", cell.why), ("fix", cell.fix)]))
    return Group(*parts)


def _facts(named: list[tuple[str, str]]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in named:
        if text:
            table.add_row(name, Text(clean(text)))
    return Padding(table, (0, 0, 1, 2))


def _skipped(report: Report) -> dict[str, list[Cell]]:
    """Return the cells that did not run, by reason: one missing engine is said once."""
    found: dict[str, list[Cell]] = {}
    for cell in report.cells:
        if cell.outcome is Outcome.SKIP and not _unasked(cell):
            found.setdefault(cell.reason, []).append(cell)
    return found


def _skips(reason: str, cells: list[Cell]) -> RenderableType:
    count = f"{len(cells)} cell" + ("s" if len(cells) > 1 else "")
    named = ", ".join(f"{cell.gate} ({cell.stage})" for cell in cells)
    kind = "SKIP" if cells[0].required else "not required:"
    head = Text.assemble((f"- {kind} {count}", "bold"), f": {named}")
    return Group(head, _facts([("not run", reason)]))


def _verdict(report: Report) -> Text:
    subject = report.subject
    about = "no git checkout"
    if subject.commit:
        about = f"commit {subject.commit[:FULL_ID]}" + (
            ", with uncommitted changes" if subject.dirty else ""
        )
    if report.image is not None:
        about += f", image {report.image.id.removeprefix('sha256:')[:FULL_ID]}"
    asked = [cell for cell in report.cells if not _unasked(cell)]
    observed = sum(cell.observed for cell in asked)
    return Text.assemble(
        (f"{report.verdict}", STYLES[report.verdict]),
        f": {len(asked)} cells, {observed} observations, {report.seconds:.1f} s\n",
        (about, "dim"),
    )
