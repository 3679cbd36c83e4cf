"""Generations as the API takes and shows them."""

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from simulacra.engine import limits
from simulacra.service.database import tables
from simulacra.service.database.statuses import GenerationStatus
from simulacra.service.datasets.schemas import (
    QualityDocument,
    ValidationDocument,
    ValidationSummaryDocument,
    WarningDocument,
)
from simulacra.service.datasets.validations import VALIDATION
from simulacra.service.errors.documents import ProblemDocument
from simulacra.service.fields import MAX_WAIT_SECONDS, As, Body, WholeNumber, nearest
from simulacra.service.generations import links
from simulacra.service.generations.tabulation_schemas import (
    ComparisonDocument,
    CrosstabDocument,
    Labels,
    Name,
)
from simulacra.service.jobs import schemas as jobs
from simulacra.service.jobs.schemas import JobDocument

MAX_DISTRIBUTIONS = 12
"""Questions that one preview shows."""


class OutputFormat(StrEnum):
    """Formats of an artifact; `sav` and `zsav` are files of SPSS, `dta` of Stata.

    `csv` holds each text as it is; `csv-excel` is for people who open it in Excel: an apostrophe
    keeps a text such as `=1+1` from being a formula.
    """

    PARQUET = "parquet"
    CSV = "csv"
    ARROW = "arrow"
    SAV = "sav"
    ZSAV = "zsav"
    XLSX = "xlsx"
    DTA = "dta"
    TRIPLE_S = "triple-s"
    CSV_EXCEL = "csv-excel"


class OutputLayout(StrEnum):
    """Which columns an artifact has."""

    SCHEMA = "schema"
    FILE = "file"


class OutputValues(StrEnum):
    """What stands in the cells of categorical columns."""

    LABELS = "labels"
    CODES = "codes"


# The engine checks conditions against the schema and words every fault; here they only have a form.
ShareMaps = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1},
            },
        }
    ),
]
Ranges = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["min", "max"],
                "properties": {
                    "min": {"type": ["number", "string"]},
                    "max": {"type": ["number", "string"]},
                },
            },
        }
    ),
]


BOUND = {"type": ["number", "string"]}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
ENDS: dict[str, Any] = {
    "type": "object",
    "required": ["min", "max"],
    "properties": {"min": BOUND, "max": BOUND},
}
Means = Annotated[dict[str, Any], WithJsonSchema({"type": "object", "additionalProperties": BOUND})]
Bands = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "minItems": 1,
                "maxItems": 100,
                "items": {
                    "type": "object",
                    "required": ["min", "max", "share"],
                    "properties": {"min": BOUND, "max": BOUND, "share": SHARE},
                },
            },
        }
    ),
]
Joint = Annotated[
    list[Any],
    WithJsonSchema(
        {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["columns", "shares"],
                "properties": {
                    "columns": {
                        "type": "array",
                        "minItems": 2,
                        "maxItems": 6,
                        "items": {"type": "string"},
                    },
                    "shares": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": 400,
                        "items": {
                            "type": "object",
                            "required": ["cell", "share"],
                            "properties": {
                                "cell": {
                                    "type": "array",
                                    "minItems": 2,
                                    "maxItems": 6,
                                    "items": {"anyOf": [{"type": "string"}, ENDS]},
                                },
                                "share": SHARE,
                            },
                        },
                    },
                },
            },
        }
    ),
]
Where = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": {
                "anyOf": [
                    {"type": "string"},
                    {"type": "array", "minItems": 1, "items": {"type": "string"}},
                    ENDS,
                ]
            },
        }
    ),
]


class _Asked(Body):
    """Conditions that may hold among all rows or among some."""

    categorical: ShareMaps | None = Field(
        default=None,
        description="Column to level to share of the rows, a fraction. Levels left out share what "
        "remains in the model's proportions. In a column of whole numbers, value to share.",
        examples=[{"segment": {"Premium": 0.55, "Value": 0.1}}],
    )
    means: Means | None = Field(
        default=None,
        description="Column to the mean of the rows; of dates and times, an ISO 8601 string; of "
        "durations, seconds.",
        examples=[{"monthly_spend": 45}],
    )
    bands: Bands | None = Field(
        default=None,
        description="Column to parts of its range, each with its share; both ends belong to a "
        "band. What is in no band shares the remainder.",
        examples=[{"age": [{"min": 18, "max": 34, "share": 0.4}]}],
    )
    joint: Joint | None = Field(
        default=None,
        description="Shares of combinations of columns. A cell has a level for each categorical "
        "column, and `min` and `max` for each other. Other combinations share the remainder.",
        examples=[
            [
                {
                    "columns": ["segment", "channel"],
                    "shares": [{"cell": ["Premium", "Online"], "share": 0.4}],
                }
            ]
        ],
    )
    multiple_response: ShareMaps | None = Field(
        default=None,
        description="Multiple-response set to option to share of the rows that choose it.",
        examples=[{"brands_known": {"Acme": 0.6}}],
    )


class GroupConditions(_Asked):
    """Conditions that hold among some of the rows, such as those who know a brand."""

    where: Where = Field(
        description="Column to a level, to levels, or to `min` and `max`. A row is in the group "
        "that meets all of them.",
        examples=[{"segment": ["Premium"]}],
    )


class Conditions(_Asked):
    """A scenario: what the delivered rows shall look like."""

    @classmethod
    def _advice(cls, name: str) -> str:
        """Say of a name that is no kind of conditions that it may be a column's."""
        near = nearest(name, cls.model_fields, likeness=0.75)  # a column's name is as likely
        if near is not None:
            return f"There is no such kind of conditions; did you mean {near!r}?"
        return (
            "There is no such kind of conditions. If it is a column, give its shares under "
            "'categorical', or its range under 'numeric'. There are "
            f"{', '.join(map(repr, cls.model_fields))}."
        )

    categorical: ShareMaps = Field(
        default_factory=dict,
        description="Column to level to share of the rows, a fraction. Levels left out share what "
        "remains in the model's proportions. In a column of whole numbers, value to share.",
        examples=[{"segment": {"Premium": 0.55, "Value": 0.1}}],
    )
    numeric: Ranges = Field(
        default_factory=dict,
        description="Column to `min` and `max`, both required; dates and times as ISO 8601 "
        "strings, durations in seconds.",
        examples=[{"age": {"min": 25, "max": 44}}],
    )
    groups: list[GroupConditions] | None = Field(
        default=None,
        max_length=50,
        description="Conditions that hold among some of the rows. The group becomes as large as "
        "is nearest to the model; give its share as well to hold it.",
        examples=[[{"where": {"channel": "Online"}, "means": {"purchase_intent": 60}}]],
    )

    def asked(self) -> dict[str, Any]:
        """Return the conditions by kind, as the engine takes them.

        Kinds that are not asked for are left out, so that a request that an earlier version knows
        too has the same form as there.
        """
        return self.model_dump(mode="json", exclude_none=True)


def _is_a_choice(value: object) -> object:
    """Refuse what is neither yes, no nor the one text; 1 is no yes here, as everywhere in JSON."""
    if isinstance(value, bool) or value == "quick":
        return value
    raise ValueError("give true, false or 'quick'")


HowCareful = Annotated[bool | Literal["quick"], BeforeValidator(_is_a_choice)]


def how_careful(margins: bool | Literal["quick"]) -> str | None:  # noqa: FBT001 - as it is sent
    """Return how careful margins are to be, as the engine takes it; None for none."""
    if not margins:
        return None
    return margins if isinstance(margins, str) else "full"


OUTPUT_LAYOUT = (
    "`schema`: the columns of the schema; `file`: those of the seed file, named as there, with "
    "several answers in one cell where it had them."
)
OUTPUT_VALUES = (
    "`labels`: levels as the schema has them; `codes`: those of the seed file, if it has codes, or "
    "numbers. `sav`, `zsav`, `dta` and `triple-s` have both."
)


class GenerationRequest(Body):
    """What rows to make."""

    row_count: Annotated[int, Field(strict=True, ge=1), WholeNumber] = Field(
        description="Rows wanted; tight scenarios may give fewer, never more.", examples=[5000]
    )
    output_format: OutputFormat = OutputFormat.PARQUET
    output_layout: OutputLayout = Field(
        default_factory=lambda: OutputLayout.SCHEMA,  # as of `margins`
        description=OUTPUT_LAYOUT,
    )
    output_values: OutputValues = Field(
        default_factory=lambda: OutputValues.LABELS,  # as of `margins`
        description=OUTPUT_VALUES,
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=limits.MAX_SEED), WholeNumber] | None = Field(
        None, description="Same dataset, conditions, row count and seed: same rows."
    )
    wait_seconds: Annotated[int, Field(strict=True, ge=0, le=MAX_WAIT_SECONDS), WholeNumber] = (
        Field(0, description="Hold the answer for up to so many seconds until the rows are there.")
    )
    conditions: Conditions = Field(default_factory=Conditions)
    margins: HowCareful = Field(
        default_factory=bool,  # a default in the document makes generators ask for the member
        description="Whether the report has margins of error. The model is then refitted 20 times "
        "to resampled respondents, or 8 times with `quick`, whose margins are wider.",
    )
    support_weight: Annotated[bool, Field(strict=True)] = Field(
        default_factory=bool,  # as of margins
        description="Whether the rows have the column `support_weight` more, all of one value, "
        "which sums to their effective base: tools that count rows by it test on support.",
    )


class CopyRequest(Body):
    """In which format rows that exist are wanted."""

    output_format: OutputFormat
    output_layout: OutputLayout = Field(
        default_factory=lambda: OutputLayout.SCHEMA,  # as of `margins`
        description=OUTPUT_LAYOUT,
    )
    output_values: OutputValues = Field(
        default_factory=lambda: OutputValues.LABELS,  # as of `margins`
        description=OUTPUT_VALUES,
    )
    wait_seconds: Annotated[int, Field(strict=True, ge=0, le=MAX_WAIT_SECONDS), WholeNumber] = (
        Field(0, description="Hold the answer for up to so many seconds until the file is there.")
    )


class PreviewRequest(Body):
    """What rows to foresee."""

    row_count: Annotated[int, Field(strict=True, ge=1), WholeNumber] = Field(
        description="Rows that you think of asking for.", examples=[5000]
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=limits.MAX_SEED), WholeNumber] | None = Field(
        None, description="A generation with the same seed has the same figures."
    )
    conditions: Conditions = Field(default_factory=Conditions)
    margins: HowCareful = Field(
        default_factory=bool,  # as above
        description="Whether the report is to have margins of error: `expected_seconds` counts the "
        "models that are still to be refitted for them.",
    )
    columns: list[Name] = Field(
        default_factory=list,
        max_length=MAX_DISTRIBUTIONS,
        description="Columns and multiple-response sets whose distributions the preview is to "
        "have, in the study and as they are to be expected.",
        examples=[["channel", "age"]],
    )


class PartDocument(BaseModel):
    """One level, option or range."""

    name: str
    study: float | None = Field(
        description="Its share of the respondents who have a value; null: of too few to be told."
    )
    rows: float | None = Field(description="Its share of the rows; null likewise.")


class DistributionDocument(BaseModel):
    """How a question is answered in the study, and in rows."""

    column: str = Field(description="A column or a multiple-response set.")
    label: str
    kind: Literal["levels", "options", "bins"] = Field(
        description="What `parts` are: levels, options of a multiple-response set, of which a "
        "respondent may choose several, or ranges of numbers, dates or times."
    )
    parts: list[PartDocument]
    study_mean: float | str | None = Field(None, description="Of numbers, dates and times.")
    rows_mean: float | str | None = Field(None, description="Likewise, of the rows.")
    study_base: int = Field(description="Respondents who have a value.")
    rows_base: int = Field(
        description="Rows that have one; in a preview, what the shares were counted from."
    )
    is_conditioned: bool = Field(description="Whether the scenario is about it.")
    left_out: int = Field(description="Smaller levels or options that are not told.")


class SupportDocument(BaseModel):
    """How many respondents stand behind rows."""

    effective_sample_size: float = Field(
        description="Of the respondents, weighted to the scenario (Kish)."
    )
    seed_rows: int = Field(description="Respondents who have any weight.")


class LevelOutcome(BaseModel):
    """One level of a column with shares."""

    level: str
    target: float | None = Field(description="The share asked for; null: no condition names it.")
    achieved: float = Field(description="Its share of the synthetic rows.")
    rows: int = Field(description="Synthetic rows that have it.")
    seed_rows: int = Field(
        description="Respondents who have it and meet all conditions on other columns."
    )


Among = Annotated[
    str | None, Field(description="The rows that this is about, in words; null: all of them.")
]


class ShareOutcome(BaseModel):
    """What became of shares."""

    kind: Literal["share", "band", "joint", "option"] = Field(
        description="`share`: of levels or values; `band`: of parts of a range; `joint`: of "
        "combinations; `option`: of an option of a multiple-response set."
    )
    column: str = Field(description="A column, several, or a multiple-response set.")
    support: SupportDocument
    levels: list[LevelOutcome]
    among: Among = None


class MeanOutcome(BaseModel):
    """What became of a mean."""

    kind: Literal["mean"]
    column: str
    support: SupportDocument
    target: float | str
    achieved: float | str | None = Field(
        description="The mean of the synthetic rows; null: none of them is meant."
    )
    study: float | str | None = Field(
        description="The mean of the respondents; null: none of them is meant."
    )
    among: Among = None


class RangeOutcome(BaseModel):
    """What became of a range."""

    kind: Literal["range"]
    column: str
    support: SupportDocument
    min: float | str
    max: float | str
    achieved: float = Field(description="Share of the synthetic rows within the range.")
    achieved_min: float | str = Field(description="The smallest value in the rows.")
    achieved_max: float | str = Field(description="The largest value in the rows.")


class EstimateDocument(BaseModel):
    """A figure and its interval; of dates and times, texts in ISO 8601."""

    figure: float | str | None
    low: float | str | None
    high: float | str | None


class FigureMarginDocument(BaseModel):
    """One figure of a column without a condition on all rows, among rows that have a value."""

    column: str
    kind: Literal["share", "mean", "lower_quartile", "median", "upper_quartile"]
    level: str | None = Field(description="Of a share.")
    study: EstimateDocument = Field(description="Of the respondents.")
    scenario: EstimateDocument = Field(description="Of the synthetic rows.")
    change: EstimateDocument = Field(
        description="From the study to the scenario; of dates in days, of times in seconds."
    )
    is_changed: bool = Field(description="The interval of the change leaves 0 out.")
    surprise: float = Field(
        description="How far the middle of the interval of the change is from 0, in half its width."
    )


class MarginsSummaryDocument(BaseModel):
    """What margins of error say in short."""

    level: float = Field(description="Of the intervals: 0.95.")
    replicates: int = Field(description="Models that were refitted to resampled respondents.")
    figure_count: int = Field(description="Figures that have margins.")
    changed_count: int = Field(description="Those that have changed beyond their margin.")
    changes: list[FigureMarginDocument] = Field(
        description="The most surprising ones that have changed, 20 at most."
    )
    warnings: list[WarningDocument]


class MarginsDocument(BaseModel):
    """The margins of error of all figures."""

    level: float = Field(description="Of the intervals: 0.95.")
    replicates: int = Field(description="Models that were refitted to resampled respondents.")
    figures: list[FigureMarginDocument] = Field(description="In the order of the schema.")
    warnings: list[WarningDocument]


class GenerationMarginsDocument(BaseModel):
    """The margins of error of a generation."""

    generation_id: str
    margins: Annotated[dict[str, Any], As(MarginsDocument)] | None = Field(
        description="null: none were asked for, or there are no rows yet."
    )


class ReportDocument(BaseModel):
    """What was asked for, what was achieved, and how many respondents stand behind it."""

    seed: int = Field(description="That the rows were drawn with.")
    rows_requested: int
    rows_generated: int
    status: Literal["ready", "partial"]
    support: SupportDocument = Field(description="Behind all conditions together.")
    conditions: list[
        Annotated[ShareOutcome | RangeOutcome | MeanOutcome, Field(discriminator="kind")]
    ]
    distinct_rows: int = Field(description="Rows that differ from all others.")
    donors: int = Field(description="Respondents from whom at least one value was taken.")
    quality: QualityDocument | None = Field(
        description="Of the model, without conditions; null if it was not measured."
    )
    warnings: list[WarningDocument]
    margins: MarginsSummaryDocument | None = Field(
        None, description="Of error, if asked for; `getGenerationMargins` has all of them."
    )
    validation: ValidationSummaryDocument | None = Field(
        None, description="The dataset's latest of the whole study when the rows were made."
    )
    labels: Labels = Field(default_factory=dict)


NO_ROWS = "null: no row can be had."


class LevelPreview(BaseModel):
    """One level of a column with shares."""

    level: str
    target: float | None = Field(description="The share asked for; null: no condition names it.")
    expected: float | None = Field(description=f"Its share of the rows to come; {NO_ROWS}")
    seed_rows: int = Field(
        description="Respondents who have it and meet all conditions on other columns."
    )


class SharePreview(BaseModel):
    """What would become of shares."""

    kind: Literal["share", "band", "joint", "option"] = Field(
        description="`share`: of levels or values; `band`: of parts of a range; `joint`: of "
        "combinations; `option`: of an option of a multiple-response set."
    )
    column: str = Field(description="A column, several, or a multiple-response set.")
    support: SupportDocument
    levels: list[LevelPreview]
    among: Among = None


class MeanPreview(BaseModel):
    """What would become of a mean."""

    kind: Literal["mean"]
    column: str
    support: SupportDocument
    target: float | str
    expected: float | str | None = Field(description=f"The mean of the rows to come; {NO_ROWS}")
    study: float | str | None = Field(
        description="The mean of the respondents; null: none of them is meant."
    )
    among: Among = None


class RangePreview(BaseModel):
    """A range, which all rows would lie in."""

    kind: Literal["range"]
    column: str
    support: SupportDocument
    min: float | str
    max: float | str


class LimitDocument(BaseModel):
    """The condition that limits a scenario.

    Without it most more rows could be had or, where that makes no difference, most more effective
    respondents would stand behind them.
    """

    position: int = Field(description="Of the condition in `conditions`, from 0.")
    column: str
    kind: str
    among: Among = None
    rows_without: int = Field(description="Rows that could be had without it.")
    effective_sample_size_without: float = Field(
        description="Of the respondents behind the rows without it (Kish)."
    )


class PreviewDocument(BaseModel):
    """What a generation would give, with the figures that its report would have."""

    seed: int = Field(description="A generation with this seed has these figures.")
    rows_requested: int
    rows_available: int = Field(description="How many of them can be had.")
    status: Literal["ready", "partial", "infeasible"] = Field(
        description="`ready`: all rows can be had; `partial`: some; `infeasible`: none."
    )
    support: SupportDocument = Field(description="Behind all conditions together.")
    conditions: list[
        Annotated[SharePreview | RangePreview | MeanPreview, Field(discriminator="kind")]
    ]
    limiting: LimitDocument | None = Field(
        description="Which condition costs most; null: leaving none of them out gives more."
    )
    warnings: list[WarningDocument]
    nearest: Annotated[dict[str, Any], As(Conditions)] | None = Field(
        description="If `partial`: the conditions with the nearest shares under which all rows "
        "can be had, to send as they are; null if there is no need, or none were found."
    )
    reason: str | None = Field(description="If `infeasible`: why.")
    expected_seconds: float = Field(
        description="Roughly what making the rows takes, without waiting for a worker."
    )
    distributions: list[DistributionDocument] = Field(
        default_factory=list,
        description="Of the `columns` that were asked for. Of a column without a condition it is "
        "an estimate in whole percent, from the respondents weighted to the scenario; one with too "
        "few respondents is left out, and so are all if no row can be had.",
    )
    labels: Labels = Field(default_factory=dict)


class JobWithAnswer(JobDocument):
    """A job, and what it answered if it makes nothing that could be read elsewhere."""

    preview: Annotated[dict[str, Any], As(PreviewDocument)] | None = Field(
        None, description="Of a completed preview; it is shown for an hour."
    )
    validation: Annotated[dict[str, Any], As(ValidationDocument)] | None = Field(
        None, description="Of a completed validation; it is shown for an hour."
    )
    crosstab: Annotated[dict[str, Any], As(CrosstabDocument)] | None = Field(
        None, description="Of a completed table; it is shown for an hour."
    )
    comparison: Annotated[dict[str, Any], As(ComparisonDocument)] | None = Field(
        None, description="Of a completed comparison; it is shown for an hour."
    )


ANSWERS = {
    "previewScenario": "preview",
    VALIDATION.operation: "validation",
    "tabulateDataset": "crosstab",
    "tabulateGeneration": "crosstab",
    "compareGeneration": "comparison",
}
"""The member that shows what a job answered, by the operation that began it."""


def job_with_answer(job: tables.Job) -> JobWithAnswer:
    """Return the public form of a job with its answer."""
    document = JobWithAnswer(**jobs.document(job).model_dump())
    if job.operation in ANSWERS:
        document = document.model_copy(update={ANSWERS[job.operation]: job.answer})
    return document


class GenerationDocument(BaseModel):
    """A generation; `artifact_url` appears when there are rows."""

    generation_id: str
    dataset_id: str
    status: GenerationStatus
    job_id: str
    row_count: int = Field(description="Rows asked for.")
    rows_generated: int | None = Field(
        None, description="Rows in the artifact; these are billed, unless it is a copy."
    )
    output_format: OutputFormat
    output_layout: OutputLayout
    output_values: OutputValues
    copy_of: str | None = Field(
        None, description="Of a copy, the generation whose rows it has in another format."
    )
    seed: int
    conditions: Annotated[dict[str, Any], As(Conditions)]
    support_weight: bool = Field(
        description="Whether the artifact has the column `support_weight` behind those of the "
        "schema."
    )
    report: Annotated[dict[str, Any], As(ReportDocument)] | None = Field(
        None,
        description="Once there are rows: what was asked for, what was achieved, and who stands "
        "behind it.",
    )
    artifact_url: str | None = Field(
        None,
        description="Relative link, valid some minutes; the bearer token is still needed. It is "
        "absolute where the rows lie in storage of your own, and then enough by itself.",
    )
    artifact_token: str | None = Field(
        None, description="The `token` of that link, for clients that are made from this document."
    )
    size_bytes: int | None = Field(None, description="Size of the artifact.")
    sha256: str | None = Field(None, description="SHA-256 of the artifact, hex.")
    created_at: dt.datetime
    ready_at: dt.datetime | None = None
    expires_at: dt.datetime
    error: Annotated[dict[str, Any], As(ProblemDocument)] | None = Field(
        None, description="Problem document of a failure."
    )


class GenerationList(BaseModel):
    """One page of generations, the newest first."""

    generations: list[GenerationDocument]
    next_after: str | None = Field(None, description="`after` of the next page.")


def document(generation: tables.Generation, link: links.Link | None) -> GenerationDocument:
    """Return the public form of a generation."""
    return GenerationDocument(
        generation_id=generation.id,
        dataset_id=generation.dataset_id,
        status=GenerationStatus(generation.status),
        job_id=generation.job_id,
        row_count=generation.row_count,
        rows_generated=generation.rows_generated,
        output_format=OutputFormat(generation.output_format),
        output_layout=OutputLayout(generation.output_layout),
        output_values=OutputValues(generation.output_values),
        copy_of=generation.copy_of,
        seed=generation.seed,
        conditions=generation.conditions,
        support_weight=generation.support_weight,
        report=generation.report,
        artifact_url=None if link is None else link.url,
        artifact_token=None if link is None else link.token,
        size_bytes=generation.size_bytes,
        sha256=generation.sha256,
        created_at=generation.created_at,
        ready_at=generation.ready_at,
        expires_at=generation.expires_at,
        error=generation.error,
    )
