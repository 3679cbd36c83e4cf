"""The customer's own scripts, unchanged, against a real server."""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pyreadstat
import pytest

from tests.acceptance import harness
from tests.acceptance.harness import ServerProcess, clean_environment
from tests.acceptance.languages import tools

SCRIPTS = Path(__file__).parents[3] / "shared" / "seed" / "quickstart"
HOST_OF_THE_GUIDE = "https://api.simulacra-data.com"
SHARES = {
    "segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10},
    "channel": {"Online": 0.70, "Retail": 0.20, "Club": 0.10},
}
RANGES = {"age": (25, 44), "purchase_intent": (70, 100)}
LABELS = {
    "segment": ["Value", "Mainstream", "Premium"],
    "channel": ["Retail", "Online", "Club"],
    "region": ["Northeast", "South", "Midwest", "West"],
}

pytestmark = pytest.mark.skipif(
    not SCRIPTS.is_dir(), reason="the customer's scripts are not on this machine"
)


def variables(server: ServerProcess, audience: str | None = None) -> dict[str, str]:
    """The variables that the guide has set, for a new client; and the authority to trust."""
    credential = server.create_tenant("Readers of the guide")
    server.secrets.add(credential["client_secret"])
    return (
        clean_environment()
        | {
            "SIMIO_API_BASE": server.url,
            "SIMIO_AUTH0_DOMAIN": server.url.removeprefix("https://"),
            "SIMIO_AUTH0_AUDIENCE": audience or credential["audience"],
            "SIMIO_CLIENT_ID": credential["client_id"],
            "SIMIO_CLIENT_SECRET": credential["client_secret"],
        }
        | tools.trusting(server.data_dir / "ca.pem")
    )


def run(words: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Return what a program prints; it is to succeed."""
    ended = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def check(rows: Any) -> None:  # noqa: ANN401 - Arrow has no stubs
    """All rows are there, with the shares and ranges that the scripts ask for."""
    assert rows.num_rows == 5000
    for column, (low, high) in RANGES.items():
        assert low <= pc.min(rows[column]).as_py() <= pc.max(rows[column]).as_py() <= high
    for column, shares in SHARES.items():
        for level, share in shares.items():
            achieved = pc.mean(pc.cast(pc.equal(rows[column], level), "float64")).as_py()
            assert achieved == pytest.approx(share, abs=0.002), (column, level)


@pytest.mark.parametrize("audience", [None, HOST_OF_THE_GUIDE])
def test_python(server: ServerProcess, tmp_path: Path, audience: str | None) -> None:
    """With the audience that the guide prints, too: nothing but the hosts is changed."""
    told = run(
        [sys.executable, os.fspath(SCRIPTS / "quickstart.py")],
        tmp_path,
        variables(server, audience),
    )
    assert told.startswith("5000 rows")
    check(pq.read_table(tmp_path / "synthetic.parquet"))


def test_r(server: ServerProcess, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    tools.need("Rscript")
    environment = variables(server) | tools.r_with_arrow(tmp_path_factory.mktemp("library"))
    told = run(["Rscript", os.fspath(SCRIPTS / "quickstart.R")], tmp_path, environment)
    assert told.startswith("5000 rows")
    check(pq.read_table(tmp_path / "synthetic.parquet"))


def test_julia(
    server: ServerProcess, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    command, environment = tools.julia(tmp_path_factory.mktemp("packages"))
    script = os.fspath(SCRIPTS / "quickstart.jl")
    told = run([*command, script], tmp_path, variables(server) | environment)
    assert told.startswith("5000 rows")
    check(pq.read_table(tmp_path / "synthetic.parquet"))


def write_sav(path: Path, size: int = 400) -> None:
    """A study as SPSS users have one: codes with labels, a user-missing code, a label each."""
    draw = np.random.default_rng(7)
    table = pd.DataFrame(
        {
            "age": draw.integers(18, 66, size),
            "segment": draw.choice([1, 2, 3], size, p=[0.35, 0.45, 0.20]),
            "channel": draw.choice([1, 2, 3], size, p=[0.50, 0.35, 0.15]),
            "region": draw.choice([1, 2, 3, 4, 9], size, p=[0.24, 0.24, 0.24, 0.24, 0.04]),
        }
    )
    intent = 42 + 18 * (table["segment"] == 3) + 8 * (table["channel"] == 2)
    table["purchase_intent"] = (intent + draw.normal(0, 12, size)).round().clip(0, 100)
    labels: dict[str, dict[int | float, str]] = {
        name: dict(enumerate(levels, 1)) for name, levels in LABELS.items()
    }
    labels["region"][9] = "No answer"
    pyreadstat.write_sav(
        table,
        os.fspath(path),
        column_labels={"purchase_intent": "How likely are you to buy?"},
        variable_value_labels=labels,
        missing_ranges={"region": [9]},
        variable_measure={"age": "scale", "purchase_intent": "scale"},
    )


def test_shell_and_spss(server: ServerProcess, tmp_path: Path) -> None:
    """The shell script fetches what is made of a labelled file, and PSPP reads it for SPSS.

    The script takes any id for that of a trained dataset, and reads the schema next, which is held
    until the training ends.
    """
    tools.need("bash", "curl", "jq")
    write_sav(tmp_path / "survey.sav")
    run(["bash", os.fspath(SCRIPTS / "quickstart-spss.sh")], tmp_path, variables(server))
    rows = pa.csv.read_csv(tmp_path / "synthetic.csv")
    check(rows)
    assert set(rows["region"].to_pylist()) <= {*LABELS["region"], ""}

    tools.need("pspp")
    syntax = (SCRIPTS / "read-result.sps").read_text()
    (tmp_path / "read.sps").write_text(syntax + "SAVE OUTFILE='read.sav'.\n")
    told = run(["pspp", "read.sps"], tmp_path, clean_environment() | tools.ENGLISH)
    complaints = [line for line in told.splitlines() if re.search("error|warning", line)]
    assert all("IMPORTCASE" in line for line in complaints), told  # which SPSS knows, and PSPP not
    read, _ = pyreadstat.read_sav(os.fspath(tmp_path / "read.sav"))
    expected = rows.to_pandas().fillna("")
    assert list(read.columns) == list(expected.columns)
    for column in expected:
        assert read[column].tolist() == expected[column].tolist(), column


def test_access_is_requested_as_the_guide_says(tmp_path: Path) -> None:
    """An installation under the guide's host; the script runs before and after the approval."""
    tools.need("bash", "curl", "jq")
    script = ["bash", os.fspath(SCRIPTS / "request-access.sh")]
    settings = {"SIMULACRA_BASE_URL": HOST_OF_THE_GUIDE}
    with harness.running_server(tmp_path / "server", **settings) as server:
        port = server.url.rpartition(":")[2]
        host = HOST_OF_THE_GUIDE.removeprefix("https://")
        (tmp_path / ".curlrc").write_text(f'connect-to = "{host}:443:localhost:{port}"\n')
        environment = (
            clean_environment()
            | {"CURL_HOME": os.fspath(tmp_path)}
            | tools.trusting(server.data_dir / "ca.pem")
        )
        status, claim = tools.documents(run(script, tmp_path, environment))
        assert status["status"] == "pending"
        assert claim["code"] == "simio_credential_claim_not_found"

        server.operate("approve", status["request_id"])
        status, claim = tools.documents(run(script, tmp_path, environment))
        assert status["status"] == "approved"
        assert claim["client_id"] == status["client_id"]
        assert claim["token_url"] == f"{HOST_OF_THE_GUIDE}/oauth/token"
        assert claim["grant_type"] == "client_credentials"
        credential = {key: claim[key] for key in ("client_id", "client_secret", "audience")}
        with contextlib.closing(server.client(credential)) as api:
            assert api.get("/v1/usage").status_code == 200
