"""Says whether the failure of a command in a script becomes the failure of the script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.languages.shell.state import STATEMENTS, Shell, source_of, walk

if TYPE_CHECKING:
    from tree_sitter import Node

_CONDITIONS = frozenset({"if_statement", "while_statement", "elif_clause"})
_SEQUENCES = frozenset(
    {"program", "compound_statement", "subshell", "do_group", "else_clause", "elif_clause"}
    | {"case_item", "if_statement", "while_statement", "command_substitution"}
)
_MOST_CALLS = 5
_LONGEST = 60  # characters of code that people are shown


class Script:
    """One script, and the shell options it runs under.

    Args:
        root: its syntax tree.
        flags: options its shell was started with.
    """

    def __init__(self, root: Node, flags: str) -> None:
        self.root = root
        words = flags.split()
        self.errexit = any(_short(word, "e") for word in words) or "errexit" in words
        self.pipefail = "pipefail" in words
        self.shell = Shell(None)
        self.settings = self._settings()
        self.trap = self._trap()
        self.functions = {
            source_of(name): node
            for node in walk(root)
            if node.type == "function_definition"
            and (name := node.child_by_field_name("name")) is not None
        }

    def hidden(self, command: Node, depth: int = 0) -> str:
        """Say in words how the command's failure is hidden; "" when the script fails with it."""
        if self.trap:
            return self.trap
        if depth > _MOST_CALLS:
            return "cannot tell: functions that call each other"
        try:
            return self._climb(command, depth)
        except RecursionError:
            return "cannot tell: nested too deeply"

    def _climb(self, command: Node, depth: int) -> str:
        """Carry the failure from statement to statement around it, up to the script's end."""
        immune = negated = False
        node = command
        while (parent := node.parent) is not None:
            kind = parent.type
            if kind == "pipeline":
                if not _is_last(node, parent) and not self._option("pipefail", node):
                    return "the status of the pipe is that of its last command (no pipefail)"
            elif kind == "negated_command":
                negated = immune = True
            elif kind == "list":
                found = self._in_list(node, parent)
                if found is not None:
                    return found
                # `set -e` overlooks every command of a && b && c but the last.
                immune = immune or (_operator(parent) == "&&" and not _is_last(node, parent))
            elif kind == "function_definition":
                return self._calls(parent, depth)
            elif kind == "command_substitution":
                holder = parent.parent
                if holder is not None and holder.type == "string":
                    holder = holder.parent
                plain = holder is not None and holder.type == "variable_assignment"
                above = holder.parent if holder is not None and plain else None
                if above is None or above.type == "declaration_command":
                    return "its status is lost in `$(...)`"
            elif kind in _SEQUENCES:
                found = self._in_sequence(node, parent, immune=immune, negated=negated, depth=depth)
                if found is not None:
                    return found
            node = parent
        return ""

    def fails(self, node: Node | None, *, first: bool) -> bool:
        """Say whether a statement surely ends with a failure.

        Args:
            node: the statement.
            first: whether it runs straight after the failure, so that `$?` still is it.
        """
        if node is None:
            return False
        kind = node.type
        if kind == "command":
            return self._command_fails(node, first=first)
        parts = [child for child in node.children if child.type in STATEMENTS]
        if kind == "list":
            operator = _operator(node)
            left, right = self.fails(parts[0], first=first), self.fails(parts[-1], first=False)
            if operator == "&&":
                return left or right
            return left and (right or _exits(parts[0]))
        if kind in {"compound_statement", "subshell", "redirected_statement", "else_clause"}:
            return self._sequence_fails(parts, first=first)
        if kind == "if_statement":
            return self._if_fails(node)
        return False

    def _leaves(self, node: Node) -> bool:
        """Say whether the statement ends the script, itself or by a function of the script."""
        if node.type == "command":
            called = self.functions.get(source_of(node).split()[0])
            body = called.child_by_field_name("body") if called is not None else None
            return _exits(node) or (body is not None and "exit" in source_of(body).split())
        return _exits(node)

    def _sequence_fails(self, parts: list[Node], *, first: bool) -> bool:
        for n, part in enumerate(parts):
            if self.fails(part, first=first and n == 0):
                if n == len(parts) - 1 or _exits(part):
                    return True
            elif _exits(part):
                return False
        return False

    def _command_fails(self, node: Node, *, first: bool) -> bool:
        words = self.shell.words(node)
        name = words[0] if words else None
        if name in {"exit", "return"}:
            if len(words) == 1:
                return first
            if words[1] is None:
                return first and source_of(node).split()[-1].strip("\"'") == "$?"
            return words[1].isdigit() and int(words[1]) % 256 != 0
        if name == "false":
            return True
        if name in self.functions:
            return self.fails(self.functions[name].child_by_field_name("body"), first=False)
        return False

    def _if_fails(self, node: Node) -> bool:
        has_else = False
        bodies: list[list[Node]] = [[]]
        into = False
        for child in node.children:
            if child.type == "then":
                into = True
            elif child.type in {"elif_clause", "else_clause"}:
                has_else = has_else or child.type == "else_clause"
                parts = [c for c in child.children if c.type in STATEMENTS]
                bodies.append(parts if child.type == "else_clause" else parts[1:])
            elif into and child.type in STATEMENTS:
                bodies[0].append(child)
        return has_else and all(self._sequence_fails(body, first=False) for body in bodies)

    def _in_list(self, node: Node, parent: Node) -> str | None:
        """Judge a place in a list: None when the list fails with it, "" when the script ends."""
        if _operator(parent) == "&&" or _is_last(node, parent):
            return None
        other = [child for child in parent.children if child.type in STATEMENTS][-1]
        if not self.fails(other, first=True):
            return f"`|| {_cut(source_of(other))}` takes its place"
        return "" if self._leaves(other) else None

    def _in_sequence(
        self, node: Node, parent: Node, *, immune: bool, negated: bool, depth: int
    ) -> str | None:
        """Judge a place among statements: None when they fail with it, "" when all is well."""
        if _is_condition(node, parent):
            return self._condition(parent, negated=negated)
        following = _following(node, parent)
        if following and following[0].type == "&":
            return "it runs in the background"
        after = [child for child in following if child.type in STATEMENTS]
        if after and self._checks_status(after[0]):
            return ""
        stops = self._option("errexit", node) and not immune
        if stops:
            around = _function_around(node)
            return self._calls(around, depth) if around is not None else ""
        if after:
            return f"`{_cut(source_of(after[0]))}` follows whatever happens (no `set -e`, no `&&`)"
        if negated:
            return "`!` turns its failure into success"
        if parent.type == "do_group":
            return "only the loop's last round counts (no `set -e`)"
        return None

    def _condition(self, parent: Node, *, negated: bool) -> str:
        if parent.type == "while_statement":
            until = parent.children[0].type == "until"
            return "" if until or negated else "the loop ends and the script goes on"
        if negated:
            seen, body = False, []
            for child in parent.children:
                if child.type == "then":
                    seen = True
                elif seen and child.type in STATEMENTS:
                    body.append(child)
        else:
            clauses = [child for child in parent.children if child.type == "else_clause"]
            body = [c for clause in clauses for c in clause.children if c.type in STATEMENTS]
            if not clauses and self._checks_after(parent):
                return ""
        if self._sequence_fails(body, first=False):
            return ""
        return "the `if` around it goes on when it failed"

    def _checks_after(self, statement: Node) -> bool:
        """Say whether `if install; then exit 0; fi` is followed by what handles the failure."""
        around = statement.parent
        if around is None:
            return False
        after = [c for c in _following(statement, around) if c.type in STATEMENTS]
        return self._sequence_fails(after, first=False)

    def _checks_status(self, node: Node) -> bool:
        """Say whether the next statement looks at `$?` and ends the script for a failure."""
        if node.type == "if_statement":
            head = source_of(node).split("then", 1)[0]
            bodies = [child for child in node.children if child.type in STATEMENTS][1:]
            return "$?" in head and self._sequence_fails(bodies, first=False)
        if node.type == "list":
            parts = [child for child in node.children if child.type in STATEMENTS]
            return "$?" in source_of(parts[0]) and self.fails(parts[-1], first=False)
        return node.type == "command" and self._command_fails(node, first=True)

    def _calls(self, function: Node, depth: int) -> str:
        name = function.child_by_field_name("name")
        if name is None:
            return ""
        for node in walk(self.root):
            if node.type == "command" and self.shell.words(node)[:1] == [source_of(name)]:
                found = self.hidden(node, depth + 1)
                if found:
                    return found
        return ""

    def _settings(self) -> list[tuple[int, str, bool]]:
        found = []
        for node in walk(self.root):
            if node.type != "command":
                continue
            words = self.shell.words(node)
            if words[:1] != ["set"]:
                continue
            for n, word in enumerate(words[1:], 1):
                if word is None or word == "--":
                    break
                on = word.startswith("-")
                if _short(word.replace("+", "-"), "e"):
                    found.append((node.start_byte, "errexit", on))
                if word in {"errexit", "pipefail"}:
                    found.append((node.start_byte, word, (words[n - 1] or "").startswith("-")))
        return found

    def _option(self, name: str, node: Node) -> bool:
        on = self.errexit if name == "errexit" else self.pipefail
        for place, option, setting in self.settings:
            if option == name and place < node.start_byte:
                on = setting
        return on

    def _trap(self) -> str:
        for node in walk(self.root):
            if node.type == "command":
                words = self.shell.words(node)
                if words[:1] == ["trap"] and words[2:] and "exit 0" in (words[1] or ""):
                    return f"`{_cut(source_of(node))}` makes the script succeed"
        return ""


def _short(word: str, letter: str) -> bool:
    return word.startswith("-") and not word.startswith("--") and letter in word[1:]


def _operator(node: Node) -> str:
    return next((child.type for child in node.children if child.type in {"&&", "||"}), "&&")


def _is_last(node: Node, parent: Node) -> bool:
    parts = [child for child in parent.children if child.type in STATEMENTS]
    return bool(parts) and parts[-1].id == node.id


def _following(node: Node, parent: Node) -> list[Node]:
    ids = [child.id for child in parent.children]
    rest = parent.children[ids.index(node.id) + 1 :]
    for n, child in enumerate(rest):  # what belongs to the same branch
        if child.type in {"elif_clause", "else_clause", "fi", "done", "esac", ";;"}:
            return rest[:n]
    return rest


def _is_condition(node: Node, parent: Node) -> bool:
    if parent.type not in _CONDITIONS:
        return False
    for child in parent.children:
        if child.id == node.id:
            return True
        if child.type in {"then", "do_group"}:
            return False
    return False


def _function_around(node: Node) -> Node | None:
    parent = node.parent
    while parent is not None and parent.type != "function_definition":
        parent = parent.parent
    return parent


def _exits(node: Node) -> bool:
    """Say whether the statement leaves the script or function, whatever its status."""
    if node.type == "command":
        return source_of(node).split()[:1] in (["exit"], ["return"])
    parts = [child for child in node.children if child.type in STATEMENTS]
    if node.type in {"compound_statement", "redirected_statement"}:
        return any(map(_exits, parts))
    if node.type == "list" and _operator(node) == "&&":
        return _exits(parts[0])
    return False


def _cut(code: str) -> str:
    text = " ".join(code.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
