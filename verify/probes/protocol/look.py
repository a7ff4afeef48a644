"""One look at a dashboard: its first page, each of its tabs, and its other pages."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Final

from verify.errors import CouldNotCheck
from verify.probes.protocol.conversation import NOT_FOUND, SUCCESS, Listed
from verify.probes.protocol.drawing import ROOTS, Drawing, TabGroup
from verify.probes.protocol.elements import EXCEPTION, Element
from verify.probes.protocol.page import Page, Tab, Visit
from verify.probes.protocol.visitor import Ran, Visitor

MAIN: Final = ("main", "event", "bottom")
"""The parts of a page that are its own, in the order people look at them."""

_DID_NOT_OPEN: Final = "did not open"
_MOST_TABS: Final = 100  # of one page; labels that change with each run would never come to an end


@dataclass(slots=True)
class Look:
    """One look.

    Args:
        visitor: who looks.
        deadline: seconds for all of it.
        tab_seconds: for the run of each tab, and of each other page; None for all that is left.
    """

    visitor: Visitor
    deadline: float
    tab_seconds: float | None

    def page(self, url: str, *, started: float, connected: float, tabs: bool, visits: bool) -> Page:
        """See what a visitor sees who has just come, and then what there is besides.

        Args:
            url: the page that was asked for.
            started: when the look began, on the clock of `time.monotonic`.
            connected: when the handshake was done.
            tabs: whether to open each lazy tab.
            visits: whether to visit the other pages.

        Raises:
            CouldNotCheck: no run began, or the connection was lost.
            ProtobufError: the server sent something else than messages.
        """
        first = Sight(self.visitor)
        # A first page that hangs must leave time for what is looked at besides.
        shared = self.tab_seconds is not None and (tabs or visits)
        ran = first.come(self.deadline / 2 if shared else self.deadline)
        completed = time.monotonic()
        talk = self.visitor.conversation
        if not ran.began:
            raise CouldNotCheck(
                "The server completed the websocket handshake, but no run of its script began "
                f"within {self.deadline:g} s.",
                "Check that it is a Streamlit server, and that it is not overloaded.",
            )
        main = first.elements(MAIN, tabs=False)
        sidebar = first.elements(("sidebar",), tabs=True)
        above = talk.drawing.above_tabs("main")
        if tabs:
            first.open_tabs(self.tab_seconds)
        drawn, elsewhere = first.tabs(("main",)), first.tabs(ROOTS[1:])
        others = [page for page in talk.listed if page.visitable(first.page)] if visits else []
        visited = [visit for page in others if (visit := self._visit(page, tabs=tabs))]
        return Page(
            url=url,
            main_script=talk.main_script,
            streamlit=talk.streamlit,
            python=talk.python,
            pages=talk.names,
            page_paths=talk.paths,
            tabs=drawn,
            main=main,
            sidebar=sidebar,
            exceptions=tuple(first.exceptions),
            complete=first.how == SUCCESS
            and len(visited) == len(others)
            and all(visit.how == SUCCESS for visit in visited),
            how=ran.how,
            runs=talk.runs,
            bytes=self.visitor.bytes,
            connect_seconds=connected - started,
            first_message_seconds=talk.first_message - started,
            complete_seconds=completed - started,
            end=ran.end,
            visits=tuple(visited),
            elsewhere=elsewhere,
            above=above,
        )

    def _visit(self, page: Listed, *, tabs: bool) -> Visit | None:
        """Return what a page gave; None when there was no time for it, or nobody to ask."""
        self.visitor.conversation.drawing = Drawing()
        sight = Sight(self.visitor, page.hash)
        ran = sight.come(self.tab_seconds, what=f"the page /{page.path} was visited")
        if not ran.asked:
            return None
        if self.visitor.conversation.not_found:
            sight.how = NOT_FOUND
        elif tabs and ran.began:
            sight.open_tabs(self.tab_seconds)
        return Visit(
            path=page.path,
            name=page.name,
            how=sight.how,
            elements=sight.elements(MAIN, tabs=True),
            exceptions=tuple(sight.exceptions),
            seconds=ran.seconds,
        )


@dataclass(slots=True)
class Sight:
    """What was seen of one page so far.

    Args:
        visitor: who looks.
        page: the page's hash; empty for the first one, until the server tells it.
        how: how its runs ended: "success", or the first that did not end with it.
    """

    visitor: Visitor
    page: str = ""
    how: str = SUCCESS
    exceptions: list[Element] = field(default_factory=list)
    _first: Ran = field(default_factory=lambda: Ran(""))
    _opened: dict[tuple[str, str], Ran] = field(default_factory=dict)
    _seen: set[tuple[tuple[str, ...], str]] = field(default_factory=set)

    @property
    def _drawing(self) -> Drawing:
        return self.visitor.conversation.drawing

    def come(self, seconds: float | None, *, what: str = "") -> Ran:
        """See what a visitor sees who comes to the page."""
        self._first = self._run({}, seconds, what=what)
        self._note_open(self._first)
        self._note_exceptions()
        self.page = self.page or self.visitor.conversation.shown
        return self._first

    def open_tabs(self, seconds: float | None) -> None:
        """Open one lazy tab after the other, those inside the open one first."""
        choices: dict[str, str] = {}
        ran = self._first
        while len(self._opened) < _MOST_TABS and (choice := self._next_tab(ran)):
            widget, label = choice
            choices[widget] = label
            ran = self._run(
                choices, seconds, gather_tabs=True, what=f"the tab {label!r} was opened"
            )
            if ran.how == SUCCESS and not self._holds_open(widget, label):
                ran = replace(ran, how=_DID_NOT_OPEN)
                self.how = f"the tab {label!r} {_DID_NOT_OPEN}" if self.how == SUCCESS else self.how
            if ran.how != SUCCESS:
                del choices[widget]  # or it would be open in the runs of other groups' tabs, too
            self._opened[choice] = ran
            self._note_open(ran)
            self._note_exceptions(f"while {label!r} was open")

    def elements(self, roots: tuple[str, ...], *, tabs: bool) -> tuple[Element, ...]:
        """Return what is drawn below these roots, with or without what stands in tabs."""
        return tuple(e for root in roots for e in self._drawing.elements(root, tabs=tabs))

    def tabs(self, roots: tuple[str, ...]) -> tuple[Tab, ...]:
        """Return the tabs of the top-level groups below these roots."""
        groups = [group for root in roots for group in self._drawing.groups(root)]
        return tuple(
            self._tab(group, label, group.elements(node, label), groups)
            for group in groups
            if not group.inside
            for label, node in group.tabs
        )

    def _tab(
        self, group: TabGroup, label: str, elements: tuple[Element, ...], groups: list[TabGroup]
    ) -> Tab:
        ran = self._opened.get((group.widget, label)) if group.widget else self._first
        if ran is None:
            return Tab(label, elements, opened=False)
        how = ran.how
        for nested in groups:
            if nested.widget and _begins(nested.where, (*group.where, label)):
                for inner, _ in nested.tabs:
                    its = self._opened.get((nested.widget, inner))
                    if how == SUCCESS and its and its.how != SUCCESS:
                        how = f"{its.how}, with the tab {inner!r} open"
        return Tab(label, elements, ran.asked, how, ran.seconds, ran.end)

    def _run(
        self,
        choices: dict[str, str],
        seconds: float | None,
        *,
        what: str,
        gather_tabs: bool = False,
    ) -> Ran:
        try:
            ran = self.visitor.run(
                choices, page=self.page, seconds=seconds, gather_tabs=gather_tabs
            )
        except CouldNotCheck as error:
            if not what:
                raise
            diagnosis = f"{error.diagnosis} That was while {what}."
            raise CouldNotCheck(diagnosis, error.remedy) from error
        if self.how == SUCCESS:
            self.how = ran.how
        return ran

    def _next_tab(self, ran: Ran) -> tuple[str, str] | None:
        """Return the next lazy tab to open after a run, as its group's widget and its label."""
        drawn = self._drawn_groups()
        if ran.how != SUCCESS:  # it may have been broken off before it drew them all
            drawn = [group for group in self._drawing.groups() if group.widget]
        for group in sorted(drawn, key=lambda group: -group.inside):
            for label, _ in group.tabs:
                if (group.widget, label) not in self._opened:
                    return group.widget, label
        return None

    def _note_open(self, ran: Ran) -> None:
        """Remember which tabs a run held open: they need no run of their own."""
        for group in self._drawn_groups():
            for label, _ in group.tabs[group.open : group.open + 1]:
                self._opened.setdefault((group.widget, label), ran)

    def _drawn_groups(self) -> list[TabGroup]:
        """Return the lazy groups that the last run drew."""
        run = self.visitor.conversation.run
        return [g for g in self._drawing.groups() if g.widget and g.node.run == run]

    def _holds_open(self, widget: str, label: str) -> bool:
        return any(
            group.widget == widget and label in [tab for tab, _ in group.tabs[group.open :][:1]]
            for group in self._drawn_groups()
        )

    def _note_exceptions(self, when: str = "") -> None:
        """Add the exceptions drawn now; new ones outside tabs belong to the tab just opened."""
        run = self.visitor.conversation.run
        for root in ROOTS:
            outside = {(e.where, e.text) for e in self._drawing.elements(root, tabs=False, run=run)}
            for element in self._drawing.elements(root, tabs=True, run=run):
                key = (element.where, element.text)
                if element.kind != EXCEPTION or key in self._seen:
                    continue
                if when and key in outside:
                    self.exceptions.append(replace(element, where=(*element.where, when)))
                else:
                    self.exceptions.append(element)
                    self._seen.add(key)
        talk = self.visitor.conversation
        faults, talk.compile_errors = talk.compile_errors, []
        for fault in faults:
            where = (*fault.where, when) if when else fault.where
            self.exceptions.append(replace(fault, where=where))


def _begins(where: tuple[str, ...], with_: tuple[str, ...]) -> bool:
    return where[: len(with_)] == with_
