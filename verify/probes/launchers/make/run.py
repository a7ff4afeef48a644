"""Follows the targets of a makefile to what their recipes start."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.make.expand import Expansion, Variable
from verify.probes.launchers.make.rules import joined, read
from verify.probes.launchers.opaque import Opaque
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.rows import Start, starts
from verify.probes.launchers.tell import unless

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.make.rules import Makefile, Recipe, Rule
    from verify.probes.launchers.place import Place

NAMES = ("GNUmakefile", "makefile", "Makefile")
"""What make looks for, in this order (GNU make manual, "What Name to Give Your Makefile")."""

_MOST_WAYS = 24  # in which a makefile's conditionals are taken
_MOST_CONDITIONALS = 100  # in a makefile that is read more than one way
_MARK = "\0make"  # the variable that holds the targets that are being made


@dataclass(frozen=True, slots=True)
class Ways:
    """A makefile, its conditionals taken each way.

    Args:
        place: where make runs.
        made: what it comes to, one for each way.
    """

    place: Place
    made: tuple[Makefile, ...]


def load(path: str, text: str, place: Place, given: Mapping[str, str]) -> Ways:
    """Read a makefile.

    Args:
        path: of the file, as rows show it.
        text: its content.
        place: where make runs.
        given: variables of the command line.
    """
    variables = {name: Variable(value, simple=True) for name, value in _known(place).items()}
    hidden = {name for name, value in place.variables if value is None} | place.given
    variables |= {name: Variable(f"${{{name}}}", simple=True) for name in hidden}
    variables |= {name: Variable(value, simple=True, fixed=True) for name, value in given.items()}
    variables["MAKEFILE_LIST"] = Variable(posixpath.basename(path), simple=True)

    def other(name: str) -> tuple[str, str] | None:
        full = place.join(name)
        found = place.files.text(full) if full else None
        return None if found is None or full is None else (_shown(full, place), found)

    made: list[Makefile] = []
    pending: list[dict[str, int]] = [{}]
    seen: set[tuple[tuple[str, int], ...]] = set()
    while pending and len(made) < _MOST_WAYS:
        if made and len(made[0].sizes) > _MOST_CONDITIONALS:
            break
        arms = pending.pop(0)
        one = read(path, text, other, variables, arms)
        made.append(one)
        for key, size in list(one.sizes.items())[:_MOST_WAYS]:
            for arm in range(min(size, _MOST_WAYS)):
                wanted = {**arms, key: arm}
                name = tuple(sorted(wanted.items()))
                changes = sum(1 for value in wanted.values() if value)
                if arm != one.arms[key] and name not in seen and changes <= 1 + len(arms):
                    seen.add(name)
                    pending.append(wanted)
    return Ways(place, tuple(made))


def _known(place: Place) -> dict[str, str]:
    return {
        name: value for name, value in place.variables if value is not None and name[:1] != "\0"
    }


def _shown(full: str, place: Place) -> str:
    return place.files.repo_path(full) or full


def target_starts(ways: Ways, target: str, path: str) -> Iterator[list[Start]]:
    """Yield what a target's own recipe starts, in groups of which only one can run.

    Args:
        ways: the makefile.
        target: its name.
        path: the file whose recipe lines are asked for.
    """
    by_line: dict[tuple[str, int], list[list[Start]]] = {}
    for made in ways.made:
        rule = made.rules.get(target)
        for recipe in _lines(rule, made) if rule is not None else ():
            if recipe.path == path:
                found = list(_recipe_starts(recipe, rule, made, ways.place)) if rule else []
                by_line.setdefault((recipe.path, recipe.line), []).append(found)
    sometimes: list[Start] = []
    for runs in by_line.values():
        plain = [[replace(one, launch=_plain(one.launch, ways)) for one in run] for run in runs]
        if len(runs) < len(ways.made):
            sometimes += [one for run in runs for one in run]
        elif all(run == plain[0] for run in plain):
            yield plain[0]
        else:
            yield [one for run in runs for one in run]
    yield sometimes


def goal_launches(ways: Ways, goals: list[str], raw: str) -> Iterator[Launch]:
    """Yield what making these targets starts, and all that they need."""
    found: list[list[Launch]] = []
    for made in ways.made:
        launches: list[Launch] = []
        done: set[str] = set()
        for goal in goals or [made.goal]:
            launches += _made(goal, made, ways.place, done, {})
        found.append(launches)
    plain = [[_plain(one, ways) for one in launches] for launches in found]
    if all(launches == plain[0] for launches in plain):
        yield from plain[0]
    else:
        yield from (one for launches in found for one in launches)
    for goal in goals:
        if not any(goal in made.rules or _pattern(goal, made) for made in ways.made):
            why = f"{ways.place.path} has no target {goal}"
            yield ways.place.launch(Status.MISSING, why, raw, certain=False)


def _arm(place: Place, key: str) -> str:
    return f"{place.path}:{place.line}:{key}"


def _plain(launch: Launch, ways: Ways) -> Launch:
    """Return the launch without the arms of the makefile's own conditionals."""
    own = {_arm(ways.place, key) for made in ways.made for key in made.arms}
    return replace(launch, arms=tuple(arm for arm in launch.arms if arm[0] not in own))


def _made(
    target: str,
    made: Makefile,
    place: Place,
    done: set[str],
    inherited: Mapping[str, Variable],
) -> Iterator[Launch]:
    """Make the needs of a target, then itself."""
    pending: list[tuple[str, Mapping[str, Variable], bool]] = [(target, inherited, False)]
    while pending:
        name, variables, ready = pending.pop()
        found = _rule(name, made)
        if found is None or (name in done and not ready):
            continue
        rule, stem = found
        own = {**variables, **rule.variables}
        if not ready:
            done.add(name)
            pending.append((name, variables, True))
            needs = [need.replace("%", stem) for need in rule.needs]
            pending += [(need, own, False) for need in reversed(needs)]
            continue
        for recipe in _lines(rule, made):
            for start in _recipe_starts(recipe, rule, made, place, name=name, stem=stem, own=own):
                yield start.launch


def _rule(name: str, made: Makefile) -> tuple[Rule, str] | None:
    rule = made.rules.get(name)
    return (rule, "") if rule is not None else _pattern(name, made)


def _pattern(name: str, made: Makefile) -> tuple[Rule, str] | None:
    for target, rule in made.rules.items():
        before, percent, after = target.partition("%")
        fits = percent and name.startswith(before) and name.endswith(after)
        if fits and len(name) > len(before) + len(after):
            return rule, name[len(before) : len(name) - len(after)]
    return None


def _lines(rule: Rule, made: Makefile) -> list[Recipe]:
    if not made.oneshell or not rule.recipe:
        return rule.recipe
    first = rule.recipe[0]
    return [replace(first, text="\n".join(line.text for line in rule.recipe))]


def _recipe_starts(
    recipe: Recipe,
    rule: Rule,
    made: Makefile,
    place: Place,
    *,
    name: str = "",
    stem: str = "",
    own: Mapping[str, Variable] | None = None,
) -> Iterator[Start]:
    """Yield what one line of a recipe starts; each line has a shell of its own."""
    name = name or rule.target
    opaque = Opaque()
    if "%" in name:
        name, stem = opaque.hide("$@"), opaque.hide("$*")
    needs = [need.replace("%", stem) for need in rule.needs]
    automatic = {"@": name, "*": stem, "<": needs[0] if needs else "", "^": " ".join(needs)}
    variables = {**made.variables, **(own if own is not None else rule.variables)}
    expansion = Expansion(variables, automatic, opaque)
    code = expansion.expand(recipe.text.replace("\\\n\t", "\\\n"))
    raw = _bare(joined(recipe.text)).strip()
    if made.fault:
        if "streamlit" in code:
            why = f"line {made.fault} begins with blanks in place of a tab, which make refuses"
            there = place.but(path=recipe.path, line=recipe.line)
            yield Start(recipe.line, raw, there.launch(Status.BROKEN, why, raw))
        return
    marks = dict(place.variables).get(_MARK) or ""
    mark = f"{recipe.path}:{recipe.line}\n"
    if mark in marks:
        return  # make would call itself for ever
    environment = {**_environment(made, variables, place), _MARK: marks + mark}
    arms = tuple((_arm(place, key), arm) for key, arm in made.arms.items())
    inner = place.but(
        path=recipe.path,
        line=recipe.line,
        variables=tuple(environment.items()),
        given=place.given | opaque.given,
        arms=place.arms + arms,
    )
    for line in [code] if made.oneshell else _shell_lines(code):
        launches = opaque.shown(code_launches(_bare(line), inner))
        yield from starts(recipe.line, raw, (unless(one, expansion.used) for one in launches))


def _shell_lines(code: str) -> list[str]:
    return re.split(r"(?<!\\)\n", code)  # a `define` may hold several


def _bare(line: str) -> str:
    return line.lstrip("@-+ \t")


def _environment(
    made: Makefile, variables: Mapping[str, Variable], place: Place
) -> dict[str, Word]:
    found: dict[str, Word] = dict(place.variables)
    fixed = {name for name, variable in variables.items() if variable.fixed}
    names = set(variables) if made.exported is None else made.exported | fixed | set(found)
    for name in names & set(variables):
        value = Expansion(variables).expand(variables[name].value)
        found[name] = None if "${" in value else value
    found["CURDIR"] = place.cwd
    return found
