"""A file that can come to Streamlit is never ruled out; most that cannot are."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import pytest

from verify.probes.launchers.entries import drawn
from verify.probes.launchers.entries.reaching import reaching
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OTHERS = {
    "real.py": "import streamlit as st\nst.title('x')\n",
    "pkg/__init__.py": "",
    "pkg/shown.py": "import streamlit\n",
    "pkg/plain.py": "X = 1\n",
    "loud/__init__.py": "from streamlit import title\n",
    "loud/inner.py": "X = 1\n",
    "src/lib/part.py": "from . import view\n",
    "src/lib/view.py": "import streamlit\n",
    "apps/one/own.py": "import streamlit\n",
    "my-page 2.py": "import streamlit\n",
}

IMPORTS = [
    "import streamlit",
    "import os, streamlit as st",
    "import streamlit.components.v1 as c",
    "from streamlit import title",
    "from  streamlit . components import v1",
    "import os; import streamlit",
    "if x: import streamlit",
    "if x == 'import': import streamlit",
    "if x == 'import': from pkg import shown",
    "def f():\n\timport streamlit",
    "import \\\n  streamlit",
    "import os, \\\n  streamlit",
    "from \\\r\n  streamlit import title",
    "# nothing \\\nimport streamlit",
    "# nothing\rimport streamlit",
    "x = 1\x0c\nimport streamlit",
    "'''import (a\n'''\nimport streamlit\nx = ')'",
    "'''a line that ends in import'''\nimport streamlit",
    "x = '#'; import streamlit",
    "import \uff53treamlit",
    "# coding: latin-1\nx = '\u00e9'\nimport streamlit",
    "# coding: utf-7\nimport +AHM-treamlit",
    "x = '" + "a" * 9000 + "'; import streamlit",
    "#" * 9000 + "\nimport streamlit",
    "__import__('streamlit')",
    "from importlib import import_module as load\nload('streamlit')",
    "import real",
    "import os, real as r",
    "from real import (\n  x,\n)",
    "import pkg.shown",
    "import pkg . shown",
    "from pkg import shown",
    "from pkg import (  # (import\n  plain,  # a note (old)\n  shown,\n)",
    "from pkg.shown import x",
    "from .pkg import shown",
    "from . import real",
    "from . pkg.shown import *",
    "import loud.inner",
    "from loud.inner import X",
    "import lib.part",
    "from lib import part",
    "from own import x",
    "import runpy\nrunpy.run_path('real.py')",
    "exec(open('my-page 2.py').read())",
    "import importlib\nimportlib.import_module('.shown', 'pkg')",
]
NONE = [
    "",
    "# import streamlit",
    "    # from streamlit import title",
    "x = 'streamlit'",
    "'''Shown by the streamlit page.'''",
    "import os  # for streamlit",
    "import streamlit_extras",
    "from mystreamlit import x",
    "from os import path  # real",
    "import os\nreal = 1",
    "import pkg.plain",
    "from pkg import plain",
    "import unreal",
    "from other.real_thing import x",
]


def able(folder: Path, files: Mapping[str, str]) -> frozenset[str]:
    """Return the files that are not ruled out."""
    for name, text in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        cookie = "latin-1" if "latin-1" in text else "utf-8"
        target.write_bytes(text.encode(cookie))
    source = Source(folder)
    return reaching(source, source.python_files).able


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])


@pytest.mark.parametrize("code", IMPORTS)
def test_it_is_not_ruled_out(code: str, tmp_path: Path) -> None:
    assert "tried.py" in able(tmp_path, {**OTHERS, "tried.py": code})


@pytest.mark.parametrize("code", NONE)
def test_it_is_ruled_out(code: str, tmp_path: Path) -> None:
    assert "tried.py" not in able(tmp_path, {**OTHERS, "tried.py": code})


def test_it_is_followed_over_any_number_of_files(tmp_path: Path) -> None:
    chain = {f"part{n}.py": f"import part{n - 1}\n" for n in range(1, 50)}
    found = able(tmp_path, {**chain, "part0.py": "import streamlit\n", "alone.py": "import os\n"})
    assert found == {*chain, "part0.py"}


def test_imports_of_each_other_come_to_an_end(tmp_path: Path) -> None:
    files = {"a.py": "import b\n", "b.py": "import a\n", "c.py": "import streamlit, c\n"}
    assert able(tmp_path, files) == {"c.py"}


@pytest.mark.parametrize(
    "text",
    ["import " * 20_000, "from a import (" * 10_000, "import x;" * 15_000, "from " * 30_000],
    ids=["import", "lists", "statements", "from"],
)
def test_a_line_that_nobody_wrote_takes_no_time(text: str, tmp_path: Path) -> None:
    assert able(tmp_path, {"tried.py": text}) == frozenset()


def test_only_what_can_draw_is_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    real = Source.module

    def module(self: Source, path: str) -> ast.Module:
        parsed.append(path)
        return real(self, path)

    monkeypatch.setattr(Source, "module", module)
    files = {
        "page.py": "import streamlit as st\nfrom data import load\nst.table(load(1))\n",
        "data.py": "# what the streamlit page shows\nimport json\n\ndef load(n):\n    return n\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert set(drawn.Drawn(Source(tmp_path)).files) == {"page.py"}
    assert parsed == ["page.py"]


def test_a_package_that_draws_is_run_for_a_part_that_does_not(tmp_path: Path) -> None:
    files = {
        "page.py": "from loud.inner import X\n",
        "loud/__init__.py": "import streamlit as st\nst.title('x')\n",
        "loud/inner.py": "X = 1\n",
    }
    able(tmp_path, files)
    found = drawn.Drawn(Source(tmp_path)).files
    assert found["page.py"].through == ("loud/__init__.py",)


def test_the_folder_that_a_page_stands_in_comes_first(tmp_path: Path) -> None:
    files = {
        "one/page.py": "import shown\nshown.draw()\n",
        "one/shown.py": "import streamlit as st\n\ndef draw():\n    st.title('x')\n",
        "two/page.py": "import shown\nshown.draw()\n",
        "two/shown.py": "import streamlit as st\n\ndef draw():\n    return st.secrets\n",
    }
    able(tmp_path, files)
    assert set(drawn.Drawn(Source(tmp_path)).files) == {"one/page.py"}


GIVEN = {
    "to an attribute": (
        "import helper\nhelper.st = st\nhelper.draw()\n",
        "st = None\n\ndef draw():\n    st.title('x')\n",
    ),
    "to a class": (
        "from helper import Page\nPage(st).run()\n",
        (
            "class Page:\n    def __init__(self, ui):\n        self.ui = ui\n\n"
            "    def run(self):\n        self.ui.title('x')\n"
        ),
    ),
    "to a method": (
        "from helper import Page\npage = Page()\npage.run(st)\n",
        "class Page:\n    def run(self, ui):\n        ui.title('x')\n",
    ),
    "to a class by a subclass": (
        "from helper import Page\n\nclass Own(Page):\n    pass\n\nOwn(st).run()\n",
        (
            "class Page:\n    def __init__(self, ui):\n        self.ui = ui\n\n"
            "    def run(self):\n        self.ui.title('x')\n"
        ),
    ),
    "by a method of a subclass": (
        (
            "from helper import Page\n\nclass Own(Page):\n    def body(self):\n"
            "        st.title('x')\n\nOwn().run()\n"
        ),
        "class Page:\n    def run(self):\n        self.body()\n",
    ),
    "by a decorated function": (
        "from helper import app\n\n@app.page\ndef main():\n    st.title('x')\n\napp.run()\n",
        (
            "class App:\n    def page(self, function):\n        self.function = function\n\n"
            "    def run(self):\n        self.function()\n\napp = App()\n"
        ),
    ),
}


@pytest.mark.parametrize("how", GIVEN)
def test_a_file_that_cannot_draw_draws_with_what_it_is_given(how: str, tmp_path: Path) -> None:
    page, helper = GIVEN[how]
    able(tmp_path, {"page.py": f"import streamlit as st\n{page}", "helper.py": helper})
    assert set(drawn.Drawn(Source(tmp_path)).files) == {"page.py"}


@pytest.mark.parametrize("how", GIVEN)
def test_it_draws_nothing_with_what_draws_nothing(how: str, tmp_path: Path) -> None:
    page, helper = GIVEN[how]
    quiet = f"import streamlit\nst = object()\n{page}"
    able(tmp_path, {"page.py": quiet, "helper.py": helper})
    assert not drawn.Drawn(Source(tmp_path)).files


@pytest.mark.parametrize(
    "helper",
    [
        "def f(*a):\n    return f\n",
        "from helper import f\n",
        "import page\nf = page.f\n",
        "class f(f):\n    pass\n",
    ],
)
def test_calls_of_what_was_not_read_come_to_an_end(helper: str, tmp_path: Path) -> None:
    page = "import streamlit as st\nfrom helper import f\nfor _ in x:\n"
    page += "    f = f(f)\n" * 2000 + "f" + "()" * 60 + "\nf(st)(st.title)\n"
    able(tmp_path, {"page.py": page, "helper.py": helper})
    assert set(drawn.Drawn(Source(tmp_path)).files) <= {"page.py"}
