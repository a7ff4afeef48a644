"""The dashboard publishes the declared pages and no other.

Why: any file in a folder `pages/` beside the entry is served to operators, reviewed or not, and one
that is broken is broken for them alone.
Fix: mend the page; or take the file out of that folder or the call of `st.navigation`; or declare
it in [dashboard].pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.model import Observation
from verify.probes.static.published import page_name, pages_of
from verify.soundness import place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.source import Source
    from verify.probes.wire import Page


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Find what the entry publishes: a folder `pages/`, or what st.navigation is given."""
    entry, declared = manifest.dashboard.entry, manifest.dashboard.pages
    pages = pages_of(source, entry)
    for page in pages.published:
        if page.problem:
            subject = f"a page of {entry}"
            yield Observation(
                subject, "a declared file", page.problem, page.path, page.line, page.what
            )
        elif page.file and page.file != entry:
            got = "declared" if page.file in declared else "published, and not declared"
            yield Observation(f"the page {page.file}", "declared", got, page.path, page.line)
    files = {page.file for page in pages.published}
    for file in declared:
        got = "published" if file in files else "not published"
        yield Observation(f"the declared page {file}", "published", got, file, 1)
    how = "st.navigation decides" if pages.navigation else "no st.navigation in the entry's code"
    count = len(files - {"", entry})
    yield Observation("files published as pages", len(declared), count, entry, 1, how)


def gate_live(page: Page, source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Hold the list of pages that an operator's browser gets against the declared ones, and visit.

    Raises:
        CouldNotCheck: nothing is wrong with what was seen, but not every page was.
    """
    sound = True
    for observation in (*_listed(page, source, manifest), *_visited(page)):
        sound = sound and observation.ok
        yield observation
    visited = {visit.path for visit in page.visits}
    unseen = [f"/{path}" for path in page.page_paths if path and path not in visited]
    if sound and unseen:
        raise CouldNotCheck(
            f"The look did not come to each page: {', '.join(unseen)}.",
            "Look again when this machine, and what it looks at, has less to do.",
        )


def _listed(page: Page, source: Source, manifest: Manifest) -> Iterator[Observation]:
    found = pages_of(source, manifest.dashboard.entry)
    addresses = {one.file: one.name for one in found.published if one.file}
    wanted = {addresses.get(file, page_name(file)): file for file in manifest.dashboard.pages}
    # Functions of the entry's own code are reviewed with it; they have no file to declare.
    own = {one.name for one in found.published if not one.file and one.name}
    own |= {addresses[manifest.dashboard.entry]} if manifest.dashboard.entry in addresses else set()
    listed = page.page_paths
    for name in listed:
        if name and name not in own:
            got = "declared" if name in wanted else "published, and not declared"
            yield Observation(f"the page /{name}", "declared", got, page.url)
    missing = [file for name, file in wanted.items() if name not in listed]
    # Whichever page st.navigation takes for its default has the empty address.
    spared = 1 if found.navigation else 0
    got = ", ".join(missing) if len(missing) > spared else "none"
    yield Observation("declared pages that are not published", "none", got, page.url)
    yield Observation("pages at the dashboard's own address", 1, listed.count(""), page.url)


def _visited(page: Page) -> Iterator[Observation]:
    for visit in page.visits:
        url = f"{page.url.rstrip('/')}/{visit.path}"
        yield Observation(f"the page /{visit.path}: its run", "success", visit.how, url)
        drawn = "; ".join(f"{place(one)}: {one.text}" for one in visit.exceptions)
        yield Observation(f"the page /{visit.path}: exceptions", "", drawn, url)
