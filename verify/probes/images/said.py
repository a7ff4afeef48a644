"""Finds the line of a Dockerfile that made a step or a layer of an image; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.probes.dockerfile import parse
from verify.probes.images.base import keyword

if TYPE_CHECKING:
    from collections.abc import Sequence

    from verify.probes.images.base import Step


class Said:
    """Where in a Dockerfile something is said; its last stage makes the image.

    Args:
        path: the Dockerfile, relative to the root.
        text: what stands in it.
        history: the steps of the image's build.
    """

    def __init__(self, path: str, text: str, history: Sequence[Step]) -> None:
        self.path = path
        stages = parse.stages(text)
        chain = parse.lineage(stages, stages[-1]) if stages else []
        self._said = [each for stage in chain for each in stage.instructions]
        self._layers: dict[int, int] = {}
        self._steps: dict[int, int] = {}
        self._align(history)

    def line(self, name: str, word: str = "") -> int | None:
        """Return the line of the last instruction of this name, which holds this word."""
        lines = [one.line for one in self._said if one.name == name and word in one.value]
        return lines[-1] if lines else None

    def of_step(self, number: int) -> int | None:
        """Return the line that made a step of the history, the first being 0."""
        return self._steps.get(number)

    def of_layer(self, number: int) -> int | None:
        """Return the line that made a layer, the lowest being 0."""
        return self._layers.get(number)

    def _align(self, history: Sequence[Step]) -> None:
        """The Dockerfile's instructions are the last steps of the history, one for one."""
        said = list(self._said)
        for number, step in reversed(list(enumerate(history))):
            made = keyword(step.created_by)
            if said and said[-1].name == made:
                line = said.pop().line
                self._steps[number] = line
                if step.layer is not None:
                    self._layers[step.layer] = line
            elif made != "LABEL":  # an option of the build adds one
                return
