from pathlib import Path

import pytest

from aicmo.core.config import ConfigError, load_settings, mock_mode


def test_without_any_setting_the_database_is_sqlite_in_the_project_s_data_folder():
    settings = load_settings({})
    root = Path(__file__).resolve().parents[2]
    assert settings.data_dir == root / "data"
    assert settings.database_url == f"sqlite:///{root / 'data' / 'aicmo.db'}"
    assert settings.mock_mode is False


def test_the_data_folder_moves_the_default_database(tmp_path):
    settings = load_settings({"AICMO_DATA_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'aicmo.db'}"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgresql+psycopg://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("sqlite:////srv/a.db", "sqlite:////srv/a.db"),
        ("  sqlite:////srv/a.db\n", "sqlite:////srv/a.db"),
    ],
)
def test_a_database_url_gets_the_driver_this_project_installs(given, used):
    assert load_settings({"AICMO_DATABASE_URL": given}).database_url == used


@pytest.mark.parametrize(
    "url",
    [
        "somewhere",
        "mysql://u:hunter22@h/d",
        "postgresql+psycopg2://u:hunter22@h/d",
        "u:hunter22@h/d",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory&uri=true",
    ],
)
def test_an_unusable_database_url_is_refused_without_repeating_it(url):
    with pytest.raises(ConfigError, match="AICMO_DATABASE_URL") as refused:
        load_settings({"AICMO_DATABASE_URL": url})
    assert "hunter22" not in str(refused.value)


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
def test_mock_mode_is_on(value):
    assert mock_mode({"AICMO_MOCK_MODE": value}) is True


@pytest.mark.parametrize("value", ["", "0", "False", "no", "off"])
def test_mock_mode_is_off(value):
    assert mock_mode({"AICMO_MOCK_MODE": value}) is False


def test_a_mock_mode_that_is_neither_is_refused_with_the_cure():
    with pytest.raises(ConfigError, match=r"AICMO_MOCK_MODE is 'maybe'.*Set it to 1"):
        load_settings({"AICMO_MOCK_MODE": "maybe"})


def test_a_data_folder_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(ConfigError, match="AICMO_DATA_DIR"):
        load_settings({"AICMO_DATA_DIR": str(path)})
