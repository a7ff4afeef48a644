"""Every file that draws a page is the entry, a page of it, a shim, guarded, or a rival."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.matrix import Declared, Launcher, State, Status
from verify.probes.launchers.entries.entry_points import entry_points
from verify.probes.launchers.world import World
from verify.probes.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from verify.matrix import EntryPoint

    Ask = Callable[..., dict[str, EntryPoint]]

ST = "import streamlit as st\n"
PAGE = f"{ST}\nst.title('x')\n"
TEXT = "This file is deprecated. Run: streamlit run app.py"


def started(*entries: str, kind: str = "shell") -> list[Launcher]:
    return [
        Launcher(f"start{n}.sh", 1, kind, f"streamlit run {entry}", entry, (), Status.OK, 8501, "")
        for n, entry in enumerate(entries)
    ]


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return what each entry point of a tree is, by path."""
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])

    def judge(
        files: Mapping[str, str | bytes],
        launchers: list[Launcher] | None = None,
        declared: Declared | None = None,
    ) -> dict[str, EntryPoint]:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        world = World(Source(tmp_path), declared)
        return {entry.path: entry for entry in entry_points(world, launchers or [])}

    return judge


def states(found: Mapping[str, EntryPoint]) -> dict[str, str]:
    assert all(entry.why for entry in found.values())
    return {path: str(entry.state) for path, entry in found.items()}


NAV = f"{ST}st.navigation"
TREES: list[tuple[dict[str, str], list[str], dict[str, str]]] = [
    ({"app.py": PAGE}, [], {"app.py": "canonical"}),
    ({"app.py": PAGE, "old.py": PAGE}, ["app.py"], {"app.py": "canonical", "old.py": "unguarded"}),
    ({"app.py": PAGE, "lib.py": f"{ST}def f():\n    st.title('x')\n"}, [], {"app.py": "canonical"}),
    (
        {"app.py": PAGE, "pages/1_a.py": PAGE, "pages/_b.py": PAGE, "pages/helper.py": ST},
        ["app.py"],
        {"app.py": "canonical", "pages/1_a.py": "page", "pages/_b.py": "page"},
    ),
    # Streamlit publishes neither of these, and no folder below pages/.
    (
        {"app.py": PAGE, "pages/.a.py": PAGE, "pages/sub/b.py": PAGE, "pages/__init__.py": PAGE},
        ["app.py"],
        {"app.py": "canonical", "pages/.a.py": "unguarded", "pages/sub/b.py": "unguarded"},
    ),
    (
        {"src/app.py": PAGE, "pages/a.py": PAGE},
        ["src/app.py"],
        {"src/app.py": "canonical", "pages/a.py": "unguarded"},
    ),
    (
        {"src/app.py": PAGE, "src/pages/a.py": PAGE},
        [],
        {"src/app.py": "canonical", "src/pages/a.py": "page"},
    ),
    (
        {"app.py": f"{NAV}([st.Page('views/a.py'), st.Page('pages/b.py')]).run()\n"}
        | {"views/a.py": PAGE, "views/c.py": PAGE, "pages/b.py": PAGE, "pages/d.py": PAGE},
        ["app.py"],
        {"app.py": "canonical", "views/a.py": "page", "views/c.py": "unguarded"}
        | {"pages/b.py": "page", "pages/d.py": "unguarded"},
    ),
    (
        {
            "src/app.py": f"{NAV}({{'A': [st.Page('a.py')]}}).run()\n",
            "src/a.py": PAGE,
            "a.py": PAGE,
        },
        ["src/app.py"],
        {"src/app.py": "canonical", "src/a.py": "page", "a.py": "unguarded"},
    ),
    (
        {
            "app.py": "from pathlib import Path\nimport os\n"
            f"{ST}HERE = Path(__file__).parent\n"
            "p = st.Page(HERE / 'views' / 'a.py')\nq = st.Page(os.path.join('views', 'b.py'))\n"
            "st.navigation([p, q]).run()\n",
            "views/a.py": PAGE,
            "views/b.py": PAGE,
        },
        ["app.py"],
        {"app.py": "canonical", "views/a.py": "page", "views/b.py": "page"},
    ),
    (
        {"app.py": f"{ST}def a():\n    st.title('x')\nst.navigation([st.Page(a)]).run()\n"},
        [],
        {"app.py": "canonical"},
    ),
    (
        {"app.py": PAGE, "main.py": "from app import *\n"},
        ["app.py"],
        {"app.py": "canonical", "main.py": "shim"},
    ),
    # What is launched is the entry, even if it only runs another file.
    (
        {"app.py": PAGE, "main.py": "import app\n"},
        ["main.py"],
        {"main.py": "canonical", "app.py": "unguarded"},
    ),
    (
        {"app.py": PAGE, "main.py": "import app\n", "other.py": PAGE},
        ["app.py", "app.py", "other.py"],
        {"app.py": "canonical", "main.py": "shim", "other.py": "unguarded"},
    ),
    (
        {"app.py": PAGE, "old.py": f"raise RuntimeError({TEXT!r})\n{PAGE}"},
        [],
        {"app.py": "canonical", "old.py": "guarded"},
    ),
    (
        {
            "app.py": PAGE,
            "old.py": f"import sys\n{ST}st.error({TEXT!r})\nst.stop()\nst.title('x')\n",
        },
        [],
        {"app.py": "canonical", "old.py": "guarded"},
    ),
    (
        {"app.py": PAGE, "old.py": f"raise SystemExit({TEXT!r})\n"},
        [],
        {"app.py": "canonical", "old.py": "guarded"},
    ),
    (
        {"app.py": PAGE, "old.py": f"import sys\nprint({TEXT!r}, file=sys.stderr)\nsys.exit(1)\n"},
        [],
        {"app.py": "canonical", "old.py": "guarded"},
    ),
    (
        {"app.py": PAGE, "old.py": f"from no import refuse\nrefuse({TEXT!r})\n"}
        | {"no.py": "def refuse(text):\n    raise RuntimeError(text)\n"},
        [],
        {"app.py": "canonical", "old.py": "guarded"},
    ),
    # A command line program that ends with a status refuses nothing.
    (
        {
            "app.py": PAGE,
            "cli.py": "import sys\n# deprecated\ndef main():\n    return 1\nsys.exit(main())\n",
        },
        [],
        {"app.py": "canonical"},
    ),
    (
        {
            "app.py": PAGE,
            "cli.py": "import sys\n# streamlit\nif __name__ == '__main__':\n    sys.exit(1)\n",
        },
        [],
        {"app.py": "canonical"},
    ),
    ({"app.py": PAGE, "tests/test_a.py": PAGE, "x/test_b.py": PAGE}, [], {"app.py": "canonical"}),
    (
        {"app.py": PAGE, "tests/app.py": PAGE},
        ["app.py", "app.py", "tests/app.py"],
        {"app.py": "canonical", "tests/app.py": "unguarded"},
    ),
    (
        {"app.py": PAGE, "job.py": "print(1)\n"},
        ["app.py", "app.py", "job.py"],
        {"app.py": "canonical", "job.py": "unguarded"},
    ),
    (
        {"app.py": PAGE, "bad.py": "import streamlit\ndef (\n"},
        ["app.py", "app.py", "bad.py"],
        {"app.py": "canonical", "bad.py": "unguarded"},
    ),
    ({"a.py": PAGE, "b.py": PAGE}, ["a.py", "b.py"], {"a.py": "unguarded", "b.py": "unguarded"}),
    ({"README.md": "streamlit run app.py"}, [], {}),
]


@pytest.mark.parametrize(("files", "entries", "expected"), TREES)
def test_states(
    files: dict[str, str], entries: list[str], expected: dict[str, str], ask: Ask
) -> None:
    assert states(ask(files, started(*entries))) == expected


RETIRED = [
    (f"raise RuntimeError({TEXT!r})\n", "guarded", TEXT),
    (
        f"if False:\n    raise RuntimeError({TEXT!r})\n{PAGE}",
        "unguarded",
        "line 2 stands in a branch that never runs",
    ),
    (
        f"import os\nif os.getcwd():\n    raise RuntimeError({TEXT!r})\n{PAGE}",
        "unguarded",
        "line 3 stands behind a condition",
    ),
    (
        f"if __name__ == '__main__':\n    raise RuntimeError({TEXT!r})\n{PAGE}",
        "unguarded",
        "line 2 stands under the main guard",
    ),
    (f"# raise RuntimeError({TEXT!r})\n{PAGE}", "unguarded", "only in a comment or a text"),
    (f"'''raise RuntimeError({TEXT!r})'''\n{PAGE}", "unguarded", "only in a comment or a text"),
    (
        f"def refuse():\n    raise RuntimeError({TEXT!r})\n{PAGE}",
        "unguarded",
        "line 2 stands in refuse()",
    ),
    (
        f"try:\n    raise RuntimeError({TEXT!r})\nexcept Exception:\n    pass\n{PAGE}",
        "unguarded",
        "line 2 is caught by the except of line 3",
    ),
    (f"{PAGE}raise RuntimeError({TEXT!r})\n", "unguarded", "before it refuses, line 3"),
    (f"open('x', 'w')\nraise RuntimeError({TEXT!r})\n", "unguarded", "before it refuses, line 1"),
    (PAGE, "unguarded", "nothing in it does; line 3 draws: st.title('x')"),
    (f"{ST}st.error({TEXT!r})\nst.stop()\nst.title('x')\n", "guarded", TEXT),
    (
        f"{ST}st.error({TEXT!r})\nif st.button('x'):\n    st.stop()\nst.title('x')\n",
        "unguarded",
        "condition",
    ),
    (f"{ST}st.stop()\nst.title('x')\n", "unguarded", "it does not refuse"),
    (f"{ST}st.error({TEXT!r})\nst.line_chart([1])\nst.stop()\n", "unguarded", "it does not refuse"),
    ("# deprecated\nrefuse('x')\n", "unguarded", "line 2 fails by accident"),
    ("raise RuntimeError\n", "unguarded", "line 1 without a text"),
    ("import sys\nsys.exit(0)\n", "unguarded", "exits with status 0"),
    ("def (\n", "unguarded", "it cannot be parsed"),
]


@pytest.mark.parametrize(("code", "state", "why"), RETIRED)
def test_a_retired_file_that_does_not_refuse_tells_why(
    code: str, state: str, why: str, ask: Ask
) -> None:
    found = ask({"app.py": PAGE, "old.py": code}, [], Declared("app.py", ("old.py",)))
    assert found["old.py"].state == state
    assert why in found["old.py"].why


def test_the_manifest_decides_what_is_the_entry_and_a_page(ask: Ask) -> None:
    files = {"a.py": PAGE, "b.py": PAGE, "c.py": PAGE, "d.py": PAGE}
    declared = Declared("a.py", (), ("b.py",), ("c.py",))
    found = ask(files, started("d.py", "d.py"), declared)
    assert states(found) == {
        "a.py": "canonical",
        "b.py": "page",
        "c.py": "page",
        "d.py": "unguarded",
    }
    assert "verify.toml" in found["a.py"].why


@pytest.mark.parametrize(
    ("files", "entries", "path", "why"),
    [
        (
            {"app.py": PAGE, "b.py": PAGE},
            ["app.py"],
            "b.py",
            "line 3 draws: st.title('x'); the entry is app.py",
        ),
        (
            {"app.py": PAGE, "b.py": PAGE},
            ["app.py", "app.py", "b.py"],
            "b.py",
            "start2.sh:1 starts it",
        ),
        (
            {"a.py": PAGE, "b.py": PAGE},
            ["a.py", "b.py"],
            "a.py",
            "the launchers disagree: a.py (1), b.py (1)",
        ),
        (
            {"app.py": PAGE, "j.py": "1"},
            ["app.py", "app.py", "j.py"],
            "j.py",
            "draws nothing that can be seen",
        ),
        (
            {"app.py": PAGE, "j.py": "("},
            ["app.py", "app.py", "j.py"],
            "j.py",
            "draws nothing that can be seen",
        ),
        (
            {"app.py": PAGE, "j.py": "import streamlit("},
            ["app.py", "app.py", "j.py"],
            "j.py",
            "cannot be parsed",
        ),
        ({"app.py": PAGE, "m.py": "import app"}, ["app.py"], "m.py", "it only runs app.py"),
        (
            {"app.py": PAGE, "m.py": "import app"},
            ["m.py"],
            "m.py",
            "it only runs app.py, which nothing starts",
        ),
        (
            {"app.py": f"{NAV}([]).run()", "pages/a.py": PAGE},
            ["app.py"],
            "pages/a.py",
            "app.py uses st.navigation",
        ),
        (
            {"app.py": f"{NAV}(['b.py']).run()", "b.py": PAGE},
            ["app.py"],
            "b.py",
            "app.py:2 lists it",
        ),
        (
            {"app.py": PAGE, "pages/a.py": PAGE},
            ["app.py"],
            "pages/a.py",
            "the folder pages beside app.py",
        ),
    ],
)
def test_why(files: dict[str, str], entries: list[str], path: str, why: str, ask: Ask) -> None:
    assert why in ask(files, started(*entries))[path].why


def test_files_of_any_bytes_are_judged(ask: Ask) -> None:
    files = {
        "app.py": PAGE,
        "a.py": b"\xff\xfe streamlit \0",
        "b.py": b"# coding: nope\nimport streamlit",
        "c.py": b"streamlit" * 100_000,
        "d.py": b"import streamlit\n" + b"(" * 5000,
        "pages/x.py": b"import streamlit as st\nst.title('\xff')",
    }
    assert states(ask(files, started("app.py", "app.py", "a.py"))) == {
        "app.py": State.CANONICAL,
        "a.py": State.UNGUARDED,
    }


RUNS = "import app\n\n{}\napp.main()\n"
MAIN = f"{ST}TABS = [1, 2]\n\n\ndef main():\n    st.title('x')\n\n\nmain()\n"
CHANGES = {
    "": State.SHIM,
    "import sys; sys.path.insert(0, '.')": State.SHIM,
    "words = {}; words['a'] = 1; words.update(b=2)": State.SHIM,
    "app.TABS = app.TABS[:1]": State.UNGUARDED,
    "app.TABS.pop()": State.UNGUARDED,
    "del app.TABS[0]": State.UNGUARDED,
    "setattr(app, 'TABS', [])": State.UNGUARDED,
    "import os; os.environ['MOCK'] = '1'": State.UNGUARDED,
    "from os import environ; environ.update(MOCK='1')": State.UNGUARDED,
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_the_declared_entry_before_it_runs_it_is_a_rival(
    change: str, ask: Ask
) -> None:
    files = {"app.py": MAIN, "demo.py": RUNS.format(change)}
    assert ask(files, declared=Declared(entry="app.py"))["demo.py"].state is CHANGES[change]
    assert ask(files, started("app.py"))["demo.py"].state is State.SHIM


def test_only_the_declared_entry_publishes_pages(ask: Ask) -> None:
    files = {
        "inner/app.py": PAGE,
        "inner/pages/own.py": PAGE,
        "old.py": f"{ST}st.error({TEXT!r})\nst.stop()\n",
        "pages/rival.py": PAGE,
        "unused.py": f"{ST}\n\ndef lead():\n    st.navigation([st.Page('listed.py')])\n",
        "listed.py": PAGE,
        "other.py": PAGE,
        "other_nav.py": f"{ST}st.navigation([st.Page('of_other.py')])\n",
        "of_other.py": PAGE,
    }
    declared = Declared(entry="inner/app.py", retired=("old.py",), others=("other_nav.py",))
    found = ask(files, declared=declared)
    pages = {path for path, one in found.items() if one.state is State.PAGE}
    rivals = {path for path, one in found.items() if one.state is State.UNGUARDED}
    assert pages == {"inner/pages/own.py", "of_other.py", "other_nav.py"}
    assert rivals == {"pages/rival.py", "listed.py", "other.py"}
    assert "that is not the entry" in found["pages/rival.py"].why
