"""The commands that a Python project gives names, and who calls them."""

from collections.abc import Callable

import pytest

from tests.verify.launchers.conftest import PAGE
from verify.matrix import Launcher, Matrix

RUN = "import subprocess\ndef main():\n    subprocess.run(['streamlit', 'run', 'app.py'])\n"
SCRIPT = "\n[project.scripts]\nstock = 'shop.run:main'\n"
DOCKER = "FROM python:3.11\nWORKDIR /srv\nCOPY . .\nRUN pip install .\nCMD "

# File that declares it, its text, the module's file, the line.
DECLARED = {
    "project": ("pyproject.toml", SCRIPT, "shop/run.py", 3),
    "windows": ("pyproject.toml", "[project.gui-scripts]\nstock='shop.run:main'", "shop/run.py", 2),
    "src layout": ("pyproject.toml", SCRIPT, "src/shop/run.py", 3),
    "package": ("pyproject.toml", SCRIPT, "shop/run/__init__.py", 3),
    "folder of packages": (
        "pyproject.toml",
        SCRIPT + "[tool.setuptools]\npackage-dir = {'' = 'python'}\n",
        "python/shop/run.py",
        3,
    ),
    "where": (
        "pyproject.toml",
        SCRIPT + "[tool.setuptools.packages.find]\nwhere = ['code']\n",
        "code/shop/run.py",
        3,
    ),
    "inline table": (
        "pyproject.toml",
        "[project]\nscripts = {stock = 'shop.run:main'}",
        "shop/run.py",
        2,
    ),
    "poetry": (
        "pyproject.toml",
        "[tool.poetry.scripts]\nstock = 'shop.run:main'",
        "shop/run.py",
        2,
    ),
    "poetry, table": (
        "pyproject.toml",
        "[tool.poetry.scripts]\nstock = {reference = 'shop.run:main', type = 'console'}",
        "shop/run.py",
        2,
    ),
    "setup.cfg": (
        "setup.cfg",
        "[options.entry_points]\nconsole_scripts =\n  no = shop.no:main\n  stock=shop.run:main\n",
        "shop/run.py",
        4,
    ),
    "setup.py": (
        "setup.py",
        (
            "from setuptools import setup\nsetup(entry_points={\n"
            "    'console_scripts': [\n        'stock = shop.run:main [ui]',\n    ]})\n"
        ),
        "shop/run.py",
        4,
    ),
    "setup.py, text": (
        "setup.py",
        (
            "from setuptools import setup\nsetup(entry_points={'gui_scripts': '''\n"
            "stock = shop.run:main\n'''})\n"
        ),
        "shop/run.py",
        3,
    ),
}


@pytest.mark.parametrize(("path", "text", "module", "line"), DECLARED.values(), ids=DECLARED)
def test_console_script_is_followed(
    matrix_of: Callable[..., Matrix], path: str, text: str, module: str, line: int
) -> None:
    decoy = {"old/shop/run.py": "", "older/shop/run.py": ""}  # no namesake is taken for it
    files = {**decoy, path: text, module: RUN, "app.py": PAGE, "go.sh": "uv run stock\n"}
    rows = {row.path: row for row in matrix_of(files).launchers}
    row = rows[path]
    assert (row.kind, row.status, row.entry) == ("console-script", "ok", "app.py"), row
    assert (row.line, row.raw.replace(" ", "")) == (line, "stock=shop.run:main")
    assert rows["go.sh"].entry == "app.py", rows["go.sh"]


SILENT = {
    "starts nothing": (SCRIPT, "def main():\n    print('streamlit run app.py')\n"),
    "other function": (SCRIPT, RUN.replace("main", "serve") + "def main(): ...\n"),
    "no such module": ("[project.scripts]\nstock = 'shop.gone:main'", RUN),
    "not TOML": ("[project.scripts\nstock = 'shop.run:main'", RUN),
    "not a target": ("[project.scripts]\nstock = 'shop.run'", RUN),
    "not a text": ("[project.scripts]\nstock = 5", RUN),
    "not a table": ("project = [1]\ntool = 'x'", RUN),
}


@pytest.mark.parametrize(("text", "module"), SILENT.values(), ids=SILENT)
def test_console_script_that_starts_nothing_is_no_row(
    matrix_of: Callable[..., Matrix], text: str, module: str
) -> None:
    found = matrix_of({"pyproject.toml": text, "shop/run.py": module, "app.py": PAGE})
    assert [row for row in found.launchers if row.path == "pyproject.toml"] == []


def test_image_that_starts_a_console_script(matrix_of: Callable[..., Matrix]) -> None:
    files = {
        "pyproject.toml": SCRIPT,
        "shop/run.py": RUN,
        "app.py": PAGE,
        "Dockerfile": DOCKER + '["stock"]\n',
    }
    rows = {row.path: row for row in matrix_of(files).launchers}
    assert (rows["Dockerfile"].status, rows["Dockerfile"].entry) == ("ok", "app.py")


def test_function_that_the_package_only_passes_on(row_of: Callable[..., Launcher]) -> None:
    files = {
        "pyproject.toml": "[project.scripts]\nstock = 'shop:main'",
        "shop/__init__.py": "from .run import main\n",
        "shop/run.py": RUN,
        "app.py": PAGE,
    }
    assert row_of("pyproject.toml", files).entry == "app.py"


def test_collection_of_commands_is_followed(row_of: Callable[..., Launcher]) -> None:
    program = (
        "import os, typer\napp = typer.Typer()\n@app.command()\ndef serve():\n"
        "    os.system('streamlit run app.py')\n"
    )
    files = {
        "pyproject.toml": "[project.scripts]\nstock = 'cli:app'",
        "cli.py": program,
        "app.py": PAGE,
    }
    assert row_of("pyproject.toml", files).entry == "app.py"


# File, its text, the line, the command that calls it.
TASKS = {
    "hatch": ("pyproject.toml", "[tool.hatch.envs.default.scripts]\nui = '{}'", 2, "hatch run ui"),
    "hatch.toml": ("hatch.toml", "[envs.docs.scripts]\nui = ['{}']", 2, "hatch run docs:ui"),
    "pdm": ("pyproject.toml", "[tool.pdm.scripts]\nui.cmd = '{}'", 2, "pdm run ui"),
    "pdm, shell": ("pyproject.toml", "[tool.pdm.scripts]\nui = {{shell = '{}'}}", 2, "pdm run ui"),
    "poe": ("pyproject.toml", "[tool.poe.tasks]\nui = '{}'", 2, "poe ui"),
    "poe, table": ("pyproject.toml", "[tool.poe.tasks.ui]\ncmd = '{}'", 2, "uv run poe ui"),
    "rye": ("pyproject.toml", "[tool.rye.scripts]\nui = {{ cmd = '{}' }}", 2, "rye run ui"),
    "pixi": ("pyproject.toml", "[tool.pixi.tasks]\nui = '{}'", 2, "pixi run ui"),
    "pipenv": ("Pipfile", "[scripts]\nui = '{}'", 2, "pipenv run ui"),
}


@pytest.mark.parametrize(("path", "text", "line", "call"), TASKS.values(), ids=TASKS)
def test_task_is_followed(
    matrix_of: Callable[..., Matrix], path: str, text: str, line: int, call: str
) -> None:
    files = {
        path: text.format("streamlit run app.py --server.port 81"),
        "app.py": PAGE,
        "go.sh": call + "\n",
    }
    rows = {row.path: row for row in matrix_of(files).launchers}
    row = rows[path]
    assert (row.kind, row.status, row.entry, row.port) == ("console-script", "ok", "app.py", 81)
    assert row.line == line
    assert (rows["go.sh"].entry, rows["go.sh"].port) == ("app.py", 81)
