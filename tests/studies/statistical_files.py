"""Files of Stata, SAS and portable files of SPSS written for tests."""

import base64
import datetime as dt
import zlib
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pyreadstat

CARD = 80

SAS7BDAT = (
    "c-rmS!AlfT90%~<>I$nCtf1gQa|jQ65ZSFkHj;6s-fm5;<6-wAc&LMf5G!a!om!8AC(r#0oq}#r=%GVJ)FC_wfk#iCDo"
    "EYl&U-dH5BI0AcqqT0W%==b^WK{;0}JzDi6R@jEB9XY_kDh|o}%vexwXNObl+8?%aouTvHD}9vRAf>eyJe5idQaFtXAj"
    "*jrD3?ZRgID?_N|5jh)g&9Y*`wcs7^KO=o4bWt}K3R3ASj000000000000000004mVs9S!Bwl1hqrZax^o$e1Bs~+io>"
    "8O!VC9nIFMt{3k)j6a8Lib%`|G5_Zp%(q^p5yxf0002+|2X_z51n@YBz3j5K2OQE*0-Bq86*9QP5Wwj{kAb9CBI4ef}P"
    "Uiu5jEz7me!!#<-c@x}J&Nyh$AmEd3Nl^*CcZ6`}*ZHs91U{}b%pD$q^8GAq1Unx2^v-h+8-p=v#wzrVCByh@?bE6RC4"
    "BntDz{gh7gw1#!P)Z%*bqz%%?x9bM{8sVRmX#QnPxpy~TKdgoa|DA98EWJ0SYSF#1SPidH?dyl5gSM)*>rDsmFTb9L^`"
    ")+I{CB0??rnVAE73h^^<#WnvZH&F`^k-MOAeP-FlotW(o*0uX>Bg8!=)8mTAxcBaA|EWt;3}iTw0$?8*piDF0I3*6<k`"
    "MOB--$Z7!|Dr4?LSpGzBXX#oHL0002a!XG+QB_9"
)
"""The columns of `table` with MOOD in the format MOODF, whose special missing values are .R.

It was written by `write_sas` of haven in R, for nothing in Python writes such files."""

DAYS = [dt.date(2024, 2, 29), dt.date(1999, 1, 1), None, dt.date(1959, 12, 31),
        dt.date(2000, 1, 1), dt.date(2001, 1, 1)]  # fmt: skip
TIMES = 5


def table() -> pd.DataFrame:
    """Thirty respondents."""
    return pd.DataFrame(
        {
            "AGE": [31, 44, 27.5, None, 18, *[20.0, 30, 40, 50, 60] * TIMES],
            "CITY": ["Köln", "Bonn", "", "Bonn", "Köln", "Bonn"] * TIMES,
            "DAY": DAYS * TIMES,
            "MOOD": pd.Series([1, 2, "r"] * 2 * TIMES, dtype=object),
        }
    )


def sas7bdat() -> bytes:
    """Return `table` as SAS stores it."""
    return zlib.decompress(base64.b85decode(SAS7BDAT))


def dta(path: Path, version: int = 15) -> bytes:
    """Write `table` as Stata stores it."""
    moods: dict[Any, str] = {1: "good", 2: "bad", "r": "refused"}
    pyreadstat.write_dta(
        table(),
        path,
        version=version,
        column_labels={"AGE": "Age in years"},
        variable_value_labels={"MOOD": moods},
        missing_user_values={"MOOD": ["r"]},
    )
    return path.read_bytes()


def xpt(path: Path, version: Literal[5, 8] = 5) -> bytes:
    """Write `table` as a SAS transport file."""
    frame = table().assign(MOOD=[1.0, 2.0, None] * 2 * TIMES)
    pyreadstat.write_xport(frame, path, file_format_version=version, table_name="FIRST")
    return path.read_bytes()


def por(path: Path) -> bytes:
    """Write `table` as a portable file of SPSS, with value labels and a user-missing value.

    The records for both are put in by hand, for the library writes none.
    """
    frame = table().assign(MOOD=[1.0, 2.0, 9.0] * 2 * TIMES).replace({"CITY": {"Köln": "Koeln"}})
    formats = {"MOOD": "F1.0"}
    pyreadstat.write_por(frame, path, column_labels={"MOOD": "Mood"}, variable_format=formats)
    text = path.read_bytes().replace(b"\r\n", b"").rstrip(b"Z")
    head, label, rest = text.partition(b"C4/Mood")
    labels = b"D1/4/MOOD3/1/4/good2/3/bad9/7/refused"
    text = head + b"89/" + label + labels + rest
    text += b"Z" * (CARD - len(text) % CARD)
    lines = [text[at : at + CARD] for at in range(0, len(text), CARD)]
    path.write_bytes(b"\r\n".join([*lines, b""]))
    return path.read_bytes()
