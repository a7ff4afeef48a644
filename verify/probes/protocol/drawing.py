"""The tree of what a page has drawn, grown from Streamlit's deltas as the browser grows it.

Pure: messages go in, elements come out. The rules are those of Streamlit's own front end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from verify.probes.protocol import elements
from verify.probes.protocol.elements import Element
from verify.probes.protocol.protobuf import Message, ProtobufError

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOTS: Final = ("main", "sidebar", "event", "bottom")
"""What the first number of a delta path names."""

_DEEPEST: Final = 100  # numbers in a delta path; real pages stay below 20

# Field numbers of Streamlit's Delta, Block and Block.TabContainer.
_NEW_ELEMENT, _ADD_BLOCK = 3, 6
_TAB_CONTAINER, _TAB = 6, 7
_DEFAULT_INDEX, _ID = 1, 2
_BOOKKEEPING: Final = frozenset({8, 12, 14, 15, 16, 18})  # of Block: all but its type


@dataclass(slots=True)
class Node:
    """One place in the tree: an element, or a block with children.

    Args:
        message: the serialized Element or Block; empty for a root.
        run: the script run that drew it last.
        children: those of a block by their number; None for an element.
    """

    message: Message = field(default_factory=Message)
    run: str = ""
    children: dict[int, Node] | None = field(default_factory=dict)

    def __iter__(self) -> Iterator[Node]:
        """Yield the children in the order they are shown."""
        children = self.children or {}
        return iter([children[number] for number in sorted(children)])

    @property
    def type(self) -> int:
        """The field number that says which block it is; 0 for none."""
        return next((n for n in self.message.numbers if n not in _BOOKKEEPING), 0)

    def shows(self, run: str) -> bool:
        """Say whether this run drew anything directly inside."""
        return any(child.run == run for child in self)


@dataclass(frozen=True, slots=True)
class TabGroup:
    """One `st.tabs`.

    Args:
        node: its place in the tree.
        where: the labels of what it stands in, from the root inwards.
        inside: how many tab groups it stands in.
    """

    node: Node
    where: tuple[str, ...]
    inside: int

    @property
    def widget(self) -> str:
        """The id by which its tabs are opened; empty when all tabs are always drawn."""
        return self.node.message.message(_TAB_CONTAINER).text(_ID)

    @property
    def tabs(self) -> list[tuple[str, Node]]:
        """Its tabs in order, each with its label."""
        return [(elements.block_label(n.message)[1], n) for n in self.node if n.type == _TAB]

    @property
    def open(self) -> int:
        """The place of the tab that the last run held open."""
        return self.node.message.message(_TAB_CONTAINER).number(_DEFAULT_INDEX)

    def elements(self, tab: Node, label: str) -> tuple[Element, ...]:
        """Return what is visible in one of its tabs in order, nested blocks included."""
        return tuple(_elements(tab, (*self.where, label), tabs=True))


@dataclass(slots=True)
class Drawing:
    """What the page shows now."""

    roots: tuple[Node, ...] = field(default_factory=lambda: tuple(Node() for _ in ROOTS))

    def apply(self, path: list[int], delta: Message, run: str) -> None:
        """Draw one delta.

        Args:
            path: where; one that is not below a root is ignored, as the browser does.
            delta: the serialized Delta; those that draw nothing to read are ignored.
            run: the script run it belongs to.

        Raises:
            ProtobufError: the path is absurdly deep.
        """
        if len(path) > _DEEPEST:
            raise ProtobufError(f"a delta path of {len(path)} numbers")
        if _NEW_ELEMENT in delta:
            node = Node(delta.message(_NEW_ELEMENT), run, None)
        elif _ADD_BLOCK in delta:
            node = Node(delta.message(_ADD_BLOCK), run)
        else:
            return
        siblings = self._siblings(path)
        if siblings is None:
            return
        old = siblings.get(path[-1])
        if old and old.children and node.children is not None and old.type == node.type:
            node.children = old.children
        siblings[path[-1]] = node

    def finish(self, run: str, *, gather_tabs: bool) -> None:
        """Drop what older runs drew and this one did not.

        Args:
            run: the run that has ended.
            gather_tabs: whether a lazy tab in which this run drew nothing keeps what an earlier
                run drew there; so the tree gathers all tabs as they are opened one by one.
        """
        for root in self.roots:
            _drop_older(root, run, gather_tabs=gather_tabs)

    def groups(self, root: str | None = None) -> list[TabGroup]:
        """Return the tab groups of the page, or below one root, in order and outer first."""
        return [
            group
            for name, node in zip(ROOTS, self.roots, strict=True)
            if root in {None, name}
            for group in _groups(node, (name,), 0)
        ]

    def elements(self, root: str, *, tabs: bool, run: str = "") -> tuple[Element, ...]:
        """Return what is visible below a root in order.

        Args:
            root: one of `ROOTS`.
            tabs: whether what stands in tabs is part of it.
            run: only what this run drew; empty for all there is. A run that never ends leaves what
                the one before it drew.
        """
        return tuple(_elements(self.roots[ROOTS.index(root)], (root,), tabs=tabs, run=run))

    def above_tabs(self, root: str) -> tuple[Element, ...]:
        """Return what is visible below a root before its first tab group."""
        found: list[Element] = []
        for node, where in _walk(self.roots[ROOTS.index(root)], (root,)):
            if node.children is not None and node.type == _TAB_CONTAINER:
                break
            if node.children is None and (element := elements.from_message(node.message, where)):
                found.append(element)
        return tuple(found)

    def end(self, run: str) -> Element | None:
        """Return the last thing that this run drew in the main area; None for nothing."""
        return _last(self.roots[0], run, (ROOTS[0],))

    def _siblings(self, path: list[int]) -> dict[int, Node] | None:
        """Return the children among which the path ends; None when nothing can stand there."""
        if len(path) < 2 or path[0] >= len(self.roots):  # noqa: PLR2004
            return None
        node = self.roots[path[0]]
        for number in path[1:-1]:
            child = (node.children or {}).get(number)
            if child is None:
                return None
            node = child
        return node.children


def _drop_older(node: Node, run: str, *, gather_tabs: bool) -> None:
    lazy = gather_tabs and node.type == _TAB_CONTAINER
    for number, child in list((node.children or {}).items()):
        if child.run != run:
            del (node.children or {})[number]
        elif not (lazy and child.children is not None and not child.shows(run)):
            _drop_older(child, run, gather_tabs=gather_tabs)


def _groups(node: Node, where: tuple[str, ...], inside: int) -> Iterator[TabGroup]:
    for child in node:
        is_group = child.children is not None and child.type == _TAB_CONTAINER
        if is_group:
            yield TabGroup(child, where, inside)
        yield from _groups(child, _within(child, where), inside + is_group)


def _elements(
    node: Node, where: tuple[str, ...], *, tabs: bool, run: str = ""
) -> Iterator[Element]:
    for child in node:
        if run and child.run != run:
            continue
        if child.children is None:
            element = elements.from_message(child.message, where)
            if element:
                yield element
        elif tabs or child.type != _TAB_CONTAINER:
            kind, label = elements.block_label(child.message)
            if label:
                yield Element(kind, label, where)
            yield from _elements(child, _within(child, where), tabs=tabs, run=run)


def _walk(node: Node, where: tuple[str, ...]) -> Iterator[tuple[Node, tuple[str, ...]]]:
    """Yield all there is below a node in the order it is shown, and what it stands in."""
    for child in node:
        yield child, where
        yield from _walk(child, _within(child, where))


def _last(node: Node, run: str, where: tuple[str, ...]) -> Element | None:
    for child in reversed(list(node)):
        if child.children is not None:
            element = _last(child, run, _within(child, where))
        else:
            element = elements.from_message(child.message, where) if child.run == run else None
        if element:
            return element
    return None


def _within(node: Node, where: tuple[str, ...]) -> tuple[str, ...]:
    label = elements.block_label(node.message)[1] if node.children is not None else ""
    return (*where, label) if label else where
