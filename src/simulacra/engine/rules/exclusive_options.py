"""Options that are only chosen alone: "none of these", "don't know".

Pair by pair a rare option proves little: of 20 rows that choose it none may choose another option
by chance. But that none of them chooses any other, where nearly every row chooses some, is proof.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from simulacra.engine.rules import evidence, questions
from simulacra.engine.rules.exclusions import Exclusion
from simulacra.engine.rules.states import RuleStudy, States


def learn(study: RuleStudy) -> Iterator[Exclusion]:
    """Return, for each option that is only chosen alone, its exclusions of every other option.

    The evidence is Fisher's exact test of "this option" against "any other option" of the question
    (see `evidence`), over the rows in which the whole question is answered.
    """
    all_questions = questions.of_study(study.schema)
    limit = evidence.limit(sum(len(question.positions) for question in all_questions))
    for question in all_questions:
        columns = study.values[:, question.positions]
        chosen = columns[~np.isnan(columns).any(axis=1)] == question.chosen
        total = chosen.sum(axis=1)
        for option, own in enumerate(chosen.T):
            others = total - own > 0
            if not own.any() or (own & others).any():
                continue
            chance = evidence.log_never_together(own.sum(), others.sum(), len(chosen))
            if chance <= limit:
                yield from _exclusions(question, option, study.states)


def _exclusions(
    question: questions.Question, option: int, states: Sequence[States]
) -> Iterator[Exclusion]:
    """Exclude that an option and another one are both chosen."""
    position, level = question.positions[option], question.chosen[option]
    for other, chosen in zip(question.positions, question.chosen, strict=True):
        if other != position:
            table = np.zeros((states[position].size, states[other].size), dtype=np.bool_)
            table[level, chosen] = True
            yield Exclusion.between(position, other, table)
