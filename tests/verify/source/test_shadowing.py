"""A file that Python finds before a library of the same name is told; no other is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from verify.probes.importable import importable, module_of
from verify.tables import SubjectSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENTRY = "pages_of/main.py"
TREE = {
    ENTRY: "",
    "requirements.txt": "Flask-Login==1 ; python_version > '3'\n# pandas\n-r more.txt\n",
    "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["sqlalchemy>=2", "PyYAML"]\n',
}

PLANTED = {
    "pages_of/queue.py": "hides the standard module of that name",
    "pages_of/queue/__init__.py": "hides the standard module of that name",
    "pages_of/queue.cpython-311-x86_64-linux-gnu.so": "hides the standard module of that name",
    "pages_of/queue.pyc": "hides the standard module of that name",
    "queue.py": "hides the standard module of that name",
    "pages_of/watchdog.py": "hides the dependency of that name",
    "streamlit/__init__.py": "hides the dependency of that name",
    "pages_of/flask_login.py": "hides the dependency of that name",
    "sqlalchemy.py": "hides the dependency of that name",
    "sitecustomize.py": "is run by Python itself, whatever is started",
    "pages_of/usercustomize/__init__.py": "is run by Python itself, whatever is started",
}

HARMLESS = [
    "streamlit/Dockerfile",
    "streamlit/healthcheck.py",  # of a folder that is no package
    "pages_of/queue.txt",
    "pages_of/queue/readme.md",
    "pages_of/tools/queue.py",  # nothing puts that folder on the path
    "elsewhere/queue.py",
    "pages_of/my-queue.py",
    "pages_of/que.py",
    "tests/__init__.py",
    "shop/__init__.py",
]


@pytest.mark.parametrize("path", PLANTED)
def test_what_hides_another_module_is_found(path: str, look: Callable) -> None:
    (found,) = look("shadowing", TREE | {path: ""}).findings
    assert (found.path, found.line, found.got) == (path, 1, PLANTED[path])


OWN = {"shop/__init__.py": "", "tools.py": "", "pages_of/part.py": "from shop.db import get\n"}


@pytest.mark.parametrize("path", ["pages_of/shop.py", "pages_of/shop/__init__.py"])
def test_a_package_of_the_project_is_hidden_where_it_is_imported(path: str, look: Callable) -> None:
    (found,) = look("shadowing", TREE | OWN | {path: ""}).findings
    assert found.path == path
    assert str(found.got).startswith("hides the project's own module")


@pytest.mark.parametrize("path", ["pages_of/tools.py", "pages_of/other.py"])
def test_one_that_nobody_there_imports_is_not(path: str, look: Callable) -> None:
    seen = look("shadowing", TREE | OWN | {path: ""})
    assert not seen.red, seen.told()


@pytest.mark.parametrize("path", HARMLESS)
def test_what_hides_nothing_is_not(path: str, look: Callable) -> None:
    seen = look("shadowing", TREE | {path: ""})
    assert not seen.red, seen.told()
    assert len(seen.observations) == 2


@pytest.mark.parametrize(
    ("python_path", "red"),
    [("/app/lib", True), ("/opt:/app/lib:$MORE", True), ("/app/other", False), ("lib", False)],
)
def test_the_images_python_path_counts(
    python_path: str, red: object, look: Callable, image: Callable
) -> None:
    files = TREE | {
        "Dockerfile": f"FROM x\nENV PYTHONPATH={python_path}\nWORKDIR /app\nCOPY . .\n",
        "lib/queue.py": "",
        "other/fine.py": "",
    }
    assert look("shadowing", files, image=image()).red is red


def test_the_python_path_of_this_machine_counts(look: Callable) -> None:
    subject = SubjectSpec(env=(("PYTHONPATH", "./lib:/elsewhere"),))
    assert look("shadowing", TREE | {"lib/queue.py": ""}, subject=subject).red


def installed(root: Path, *names: str) -> SubjectSpec:
    folder = root / ".venv/lib/python3.11/site-packages"
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("shop/__init__.py,,\n" if name.endswith("RECORD") else "")
    (root / ".venv/pyvenv.cfg").write_text("")
    return SubjectSpec(python=".venv/bin/python")


def test_what_is_installed_counts_and_the_project_itself_does_not(
    tmp_path: Path, look: Callable
) -> None:
    subject = installed(
        tmp_path,
        "yaml/__init__.py",
        "six.py",
        "fast.cpython-311-x86_64-linux-gnu.so",
        "tests/__init__.py",
        "shop/__init__.py",
        "shop-1.0.dist-info/RECORD",
    )
    files = dict.fromkeys(("yaml.py", "six.py", "fast.py", "tests/__init__.py", "shop/__init__.py"))
    seen = look("shadowing", TREE | dict.fromkeys(files, ""), subject=subject)
    assert sorted(one.path for one in seen.findings) == ["fast.py", "six.py", "yaml.py"]


def test_packages_that_an_environment_borrows_count(tmp_path: Path) -> None:
    spec = installed(tmp_path, "own.py")
    other = tmp_path / "other/site-packages"
    other.mkdir(parents=True)
    (other / "lent.py").write_text("")
    link = tmp_path / ".venv/lib/python3.11/site-packages/copy.pth"
    link.write_text(f"{tmp_path}\n{other}\nimport lent\n")
    assert importable(tmp_path, spec.python).installed == {"own", "lent"}


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("a.py", "a"),
        ("a.pyd", "a"),
        ("a.abi3.so", "a"),
        ("a.b.py", ""),
        ("a", ""),
        (".py", ""),
        ("a.pyi", ""),
        ("a.so.1", ""),
    ],
)
def test_a_file_is_the_module_that_python_takes_it_for(file: str, module: str) -> None:
    assert module_of(file) == module
