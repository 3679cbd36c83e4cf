"""What it takes to run programs in other languages against a test server."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "languages.md"
TRUSTED = ("CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Of curl and R, of Python's requests, and of most others; docs/languages.md has the table."""


def need(*programs: str) -> None:
    """Skip the test if one of the programs is not installed."""
    if missing := [it for it in programs if shutil.which(it) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed")


ENGLISH = {"LC_ALL": "C.UTF-8"}
"""For programs whose words are looked at."""


def trusting(authority: Path) -> dict[str, str]:
    """The variables by which programs trust an authority, as the page on languages has them."""
    return dict.fromkeys(TRUSTED, os.fspath(authority))


def documents(text: str) -> list[Any]:
    """The JSON documents that stand one after another in a text."""
    decoder, found = json.JSONDecoder(), []
    while text := text.strip():
        document, end = decoder.raw_decode(text)
        found.append(document)
        text = text[end:]
    return found


def block(language: str, words: str) -> str:
    """The one block of code of the page on languages that has these words in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (found,) = [it for it in blocks if words in it]
    return str(found)


def r(library: Path) -> dict[str, str]:
    """Variables for R: packages of the test, and a profile where R's curl is an old one.

    Before its version 5.2.0 R's curl reads no variable of an authority to trust. The profile that
    the page has for it makes scripts trust the test server without a change of them.
    """
    need("Rscript")
    profile = library / "profile.R"
    profile.write_text(block("r", "assignInNamespace"))
    return {"R_LIBS": os.fspath(library), "R_PROFILE_USER": os.fspath(profile)}


def install_r_package(source: Path, library: Path) -> None:
    """Install an R package from its source, without leaving anything beside it."""
    copied = library.parent / f"{library.name}-{source.name}"
    shutil.copytree(source, copied)
    ended = subprocess.run(
        ["R", "CMD", "INSTALL", f"--library={library}", os.fspath(copied)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def r_with_arrow(library: Path) -> dict[str, str]:
    """Variables for R with something that reads Parquet files: `arrow`, or a stand-in of it."""
    environment = r(library)
    has_it = ["Rscript", "-e", "quit(status = !requireNamespace('arrow', quietly = TRUE))"]
    if subprocess.run(has_it, capture_output=True, check=False).returncode != 0:
        install_r_package(HERE / "arrow", library)
    return environment | {"ARROW_STAND_IN_PYTHON": sys.executable}


def julia(packages: Path) -> tuple[list[str], dict[str, str]]:
    """A Julia and its variables, with our client and stand-ins of the packages that it needs.

    Packages come from a registry that is out of reach here. .ci/julia fetches a Julia. It
    interprets, since compiling takes four fifths of the time of scripts as short as these.
    """
    ours = ROOT / ".tools" / "julia" / "bin" / "julia"
    program = os.fspath(ours) if ours.exists() else shutil.which("julia")
    if program is None:
        pytest.skip("julia is not installed; .ci/julia fetches one")
    for stand_in in (HERE / "julia").glob("*.jl"):
        shutil.copy(stand_in, packages)
    shutil.copytree(ROOT / "clients" / "julia" / "src", packages / "Simulacra" / "src")
    return [program, "--compile=min"], {
        "JULIA_LOAD_PATH": f"{packages}:@stdlib",
        "JULIA_DEPOT_PATH": os.fspath(packages / "depot"),
        "STAND_IN_PYTHON": sys.executable,
        "STAND_IN_HTTP_JL": os.fspath(HERE / "http_jl.py"),
    }
