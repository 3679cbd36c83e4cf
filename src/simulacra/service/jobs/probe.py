"""How jobs are confined on this machine, found out by one that does nothing else."""

import dataclasses

from simulacra.engine.progress import Progress, ProgressCallback
from simulacra.service import scratch
from simulacra.service.confinement import layers
from simulacra.service.confinement.layers import Layer
from simulacra.service.jobs import child, functions


@dataclasses.dataclass(frozen=True)
class Question:
    """Nothing is needed to answer it."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """The layers that confine the process."""

    entered: list[Layer]


def look(_question: Question, _report: ProgressCallback) -> Answer:
    """Return the layers that confine this very process."""
    return Answer(sorted(layers.entered()))


LOOK = functions.ChildFunction(f"{__name__}:look", Question, Answer)


async def run(limits: child.Limits) -> frozenset[Layer]:
    """Return the layers that confine a child of this process.

    Raises:
        child.ChildFaultError: not all layers that are required could be entered.
        child.KilledError: the child was killed.
    """

    async def ignore(_: Progress) -> None: ...

    with scratch.folder() as folder:
        answer = await child.run(LOOK, Question(), folder, limits, ignore)
    return frozenset(answer.entered)
