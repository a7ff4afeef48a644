import builtins
import sys

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from aicmo.core import db
from streamlit_pages import error_log, facts


def gathered():
    return {fact.label: fact for fact in facts.gather("MARK", "streamlit_pages/aicmo_operator.py")}


def test_the_facts_say_which_build_runs_where_and_on_what(root, monkeypatch):
    monkeypatch.chdir(root)
    found = gathered()
    assert found["Build marker"].value == "MARK"
    assert found["Entry file"].value == str(root / "streamlit_pages" / "aicmo_operator.py")
    assert found["Working directory"].value == str(root)
    assert found["Mock mode"].value == "off"
    assert found["Database"].value.startswith("reachable, sqlite, ")
    services = [label for label in found if label.startswith("Service ")]
    assert services == [f"Service {name}" for name in facts.SERVICES]
    assert {found[label].value for label in services} == {"available"}


@pytest.mark.parametrize("mode", ["0", "1"])
def test_the_connections_are_counted_and_none_is_kept(monkeypatch, mode):
    monkeypatch.setenv("AICMO_MOCK_MODE", mode)
    assert gathered()["Database connections"].value == "0 in use, 1 open"
    assert db.get_engine().pool.checkedout() == 0


def test_a_connection_that_was_not_given_back_is_seen():
    gathered()
    with db.get_session() as session:
        session.connection()
        assert facts.connections().value == "1 in use, 1 open"
    assert facts.connections().value == "0 in use, 1 open"


def test_counting_connections_opens_none(data_dir):
    assert facts.connections().value == "0 in use, 0 open"
    assert not data_dir.exists()


def test_connections_that_cannot_be_counted_are_unknown(monkeypatch):
    uncounted = create_engine("sqlite://", poolclass=NullPool)
    monkeypatch.setattr(db, "get_engine", lambda: uncounted)
    assert facts.connections().value == "unknown: the pool does not count them"
    monkeypatch.undo()
    monkeypatch.setenv("AICMO_DATABASE_URL", "mysql://u:hunter22@h/d")
    found = facts.connections()
    assert found.value.startswith("unknown: AICMO_DATABASE_URL asks for 'mysql'")
    assert found.ok is None, "the line of the database says it is a fault"


def test_only_listed_variables_are_shown(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter22")
    found = gathered()
    assert "hunter22" not in str(found)
    assert {label for label in found if label.startswith("Env ")} == {
        f"Env {name}" for name in facts.ENVIRONMENT
    }


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter22@127.0.0.1:1/d",
        "postgresql://127.0.0.1:1/d?user=u&password=hunter22",
        "u:hunter22@h/d",
        "mysql://u:hunter22@h/d",
        "postgresql://u:hunter22@h:port/d",
    ],
)
def test_no_form_of_database_url_shows_its_password(monkeypatch, url):
    monkeypatch.setenv("AICMO_DATABASE_URL", url)
    found = gathered()
    assert "hunter22" not in str(found)
    assert found["Database"].ok is False


def test_a_module_that_cannot_be_imported_is_unavailable_with_the_reason(monkeypatch):
    monkeypatch.setitem(sys.modules, "aicmo.campaign_ops", None)
    fact = gathered()["Service aicmo.campaign_ops"]
    assert fact.ok is False
    assert fact.value.startswith("unavailable: ModuleNotFoundError: import of aicmo.campaign_ops")
    assert error_log.recent()[0].id in fact.value


def test_a_failure_is_believed_for_a_while_and_checked_again_when_asked(monkeypatch):
    monkeypatch.setitem(sys.modules, "aicmo.campaign_ops", None)
    assert facts.service("aicmo.campaign_ops").ok is False
    monkeypatch.undo()
    assert facts.service("aicmo.campaign_ops").ok is False
    facts.forget()
    assert facts.service("aicmo.campaign_ops").ok is True


def test_facts_are_gathered_even_when_nothing_of_the_domain_can_be_imported(monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments, **options):
        if name.startswith("aicmo"):
            raise ImportError(f"no {name}")
        return real(name, *arguments, **options)

    for name in [name for name in sys.modules if name.split(".")[0] == "aicmo"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", refuse)
    found = gathered()
    assert found["Build marker"].value == "MARK"
    assert found["Database"].ok is False
    assert found["Database connections"].value == "unknown: no aicmo.core"
    assert found["Mock mode"].ok is False


def test_a_wrong_setting_is_named_with_its_cure(monkeypatch):
    monkeypatch.setenv("AICMO_MOCK_MODE", "maybe")
    assert "AICMO_MOCK_MODE" in gathered()["Mock mode"].value
