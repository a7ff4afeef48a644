import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from streamlit_pages import error_log


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:hunter22@h/d failed",
        "postgresql+psycopg://u:hunter22@h:5432/d",
        "redis://:hunter22@h",
        "connect(password=hunter22)",
        "{'password': 'hunter22'}",
        "API_KEY=hunter22&x=1",
        "token: hunter22",
    ],
)
def test_credentials_are_taken_out_wherever_they_stand(text):
    assert "hunter22" not in error_log.redact(text)


def test_the_configured_password_is_taken_out_even_alone(monkeypatch):
    monkeypatch.setenv("AICMO_DATABASE_URL", "postgresql://u:hunter%2322@h/d")
    redacted = error_log.redact('role "u" with hunter%2322 or hunter#22 was refused')
    assert redacted == 'role "u" with *** or *** was refused'


def test_ordinary_text_stays_as_it_is():
    text = "ValueError: 3 of 4 leads at https://example.com/a?b=c#d, write to ada@x.example"
    assert error_log.redact(text) == text


def test_neither_the_log_nor_the_memory_keeps_a_password(caplog):
    caplog.set_level(logging.ERROR, "aicmo.dashboard")
    fault = error_log.record("Here", ValueError("postgresql://u:hunter22@h/d"))
    assert "hunter22" not in fault.message + caplog.text


def test_only_so_many_faults_are_remembered_and_the_latest_first():
    for number in range(error_log.KEPT + 10):
        error_log.record("Here", ValueError(str(number)))
    faults = error_log.recent()
    assert len(faults) == error_log.KEPT
    assert faults[0].message == str(error_log.KEPT + 9)


def test_a_long_text_is_cut():
    assert len(error_log.record("Here", ValueError("x" * 9999)).message) == error_log.MESSAGE_LENGTH


def test_many_threads_may_record_at_once():
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: error_log.record("Here", ValueError("boom")), range(100)))
    [fault] = error_log.recent()
    assert fault.count == 100
