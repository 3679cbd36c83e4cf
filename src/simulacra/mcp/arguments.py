"""The arguments of the tools, described so that a model fills them as they are meant."""

from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from simulacra.mcp import wording
from simulacra.mcp.backends.backend import KINDS
from simulacra.mcp.faults import Refusal

MAX_SAMPLE = 10
MAX_NAMES = 100

DatasetId = Annotated[
    str, Field(pattern=r"^ds_[A-Za-z0-9]{1,64}$", description="Id of a study: ds_...")
]
GenerationId = Annotated[
    str, Field(pattern=r"^gen_[A-Za-z0-9]{1,64}$", description="Id of synthetic rows: gen_...")
]
SourceId = Annotated[
    str,
    Field(
        pattern=r"^(ds|gen)_[A-Za-z0-9]{1,64}$",
        description="What is tabulated: a study (ds_...) or synthetic rows (gen_...).",
    ),
]
JobId = Annotated[
    str, Field(pattern=r"^job_[A-Za-z0-9]{1,64}$", description="Id of a job: job_...")
]
RowCount = Annotated[
    int, Field(ge=1, le=100_000_000, description="Synthetic rows wanted.", examples=[5000])
]
Seed = Annotated[
    int,
    Field(ge=0, le=2**53 - 1, description="The same call with the same seed gives the same rows."),
]
Names = Annotated[
    list[Annotated[str, Field(max_length=500)]],
    Field(max_length=MAX_NAMES),
]
SampleRows = Annotated[
    int,
    Field(
        ge=0,
        le=MAX_SAMPLE,
        description="Synthetic rows to show, only if the user wants to see some.",
    ),
]
Margins = Annotated[
    Literal["none", "quick", "full"],
    Field(description="Margins of error in the report; takes as long as 6 to 20 trainings."),
]

_SHARES = {"type": "object", "additionalProperties": {"type": "number", "minimum": 0, "maximum": 1}}
_BOUND = {"type": ["number", "string"]}
_ENDS = {
    "type": "object",
    "properties": {"min": _BOUND, "max": _BOUND},
    "required": ["min", "max"],
}
_BAND = {
    "type": "object",
    "properties": {"min": _BOUND, "max": _BOUND, "share": {"type": "number"}},
    "required": ["min", "max", "share"],
}
_COMBINATIONS = {
    "type": "object",
    "properties": {
        "columns": {"type": "array", "items": {"type": "string"}},
        "shares": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"cell": {"type": "array"}, "share": {"type": "number"}},
                "required": ["cell", "share"],
            },
        },
    },
    "required": ["columns", "shares"],
}


def _kind(schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def _by_column(value: dict[str, Any], description: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": value, "description": description}


CONDITIONS = {
    "type": "object",
    "description": "The scenario: what the rows shall look like. Names and levels exactly as "
    "describe_study gives them. A share is a fraction of the rows, 0 to 1: 55% is 0.55. What is "
    "not named follows as in the study. {} for rows as in the study.",
    "additionalProperties": False,
    "properties": {
        "categorical": _by_column(
            _SHARES,
            'Column to level to share: {"segment": {"Premium": 0.55}}. Levels left out share the '
            "rest; a share of 0 excludes a level. Also values of whole numbers.",
        ),
        "numeric": _by_column(
            _ENDS,
            'Column to the range of all rows: {"age": {"min": 25, "max": 44}}; dates as ISO 8601.',
        ),
        "means": _by_column(_BOUND, 'Column to the mean: {"monthly_spend": 45}.'),
        "bands": _by_column(
            {"type": "array", "items": _BAND},
            'Shares of parts of a range: {"age": [{"min": 18, "max": 34, "share": 0.4}]}.',
        ),
        "joint": {
            "type": "array",
            "items": _COMBINATIONS,
            "description": 'Shares of combinations: [{"columns": ["segment", "channel"], "shares": '
            '[{"cell": ["Premium", "Online"], "share": 0.2}]}].',
        },
        "multiple_response": _by_column(
            _SHARES, 'Multiple-response set to option to share: {"brands_known": {"Acme": 0.6}}.'
        ),
        "groups": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "object"}},
                "required": ["where"],
            },
            "description": "Conditions among some rows: where says which, the others are any of "
            'the above but numeric: [{"where": {"channel": "Online"}, "categorical": {"segment": '
            '{"Premium": 0.35}}}].',
        },
    },
}

Conditions = Annotated[dict[str, Any], WithJsonSchema(CONDITIONS)]


def checked(conditions: dict[str, Any]) -> dict[str, Any]:
    """Return the conditions that were asked for.

    Raises:
        Refusal: one is of no kind that there is: most often a column at the place of a kind.
    """
    for name in conditions:
        if name not in KINDS:
            raise Refusal(
                f"conditions: {wording.plain(name, wording.LEVEL)!r} is no kind of conditions. Put "
                'a column below its kind, such as {"categorical": {"segment": {"Premium": 0.55}}} '
                f'or {{"numeric": {{"age": {{"min": 25, "max": 44}}}}}}. Kinds are: '
                f"{', '.join(KINDS)}."
            )
    return {kind: asked for kind, asked in conditions.items() if asked}


def margins_of(asked: str) -> bool | str:
    """Return margins as the library takes them."""
    choices: dict[str, bool | str] = {"none": False, "quick": "quick", "full": True}
    return choices[asked]
