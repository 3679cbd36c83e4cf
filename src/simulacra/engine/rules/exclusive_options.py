"""Options that are chosen alone: "none of these", "don't know".

Pair by pair a rare option proves little: of 20 rows that choose it none may choose another option
by chance. But that none of them chooses any other, where nearly every row chooses some, is proof.
"""

from collections.abc import Iterator

import numpy as np

from simulacra.engine.columns.encoding import Floats
from simulacra.engine.columns.schema import Schema
from simulacra.engine.rules import evidence, questions
from simulacra.engine.rules.exclusions import Table
from simulacra.engine.rules.states import States


def learn(
    schema: Schema, known: tuple[States, ...], values: Floats
) -> Iterator[tuple[int, int, Table]]:
    """Return, for each option that is chosen alone, the cells of it and every other option.

    The evidence is Fisher's exact test of "this option" against "any other option" of the question
    (see `evidence`), over the rows in which the whole question is answered.

    Args:
        schema: of the study.
        known: the states of its columns.
        values: float64, rows x columns.
    """
    asked = questions.of(schema)
    limit = evidence.limit(sum(len(question.positions) for question in asked))
    for question in asked:
        columns = values[:, question.positions]
        chosen = columns[~np.isnan(columns).any(axis=1)] == question.chosen
        total = chosen.sum(axis=1)
        for place, own in enumerate(chosen.T):
            others = total - own > 0
            if not own.any() or (own & others).any():
                continue
            if evidence.log_apart(own.sum(), others.sum(), len(chosen)) <= limit:
                yield from _cells(question, place, known)


def _cells(
    question: questions.Question, place: int, known: tuple[States, ...]
) -> Iterator[tuple[int, int, Table]]:
    """Return the cells in which an option meets another one, both chosen."""
    one, level = question.positions[place], question.chosen[place]
    for other, chosen in zip(question.positions, question.chosen, strict=True):
        if other != one:
            table = np.zeros((known[one].size, known[other].size), dtype=np.bool_)
            table[level, chosen] = True
            yield one, other, table
