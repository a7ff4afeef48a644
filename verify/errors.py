"""One family of errors, each with a diagnosis and a remedy for people."""

from __future__ import annotations


class VerifyError(Exception):
    """Something went wrong that a person can understand and mend.

    Args:
        diagnosis: what is wrong, in one sentence.
        remedy: what to do about it; empty when there is nothing to do.
    """

    def __init__(self, diagnosis: str, remedy: str = "") -> None:
        super().__init__(diagnosis)
        self.diagnosis = diagnosis
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.diagnosis}\n{self.remedy}" if self.remedy else self.diagnosis


class ManifestError(VerifyError):
    """The manifest is missing or wrong; `problems` holds every one of its faults."""

    def __init__(self, path: str, problems: tuple[str, ...], remedy: str = "") -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in problems), remedy)
        self.path = path
        self.problems = problems


class UsageError(VerifyError):
    """The command line asks for something that does not exist."""


class CouldNotCheck(VerifyError):
    """A look did not happen: a timeout, an engine that died. The cell becomes ERROR."""


class Unavailable(VerifyError):
    """This machine lacks what a look needs. The cell becomes SKIP, and is still required."""


class NotDeclared(VerifyError):
    """The manifest declares nothing for this gate. The cell becomes SKIP and is not required."""


class SubjectBroken(VerifyError):
    """A prerequisite failed because of the subject itself: it does not build, start or answer.

    The first cell that needs it becomes FAIL; the others SKIP and point to that one.

    Args:
        subject: what was looked at.
        expected: what should have happened.
        got: what happened.
        path: the file to open.
        line: 1-based line in it.
        log: the end of the log that tells more.
    """

    def __init__(
        self,
        subject: str,
        *,
        expected: str,
        got: str,
        path: str | None = None,
        line: int | None = None,
        log: str = "",
    ) -> None:
        super().__init__(f"{subject}: {got}")
        self.subject = subject
        self.expected = expected
        self.got = got
        self.path = path
        self.line = line
        self.log = log
