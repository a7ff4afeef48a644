"""What draws a page is found by following the program, not by searching its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.probes.launchers.entries.drawn import Drawn
from verify.probes.source import Source

if TYPE_CHECKING:
    from pathlib import Path

ST = "import streamlit as st\n"
LIBRARY = {
    "shell.py": f"{ST}\ndef draw():\n    st.title('x')\n\n"
    "def quiet():\n    return st.secrets['a']\n",
    "objects.py": (
        f"{ST}\nclass Base:\n    def show(self):\n        st.title('x')\n\n"
        "class App(Base):\n    def __init__(self, name=''):\n        self.name = name\n\n"
        "    def run(self):\n        self._draw()\n\n"
        "    def _draw(self):\n        super().show()\n\n"
        "    def idle(self):\n        return self.name\n"
    ),
    "real.py": f"{ST}\nst.title('x')\n",
    "guarded_main.py": f"{ST}\ndef main():\n    st.title('x')\n\n"
    "if __name__ == '__main__':\n    main()\n",
    "pkg/__init__.py": "from .inner import draw\n",
    "pkg/inner.py": f"{ST}\ndef draw():\n    st.write('x')\n",
    "pkg/bare.py": "def nothing():\n    pass\n",
    "plain.py": "def draw():\n    print('streamlit')\n",
    "folder/page.py": f"{ST}\nst.write(1)\n",
    "deco.py": "def now(f):\n    f()\n    return f\n\ndef later(f):\n    return f\n",
    "plain_runner.py": "def safely(f):\n    return f()\n",
    "runner.py": "import streamlit\n\ndef safely(f, *more):\n    try:\n        f(*more)\n"
    "    except OSError:\n        pass\n",
}

DRAWS = [
    f"{ST}st.title('x')",
    "import streamlit\nstreamlit.title('x')",
    "from streamlit import title\ntitle('x')",
    "from streamlit import title as t, sidebar\nsidebar.title('x')",
    "import importlib\nst = importlib.import_module('streamlit')\nst.title('x')",
    "import streamlit.components.v1 as components\ncomponents.html('x')",
    f"{ST}st.components.v1.html('x')",
    f"{ST}with st.sidebar:\n    st.title('x')",
    f"{ST}for n in range(3):\n    st.write(n)",
    f"{ST}try:\n    st.write(1)\nexcept OSError:\n    pass",
    f"{ST}try:\n    import foo\nexcept ImportError:\n    st.error('x')",
    f"{ST}if a:\n    st.write(1)",
    f"{ST}if False:\n    pass\nelse:\n    st.write(1)",
    f"{ST}while True:\n    st.write(1)\n    break",
    f"{ST}match a:\n    case 1:\n        st.write(1)",
    f"{ST}x = [st.write(n) for n in range(3)]",
    f"{ST}a, b = st.columns(2)",
    f"{ST}if st.button('x'):\n    pass",
    f"{ST}print(st.text_input('x'))",
    f"{ST}name = 'a'\nname",
    f"{ST}'some *markdown*'",
    f"'''Docs.'''\n{ST}\nx = 1\nif x:\n    '# Title'",
    f"{ST}def main():\n    st.title('x')\nmain()",
    f"{ST}def main():\n    st.title('x')\nif __name__ == '__main__':\n    main()",
    f"{ST}def main():\n    st.title('x')\nif '__main__' == __name__: main()",
    "def main():\n    import streamlit as st\n    st.title('x')\nmain()",
    f"{ST}def a():\n    b()\ndef b():\n    st.title('x')\na()",
    f"{ST}def a(n):\n    if n:\n        a(n - 1)\n    st.title('x')\na(3)",
    f"{ST}def main(page):\n    page.title('x')\nmain(st)",
    f"{ST}draw = lambda: st.title('x')\ndraw()",
    f"{ST}def a():\n    st.title('x')\nPAGES = {{'a': a}}\nPAGES[name]()",
    f"{ST}def a():\n    st.title('x')\nfor page in [a]:\n    page()",
    f"{ST}def a():\n    st.title('x')\nPAGES = {{'a': a}}\nfor k, f in PAGES.items():\n    f()",
    f"{ST}def a():\n    st.title('x')\n{{'a': a}}.get(n, a)()",
    f"{ST}import asyncio\nasync def main():\n    st.title('x')\nasyncio.run(main())",
    f"{ST}@st.fragment\ndef part():\n    st.title('x')\npart()",
    f"{ST}@st.cache_data(ttl=1)\ndef load():\n    pass\nload()\nst.write(1)",
    f"{ST}pg = st.navigation([st.Page('a.py')])\npg.run()",
    f"{ST}class App:\n    def run(self):\n        st.title('x')\nApp().run()",
    f"{ST}class App:\n    def __init__(self):\n        st.title('x')\nApp()",
    f"{ST}class App:\n    @staticmethod\n    def run():\n        st.title('x')\nApp.run()",
    f"{ST}class App:\n    @classmethod\n    def run(cls):\n        st.title('x')\nApp.run()",
    (
        f"{ST}class P:\n    def go(self):\n        st.title('x')\n"
        "class App:\n    def __init__(self):\n        self.p = P()\n"
        "    def run(self):\n        self.p.go()\nApp().run()"
    ),
    "from objects import App\nApp('a').run()",
    "import objects\napp = objects.App()\nif __name__ == '__main__':\n    app.run()",
    "from shell import draw\ndraw()",
    "from shell import *\ndraw()",
    "import shell\nshell.draw()",
    "import shell as s\ns.draw()",
    "import pkg.inner\npkg.inner.draw()",
    "from pkg import draw\ndraw()",
    "from pkg import inner\ninner.draw()",
    "from pkg import (\n    bare,\n    inner,\n)\ninner.draw()",
    "import real",
    "from real import *",
    "if __name__ == '__main__':\n    import real",
    "def main():\n    import real\nmain()",
    "import runpy\nrunpy.run_path('real.py')",
    "import runpy\nrunpy.run_path('guarded_main.py', run_name='__main__')",
    "import runpy\nrunpy.run_module('guarded_main', run_name='__main__')",
    "exec(open('real.py').read())",
    "exec(open('guarded_main.py').read())",
    "PAGE = 'real.py'\nexec(compile(open(PAGE).read(), PAGE, 'exec'))",
    "from pathlib import Path\nexec(Path('folder/page.py').read_text())",
    (
        "import os, runpy\nHERE = os.path.dirname(__file__)\n"
        "runpy.run_path(os.path.join(HERE, 'folder', 'page.py'))"
    ),
    (
        "import runpy\nfrom pathlib import Path\n"
        "PAGE = Path(__file__).parent / 'folder' / 'page.py'\nrunpy.run_path(str(PAGE))"
    ),
    "import importlib\nimportlib.import_module('real')",
    "from guarded_main import main\nmain()",
    "import guarded_main\ngetattr(guarded_main, 'main')()",
    f"{ST}from deco import now\n@now\ndef main():\n    st.title('x')",
    f"{ST}from runner import safely\ndef main():\n    st.title('x')\nsafely(main)",
    f"{ST}from runner import safely\ndef main(page):\n    page.title('x')\nsafely(main, st)",
    f"{ST}import plain_runner\ndef main():\n    st.title('x')\nplain_runner.safely(main)",
    f"{ST}import fire\ndef main():\n    st.title('x')\nfire.Fire(main)",
    f"{ST}import sys\nif len(sys.argv) > 3:\n    sys.exit(1)\nst.title('x')",
    f"{ST}try:\n    raise OSError\nexcept OSError:\n    pass\nst.title('x')",
    f"{ST}x or st.stop()\nst.title('x')",
]

QUIET = [
    "",
    "print('streamlit')",
    ST,
    f"{ST}def main():\n    st.title('x')",
    f"{ST}class App:\n    def run(self):\n        st.title('x')\napp = App()",
    f"{ST}if False:\n    st.title('x')",
    f"{ST}if 0:\n    st.title('x')",
    f"{ST}if not True:\n    st.title('x')",
    f"{ST}while False:\n    st.title('x')",
    "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import real",
    f"{ST}raise RuntimeError('x')\nst.title('x')",
    f"{ST}import sys\nsys.exit('x')\nst.title('x')",
    f"{ST}st.stop()\nst.title('x')",
    f"{ST}if a:\n    raise OSError\nelse:\n    exit(1)\nst.title('x')",
    f"{ST}def refuse():\n    raise OSError\nrefuse()\nst.title('x')",
    f"{ST}if __name__ != '__main__':\n    st.title('x')",
    f"{ST}@st.cache_data\ndef load():\n    return 1\nload()",
    f"{ST}@st.cache_resource(ttl=3)\ndef load():\n    return 1",
    f"{ST}@st.dialog('x')\ndef ask():\n    st.title('x')",
    f"{ST}st.session_state.x = 1\nst.session_state.setdefault('a', 1)",
    f"{ST}key = st.secrets['a']\nkey2 = st.secrets.get('b')",
    f"{ST}x = st.query_params.get('a')",
    f"{ST}conn = st.connection('a')",
    f"{ST}COLUMNS = {{'a': st.column_config.TextColumn('a')}}",
    f"{ST}def a():\n    st.title('x')\nPAGES = [st.Page(a), st.Page('b.py')]",
    "import streamlit.components.v1 as components\nc = components.declare_component('a')",
    f"{ST}st.set_option('a', 1)\nst.runtime.exists()",
    "from streamlit.testing.v1 import AppTest\nat = AppTest.from_file('real.py').run()",
    "from streamlit.web import cli\ncli.main()",
    "import subprocess\nsubprocess.run(['streamlit', 'run', 'real.py'])",
    f"'''st.title('x')'''\n{ST}",
    f"# st.title('x')\n{ST}",
    f"{ST}TEXT = 'st.title(1)'\n'''What TEXT is.'''",
    f"{ST}class A:\n    '''Docs.'''\n    x = 1\n    '''What x is.'''",
    "'just a text'\n1 + 1",
    "from shell import draw",
    "from shell import quiet\nquiet()",
    "from objects import App\nApp().idle()",
    "import guarded_main",
    "from plain import draw\ndraw()",
    "import runpy\nrunpy.run_path('guarded_main.py')",
    f"{ST}from deco import later\n@later\ndef main():\n    st.title('x')",
    f"{ST}def main():\n    st.title('x')\nTABS = {{'a': main}}",
    (
        f"{ST}from dataclasses import dataclass\n@dataclass\nclass Tab:\n    f: object\n"
        "def a():\n    st.title('x')\nTABS = [Tab(a)]"
    ),
]


def look(tmp_path: Path, files: dict[str, str]) -> Drawn:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Drawn(Source(tmp_path))


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])


@pytest.mark.parametrize("code", DRAWS)
def test_it_draws(code: str, tmp_path: Path) -> None:
    drawn = look(tmp_path, {**LIBRARY, "it.py": code})
    assert drawn.of("it.py") is not None
    assert "it.py" in drawn.files


@pytest.mark.parametrize("code", QUIET)
def test_it_draws_nothing(code: str, tmp_path: Path) -> None:
    drawn = look(tmp_path, {**LIBRARY, "it.py": code})
    assert drawn.of("it.py") is None


@pytest.mark.parametrize(
    ("code", "target"),
    [
        ("from real import *", "real.py"),
        ("import real", "real.py"),
        ("import sys\nsys.path.insert(0, '.')\nimport real  # noqa", "real.py"),
        ("from guarded_main import main\nmain()", "guarded_main.py"),
        (
            "import guarded_main\nif __name__ == '__main__':\n    guarded_main.main()",
            "guarded_main.py",
        ),
        ("import runpy\nrunpy.run_path('folder/page.py')", "folder/page.py"),
        (f"{ST}st.title('x')\nimport real", ""),
        (f"import real\n{ST}st.title('x')", ""),
        ("from shell import draw\ndraw()", ""),  # shell.py alone is no page
        ("print('x')", ""),
    ],
)
def test_a_shim_is_known_by_the_page_it_runs(code: str, target: str, tmp_path: Path) -> None:
    assert look(tmp_path, {**LIBRARY, "it.py": code}).forwards_to("it.py") == target


@pytest.mark.parametrize(
    "name",
    ["tests/it.py", "app/test_it.py", "app/it_test.py", "conftest.py", "noxfile.py", "a/setup.py"],
)
def test_tests_and_tools_are_no_pages(name: str, tmp_path: Path) -> None:
    assert look(tmp_path, {name: f"{ST}st.title('x')", "app.py": ""}).files == {}


@pytest.mark.parametrize(
    "code",
    [
        "def f():\n    f()\nf()",
        "import b\nb.f()",
        f"{ST}def f(x):\n    return f([x, x])\nf(f)",
        f"{ST}x = [1]\n" + "x = [x, x]\n" * 400,
        f"{ST}class A(A):\n    pass\nA().run()",
        f"{ST}" + "def f(g):\n    g(lambda: f(g))\n" + "f(f)\n",
        f"{ST}x = " + "(" * 90 + "1" + ")" * 90,
        f"{ST}x = a" + ".b" * 3000,
        f"{ST}x = a" + " + 1" * 3000,
        f"{ST}"
        + "".join(f"def f{n}():\n    f{n + 1}()\n    f{n + 1}()\n" for n in range(60))
        + "f0()",
        f"{ST}"
        + "".join(f"def f{n}(x):\n    f{n + 1}([x])\n    f{n + 1}([x])\n" for n in range(60))
        + "f0(1)",
        "\0",
        "def (",
    ],
)
def test_any_program_comes_to_an_end(code: str, tmp_path: Path) -> None:
    drawn = look(
        tmp_path,
        {"streamlit_it.py": code, "b.py": "import streamlit_it\ndef f():\n    streamlit_it.f()\n"},
    )
    assert drawn.of("streamlit_it.py") is None
