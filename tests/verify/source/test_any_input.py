"""No input makes an analysis crash or hang: it observes something, or finds fault."""

from __future__ import annotations

import importlib
import inspect
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verify.manifest import Manifest
from verify.probes.importable import importable
from verify.probes.launchers.survey import survey
from verify.probes.source import Source
from verify.tables import Dashboard, Enums, Image, Retired, Sessions, SubjectSpec

GATES = (
    "compile",
    "entry",
    "guards",
    "marker",
    "pages",
    "shadowing",
    "tabs",
    "sessions",
    "enums",
    "install",
)

PIECES = (  # noqa: SIM905 - reads better
    "BUILD_MARKER TABS get_session LeadStatus enum Enum Mapped class def if try with for while "
    "match import from raise RuntimeError sys exit st stop error tabs global del lambda yield "
    "finally except return = ( ) [ ] { } : , . * ** == != in_ 'V2' \"x\" f'{x}' 0 \n \n\n    @ -> "
    "globals() setattr exec navigation Page ['x.py'] # DASH_FIX_START # DASH_FIX_END"
).split(" ")

SHELL = (  # noqa: SIM905
    "pip install x || true && exit 1 0 ; | & ( ) { } if then else fi for do done while case esac "
    "$X ${X:-y} $(pwd) \" ' << EOF \n cd streamlit run x.py exec set -e +e ! FROM RUN CMD [ ] , \\"
).split(" ")

FEW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(autouse=True)
def _no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.probes.tree._git_files", lambda _root: [])


def ask_all(python: bytes, shell: bytes = b"", docker: bytes = b"") -> int:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for path in ("main.py", "old.py", "guards.py", "store.py"):
            (root / path).write_bytes(python)
        (root / "user.py").write_bytes(b"from guards import *\nfrom store import get_session\n")
        (root / "go.sh").write_bytes(shell)
        (root / "Dockerfile").write_bytes(docker)
        manifest = Manifest(
            root=root,
            sha256="",
            dashboard=Dashboard(entry="main.py", marker="V2", tabs=("x",), tabs_name="TABS"),
            subject=SubjectSpec(launchers=("go.sh",)),
            sessions=Sessions(function="store:get_session"),
            enums=Enums(packages=(".",)),
            image=Image(dockerfile="Dockerfile", tag="x"),
            retired=(Retired(path="old.py", text="gone"),),
        )
        source = Source(root)
        made = {
            "source": lambda: source,
            "manifest": lambda: manifest,
            "matrix": lambda: survey(source, manifest.declared()),
            "importable": lambda: importable(root, ""),
        }
        count = 0
        for gate in GATES:
            module = importlib.import_module(f"verify.gates.{gate}")
            wanted = inspect.signature(module.gate_source).parameters
            seen = list(module.gate_source(**{name: made[name]() for name in wanted}))
            assert all(isinstance(o.ok, bool) and str(o.expected) is not None for o in seen)
            count += len(seen)
        return count


@FEW
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_python_like_text(text: str) -> None:
    assert ask_all(text.encode())


@FEW
@given(st.binary(max_size=200), st.binary(max_size=200), st.binary(max_size=200))
def test_bytes(python: bytes, shell: bytes, docker: bytes) -> None:
    assert ask_all(python, shell, docker)


@FEW
@given(st.lists(st.sampled_from(SHELL), max_size=30).map(" ".join))
def test_shell_like_text(text: str) -> None:
    assert ask_all(b"", text.encode(), text.encode())


DEEP = {
    "sum": "x = " + "+".join(["1"] * 3000),
    "parentheses": "x = " + "(" * 190 + ")" * 190,
    "attributes": "x" + ".a" * 3000,
    "calls": "x" + "()" * 900,
    "conditions": "".join(" " * n + "if x:\n" for n in range(90)) + " " * 90 + "pass",
    "elif": "if x: pass\n" + "elif x: pass\n" * 900,
    "branches": "import sys\n" + "if sys.argv:\n    x = 1\nelse:\n    x = 2\n" * 200,
    "functions": "def f(): f()\nf()\n",
    "two that call each other": "def f(): g()\ndef g(): f()\nf()\n",
    "imports itself": "from old import *\nimport old, guards\nfrom guards import x\nx()",
    "big number": "x = " + "9" * 5000,
    "big text": "x = 'a' * 10**12\nraise RuntimeError(x)",
    "padded text": "x = '%999999999d' % 1\ny = '{:>999999999}'.format(1)\nraise RuntimeError(x)",
    "replaced text": "x = ('a' * 9).replace('', 'b' * 999).replace('', 'c' * 999)\nx.join([x] * 9)",
    "long line": "TABS = [" + "'x', " * 50_000 + "]\nBUILD_MARKER = 'V2'",
}

DEEP_SHELL = {
    "substitutions": "echo " + "$(" * 300 + ")" * 300,
    "subshells": "(" * 500 + "pip install x" + ")" * 500,
    "ors": "pip install x || " * 500 + "true",
    "ifs": "if a; then " * 200 + "pip install x; " + "fi; " * 200,
    "quotes": "\"$(echo '" * 200,
    "calls itself": "f() { f; }\nf\nbash go.sh\n. ./go.sh\nstreamlit run x",
    "long line": "pip install " + "x " * 50_000,
    "variables": "".join('X="$X$X$X$X"\n' for _ in range(40)) + "X=ab\n" + 'X="$X$X$X$X"\n' * 40,
    "doubling": "X=ab\n" + 'X="$X$X$X$X"\n' * 40 + "streamlit run $X",
}


@pytest.mark.parametrize("case", DEEP)
def test_deep_and_long_python(case: str) -> None:
    assert ask_all(DEEP[case].encode())


@pytest.mark.parametrize("case", DEEP_SHELL)
def test_deep_and_long_shell(case: str) -> None:
    code = DEEP_SHELL[case].encode()
    assert ask_all(b"", code, b"FROM x\nRUN " + code.replace(b"\n", b"; ") + b"\nCMD " + code)


def test_dockerfile_stages_in_a_circle() -> None:
    docker = b"FROM b AS a\nCOPY --from=b /x /x\nFROM a AS b\nCOPY --from=a /x /x\nFROM b\n"
    assert ask_all(b"", b"", docker + b"CMD streamlit run /x\n")
