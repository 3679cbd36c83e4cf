"""Conditional models: a row is drawn column by column, each given the ones before it.

The joint distribution is the product of ``p(column | predecessors)`` along the visit sequence; each
factor is a forest with the predecessors it looks at.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence

import numpy as np

from simulacra.engine import processors, randomness
from simulacra.engine.columns.arrays import Flags, Floats, Int32s, Int64s
from simulacra.engine.model import repetition, ridge, screening, targets
from simulacra.engine.model import tallies as batteries
from simulacra.engine.model.donors import DonorPool, Draws
from simulacra.engine.model.forest import Features, Forest, Target
from simulacra.engine.model.repetition import Repetition
from simulacra.engine.model.ridge import RidgeIndex
from simulacra.engine.model.tallies import Tally
from simulacra.engine.progress import StepCallback

RANKING_ROWS = 20_000
"""Rows by which the levels of categorical predecessors are ordered."""
MIN_PART, MIN_MISSING = 20, 0.03
"""Respondents with a value, and without, from which on a forest of its own tells them apart; and
the share of those without. A question that fewer leave open drowns nothing."""


@dataclasses.dataclass(frozen=True)
class ConditionalModel:
    """The distribution of one column given its predecessors.

    Attributes:
        column: position of the column that it draws.
        predecessors: positions of the columns that it looks at.
        level_ranks: int32, by position of a categorical predecessor: the rank of each of its
            levels (see `targets.level_ranks`).
        forest: the fitted trees; they look at the predecessors and, behind them, at the tallies and
            the indices.
        tallies: counts of answers to batteries among the predecessors.
        indices: weighted sums of the predecessors and the tallies.
        repetition: of a number that often repeats a predecessor; its other values are the forest's.
        absence: tells rows without a value from rows with one; None if nearly all rows, or hardly
            any, have one. Then the forest holds those who have one alone: in one forest for both,
            what the few who answered say would drown in who answered at all.
        odds: float64, by tree code of the column: how often its donors are drawn, relative to
            others of their leaf; None if all alike (see `calibration`).
    """

    column: int
    predecessors: tuple[int, ...]
    level_ranks: Mapping[int, Int32s]
    forest: Forest
    tallies: tuple[Tally, ...] = ()
    indices: tuple[RidgeIndex, ...] = ()
    repetition: Repetition | None = None
    odds: Floats | None = None
    absence: Forest | None = None

    def features(self, draws: Draws, rows: int) -> Features:
        """Return the predecessors of synthetic rows as the forest looks at them."""
        seen, tallied = len(self.predecessors), len(self.predecessors) + len(self.tallies)
        offset_of, ranks = self._ranks
        codes = np.empty((len(offset_of), rows), dtype=np.int32)
        for row, position in enumerate(self.predecessors):
            codes[row] = draws.codes[position]
        for row, tally in enumerate(self.tallies, seen):
            codes[row] = tally.count(codes)
        known = Features(codes[:tallied], offset_of[:tallied], ranks)
        for row, index in enumerate(self.indices, tallied):
            codes[row] = index.codes(known)
        return Features(codes, offset_of, ranks)

    @functools.cached_property
    def _ranks(self) -> tuple[Int64s, Int32s]:
        """How its forest looks at its features, the same for all rows (see `Features`)."""
        nothing = np.empty((len(self.predecessors), 0), dtype=np.int32)
        features = Features.of(nothing, [self.level_ranks.get(at) for at in self.predecessors])
        more = len(self.tallies) + len(self.indices)
        features = features.joined([np.empty(0, dtype=np.int32)] * more)
        return features.offset_of, features.ranks


def fit(
    pool: DonorPool,
    column: int,
    candidates: Sequence[int],
    *,
    with_repetition: bool = True,
    rng_seed: int = 0,
) -> ConditionalModel:
    """Fit the conditional model of one column.

    Args:
        pool: the respondents.
        column: position of the column to draw.
        candidates: positions of the columns that come before it.
        with_repetition: whether to look for a predecessor that is often repeated.
        rng_seed: of the rows that trees are grown on.
    """
    codes, own = pool.codes, pool.codings[column]
    chosen = _strongest(pool, column, candidates)
    is_known = codes[column] != own.missing
    missing = np.count_nonzero(~is_known)
    is_parted = bool(
        missing >= max(MIN_PART, MIN_MISSING * len(is_known))
        and len(is_known) - missing >= MIN_PART
    )
    known = np.flatnonzero(is_known).astype(np.int32) if is_parted else None
    sample = targets.spaced_rows(codes.shape[1], RANKING_ROWS)
    target = targets.indicators(own, codes[column, sample])
    weights = None if pool.survey_weights is None else pool.survey_weights[sample]
    level_ranks = {
        position: targets.level_ranks(
            pool.codings[position], codes[position, sample], target, weights
        )
        for position in chosen
        if pool.schema.columns[position].type.is_categorical
    }
    features = _features(chosen, level_ranks, codes, codes.shape[1])
    tallies = batteries.find(pool, chosen, features.codes)
    features = _with_tallies(features, tallies)
    indices: list[RidgeIndex] = []
    if len(chosen) > 1:
        components = 1 if own.is_fine or own.size <= 3 else 2
        answered = np.flatnonzero(is_known[sample]) if is_parted else np.arange(len(sample))
        among = None if weights is None else weights[answered]
        indices = ridge.fit(features, sample[answered], target[answered], components, among)
        if is_parted:
            is_missing = (~is_known[sample, None]).astype(np.float32)
            indices += ridge.fit(features, sample, is_missing, 1, weights)
    features = features.joined([index.codes(features) for index in indices])
    names = [pool.schema.columns[position].name for position in (column, *chosen)]
    rng = randomness.stream(rng_seed, "link", *names)
    habit = None
    source = repetition.source_of(pool, column, chosen) if with_repetition else None
    if source is not None:
        habit = _habit(pool, column, source, features, known, rng)
    others = _others(known, habit)
    own_target = Target.of(own, codes[column], pool.weights, pool.privacy)
    forest = Forest.grow(features, own_target, rng, among=others)
    absence = Forest.grow(features, _whether(pool, ~is_known), rng) if is_parted else None
    return ConditionalModel(
        column=column,
        predecessors=tuple(chosen),
        level_ranks=level_ranks,
        forest=forest,
        tallies=tuple(tallies),
        indices=tuple(indices),
        repetition=habit,
        absence=absence,
    )


def _strongest(pool: DonorPool, column: int, candidates: Sequence[int]) -> list[int]:
    """Return the candidates that a conditional model looks at."""
    if len(candidates) <= screening.MAX_PREDECESSORS:
        return list(candidates)
    return screening.strongest(pool.strengths[column], candidates, screening.MAX_PREDECESSORS)


def _others(known: Int32s | None, habit: Repetition | None) -> Int32s | None:
    """Return who of the known, or of all, does not repeat another column; None for everybody."""
    if habit is None:
        return known
    others = np.flatnonzero(~habit.repeats).astype(np.int32)
    return others if known is None else np.intersect1d(others, known, assume_unique=True)


def _habit(
    pool: DonorPool,
    column: int,
    source: int,
    features: Features,
    among: Int32s | None,
    rng: np.random.Generator,
) -> Repetition:
    """Learn which rows repeat a source."""
    repeats = repetition.repeats(pool, column, source)
    forest = Forest.grow(features, _whether(pool, repeats), rng, among=among)
    return Repetition(source, repeats, forest)


def hollow(model: ConditionalModel) -> ConditionalModel:
    """Return a model without donors, which `filled` finds again."""
    habit, absence = model.repetition, model.absence
    return dataclasses.replace(
        model,
        forest=model.forest.hollow(),
        repetition=habit and dataclasses.replace(habit, forest=habit.forest.hollow()),
        absence=absence and absence.hollow(),
    )


def filled(pool: DonorPool, model: ConditionalModel) -> ConditionalModel:
    """Return a model with the donors that `fit` gave it.

    Args:
        pool: the respondents that it was fitted to, up to `forest.MAX_DONOR_ROWS`.
        model: as `hollow` returns it.
    """
    codes, own = pool.codes[model.column], pool.codings[model.column]
    is_known, habit = codes != own.missing, model.repetition
    known = np.flatnonzero(is_known).astype(np.int32) if model.absence is not None else None
    features = model.features(Draws(codes=dict(enumerate(pool.codes))), len(codes))
    target = Target.of(own, codes, pool.weights, pool.privacy)
    forest = model.forest.filled(features, target, _others(known, habit))
    if habit is not None:
        repeats = _whether(pool, habit.repeats)
        habit = dataclasses.replace(habit, forest=habit.forest.filled(features, repeats, known))
    absence = model.absence
    if absence is not None:
        absence = absence.filled(features, _whether(pool, ~is_known))
    return dataclasses.replace(model, forest=forest, repetition=habit, absence=absence)


def _whether(pool: DonorPool, flags: Flags) -> Target:
    """Return a target of two levels, no and yes."""
    codes = flags.astype(np.int32)
    return Target(
        codes, 2, is_ordered=False, is_fine=False, weights=pool.weights, privacy=pool.privacy
    )


def _features(
    predecessors: Sequence[int],
    level_ranks: Mapping[int, Int32s],
    codes: Mapping[int, Int32s] | Int32s,
    rows: int,
) -> Features:
    stacked = np.empty((len(predecessors), rows), dtype=np.int32)
    for index, position in enumerate(predecessors):
        stacked[index] = codes[position]
    return Features.of(stacked, [level_ranks.get(position) for position in predecessors])


def _with_tallies(features: Features, tallies: Sequence[Tally]) -> Features:
    return features.joined([tally.count(features.codes) for tally in tallies])


def fit_all(
    pool: DonorPool,
    sequence: Sequence[int],
    fitted: Mapping[int, ConditionalModel],
    on_step: StepCallback,
    conditioned: int = 0,
) -> list[ConditionalModel]:
    """Return the conditional models along a visit sequence, fitting only those that are missing.

    They are fitted side by side; each has randomness of its own, so that the number of processors
    changes nothing.

    Args:
        pool: the respondents.
        sequence: positions of all columns.
        fitted: by index in the sequence, models that are fitted already (see `reusable`).
        on_step: called with how many of the others are fitted, and how many there are.
        conditioned: how many columns at the front a scenario conditions on. Their donors are drawn
            by weight, which leaves no room for a repetition.
    """
    missing = [index for index in range(len(sequence)) if index not in fitted]
    by_index = dict(fitted)

    def fit_one(index: int) -> ConditionalModel:
        before, is_free = sorted(sequence[:index]), index >= conditioned
        return fit(pool, sequence[index], before, with_repetition=is_free)

    models = processors.share(fit_one, missing, uses_blas=True)
    for step, (index, model) in enumerate(zip(missing, models, strict=True), 1):
        by_index[index] = model
        on_step(step, len(missing))
    return [by_index[index] for index in range(len(sequence))]


def reusable(
    pool: DonorPool,
    sequence: Sequence[int],
    models: Sequence[ConditionalModel],
    conditioned: int,
) -> dict[int, ConditionalModel]:
    """Return, by index in a visit sequence, the models of another sequence that serve there too.

    They do where they would look at the same columns, in whatever order those are drawn; a
    conditioned column takes no model with a repetition.
    """
    by_column = {model.column: model for model in models}
    serving = {}
    for index, column in enumerate(sequence):
        model = by_column[column]
        is_free = index >= conditioned or not model.repetition
        looks_at = _strongest(pool, column, sorted(sequence[:index]))
        if looks_at == list(model.predecessors) and is_free:
            serving[index] = model
    return serving
