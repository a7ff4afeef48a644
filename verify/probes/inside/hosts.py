"""Reads where a look goes: a container's name, or what testinfra calls a host."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode

from verify.errors import Unavailable, UsageError


class Kind(StrEnum):
    """Through what a host is reached."""

    DOCKER = "docker"
    PODMAN = "podman"
    KUBECTL = "kubectl"
    SSH = "ssh"
    LOCAL = "local"


FORMS = (
    "Name a container (`docker ps`), or docker://[USER@]NAME, podman://[USER@]NAME, "
    "kubectl://POD?namespace=…&container=…, ssh://[USER@]HOST[:PORT] or local://."
)
"""All that is understood, for people."""

_SUDO = frozenset({"sudo", "sudo_user"})

OPTIONS: Mapping[Kind, frozenset[str]] = {
    Kind.DOCKER: frozenset(),
    Kind.PODMAN: frozenset(),
    Kind.KUBECTL: frozenset({"namespace", "container", "context", "kubeconfig"}),
    Kind.SSH: frozenset({"ssh_config", "ssh_identity_file", "timeout"}) | _SUDO,
    Kind.LOCAL: _SUDO,
}
"""What may stand behind a question mark, as testinfra names it."""

FILES = frozenset({"kubeconfig", "ssh_config", "ssh_identity_file"})
"""Options that name a file on this machine."""

ADDED_BY: Mapping[Kind, str] = {
    Kind.DOCKER: "Install Docker's command line client; as root, scripts/provision.sh does it.",
    Kind.PODMAN: "Install it: apt-get install -y podman",
    Kind.KUBECTL: "Install it, as new as the cluster: apt-get install -y kubernetes-client",
    Kind.SSH: "Install it: apt-get install -y openssh-client",
}

MOST_PORT = 65535

_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_ID = re.compile(r"[0-9a-f]{64}")
_POD = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_MACHINE = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?|\[[0-9A-Fa-f:.]+(%\w+)?\]")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.$-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?")
_TEXT = re.compile(r"[\w@%+=:,./~][\w@%+=:,./~ -]*")


@dataclass(frozen=True, slots=True)
class Host:
    """Where a look goes.

    Args:
        kind: through what.
        name: of the container, the pod or the machine; an address of IPv6 in brackets.
        user: as whom; empty for whoever it is there by itself.
        port: of a machine; 0 for the usual one.
        options: what is said besides, by the names in `OPTIONS`.
    """

    kind: Kind
    name: str = ""
    user: str = ""
    port: int = 0
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def spec(self) -> str:
        """How testinfra writes it."""
        user = f"{quote(self.user, safe=':')}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        query = f"?{urlencode(self.options, quote_via=quote)}" if self.options else ""
        return f"{self.kind}://{user}{self.name}{port}{query}"

    @property
    def command(self) -> str:
        """The client on this machine that reaches it; empty where none is needed."""
        return "" if self.kind is Kind.LOCAL else str(self.kind)

    def __str__(self) -> str:
        match self.kind:
            case Kind.DOCKER | Kind.PODMAN:
                name = self.name[:12] if _ID.fullmatch(self.name) else self.name
                return f"{'podman ' * (self.kind is Kind.PODMAN)}container {name}"
            case Kind.KUBECTL:
                namespace = self.options.get("namespace")
                return f"pod {self.name}" + (f" in namespace {namespace}" if namespace else "")
            case Kind.SSH:
                return f"machine {self.name}" + (f" port {self.port}" if self.port else "")
            case Kind.LOCAL:
                return "this machine"


def parse(reference: str) -> Host:
    """Return the host that a reference names.

    Args:
        reference: a container's name or id, or `KIND://[USER@]NAME[:PORT][?OPTION=VALUE&…]`.

    Raises:
        UsageError: it names none; says what is wrong with it, and what would be right.
    """
    shown = reference if reference.isprintable() else repr(reference)
    if not reference.strip():
        raise UsageError("no container and no host is named", FORMS)
    scheme, separator, rest = reference.partition("://")
    if not separator:
        return Host(Kind.DOCKER, _bare(reference, shown))
    kind = _kind(scheme, shown)
    place, _, query = rest.partition("?")
    if "#" in rest:
        raise UsageError(f"{shown}: a host has no part behind `#`", FORMS)
    place = place.removesuffix("/")
    if "/" in place:
        raise UsageError(f"{shown}: a host has no path", f"Name one {_what(kind)}. {FORMS}")
    user, at, name = place.rpartition("@")
    options = _options(kind, query, shown)
    if kind is Kind.LOCAL:
        if place:
            raise UsageError(
                f"{shown}: local:// is this machine, and has no name",
                "Write local://, or ssh://HOST for another machine.",
            )
        return Host(kind, options=options)
    port = 0
    if kind is Kind.SSH:
        name, port = _port(name, shown)
    _well_named(kind, name, shown)
    if at:
        user = _user(kind, user, shown)
    return Host(kind, name, user, port, options)


def require(host: Host) -> None:
    """Make sure that what reaches a host is here.

    Raises:
        Unavailable: it is not; says what adds it.
    """
    if host.command and shutil.which(host.command) is None:
        raise Unavailable(
            f"the `{host.command}` command is missing, through which the inside of "
            f"{_article(host.kind)} is reached",
            ADDED_BY[host.kind],
        )


def _bare(reference: str, shown: str) -> str:
    if _CONTAINER.fullmatch(reference):
        return reference
    if set("/:@") & set(reference):
        raise UsageError(
            f"{shown} is no container's name; it may be an image's",
            f"Name the container that runs of it, see `docker ps`. {FORMS}",
        )
    raise UsageError(f"{shown} is no container's name", FORMS)


def _kind(scheme: str, shown: str) -> Kind:
    try:
        return Kind(scheme.lower())
    except ValueError:
        pass
    if scheme.lower() in {"http", "https", "ws", "wss"}:
        raise UsageError(
            f"{shown} is the address of a page, which is looked at from outside",
            f"Use `verify live {shown}`. {FORMS}",
        )
    raise UsageError(f"{shown}: `{scheme}` is no way to reach a host", FORMS)


def _what(kind: Kind) -> str:
    return {Kind.KUBECTL: "pod", Kind.SSH: "machine"}.get(kind, "container")


def _article(kind: Kind) -> str:
    return f"a {_what(kind)}" if kind is not Kind.SSH else "another machine"


def _well_named(kind: Kind, name: str, shown: str) -> None:
    pattern = {Kind.KUBECTL: _POD, Kind.SSH: _MACHINE}.get(kind, _CONTAINER)
    if not name:
        raise UsageError(f"{shown} names no {_what(kind)}", FORMS)
    if not pattern.fullmatch(name):
        raise UsageError(f"{shown}: {name!r} is no {_what(kind)}'s name", FORMS)


def _user(kind: Kind, user: str, shown: str) -> str:
    user = unquote(user)
    if kind is Kind.KUBECTL:
        raise UsageError(
            f"{shown}: kubectl cannot say as whom",
            "Leave the user out; the look is taken as the container's own.",
        )
    if kind is Kind.SSH and ":" in user:
        raise UsageError(
            "a password stands in the reference, where others can read it; it is not shown",
            "Use a key: ssh://USER@HOST?ssh_identity_file=FILE, or an agent.",
        )
    if not _USER.fullmatch(user):
        raise UsageError(f"{shown}: {user!r} is no user's name", FORMS)
    return user


def _port(name: str, shown: str) -> tuple[str, int]:
    host, colon, port = name.rpartition(":")
    if not colon or name.endswith("]"):
        return name, 0
    if not port.isascii() or not port.isdigit() or not 0 < int(port) <= MOST_PORT:
        hint = "An address of IPv6 stands in brackets: ssh://[::1]:22." if ":" in host else FORMS
        raise UsageError(f"{shown}: {port!r} is no port", hint)
    return host, int(port)


def _options(kind: Kind, query: str, shown: str) -> dict[str, str]:
    if not query:
        return {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True)
    except ValueError:
        raise UsageError(f"{shown}: {query!r} is not NAME=VALUE", FORMS) from None
    found: dict[str, str] = {}
    known = ", ".join(sorted(OPTIONS[kind])) or "none"
    for name, value in pairs:
        if name not in OPTIONS[kind]:
            raise UsageError(f"{shown}: {kind}:// has no option {name!r}", f"It has: {known}.")
        if name in found:
            raise UsageError(f"{shown}: {name} is said twice", "Leave one of them out.")
        found[name] = _option(name, value, shown)
    return found


def _option(name: str, value: str, shown: str) -> str:
    if name in FILES:
        path = Path(value).expanduser()
        if not path.is_file():
            raise UsageError(f"{shown}: {name}: there is no file {value}", "Name one that is here.")
        return str(path.absolute())
    if name == "sudo" and value.lower() not in {"true", "false"}:
        raise UsageError(f"{shown}: sudo is `true` or `false`, not {value!r}")
    if name == "timeout" and not (value.isascii() and value.isdigit() and int(value)):
        raise UsageError(f"{shown}: timeout is a number of seconds, not {value!r}")
    if not _TEXT.fullmatch(value):
        raise UsageError(f"{shown}: {value!r} is no {name}")
    return value
