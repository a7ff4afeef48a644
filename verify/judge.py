"""What a cell's observations and errors make of it; the rules of every run."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck, NotDeclared, Unavailable, VerifyError
from verify.model import Observation, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VACUOUS = "nothing was checked: the gate observed nothing"


def checked(observations: Iterable[object] | None) -> Iterator[Observation]:
    """Yield what a gate yields, as it comes.

    Raises:
        TypeError: it is something else than an observation.
    """
    for observation in observations or ():
        if not isinstance(observation, Observation):
            raise TypeError(f"a gate yields Observation, not {type(observation).__name__}")
        yield observation


def judge(
    observed: Iterable[Observation], error: BaseException | None
) -> tuple[Outcome, str, bool]:
    """Return a cell's outcome, the reason for it, and whether the verdict depends on it.

    Args:
        observed: what was seen until the look ended.
        error: what ended it early; None when it came to its end. What the subject itself broke is
            the caller's to tell: more than one cell may need it.
    """
    if error is None:
        seen = list(observed)
        if not seen:
            return Outcome.ERROR, VACUOUS, True
        good = all(observation.ok for observation in seen)
        return (Outcome.PASS if good else Outcome.FAIL), "", True
    if isinstance(error, NotDeclared):
        return Outcome.SKIP, said(error), False
    if isinstance(error, Unavailable):
        return Outcome.SKIP, said(error), True
    return Outcome.ERROR, said(error), True


def findings_first(*looks: Iterator[Observation]) -> Iterator[Observation]:
    """Yield what all looks saw, and only then say what could not be seen.

    Raises:
        CouldNotCheck, Unavailable: one could not see all, and there is no finding to tell instead.
    """
    sound, hindrance = True, None
    for look in looks:
        try:
            for observation in look:
                sound = sound and observation.ok
                yield observation
        except (CouldNotCheck, Unavailable) as error:
            hindrance = hindrance or error
    if sound and hindrance is not None:
        raise hindrance


def said(error: BaseException) -> str:
    """Return an error in words; an unexpected one with the place it came from."""
    if isinstance(error, VerifyError):
        return str(error)
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" ({place[0].filename}, line {place[0].lineno})" if place else ""
    return f"the gate itself broke: {type(error).__name__}: {error}{where}"
