"""The code of a page is found in whatever shape a project writes it."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from verify.planting import boundary, page, texts
from verify.planting.defect import CannotPlant
from verify.planting.tree import Tree

MANIFEST = """
    [dashboard]
    entry = "main.py"
    marker = "V2"
    tabs = ["One", "Two", "Three"]
    fault_text = "Error id"
"""

TABLE = """
    import streamlit as st
    {imports}

    BUILD_MARKER = "V2"
    TABS = {table}

    for row, place in zip(TABS, st.tabs([label(row) for row in TABS])):
        with place:
            draw(row)
"""

DRAWS = '''
    import streamlit as st


    def render():
        """Draw it."""
        st.write("first")
        st.write("last")
'''

WITH = """
    import streamlit as st

    BUILD_MARKER = "V2"


    def main():
        {tabs} = st.tabs(["One", "Two", "Three"])
        with {second}:
            st.write("first")
            st.write("last")


    if __name__ == "__main__":
        main()
"""

SHAPES = {
    "rows of a class with module names": {
        "main.py": TABLE.format(
            imports="from dataclasses import dataclass",
            table='(Tab("One", "tabs.one"), Tab("Two", "tabs.two"), Tab("Three", "tabs.three"))',
        ),
        "tabs/two.py": DRAWS,
    },
    "tuples with functions": {
        "main.py": TABLE.format(
            imports='def two():\n        st.write("first")\n        st.write("last")\n',
            table='[("One", one), ("Two", two), ("Three", three)]',
        ),
    },
    "imported functions": {
        "main.py": TABLE.format(
            imports="from tabs.two import render as two",
            table='[("One", one), ("Two", two), ("Three", three)]',
        ),
        "tabs/two.py": DRAWS,
    },
    "imported modules": {
        "main.py": TABLE.format(
            imports="from tabs import one, two, three",
            table='[("One", one.render), ("Two", two.render), ("Three", three.render)]',
        ),
        "tabs/__init__.py": "",
        "tabs/two.py": DRAWS,
    },
    "a name for each tab": {"main.py": WITH.format(tabs="one, two, three", second="two")},
    "tabs by their place": {"main.py": WITH.format(tabs="tabs", second="tabs[1]")},
}


@pytest.fixture
def grown(tmp_path):
    """Write a small project: `grown(files, named=True)` gives its tree."""

    def make(files, *, named=False):
        told = dedent(MANIFEST) + ('tabs_name = "TABS"\n' if named else "")
        for path, text in {**files, "verify.toml": told}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(dedent(text), "utf-8")
        return Tree(tmp_path)

    return make


def of(grown, shape):
    return grown(SHAPES[shape], named="TABS" in SHAPES[shape]["main.py"])


@pytest.mark.parametrize("shape", SHAPES)
def test_what_draws_a_tab_is_found(grown, shape):
    found = page.body(of(grown, shape), "Two")
    assert [ast.unparse(one) for one in found.statements] == [
        "st.write('first')",
        "st.write('last')",
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_tab_draws_something_first_or_nothing_else(grown, shape):
    tree = of(grown, shape)
    path = page.draw_first(tree, "Two", "planted()")
    assert tree.text(path).index("planted()") < tree.text(path).index("first")
    assert page.draw_only(tree, "Two", "alone()") == path
    assert "alone()" in tree.text(path)
    assert not {"planted", "first", "last"} & set(tree.text(path).replace('"', " ").split())


@pytest.mark.parametrize("shape", SHAPES)
def test_the_rows_are_found_and_written_anew(grown, shape):
    tree = of(grown, shape)
    assert [row.label for row in page.rows(tree)] == ["One", "Two", "Three"]
    texts_of_rows = page.row_texts(tree)
    page.put_rows(tree, [texts_of_rows[1], texts_of_rows[0], texts_of_rows[2]])
    assert [*map(ast.unparse, page.table(tree).elts)] == [
        ast.unparse(ast.parse(texts_of_rows[one], mode="eval")) for one in (1, 0, 2)
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_runs_first_and_last_is_no_part_of_an_import(grown, shape):
    tree = of(grown, shape)
    page.run_first(tree, "begin()")
    page.run_last(tree, "finish()")
    text = tree.text("main.py")
    assert text.index("begin()") < text.index("finish()")
    if "__name__" in text:
        assert text.index("__name__") < text.index("begin()")


def test_a_label_in_no_row_is_told(grown):
    tree = grown({"main.py": 'TABS = ["One", "2", "Three"]\n'}, named=True)
    with pytest.raises(CannotPlant, match="'Two'"):
        page.rows(tree)


def test_an_import_stands_below_docstring_and_future(grown):
    head = '"""Says it."""\n\nfrom __future__ import annotations\n\nimport os\n'
    tree = grown({"main.py": head})
    page.import_first(tree, "main.py", "import sys")
    assert tree.text("main.py").splitlines()[4:] == ["import sys", "import os"]


BOUNDED = {
    "main.py": """
        import streamlit as st
        from guard import guarded

        for name, place in zip(TABS, st.tabs(TABS)):
            with place, guarded(name):
                draw(name)
    """,
    "guard.py": """
        from contextlib import contextmanager
        from say import sentence
        import streamlit as st

        @contextmanager
        def guarded(name):
            try:
                yield
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                _show(error)

        def _show(error):
            st.error(sentence(error))
    """,
    "say.py": """
        TEXT = "Error id"

        def sentence(error):
            return f"{TEXT} {id(error)}"

        def other():
            try:
                work()
            except ValueError as error:
                print(TEXT)
    """,
}


def test_the_boundary_is_found_by_what_it_shows(grown):
    found = boundary.boundary(grown(BOUNDED))
    assert found.path == "guard.py"
    assert [ast.unparse(one.type) for one in found.handlers] == ["BaseException"]


def test_a_bare_handler_is_narrowed(grown):
    files = {**BOUNDED, "guard.py": BOUNDED["guard.py"].replace(" BaseException as error", "")}
    tree = grown(files)
    found = boundary.boundary(tree)
    narrow = boundary.taking(tree.text(found.path), found.widest, "Exception")
    assert "    except Exception:\n        _show" in narrow


def test_a_project_without_a_boundary_is_told(grown):
    with pytest.raises(CannotPlant, match="Error id"):
        boundary.boundary(grown({"main.py": "import streamlit as st\n"}))


def test_what_draws_a_text_is_found_through_its_constant(grown):
    head = '"""Gone fishing."""\n\nimport streamlit as st\n\n'
    code = f'{head}GONE = "Gone fishing."\n\nst.error(GONE)\n'
    tree = grown({"main.py": code})
    found = texts.drawing(tree, "fishing")
    assert (found.path, ast.unparse(found.call)) == ("main.py", "st.error(GONE)")
