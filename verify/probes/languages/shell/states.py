"""Keeps apart what a script's branches leave behind, as long as that makes a difference."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.probes.languages.shell.state import Status, source_of, walk

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping

    from tree_sitter import Node

    from verify.probes.languages.command import Arms
    from verify.probes.languages.shell.state import Shell

MOST = 16
"""States that are kept apart; what differs between more of them cannot be told any more."""

MOST_ARMS = 30
"""Branchings that are remembered of one way; the latest tell most commands apart."""

_NAME = re.compile(r"\$\{?[!#]?(\w+)")
_DECOYS = frozenset({"echo", "printf", "[", "test", "sleep", "kill", "mkdir", "rm", "log", "cat"})


def used_names(root: Node) -> frozenset[str]:
    """Return the variables that may decide what a command of the script does."""
    used: set[str] = set()
    made_of: dict[str, set[str]] = {}
    for node in walk(root):
        if node.type == "command":
            text = source_of(node)
            if text.split(maxsplit=1)[:1] != [] and text.split(maxsplit=1)[0] not in _DECOYS:
                used |= set(_NAME.findall(text))
        elif node.type == "variable_assignment":
            name, _, value = source_of(node).partition("=")
            made_of.setdefault(name.rstrip("+").partition("[")[0], set()).update(
                _NAME.findall(value)
            )
        elif node.type == "declaration_command" and source_of(node).startswith("export"):
            used |= set(re.findall(r"\b([A-Za-z_]\w*)\b(?:=|\s|$)", source_of(node)))
    used |= {name for name in made_of if name.startswith("STREAMLIT_")}
    pending = list(used)
    while pending:
        more = made_of.get(pending.pop(), set()) - used
        used |= more
        pending += more
    return frozenset(used)


def collapsed(several: Iterable[Arms], taken: Mapping[str, set[int]]) -> list[Arms]:
    """Put arms together that cover their whole branching.

    Args:
        several: the ways that lead to one thing.
        taken: the arms that each branching has.
    """
    # An arm that is its branching's only one says nothing.
    found = list(
        dict.fromkeys(
            tuple(arm for arm in arms if taken.get(arm[0]) != {arm[1]})[-MOST_ARMS:]
            for arms in several
        )
    )
    changed = True
    while changed and len(found) > 1:
        changed = False
        for branching in dict.fromkeys(name for arms in found for name, _ in arms):
            rests: dict[Arms, set[int]] = {}
            for arms in found:
                rest = tuple(one for one in arms if one[0] != branching)
                if len(rest) < len(arms):
                    rests.setdefault(rest, set()).add(dict(arms)[branching])
            whole = [rest for rest, seen in rests.items() if seen >= taken.get(branching, {-1})]
            for rest in whole:
                found = [arms for arms in found if not set(rest) <= set(arms)]
                found.append(rest)
                changed = True
    return found


def settled(
    states: list[Shell], used: frozenset[str], taken: Mapping[str, set[int]]
) -> list[Shell]:
    """Put states together that no longer differ in anything that counts.

    Args:
        states: at least one for each way through what was run.
        used: the variables that count.
        taken: the arms that each branching has.
    """
    if len(states) < 2:  # noqa: PLR2004 - nothing to put together
        for state in states:
            state.arms = collapsed([state.arms], taken)[0]
        return states
    _forget(states, {name for one in states for name in one.variables} - used)
    groups: dict[Hashable, list[Shell]] = {}
    for state in states:
        groups.setdefault(content(state), []).append(state)
    kept: list[Shell] = []
    for group in groups.values():
        for arms in collapsed((one.arms for one in group), taken):
            one = group[0].copy()
            one.arms = arms
            one.status = _shared(group)
            kept.append(one)
    if len(kept) <= MOST:
        return kept
    return _merged(kept)


def _merged(states: list[Shell]) -> list[Shell]:
    """Return one state for each end there is, in which what differs is unknown."""
    found = []
    for ended in dict.fromkeys(one.ended for one in states):
        same = [one for one in states if one.ended == ended]
        _forget(same, {name for one in same for name in one.variables})
        state = same[0]
        if len({one.cwd for one in same}) > 1:
            state.cwd = None
        if len({one.arguments for one in same}) > 1:
            state.arguments, state.exact = (), False
        state.arms = tuple(arm for arm in state.arms if all(arm in one.arms for one in same))
        found.append(state)
    return found


def _shared(states: list[Shell]) -> Status:
    """Return how the last command ended in all of them."""
    found = {one.status for one in states}
    if len(found) == 1:
        return found.pop()
    return Status.LIKELY if found <= {Status.YES, Status.LIKELY} else Status.EITHER


def _forget(states: list[Shell], names: Iterable[str]) -> None:
    """Make these variables unknown where the states do not agree."""
    first = states[0].variables
    for name in names:
        values = {one.variables.get(name, "\0unset") for one in states}
        if len(values) > 1 or (name not in first):
            for one in states:
                one.variables[name] = None


def content(state: Shell) -> Hashable:
    """Return all in which a state can differ from another."""
    return (
        state.cwd,
        state.ended,
        state.arguments,
        tuple(sorted(state.variables.items(), key=lambda item: item[0])),
        tuple(sorted(state.arrays.items())),
    )
