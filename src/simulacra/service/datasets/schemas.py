"""Datasets as the API takes and shows them."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    Json,
    StringConstraints,
    WithJsonSchema,
)

from simulacra.engine import limits
from simulacra.engine.limits import MAX_HEADER_ROWS
from simulacra.service import policy
from simulacra.service.database import tables
from simulacra.service.database.statuses import DatasetStatus
from simulacra.service.datasets import payloads
from simulacra.service.errors.documents import ProblemDocument
from simulacra.service.fields import MAX_WAIT_SECONDS, As, Body, Name, Text, WholeNumber

Mark = Annotated[str, StringConstraints(strip_whitespace=False, max_length=10)]
"""What stands between fields or answers, which may be a tab or a space."""
Answer = Text | FiniteFloat


class UploadFields(Body):
    """The text fields that come with a seed file."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    display_name: Annotated[Text, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="A name of your own for the dataset."
    )
    wait_seconds: int = Field(
        0,
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="Hold the answer for up to so many seconds until the training has ended.",
    )
    column_types: Json[dict[Name, Text | list[Text]]] = Field(
        default_factory=dict,
        description="JSON object: column to `nominal`, `ordinal`, `integer`, `number`, `boolean`, "
        "`date`, `datetime`, `time` or `duration`, or to the list of its levels in their order. "
        "Columns go by their names in the file or in the schema.",
        examples=['{"age": "integer", "agreement": ["never", "sometimes", "always"]}'],
    )
    keep_columns: Json[list[Text]] = Field(
        default_factory=list,
        description="JSON array: columns to keep where cleaning would drop them.",
        examples=['["region_code"]'],
    )
    drop_columns: Json[list[Text]] = Field(
        default_factory=list,
        description="JSON array: columns to leave out.",
        examples=['["comments"]'],
    )
    missing_values: Json[list[Answer] | dict[Name, list[Answer]]] | None = Field(
        default=None,
        description="JSON: values that stand for no answer. An array, such as `[-99]`: in every "
        "column, besides those that are found. An object: column to all that do in it; an empty "
        "array says that every text in it is an answer.",
        examples=['{"hours": [98, 99], "region": []}'],
    )
    sets: Json[dict[Name, list[Text]]] = Field(
        default_factory=dict,
        description="JSON object: name of a multiple-response set to the columns that are its "
        "options.",
        examples=['{"brands_known": ["q3_1", "q3_2", "q3_3"]}'],
    )
    separators: Json[dict[Name, Mark]] = Field(
        default_factory=dict,
        description="JSON object: column of which a cell holds several answers, to what stands "
        "between them; an empty text if a cell holds one answer, whatever it looks like.",
        examples=['{"channels": ";"}'],
    )
    date_orders: Json[dict[Name, Literal["dmy", "mdy", "ymd"]]] = Field(
        default_factory=dict,
        description="JSON object: column of dates to the order of day, month and year.",
        examples=['{"visit": "mdy"}'],
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="The mark before the decimals of numbers."
    )
    delimiter: Annotated[Mark, Field(min_length=1, max_length=2)] | None = Field(
        default=None,
        description="The character between two fields of a CSV file. A second character is the "
        "quotation mark, if it is not the usual one.",
    )
    header_rows: int | None = Field(
        default=None,
        ge=0,
        le=MAX_HEADER_ROWS,
        description="How many rows of a CSV file or a sheet hold the names of the columns.",
    )
    sheet: Annotated[Text, Field(min_length=1, max_length=31)] | None = Field(
        default=None,
        description="The sheet of an Excel workbook to read; by default the first visible one "
        "with a table of respondents.",
    )
    privacy: Literal["standard", "strict"] = Field(
        default="standard",
        description="`strict`: the rows tell less about who took part, and small groups lose part "
        "of their profile.",
    )
    weight_column: Annotated[Text, Field(min_length=1, max_length=5_000)] | None = Field(
        default=None,
        description="The column that says how many people each respondent stands for. The model is "
        "then one of those people, and the column is not modelled. Rows whose weight is 0 or "
        "missing are left out; a negative weight is refused.",
        examples=["wgt"],
    )

    def options(self) -> payloads.StudyOptions:
        """Return what the upload says about its study, in the terms of the engine."""
        return payloads.StudyOptions(
            types=self.column_types,
            keep=self.keep_columns,
            drop=self.drop_columns,
            missing=self.missing_values,
            sets=self.sets,
            separators=self.separators,
            dates={column: str(order) for column, order in self.date_orders.items()},
            decimal=self.decimal,
            delimiter=self.delimiter,
            header_rows=self.header_rows,
            sheet=self.sheet,
            privacy=self.privacy,
            weight=self.weight_column,
        )


class UploadForm(UploadFields):
    """The multipart form of an upload."""

    seed_file: bytes = Field(
        description="The study: CSV, Excel (.xlsx, .xls), SPSS (.sav, .zsav, .por), Stata (.dta), "
        "SAS (.sas7bdat, .xpt), Parquet, or a zip archive with a triple-S definition and its data. "
        "`file` is accepted as another name of this field.",
        json_schema_extra={"format": "binary"},
    )


class RetentionRequest(BaseModel):
    """How long a dataset shall live."""

    model_config = ConfigDict(extra="forbid")

    retention_hours: Annotated[
        int, Field(strict=True, ge=1, le=policy.MAX_RETENTION_HOURS), WholeNumber
    ] = Field(description="Hours from the creation of the dataset.", examples=[72])


class DatasetDocument(BaseModel):
    """A dataset."""

    dataset_id: str
    status: DatasetStatus
    job_id: str
    display_name: str | None = None
    format: str = Field(description="Format of the seed file.")
    size_bytes: int = Field(description="Size of the seed file.")
    sha256: str = Field(description="SHA-256 of the seed file, hex.")
    row_count: int | None = Field(None, description="Rows that the model was fitted to.")
    column_count: int | None = Field(None, description="Columns of the cleaned schema.")
    created_at: dt.datetime
    ready_at: dt.datetime | None = None
    expires_at: dt.datetime
    error: Annotated[dict[str, Any], As(ProblemDocument)] | None = Field(
        None, description="Problem document of a failed training."
    )


class DatasetList(BaseModel):
    """One page of datasets, the newest first."""

    datasets: list[DatasetDocument]
    next_after: str | None = Field(None, description="`after` of the next page.")


class DatasetDeletion(BaseModel):
    """What is left of a deleted dataset."""

    dataset_id: str
    status: DatasetStatus


ColumnType = Literal[
    "nominal",
    "ordinal",
    "integer",
    "number",
    "boolean",
    "date",
    "datetime",
    "time",
    "duration",
]


class ColumnDocument(BaseModel):
    """One column of the cleaned schema."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="Use this name in conditions.")
    source_name: str = Field(description="Name in the seed file.")
    label: str | None = Field(None, description="The wording of the question, if the file has it.")
    type: ColumnType
    levels: list[str] | None = Field(
        None, description="The answers that conditions may name, of columns that have levels."
    )
    shares: list[float] | None = Field(
        None, description="Share of each level in the seed, a fraction, in the order of `levels`."
    )
    min: float | str | None = Field(
        None,
        description="Ranges may begin here: a number, of durations of seconds; or a date, a moment "
        "or a time of day in ISO 8601.",
    )
    max: float | str | None = Field(None, description="Ranges may end here.")
    quantiles: list[float | str] | None = Field(
        None, description="Values at 5, 25, 50, 75 and 95 percent."
    )
    decimals: int | None = Field(None, description="Digits behind the point, of numbers.")
    grid: Literal["month"] | None = Field(
        None, description="`month`: all values are first days of months; absent otherwise."
    )
    period: int | None = Field(
        None,
        description="Distance after which the values in use repeat, in steps of the last decimal, "
        "in months, in days or in seconds; absent if there is no such pattern.",
    )
    offsets: list[int] | None = Field(
        None,
        description="Values in use within one period, in the same steps: with a period of 50, [49] "
        "of prices that end in .49 or .99.",
    )
    multiple_response: str | None = Field(
        None, description="The multiple-response set that the column is an option of."
    )
    missing_share: float = Field(description="Fraction of the rows that have no value.")


class MultipleResponseDocument(BaseModel):
    """One question with several answers, spread over several columns."""

    name: str
    label: str
    kind: Literal["dichotomy", "category"] = Field(
        description="`dichotomy`: a column tells whether one option was chosen; `category`: each "
        "column holds one of the options chosen."
    )
    columns: list[str] = Field(description="Names of its columns in the schema.")
    counted: str | None = Field(
        None,
        description="Of a dichotomy, the level that means chosen; absent if it is the second level "
        "of each column.",
    )
    is_battery: bool = Field(
        default=False,
        description="Respondents give one answer in several of its columns: these are the items of "
        "a grid, which the file declares as a set. They have no `multiple_response`.",
    )


class AnswerListDocument(BaseModel):
    """A column of the seed file whose cells hold several answers."""

    column: str = Field(description="Its name in the seed file.")
    name: str = Field(description="Of the multiple-response set, if it is one.")
    columns: list[str] = Field(description="Columns of the schema: one for each option.")
    separator: str | None = Field(
        None,
        description="What stands between answers. `[\"\"]`, `['']` and `[]` are lists as JSON "
        "writes them, as Python does, and of numbers; absent for lists of Parquet.",
    )
    is_terminated: bool = Field(default=False, description="It stands behind the last answer too.")
    is_ranking: bool = Field(
        default=False,
        description="Cells have all options in an order; the columns hold their ranks.",
    )


CleaningAction = Literal[
    "read",
    "skipped",
    "renamed",
    "split",
    "dropped",
    "kept",
    "typed",
    "pooled",
    "merged",
    "relabelled",
    "filled",
    "blanked",
    "removed",
    "weighted",
    "noticed",
]


class CleaningDocument(BaseModel):
    """Something that reading or cleaning did."""

    column: str | None = Field(
        description="Name in the schema, or in the file if it was dropped; null: the whole file."
    )
    action: CleaningAction = Field(
        description="`read`: how the file was understood; `skipped`: rows that are no data, or "
        "stand for nobody; `split`: a column that holds several answers or fields; `filled`: "
        "blanks that mean something; `weighted`: the study, by this column; `noticed`: what looks "
        "like more than it is used for, such as a survey weight."
    )
    reason: str
    count: int = Field(description="How many rows, columns or levels it concerns.")


class WeightDocument(BaseModel):
    """The survey weight of a study."""

    column: str = Field(description="Its name in the seed file; it is not modelled.")
    effective_sample_size: float = Field(
        description="Number of respondents of equal weight who would tell as much (Kish)."
    )


class DriftDocument(BaseModel):
    """A column whose distribution differs from the study's by more than chance."""

    column: str
    distance: float = Field(
        description="Largest difference of the share of a level; of a number, of the share of "
        "values up to some point."
    )
    missing: float = Field(description="Share of rows without a value, less that of the study.")


class RelationsDocument(BaseModel):
    """How much of a kind of relation the model's rows have."""

    number: int = Field(description="Relations that stand out in the study.")
    kept: float | None = Field(
        description="1: as strong as in the study; 0: nothing left; null: there are none."
    )


class WarningDocument(BaseModel):
    """Something to know before using rows."""

    code: str = Field(examples=["groups_weakened"])
    detail: str


class QualityDocument(BaseModel):
    """How well rows without conditions agree with the study, measured when the model was fitted."""

    rows: int = Field(description="Rows that were compared with the study.")
    largest_distance: float = Field(description="Of any column; see `drifts`.")
    drifts: list[DriftDocument]
    pairs: RelationsDocument = Field(description="Relations between two columns.")
    groups: RelationsDocument = Field(
        description="What sets groups of 10 to 100 respondents apart from all others."
    )
    broken_rows: int = Field(description="Rows that break a rule that every respondent keeps.")
    warnings: list[WarningDocument]


OF_SEGMENT: dict[str, Any] = {"type": ["string", "number", "boolean"]}
Segment = Annotated[
    dict[str, Any],
    Field(min_length=1, max_length=20),
    WithJsonSchema(
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 20,
            "additionalProperties": {
                "anyOf": [
                    OF_SEGMENT,
                    {"type": "array", "minItems": 1, "items": OF_SEGMENT},
                    {
                        "type": "object",
                        "required": ["min", "max"],
                        "properties": {
                            "min": {"type": ["number", "string"]},
                            "max": {"type": ["number", "string"]},
                        },
                    },
                ]
            },
        }
    ),
]
"""The engine checks it against the schema and words every fault."""
MAX_REPEATS = 20
"""Of a validation; the range of what rows are worth hardly narrows beyond that."""


class ValidationRequest(Body):
    """How to validate a model of the study."""

    segment: Segment | None = Field(
        None,
        description="Column to a level, to levels, or to `min` and `max`: half of the respondents "
        "who meet all of them are hidden and predicted. Without it a random half of all are "
        "hidden, and predicted as a whole and in up to six segments that are chosen.",
        examples=[{"region": ["North", "East"], "age": {"min": 18, "max": 34}}],
    )
    repeats: Annotated[int, Field(strict=True, ge=1, le=MAX_REPEATS), WholeNumber] = Field(
        default_factory=lambda: 5,  # a default in the document makes generators ask for the member
        description="How often other respondents are hidden; 5 unless it is given.",
    )
    seed: Annotated[int, Field(strict=True, ge=0, le=limits.MAX_SEED), WholeNumber] = Field(
        default_factory=int,
        description="Same dataset, segment, repeats and seed: same figures. 0 unless it is given.",
    )
    wait_seconds: Annotated[int, Field(strict=True, ge=0, le=MAX_WAIT_SECONDS), WholeNumber] = (
        Field(
            default_factory=int,
            description="Hold the answer for up to so many seconds until the validation has ended.",
        )
    )

    def asked(self) -> dict[str, Any]:
        """Return what decides its figures."""
        return self.model_dump(mode="json", exclude={"wait_seconds"})


class TypicalErrorDocument(BaseModel):
    """How far figures are off: root mean squares over the questions."""

    shares: float | None = Field(
        description="Of shares of levels, a fraction; 0: no more than chance; null: there are none."
    )
    numbers: float | None = Field(
        description="Of means, in standard deviations of the study; likewise."
    )


class WorthDocument(BaseModel):
    """How many interviews rows are worth, with a range of 95 %."""

    interviews: float | None = Field(
        description="null: the error cannot be told apart from chance; see `low`."
    )
    low: float = Field(description="0: nothing is known of it.")
    high: float | None = Field(description="null: nothing shows a limit.")


class SegmentSummaryDocument(BaseModel):
    """How well the profile of a segment, or of all respondents, was predicted."""

    segment: str = Field(description="In words.", examples=["region = North"])
    respondents: int
    used: int = Field(description="Of them, how many the model was fitted to.")
    hidden: int = Field(description="Of them, how many it was compared with.")
    questions: int = Field(description="Columns that were compared.")
    predicted: TypicalErrorDocument = Field(description="Of the model's rows.")
    tabulated: TypicalErrorDocument = Field(
        description="Of a table of the respondents used, which raking to the segment comes to."
    )
    second_sample: TypicalErrorDocument = Field(
        description="Of another sample as large as the hidden part."
    )
    worth: WorthDocument = Field(description="Of the rows, in interviews of the segment.")
    verdict: Literal["better", "alike", "worse"] = Field(
        description="The rows, compared with a table of the respondents used."
    )


class ValidationFigureDocument(BaseModel):
    """A share or a mean, averaged over the repeats."""

    column: str
    level: str = Field(description="Whose share it is; `mean` for a mean.")
    predicted: float
    used: float = Field(description="Of the respondents that the model was fitted to.")
    hidden: float = Field(description="Of those that were hidden from it.")
    difference: float = Field(description="`predicted` less `hidden`.")
    standard_error: float = Field(description="Of `hidden`.")
    chance: float = Field(
        description="The standard error that it would have if the prediction were the truth, if "
        "that is more."
    )
    spread: float = Field(description="Standard deviation of one answer in the study.")


class SegmentDocument(SegmentSummaryDocument):
    """The same with its figures."""

    figure_count: int = Field(description="Figures that were compared.")
    figures: list[ValidationFigureDocument] = Field(
        description="All of them or, of more than 3,000 in all segments together, those that are "
        "furthest off for their chance."
    )


class ValidationSummaryDocument(BaseModel):
    """How far predictions of hidden respondents are off, in short."""

    respondents: int
    columns: int
    repeats: int = Field(description="How often other respondents were hidden.")
    is_named: bool = Field(description="Half of one segment was hidden, not half of all.")
    weight: str | None = Field(description="The column that respondents count by.")
    comparisons: list[SegmentSummaryDocument] = Field(
        description="One for each segment; that of all respondents first, if half of all was "
        "hidden."
    )
    gain: WorthDocument | None = Field(
        description="Interviews for each respondent used, over all segments; null without any."
    )
    skipped: list[str] = Field(description="Columns that could not be compared everywhere.")
    failed: list[str] = Field(description="Segments of which the model could not make rows.")
    warnings: list[WarningDocument]
    text: str = Field(description="All of this as a page for people, in plain words.")


class ValidationDocument(ValidationSummaryDocument):
    """How far predictions of hidden respondents are off, with single figures."""

    comparisons: list[SegmentDocument]  # type: ignore[assignment]  # each has more


class OverridesDocument(BaseModel):
    """Fields of the form of an upload that state what was found out about its file."""

    model_config = ConfigDict(extra="forbid")

    column_types: dict[str, str | list[str]] | None = None
    keep_columns: list[str] | None = None
    drop_columns: list[str] | None = None
    missing_values: dict[str, list[str]] | None = None
    sets: dict[str, list[str]] | None = None
    separators: dict[str, str] | None = None
    date_orders: dict[str, Literal["dmy", "mdy", "ymd"]] | None = None
    decimal: Literal[".", ","] | None = None
    delimiter: str | None = None
    header_rows: int | None = None
    sheet: str | None = None
    weight_column: str | None = None


class SchemaDocument(BaseModel):
    """The cleaned schema, what cleaning did, and how good the model is."""

    dataset_id: str
    row_count: int
    schema_: list[ColumnDocument] = Field(alias="schema")
    cleaning: list[CleaningDocument]
    multiple_response_sets: list[MultipleResponseDocument] | None = None
    answer_lists: list[AnswerListDocument] | None = Field(
        None, description="Absent if no column of the seed file has several answers in a cell."
    )
    weight: WeightDocument | None = Field(
        None, description="Absent of a study in which all respondents stand for as many people."
    )
    overrides: Annotated[dict[str, Any], As(OverridesDocument)] | None = Field(
        None,
        description="What was found out about the file, as fields of the form of an upload (those "
        "of JSON as JSON). With them the same file is read in the same way: change what is wrong "
        "in a copy of them, and upload the study again.",
    )
    privacy: Literal["standard", "strict"] | None = Field(
        None, description="What the model was fitted for; see the upload."
    )
    quality: QualityDocument | None = Field(
        None, description="Absent of a dataset whose model was fitted before it was measured."
    )
    validation: ValidationSummaryDocument | None = Field(
        None, description="The latest of the whole study; absent until `createValidation` made one."
    )


def document(dataset: tables.Dataset) -> DatasetDocument:
    """Return the public form of a dataset."""
    return DatasetDocument(
        dataset_id=dataset.id,
        status=DatasetStatus(dataset.status),
        job_id=dataset.job_id,
        display_name=dataset.display_name,
        format=dataset.format,
        size_bytes=dataset.seed_bytes,
        sha256=dataset.seed_sha256,
        row_count=dataset.row_count,
        column_count=dataset.column_count,
        created_at=dataset.created_at,
        ready_at=dataset.ready_at,
        expires_at=dataset.expires_at,
        error=dataset.error,
    )
