from hypothesis import given
from hypothesis import strategies as st

import simulacra
from simulacra.engine.tabulating import tabulation, withholding
from simulacra.engine.tabulating.sample import Sample


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(0, 8))
def test_nothing_of_few_can_be_worked_out_from_what_is_left(sizes: list[int], none: int) -> None:
    counts = [sum(sizes) + none, *sizes]
    few = withholding.withheld(counts, [float(it) for it in counts], [(slice(1, None), False)])
    left = [count for at, count in enumerate(counts) if at not in few and count]
    assert all(count >= withholding.LEAST for count in left)
    if 0 not in few and counts[0]:
        rest = counts[0] - sum(counts[at] for at in range(1, len(counts)) if at not in few)
        assert rest == 0 or rest >= withholding.LEAST or len(few) == len([it for it in sizes if it])


def test_who_is_not_in_an_overlapping_column_may_be_few_too() -> None:
    counts = [100, 97, 40, 3]
    found = withholding.withheld(counts, [float(it) for it in counts], [(slice(1, None), True)])
    assert found == {1, 3}


def test_one_who_outweighs_all_others_stands_alone() -> None:
    assert withholding.withheld([90, 40, 50], [60, 1.2, 45], [(slice(1, None), False)]) == {1, 2}


def test_a_published_table_shows_no_figure_of_few(meal_kit_model: simulacra.Model) -> None:
    respondents = meal_kit_model.sample
    few = Sample(respondents.schema, {at: own[:12] for at, own in respondents.rows.items()})
    plain = tabulation.tabulate(few, "monthly_spend", "segment")
    shown = tabulation.tabulate(few, "monthly_spend", "segment", is_published=True)
    (before,), (after,) = plain.blocks, shown.blocks
    assert min(before.bases) < withholding.LEAST  # so that there is something to leave out
    for index, base in enumerate(after.bases):
        if base < before.bases[index]:
            assert (base, after.lines[0].cells[index].value) == (0, None)
    assert min(base for base in after.bases if base) >= withholding.LEAST
    assert withholding.NOTE in shown.notes


def test_made_rows_are_nobodys(meal_kit_model: simulacra.Model) -> None:
    few = meal_kit_model.generate(8, seed=1).sample
    tables = [
        tabulation.tabulate(few, "monthly_spend", "segment", is_published=is_published)
        for is_published in (False, True)
    ]
    assert tables[0] == tables[1]
