"""What lets a page of another site talk to the dashboard in a visitor's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import options, start
from verify.planting.defect import Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree

LET_IN = Sign("a page of another site\naccepted")


@defect("origin", Stage.LIVE)
def other_sites_let_in_by_the_configuration(tree: Tree) -> Sign:
    """The project's configuration lets pages of other sites in."""
    options.in_file(tree, "server", enableCORS=False, enableXsrfProtection=False)
    return LET_IN


@defect("origin", Stage.LIVE)
def other_sites_let_in_by_the_environment(tree: Tree) -> Sign:
    """A variable of the image lets pages of other sites in; the configuration says otherwise."""
    options.in_file(tree, "server", enableCORS=True, enableXsrfProtection=True)
    options.in_environment(
        tree, STREAMLIT_SERVER_ENABLE_CORS="false", STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION="false"
    )
    return LET_IN


@defect("origin", Stage.LIVE)
def other_sites_let_in_by_the_command(tree: Tree) -> Sign:
    """The image's command lets pages of other sites in; the configuration says otherwise."""
    options.in_file(tree, "server", enableCORS=True, enableXsrfProtection=True)
    start.with_option(tree, "--server.enableCORS=false")
    start.with_option(tree, "--server.enableXsrfProtection=false")
    return LET_IN


@defect("origin", Stage.LIVE)
def other_site_trusted(tree: Tree) -> Sign:
    """The configuration trusts a site that is not the dashboard's own."""
    options.in_file(tree, "server", corsAllowedOrigins=["https://elsewhere.invalid"])
    return LET_IN
