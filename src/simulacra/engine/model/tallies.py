"""Tallies: how often a respondent gives each answer of a battery of questions.

People have response styles: some answer at the ends of every scale, some in the middle, some agree
with everything (Baumgartner & Steenkamp 2001). One question tells little of a style, and a tree
looks at one question a split, so that styles thin out along a battery. A count of the answers
carries them on, and survives a question that was drawn wrong.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from simulacra.engine.columns.arrays import Int32s
from simulacra.engine.model.donors import DonorPool

MIN_QUESTIONS = 3
"""Predecessors with the same answers that make a battery."""
MIN_ANSWERS, MAX_ANSWERS = 3, 12
"""Answers of its questions; more are not a scale to have a style on."""
MIN_ROWS = 5
"""Respondents who give an answer more than once, so that it is worth counting."""


@dataclasses.dataclass(frozen=True)
class Tally:
    """How often one answer is given to the questions of a battery.

    Attributes:
        questions: indices of the questions among the predecessors.
        code: the tree code of the answer.
    """

    questions: tuple[int, ...]
    code: int

    def count(self, codes: Int32s) -> Int32s:
        """Return how often each row gives the answer, int32, shape (rows,).

        Args:
            codes: int32, shape (predecessors, rows).
        """
        count = np.zeros(codes.shape[1], dtype=np.int32)
        for question in self.questions:
            count += codes[question] == self.code
        return count


def find(pool: DonorPool, predecessors: Sequence[int], codes: Int32s) -> list[Tally]:
    """Return the tallies of the batteries among the predecessors of a conditional model.

    Args:
        pool: the respondents.
        predecessors: positions of the columns.
        codes: int32, shape (predecessors, respondents): their tree codes.
    """
    batteries: dict[Hashable, list[int]] = defaultdict(list)
    for index, position in enumerate(predecessors):
        size = pool.codings[position].size - 1  # without the state 'missing'
        if MIN_ANSWERS <= size <= MAX_ANSWERS:
            batteries[_answers(pool, position)].append(index)
    tallies = [
        Tally(tuple(questions), code)
        for questions in batteries.values()
        if len(questions) >= MIN_QUESTIONS
        for code in range(pool.codings[predecessors[questions[0]]].size)
    ]
    return [tally for tally in tallies if _is_worth_counting(tally.count(codes))]


def _answers(pool: DonorPool, position: int) -> Hashable:
    """Return what questions of one battery have in common: their levels, or their values."""
    midpoints = pool.codings[position].midpoints
    if midpoints is None:
        return pool.schema.columns[position].levels
    return pool.schema.columns[position].type, *midpoints.tolist()


def _is_worth_counting(count: Int32s) -> bool:
    return bool(np.count_nonzero(count > 1) >= MIN_ROWS and count.min() < count.max())
