"""Says what a container of a Dockerfile's image starts."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from verify.matrix import BASE_DECIDES, NO_STREAMLIT, Status
from verify.probes.dockerfile.arguments import with_arguments
from verify.probes.dockerfile.faults import build_fault
from verify.probes.dockerfile.files import ImageFiles
from verify.probes.dockerfile.parse import environment, lineage, stages
from verify.probes.languages.shell.run import commands
from verify.probes.languages.shell.state import Shell
from verify.probes.launchers.images.mounts import Mounted
from verify.probes.launchers.place import Place
from verify.probes.launchers.resolve import argv_launches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from verify.probes.dockerfile.parse import Instruction, Stage
    from verify.probes.languages.command import Word
    from verify.probes.launchers.images.mounts import Mount
    from verify.probes.launchers.launch import Launch
    from verify.probes.launchers.world import World

Command = tuple["Word", ...] | str
"""Words, or code for a shell."""

_WRITERS = frozenset({"cp", "mv", "ln", "rm", "sed", "install", "tee", "dd", "truncate", "patch"})


@dataclass(frozen=True, slots=True)
class Changes:
    """What whoever starts a container sets besides the image's own.

    Args:
        entrypoint: replaces ENTRYPOINT, and takes back CMD.
        command: replaces CMD.
        environment: variables added to the image's.
        given: variables that are set to something nobody here knows.
        workdir: replaces WORKDIR, "" to keep it.
        target: the stage that is built, "" for the last.
        arguments: build arguments, in place of the Dockerfile's defaults.
        inline: the Dockerfile's text, "" when it is that of its path.
        mounts: what is mounted over the image's files.
    """

    entrypoint: Command | None = None
    command: Command | None = None
    environment: Mapping[str, Word] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    workdir: str = ""
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    inline: str = ""
    mounts: tuple[Mount, ...] = ()


def image_launches(
    world: World, dockerfile: str, contexts: Sequence[str] = (), changes: Changes | None = None
) -> list[Launch]:
    """Return what a container of the Dockerfile's image starts; at least one, if only a reason.

    Args:
        world: the repository.
        dockerfile: its path.
        contexts: the folders that may be the build context, likeliest first, "" for the root; when
            none is given, what the repository's own builds say, else what fits the Dockerfile.
        changes: what the container is started with.
    """
    changes = changes or Changes()
    told = contexts or known_contexts(world, dockerfile)
    tried = {
        context: _in_context(world, dockerfile, context, changes)
        for context in told or likely_contexts(dockerfile)
    }
    best = min(tried, key=lambda context: (tried[context].fault, _RANK[tried[context].status]))
    found = tried[best].launches
    if told or len(tried) == 1:
        return found
    if tried[best].status is Status.OK:
        others = {one.launches[0].entry: where for where, one in tried.items() if one.fine}
        if len(others) > 1:
            return [_undecided(found[0], others)]
    where = best or "the root"
    return [one.because(f"taking {where} for the build context") for one in found]


def _undecided(launch: Launch, others: Mapping[str | None, str]) -> Launch:
    """Return one launch for a Dockerfile that starts another file in another build context."""
    named = ", ".join(f"{entry} in {where or 'the root'}" for entry, where in others.items())
    files = tuple(sorted(entry for entry in others if entry is not None))
    why = f"it depends on the build context: {named}"
    return replace(launch, status=Status.DYNAMIC, entry=None, candidates=files, why=why)


@dataclass(frozen=True, slots=True)
class _Tried:
    """What came of building in one context.

    Args:
        launches: what a container starts; at least one.
        fault: whether the build fails.
    """

    launches: list[Launch]
    fault: bool = False

    @property
    def status(self) -> Status:
        """The first launch's."""
        return self.launches[0].status

    @property
    def fine(self) -> bool:
        """Whether it builds and starts a file."""
        return self.status is Status.OK and not self.fault


_RANK = {status: rank for rank, status in enumerate(Status)}


def known_contexts(world: World, dockerfile: str) -> tuple[str, ...]:
    """Return the build contexts that the manifest, or else the repository's builds, name."""
    declared = [folder for path, folder in world.declared.contexts if path == dockerfile]
    built = [build.context for build in world.builds if build.dockerfile == dockerfile]
    return tuple(dict.fromkeys("" if one == "." else one for one in declared or built))


def likely_contexts(dockerfile: str) -> tuple[str, ...]:
    """Return the folders that may be the build context when nothing tells: those above it."""
    folders = [""]
    for part in dockerfile.split("/")[:-1]:
        folders.append(f"{folders[-1]}/{part}".lstrip("/"))
    return tuple(dict.fromkeys([folders[-1], *folders]))


def _in_context(world: World, dockerfile: str, context: str, changes: Changes) -> _Tried:
    text = changes.inline or world.source.text(dockerfile)
    all_stages = with_arguments(stages(text), changes.arguments)
    outside = world.place(dockerfile)
    if not all_stages:
        return _Tried([outside.launch(Status.BROKEN, "there is no FROM", "")], fault=True)
    stage = _target(all_stages, changes.target)
    if stage is None:
        why = f"there is no stage {changes.target}"
        return _Tried([outside.launch(Status.BROKEN, why, "")], fault=True)
    files = ImageFiles(world.source, all_stages, context, dockerfile, stage)
    chain = lineage(all_stages, stage)
    own: dict[str, Word] = {**environment(chain), **changes.environment}
    where = posixpath.join(files.workdir(stage), changes.workdir)
    seen = Mounted(files, changes.mounts, world.checkout) if changes.mounts else files
    place = Place(
        world, seen, dockerfile, stage.line, where, tuple(own.items()), changes.given, where
    )
    launches = _launches(chain, place, changes)
    fault = build_fault(text, all_stages, stage, files)
    if fault is not None and any(one.certain for one in launches):
        why = f"the build fails: {fault[1]}"
        launches = [replace(one, status=Status.BROKEN, why=why) for one in launches]
    return _Tried(launches, fault is not None)


def _launches(chain: list[Stage], place: Place, changes: Changes) -> list[Launch]:
    started = _started(chain, place, changes)
    if not isinstance(started, tuple):
        return [started]
    argv, line, raw = started
    place = place.but(line=line)
    found = list(argv_launches(argv, place, raw))
    rewritten = _rewritten(chain, {launch.entry for launch in found if launch.entry})
    if rewritten is not None:
        why = f"the RUN of line {rewritten.line} rewrites the file"
        return [place.unknown(why, raw)]
    if not found:
        why = f"{NO_STREAMLIT}: {raw}"
        return [place.launch(Status.NOT_STREAMLIT, why, raw, certain=False)]
    return [replace(one, raw=one.raw or raw) for one in found]


def _target(all_stages: list[Stage], name: str) -> Stage | None:
    if not name:
        return all_stages[-1]
    if name.isdigit():
        return all_stages[int(name)] if int(name) < len(all_stages) else None
    return next((one for one in reversed(all_stages) if one.name.lower() == name.lower()), None)


def _started(
    chain: list[Stage], place: Place, changes: Changes
) -> tuple[list[Word], int, str] | Launch:
    """Return the words a container starts with, their line, and both as written; or a fault."""
    entrypoint: Instruction | None = None
    cmd: Instruction | None = None
    for stage in chain:
        if stage.last("ENTRYPOINT"):  # takes back the CMD of the stage it builds on
            entrypoint, cmd = stage.last("ENTRYPOINT"), None
        cmd = stage.last("CMD") or cmd
    line = place.line
    argv: list[Word] = []
    raw: list[str] = []
    from_shell = False
    parts: list[tuple[Command | None, Instruction | None]] = [
        (changes.entrypoint, entrypoint),
        (changes.command, cmd if changes.entrypoint is None else None),
    ]
    for change, instruction in parts:
        if change is None and instruction is None:
            continue
        if from_shell:  # an ENTRYPOINT in shell form ignores CMD
            continue
        if change is not None:
            argv += change if isinstance(change, tuple) else ["/bin/sh", "-c", change]
            raw.append(change if isinstance(change, str) else shown(change))
        elif instruction is not None:
            line = instruction.line
            raw.append(instruction.value)
            if instruction.exec_form is not None:
                argv += instruction.exec_form
            elif instruction.value.startswith("["):
                why = "this is not a JSON list, so a shell gets the brackets as they stand"
                return place.but(line=line).launch(Status.BROKEN, why, instruction.value)
            else:
                argv += ["/bin/sh", "-c", instruction.value]
                from_shell = instruction is entrypoint
    if not argv:
        return place.unknown(BASE_DECIDES, "", certain=False)
    return argv, line, " ".join(raw)


def shown(words: Sequence[Word]) -> str:
    """Return words as one text, `$?` for those that cannot be told."""
    return " ".join("$?" if word is None else word for word in words)


def _rewritten(chain: list[Stage], entries: set[str]) -> Instruction | None:
    """Return the RUN that replaces or changes one of these files inside the image, or None."""
    targets = {posixpath.basename(entry) for entry in entries}
    for each in (one for stage in chain for one in stage.instructions if one.name == "RUN"):
        code = "\n".join([each.value, *each.heredocs])
        if not any(target in code for target in targets):
            continue
        for command in commands(code, Shell("/")):
            name = posixpath.basename(command.words[0] or "")
            files = {posixpath.basename(word) for word in command.words[1:] if word}
            if name in _WRITERS and files & targets:
                return each
    return None
