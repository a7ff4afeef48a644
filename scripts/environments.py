"""Make the two virtual environments; silent when both are as their lock says.

.venv         what the dashboard needs, and nothing else: what runs it, and what judges it locally
.venv-verify  what the toolkit and the work on this repository need besides

Apart, so that the toolkit's packages never hide one that the dashboard lacks. Needs only the
standard library. SETUP=0: look and tell, but make and install nothing. `environments.py adopt`:
take the environments that stand here for what their locks say, as in a copy of a checkout.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older one may well be what runs this
    sys.exit(
        f"set-up: Python {sys.version.split()[0]} is too old; 3.11 or newer is needed. "
        "Install one and name it: make PYTHON=python3.12 ..."
    )

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
PYPROJECT = ROOT / "pyproject.toml"

# Builds one wheel that points into this checkout, for both environments. pip could do so itself,
# but only with setuptools in each, and .venv is to hold nothing but what the dashboard needs.
BUILD_EDITABLE = "import setuptools.build_meta as b, sys; print(b.build_editable(sys.argv[1]))"


class SetupError(Exception):
    """What went wrong and what to do, for the reader."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, the lock it is made from, and the stamps that say how far it got."""

    path: Path
    lock: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def python(self) -> Path:
        return self.path / "bin" / "python"

    @property
    def log(self) -> Path:
        return BUILD / f"setup{self.name}.log"

    def wanted(self) -> dict[str, str]:
        """What each stamp holds once its step is done."""
        # An environment works only for the interpreter and the place it was made for.
        made_for = f"{ROOT} {sys.version_info.major}.{sys.version_info.minor}"
        return {
            "packages": _digest(self.lock.read_bytes(), made_for.encode()),
            "project": _digest(PYPROJECT.read_bytes()),
        }

    def has(self, step: str) -> bool:
        stamp = self.path / f".{step}-stamp"
        return (
            os.access(self.python, os.X_OK)
            and stamp.is_file()
            and stamp.read_text() == self.wanted()[step]
        )

    def stamp(self, step: str) -> None:
        """Say that the step is done: the last thing it does, so an interrupted one is redone."""
        (self.path / f".{step}-stamp").write_text(self.wanted()[step])


DASHBOARD = Environment(ROOT / ".venv", ROOT / "requirements" / "dashboard.txt")
TOOLKIT = Environment(ROOT / ".venv-verify", ROOT / "requirements" / "verify.txt")
ENVIRONMENTS = (TOOLKIT, DASHBOARD)


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _run(*command: object, log: Path) -> str:
    """Run a command to its end and return what it printed, which the log holds too."""
    # Settings of the caller's own Python would change what is installed, and where.
    foreign = {"PYTHONPATH", "PYTHONHOME", "PIP_USER"}
    clean = {name: value for name, value in os.environ.items() if name not in foreign}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=clean,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        close_fds=False,  # the lock: see hold()
    )
    with log.open("a") as file:
        file.write(done.stdout)
    if done.returncode:
        end = "".join(done.stdout.splitlines(keepends=True)[-12:]).rstrip()
        raise SetupError(f"this failed: {' '.join(map(str, command))}\n{end}\n(all of it: {log})")
    return done.stdout


def _pip_install(environment: Environment, *what: object, log: Path) -> None:
    # The toolkit's pip serves both: the image has none, so neither has the dashboard's environment.
    pip = (TOOLKIT.python, "-m", "pip", "--python", environment.python)
    _run(*pip, "--disable-pip-version-check", "--no-input", "install", *what, log=log)


def create(environment: Environment) -> None:
    """An environment with nothing in it, whatever was there before."""
    print(
        f"set-up: making {environment.name} from requirements/{environment.lock.name}", flush=True
    )
    environment.log.unlink(missing_ok=True)
    options = ["--clear"] if environment is TOOLKIT else ["--clear", "--without-pip"]
    _run(sys.executable, "-m", "venv", *options, environment.path, log=environment.log)


def install_packages(environment: Environment) -> None:
    """What the lock names, checked against its hashes."""
    start = time.monotonic()
    _pip_install(environment, "--require-hashes", "-r", environment.lock, log=environment.log)
    environment.stamp("packages")
    print(f"set-up: {environment.name} is ready ({time.monotonic() - start:.0f} s)", flush=True)


def install_project() -> None:
    """This checkout, into both environments, as a pointer to its files."""
    log = BUILD / "setup-project.log"
    log.unlink(missing_ok=True)
    wheel = BUILD / _run(TOOLKIT.python, "-c", BUILD_EDITABLE, BUILD, log=log).split()[-1]
    for environment in ENVIRONMENTS:
        _pip_install(environment, "--no-deps", "--no-index", "--force-reinstall", wheel, log=log)
        environment.stamp("project")
    wheel.unlink()


def hold(lock: TextIO) -> None:
    """Take the lock; if another set-up has it, say so and wait."""
    # pip inherits it: one that outlives its killed set-up must not work beside the next one's.
    os.set_inheritable(lock.fileno(), True)  # noqa: FBT003
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("set-up: waiting for another set-up in this folder", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def complete(step: str) -> bool:
    return all(environment.has(step) for environment in ENVIRONMENTS)


def require_ensurepip() -> None:
    """Debian and Ubuntu ship Python without the part that makes environments."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python3.{sys.version_info.minor}-venv"
    script = ROOT / "scripts" / "apt-install.sh"
    if subprocess.run([script, "Python's venv module", package], check=False).returncode:
        raise SetupError("no virtual environment can be made without it")


def set_up() -> None:
    """Do what is left to do; a second set-up at the same time waits for the first."""
    if complete("packages") and complete("project"):
        return
    if os.environ.get("SETUP") == "0":
        raise SetupError(
            "an environment is not as its lock asks, and SETUP=0 forbids to mend it. "
            "By hand: make setup"
        )
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w") as lock:
        hold(lock)
        stale = [environment for environment in ENVIRONMENTS if not environment.has("packages")]
        if stale:
            require_ensurepip()
            for environment in stale:
                create(environment)
            with ThreadPoolExecutor() as pool:
                list(pool.map(install_packages, stale))
        if not complete("project"):
            install_project()


def adopt() -> None:
    """Say that every step is done, of environments that somebody else has made."""
    for environment in ENVIRONMENTS:
        for step in environment.wanted():
            environment.stamp(step)


if __name__ == "__main__":
    try:
        adopt() if sys.argv[1:] == ["adopt"] else set_up()
    except SetupError as error:
        sys.exit(f"set-up: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
