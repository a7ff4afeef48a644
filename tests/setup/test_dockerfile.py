"""The Dockerfile and what may go to the builder, as they are written."""

import io
import json
import re

import pytest
from dockerfile_parse import DockerfileParser


@pytest.fixture(scope="module")
def text(root):
    return (root / "streamlit" / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def dockerfile(text):
    return DockerfileParser(fileobj=io.BytesIO(text.encode())).structure


def values(dockerfile, instruction):
    return [step["value"] for step in dockerfile if step["instruction"] == instruction]


def test_no_step_hides_its_failure(dockerfile):
    for step in values(dockerfile, "RUN"):
        assert not re.search(r"\|\||/dev/null|2>|;|--quiet|\|", step), step


def test_dependencies_are_checked_against_the_lock(dockerfile):
    (install,) = (step for step in values(dockerfile, "RUN") if "pip" in step)
    assert "--require-hashes" in install
    assert "--no-cache-dir" in install


def test_the_command_is_exec_form_and_starts_the_entry(dockerfile):
    (command,) = values(dockerfile, "CMD")
    assert json.loads(command)[:5] == [
        *("python", "-m", "streamlit", "run", "streamlit_pages/aicmo_operator.py")
    ]


def test_what_changes_with_each_build_comes_last(dockerfile):
    last = [step["instruction"] for step in dockerfile if step["instruction"] != "COMMENT"][-5:]
    assert last == ["ARG", "ARG", "ARG", "ARG", "LABEL"]


def test_nothing_in_it_needs_buildkit(text):
    assert not re.search(r"^# *syntax=|--mount=|--chmod|--link|<<", text, re.MULTILINE)


def test_every_file_that_is_copied_may_go_to_the_builder(root, dockerfile):
    allowed = (root / ".dockerignore").read_text().splitlines()
    copied = [step.split()[:-1] for step in values(dockerfile, "COPY") if "--from" not in step]
    for path in (path for paths in copied for path in paths):
        wanted = "!.streamlit/config.toml" if path == ".streamlit" else f"!{path}"
        assert wanted in allowed


def test_all_else_is_kept_from_the_builder(root):
    lines = (root / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
