"""Puts the build arguments that somebody passes in place of a Dockerfile's defaults."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from verify.probes.dockerfile.parse import Instruction, Stage


def with_arguments(all_stages: list[Stage], given: Mapping[str, str]) -> list[Stage]:
    """Return the stages as they are with these build arguments; an undeclared one has no effect."""
    if not given:
        return all_stages
    return [
        replace(stage, instructions=[_set(each, given) for each in stage.instructions])
        for stage in all_stages
    ]


def _set(each: Instruction, given: Mapping[str, str]) -> Instruction:
    if each.name != "ARG":
        return each
    words = []
    for word in each.value.split():
        name = word.partition("=")[0]
        fits = name in given and not set(given[name]) & set(" \t\n")
        words.append(f"{name}={given[name]}" if fits else word)
    return replace(each, value=" ".join(words))
