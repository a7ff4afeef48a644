"""Follows the launchers of a project in a process of its own, beside what else a run does."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from verify.errors import CouldNotCheck
from verify.probes.children import running
from verify.probes.launchers.cache import launcher

if TYPE_CHECKING:
    from verify.matrix import Declared, Matrix
    from verify.probes.source import Source

PATIENCE = 600.0
"""Seconds for the largest of repositories; this one takes one."""

_HERE = Path(__file__).parents[3]  # where the package verify is found


class Beside:
    """Half of a survey, under way.

    Args:
        root: the project's folder.
    """

    def __init__(self, root: Path) -> None:
        self._stack = contextlib.ExitStack()
        # -P: a folder `verify` of the project itself must not pass for this one.
        command = [sys.executable, "-P", "-m", "verify.probes.launchers.beside", str(root)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        env = {**os.environ, "PYTHONPATH": str(_HERE)}
        self._process = self._stack.enter_context(running(command, cwd=root, env=env, **pipes))

    def matrix(self, source: Source, declared: Declared) -> Matrix:
        """Do the other half here meanwhile, and return the matrix.

        Args:
            source: the tree.
            declared: what the project's manifest says.

        Raises:
            CouldNotCheck: the launchers were not followed to the end.
        """
        from verify.probes.launchers.look import without_collections
        from verify.probes.launchers.survey import concluded
        from verify.probes.launchers.world import World

        world = World(source, declared)
        with without_collections():
            _ = world.drawn.files  # what draws a page, which takes a third of a survey
        rows = [launcher(row) for row in self._rows()]
        return concluded(world, rows)

    def close(self) -> None:
        """End it, wherever it has come to."""
        self._stack.close()

    def _rows(self) -> list[dict[str, object]]:
        try:
            out, err = self._process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            raise CouldNotCheck(
                f"the launchers were not followed within {PATIENCE:g} s",
                "`verify matrix` shows which file it comes to.",
            ) from None
        finally:
            self.close()
        try:
            rows: list[dict[str, object]] = json.loads(out)
        except ValueError:
            told = err.decode("utf-8", "replace").strip()[-2000:]
            raise CouldNotCheck(
                f"the launchers could not be followed: {told or 'no answer'}",
                "`verify matrix --no-cache` shows the same.",
            ) from None
        return rows


def main() -> None:
    """Print the launchers of the project in the folder of the first argument."""
    import gc

    from verify.manifest import load
    from verify.probes.launchers.survey import followed
    from verify.probes.launchers.world import World
    from verify.probes.source import Source

    gc.disable()  # see look.without_collections; this process does nothing else
    root = Path(sys.argv[1])
    rows = followed(World(Source(root), load(root).declared()))
    print(json.dumps([asdict(row) for row in rows]), flush=True)
    os._exit(0)  # taking the syntax trees apart would be the last tenth of its time


if __name__ == "__main__":
    main()
