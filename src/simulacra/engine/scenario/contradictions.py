"""Conditions that no rows can meet together, whatever the study, told apart before any are drawn.

What only the study can tell is left to raking, which answers with fewer rows or none.
"""

from collections.abc import Iterator, Sequence

from simulacra.engine.scenario.kinds.checking import SUM_TOLERANCE, Checker
from simulacra.engine.scenario.terms import Cell, Interval, Levels, Mean, Partition, Range


def look(
    check: Checker,
    ranges: Sequence[Range],
    partitions: Sequence[Partition],
    means: Sequence[Mean],
) -> None:
    """Note a fault for what contradicts other conditions."""
    for joint in partitions:
        if joint.kind == "joint":
            _compare(check.at("joint"), joint, partitions)
    for mean in means:
        _within_range(check.at("means", mean.column), mean, ranges)


def _compare(check: Checker, joint: Partition, others: Sequence[Partition]) -> None:
    """Compare shares of combinations with the shares of one of their columns."""
    for other in others:
        if len(other.columns) != 1 or other.among != joint.among or other.has_rest:
            continue
        if other.columns[0] not in joint.columns:
            continue
        for cell, share, name in _named(other):
            inside = sum(
                joint_share
                for joint_cell, joint_share, _ in _named(joint)
                if _lies_in(joint_cell, cell)
            )
            left = 1 - sum(joint_share for _, joint_share, _ in _named(joint))
            if inside > share + SUM_TOLERANCE or inside + left < share - SUM_TOLERANCE:
                check.fault(
                    f"The combinations of {joint.column} give {inside:.6g} of the rows to {name!r} "
                    f"of column {other.column!r}, which is to have {share:.6g}. Let both agree, or "
                    "give one of them.",
                    "condition_share_sum",
                )
                return


def _named(partition: Partition) -> Iterator[tuple[Cell, float, str]]:
    """Yield each cell with a share of its own, the share and the name."""
    for cell, group, name in zip(
        partition.cells, partition.group_of_cell, partition.names, strict=True
    ):
        if group < partition.named:
            yield cell, partition.shares[group], name


def _lies_in(joint: Cell, cell: Cell) -> bool:
    """Tell whether a combination lies in a cell of one of its columns."""
    (name, wanted), *_ = cell.tests
    own = dict(joint.tests)[name]
    if isinstance(own, Levels) and isinstance(wanted, Levels):
        return own.positions <= wanted.positions
    if isinstance(own, Interval) and isinstance(wanted, Interval):
        return wanted.first <= own.first and own.last <= wanted.last
    return False


def _within_range(check: Checker, mean: Mean, ranges: Sequence[Range]) -> None:
    """Note a mean outside of the range that all rows lie in."""
    if mean.among is not None:
        return
    for span in ranges:
        if span.column == mean.column:
            column = check.schema[mean.column]
            first, last = (column.type.to_number(end) for end in (span.min, span.max))
            if not first <= mean.number <= last:
                check.fault(
                    f"Mean of column {mean.column!r}: it is {mean.target}, but all rows are to lie "
                    f"in {span.min} to {span.max}.",
                    "condition_out_of_range",
                )
