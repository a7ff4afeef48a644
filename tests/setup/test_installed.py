"""What a build says it installed: names, versions and hashes, and nothing of where it came from."""

import json
import subprocess
import sys

import pytest

from verify.probes.packages.claimed import Claim, claims

SECRET = "https://user:hunter2@index.invalid/simple/one/one-1.0-py3-none-any.whl"


def install(name, version, archive):
    info = {} if archive is None else {"archive_info": archive}
    return {
        "metadata": {"name": name, "version": version, "summary": "text"},
        "download_info": {"url": SECRET, **info},
        "requested": True,
    }


@pytest.fixture
def reduced(root, tmp_path):
    def run(report):
        (tmp_path / "report.json").write_text(report)
        target = tmp_path / "installed.json"
        done = subprocess.run(
            [
                sys.executable,
                "-I",
                root / "streamlit/installed.py",
                tmp_path / "report.json",
                target,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        return done, target

    return run


def test_only_names_versions_and_hashes_are_kept_sorted(reduced):
    rows = [
        install("Two_two.X", "2", {"hash": "sha256=22", "hashes": {"sha256": "22", "md5": "0"}}),
        install("one", "1.0", {"hashes": {"sha256": "11"}}),
        install("three", "3", None),
        install("four", "4", {"hash": "md5=0"}),
        install("five", "5", {"hash": "sha256=55"}),
    ]
    report = {"version": "1", "pip_version": "23", "install": rows, "environment": {}}
    done, target = reduced(json.dumps(report))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert json.loads(target.read_text()) == {
        "schema": "verify.installed/v1",
        "installed": [
            {"name": "five", "version": "5", "sha256": "55"},
            {"name": "four", "version": "4", "sha256": ""},
            {"name": "one", "version": "1.0", "sha256": "11"},
            {"name": "three", "version": "3", "sha256": ""},
            {"name": "two-two-x", "version": "2", "sha256": "22"},
        ],
    }
    assert "hunter2" not in target.read_text()
    assert claims(target.read_text())["two-two-x"] == Claim("2", "22")


@pytest.mark.parametrize("report", ["", "[]", "{}", '{"install": [{"metadata": {}}]}'])
def test_a_report_that_is_none_ends_the_build_and_leaves_no_file(reduced, report):
    done, target = reduced(report)
    assert done.returncode != 0
    assert not target.exists()
    assert [path.name for path in target.parent.iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": "other"}',
        '{"schema": "verify.installed/v1"}',
        '{"schema": "verify.installed/v1", "installed": [{"name": "one"}]}',
        '{"schema": "verify.installed/v1", "installed": [3]}',
    ],
)
def test_what_is_no_such_file_is_not_read_as_one(text):
    with pytest.raises(ValueError, match=r"."):
        claims(text)
