"""The formats of output files."""

from collections.abc import Mapping

from simulacra.engine.writing.arrow import ARROW
from simulacra.engine.writing.csv import CSV, CSV_FOR_EXCEL
from simulacra.engine.writing.excel import XLSX
from simulacra.engine.writing.output_format import OutputFormat
from simulacra.engine.writing.parquet import PARQUET
from simulacra.engine.writing.spss import SAV, ZSAV
from simulacra.engine.writing.stata import DTA
from simulacra.engine.writing.triple_s import TRIPLE_S

FORMATS: Mapping[str, OutputFormat] = {
    one.name: one for one in (PARQUET, CSV, ARROW, XLSX, SAV, ZSAV, DTA, TRIPLE_S, CSV_FOR_EXCEL)
}
