"""Says what the services of a compose project start."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from verify.matrix import NOT_PUBLISHED, Status
from verify.probes.launchers.images.container import container_launches
from verify.probes.launchers.images.image import Changes

if TYPE_CHECKING:
    from verify.probes.launchers.images.compose_file import Argv, Service
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place


def service_launches(service: Service, place: Place) -> list[Launch]:
    """Return what a service starts; nothing for another's image that is told no command.

    Args:
        service: the service.
        place: where it is started.
    """
    raw = command_raw(service)
    changes = Changes(
        entrypoint=_words(service.entrypoint),
        command=_words(service.command),
        environment=service.variables,
        given=service.given,
        workdir=service.workdir,
        arguments=service.arguments,
        inline=service.inline,
        mounts=service.mounts,
    )
    if service.fault:
        return [place.unknown(service.fault, raw, certain="streamlit" in raw)]
    for argv in (service.entrypoint, service.command):
        if argv is not None and argv.fault:
            return [place.launch(Status.BROKEN, argv.fault, raw)]
    build = service.build
    if build is not None and service.inline:
        build = replace(build, dockerfile=service.path)
    launches = container_launches(place, service.image, changes, raw, build)
    return [_noted(one, service) for one in launches]


def command_raw(service: Service) -> str:
    """Return the command of a service as written, "" when it leaves that to its image."""
    parts = [one.raw for one in (service.entrypoint, service.command) if one is not None]
    return " ".join(part for part in parts if part)


def command_line(service: Service) -> tuple[str, int]:
    """Return the file and line of the command that is its own, else of its name."""
    for key, one in (("command", service.command), ("entrypoint", service.entrypoint)):
        if one is not None and one.raw and key in service.own:
            return one.path, one.line
    return service.path, service.line


def _words(argv: Argv | None) -> tuple[str | None, ...] | None:
    return None if argv is None else argv.words


def _noted(launch: Launch, service: Service) -> Launch:
    for note in service.notes:
        launch = launch.because(note)
    published = service.ports if not service.host_network else ()
    if launch.status is Status.OK and published and launch.port not in {None, *published}:
        ports = ", ".join(map(str, published[:5]))
        why = f"the service publishes {ports}, not {launch.port}, {NOT_PUBLISHED}"
        launch = launch.because(why)
    if service.profiles:
        launch = launch.because(f"only with the profile {' or '.join(service.profiles)}")
    return launch
