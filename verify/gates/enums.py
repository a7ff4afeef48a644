"""No filter names a value that its enum lacks.

Why: such a filter fails when the tab is opened, or silently finds nothing: a lead status "ENGAGED"
that never existed once emptied a work list.
Fix: name a member that the enum has, best as `LeadStatus.CONTACTED`, which an editor checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.errors import NotDeclared
from verify.model import Observation, OneOf
from verify.probes.static.enum_index import EnumIndex
from verify.probes.static.enum_use import EnumUses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from verify.manifest import Manifest
    from verify.probes.source import Source


def gate_source(source: Source, manifest: Manifest) -> Iterator[Observation]:
    """Hold every literal that reaches a lookup or filter against the members of its enum."""
    if manifest.enums is None:
        raise NotDeclared("verify.toml declares no [enums]")
    index = EnumIndex(source, manifest.enums.packages)
    for path in index.unparsed:
        fault = source.faults(path)
        got = f"cannot tell: {fault.reason}" if fault else "cannot tell: it does not parse"
        yield Observation(path, "read", got, path, fault.line if fault else 1)
    for found in index.enums.values():
        names = ", ".join(found.members)
        got = "has members" if found.members else "has none"
        subject = f"enum {found.name}"
        yield Observation(subject, "has members", got, found.ref.path, found.line, names)
    for use in EnumUses(index).find(source):
        subject = f"{use.enum}: {use.form}".removeprefix(": ")
        yield Observation(subject, OneOf(use.allowed), use.got, use.path, use.line)
