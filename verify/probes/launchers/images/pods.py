"""Says what the containers of Kubernetes objects start.

`command` replaces ENTRYPOINT and `args` replaces CMD; `$(NAME)` in them is filled in from `env`,
and stays as it stands when that has no NAME (Kubernetes API reference, Container).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.matrix import Status
from verify.probes.launchers.images.container import container_launches
from verify.probes.launchers.images.image import Changes
from verify.probes.launchers.images.likely import likely_build
from verify.probes.launchers.images.mounts import Mount
from verify.probes.launchers.readers.helm_text import UNKNOWN
from verify.probes.launchers.readers.interpolation import words_of
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

    Fill = Callable[[str], Word]

_VARIABLE = re.compile(r"\$[{(]?([A-Z_][A-Z0-9_]*)\b")  # $(date) is a command of the shell
_REFERENCE = re.compile(r"\$\$|\$\((\w[\w.-]*)\)")
_KNATIVE = ("serving.knative.dev/", "run.googleapis.com/")


def pods(
    found: Iterable[Value], path: str, world: World, fill: Fill = lambda text: text
) -> Iterator[Found]:
    """Yield what the containers of these documents start.

    Args:
        found: the documents.
        path: the file they stand in.
        world: the repository.
        fill: gives a text of them, or None for what cannot be told.
    """
    for document in found:
        if not (document.get("apiVersion") and document.get("kind")):
            continue
        for value in document.walk():
            containers = value.get("containers")
            items = containers.items if containers is not None else []
            for container in items:
                if container.pairs:
                    yield _Container(document, value, container, fill).found(path, world)


class _Container:
    """One container of an object.

    Args:
        document: the object.
        pod: what describes its pod.
        value: what describes the container.
        fill: gives a text, or None for what cannot be told.
    """

    def __init__(self, document: Value, pod: Value, value: Value, fill: Fill) -> None:
        self.document = document
        self.pod = pod
        self.value = value
        self.fill = fill

    def found(self, path: str, world: World) -> Found:
        """Return its launcher."""
        parts = [key for key in ("command", "args") if self._texts(key)]
        key = (parts or ["image"])[0]
        line = self.value.line_of(key)
        raw = " ".join(text for part in parts for text in self._texts(part))
        launches = self._launches(world.place(path, line), raw)
        return Found(line, raw.replace(UNKNOWN, "{{...}}"), tuple(launches))

    def _launches(self, place: Place, raw: str) -> list[Launch]:
        image = self.fill(self.value.at("image")) or ""
        changes = self._changes()
        world = place.world
        build, told = world.build_of(image) if image else None, ""
        if build is None:
            about = f"{self.value.at('name')} {raw}"
            build, told = likely_build(world, image, about, self._ports())
            if build is None and told and not raw:
                return [place.unknown(told, raw)]
        found = container_launches(place, image, changes, raw, build)
        return [self._noted(one.because(told) if told else one) for one in found]

    def _changes(self) -> Changes:
        variables, given = self._environment()
        words = {
            key: tuple(
                word
                for text in self._texts(key)
                for word in words_of(text, self._word(text, variables, given))
            )
            or None
            for key in ("command", "args")
        }
        if self.document.at("apiVersion").startswith(_KNATIVE):
            given |= {"PORT"} - variables.keys()
        return Changes(
            entrypoint=words["command"],
            command=words["args"],
            environment=variables,
            given=given,
            workdir=self.fill(self.value.at("workingDir")) or "",
            mounts=tuple(self._mounts()),
        )

    def _texts(self, key: str) -> list[str]:
        """Return the words of `command` or `args`; a cluster refuses one that is no list."""
        value = self.value.get(key)
        return value.words() if value is not None else []

    def _environment(self) -> tuple[dict[str, Word], frozenset[str]]:
        variables: dict[str, Word] = {}
        given: set[str] = set()
        for item in (self.value.get("env") or self.value).items:
            name = item.at("name")
            value = item.get("value")
            if value is None:
                given.add(name)
                continue
            text = self.fill(value.text)
            known = {key: one for key, one in variables.items() if one is not None}
            variables[name] = None if text is None else _filled(text, known)
        if self.value.get("envFrom") is not None:  # nobody here knows all that it sets
            code = " ".join(self._texts("command") + self._texts("args"))
            given |= {"PORT", *_VARIABLE.findall(code)} - variables.keys()
        given |= {name for name, value in variables.items() if value is None}
        return variables, frozenset(given)

    def _word(self, text: str, variables: dict[str, Word], given: frozenset[str]) -> Word:
        filled = self.fill(text)
        if filled is None:
            return None
        known = {key: one for key, one in variables.items() if one is not None}
        unknown = {m[1] for m in _REFERENCE.finditer(filled) if m[1] in given - known.keys()}
        if unknown and " " not in filled.strip():
            return None
        # In code, the shell has the same variable: it is asked there.
        return _filled(filled, known | {name: f"${{{name}}}" for name in unknown})

    def _mounts(self) -> Iterator[Mount]:
        """Yield what hides the image's own files: they come from the cluster."""
        for item in (self.value.get("volumeMounts") or self.value).items:
            target = self.fill(item.at("mountPath")) or ""
            if target.startswith("/") and target != "/":
                sub = item.at("subPath")
                if not sub or "." in sub:
                    yield Mount(target.rstrip("/"), None)

    def _ports(self) -> list[int]:
        texts = [
            self.fill(item.at("containerPort")) or ""
            for item in (self.value.get("ports") or self.value).items
        ]
        return [int(text) for text in texts if text.isdecimal()]

    def _noted(self, launch: Launch) -> Launch:
        ports = self._ports()
        if launch.status is Status.OK and ports and launch.port not in {None, *ports}:
            named = ", ".join(map(str, ports[:5]))
            why = f"its containerPort is {named}, not {launch.port}, where Streamlit listens"
            return launch.because(why)
        return launch


def _filled(text: str, variables: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] is None:
            return "$"
        return variables.get(match[1], match[0])

    return _REFERENCE.sub(value, text)
