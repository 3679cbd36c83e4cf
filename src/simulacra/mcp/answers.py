"""What the tools answer: a text for the model, and the same as a document with a schema."""

from typing import Annotated, Any

from mcp.types import CallToolResult, TextContent
from pydantic import BaseModel, Field, WithJsonSchema

Moment = int | float | str | None


class Answer(BaseModel):
    """What a tool answers."""

    def told(self, *lines: str) -> CallToolResult:
        """Return it as the result of a tool, with a text that says it."""
        return CallToolResult(
            content=[TextContent(type="text", text="\n".join(line for line in lines if line))],
            structured_content=self.model_dump(mode="json", exclude_none=True),
        )


def text_of(result: CallToolResult) -> str:
    """Return the text of a result of a tool."""
    return "\n".join(it.text for it in result.content if isinstance(it, TextContent))


class StudyInList(BaseModel):
    """A study."""

    dataset_id: str
    name: str | None = None
    status: str
    expires_at: str | None = None
    job_id: str | None = None


class RowsInList(BaseModel):
    """Synthetic rows."""

    generation_id: str
    dataset_id: str
    status: str
    row_count: int


class ListAnswer(Answer):
    """What there is."""

    studies: list[StudyInList]
    generations: list[RowsInList]
    files: Annotated[list[str] | None, Field(description="Files that can be uploaded.")] = None


class ColumnInAnswer(BaseModel):
    """A column of the cleaned schema."""

    name: str
    type: str
    label: str | None = None
    levels: list[str] | None = None
    level_count: int | None = None
    shares: Annotated[
        list[float] | None, Field(description="Of the levels, among respondents with a value.")
    ] = None
    min: Moment = None
    max: Moment = None
    median: Moment = None
    missing_share: float
    option_of: Annotated[str | None, Field(description="A multiple-response set.")] = None


class SetInAnswer(BaseModel):
    """A question with several answers."""

    name: str
    label: str
    columns: list[str]


class StudyAnswer(Answer):
    """A study, and a page of its columns."""

    status: str = "ready"
    dataset_id: str
    job_id: str | None = None
    name: str | None = None
    respondents: int | None = None
    column_count: int | None = None
    matching: Annotated[int | None, Field(description="Columns that the search found.")] = None
    page: int | None = None
    pages: int | None = None
    columns: list[ColumnInAnswer] = []
    multiple_response_sets: list[SetInAnswer] = []
    warnings: list[str] = []


class OutcomeInAnswer(BaseModel):
    """A condition, or one level of it."""

    condition: str
    target: str | None = None
    result: Annotated[str | None, Field(description="Expected in a preview, achieved in rows.")] = (
        None
    )
    respondents: int


class PreviewAnswer(Answer):
    """What rows could be had."""

    status: str = Field(description="ready: all rows can be had; partial: some; infeasible: none.")
    rows_available: int
    rows_requested: int
    seed: int
    effective_sample_size: float
    conditions: list[OutcomeInAnswer]
    expected_seconds: float
    limited_by: str | None = None
    reason: str | None = None
    nearest: Annotated[
        dict[str, Any] | None, WithJsonSchema({"description": "Conditions that give all rows."})
    ] = None
    warnings: list[str] = []


class RowsAnswer(Answer):
    """Synthetic rows, or the job that makes them."""

    status: str = Field(description="ready, partial (fewer rows), or processing.")
    dataset_id: str | None = None
    generation_id: str | None = None
    job_id: str | None = None
    rows_requested: int | None = None
    rows_generated: int | None = None
    seed: int | None = None
    effective_sample_size: float | None = None
    conditions: list[OutcomeInAnswer] = []
    changes: Annotated[
        list[str], Field(description="Figures that changed beyond their margin of error.")
    ] = []
    warnings: list[str] = []
    file: str | None = None
    sample: Annotated[
        list[dict[str, Any]] | None, WithJsonSchema({"type": "array", "items": {"type": "object"}})
    ] = None


class JobAnswer(Answer):
    """A job."""

    job_id: str
    status: str = Field(description="processing, completed or cancelling.")
    operation: str | None = None
    fraction: float | None = None
    dataset_id: str | None = None
    generation_id: str | None = None


class CellRow(BaseModel):
    """A row of a table: figures in the order of its columns."""

    row: str
    level: str | None = None
    figure: str
    values: list[Moment]
    letters: list[str]


class TableAnswer(Answer):
    """A cross table."""

    columns: list[str]
    rows: list[CellRow]
    effective_bases: dict[str, list[float]] = Field(description="Of each row variable.")
    unit: str
    notes: list[str]
    left_out: Annotated[
        list[str], Field(description="Row variables that the answer has no room for.")
    ] = []


class FigureInAnswer(BaseModel):
    """A figure of both sides."""

    column: str
    level: str | None = None
    figure: str
    first: Moment = None
    second: Moment = None
    change: Moment = None
    low: Moment = None
    high: Moment = None
    is_changed: bool
    is_conditioned: bool
    surprise: float | None = None


class ComparisonAnswer(Answer):
    """A comparison, the most surprising change first."""

    first: str
    second: str
    figures: list[FigureInAnswer]
    figure_count: int
    notes: list[str]


class FileAnswer(Answer):
    """Where rows are."""

    generation_id: str
    file: str | None = None
    size_bytes: int | None = None
    sample: Annotated[
        list[dict[str, Any]] | None, WithJsonSchema({"type": "array", "items": {"type": "object"}})
    ] = None


class UsageAnswer(Answer):
    """What is left of the subscription."""

    rows_used: int
    rows_remaining: int | None = None
    max_rows_per_request: int
    window_ends_at: str
