"""Leads: how promising one is, how far all have come, and reading them from a file."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aicmo.dashboard_models import EMAIL_LENGTH, NAME_LENGTH, LeadStatus

if TYPE_CHECKING:
    from _csv import Reader

MAX_ROWS = 5_000
"""Most rows of one import: more would keep the page waiting for longer than a few seconds."""

HOT = 70
"""Score from which a lead is worth a call today."""

WARM = 40
"""Score from which a lead is worth following up."""

FUNNEL = (
    LeadStatus.NEW,
    LeadStatus.CONTACTED,
    LeadStatus.REPLIED,
    LeadStatus.QUALIFIED,
    LeadStatus.CONVERTED,
)
"""The stages a lead passes, in order; a lost lead has left the funnel."""

RESULTS = (LeadStatus.QUALIFIED, LeadStatus.CONVERTED)
"""The stages that count towards a campaign's target."""

_NEXT = {
    LeadStatus.NEW: (LeadStatus.CONTACTED, LeadStatus.LOST),
    LeadStatus.CONTACTED: (LeadStatus.REPLIED, LeadStatus.QUALIFIED, LeadStatus.LOST),
    LeadStatus.REPLIED: (LeadStatus.QUALIFIED, LeadStatus.LOST),
    LeadStatus.QUALIFIED: (LeadStatus.CONVERTED, LeadStatus.LOST),
    LeadStatus.CONVERTED: (),
    LeadStatus.LOST: (LeadStatus.NEW,),
}
_TOP = re.compile(
    r"\b(?:c[efmort]o|chief|founder|owner|(?<!vice )president|managing director)\b", re.IGNORECASE
)
_SENIOR = re.compile(r"\b(?:vp|vice president|director|head)\b", re.IGNORECASE)
_MANAGER = re.compile(r"\b(?:manager|lead)\b", re.IGNORECASE)
_SOURCES = {"referral": 25, "demo": 25, "event": 15, "webinar": 15, "website": 10}
# Addresses anyone can open in a minute say nothing about a company.
_FREE_MAIL = frozenset(
    {
        "aol.com",
        "gmail.com",
        "gmx.com",
        "gmx.de",
        "hotmail.com",
        "icloud.com",
        "mail.com",
        "outlook.com",
        "proton.me",
        "yahoo.com",
    }
)
# Deliberately coarse: only delivery proves an address, this catches a wrong column or a typo.
_EMAIL = re.compile(r"[^@\s,;<>\"]+@(?:[\w-]+\.)+[^\W\d_][\w-]*", re.UNICODE)
_COLUMNS = {
    "name": "name",
    "full name": "name",
    "email": "email",
    "e-mail": "email",
    "email address": "email",
    "company": "company",
    "organisation": "company",
    "organization": "company",
    "title": "job_title",
    "job title": "job_title",
    "job_title": "job_title",
    "role": "job_title",
    "source": "source",
    "status": "status",
}


@dataclass(frozen=True)
class Score:
    """How promising a lead is.

    Attributes:
        points: 0 to 100.
        reasons: what added points, the most important first.
    """

    points: int
    reasons: tuple[str, ...]

    @property
    def band(self) -> str:
        """Hot, warm or cold."""
        return band(self.points)


@dataclass(frozen=True)
class Stage:
    """One stage of the funnel.

    Attributes:
        here: leads at this stage now.
        reached: leads at this stage or beyond.
        rate: share of those who reached the stage before; None for the first or if nobody did.
    """

    status: LeadStatus
    here: int
    reached: int
    rate: float | None


@dataclass(frozen=True)
class NewLead:
    """A valid row of an import."""

    line: int
    name: str
    email: str
    company: str
    job_title: str
    source: str
    status: LeadStatus


@dataclass(frozen=True)
class RowError:
    """A row that cannot be imported, by its line in the file, and why."""

    line: int
    problem: str


@dataclass(frozen=True)
class Parsed:
    """What an import file holds."""

    leads: tuple[NewLead, ...]
    errors: tuple[RowError, ...]


def score(email: str, company: str, job_title: str, source: str) -> Score:
    """Rate a lead by what is known of it: rank, company address, company name and source."""
    parts: list[tuple[int, str]] = []
    for pattern, points, reason in (
        (_TOP, 35, "decides alone"),
        (_SENIOR, 25, "senior role"),
        (_MANAGER, 15, "manager"),
    ):
        if pattern.search(job_title):
            parts.append((points, reason))
            break
    domain = email.rpartition("@")[2].lower()
    if domain and domain not in _FREE_MAIL:
        parts.append((25, "company address"))
    if company.strip():
        parts.append((15, "company known"))
    points = _SOURCES.get(source.strip().lower(), 0)
    if points:
        parts.append((points, f"came by {source.strip().lower()}"))
    parts.sort(key=lambda part: -part[0])
    return Score(min(sum(points for points, _ in parts), 100), tuple(reason for _, reason in parts))


def band(points: int) -> str:
    """Name a score."""
    if points >= HOT:
        return "Hot"
    return "Warm" if points >= WARM else "Cold"


def next_statuses(status: LeadStatus) -> tuple[LeadStatus, ...]:
    """Return the statuses a lead may be moved to."""
    return _NEXT[status]


def funnel(counts: Mapping[LeadStatus, int]) -> list[Stage]:
    """Return the stages in order with how many reached each; lost leads are not in it."""
    stages = []
    before: int | None = None
    for position, status in enumerate(FUNNEL):
        reached = sum(counts.get(later, 0) for later in FUNNEL[position:])
        rate = reached / before if before else None
        stages.append(Stage(status, counts.get(status, 0), reached, rate))
        before = reached
    return stages


_EMPTY = "The file is empty. Its first row must name the columns."


def parse_leads(content: bytes | str) -> Parsed:
    """Read leads from CSV text; what is wrong is reported row by row and never raised.

    The first row names the columns: `name` and `email` are required; `company`, `title`, `source`
    and `status` are optional, others are ignored. Commas, semicolons and tabs are understood.
    """
    if isinstance(content, bytes):
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            return _failed(line, "The file is not UTF-8 text. Save it as CSV UTF-8.")
    else:
        text = content.removeprefix("\ufeff")
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        return _failed(line, "The file is not text: it holds a null byte.")
    header, _, _ = text.lstrip("\r\n").partition("\n")
    if not header.strip():
        return _failed(1, _EMPTY)
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    return _read(reader)


def _failed(line: int, problem: str) -> Parsed:
    return Parsed((), (RowError(line, problem),))


def _read(reader: "Reader") -> Parsed:
    rows = _rows(reader)
    leads: dict[str, NewLead] = {}
    errors: list[RowError] = []
    try:
        line, header = next(rows, (1, []))
        if not header:  # separators, and nothing between them
            return _failed(line, _EMPTY)
        columns = [_COLUMNS.get(cell.strip().lower()) for cell in header]
        problem = _header_problem(columns)
        if problem:
            return _failed(line, problem)
        for line, row in rows:
            if len(leads) + len(errors) >= MAX_ROWS:
                problem = f"Only {MAX_ROWS:,} rows can be imported at once: split the file"
                errors.append(RowError(line, problem))
                break
            found = _row(line, row, columns)
            if isinstance(found, RowError):
                errors.append(found)
                continue
            first = leads.setdefault(found.email, found)
            if first is not found:
                errors.append(RowError(line, f"{found.email} is already in line {first.line}"))
    except csv.Error as error:
        errors.append(RowError(reader.line_num, f"The rest cannot be read from here: {error}"))
    if not leads and not errors:
        return _failed(reader.line_num, "There is no row below the column names")
    return Parsed(tuple(leads.values()), tuple(errors))


def _rows(reader: "Reader") -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that hold anything, each with the line it starts in."""
    start = 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield start, row
        start = reader.line_num + 1


def _header_problem(columns: list[str | None]) -> str:
    missing = [name for name in ("name", "email") if name not in columns]
    if missing:
        return f"The first row does not name the column {' and '.join(missing)}"
    named = [name for name in columns if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    return f"The first row names the column {twice[0]} twice" if twice else ""


def _row(line: int, row: list[str], columns: list[str | None]) -> NewLead | RowError:
    if len(row) > len(columns):
        return RowError(line, f"It has {len(row)} cells; the first row has {len(columns)}")
    cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if name}
    problems = []
    if not cells.get("name"):
        problems.append("the name is missing")
    email = cells.get("email", "").lower()
    if not email:
        problems.append("the e-mail address is missing")
    elif len(email) > EMAIL_LENGTH or not _EMAIL.fullmatch(email):
        problems.append(f"{email[:60]!r} is not an e-mail address")
    problems += [
        f"the {name.replace('_', ' ')} is longer than {NAME_LENGTH} characters"
        for name in ("name", "company", "job_title", "source")
        if len(cells.get(name, "")) > NAME_LENGTH
    ]
    status = _status(cells.get("status", ""))
    if status is None:
        known = ", ".join(status.value for status in LeadStatus)
        problems.append(f"{cells['status'][:40]!r} is not a status ({known})")
    if problems or status is None:
        text = "; ".join(problems)
        return RowError(line, text[:1].upper() + text[1:])
    return NewLead(
        line=line,
        name=cells["name"],
        email=email,
        company=cells.get("company", ""),
        job_title=cells.get("job_title", ""),
        source=cells.get("source", ""),
        status=status,
    )


def _status(text: str) -> LeadStatus | None:
    if not text:
        return LeadStatus.NEW
    return LeadStatus.__members__.get(text.upper())
