"""compose.yaml: what it starts has no more rights than `verify run` has seen it work with."""

import re

import pytest
import yaml

from verify import manifest
from verify.probes import hardened


@pytest.fixture(scope="module")
def service(root):
    return yaml.safe_load((root / "compose.yaml").read_text())["services"]["dashboard"]


@pytest.fixture(scope="module")
def restrictions(root):
    declared = manifest.load(root)
    return hardened.of(declared.image, declared.hardening, {"Volumes": {"/data": {}}})


def test_its_restrictions_are_those_that_the_gate_works_under(service, restrictions):
    asked = restrictions.settings()
    assert service["read_only"] is asked.pop("read_only") is True
    assert service["tmpfs"] == list(asked.pop("tmpfs"))
    assert service["cap_drop"] == asked.pop("cap_drop")
    assert service["security_opt"] == asked.pop("security_opt")
    assert service["pids_limit"] == asked.pop("pids_limit")
    assert service["mem_limit"] == restrictions.memory
    assert not asked, "the gate starts it with more than compose.yaml says"


def test_it_takes_back_none_of_them(service):
    given = {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "uts", "userns_mode"}
    assert not given & set(service)
    assert "user" not in service, "the image's own user is the one that was verified"


def test_its_only_volumes_are_those_of_the_image(service, restrictions):
    assert [volume.split(":")[1] for volume in service["volumes"]] == list(restrictions.volumes)
    assert not [volume for volume in service["volumes"] if volume.startswith(("/", ".", "~"))]


def test_only_this_machine_can_reach_it(service):
    assert service["ports"]
    for port in service["ports"]:
        assert re.match(r"127\.0\.0\.1:", port)


def test_its_limits_are_keys_that_both_versions_of_compose_know(service):
    # `deploy` of version 2 is passed over by version 1 without --compatibility.
    assert "deploy" not in service
