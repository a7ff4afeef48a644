"""The two virtual environments: what they hold, and when they are made again."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SETUP = "scripts/setup.sh"


@pytest.fixture
def environments(root):
    spec = importlib.util.spec_from_file_location("environments", root / "scripts/environments.py")
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up by name
    sys.modules["environments"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["environments"]


@pytest.fixture
def environment(environments, tmp_path):
    """One that says it is complete."""
    lock = tmp_path / "lock.txt"
    lock.write_text("one==1\n")
    made = environments.Environment(tmp_path / "venv", lock)
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    made.stamp("packages")
    made.stamp("project")
    return made


def test_a_stamped_environment_is_complete(environment):
    assert environment.has("packages")
    assert environment.has("project")


def test_another_lock_makes_it_anew(environment):
    environment.lock.write_text("one==2\n")
    assert not environment.has("packages")


def test_another_project_file_installs_only_the_project_again(environments, environment, tmp_path):
    environments.PYPROJECT = tmp_path / "pyproject.toml"
    environments.PYPROJECT.write_text("")
    assert environment.has("packages")
    assert not environment.has("project")


def test_one_whose_interpreter_is_gone_is_made_anew(environment):
    environment.python.unlink()
    environment.python.symlink_to("/nowhere/python3")
    assert not environment.has("packages")


def test_one_that_was_interrupted_is_made_anew(environment):
    (environment.path / ".packages-stamp").unlink()
    assert not environment.has("packages")


def test_the_dashboards_holds_its_lock_and_the_project_and_nothing_else(root):
    code = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
    shown = subprocess.check_output([root / ".venv/bin/python", "-I", "-c", code], text=True)
    lock = (root / "requirements" / "dashboard.txt").read_text()
    wanted = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert {re.sub("[._]", "-", name.lower()) for name in shown.split()} == wanted | {
        "aicmo-dashboard"
    }


def test_a_look_that_may_change_nothing_tells_what_is_stale(root, tmp_path, toolbox):
    for part in ("scripts", "requirements"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    toolbox.link("sh", "dirname", "id")
    toolbox.put("python3", f'exec {sys._base_executable} "$@"')
    result = toolbox.run(tmp_path / SETUP, SETUP="0")
    assert result.returncode == 1
    assert "SETUP=0 forbids to mend it. By hand: make setup" in result.stdout
    assert not (tmp_path / ".venv").exists()
    assert not (tmp_path / "build").exists()


def test_without_python_the_cure_is_told(root, toolbox):
    toolbox.link("sh", "dirname", "id")
    result = toolbox.run(root / SETUP, PROVISION="0")
    assert result.returncode == 1
    assert "Python 3.11 or newer is missing" in result.stdout


def test_a_python_that_is_not_there_is_told_by_its_name(root, toolbox):
    toolbox.link("sh", "dirname")
    result = toolbox.run(root / SETUP, PYTHON="python9.9")
    assert result.returncode == 1
    assert "there is no python9.9" in result.stdout


def test_an_old_python_is_told_before_anything_else(root):
    script = (root / "scripts" / "environments.py").read_text()
    old = f"import sys; sys.version_info = (3, 9); sys.version = '3.9.2 x'; exec({script!r})"
    result = subprocess.run(
        [sys.executable, "-c", old], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "Python 3.9.2 is too old; 3.11 or newer is needed" in result.stderr


def test_a_python_without_its_venv_module_names_the_package(root, tmp_path, toolbox):
    for part in ("scripts", "requirements"):
        shutil.copytree(root / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    toolbox.link("sh", "dirname", "id")
    # Debian's python3 without python3-venv: the module venv is there, what it needs is not.
    hide = tmp_path / "hide.py"
    hide.write_text(
        "import importlib.util as u, runpy, sys\n"
        "find = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'ensurepip' else find(name, *a)\n"
        "runpy.run_path(sys.argv[-1], run_name='__main__')\n"
    )
    toolbox.put("python3", f'exec {sys._base_executable} {hide} "$@"')
    result = toolbox.run(tmp_path / SETUP, PROVISION="0")
    assert result.returncode == 1
    # With apt or without, the package is named.
    assert f"python3.{sys.version_info.minor}-venv" in result.stdout
    assert not Path(tmp_path / ".venv" / "bin").exists()
