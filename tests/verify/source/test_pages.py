"""What the entry publishes besides itself is declared, whichever way it is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from verify.errors import CouldNotCheck
from verify.gates import pages
from verify.probes.protocol.page import Visit
from verify.probes.source import Source
from verify.probes.static.published import page_name
from verify.tables import Dashboard

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENTRY = "pages_of/main.py"
ST = "import streamlit as st\n"
EXTRA = {"pages_of/extra.py": ""}


def declared(*files: str) -> Dashboard:
    return Dashboard(entry=ENTRY, marker="V2", tabs=("One",), pages=files)


def tree(code: str = "st.write('x')\n") -> dict[str, str]:
    return {ENTRY: ST + code}


GREEN = [
    tree(),
    tree() | {"pages_of/pages/__init__.py": ""},
    tree() | {"pages_of/pages/.hidden.py": ""},
    tree() | {"pages_of/pages/deeper/x.py": ""},
    tree() | {"pages_of/pages/readme.md": ""},
    tree() | {"pages/x.py": ""},  # not beside the entry
    tree("st.navigation([st.Page(home)]).run()\ndef home(): ...\n") | {"pages_of/pages/x.py": ""},
    tree("from shell import home\nst.navigation([home]).run()\n") | {"shell.py": "def home(): ..."},
    tree("st.navigation([st.Page('https://example.invalid', title='Docs')])\n"),
    tree("st.page_link('pages_of/extra.py')\n") | EXTRA,
    tree("# st.navigation(['extra.py'])\nx = 'st.Page(\"extra.py\")'\n") | EXTRA,
    tree("class Page: ...\nPage('extra.py')\n") | EXTRA,
]

RED = [
    tree() | {"pages_of/pages/x.py": ""},
    tree() | {"pages_of/pages/_x.py": ""},  # Streamlit publishes these too
    tree("st.navigation(['extra.py']).run()\n") | EXTRA,
    tree("st.navigation(pages=['extra.py'])\n") | EXTRA,
    tree("st.navigation({'A': ['extra.py']})\n") | EXTRA,
    tree("st.navigation([st.Page('extra.py')])\n") | EXTRA,
    tree("st.navigation([st.Page(page='../pages_of/extra.py')])\n") | EXTRA,
    tree("st.navigation([st.Page('extra.py', url_path='other')])\n") | EXTRA,
    tree("x = st.Page('extra.py')\nst.navigation([x])\n") | EXTRA,
    tree("X = 'extra.py'\nst.navigation([st.Page(X)])\n") | EXTRA,
    tree("from pathlib import Path\nst.navigation([st.Page(Path('extra.py'))])\n") | EXTRA,
    tree("from streamlit import Page as P, navigation as n\nn([P('extra.py')])\n") | EXTRA,
    tree("import shell\nshell.draw()\n")
    | EXTRA
    | {"shell.py": ST + "def draw():\n    st.navigation(['extra.py']).run()\n"},
    tree("lead = st.navigation\nlead(['extra.py'])\n") | EXTRA,
    tree("P = getattr(st, 'Page')\ngetattr(st, 'navigation')([P('extra.py')])\n") | EXTRA,
    tree("TABS = [('One', 'tabs.one:draw')]\n")
    | EXTRA
    | {"tabs/one.py": ST + "def draw():\n    st.navigation([st.Page('extra.py')])\n"},
    tree("st.navigation([st.Page('gone.py')])\n"),
    tree("st.navigation([st.Page(f'{which}.py')])\n"),
    tree("st.navigation([*found()])\n"),
    tree("st.navigation(found())\n"),
]


@pytest.mark.parametrize("files", GREEN)
def test_nothing_else_is_published(files: dict[str, str], look: Callable) -> None:
    seen = look("pages", files, dashboard=declared())
    assert not seen.red, seen.told()


@pytest.mark.parametrize("files", RED)
def test_what_is_published_and_not_declared_is_found(files: dict[str, str], look: Callable) -> None:
    assert look("pages", files, dashboard=declared()).red


def test_declared_pages_are_fine(look: Callable) -> None:
    assert not look("pages", RED[0], dashboard=declared("pages_of/pages/x.py")).red


@pytest.mark.parametrize("files", RED[2:13])
def test_declared_pages_of_navigation_are_fine(files: dict[str, str], look: Callable) -> None:
    seen = look("pages", files, dashboard=declared("pages_of/extra.py"))
    assert not seen.red, seen.told()


def test_a_declared_page_that_is_not_published_is_found(look: Callable) -> None:
    (found, _) = look("pages", tree() | EXTRA, dashboard=declared("pages_of/extra.py")).findings
    assert (found.path, found.got) == ("pages_of/extra.py", "not published")


def test_the_finding_names_the_file(look: Callable) -> None:
    found = look("pages", RED[0], dashboard=declared()).findings[0]
    assert (found.path, found.line) == ("pages_of/pages/x.py", 1)
    assert found.got == "published, and not declared"


@dataclass(frozen=True)
class Seen:
    """What the live gate takes of a page."""

    page_paths: tuple[str, ...]
    how: str = "success"
    url: str = "http://127.0.0.1"

    @property
    def visits(self) -> tuple[Visit, ...]:
        return tuple(Visit(path, path, self.how, (), (), 0.1) for path in self.page_paths if path)


FOLDER = tree() | {"pages_of/pages/1_x.py": ""}
NAVIGATION = tree("st.navigation([st.Page('extra.py'), st.Page('b.py', url_path='bee')])\n")
HOME = tree("def home(): ...\nst.navigation([st.Page(home), st.Page('extra.py')])\n")

LIVE = [
    (tree(), (), ("",), False),
    (tree(), (), ("", "x"), True),
    (tree(), (), (), True),
    (FOLDER, ("pages_of/pages/1_x.py",), ("", "x"), False),
    (FOLDER, ("pages_of/pages/1_x.py",), ("",), True),
    (FOLDER, ("pages_of/pages/1_x.py",), ("", "x", "y"), True),
    (FOLDER, (), ("", "x"), True),
    (NAVIGATION, ("pages_of/extra.py", "pages_of/b.py"), ("", "bee"), False),
    (NAVIGATION, ("pages_of/extra.py", "pages_of/b.py"), ("extra", ""), False),
    (NAVIGATION, ("pages_of/extra.py", "pages_of/b.py"), ("", "b"), True),
    (NAVIGATION, ("pages_of/extra.py", "pages_of/b.py"), ("",), True),
    (HOME, ("pages_of/extra.py",), ("", "extra"), False),
    (HOME, ("pages_of/extra.py",), ("home", ""), False),
    (HOME, ("pages_of/extra.py",), ("", "extra", "other"), True),
]


@pytest.mark.parametrize(("files", "files_declared", "listed", "red"), LIVE)
def test_the_pages_own_list(
    files: dict[str, str],
    files_declared: tuple[str, ...],
    listed: tuple[str, ...],
    red: object,
    tmp_path: Path,
    look: Callable,
    manifest_of: Callable,
) -> None:
    look("pages", files | {"pages_of/b.py": ""} | EXTRA)  # writes the tree
    manifest = manifest_of(tmp_path, dashboard=declared(*files_declared))
    seen = list(pages.gate_live(Seen(listed), Source(tmp_path), manifest))
    assert any(not one.ok for one in seen) is red, seen


def test_a_page_whose_run_does_not_end_is_no_good_page(
    tmp_path: Path, look: Callable, manifest_of: Callable
) -> None:
    look("pages", FOLDER | EXTRA)  # writes the tree
    manifest = manifest_of(tmp_path, dashboard=declared("pages_of/pages/1_x.py"))
    page = Seen(("", "x"), how="still running after 5 s")
    (fault,) = [one for one in pages.gate_live(page, Source(tmp_path), manifest) if not one.ok]
    assert (fault.subject, fault.got) == ("the page /x: its run", "still running after 5 s")


def test_a_page_that_nobody_came_to_is_not_judged(
    tmp_path: Path, look: Callable, manifest_of: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    look("pages", FOLDER | EXTRA)  # writes the tree
    manifest = manifest_of(tmp_path, dashboard=declared("pages_of/pages/1_x.py"))
    monkeypatch.setattr(Seen, "visits", ())
    with pytest.raises(CouldNotCheck, match="did not come to each page: /x"):
        list(pages.gate_live(Seen(("", "x")), Source(tmp_path), manifest))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("pages/extra.py", "extra"),
        ("2_Extra_page.py", "Extra_page"),
        ("10 - A  b.py", "A_b"),
        ("_x.py", "x"),
        ("7.py", "7"),
        ("1_📊_Data.py", "Data"),
    ],
)
def test_the_address_of_a_file_is_streamlits(file: str, name: str) -> None:
    assert page_name(file) == name
