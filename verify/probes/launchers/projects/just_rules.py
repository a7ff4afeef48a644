"""Reads a justfile: its settings, its variables and its recipes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from verify.probes.languages.command import Word

_MOST_LINES = 20_000
_LONGEST = 5_000  # characters of a line that begins a recipe or sets a variable
_DEEPEST = 20  # variables that name variables, and expressions in expressions

_SETTING = re.compile(r"set[ \t]+([\w-]+)(?:[ \t]*:=[ \t]*(.*))?")
_ALIAS = re.compile(r"alias[ \t]+([\w-]+)[ \t]*:=[ \t]*([\w:-]+)")
_IMPORT = re.compile(r"""import\??[ \t]+["']([^"']+)["']""")
_VARIABLE = re.compile(r"(export[ \t]+)?([A-Za-z_][\w-]*)[ \t]*:=[ \t]*(.*)")
_HEADER = re.compile(r"@?([A-Za-z_][\w-]*)((?:[ \t]+[^:]*?)?)[ \t]*:(?!=)(.*)")
_PARAMETER = re.compile(
    r"""([*+]?)(\$?)([A-Za-z_][\w-]*)(?:=("(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|\([^()]*\)|[^\s]+))?"""
)
_DEPENDENCY = re.compile(
    r"""\(([\w:-]+)((?:[^()"']|"(?:\\.|[^"\\])*"|'[^']*'|\([^()]*\))*)\)|([\w:-]+)"""
)
_TOKEN = re.compile(
    r"""\s*("(?:\\.|[^"\\])*"|'[^']*'|`[^`]*`|==|!=|=~|[A-Za-z_][\w-]*|[+/(),{}])"""
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\n": ""}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a recipe.

    Args:
        name: its name.
        default: its default as an expression, "" for none.
        many: whether it takes all that is left.
        exported: whether the commands find it in their environment.
    """

    name: str
    default: str = ""
    many: str = ""
    exported: bool = False


@dataclass(slots=True)
class Recipe:
    """One recipe.

    Args:
        name: its name.
        line: 1-based.
        parameters: in order.
        needs: the recipes that run with it, each with its arguments as written.
        body: its lines, each with its number.
        attributes: what stands in brackets above it.
    """

    name: str
    line: int
    parameters: list[Parameter] = field(default_factory=list)
    needs: list[tuple[str, str]] = field(default_factory=list)
    body: list[tuple[int, str]] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Justfile:
    """What a justfile holds; expressions stand as written."""

    settings: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)

    def recipe(self, name: str) -> Recipe | None:
        """Return a recipe by its name or an alias; the first one for ""."""
        if not name:
            return next(iter(self.recipes.values()), None)
        return self.recipes.get(self.aliases.get(name, name))


def read(text: str) -> Justfile:
    """Return what a justfile holds."""
    found = Justfile()
    current: Recipe | None = None
    attributes: list[str] = []
    lines = text.splitlines()[:_MOST_LINES]
    for number, line in enumerate(lines, 1):
        if line[:1] in {" ", "\t"}:
            if current is not None:
                current.body.append((number, line))
            continue
        bare = line.strip()
        if not bare or bare.startswith("#"):
            if current is not None and not bare:
                current.body.append((number, ""))
            continue
        if bare.startswith("[") and bare.endswith("]"):
            attributes.append(bare[1:-1])
            continue
        current = _item(found, number, bare)
        if current is not None:
            current.attributes = attributes
        attributes = []
    return found


def _item(found: Justfile, number: int, line: str) -> Recipe | None:
    """Take over one line that is not indented; return the recipe that it begins."""
    if len(line) > _LONGEST:
        return None
    setting, alias, other = _SETTING.fullmatch(line), _ALIAS.match(line), _IMPORT.match(line)
    variable, header = _VARIABLE.match(line), _HEADER.fullmatch(line)
    if setting is not None and line.startswith("set "):
        found.settings[setting[1]] = setting[2] or "true"
    elif alias is not None:
        found.aliases[alias[1]] = alias[2]
    elif other is not None:
        found.imports.append(other[1])
    elif variable is not None:
        found.variables[variable[2]] = variable[3]
        if variable[1]:
            found.exported.add(variable[2])
    elif header is not None or (header := _header(line)) is not None:
        recipe = Recipe(header[1], number)
        recipe.parameters = [
            Parameter(one[3], one[4] or "", one[1], bool(one[2]))
            for one in _PARAMETER.finditer(header[2])
        ]
        recipe.needs = [
            (one[1] or one[3], one[2] or "")
            for one in _DEPENDENCY.finditer(header[3].partition("#")[0])
        ]
        found.recipes[recipe.name] = recipe
        return recipe
    return None


def _header(line: str) -> re.Match[str] | None:
    """Return the parts of a recipe's first line whose defaults hold colons."""
    quoted = r"""(?:[^:"']|"(?:\\.|[^"\\])*"|'[^']*')*"""
    return re.fullmatch(rf"@?([A-Za-z_][\w-]*)((?:[ \t]{quoted})?):(?!=)(.*)", line)


@dataclass(slots=True)
class Scope:
    """Evaluates expressions.

    Args:
        variables: expressions by name.
        values: values that are known already; None for what only the run tells.
        environment: gives a variable of the environment, "" for none and None for unknown.
        folder: the justfile's folder.
        used: what may be set to something else, with the value it was taken for.
    """

    variables: Mapping[str, str]
    values: dict[str, Word]
    environment: Callable[[str], Word]
    folder: Word
    used: dict[str, str] = field(default_factory=dict)

    def value(self, text: str, depth: int = 0) -> Word:
        """Return what an expression comes to, None when that cannot be told."""
        tokens = [found[1] for found in _TOKEN.finditer(text.partition(" #")[0])]
        found, rest = self._sum(tokens[:200], depth)
        return None if rest and rest[0] not in {",", ")", "}", "{", "==", "!="} else found

    def _sum(self, tokens: list[str], depth: int) -> tuple[Word, list[str]]:
        found, rest = self._one(tokens, depth)
        while rest and rest[0] in {"+", "/"}:
            operator = rest[0]
            other, rest = self._one(rest[1:], depth)
            if found is None or other is None:
                found = None
            else:
                found = found + other if operator == "+" else f"{found.rstrip('/')}/{other}"
        return found, rest

    def _one(self, tokens: list[str], depth: int) -> tuple[Word, list[str]]:
        if not tokens or depth > _DEEPEST:
            return None, []
        first, rest = tokens[0], tokens[1:]
        if first[:1] == '"':
            return re.sub(r"\\(.)", lambda e: _ESCAPES.get(e[1], e[1]), first[1:-1]), rest
        if first[:1] == "'":
            return first[1:-1], rest
        if first[:1] == "`":
            return None, rest
        if first == "(":
            found, rest = self._sum(rest, depth + 1)
            return found, rest[1:]
        if first == "if":
            return self._if(rest, depth)
        if rest[:1] == ["("]:
            return self._call(first, rest[1:], depth)
        return self._named(first, depth), rest

    def _named(self, name: str, depth: int) -> Word:
        if name in self.values:
            return self.values[name]
        if name not in self.variables:
            return None
        if name not in self.values:
            self.values[name] = None  # a variable that names itself
            self.values[name] = self.value(self.variables[name], depth + 1)
        return self.values[name]

    def _call(self, name: str, tokens: list[str], depth: int) -> tuple[Word, list[str]]:
        arguments: list[Word] = []
        rest = tokens
        while rest and rest[0] != ")":
            found, after = self._sum(rest, depth + 1)
            arguments.append(found)
            rest = after[1:] if after[:1] == [","] else after
            if after[:1] not in ([","], [")"]):
                return None, []
        return self._result(name, arguments), rest[1:]

    def _result(self, name: str, arguments: list[Word]) -> Word:
        if name in {"justfile_directory", "source_directory", "justfile_dir", "source_dir"}:
            return self.folder
        if name in {"env", "env_var", "env_var_or_default"} and arguments and arguments[0]:
            known = self.environment(arguments[0])
            if known == "" and len(arguments) > 1:
                known = arguments[1]
                self.used[arguments[0]] = known or ""
            return known or None
        if name in {"trim", "quote", "clean"} and arguments:
            return arguments[0]
        return None

    def _if(self, tokens: list[str], depth: int) -> tuple[Word, list[str]]:
        one, rest = self._sum(tokens, depth + 1)
        operator = rest[0] if rest else ""
        other, rest = self._sum(rest[1:], depth + 1)
        yes, rest = self._sum(rest[1:], depth + 1)
        no, rest = self._sum(rest[3:], depth + 1)
        if one is None or other is None or operator not in {"==", "!="}:
            return (yes if yes == no else None), rest[1:]
        return (yes if (one == other) is (operator == "==") else no), rest[1:]
