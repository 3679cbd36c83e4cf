"""Full reports as the API shows them."""

import datetime as dt
from typing import Annotated, Any

from pydantic import BaseModel, Field

from simulacra.service.fields import As
from simulacra.service.generations.schemas import DistributionDocument, ReportDocument
from simulacra.service.generations.tabulation_schemas import ComparisonDocument


class CardDocument(BaseModel):
    """The disclosure card: what whoever gets the rows should be told of how they were made."""

    nature: str = Field(description="That the rows are synthetic.")
    population: str = Field(description="Whom the respondents of the study stand for.")
    study_size: str
    study_dates: str = Field(description="What is known of when the study was made.")
    method: str
    version: str | None = Field(
        description="Of the software that made the rows; null: it is not known."
    )
    seed: int
    conditions: list[str] = Field(description="The scenario in words; empty: there was none.")
    rows: str
    support: str
    checks_passed: list[str]
    checks_failed: list[str]
    checks_not_made: list[str]
    limits: list[str]
    privacy: str
    intended_use: str
    oversight: str


class FullReportDocument(BaseModel):
    """The report of a generation with what changed, distributions and the disclosure card."""

    generation_id: str
    dataset_id: str
    ready_at: dt.datetime | None = Field(description="When the rows were made.")
    report: Annotated[dict[str, Any], As(ReportDocument)]
    card: Annotated[dict[str, Any], As(CardDocument)]
    labels: dict[str, str] = Field(
        description="Texts of the columns and sets that the report names, where they have any."
    )
    comparison: Annotated[dict[str, Any], As(ComparisonDocument)] | None = Field(
        description="Of study and rows, the first 200 figures; null: the rows were made by a "
        "version that did not keep it."
    )
    distributions: list[Annotated[dict[str, Any], As(DistributionDocument)]] | None = Field(
        description="In the order of the schema; of a wide study the 300 that changed most. null: "
        "as of `comparison`."
    )
    question_count: int = Field(description="Questions that have a distribution.")
