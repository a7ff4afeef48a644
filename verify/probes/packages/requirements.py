"""Holds what is installed against what each distribution requires, as `pip check` does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from verify.probes.packages.locked import applies

if TYPE_CHECKING:
    from verify.surroundings import Distribution


@dataclass(frozen=True, slots=True)
class Unmet:
    """A requirement of a distribution that what is installed does not meet.

    Args:
        requirement: as its metadata has it.
        got: what is installed instead.
    """

    requirement: str
    got: str


def unmet(
    distributions: Iterable[Distribution],
    markers: Mapping[str, str],
    asked: Mapping[str, Iterable[str]],
) -> dict[str, list[Unmet]]:
    """Return by name of each distribution what it requires and does not find.

    Args:
        distributions: all that are installed.
        markers: of their interpreter.
        asked: extras that are asked for from outside, by name.

    Raises:
        CouldNotCheck: a marker asks for what is not known.
    """
    installed = {one.name: one for one in distributions}
    found: dict[str, list[Unmet]] = {name: [] for name in installed}
    done: set[tuple[str, str]] = set()
    left = [(name, "") for name in installed]
    left += [(canonicalize_name(name), extra) for name, extras in asked.items() for extra in extras]
    while left:
        name, extra = left.pop()
        if (name, extra) in done or name not in installed:
            continue
        done.add((name, extra))
        for text in installed[name].requires:
            requirement = _requirement(text)
            if requirement is None:
                found[name] += [] if extra else [Unmet(text, "cannot be read")]
                continue
            if not applies(requirement.marker, markers, extra=extra):
                continue
            other = canonicalize_name(requirement.name)
            left += [(other, canonicalize_name(one)) for one in requirement.extras]
            if (got := _got(requirement, installed.get(other))) and Unmet(text, got) not in found[
                name
            ]:
                found[name].append(Unmet(text, got))
    return found


def _requirement(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def _got(requirement: Requirement, installed: Distribution | None) -> str:
    """Say what is there instead of what is required; empty when it is met."""
    if installed is None:
        return "not installed"
    # A version that was chosen before its final release was chosen on purpose: by the lock.
    if requirement.specifier.contains(installed.version, prereleases=True):
        return ""
    return f"{installed.name} {installed.version}"
