"""Real files, and what must be true of each; the files are not part of the project."""

import dataclasses
import functools
import re
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from simulacra.engine import errors, limits
from simulacra.engine.cleaning import clean
from simulacra.engine.codebook import RawStudy
from simulacra.engine.columns.datetime import DATETIME
from simulacra.engine.columns.integer import INTEGER
from simulacra.engine.columns.number import NUMBER
from simulacra.engine.columns.ordinal import ORDINAL
from simulacra.engine.columns.schema import Column, Schema
from simulacra.engine.reading import source
from simulacra.engine.writing import files, layouts
from simulacra.engine.writing.codebook import Codebook

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real files are not on this machine")


@functools.cache
def read(name: str) -> RawStudy:
    return source.read(DATA / name, limits.DEFAULT)


@functools.cache
def schema(name: str) -> Schema:
    return clean.clean(read(name), limits.DEFAULT).schema


def ending(name: str, end: str) -> Column:
    """The column whose long name ends so."""
    (found,) = [column for column in schema(name).columns if column.name.endswith(end)]
    return found


def counts(name: str) -> dict[str, int]:
    return dict(Counter(str(column.type) for column in schema(name).columns))


SALARY_2018 = "messy/DERIVED_eu_it_salary_cp1252_semicolon_decimalcomma.csv"
SALARY_2020 = "messy/eu_it_salary_2020.csv"
BURGER = "sav/displayr_Burger_Brand_Tracking_Dec_2017.sav"
MOBILES = "sav/displayr_Mobiles_feedback_4_weeks.sav"
PHONE = "sav/displayr_Phone.sav"
STARWARS = "messy/starwars_surveymonkey_latin1.csv"
THANKSGIVING = "messy/thanksgiving2015.csv"


@pytest.mark.parametrize(
    ("name", "rows", "columns", "types"),
    [
        ("survey/AER_Affairs.csv", 601, 9, {"nominal": 2, "integer": 5, "number": 2}),
        ("survey/Ecdat_Yogurt.csv", 2412, 10, {"integer": 5, "number": 4, "nominal": 1}),
        ("survey/ISLR_Caravan.csv", 5822, 82, {"integer": 81, "nominal": 1}),
        ("survey/ISLR_OJ.csv", 1070, 18, {"nominal": 2, "integer": 5, "number": 11}),
        ("survey/MASS_survey.csv", 237, 12, {"nominal": 7, "integer": 1, "number": 4}),
        ("survey/carData_BEPS.csv", 1525, 10, {"nominal": 2, "integer": 8}),
        ("survey/carData_WVS.csv", 5381, 6, {"nominal": 5, "integer": 1}),
        ("survey/marketing_campaign_ifood.csv", 2240, 27, {"nominal": 3, "integer": 23, "date": 1}),
        ("survey/psych_bfi.csv", 2800, 28, {"integer": 28}),
        ("survey/statsmodels_anes96.csv", 944, 11, {"integer": 10, "number": 1}),
        (SALARY_2018, 765, 14, {"datetime": 1, "integer": 4, "nominal": 8, "number": 1}),
        ("messy/DERIVED_wvs_utf16le_tab.csv", 5381, 6, {"nominal": 5, "integer": 1}),
        ("messy/abarik_gss.xlsx", 2867, 2, {"nominal": 1, "integer": 1}),
        ("messy/btw17_kerg_tab_bom_CRonly.csv", 299, 37, {"nominal": 1, "integer": 36}),
        (SALARY_2020, 1253, 47, None),
        ("messy/food_world_cup_macroman.csv", 1373, 47, {"nominal": 7, "integer": 40}),
        ("messy/masculinity_raw_responses.csv", 1615, 97, None),
        ("messy/smungs_us-crime-2.xlsx", 198, 22, None),
        ("messy/springer_nature_data_sharing_survey.xlsx", 7718, 21, None),
        (STARWARS, 1186, 37, {"nominal": 31, "integer": 6}),
        (THANKSGIVING, 1058, 59, {"nominal": 59}),
        ("messy/wage1_comma.csv", 526, 24, None),
        ("messy/wage1_semicolon.csv", 526, 24, None),
        (BURGER, 4853, 490, None),
        (MOBILES, 895, 25, {"date": 1, "integer": 1, "nominal": 23}),
        (PHONE, 725, 278, None),
        ("sav/pallant_survey.sav", 439, 135, None),
    ],
)
def test_rows_columns_and_types(
    name: str, rows: int, columns: int, types: dict[str, int] | None
) -> None:
    found = schema(name)
    assert (found.row_count, len(found.columns)) == (rows, columns)
    assert types is None or counts(name) == types


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sav/NEG_encrypted_hotel.sav", "SPSS file with a password"),
        ("sav/NEG_html_page_saved_as.sav", "web page"),
        ("messy/readxl_deaths.xls", "14 rows; at least 30 .* Sheet .arts. was read"),
        ("messy/janitor_dirty_data.xlsx", "12 rows; at least 30"),
        ("messy/readxl_type_me.xlsx", "10 rows; at least 30"),
        ("sav/pyreadstat_hebrews.sav", "1 column"),
        ("sav/pyreadstat_multiple_response.sav", "6 rows; at least 30"),
    ],
)
def test_the_refusal_of_a_file_says_what_to_do(name: str, message: str) -> None:
    with pytest.raises(errors.StudyError, match=message):
        schema(name)


@pytest.mark.parametrize(
    ("name", "column", "cells"),
    [
        ("haven_labelled-num-na.sav", "VAR00002", ["This is one"]),
        ("haven_labelled-num.sav", "VAR00002", ["This is one"]),
        ("haven_labelled-str.sav", "gender", ["Male", "Female"]),
        ("haven_umlauts.sav", "var1", ["the ä umlaut", "the ü umlaut", "the ä umlaut",
                                       "the ö umlaut"]),
        ("haven_variable-label.sav", "sex", ["female"]),
        ("pyreadstat_missing_char.sav", "mychar", ["labeled"]),
        ("pyreadstat_missing_test.sav", "var1", [2]),
        ("pyreadstat_ordered_category.sav", "Col1", ["high", "low", "medium", "low"]),
        ("pyreadstat_sample.sav", "myord", ["low", "medium", "high", "low", "low"]),
        ("pyreadstat_sample.zsav", "mylabl", ["Male", "Female", "Male", "Female", "Male"]),
        ("pyreadstat_sample_missing.sav", "mynum", [1.1, 1.2, -1000.3, -1.4, 1000.3, None]),
        ("pyreadstat_tegulu.sav", "record", [210]),
    ],
)  # fmt: skip
def test_cells_of_small_files(name: str, column: str, cells: list[object]) -> None:
    assert read(f"sav/{name}").table[column].to_pylist() == cells


def test_dates_out_of_range_are_missing() -> None:
    table = read("sav/haven_datetime.sav").table
    assert [str(day) for day in table["date"].to_pylist()] == ["2014-09-22", "2014-09-23"]
    assert table["date.posix"].null_count == 1


def test_ordered_measures_are_ordered() -> None:
    assert read("sav/pyreadstat_ordered_category.sav").table["Col1"].type.ordered
    assert schema(PHONE)["q4"].type is ORDINAL
    assert schema("sav/pallant_survey.sav")["agegp3"].levels == ("18 - 29", "30 - 44", "45+")


def test_multiple_response_sets() -> None:
    small = {one.name: one for one in read("sav/pyreadstat_multiple_response.sav").sets}
    assert small["mymrset"].kind == "dichotomy"
    assert small["mymrset"].columns == ("bool1", "bool2", "bool3")
    assert small["categorical_array"].kind == "category"
    found = schema(BURGER)
    assert len(found.sets) == 18
    assert found.sets[0].label == "Q1. Aided brand awareness"
    assert found.sets[0].counted == "Selected"
    assert found["Q1_2"].multiple_response == "Q1.Aidedbrandawareness"
    assert [one.label for one in schema(MOBILES).sets] == [
        "Race",
        "Satisfaction",
        "Customer effort",
    ]


def test_multi_selects_of_survey_tools_are_sets_too() -> None:
    (films,) = schema(STARWARS).sets
    assert films.label.startswith("Which of the following Star Wars films have you seen?")
    assert len(films.columns) == 6
    assert schema(STARWARS)[films.columns[0]].multiple_response == films.name
    assert [len(one.columns) for one in schema(THANKSGIVING).sets] == [14, 12, 11]


def test_value_labels_and_user_missing_values() -> None:
    assert schema(MOBILES)["Q12_1"].levels == (
        *("Very difficult", "Difficult", "Neither easy nor difficult", "Easy", "Very easy"),
    )
    assert schema(MOBILES)["Q11_1"].label.startswith("Satisfaction with: Network coverage")
    assert schema(PHONE)["q23a"].levels[0] == "Strongly agree"  # in spite of broken codes
    assert schema(BURGER)["C1"].levels[0] == "Single under 40"


def test_codes_for_no_answer_are_no_levels() -> None:
    for column in schema("messy/food_world_cup_macroman.csv").columns:
        assert "N/A" not in column.levels
    ratings = counts("messy/food_world_cup_macroman.csv")["integer"]
    assert ratings == 40
    assert "RespondentID" not in schema("messy/food_world_cup_macroman.csv").names


def test_encodings_are_reported() -> None:
    notes = {
        name: " ".join(action.reason for action in read(name).actions)
        for name in (STARWARS, SALARY_2018, "messy/food_world_cup_macroman.csv")
    }
    assert "Mac Roman" in notes["messy/food_world_cup_macroman.csv"]
    assert "Windows-1252" in notes[SALARY_2018]
    assert "München" in schema(SALARY_2018)["City"].levels


def test_numbers_as_people_type_them() -> None:
    assert schema("survey/marketing_campaign_ifood.csv")["Income"].type is INTEGER
    assert schema("messy/abarik_gss.xlsx")["age"].max == 89  # "89 OR OLDER"
    for end in ("Age", "Total.years.of.experience", "Years.of.experience.in.Germany"):
        assert not ending(SALARY_2020, end).type.is_categorical


def test_dates_as_people_type_them() -> None:
    assert schema("survey/marketing_campaign_ifood.csv")["Dt_Customer"].min == "2012-08-02"
    assert ending(SALARY_2020, "Timestamp").type is DATETIME
    assert schema("messy/masculinity_raw_responses.csv")["StartDate"].type is DATETIME


def test_options_of_multi_selects() -> None:
    seen = ending(STARWARS, "select.all.that.apply.Star.Wars.Episode.I.The.Phantom.Menace")
    assert seen.levels == ("Not selected", "Star Wars: Episode I The Phantom Menace")
    assert ending(STARWARS, "favorite.film.Star.Wars.Episode.IV.A.New.Hope").max == 6
    assert ending(THANKSGIVING, "apply.Apple").levels == ("Not selected", "Apple")
    costs = schema("messy/springer_nature_data_sharing_survey.xlsx")["Costs.of.sharing.data"]
    assert costs.levels == ("Not selected", "Costs of sharing data")


def test_titles_and_merged_headers_of_a_workbook() -> None:
    found = schema("messy/smungs_us-crime-2.xlsx")
    assert "Robbery.Rate.per.100.000" in found.names
    assert read("messy/janitor_dirty_data.xlsx").table.column_names[:2] == [
        *("First Name", "Last Name"),
    ]


def test_a_weight_is_a_number() -> None:
    assert schema("messy/masculinity_raw_responses.csv")["weight"].type is NUMBER


def test_every_missing_column_is_accounted_for() -> None:
    for name in (BURGER, PHONE, THANKSGIVING, SALARY_2020):
        dropped = {one.column for one in schema(name).cleaning if one.action == "dropped"}
        modelled = {column.source_name for column in schema(name).columns}
        split = {one.column for one in schema(name).answer_lists}
        modelled = {column.split(" - ")[0] if column.split(" - ")[0] in split else column
                    for column in modelled}  # fmt: skip
        assert dropped | modelled == set(read(name).table.column_names)
        assert not dropped & modelled


def without_levels(column: Column) -> Column:
    return dataclasses.replace(column, levels=(), shares=())


def shares(column: Column) -> dict[str, float]:
    """The levels and their shares; an "Other" beside another one has its code behind it."""
    return {
        re.sub(r"^Other \(\d+\)$", "Other", level): share
        for level, share in zip(column.levels, column.shares, strict=True)
    }


@pytest.mark.parametrize("name", [MOBILES, PHONE, BURGER])
def test_the_respondents_themselves_come_back_from_a_file_of_spss(
    name: str, tmp_path: Path
) -> None:
    study = clean.clean(read(name), limits.DEFAULT)
    table = pa.table(
        {
            column.name: column.decode(study.values[:, position])
            for position, column in enumerate(study.schema.columns)
        }
    )
    codebook = Codebook.of(study.schema, study.codings, layouts.SCHEMA)
    files.write(table, tmp_path / "rows.zsav", codebook=codebook)
    again = clean.clean(source.read(tmp_path / "rows.zsav", limits.DEFAULT), limits.DEFAULT)
    for before, after in zip(study.schema.columns, again.schema.columns, strict=True):
        assert without_levels(before) == without_levels(after)
        assert shares(before) == shares(after)
    assert {one.columns: one.name for one in study.schema.sets} == {
        one.columns: one.name for one in again.schema.sets
    }
