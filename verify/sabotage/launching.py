"""What the launchers that there are start instead of the entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.model import Stage
from verify.planting import dockerfile, launchers
from verify.planting.defect import CannotPlant, Sign, defect

if TYPE_CHECKING:
    from verify.planting.tree import Tree


@defect("entry", Stage.SOURCE, sociable=True)
def image_starts_a_retired_file(tree: Tree) -> Sign:
    """The image starts a file that must refuse."""
    target = launchers.retired(tree)
    start = dockerfile.starter(tree)
    dockerfile.replaced(tree, start, dockerfile.starting(tree, target))
    return Sign(target, dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def entrypoint_starts_a_retired_file(tree: Tree) -> Sign:
    """The image's ENTRYPOINT starts a retired file, while its CMD still names the entry."""
    target = launchers.retired(tree)
    given = dockerfile.started(tree, target)
    dockerfile.appended(tree, dockerfile.exec_form("ENTRYPOINT", given))
    return Sign(target, dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def another_file_copied_over_the_entry(tree: Tree) -> Sign:
    """The Dockerfile puts another file where the entry must stand."""
    target = launchers.retired(tree)
    place = tree.inside(tree.entry)
    dockerfile.appended(tree, dockerfile.exec_form("COPY", (target, place)))
    return Sign(target, dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def entry_linked_to_another_file(tree: Tree) -> Sign:
    """A step of the Dockerfile links the entry's place to another file."""
    target = tree.inside(launchers.retired(tree))
    link = dockerfile.shell_line(("ln", "-sf", target, tree.inside(tree.entry)))
    dockerfile.before(tree, dockerfile.starter(tree), f"RUN {link}")
    return Sign("rewrites the file", dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def command_only_in_a_comment(tree: Tree) -> Sign:
    """The image's command names the entry in a comment, and starts a retired file."""
    target, start = launchers.retired(tree), dockerfile.starter(tree)
    remark = "\n".join(f"# {line}" for line in dockerfile.written(tree, start).splitlines())
    dockerfile.replaced(tree, start, f"{dockerfile.starting(tree, target)}\n{remark}")
    return Sign(target, dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def image_works_in_another_folder(tree: Tree) -> Sign:
    """The image works in a folder in which the entry does not stand."""
    if tree.inside(tree.entry) in dockerfile.starter(tree).value:
        raise CannotPlant(f"{dockerfile.path(tree)}: starts the entry by its whole path")
    dockerfile.appended(tree, "WORKDIR /srv/elsewhere")
    return Sign("not in the image", dockerfile.path(tree))


@defect("entry", Stage.SOURCE, sociable=True)
def script_starts_a_retired_file(tree: Tree) -> Sign:
    """A script that must start the entry starts a retired file."""
    path, target = launchers.script(tree), launchers.retired(tree)
    launchers.retargeted(tree, path, target)
    return Sign(target, path)


@defect("entry", Stage.SOURCE, sociable=True)
def script_names_the_entry_in_dead_code(tree: Tree) -> Sign:
    """A script names the entry in a comment and in a branch that never runs."""
    path, target = launchers.script(tree), launchers.rival(tree)
    launchers.retargeted(tree, path, target)
    start = f"streamlit run {tree.entry}"
    dead = f"# {start}\nif false; then\n    exec {start}\nfi\n"
    head, _, rest = tree.text(path).partition("\n")
    tree.write(path, f"{head}\n{dead}{rest}")
    return Sign(target, path)


@defect("entry", Stage.SOURCE, sociable=True)
def script_that_sets_its_target_twice(tree: Tree) -> Sign:
    """A script sets a variable to the entry, then to a rival, and starts what it holds."""
    path, target = launchers.script(tree), launchers.rival(tree)
    launchers.before_start(tree, path, f"board={tree.entry}; board={target}")
    _last_named(tree, path, '"$board"')
    return Sign(target, path)


@defect("entry", Stage.SOURCE, sociable=True)
def script_starts_a_rival(tree: Tree) -> Sign:
    """A script that must start the entry serves another page."""
    path, target = launchers.script(tree), launchers.rival(tree)
    launchers.retargeted(tree, path, target)
    return Sign(target, path)


@defect("entry", Stage.LOCAL)
def script_that_ends_before_the_launch(tree: Tree) -> Sign:
    """A script ends before it comes to the command that starts the entry."""
    path = launchers.script(tree)
    launchers.before_start(tree, path, "exit 3")
    return Sign("ends with exit code 3", path)


@defect("entry", Stage.LOCAL)
def command_starts_a_retired_file(tree: Tree) -> Sign:
    """The command that people type starts a retired file."""
    target = launchers.retired(tree)
    launchers.retargeted(tree, launchers.command_file(tree), target)
    return Sign(f"\n{target}\n")


def _last_named(tree: Tree, path: str, name: str) -> None:
    """Put a variable where a script names the entry for the last time."""
    before, found, after = tree.text(path).rpartition(tree.entry)
    if not found:
        raise CannotPlant(f"{path}: does not name {tree.entry}")
    tree.write(path, f"{before}{name}{after}")
