"""What can be run on this repository; `make` calls these with everything they need in place."""

import logging
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import nox

# The interpreter that runs nox is .venv-verify's: every tool is its neighbour.
BIN = Path(sys.executable).parent
CODE = ["aicmo", "streamlit_pages", "guards", "verify"]

# nox looks for uv although no session uses it, and would tell everybody that it is missing.
logging.getLogger("nox").addFilter(lambda record: record.msg != "uv binary not found.")

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "floors", "collected", "tests"]
nox.options.envdir = "build/nox"


def _tool(session: nox.Session, name: str, *arguments: str, silent: bool = False) -> None:
    session.run(BIN / name, *arguments, external=True, silent=silent)


def _with_its_own_end(*command: str | Path) -> None:
    """Run a command whose exit code and last line are the answer; nox adds nothing to either.

    nox has one exit code for all failures; 1 (failed) and 3 (inconclusive) are different answers.
    """
    logging.getLogger("nox").setLevel(logging.CRITICAL)
    with subprocess.Popen([str(part) for part in command]) as process:
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                continue  # Ctrl-C reached the command too; it is cleaning up
    if code:
        raise SystemExit(code)


@nox.session
def lint(session: nox.Session) -> None:
    """Style: ruff's rules and formatting, shellcheck for the scripts."""
    _tool(session, "ruff", "check")
    _tool(session, "ruff", "format", "--check")
    _tool(session, "shellcheck", ".ci/run", *map(str, sorted(Path("scripts").glob("*.sh"))))


@nox.session
def types(session: nox.Session) -> None:
    """Types: mypy, strict."""
    _tool(session, "mypy", *CODE)


@nox.session
def floors(session: nox.Session) -> None:
    """Floors: imports point down only."""
    _tool(session, "lint-imports", "--no-logo")


@nox.session
def collected(session: nox.Session) -> None:
    """Every test can be collected: a name that is gone is found now, not after the last test."""
    _tool(session, "pytest", "--collect-only", "--quiet", silent=True)


@nox.session
def tests(session: nox.Session) -> None:
    """The tests; what follows `--` goes to pytest."""
    _with_its_own_end(sys.executable, "-m", "pytest", "--numprocesses=auto", *session.posargs)


@nox.session
def verify(session: nox.Session) -> None:
    """Prove the dashboard; what follows `--` goes to `verify run`; ends with its exit code."""
    reports = ["json:build/verify/report.json", "junit:build/verify/junit.xml"]
    wanted = [part for report in reports for part in ("--report", report)]
    wanted += ["--screenshots", "build/verify/screenshots"]
    _with_its_own_end(BIN / "verify", "run", *wanted, *session.posargs)


@nox.session
def prove(session: nox.Session) -> None:
    """Prove that the gates bite; what follows `--` goes to `verify prove`."""
    _with_its_own_end(BIN / "verify", "prove", *session.posargs)


@nox.session
def image(session: nox.Session) -> None:
    """Build aicmo:dashboard, labelled with the commit it was made from."""
    base = subprocess.check_output(["scripts/base-image.sh"], text=True).strip()
    values = {
        "PYTHON_IMAGE": base,
        "VERSION": nox.project.load_toml("pyproject.toml")["project"]["version"],
        "REVISION": _revision(),
        "CREATED": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    arguments = [f"--build-arg={name}={value}" for name, value in values.items()]
    names = ["-f", "streamlit/Dockerfile", "-t", "aicmo:dashboard"]
    session.run("docker", "build", *names, *arguments, ".", external=True)


def _revision() -> str:
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return git.stdout.strip() or "unknown"


@nox.session(venv_backend="venv")
def lock(session: nox.Session) -> None:
    """Write requirements/*.txt anew from pyproject.toml."""
    session.install("uv==0.13.9")
    compiled = [
        *("uv", "pip", "compile", "pyproject.toml", "--quiet", *session.posargs),
        *("--universal", "--python-version=3.11", "--fork-strategy=fewest"),
        *("--generate-hashes", "--no-emit-index-url", "--custom-compile-command=nox -s lock"),
    ]
    everything, dashboard = "requirements/verify.txt", "requirements/dashboard.txt"
    # The larger set first, the smaller one out of it: both then hold the same versions.
    session.run(*compiled, "--extra=dev", f"--output-file={everything}")
    session.run(*compiled, f"--constraints={everything}", f"--output-file={dashboard}")


@nox.session
def bench(session: nox.Session) -> None:
    """Speed and memory, as ratios within one run."""
    _with_its_own_end(sys.executable, "-m", "benchmarks", *session.posargs)
