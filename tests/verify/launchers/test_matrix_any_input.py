"""No input makes the run matrix crash or hang; what cannot be read is a row that says so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from verify.matrix import Matrix, Status
from verify.probes.launchers.survey import survey
from verify.probes.source import Source

SECONDS = 30.0
"""For a tree of a few small files, which takes well below one; a hang takes for ever."""

NAMES = (
    "Dockerfile",
    "compose.yaml",
    "run.sh",
    "bin/run",
    "run.bat",
    "run.cmd",
    "run.ps1",
    "run.py",
    "pyproject.toml",
    "setup.py",
    "setup.cfg",
    "Makefile",
    "rules.mk",
    "justfile",
    "Taskfile.yml",
    "tox.ini",
    "noxfile.py",
    "package.json",
    "Procfile",
    "heroku.yml",
    "render.yaml",
    ".replit",
    "supervisord.conf",
    "page.service",
    "k8s/pod.yaml",
    "chart/Chart.yaml",
    "chart/values.yaml",
    "chart/templates/pod.yaml",
    ".devcontainer/devcontainer.json",
    ".github/workflows/page.yml",
    ".vscode/tasks.json",
    ".vscode/launch.json",
    ".streamlit/config.toml",
    ".dockerignore",
    ".env",
    "README.md",
    "pages/1_Page.py",
)

PIECES = (  # noqa: RUF005, SIM905 - reads better
    # shell, batch, make
    "streamlit run app.py --server.port 8501 $PORT ${PORT:-1} $(pwd) $@ %~dp0 %PORT% cd .. && || ; "
    "& exec if then else fi for do done case esac in { } ( ) [ ] < > | << EOF \" ' ` \\ # ! run: @ "
    "python -m -c uv npm make start call set goto :end include export run.sh ./bin/run run.py "
    # Dockerfile
    "FROM x AS y COPY . --from=y /app ENV ARG WORKDIR CMD ENTRYPOINT EXPOSE RUN pip install "
    # YAML, JSON, TOML, INI
    "services: web: build: command: entrypoint: - & * ? : , kind: Pod spec: containers: {{ }} | "
    "[tool] scripts = true null 1 0x [program:x] [Service] ExecStart= commands = <<: *a &a "
    # Python
    "import subprocess os sys def class return lambda st.title() subprocess.run os.system "
    "sys.argv = [ ] for x in while try: except: f'{x}' __file__ + * ** . = == # None"
).split(" ") + [
    "\n",
    "\n",
    "\n\t",
    "\n  ",
    "\n    ",
    "\r\n",
    "",
    "\t",
    "\0",
    "é",
    "\ufeff",
    "\u2028",
]

FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

CRASH = re.compile(
    r"cannot be followed: (?!UnicodeError)\w+(?:Error|Exception|Iteration|Expired)\b"
)

IN_A_PROCESS = """
import dataclasses, json, sys, pathlib
from verify.probes.launchers.survey import survey
from verify.probes.source import Source
from verify.probes import tree
import os
def everything(root):
    return [os.path.relpath(os.path.join(at, name), root)
            for at, _, names in os.walk(root) for name in names]
tree._git_files = everything
print(json.dumps(dataclasses.asdict(survey(Source(pathlib.Path(sys.argv[1]))))))
"""


class Tree(Source):
    """All files of a folder, hidden ones too, and some that are gone once they are read."""

    gone: tuple[str, ...] = ()

    @cached_property
    def files(self) -> tuple[str, ...]:
        base = str(self.root)
        found = (f"{at}/{name}" for at, _, names in os.walk(base) for name in names)
        return tuple(sorted({*(os.path.relpath(path, base) for path in found), *self.gone}))


def write(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def ask(files: dict[str, bytes]) -> Matrix:
    """Return the matrix of a small tree, and see that its rows make sense."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        write(root, {"app.py": b"import streamlit as st\nst.title('x')\n", **files})
        source = Tree(root)
        matrix = survey(source)
    for row in matrix.launchers:
        assert row.path in source.files
        assert 1 <= row.line <= len(re.split(rb"\r\n|\r|\n", source.raw(row.path)))
        assert isinstance(row.status, Status)
        assert row.entry is None or row.entry in source.files
        assert set(row.candidates) <= set(source.files)
        assert row.port is None or 0 <= row.port <= 65535
        assert row.why or row.status is Status.OK, row
        assert not CRASH.search(row.why), row
    for point in matrix.entry_points:
        assert point.path in source.files
        assert point.why
    for one in matrix.disagreements:
        assert one.path in source.files
        assert one.line >= 1
    return matrix


def in_time(root: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the matrix of a tree, drawn up by a process that is killed when it takes too long."""
    done = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(root)],
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    crashed = [row for row in found["launchers"] if CRASH.search(row["why"])]
    assert not crashed, crashed
    return found


@FEW
@given(st.binary(max_size=300))
def test_bytes_as_every_kind_of_file(content: bytes) -> None:
    ask(dict.fromkeys(NAMES, content))


@FEW
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_words_of_all_languages_as_every_kind_of_file(text: str) -> None:
    ask(dict.fromkeys(NAMES, text.encode()))


@FEW
@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join))
def test_any_command_in_every_form(text: str) -> None:
    quoted = json.dumps(text)
    code = text.replace("\n", " ").replace("\0", "").encode()
    files = {
        "Dockerfile": b"FROM x\nCOPY . /\nCMD " + code,
        "Dockerfile.exec": f'FROM x\nCOPY . /\nCMD ["sh", "-c", {quoted}]'.encode(),
        "compose.yaml": f"services:\n  a:\n    build: .\n    command: {quoted}\n".encode(),
        "run.sh": text.encode(),
        "run.bat": text.encode(),
        "run.ps1": text.encode(),
        "run.py": f"import os\nos.system({quoted})\n".encode(),
        "Makefile": b"all:\n\t" + code + b"\n",
        "justfile": b"all:\n    " + code + b"\n",
        "tox.ini": b"[testenv]\ncommands = " + code + b"\n",
        "noxfile.py": f"import nox\n@nox.session\ndef a(s):\n    s.run({quoted})\n".encode(),
        "package.json": f'{{"scripts": {{"start": {quoted}}}}}'.encode(),
        "Procfile": b"web: " + code,
        ".replit": f"run = {quoted}".encode(),
        "supervisord.conf": b"[program:x]\ncommand=" + code,
        "page.service": b"[Service]\nExecStart=" + code,
        ".devcontainer/devcontainer.json": f'{{"postStartCommand": {quoted}}}'.encode(),
        ".github/workflows/x.yml": f"jobs:\n  a:\n    steps:\n      - run: {quoted}\n".encode(),
        ".vscode/tasks.json": f'{{"tasks": [{{"command": {quoted}}}]}}'.encode(),
    }
    matrix = ask(files)
    assert {row.path for row in matrix.launchers} >= {
        "Dockerfile",
        "Dockerfile.exec",
        "compose.yaml",
    }


STREAMLIT = "streamlit run app.py"
DEPTH = 5_000
LONG = 100_000

NESTED = {
    "Dockerfile": {
        "brackets": "FROM x\nCMD " + "[" * DEPTH,
        "continued": "FROM x\nCMD streamlit run \\\n" + "\\\n" * DEPTH + "app.py",
        "stages": "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(2000)) + "CMD " + STREAMLIT,
        "variables": "FROM x\nENV A=ab\n" + "ENV A=$A$A$A$A\n" * 60 + "CMD streamlit run $A",
        "copies": "FROM x\n" + "COPY *.py /a/\n" * 3000 + "CMD streamlit run /a/app.py",
        "stages in a circle": "FROM b AS a\nCOPY --from=b /x /x\nFROM a AS b\nCOPY --from=a /x /x\n"
        "FROM b\nCMD streamlit run /x",
        "copied from itself": "FROM x AS a\nCOPY --from=a /app /app\nCMD streamlit run /app/app.py",
        "chain of copies": "FROM x AS s0\nCOPY . /a\n"
        + "".join(
            f"FROM x AS s{n}\nCOPY --from=s{n - 1} /a /a\nCOPY --from=s{n - 1} /a /b\n"
            for n in range(1, 60)
        )
        + "CMD streamlit run /a/b/nowhere.py",
        "shells in shells": 'FROM x\nCMD ["sh", "-c", "' + "sh -c '" * 300 + '"]',
    },
    ".dockerignore": {"stars": "**/" * 200 + "*a*a*a*a*a*a*a*a*a*a*b\n" * 50},
    "run.sh": {
        "substitutions": "echo " + "$(" * DEPTH + STREAMLIT + ")" * DEPTH,
        "subshells": "(" * DEPTH + STREAMLIT + ")" * DEPTH,
        "ifs": "if a; then " * 2000 + STREAMLIT + "; fi" * 2000,
        "arms": "if a; then X=a.py; else X=b.py; fi\n" * 200 + "streamlit run $X",
        "arms that start": f"if a; then {STREAMLIT}; else streamlit run b.py; fi\n" * 300,
        "cases": "case $A in " + f"a) {STREAMLIT};; " * 2000 + "esac",
        "doubling": "X=ab\n" + 'X="$X$X$X$X"\n' * 60 + "streamlit run $X",
        "words": "X='a b'\n" + 'X="$X $X $X"\n' * 40 + "streamlit run $X",
        "functions": "f() { f; g; }\ng() { g; f; }\nf\n" + STREAMLIT,
        "functions that fork": "f() { f; f; f; }\nf\n" + STREAMLIT,
        "loops": "for a in 1 2 3 4 5 6 7 8 9; do " * 12 + STREAMLIT + "; done" * 12,
        "endless loop": "while true; do streamlit run app.py; done",
        "quotes": "\"$(echo '" * DEPTH,
        "sources itself": f". ./run.sh\nsource run.sh\nbash run.sh\nsh ./run.sh\n{STREAMLIT}\n",
        "eval": "eval " * 500 + STREAMLIT,
        "prefixes": "env nohup timeout 5 nice uv run " * 500 + STREAMLIT,
        "shells": 'bash -c "' + "bash -c '" * 200 + STREAMLIT,
        "many": (STREAMLIT + "\n") * 5000,
        "braces": "streamlit run {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}.py",
        "defaults": "streamlit run " + "${A:-" * 2000 + "app.py" + "}" * 2000,
        "heredocs": "cat <<A <<B <<C\n" * 500 + STREAMLIT,
    },
    "run.bat": {
        "goto": f":a\ncall :b\ngoto a\n:b\ncall :a\ngoto b\n{STREAMLIT}",
        "blocks": "if a (" * 2000 + STREAMLIT + ")" * 2000,
        "calls itself": f"call run.bat\ncmd /c run.bat\nstart run.bat\n{STREAMLIT}",
        "doubling": "set X=ab\n" + "set X=%X%%X%%X%\n" * 60 + "streamlit run %X%",
    },
    "run.ps1": {
        "braces": "if ($a) {" * 2000 + STREAMLIT + "}" * 2000,
        "substitutions": "$(" * 2000 + STREAMLIT + ")" * 2000,
        "calls itself": f"./run.ps1\n& $PSCommandPath\n. ./run.ps1\n{STREAMLIT}",
        "doubling": "$x = 'ab'\n" + '$x = "$x$x$x"\n' * 60 + "streamlit run $x",
    },
    "run.py": {
        "parentheses": "import os\nx = " + "(" * 190 + ")" * 190,
        "too deep": "import subprocess\nx = " + "[" * DEPTH + "]" * DEPTH,
        "sum": "import os\nos.system(" + "+".join(["'streamlit '"] * 3000) + ")",
        "recursion": "import os\ndef f(x):\n    f(x + 'a')\n"
        "    os.system('streamlit run app.py')\nf('')",
        "forking recursion": "import os\ndef f(n):\n    f(n+1)\n    f(n+2)\n    f(n+3)\n"
        "    os.system('streamlit run app.py')\nf(0)",
        "mutual": "import os\ndef f(): g()\ndef g(): f()\nf()\nos.system('streamlit run app.py')",
        "loops": "import os\n"
        + "".join("  " * n + f"for x{n} in range(10**9):\n" for n in range(15))
        + " " * 40
        + "os.system('streamlit run app.py')",
        "endless": "import os\nwhile True:\n    os.system('streamlit run app.py')",
        "arms": "import os\nx = ''\n"
        + "if os.getenv('A'):\n    x += 'a'\nelse:\n    x += 'b'\n" * 300
        + "os.system('streamlit run ' + x)",
        "big text": "import os\nx = 'a' * 10**12\nos.system('streamlit run ' + x)",
        "big number": "import os\nx = 10 ** 10 ** 10\nos.system(f'streamlit run {x}')",
        "padded": "import os\nos.system('streamlit run %999999999d' % 1)\n"
        "os.system(f'{1:>999999999}')",
        "joined": "import os\nx = ['streamlit']\n"
        + "x = x + x + x\n" * 60
        + "os.system(' '.join(x))",
        "self": "import subprocess, sys\nsubprocess.run([sys.executable, __file__])\n"
        "subprocess.run(['streamlit', 'run', __file__])",
        "imports itself": "import run\nfrom run import *\nimport os\n"
        "os.system('streamlit run run.py')",
        "decorators": "import os\n"
        + "@f\n" * 900
        + "def f(): os.system('streamlit run app.py')\nf()",
        "exec": "import os\nexec('exec(' * 50 + 'os.system(\"streamlit run app.py\")' + ')' * 50)",
        "classes": "import os\nclass A(A):\n    def run(self): self.run()\nA().run()\n"
        "os.system('streamlit run app.py')",
    },
    "Makefile": {
        "circle": f"a: b\n\t$(MAKE) b\nb: a\n\t$(MAKE) a\nc: c\n\t{STREAMLIT}\n\tmake c\n",
        "variables in a circle": "A = $(B)\nB = $(A)\nrun:\n\tstreamlit run $(A)\n",
        "doubling": "A0 = ab\n"
        + "".join(f"A{n + 1} = $(A{n})$(A{n})$(A{n})\n" for n in range(60))
        + "run:\n\tstreamlit run $(A60)\n",
        "brackets": "run:\n\tstreamlit run " + "$(" * DEPTH + "\n",
        "includes itself": f"include Makefile\n-include ./Makefile\nrun:\n\t{STREAMLIT}\n",
        "conditions": "ifeq (a,b)\n" * 1000 + f"run:\n\t{STREAMLIT}\n" + "endif\n" * 1000,
        "dependencies": "".join(f"t{n}: t{n + 1} t{n + 2} t{n + 3}\n\t@true\n" for n in range(300))
        + f"t300:\n\t{STREAMLIT}\nrun:\n\t$(MAKE) t0\n",
        "functions": "run:\n\t" + "$(subst a,b," * 1000 + STREAMLIT + ")" * 1000 + "\n",
        "calls itself": "F = $(call F,$(1)$(1))\nrun:\n\tstreamlit run $(call F,a)\n",
    },
    "justfile": {
        "circle": f"a: b\n    just b\nb: a\n    just a\n    {STREAMLIT}\n",
        "braces": "a:\n    streamlit run " + "{{" * 2000 + "\n",
        "variables in a circle": "a := b\nb := a\nrun:\n    streamlit run {{a}}\n",
    },
    "Taskfile.yml": {
        "circle": "version: 3\ntasks:\n  a:\n    deps: [b]\n    cmds: [{task: b}, task a]\n"
        f"  b:\n    deps: [a]\n    cmds: [{{task: a}}, task b, {STREAMLIT}]\n",
        "variables": "vars: {A: '{{.B}}', B: '{{.A}}'}\ntasks:\n  a: streamlit run {{.A}}\n",
    },
    "tox.ini": {
        "circle": "[testenv]\ncommands = {[testenv:a]commands}\n[testenv:a]\n"
        "commands = {[testenv]commands}\n    streamlit run app.py\n",
    },
    "package.json": {
        "circle": '{"scripts": {"a": "npm run b", "b": "npm run a && yarn a", '
        '"start": "npm start"}}',
        "brackets": "[" * LONG,
        "objects": '{"scripts":' * DEPTH + "1" + "}" * DEPTH,
    },
    "compose.yaml": {
        "flow": "services: " + "[" * DEPTH + "]" * DEPTH,
        "blocks": "".join(" " * n + "a:\n" for n in range(1500)) + " " * 1500 + STREAMLIT,
        "billion laughs": "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
        + "services:\n  web:\n    build: .\n    command: *a11\n    environment: *a11\n",
        "merged laughs": "a0: &a0 {k: v}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30))
        + "services:\n  web:\n    <<: *a29\n    build: .\n",
        "alias of itself": "services: &s\n  web: &w\n    build: *w\n    command: *s\n    <<: *w\n",
        "list of itself": "services:\n  web:\n    build: .\n    command: &c [streamlit, *c]\n",
        "extends in a circle": "services:\n  a: {build: ., extends: {service: b}}\n"
        "  b: {build: ., extends: a}\n  c: {build: ., extends: {file: compose.yaml, service: c}}\n",
        "includes itself": "include: [compose.yaml, ./compose.yaml]\nservices: {a: {build: .}}\n",
        "braces": "services:\n  a:\n    build: .\n    command: " + "${A:-" * 2000 + "}" * 2000,
        "services": "services:\n" + "".join(f"  s{n}: {{build: .}}\n" for n in range(1500)),
    },
    "k8s/pod.yaml": {
        "documents": "---\nkind: Pod\n" * 3000,
        "alias of itself": "kind: Pod\napiVersion: v1\nspec: &s\n"
        "  containers: [*s]\n  template: *s\n",
        "braces": "kind: Pod\napiVersion: v1\nspec: " + "{{" * DEPTH,
    },
    ".github/workflows/page.yml": {
        "alias of itself": "jobs: &j\n  a: &a\n    steps: [*a, *j]\n    uses: *a\n",
        "uses itself": "jobs:\n  a:\n    uses: ./.github/workflows/page.yml\n",
    },
    ".devcontainer/devcontainer.json": {"comments": "/*" * DEPTH + "//" * DEPTH},
    ".vscode/tasks.json": {
        "circle": '{"tasks": [{"label": "a", "dependsOn": ["a", "b"]}, '
        '{"label": "b", "dependsOn": "a"}]}'
    },
    "pyproject.toml": {
        "brackets": "a = " + "[" * DEPTH + "]" * DEPTH,
        "dots": "a" + ".a" * DEPTH + " = 1",
        "itself": "[project.scripts]\na = 'run:main'\nb = 'a.b.c:d.e.f'\nc = ':'\n",
    },
    "supervisord.conf": {
        "itself": "[include]\nfiles = supervisord.conf *.conf\n[program:a]\ncommand="
        "supervisord -c supervisord.conf\n"
    },
    "Procfile": {"itself": "web: honcho start\nrelease: foreman start web\nx: heroku local\n"},
    "noxfile.py": {
        "circle": "import nox\n@nox.session\ndef a(s):\n    s.notify('a')\n"
        "    s.run('nox', '-s', 'a')\n"
        "    s.run('streamlit', 'run', 'app.py')\n"
    },
    "README.md": {
        "fences": "```\n" * 3001 + STREAMLIT,
        "quotes": "> " * DEPTH + STREAMLIT,
        "ticks": "`" * LONG + STREAMLIT,
        "many": f"`{STREAMLIT}` " * 2000,
    },
    "pages/1_Page.py": {
        "navigation": "import streamlit as st\nst.navigation([st.Page(__file__)]).run()"
    },
    "other.py": {"imports in a circle": "from app import *\nfrom other import *\nmain()"},
}

CASES = [(name, case) for name, cases in NESTED.items() for case in cases]


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{n}-{c}" for n, c in CASES])
def test_deep_long_and_circular(name: str, case: str, tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "app.py": b"import streamlit as st\nfrom other import *\nst.title('x')\n",
            "Dockerfile": b'FROM x\nCOPY . .\nCMD ["streamlit", "run", "app.py"]\n',
            name: NESTED[name][case].encode(),
        },
    )
    found = in_time(tmp_path)
    assert any(row["path"] == "Dockerfile" for row in found["launchers"])


LINES = {
    "blanks": b" ",
    "letters": b"x",
    "commands": b"streamlit run app.py; ",
    "brackets": b"[",
    "quotes": b"'\"",
    "variables": b"$(A)${B}%C% ",
}


@pytest.mark.parametrize("case", LINES)
def test_one_line_of_ten_megabytes_as_every_kind_of_file(case: str, tmp_path: Path) -> None:
    piece = LINES[case]
    write(tmp_path, {NAMES[0]: piece * (10_000_000 // len(piece))})
    for name in NAMES[1:]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        os.link(tmp_path / NAMES[0], tmp_path / name)
    found = in_time(tmp_path)
    told = {row["path"]: row for row in found["launchers"]}
    for name in ("Dockerfile", "compose.yaml", "run.sh", "Makefile", "Procfile", "package.json"):
        assert told[name]["status"] in {"unknown", "broken"}, name
        assert told[name]["why"]


UNPARSABLE = {
    "compose.yaml": b"services:\n  web:\n    build: [.\n    command: streamlit run app.py\n",
    "package.json": b'{"scripts": {"start": "streamlit run app.py"',
    "run.sh": b"if true; then\n  streamlit run app.py\n",
    "run.py": b"import os\nos.system('streamlit run app.py'\n",
    "pyproject.toml": b"[project.scripts\nstreamlit = 'a:b'\n",
    "Taskfile.yml": b"tasks:\n  a: [streamlit run app.py\n",
    ".replit": b'run = "streamlit run app.py\n',
    "render.yaml": b"services: [{startCommand: streamlit run app.py\n",
    "heroku.yml": b"run: {web: streamlit run app.py\n",
    ".devcontainer/devcontainer.json": b'{"postStartCommand": "streamlit run app.py"',
    ".vscode/tasks.json": b'{"tasks": [{"command": "streamlit run app.py"',
    ".github/workflows/x.yml": b"jobs: [{run: streamlit run app.py\n",
    "noxfile.py": b"import nox\ndef a(s:\n    s.run('streamlit', 'run', 'app.py')\n",
    "Dockerfile": b'COPY . .\nCMD ["streamlit", "run", "app.py"]\n',
}


@pytest.mark.parametrize("name", UNPARSABLE)
def test_launcher_that_cannot_be_parsed_is_a_row_that_says_so(name: str) -> None:
    rows = [row for row in ask({name: UNPARSABLE[name]}).launchers if row.path == name]
    assert rows
    assert {row.status for row in rows} <= {Status.UNKNOWN, Status.BROKEN}
    assert all(row.why for row in rows)


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "run.sh", "Makefile", "run.py"])
def test_launcher_that_cannot_be_read_is_a_row_that_says_so(name: str, tmp_path: Path) -> None:
    source = Tree(tmp_path)
    source.gone = (name,)
    (row,) = survey(source).launchers
    assert (row.path, row.status) == (name, Status.UNKNOWN)
    assert "cannot be read" in row.why


def test_tree_of_links_folders_and_odd_names(tmp_path: Path) -> None:
    write(tmp_path, {"app.py": b"import streamlit as st\nst.title('x')\n"})
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a.sh").symlink_to("b.sh")
    (tmp_path / "b.sh").symlink_to("a.sh")
    (tmp_path / "up").symlink_to(".")
    (tmp_path / "Procfile").symlink_to("nowhere")
    (tmp_path / "run.sh").symlink_to("/etc/passwd")
    (tmp_path / "Makefile").symlink_to("/dev/zero")
    for name in ("Dockerfile", "compose.yaml", "run.py", "package.json", ".dockerignore"):
        (tmp_path / name).mkdir()
    os.mkfifo(tmp_path / "start.sh")
    script = b"#!/bin/sh\nstreamlit run app.py\n"
    odd = (
        b"new\nline.sh",
        b"bytes \xff.sh",
        b"blank .sh",
        b"-dash.sh",
        b"quote'\".sh",
        b"tab\t.sh",
    )
    for raw in odd:
        (tmp_path / os.fsdecode(raw)).write_bytes(script)
    found = in_time(tmp_path)
    assert len(found["launchers"]) == len(odd)
    assert {row["entry"] for row in found["launchers"]} == {"app.py"}


@pytest.mark.parametrize("form", [("--json",), ()])
def test_odd_names_are_printed(form: tuple[str, ...], tmp_path: Path) -> None:
    write(tmp_path, {"app.py": b"import streamlit as st\nst.title('x')\n"})
    for raw in (b"new\nline.sh", b"bytes \xff.sh", b"\x1b[31m.sh"):
        (tmp_path / os.fsdecode(raw)).write_bytes(b"streamlit run app.py\n")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "verify.cli",
            "matrix",
            "--no-cache",
            "--root",
            str(tmp_path),
            *form,
        ],
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "CI": "true"},
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"\x1b[31m.sh" not in done.stdout
    if form:
        assert len(json.loads(done.stdout)["launchers"]) == 3


class Many(Source):
    """A tree of empty files that no disk holds."""

    count = 100_000

    @cached_property
    def files(self) -> tuple[str, ...]:
        endings = (".py", ".sh", ".yaml", "", ".txt")
        return tuple(
            sorted(f"d{n // 500}/f{n}{endings[n % len(endings)]}" for n in range(self.count))
        )

    def raw(self, path: str) -> bytes:
        return self._raw.setdefault(path, b"")

    def head(self, path: str) -> bytes:
        self.heads[path] = b""
        return b""


def test_hundred_thousand_files_show_progress(tmp_path: Path) -> None:
    steps: list[str] = []
    matrix = survey(Many(tmp_path), step=steps.append)
    assert not matrix.entry_points
    assert "listing" in steps[0]
    assert sum("100000" in step for step in steps) >= 20
