"""The image's own health check is no process that somebody has to explain."""

from types import SimpleNamespace

import pytest

from verify.gates.entry import _health_check


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, []),
        ({"Healthcheck": None}, []),
        ({"Healthcheck": {"Test": ["NONE"]}}, []),
        (
            {"Healthcheck": {"Test": ["CMD", "python", "-I", "/check.py"]}},
            ["python", "-I", "/check.py"],
        ),
        ({"Healthcheck": {"Test": ["CMD-SHELL", "curl -f x"]}}, ["/bin/sh", "-c", "curl -f x"]),
    ],
)
def test_the_words_of_a_health_check_are_those_of_its_process(config, words):
    assert _health_check(SimpleNamespace(config=config)) == words
