"""Times `verify matrix` on a large repository that is made up, the same one each time."""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import Row, pairs, seconds

FILES = 5_000
LAUNCHERS = 200
MENTION_STREAMLIT = 0.20
IMPORT_STREAMLIT = 0.05
PAGES = 0.01
TIMES = 3

PARSE = """
import ast, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.py"):
    ast.parse(path.read_bytes())
"""


def matrix() -> list[Row]:
    """`verify matrix` beside a process that only parses the Python files, and beside its cache."""
    with tempfile.TemporaryDirectory() as folder:
        tree, cache = Path(folder, "tree"), Path(folder, "cache")
        size = make(tree)
        env = {"XDG_CACHE_HOME": str(cache)}
        ours = [sys.executable, "-m", "verify.cli", "matrix", "--root", str(tree), "--json"]

        def first() -> float:
            shutil.rmtree(cache, ignore_errors=True)
            return seconds(ours, env)

        parsing = [sys.executable, "-c", PARSE, str(tree)]
        ratio, a, b = pairs(first, lambda: seconds(parsing), TIMES)
        how = f"{a:.2f} s, ast.parse {b:.2f} s, {FILES} files of {size / 1e6:.0f} MB"
        rows = [Row("matrix", ratio, 1.5, "x", f"{how}, {LAUNCHERS} launchers")]
        ratio, a, b = pairs(lambda: seconds(ours, env), first, TIMES)
        rows.append(Row("cached", ratio, 0.2, "x", f"{a:.2f} s with the cache, {b:.2f} s without"))
        return rows


def make(root: Path) -> int:
    """Write the repository; return the size of its Python files in bytes."""
    chance = random.Random(20)  # noqa: S311 - the same tree each time
    modules = [f"pkg{n // 100:02}/part{n // 10 % 10}/module_{n:04}" for n in range(FILES)]
    # As in most repositories: pages import parts of pages, those import what they show, and what
    # they show imports neither.
    layers: dict[str, list[str]] = {"domain": [], "part": [], "page": []}
    size = 0
    for number, module in enumerate(modules):
        dice = chance.random() if number else 0
        layer = "page" if dice < PAGES else "part" if dice < IMPORT_STREAMLIT else "domain"
        below = layers["domain"] + (layers["part"] if layer != "domain" else [])
        text = "\n".join(_module(chance, below, layer)) + "\n"
        size += len(text)
        _write(root, f"{module}.py", text)
        layers[layer].append(module)
    pages = [f"{module}.py" for module in layers["page"]]
    forms = list(FORMS.items())
    for number in range(LAUNCHERS):
        name, text = forms[number % len(forms)]
        page = chance.choice(pages)
        folder, _, base = page.rpartition("/")
        values = {"n": number, "page": page, "folder": folder, "base": base}
        _write(root, name.format(**values), text.replace("PAGE", page).replace("BASE", base))
    return size


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _module(chance: random.Random, below: list[str], layer: str) -> Iterator[str]:
    """Yield a file's lines: imports, constants, classes and functions as people write them."""
    yield '"""What this part of the stock does."""'
    yield ""
    yield from ("from __future__ import annotations", "", "import json", "from pathlib import Path")
    if layer != "domain":
        yield "import streamlit as st"
    elif chance.random() < MENTION_STREAMLIT:
        yield "# Shown by the streamlit page; see the handbook."
    for other in chance.sample(below, min(len(below), chance.randrange(6))):
        yield f"from {other.replace('/', '.')} import load_0 as load_{other[-4:]}"
    yield ""
    wanted = chance.randrange(100, 300)
    count = 0
    for number in range(wanted):
        body = list(_class(chance, number) if chance.random() < 0.25 else _function(chance, number))  # noqa: PLR2004
        yield from body
        count += len(body)
        if count >= wanted:
            break
    if layer != "domain":
        yield from ("def show(rows):", "    st.dataframe(rows)", "", "")
    if layer == "page":
        yield from ('st.title("Stock")', "show(load_0(Path('data'), 3))")


def _function(chance: random.Random, number: int) -> Iterator[str]:
    yield f"def load_{number}(folder, count=3, *, strict=False):"
    yield f'    """Return the rows of part {number}, newest first."""'
    yield "    found = []"
    yield f"    for path in sorted(Path(folder).glob('*-{number}.json')):"
    yield "        with path.open(encoding='utf-8') as file:"
    yield "            data = json.load(file)"
    for step in range(chance.randrange(2, 9)):
        yield f"        if data.get('k_{step}', 1) > count * {chance.randrange(9)} and not strict:"
        row = f"{{'name': path.stem, 'value': data['a'] + {step}, 'tags': ['x', 'y']}}"
        yield f"            found.append({row})"
    yield "    return [row for row in found if row['value'] is not None][:count]"
    yield ""
    yield ""


def _class(chance: random.Random, number: int) -> Iterator[str]:
    yield f"class Part{number}:"
    yield f'    """Part {number} of the stock."""'
    yield ""
    yield f"    LIMIT = {chance.randrange(1000)}"
    yield ""
    yield "    def __init__(self, name, amount=0):"
    yield "        self.name = name"
    yield "        self.amount = amount"
    yield ""
    for method in range(chance.randrange(2, 6)):
        yield f"    def change_{method}(self, by, *others):"
        yield "        total = sum(others, by)"
        yield f"        if total > self.LIMIT or self.amount < {chance.randrange(50)}:"
        yield '            raise ValueError(f"{self.name} cannot change by {total}")'
        yield "        self.amount += total"
        yield "        return self"
        yield ""
    yield ""


DOCKERFILE = """FROM python:3.11-slim
ENV PORT=8501
WORKDIR /app
COPY . .
RUN pip install --no-cache-dir streamlit
EXPOSE 8501
CMD streamlit run PAGE --server.port $PORT
"""

FORMS = {
    "deploy/{n}/Dockerfile": DOCKERFILE,
    "deploy/{n}/Dockerfile.dev": DOCKERFILE.replace("COPY . .", "COPY pkg01 pkg01\nCOPY . /app/"),
    "deploy/{n}/compose.yaml": (
        "services:\n  web:\n    build:\n      context: ../..\n"
        "      dockerfile: deploy/0/Dockerfile\n"
        "    command: streamlit run PAGE --server.port ${PORT:-8600}\n    ports: ['80:8600']\n"
    ),
    "scripts/run_{n}.sh": (
        '#!/bin/bash\nset -eu\ncd "$(dirname "$0")/.."\nPORT=${PORT:-8502}\n'
        "if [ -d .venv ]; then\n    . .venv/bin/activate\nfi\n"
        'exec streamlit run PAGE --server.port "$PORT"\n'
    ),
    "scripts/all_{n}.sh": (
        '#!/bin/sh\n# calls another\ncd "$(dirname "$0")"\nbash ./run_3.sh "$@"\n'
    ),
    "scripts/start_{n}.bat": "@echo off\ncd /d %~dp0..\nstreamlit run PAGE --server.port 8503\n",
    "scripts/start_{n}.ps1": "Set-Location $PSScriptRoot/..\nstreamlit run PAGE\n",
    "{folder}/launch_{n}.py": (
        "import subprocess\nimport sys\nfrom pathlib import Path\n\n\ndef main():\n"
        "    page = Path(__file__).with_name('BASE')\n"
        "    subprocess.run([sys.executable, '-m', 'streamlit', 'run', str(page)])\n\n\n"
        "if __name__ == '__main__':\n    main()\n"
    ),
    "apps/{n}/Makefile": (
        "PORT ?= 8504\n\nrun:\n\tcd ../.. && streamlit run PAGE --server.port $(PORT)\n\n"
        'help:\n\t@echo "make run"\n'
    ),
    "apps/{n}/Procfile": "web: streamlit run ../../PAGE --server.port $PORT\n",
    "apps/{n}/package.json": (
        '{"name": "x", "scripts": {"start": "cd ../.. && streamlit run PAGE"}}\n'
    ),
    "apps/{n}/Taskfile.yml": ("tasks:\n  run:\n    cmds:\n      - streamlit run ../../PAGE\n"),
    "apps/{n}/justfile": "run:\n    streamlit run ../../PAGE\n",
    ".github/workflows/check_{n}.yml": (
        "on: push\njobs:\n  page:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - uses: actions/checkout@v4\n      - run: streamlit run PAGE &\n"
    ),
    "k8s/{n}.yaml": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n    - name: page\n"
        "      image: stock\n      command: [streamlit, run, PAGE]\n"
    ),
    "deploy/{n}/stock.service": (
        "[Service]\nWorkingDirectory=/opt/stock\nExecStart=/usr/bin/env streamlit run PAGE\n"
    ),
    "docs/guide_{n}.md": "# Guide\n\n```bash\nstreamlit run PAGE\n```\n",
}
"""A launcher's name and text for each form, PAGE the page's path and BASE its last part."""
