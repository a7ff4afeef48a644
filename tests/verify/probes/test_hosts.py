"""References to hosts: what is understood, what is refused, and what the refusal says."""

import shutil

import pytest

from verify.errors import Unavailable, UsageError
from verify.probes.inside import hosts
from verify.probes.inside.hosts import Host, Kind, parse

UNDERSTOOD = {
    "dashboard": Host(Kind.DOCKER, "dashboard"),
    "3f2a9c": Host(Kind.DOCKER, "3f2a9c"),
    "a_b.c-d": Host(Kind.DOCKER, "a_b.c-d"),
    "docker://dashboard": Host(Kind.DOCKER, "dashboard"),
    "DOCKER://dashboard": Host(Kind.DOCKER, "dashboard"),
    "docker://dashboard/": Host(Kind.DOCKER, "dashboard"),
    "docker://0:0@dashboard": Host(Kind.DOCKER, "dashboard", "0:0"),
    "docker://www-data@dashboard": Host(Kind.DOCKER, "dashboard", "www-data"),
    "podman://dashboard": Host(Kind.PODMAN, "dashboard"),
    "kubectl://web-5d9c-x": Host(Kind.KUBECTL, "web-5d9c-x"),
    "kubectl://web-0?namespace=prod&container=app": Host(
        Kind.KUBECTL, "web-0", options={"namespace": "prod", "container": "app"}
    ),
    "kubectl://web-0?context=arn:aws:eks:eu-west-1:1:cluster/x": Host(
        Kind.KUBECTL, "web-0", options={"context": "arn:aws:eks:eu-west-1:1:cluster/x"}
    ),
    "ssh://build.example.org": Host(Kind.SSH, "build.example.org"),
    "ssh://ada@build:2222": Host(Kind.SSH, "build", "ada", 2222),
    "ssh://[::1]": Host(Kind.SSH, "[::1]"),
    "ssh://ada@[fe80::1]:2222": Host(Kind.SSH, "[fe80::1]", "ada", 2222),
    "ssh://build?timeout=3": Host(Kind.SSH, "build", options={"timeout": "3"}),
    "ssh://build?sudo=true": Host(Kind.SSH, "build", options={"sudo": "true"}),
    "local://": Host(Kind.LOCAL),
    "local://?sudo=true&sudo_user=www": Host(
        Kind.LOCAL, options={"sudo": "true", "sudo_user": "www"}
    ),
}


@pytest.mark.parametrize("reference", UNDERSTOOD)
def test_a_reference_names_a_host(reference):
    assert parse(reference) == UNDERSTOOD[reference]


@pytest.mark.parametrize("reference", UNDERSTOOD)
def test_what_is_handed_to_testinfra_names_the_same_host(reference):
    host = parse(reference)
    assert parse(host.spec) == host


@pytest.mark.parametrize("reference", UNDERSTOOD)
def test_testinfra_reads_the_same_from_it(reference):
    from testinfra.backend import get_backend

    host = parse(reference)
    backend = get_backend(host.spec)
    assert backend.get_connection_type() == host.kind
    if host.kind is Kind.SSH:
        assert backend.host.name == host.name.strip("[]")
        assert (backend.host.user or "") == host.user
        assert int(backend.host.port or 0) == host.port
    elif host.kind in {Kind.DOCKER, Kind.PODMAN}:
        assert (backend.name, backend.user or "") == (host.name, host.user)
    elif host.kind is Kind.KUBECTL:
        assert backend.name == host.name
    for option in ("namespace", "container", "context", "sudo_user"):
        if option in host.options:
            assert getattr(backend, option) == host.options[option]


REFUSED = {
    "": "no container and no host is named",
    "  ": "no container and no host is named",
    "aicmo:dashboard": "may be an image's",
    "registry.example.org/team/app": "may be an image's",
    "sha256:0123": "may be an image's",
    "-v": "no container's name",
    "a b": "no container's name",
    "a\nb": "no container's name",
    "a;b": "no container's name",
    "http://127.0.0.1:8501": "the address of a page",
    "wss://x/stream": "the address of a page",
    "ansible://all": "`ansible` is no way",
    "paramiko://host": "`paramiko` is no way",
    "://x": "`` is no way",
    "docker://": "names no container",
    "docker://user@": "names no container",
    "docker://-it": "'-it' is no container's name",
    "docker://a/b": "has no path",
    "docker://a#b": "no part behind `#`",
    "docker://a:80": "'a:80' is no container's name",
    "docker://-u@a": "'-u' is no user's name",
    "docker://a b": "'a b' is no container's name",
    "docker://a?namespace=x": "docker:// has no option 'namespace'",
    "podman://a?sudo=true": "podman:// has no option 'sudo'",
    "kubectl://": "names no pod",
    "kubectl://deploy/web": "has no path",
    "kubectl://Web": "'Web' is no pod's name",
    "kubectl://root@web": "kubectl cannot say as whom",
    "kubectl://web?namespace": "is not NAME=VALUE",
    "kubectl://web?namespace=": "'' is no namespace",
    "kubectl://web?namespace=--all": "'--all' is no namespace",
    "kubectl://web?namespace=a&namespace=b": "said twice",
    "kubectl://web?kubeconfig=/no/such": "there is no file /no/such",
    "ssh://": "names no machine",
    "ssh://-oProxyCommand=x": "is no machine's name",
    "ssh://a:0": "'0' is no port",
    "ssh://a:99999": "'99999' is no port",
    "ssh://a:ssh": "'ssh' is no port",
    "ssh://::1": "is no machine's name",
    "ssh://fe80::1:x": "'x' is no port",
    "ssh://ada:secret@a": "a password stands in the reference",
    "ssh://a?ssh_config=/no/such": "there is no file /no/such",
    "ssh://a?timeout=soon": "timeout is a number of seconds",
    "ssh://a?sudo=maybe": "sudo is `true` or `false`",
    "local://here": "has no name",
    "local://?timeout=1": "local:// has no option 'timeout'",
}


@pytest.mark.parametrize("reference", REFUSED)
def test_a_reference_that_names_no_host_is_refused_with_a_cure(reference):
    with pytest.raises(UsageError) as caught:
        parse(reference)
    assert REFUSED[reference] in caught.value.diagnosis
    assert "\n" not in caught.value.diagnosis
    assert "secret" not in str(caught.value)
    if "=" not in reference:
        assert caught.value.remedy


def test_a_files_option_is_made_absolute(tmp_path, monkeypatch):
    (tmp_path / "config").touch()
    monkeypatch.chdir(tmp_path)
    host = parse("ssh://a?ssh_config=config")
    assert host.options == {"ssh_config": str(tmp_path / "config")}


@pytest.mark.parametrize(
    "reference", ["dashboard", "podman://dashboard", "kubectl://web", "ssh://build"]
)
def test_a_missing_client_is_unavailable_with_the_command_that_adds_it(reference, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    host = parse(reference)
    with pytest.raises(Unavailable) as caught:
        hosts.require(host)
    assert f"the `{host.command}` command is missing" in caught.value.diagnosis
    assert "nstall" in caught.value.remedy


def test_this_machine_needs_no_client(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("sh") is None
    hosts.require(parse("local://"))
