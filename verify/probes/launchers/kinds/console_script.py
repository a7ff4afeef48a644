"""Named commands of a Python project: console scripts, and tasks of Poe, PDM, Hatch, Rye, Pixi."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from verify.probes.launchers.projects.installed import located, scripts, tasks, toml_fault
from verify.probes.launchers.resolve import code_launches, python_launches
from verify.probes.launchers.scripts import from_either
from verify.probes.launchers.world import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.probes.languages.command import Word
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.place import Place
    from verify.probes.launchers.projects.installed import Script, Task
    from verify.probes.launchers.world import World

KIND = "console-script"
NAMES = ("pyproject.toml", "setup.cfg", "setup.py", "Pipfile", "pixi.toml", "hatch.toml")
PROGRAMS = ("poe",)


def read(path: str, world: World) -> Iterator[Found]:
    """Yield the launchers of one file."""
    name = path.rpartition("/")[2]
    fault = toml_fault(world.source.text(path)) if name.endswith(".toml") else ""
    if fault and world.source.mentions(path, "streamlit"):
        line = int(match[1]) if (match := re.search(r"line (\d+)", fault)) else 1
        place = world.place(path, line)
        yield Found(line, "", (place.unknown(f"it is not TOML: {fault}", ""),))
        return
    if name in {"pyproject.toml", "setup.cfg", "setup.py"}:
        for script in scripts(path, world):
            yield Found(script.line, script.raw, tuple(_of_script(script, world)))
    if name in {"setup.cfg", "setup.py"}:
        return
    for task in tasks(path, world):
        place = world.place(path, task.line, folder=task.folder)
        place = place.but(variables=task.environment)
        yield Found(task.line, task.code, tuple(code_launches(task.code, place)))


def _of_script(script: Script, world: World) -> list[Launch]:
    module = located(script, world)
    if module is None:
        return []

    def run(folder: str) -> list[Launch]:
        place = world.place(script.path, script.line, folder=folder).deeper(module)
        return python_launches(module, place, function=script.function)

    return from_either(script.path, run)


def called(words: list[Word], raw: str, place: Place) -> Iterator[Launch]:
    """Yield what `poe TASK` starts."""
    del raw
    name = next((one for one in words[1:] if one is not None and not one.startswith("-")), "")
    yield from task_launches(place.world.tasks.get(("poe", name), ()), place)


def task_launches(found: tuple[Task, ...], place: Place) -> Iterator[Launch]:
    """Yield what the commands of a task start."""
    for task in found:
        inner = place.deeper(task.path, task.line)
        folder = f"{place.top}/{task.folder}" if task.folder else place.cwd
        variables = (*place.variables, *task.environment)
        yield from code_launches(task.code, inner.but(cwd=folder, variables=variables))
