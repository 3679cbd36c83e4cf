import pandas as pd
import pytest

plots = pytest.importorskip("benchmarks.plots", reason="needs the group bench")


def test_shares_are_those_of_levels_parts_and_missing_answers() -> None:
    levels = plots._shares(pd.Series(["Shop", "Online", "Online", "Shop"]), ("Online", "Shop"))
    assert levels.tolist() == [50, 50]
    parts = plots._shares(pd.Series([0.0, 1.9, 2.0, 99.0, None]), (0, 2))
    assert parts.tolist() == [40, 40, 20]
