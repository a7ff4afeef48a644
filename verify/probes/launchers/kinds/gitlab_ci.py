"""GitLab pipelines: the scripts of each job."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.probes.launchers.readers.yaml_values import documents
from verify.probes.launchers.resolve import code_launches
from verify.probes.launchers.rows import written
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.readers.values import Value
    from verify.probes.launchers.world import World

KIND = "gitlab-ci"
NAMES = (".gitlab-ci.yml", ".gitlab-ci.yaml", "*.gitlab-ci.yml")

_CHANGES = re.compile(r"\b(?:cd|export|source|set|shift|pushd|popd)\b|=|^\s*\.\s", re.MULTILINE)
_MOST_BEFORE = 20  # lines whose effect on those after them is followed
_SCRIPTS = ("before_script", "script", "after_script")


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    for document in documents(world.source, path):
        shared = _variables(document)
        for name, job in document.pairs.items():
            if job.pairs and not name.startswith("."):
                variables = {**shared, **_variables(job)}
                place = world.place(path)
                root: dict[str, Word] = {"CI_PROJECT_DIR": place.top}
                yield from _job(job, place.but(variables=tuple({**root, **variables}.items())))


def _job(job: Value, place: Place) -> Iterator[Found]:
    """Yield what a job's scripts start; one shell runs its lines, so a `cd` holds for the next."""
    before = ""
    for key in _SCRIPTS:
        script = job.get(key)
        if script is None:
            continue
        if key == "after_script":
            before = ""  # has a shell of its own
        for item in [one for part in script.items or [script] for one in (part.items or [part])]:
            line = item.line if item is not script else job.line_of(key)
            folders = place.but(line=line)
            launches = list(code_launches(f"{before}{item.text}", folders))
            launches = launches[_count(before, folders) :]
            yield Found(line, written(item.text), tuple(launches))
            if before.count("\n") < _MOST_BEFORE and _CHANGES.search(item.text):
                before += f"{item.text}\n"


def _count(before: str, place: Place) -> int:
    return len(list(code_launches(before, place))) if "streamlit" in before else 0


def _variables(scope: Value) -> dict[str, Word]:
    found = scope.get("variables")
    pairs = found.pairs if found is not None else {}
    return {name: value.at("value") or value.text for name, value in pairs.items()}
