"""What keeps the first page from being there in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import page, settings
from verify.planting.defect import Sign, defect
from verify.planting.patience import less_patience

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("startup", Stage.LOCAL)
def slow_start(tree: Tree) -> Sign:
    """The first page takes longer than it may, because each run waits for something."""
    seconds = tree.manifest.startup.budget_seconds  # with the start of Python that is too long
    page.run_first(tree, f"__import__('time').sleep({seconds})")
    return Sign("seconds from the start to the first complete page", tree.entry)


@defect("startup", Stage.LOCAL)
def page_that_raises_at_its_end(tree: Tree) -> Sign:
    """The page draws all it has, and then raises."""
    page.run_last(tree, "raise RuntimeError('planted')")
    return Sign("exceptions on the first page\n", tree.entry)


@defect("startup", Stage.CONTAINER)
def page_that_exits_before_it_draws(tree: Tree) -> Sign:
    """The script ends itself before it draws anything, and the page is left loading."""
    # On this machine it is waited for half a minute, which no key of verify.toml shortens.
    less_patience(tree)
    page.run_first(tree, "__import__('sys').exit(0)")
    return Sign("the first page")


@defect("startup", Stage.LOCAL)
def setting_that_the_server_dies_of(tree: Tree) -> Sign:
    """The server's settings name a certificate that is not there, and it never serves a page."""
    settings.server(tree, "sslCertFile", '"gone.pem"')
    settings.server(tree, "sslKeyFile", '"gone.key"')
    return Sign(f"streamlit run {tree.entry}\nexit code")
