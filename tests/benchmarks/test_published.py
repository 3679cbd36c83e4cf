import pytest

from benchmarks import published, tables


@pytest.mark.parametrize("measure", published.BEST)
def test_each_standard_table_has_a_figure_with_one_source(measure: str) -> None:
    assert list(published.BEST[measure]) == list(tables.SOURCES)
    for best in published.BEST[measure].values():
        assert best.figure > 0
        assert best.generator
        assert best.source in published.SOURCES


def test_the_page_shows_each_figure_and_each_source() -> None:
    assert "2.29 shallow mixture [1]" in published.table()
    assert published.figure("Trend", "default") == 2.29
    for number in published.SOURCES:
        assert f"[{number}] " in published.sources()
