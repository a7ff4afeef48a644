"""What is installed in the image is what the lock names, and runs as its sources read.

Why: a dependency in another version, a file nobody installed, or bytecode that was not made from
the source beside it runs as well as the right one does, and no label tells.
Fix: build the image again from the lock, and let no step after that install, change or write a file
where Python looks for modules; each finding names its file.
"""

from __future__ import annotations

import posixpath
import tomllib
from collections import Counter
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from verify.declared import Declared
from verify.difference import Change
from verify.errors import CouldNotCheck
from verify.model import Observation
from verify.probes.dockerfile.placed import placed_by
from verify.probes.images.export import ENGINES
from verify.probes.packages import locked
from verify.probes.packages.claimed import claims
from verify.probes.packages.recompiled import State
from verify.probes.packages.requirements import unmet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from verify.manifest import Manifest
    from verify.probes.packages.environment import Environment
    from verify.probes.packages.inherited import Inherited
    from verify.probes.packages.locked import Lock, Pin
    from verify.probes.packages.recompiled import Compiled
    from verify.probes.source import Source
    from verify.surroundings import Distribution, Inside

LAST = True

RECORDED = "as RECORD has it"
COMPILED = "what its source compiles to"
BY_THE_BUILD = "as the build says; no image can prove which archive it was installed from"


def gate_image(
    environment: Environment,
    bytecode: tuple[Compiled, ...],
    inherited: Inherited,
    image_inside: Inside,
    source: Source,
    manifest: Manifest,
) -> Iterator[Observation]:
    """Compare what is installed with the lock, each file with RECORD, bytecode with its source."""
    if environment.files.incomplete:
        raise _unseen(environment, environment.files.incomplete)
    sound = True
    could_not: CouldNotCheck | None = None
    lock: Lock | None = None
    pins: tuple[Pin, ...] = ()
    path = manifest.image.lock if manifest.image else ""
    try:
        if path:
            lock = locked.read(source, path)
            pins = lock.applying(environment.interpreter.markers)
    except CouldNotCheck as error:
        lock, could_not = None, error
    for observation in (
        *_locked(environment, lock, pins, source, path),
        *_archives(environment, lock, pins, image_inside, manifest),
        *_files(environment),
        *_unowned(environment),
        *_started(environment, inherited),
        *_of_the_base(environment, inherited, manifest),
        *_elsewhere(environment, inherited, source, manifest),
        *_required(environment, pins),
        *_bytecode(environment, bytecode),
    ):
        sound = sound and observation.ok
        yield observation
    if not sound:
        return  # what is wrong is told, whatever else could not be seen
    if could_not is not None:
        raise could_not
    _seen(environment, bytecode)


def _locked(
    environment: Environment,
    lock: Lock | None,
    pins: tuple[Pin, ...],
    source: Source,
    path: str,
) -> Iterator[Observation]:
    """Yield what is installed against what the lock names for this interpreter."""
    installed: dict[str, list[Distribution]] = {}
    for one in environment.distributions:
        installed.setdefault(one.name, []).append(one)
    for name, several in installed.items():
        if len(several) > 1:
            folders = ", ".join(one.folder for one in several)
            yield Observation(
                f"{name} in the image", "installed once", f"{len(several)} times: {folders}"
            )
    count = f"{len(environment.distributions)} distributions"
    yield Observation("what is installed", "seen", "seen", message=f"{count} in the image")
    if lock is None:
        if not path:
            said = "verify.toml names no [image].lock: versions and archives are not judged"
            yield Observation("the lock", "not declared", "not declared", message=said)
        return
    for line in lock.unheld:
        yield Observation("a line of the lock", "one version", line.text, line.path, line.line)
    for pin in pins:
        got = installed.get(pin.name, [])
        versions = [one.version for one in got]
        same = any(locked.same_version(one, pin.version) for one in versions)
        seen = pin.version if same else ", ".join(versions) or "not installed"
        yield Observation(f"{pin.name} in the image", pin.version, seen, pin.path, pin.line)
    named = {pin.name for pin in pins} | _own(source)
    elsewhere = {pin.name: str(pin.marker) for pin in lock.pins}
    for name, several in installed.items():
        if name not in named:
            why = f"; its line is for {elsewhere[name]} only" if name in elsewhere else ""
            got_text = f"{name} {several[0].version} in {several[0].folder}{why}"
            yield Observation("installed beside the lock", "nothing", got_text, lock.path)


def _own(source: Source) -> set[str]:
    """Return the name of the project itself, which no lock of its own names."""
    try:
        project = tomllib.loads(source.text("pyproject.toml"))["project"]
        return {canonicalize_name(project["name"])}
    except (tomllib.TOMLDecodeError, KeyError, TypeError, AttributeError):
        return set()


def _archives(
    environment: Environment,
    lock: Lock | None,
    pins: tuple[Pin, ...],
    inside: Inside,
    manifest: Manifest,
) -> Iterator[Observation]:
    """Yield whether each distribution came from an archive of the lock, as the build says."""
    where = manifest.image.installed if manifest.image else ""
    if lock is None:
        return
    if not where:
        said = "verify.toml names no [image].installed: the hashes of the lock are not compared"
        yield Observation("the archives", "not declared", "not declared", message=said)
        return
    text = inside.answer.get("read", {}).get(where)
    if text is None:
        yield Observation("what the build says it installed", "is there", "no such file", where)
        return
    try:
        told = claims(text)
    except ValueError as error:
        got = f"cannot be read: {error}"
        yield Observation("what the build says it installed", "is there", got, where)
        return
    hashes: dict[str, frozenset[str]] = {}
    for pin in pins:
        hashes[pin.name] = hashes.get(pin.name, frozenset()) | pin.hashes
    for one in environment.distributions:
        if one.name not in hashes:
            continue  # told already: the lock does not name it
        claim, among = told.get(one.name), hashes[one.name]
        expected = f"one of the {len(among)} in the lock" if among else "a hash in the lock"
        if claim is None:
            got = "the build says nothing of it"
        elif not locked.same_version(claim.version, one.version):
            got = f"the build installed {one.name} {claim.version}"
        elif claim.sha256 in among:
            got = expected
        else:
            got = f"sha256 {claim.sha256}" if claim.sha256 else "the build knows no hash"
        subject = f"the archive of {one.name} {one.version}"
        yield Observation(subject, expected, got, where, message=BY_THE_BUILD)
    names = {one.name for one in environment.distributions}
    for name in sorted(set(told) - names):
        got = f"{name} {told[name].version}, which is not installed"
        yield Observation("what the build says it installed", "is installed", got, where)


def _files(environment: Environment) -> Iterator[Observation]:
    """Yield whether the files of each distribution are as its RECORD has them."""
    for one in environment.distributions:
        subject = f"the files of {one.name}"
        if one.record is None:
            yield Observation(subject, RECORDED, "it has no RECORD", one.folder)
            continue
        good = True
        for difference in environment.changed(one):
            good = False
            if difference.change is not Change.UNREAD:  # nobody knows: told at the end
                yield Observation(subject, RECORDED, str(difference), difference.path)
        for path in environment.undigested(one):
            good = False
            yield Observation(subject, RECORDED, f"RECORD has no SHA-256 of {path}", path)
        if good:
            count = f"{len(one.record)} files"
            yield Observation(subject, RECORDED, RECORDED, one.folder, message=count)


def _unowned(environment: Environment) -> Iterator[Observation]:
    """Yield the files that nobody installed."""
    for path in environment.unowned:
        yield Observation("a file of no distribution", "none", path, path)
    if not environment.unowned:
        where = ", ".join(environment.roots)
        yield Observation("files of no distribution", "none", "none", where)


def _started(environment: Environment, inherited: Inherited) -> Iterator[Observation]:
    """Yield what Python runs at each start, whatever program it is started for."""
    expected = "of a distribution or of the base image"
    for path in environment.hooks:
        owner = environment.owner(path)
        if owner or inherited.has(path, environment.files.files):
            message = f"of {owner}" if owner else f"as in {inherited.base}"
            got = expected
        else:
            got = f"{path} is of neither"
            message = inherited.unknown
        subject = f"{posixpath.basename(path)}, which runs at each start"
        yield Observation(subject, expected, got, path, message=message)
    if not environment.hooks:
        found = "no .pth, no sitecustomize, no usercustomize"
        yield Observation("what runs at each start", found, found)


def _of_the_base(
    environment: Environment, inherited: Inherited, manifest: Manifest
) -> Iterator[Observation]:
    """Yield what was changed or added where the base image has its own Python."""
    subject = "the Python of the base image"
    if inherited.unknown:
        said = "not compared"
        yield Observation(subject, said, said, message=inherited.unknown)
        return
    same = f"as in {inherited.base}"
    others = [manifest.image.app_dir] if manifest.image else []
    touched = list(inherited.touched(environment, others))
    for difference in touched:
        yield Observation(subject, same, str(difference), difference.path)
    if not touched:
        yield Observation(subject, same, same, message=f"{len(inherited.files)} paths")


def _elsewhere(
    environment: Environment, inherited: Inherited, source: Source, manifest: Manifest
) -> Iterator[Observation]:
    """Yield the modules that Python finds in folders which nobody is to fill."""
    subject, expected = "modules in other folders on Python's path", "none that nobody reviewed"
    spec = manifest.image
    if spec is None or inherited.unknown:
        yield Observation(subject, "not looked at", "not looked at", message=inherited.unknown)
        return
    found = environment.strays(inherited.files, (spec.app_dir,))
    shipped = placed_by(source, spec) if found else {}
    declared = Declared(manifest.contents, spec.app_dir.rstrip("/"))
    strays = [path for path in found if path not in shipped and declared.mark(path) is None]
    for path in strays:
        yield Observation(subject, expected, path, path, message="whatever imports finds it")
    if not strays:
        yield Observation(subject, expected, expected, message=f"{len(found)} reviewed ones")


def _required(environment: Environment, pins: Iterable[Pin]) -> Iterator[Observation]:
    """Yield whether each distribution finds what it requires, as `pip check` does."""
    asked = {pin.name: pin.extras for pin in pins}
    found = unmet(environment.distributions, environment.interpreter.markers, asked)
    for one in environment.distributions:
        subject = f"what {one.name} {one.version} requires"
        for each in found[one.name]:
            yield Observation(subject, each.requirement, each.got, one.folder)
        if not found[one.name]:
            count = f"{len(one.requires)} requirements"
            yield Observation(subject, "is there", "is there", one.folder, message=count)


def _bytecode(environment: Environment, bytecode: Iterable[Compiled]) -> Iterator[Observation]:
    """Yield whether all bytecode is what its sources compile to."""
    good: Counter[str] = Counter()
    for one in bytecode:
        if one.state is State.UNREAD:
            continue
        wrong = one.wrong(environment.interpreter.version)
        if wrong:
            yield Observation("bytecode", COMPILED, f"{one.path}: {wrong}", one.path)
        else:
            good[environment.around(one.path)] += 1
    for folder, count in sorted(good.items()):
        subject = f"bytecode below {folder}"
        yield Observation(subject, COMPILED, COMPILED, folder, message=f"{count} files")
    if not bytecode:
        yield Observation("bytecode", "none, or as its source", "none, or as its source")


def _seen(environment: Environment, bytecode: Iterable[Compiled]) -> None:
    """Make sure that all was seen, when nothing is wrong.

    Raises:
        CouldNotCheck: it was not.
    """
    unread = [f"{one.path}: {one.detail}" for one in bytecode if one.state is State.UNREAD]
    unread += [
        f"{path}: {why}"
        for path, why in environment.files.unread.items()
        if not any(f"{path}/".startswith(f"{root}/") for root in ENGINES)
    ]
    if unread:
        raise _unseen(environment, unread[0])


def _unseen(environment: Environment, why: str) -> CouldNotCheck:
    return CouldNotCheck(
        f"not every file of {environment.files.where} was seen: {why}",
        "Look again, when the machine has less to do.",
    )
