"""What makes demonstration data look real, or real data look like a demonstration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Stage
from verify.planting import code, lines, page, wording
from verify.planting.defect import CannotPlant, Sign, defect, smuggled
from verify.planting.reach import reached
from verify.probes import panel

if TYPE_CHECKING:
    from verify.planting.tree import Tree
    from verify.tables import Mock

TOP = "the first thing on the page, on\n"


@defect("mock", Stage.LOCAL, smuggled=(Stage.LIVE,))
def banner_missing(tree: Tree) -> Sign:
    """Mock mode is on, and nothing on the page says so, though a comment has the banner's words."""
    banner = _declared(tree).banner
    path = wording.undrawn(tree, banner)
    tree.append(path, f"# {banner}\n")
    return Sign(TOP)


@defect("mock", Stage.LIVE)
def banner_below_the_tabs(tree: Tree) -> Sign:
    """The banner stands below the tabs, where nobody looks first."""
    mock = _declared(tree)
    wording.undrawn(tree, mock.banner)
    page.run_last(tree, _banner(mock))
    return Sign(TOP)


@defect("mock", Stage.LIVE)
def banner_in_a_tab(tree: Tree) -> Sign:
    """Only the tab that is open at first has the banner."""
    mock = _declared(tree)
    wording.undrawn(tree, mock.banner)
    page.draw_first(tree, tree.manifest.dashboard.tabs[0], _banner(mock))
    return Sign(TOP)


@defect("mock", Stage.LIVE)
def banner_with_other_words(tree: Tree) -> Sign:
    """The banner says something milder than what was agreed on."""
    wording.changed(tree, _declared(tree).banner, "Demo")
    return Sign(f"{TOP}Demo")


@defect("mock", Stage.LIVE)
def banner_under_something_else(tree: Tree) -> Sign:
    """Something else is drawn above the banner, and pushes it down."""
    _declared(tree)
    page.run_first(tree, "__import__('streamlit').title('Welcome')")
    return Sign(f"{TOP}Welcome")


@smuggled("mock", Stage.LIVE)
def banner_on_real_data(tree: Tree) -> Sign:
    """The banner is always there, so that nobody believes the real figures."""
    mock = _declared(tree)
    wording.decided(tree, mock.banner, lambda _: "True")
    return Sign(f"the banner {mock.banner!r}, off\nthe page outside tabs")


@defect("mock", Stage.LIVE)
def banner_the_wrong_way_round(tree: Tree) -> Sign:
    """The banner is there when mock mode is off, and gone when it is on."""
    mock = _declared(tree)
    wording.decided(tree, mock.banner, lambda test: f"not ({test})")
    return Sign(f"the banner {mock.banner!r}, off\nthe page outside tabs")


@smuggled("mock", Stage.LIVE)
def metric_without_its_badge(tree: Tree) -> Sign:
    """One metric of one tab is drawn without the badge; the badge stands in its help text."""
    badge = _declared(tree).badge
    _metric(tree, "Own", f", help={code.literal(badge)}")
    return Sign("Own: 1")


@defect("mock", Stage.LIVE)
def no_metric_has_its_badge(tree: Tree) -> Sign:
    """The badge is on no metric any more: what puts it there believes that mock mode is off."""
    wording.decided(tree, _declared(tree).badge, lambda _: "False")
    return Sign("a metric in ")


@defect("mock", Stage.LIVE)
def badge_on_real_data(tree: Tree) -> Sign:
    """One metric has the badge whether mock mode is on or off."""
    mock = _declared(tree)
    label = page.plain_tab(tree)
    _metric(tree, f"{mock.badge} Own", "")
    return Sign(f"the badge {mock.badge!r}, off\ntab {label}")


@smuggled("mock", Stage.LIVE)
def mode_not_in_diagnostics(tree: Tree) -> Sign:
    """Diagnostics has no line that tells the mode."""
    label = _label(tree)
    lines.renamed(tree, label, "Kind of figures")
    return Sign(f"{label} in {panel.SIDEBAR}, off\n{panel.MISSING}")


@defect("mock", Stage.LIVE)
def mode_always_off_in_diagnostics(tree: Tree) -> Sign:
    """Diagnostics says that mock mode is off, whether it is or not."""
    label = _label(tree)
    lines.fixed(tree, label, "off")
    return Sign(f"{label} in {panel.SIDEBAR}, on\noff")


@defect("mock", Stage.LIVE)
def mock_mode_by_default(tree: Tree) -> Sign:
    """Mock mode is on wherever nobody switched it off."""
    mock = _declared(tree)
    found = [
        (path, default)
        for path in reached(tree)
        for default in lines.defaults(tree.module(path), mock.variable)
    ]
    if not found:
        raise CannotPlant(f"no default of {mock.variable} is seen in the page's code")
    wording.rewrite(tree, [(path, node, code.literal(mock.on)) for path, node in found])
    tree.smuggle()
    return Sign(f"the banner {mock.banner!r}, off\nthe page outside tabs")


def _declared(tree: Tree) -> Mock:
    if tree.manifest.mock is None:
        raise NotDeclared("verify.toml declares no [mock]")
    return tree.manifest.mock


def _label(tree: Tree) -> str:
    lines.declared(tree)
    return lines.wanted(_declared(tree).label, "[mock].label")


def _banner(mock: Mock) -> str:
    test = f"__import__('os').environ.get({mock.variable!r}) == {mock.on!r}"
    draw = f"__import__('streamlit').warning({code.literal(mock.banner)}, icon='')"
    return f"if {test}:\n    {draw}"


def _metric(tree: Tree, label: str, more: str) -> None:
    call = f"__import__('streamlit').metric({code.literal(label)}, 1{more})"
    page.draw_first(tree, page.plain_tab(tree), call)
