"""What distributions a scenario leads one to expect, before its rows are made.

Those of the conditioned columns are the ones that rows would be picked from. All others are those
of the respondents, weighted to the scenario as importance sampling has it: an estimate, which the
rows will be near but not equal to.
"""

import dataclasses
import math

from simulacra.engine.columns.schema import Schema
from simulacra.engine.report.distributions import Distribution, Part
from simulacra.engine.tabulating import distributing, naming
from simulacra.engine.tabulating.naming import Names
from simulacra.engine.tabulating.sample import Behind, Sample

DIGITS = 2
"""Of an estimated share. More would pretend to a precision that it does not have, and tell two
scenarios apart that differ by a single respondent."""


def distributions(
    study: Sample, picked: Sample | None, behind: Behind, columns: Names
) -> tuple[Distribution, ...]:
    """Return how questions are answered in a study, and would be under a scenario.

    A question is left out that too few respondents stand behind, as of a study and rows.

    Args:
        study: the respondents.
        picked: what rows would be picked from: the conditioned columns alone; None without any.
        behind: the respondents, weighted to the scenario.
        columns: names of columns or multiple-response sets.

    Raises:
        errors.TableError: a name that the schema does not have.
    """
    schema, names = study.schema, naming.each(columns)
    naming.check_columns(schema, schema, names)
    weighted = Sample(schema, study.rows, behind.weights)
    found: list[Distribution] = []
    for name in dict.fromkeys(names):
        own = [schema.names.index(column) for column in naming.columns_of(schema, [name])]
        is_picked = picked is not None and all(position in picked.rows for position in own)
        rows = picked if picked is not None and is_picked else weighted
        shown = distributing.distributions(study, rows, name)
        found += shown if is_picked else [_estimated(schema, each, behind) for each in shown]
    return tuple(found)


def _estimated(schema: Schema, exact: Distribution, behind: Behind) -> Distribution:
    """Return a distribution with the digits that an estimate has."""
    mean = exact.rows_mean
    if isinstance(mean, float | int):
        low, high = schema[exact.column].bounds
        mean = round(mean, _digits(high - low))
    columns = naming.columns_of(schema, [exact.column])
    return dataclasses.replace(
        exact,
        parts=tuple(
            Part(it.name, it.study, None if it.rows is None else round(it.rows, DIGITS))
            for it in exact.parts
        ),
        rows_mean=mean,
        is_conditioned=bool(behind.conditioned & {*columns}),
    )


def _digits(reach: float) -> int:
    """Return the decimals that a hundredth of a range of values has."""
    return max(0, DIGITS - math.floor(math.log10(reach))) if reach > 0 else DIGITS
