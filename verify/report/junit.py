"""The report as JUnit XML, for the strictest reader: the schema of Jenkins' xunit plugin.

One suite a stage, one case a cell; ERROR, FAIL and SKIP stay apart. That schema has no place for a
file or line on a case, so they stand in the text of the failure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from verify.model import Outcome, Stage
from verify.report.clean import clean
from verify.report.words import told

if TYPE_CHECKING:
    from verify.model import Cell, Report


def render(report: Report) -> str:
    """Return the cells that were asked for as one JUnit document."""
    suites = ET.Element("testsuites", name="verify", time=f"{report.seconds:.3f}")
    for stage in Stage:
        cells = [cell for cell in report.cells if cell.stage is stage and _counts(cell)]
        if cells:
            _suite(suites, stage, cells, report.started)
    ET.indent(suites)
    return ET.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _counts(cell: Cell) -> bool:
    return cell.required or cell.outcome is not Outcome.SKIP


def _suite(parent: ET.Element, stage: Stage, cells: list[Cell], started: str) -> None:
    suite = ET.SubElement(
        parent,
        "testsuite",
        name=f"verify {stage}",
        tests=str(len(cells)),
        failures=str(sum(cell.outcome is Outcome.FAIL for cell in cells)),
        errors=str(sum(cell.outcome is Outcome.ERROR for cell in cells)),
        skipped=str(sum(cell.outcome is Outcome.SKIP for cell in cells)),
        time=f"{sum(cell.seconds for cell in cells):.3f}",
        timestamp=started[:19],
    )
    for cell in cells:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=f"verify.{stage}",
            name=clean(f"{cell.gate}: {cell.title}"),
            time=f"{cell.seconds:.3f}",
        )
        _outcome(case, cell)


def _outcome(case: ET.Element, cell: Cell) -> None:
    if cell.outcome is Outcome.FAIL:
        count = len(cell.findings)
        failure = ET.SubElement(
            case, "failure", message=f"{count} of {cell.observed} not as expected", type="FAIL"
        )
        failure.text = clean(
            "\n\n".join(told(finding) for finding in cell.findings) + _advice(cell)
        )
    elif cell.outcome is Outcome.ERROR:
        error = ET.SubElement(case, "error", message="could not be tested", type="ERROR")
        error.text = clean(cell.reason)
    elif cell.outcome is Outcome.SKIP:
        ET.SubElement(case, "skipped", message=clean(cell.reason))


def _advice(cell: Cell) -> str:
    return f"\n\nHow to fix: {cell.fix}" if cell.fix else ""
