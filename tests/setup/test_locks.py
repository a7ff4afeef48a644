"""The locks: complete, checkable, bound to no index, and telling the same versions."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = ("dashboard", "verify")


@pytest.fixture(scope="module")
def locks(root):
    return {name: (root / "requirements" / f"{name}.txt").read_text() for name in LOCKS}


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


def entries(lock):
    """Each requirement with all that belongs to it, as one line."""
    code = "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    return [line for line in code.replace("\\\n", " ").splitlines() if line.strip()]


def pinned(lock):
    found = (Requirement(entry.split("--hash")[0]) for entry in entries(lock))
    return {canonicalize_name(each.name): each for each in found}


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_is_pinned_and_hashed(locks, name):
    assert len(entries(locks[name])) > 30
    for entry in entries(locks[name]):
        assert re.match(r"[A-Za-z0-9._-]+==\S+ ", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("name", LOCKS)
def test_no_address_and_no_path_is_in_a_lock(locks, name):
    assert not re.search(r"https?:|file:|--\w*index-url|--find-links|(?<![\w.])/\w", locks[name])


@pytest.mark.parametrize("name", LOCKS)
def test_no_requirement_is_only_for_some_pythons(locks, name):
    assert "python_version" not in locks[name]
    assert "python_full_version" not in locks[name]


def test_the_dashboards_lock_is_part_of_the_toolkits(locks):
    dashboard, verify = (pinned(locks[name]) for name in LOCKS)
    assert {name: str(each) for name, each in dashboard.items()} == {
        name: str(verify[name]) for name in dashboard
    }


def test_the_toolkit_stays_out_of_the_dashboards_lock(locks):
    assert not {"pytest", "docker", "rich", "nox", "playwright"} & pinned(locks["dashboard"]).keys()


def test_locks_hold_what_the_project_asks_for(locks, project):
    extras = project["optional-dependencies"]
    wanted = {
        "dashboard": project["dependencies"],
        "verify": [*project["dependencies"], *extras["verify"], *extras["dev"]],
    }
    for name, requirements in wanted.items():
        lock = pinned(locks[name])
        for asked in map(Requirement, requirements):
            if asked.name == project["name"]:
                continue  # the project's own extra, listed beside it
            version = str(lock[canonicalize_name(asked.name)].specifier).removeprefix("==")
            assert asked.specifier.contains(version), (
                f"{asked} in {name}.txt is {version}: nox -s lock"
            )
