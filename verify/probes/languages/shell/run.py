"""Follows a shell script to the commands it would run, without running any."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from verify.probes.languages.command import Command, cut_off
from verify.probes.languages.shell import builtins as shell_builtins
from verify.probes.languages.shell.branches import OPEN
from verify.probes.languages.shell.conditions import answer, answer_words, default, fits, opposite
from verify.probes.languages.shell.output import printed
from verify.probes.languages.shell.state import STATEMENTS, Status, line_of, parse, source_of
from verify.probes.languages.shell.states import collapsed, content, settled, used_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tree_sitter import Node

    from verify.probes.languages.command import Arms, Word
    from verify.probes.languages.shell.state import Shell

    States = list[Shell]

_DEEPEST = 40  # statements in statements
_MOST_STEPS = 10_000  # statements that are run, each once for every state
_MOST_ROUNDS = 16  # of a loop that are followed one by one
_OPTIONS = re.compile(r"\$#|\$\{?1|getopts")  # a loop over the arguments


def commands(code: str, shell: Shell) -> Iterator[Command]:
    """Yield the commands of the script in order, from every branch that is not plainly dead."""
    return iter(_Run(parse(code)).whole(shell))


class _Run:
    """One run of a script.

    Every method takes the states that come to a statement, returns those that leave it, and adds
    the commands to `found`.

    Args:
        root: the script's syntax tree.
    """

    def __init__(self, root: Node) -> None:
        self.root = root
        self.found: list[Command] = []
        self.taken: dict[str, set[int]] = {}
        self.visits: dict[int, int] = {}
        self.steps = 0

    @cached_property
    def used(self) -> frozenset[str]:
        return used_names(self.root)

    def whole(self, shell: Shell) -> list[Command]:
        """Run the script in this shell, which is left as the script leaves it."""
        shell.substitute = self.output
        for name in shell.variables:
            shell.origins.setdefault(name, frozenset({""}))  # whoever starts it can set it, too
        cwd = shell.cwd
        self.sequence(self.root.children, [shell], 0)
        if self.steps > _MOST_STEPS:
            self.found += cut_off(source_of(self.root), cwd)
        return self.found

    def sequence(self, nodes: list[Node], states: States, depth: int) -> States:
        """Run one statement after the other; states that ended stay as they are."""
        for n, node in enumerate(nodes):
            if node.type not in STATEMENTS:
                continue
            live = [state for state in states if not state.ended]
            if not live:
                break
            over = [state for state in states if state.ended not in {"", "exit"}]
            if n + 1 < len(nodes) and nodes[n + 1].type == "&":
                self.apart([node], live, depth)
            else:
                live = self.run(node, live, depth + 1)
            states = [*over, *live]
        return states

    def run(self, node: Node, states: States, depth: int) -> States:
        """Run one statement."""
        self.steps += len(states)
        if depth > _DEEPEST or self.steps > _MOST_STEPS:
            return states
        kind = node.type
        one = _STATEMENTS.get(kind)
        if one is not None:
            return one(self, node, states, depth)
        if kind in {"variable_assignment", "variable_assignments", "declaration_command"}:
            for state in states:
                for child in (node,) if kind == "variable_assignment" else node.children:
                    if child.type == "variable_assignment":
                        state.assign(child)
                state.status = Status.YES
            return states
        return self.sequence(node.children, states, depth)  # { ...; }

    def test(self, node: Node, states: States, _depth: int) -> States:
        """Run `[ ... ]`."""
        for state in states:
            state.status = answer(node, state)
        return states

    def negated(self, node: Node, states: States, depth: int) -> States:
        """Run `! command`."""
        states = self.sequence(node.children, states, depth)
        for state in states:
            state.status = opposite(state.status)
        return states

    def define(self, node: Node, states: States, _depth: int) -> States:
        """Take over a function."""
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            for state in states:
                state.functions[source_of(name)] = body
        return states

    def apart(self, nodes: list[Node], states: States, depth: int) -> States:
        """Run in a subshell, which leaves nothing behind but its commands."""
        inner = [state.copy() for state in states]
        after = self.sequence(nodes, inner, depth + 1)
        answers = {state.status for state in after}
        for state in states:
            state.status = answers.pop() if len(answers) == 1 else Status.EITHER
            answers = {state.status}
        return states

    def pipeline(self, node: Node, states: States, depth: int) -> States:
        """Run each part of a pipeline for itself."""
        for part in node.children:
            if part.type in STATEMENTS:
                self.apart([part], states, depth)
        return states

    def subshell(self, node: Node, states: States, depth: int) -> States:
        """Run `( ... )`."""
        return self.apart(node.children, states, depth)

    def redirected(self, node: Node, states: States, depth: int) -> States:
        """Run a statement with redirections; a here-document may be a shell's script."""
        states = self.sequence(node.children, states, depth)
        for document in (one for one in node.children if one.type == "heredoc_redirect"):
            fed = node.children[0]
            for part in document.children:  # cat <<EOF | bash, cat <<EOF && next
                if part.type == "pipeline":
                    fed = next((c for c in part.children if c.type in STATEMENTS), fed)
                elif part.type in STATEMENTS:
                    states = self.sequence([part], states, depth)
            body = next((c for c in document.children if c.type == "heredoc_body"), None)
            if body is not None and fed.type == "command":
                self.emit(fed, states, partial(_fed, fed, body))
        return states

    def listed(self, node: Node, states: States, depth: int) -> States:
        """Run `a && b || c`; what plainly never runs is left out."""
        parts: list[tuple[str, Node]] = []
        while node.type == "list":
            inner = [child for child in node.children if child.type in STATEMENTS]
            operator = next((c.type for c in node.children if c.type in {"&&", "||"}), "&&")
            if len(inner) != 2:  # noqa: PLR2004 - what is not shell
                return self.sequence(node.children, states, depth)
            parts.append((operator, inner[1]))
            node = inner[0]
        start = len(self.found)
        states = self.run(node, states, depth + 1)
        for operator, part in reversed(parts):
            moves = source_of(node).startswith(("cd ", "pushd "))
            bodies = (source_of(part), "") if operator == "&&" else ("", source_of(part))
            if node.type == "test_command" and len(parts) == 1:
                for state in states:
                    found, name = default(source_of(node), *bodies, state)
                    if name:
                        state.status = found
                        states = self.then(operator, part, states, depth, start, moves=False)
                        _assumed(states, source_of(part), name)
                        return states
            states = self.then(operator, part, states, depth, start, moves=moves)
            node = part
        return states

    def then(
        self, operator: str, part: Node, states: States, depth: int, start: int, *, moves: bool
    ) -> States:
        """Run what follows `&&` or `||`.

        Args:
            operator: which of the two.
            part: what follows it.
            states: those behind what it follows.
            depth: of the list.
            start: the first command of the list.
            moves: whether it follows a `cd`.
        """
        name = self.branching(part)
        likely = operator == "||" and any(one.status is Status.LIKELY for one in states)
        surely, never = (Status.YES, Status.NO) if operator == "&&" else (Status.NO, Status.YES)
        kept: States = []
        going: States = []
        for state in states:
            if state.ended or state.status is never:
                kept.append(state)
            elif state.status is surely or (operator == "&&" and state.status is Status.LIKELY):
                going.append(state)
            else:
                kept.append(self.arm(state.copy(), name, 0, never))
                going.append(self.arm(state, name, 1, surely))
                if moves and operator == "||":  # it did not come there
                    state.cwd = state.variables.get("OLDPWD")
        before = len(self.found)
        after = self.run(part, going, depth + 1) if going else []
        if likely and len(self.found) > before:
            # What runs only when the other failed does not run beside it.
            for n in range(start, before):
                self.found[n] = _in_arm(self.found[n], name, 0)
        return self.settle([*kept, *after], name)

    def conditional(self, node: Node, states: States, depth: int) -> States:
        """Run `if ... elif ... else ... fi`."""
        name = self.branching(node)
        clauses, other = _clauses(node)
        stands_in = ""
        left: States = []
        rest = [state.copy() for state in states]
        for n, (condition, body) in enumerate(clauses):
            rest = self.sequence(condition, rest, depth)
            into: States = []
            remaining: States = []
            for state in rest:
                if len(clauses) == 1 and state.status is Status.EITHER:
                    asked = _text(condition), _text(body), _text(other)
                    state.status, stands_in = default(*asked, state)
                if state.ended:
                    left.append(state)
                elif state.status is Status.YES:
                    into.append(self.arm(state, name, n))
                elif state.status is Status.NO:
                    remaining.append(state)
                else:
                    into.append(self.arm(state.copy(), name, n))
                    remaining.append(state)
            left += self.sequence(body, into, depth) if into else []
            rest = remaining
        rest = [self.arm(state, name, len(clauses)) for state in rest]
        left += self.sequence(other, rest, depth)
        if stands_in:
            _assumed(left, f"{_text(clauses[0][1])} {_text(other)}", stands_in)
        return self.settle(left, name)

    def case(self, node: Node, states: States, depth: int) -> States:
        """Run `case ... in ... esac`."""
        name = self.branching(node)
        subject = node.child_by_field_name("value")
        left: States = []
        rest = [(state, state.sure(subject) if subject is not None else None) for state in states]
        items = [child for child in node.children if child.type == "case_item"]
        for n, item in enumerate(items):
            patterns = item.children_by_field_name("value")
            into: States = []
            remaining: list[tuple[Shell, Word]] = []
            for state, value in rest:
                found = [fits(value, pattern, state) for pattern in patterns]
                if Status.YES in found:
                    into.append(self.arm(state, name, n))
                elif Status.EITHER in found:
                    into.append(self.arm(state.copy(), name, n))
                    remaining.append((state, value))
                else:
                    remaining.append((state, value))
            held = {pattern.id for pattern in patterns}
            body = [child for child in item.children if child.id not in held]
            left += self.sequence(body, into, depth) if into else []
            rest = remaining
        left += [self.arm(state, name, len(items)) for state, _ in rest]
        return self.settle(left, name)

    def loop(self, node: Node, states: States, depth: int) -> States:
        """Run `while` or `until`, as often as its condition is known to hold."""
        head = [child for child in node.children if child.type in STATEMENTS]
        body = [c for group in node.children if group.type == "do_group" for c in group.children]
        until = bool(node.children) and node.children[0].type == "until"
        never, surely = (Status.YES, Status.NO) if until else (Status.NO, Status.YES)
        left: States = []
        for _ in range(_MOST_ROUNDS):
            name = self.branching(node)
            states = self.sequence(head, states, depth)
            left += [one for one in states if one.ended or one.status is never]
            states = [one for one in states if not one.ended and one.status is not never]
            again = bool(states) and all(one.status is surely for one in states)
            at_first = [content(one) for one in states]
            doubtful = [one for one in states if one.status is not surely]
            left += [self.arm(one.copy(), name, 0) for one in doubtful]
            states = [self.arm(one, name, 1) if one in doubtful else one for one in states]
            before = len(self.found)
            states = self.sequence(body, states, depth)
            self.untangle(before, name)
            if doubtful and _OPTIONS.search("".join(map(source_of, head))):
                states = _without_options(left, states)
            left += [one for one in states if one.ended or not again]
            states = [one for one in states if not one.ended]
            self.settle([], name)
            if not again or at_first == [content(one) for one in states]:
                left += states if again else []
                break
        else:
            left += states
        return self.settle(_after_loop(left))

    def untangle(self, before: int, name: str) -> None:
        """Take a loop's arm from its commands: they run, and what follows runs, too."""
        for n in range(before, len(self.found)):
            arms = tuple(one for one in self.found[n].arms if one[0] != name)
            self.found[n] = replace(self.found[n], arms=arms)

    def each(self, node: Node, states: States, depth: int) -> States:
        """Run `for NAME in WORDS` once for each word."""
        variable = next((c for c in node.children if c.type == "variable_name"), None)
        body = [c for group in node.children if group.type == "do_group" for c in group.children]
        if variable is None:
            return self.settle(_after_loop(self.sequence(body, states, depth)))
        name = source_of(variable)
        values = [c for c in node.children if c.is_named and c.type not in {"do_group", "comment"}]
        given = any(child.type == "in" for child in node.children)
        words = [_words_of(values[1:], one) if given else list(one.arguments) for one in states]
        same = words[0] if all(each == words[0] for each in words) else [None]
        if len(same) > _MOST_ROUNDS:
            same = [None]
        for value in same:
            if self.steps > _MOST_STEPS:
                break  # loops in loops would go on doing nothing
            for state in states:
                state.set(name, value)
            states = self.settle(_after_loop(self.sequence(body, states, depth)))
        return states

    def counted(self, node: Node, states: States, depth: int) -> States:
        """Run `for ((...))` once."""
        body = [c for group in node.children if group.type == "do_group" for c in group.children]
        return self.settle(_after_loop(self.sequence(body, states, depth)))

    def command(self, node: Node, states: States, depth: int) -> States:
        """Run a plain command: a builtin, a function of the script, or a program."""
        after: States = []
        calls: dict[int, States] = {}
        emitted: States = []
        bodies: dict[int, Node] = {}
        words_of: dict[int, list[Word]] = {}
        for state in states:
            state.met.clear()
            words = state.words(node)
            body = state.functions.get(words[0] or "") if words else None
            state.status = answer_words(node, words, state)
            if body is not None:
                state.frames = (*state.frames, (state.arguments, state.exact))
                state.arguments, state.exact = tuple(words[1:]), True
                calls.setdefault(body.id, []).append(state)
                bodies[body.id] = body
            elif not words:
                for child in node.children:
                    if child.type == "variable_assignment":
                        state.assign(child)
                after.append(state)
            elif shell_builtins.run(words, state, self.source):
                after.append(state)
            else:
                words_of[id(state)] = words
                emitted.append(state)
        for key, group in calls.items():
            called = [_returned(one) for one in self.run(bodies[key], group, depth + 1)]
            after += self.settle(called)
        self.emit(node, emitted, lambda state: words_of[id(state)])
        for state in emitted:
            words = words_of[id(state)]
            if words[0] == "exec" and len(words) > 1:
                state.ended = "exit"
        return [*after, *emitted]

    def emit(self, node: Node, states: States, words_of: Callable[[Shell], list[Word]]) -> None:
        """Add a command, once for each thing it may be."""
        ways: dict[Command, list[Arms]] = {}
        for state in states:
            words = words_of(state)
            if not words:
                continue
            own = state
            if any(child.type == "variable_assignment" for child in node.children):
                own = state.copy()
                for child in node.children:
                    if child.type == "variable_assignment":
                        own.assign(child)
            command = Command(
                tuple(words),
                state.cwd,
                line_of(node),
                source_of(node),
                tuple(own.variables.items()),
                assumed=tuple(sorted(filter(None, state.met))),
            )
            if len(states) == 1:
                self.found.append(replace(command, arms=state.arms))
                return
            ways.setdefault(command, []).append(state.arms)
        for command, arms in ways.items():
            self.found += [replace(command, arms=one) for one in collapsed(arms, self.taken)]

    def source(self, code: str, shell: Shell, path: str) -> None:
        """Take over what a sourced script sets; its commands are followed where it is called."""
        run = _Run(parse(code))
        run.steps = _MOST_STEPS * 3 // 4  # a script that sources itself comes to an end
        inner = shell.copy()
        inner.script, inner.depth = path, shell.depth + 5
        inner.substitute = run.output
        after = run.sequence(run.root.children, [inner], 0)
        last = settled([one for one in after if one.ended != "exit"], run.used, run.taken)
        if len(last) == 1:
            shell.variables, shell.arrays, shell.origins = (
                last[0].variables,
                last[0].arrays,
                last[0].origins,
            )
            shell.cwd = last[0].cwd
        for one in last[:1]:
            shell.functions = one.functions

    def output(self, node: Node, shell: Shell) -> Word:
        """Return what `$(...)` prints."""
        run = _Run(node)
        run.steps = self.steps
        inner = shell.copy()
        run.sequence(node.children, [inner], _DEEPEST - 8)
        self.steps = run.steps + 1
        last = run.found[-1:] if run.found else []
        return printed(last[0].words, last[0].cwd, shell) if last else None

    def branching(self, node: Node) -> str:
        """Return a name for this visit of a branching."""
        self.visits[node.start_byte] = visit = self.visits.get(node.start_byte, 0) + 1
        name = f"{node.start_byte}" if visit == 1 else f"{node.start_byte}.{visit}"
        self.taken[name] = {OPEN}
        return name

    def arm(self, state: Shell, name: str, arm: int, status: Status | None = None) -> Shell:
        """Return the state as it goes into an arm."""
        state.arms = (*state.arms, (name, arm))
        self.taken.setdefault(name, set()).add(arm)
        state.status = status or state.status
        return state

    def settle(self, states: States, name: str = "") -> States:
        """Put states together that no longer differ, `name` being the branching that ends here."""
        self.taken.get(name, set()).discard(OPEN)
        live = [state for state in states if state.ended != "exit"]
        if len(live) < 2:  # noqa: PLR2004 - then nobody has to know what is used
            return settled(live, frozenset(), self.taken)
        return settled(live, self.used, self.taken)


_STATEMENTS: dict[str, Callable[[_Run, Node, States, int], States]] = {
    "command": _Run.command,
    "test_command": _Run.test,
    "negated_command": _Run.negated,
    "function_definition": _Run.define,
    "pipeline": _Run.pipeline,
    "subshell": _Run.subshell,
    "redirected_statement": _Run.redirected,
    "list": _Run.listed,
    "if_statement": _Run.conditional,
    "case_statement": _Run.case,
    "while_statement": _Run.loop,
    "for_statement": _Run.each,
    "c_style_for_statement": _Run.counted,
}


def _clauses(node: Node) -> tuple[list[tuple[list[Node], list[Node]]], list[Node]]:
    """Return the (condition, body) of `if` and each `elif`, and what stands under `else`."""
    clauses: list[tuple[list[Node], list[Node]]] = []
    other: list[Node] = []
    own: tuple[list[Node], list[Node]] = ([], [])
    clauses.append(own)
    for holder in [node, *node.children]:
        if holder is not node and holder.type == "else_clause":
            other = holder.children
        elif holder is node or holder.type == "elif_clause":
            pair = own if holder is node else ([], [])
            if holder is not node:
                clauses.append(pair)
            into = pair[0]
            for child in holder.children:
                if child.type == "then":
                    into = pair[1]
                elif child.type not in {"elif_clause", "else_clause"}:
                    into.append(child)
    return clauses, other


def _text(nodes: list[Node]) -> str:
    return " ".join(source_of(node) for node in nodes if node.type in STATEMENTS)


def _assumed(states: States, code: str, name: str) -> None:
    """Say of every variable that the code sets that setting `name` would change it."""
    for state in states:
        for one in re.findall(r"\b([A-Za-z_]\w*)=", code):
            if one in state.variables:
                state.origins[one] = state.origins.get(one, frozenset()) | {name}


def _in_arm(command: Command, name: str, arm: int) -> Command:
    return replace(command, arms=(*command.arms, (name, arm)))


def _without_options(kept: States, states: States) -> States:
    """Leave out what a loop over unknown arguments sets: nothing is said about any."""
    first = kept[0] if kept else None
    if first is None or first.exact:
        return states
    for state in states:
        for name, value in state.variables.items():
            for one in kept:
                if one.variables.get(name) != value and name in one.variables:
                    one.origins[name] = one.origins.get(name, frozenset()) | {"1"}
    return []


def _after_loop(states: States) -> States:
    for state in states:
        if state.ended == "break":
            state.ended = ""
    return states


def _returned(state: Shell) -> Shell:
    """Return the state behind the function that was called."""
    if state.ended == "return":
        state.ended = ""
    (state.arguments, state.exact), state.frames = state.frames[-1], state.frames[:-1]
    return state


def _words_of(nodes: list[Node], shell: Shell) -> list[Word]:
    return [word for node in nodes for word in shell.expand(node)]


def _fed(command: Node, body: Node, shell: Shell) -> list[Word]:
    """Return the command that runs a here-document, none when it is only read."""
    words = shell.words(command)
    return shell_builtins.fed(words, source_of(body))
