"""Cross tables and comparisons as the API takes and shows them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from simulacra.service.fields import Body, Text

MAX_SHOWN, MAX_BANNER, MAX_COMPARED = 100, 20, 200
"""Names that one request may give."""
MAX_CELLS = 10_000
"""Cells that one table may have."""
MAX_FIGURES = 1_000
"""Figures that the answer to a comparison lists, the most surprising ones."""

Name = Annotated[Text, Field(min_length=1, max_length=500)]
Labels = Annotated[
    dict[str, str],
    Field(
        description="Texts of the questions by the names that stand here, of those whose text "
        "says more than the name."
    ),
]


class CrosstabRequest(Body):
    """Which table to make."""

    rows: list[Name] = Field(
        min_length=1,
        max_length=MAX_SHOWN,
        description="Columns or multiple-response sets of the schema. A categorical column shows "
        "the share of each level, a set that of each option, all others their mean.",
        examples=[["channel", "monthly_spend"]],
    )
    banner: list[Name] = Field(
        default_factory=list,
        max_length=MAX_BANNER,
        description="Categorical columns or multiple-response sets, side by side; each level or "
        f"option is a column of the table. A table has {MAX_CELLS:,} cells at most.",
        examples=[["segment", "region"]],
    )
    weight: Name | None = Field(
        None, description="A numeric column that rows count by.", examples=["monthly_spend"]
    )


class ComparisonRequest(Body):
    """What to compare a generation with."""

    with_: Name | None = Field(
        None,
        alias="with",
        description="Id of another generation of the same dataset, which comes first; by default "
        "it is the study.",
        examples=["gen_6Vb2NqXw8ZtKc4RmYp9LtjB7"],
    )
    columns: list[Name] | None = Field(
        None,
        min_length=1,
        max_length=MAX_COMPARED,
        description="Columns or multiple-response sets to compare; by default all columns.",
        examples=[["channel", "monthly_spend"]],
    )


class TableColumnDocument(BaseModel):
    """One column of a table: the total, or a level of a banner variable."""

    banner: str | None = Field(description="The variable whose level it is; null for the total.")
    level: str
    letter: str = Field(description="By which other columns name it; empty for the total.")


class TableCellDocument(BaseModel):
    """One figure of a table."""

    value: float | str | None = Field(
        description="A share, 0 to 1, or a mean; of dates and times the mean in ISO 8601. null: "
        "the base is empty, or has too few respondents to be shown."
    )
    letters: str = Field(
        description="Of the columns of the same variable whose figure is significantly smaller."
    )


class TableLineDocument(BaseModel):
    """One row of a table."""

    level: str | None = Field(description="A level or option; null for a mean.")
    cells: list[TableCellDocument] = Field(description="One for each column.")


class TableBlockDocument(BaseModel):
    """The rows of a table that show one variable."""

    row: str = Field(description="A column or a multiple-response set.")
    figure: Literal["share", "mean"]
    lines: list[TableLineDocument]
    bases: list[int] = Field(
        description="For each column, those who have a value, unweighted; 0 where it is left out."
    )
    effective_bases: list[float] = Field(
        description="For each column, how many respondents of equal weight tell as much (Kish). "
        "That of rows is bounded by the respondents behind them."
    )


class CrosstabDocument(BaseModel):
    """A cross table. Its letters come from effective bases, not from how many rows there are."""

    columns: list[TableColumnDocument]
    blocks: list[TableBlockDocument]
    level: float = Field(description="At which columns are compared: 0.95.")
    compared: int = Field(description="Pairs of cells that were compared.")
    unit: Literal["respondents", "rows"] = Field(description="What the bases count.")
    notes: list[str] = Field(description="How the table is to be read.")
    labels: Labels = Field(default_factory=dict)


class ComparedEstimateDocument(BaseModel):
    """A figure and its interval; null where there is no base for one."""

    figure: float | str | None
    low: float | str | None
    high: float | str | None


class ComparedFigureDocument(BaseModel):
    """One figure of both sides."""

    column: str = Field(description="A column or a multiple-response set.")
    level: str | None = Field(description="A level or option; null for a mean.")
    figure: Literal["share", "mean"]
    first: ComparedEstimateDocument
    second: ComparedEstimateDocument
    change: ComparedEstimateDocument = Field(
        description="From the first to the second; of dates in days, of times in seconds."
    )
    is_changed: bool = Field(description="The interval of the change leaves 0 out.")
    surprise: float | None = Field(
        description="The change in widths of its interval on the side of 0, of margins the middle "
        "of the interval in half its width; without its sign."
    )
    interval: Literal["margins", "effective bases"] = Field(
        description="Where the intervals come from: the margins of error of the generation, or "
        "formulas."
    )
    is_conditioned: bool = Field(
        description="A scenario is about the column, so that the change was asked for."
    )


class ComparisonDocument(BaseModel):
    """Figures side by side, the most surprising change first, what was asked for last."""

    names: list[str] = Field(description="Of both sides.")
    level: float = Field(description="Of the intervals: 0.95.")
    figure_count: int = Field(description="Figures that were compared.")
    figures: list[ComparedFigureDocument] = Field(description=f"The first {MAX_FIGURES:,} of them.")
    notes: list[str] = Field(description="How the figures are to be read.")
    labels: Labels = Field(default_factory=dict)
