"""The customer's own quickstart script, unchanged, against a real server."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from tests.acceptance.harness import ServerProcess, clean_environment

SCRIPT = Path(__file__).parents[3] / "shared" / "seed" / "quickstart" / "quickstart.py"
SHARES = {
    "segment": {"Premium": 0.55, "Mainstream": 0.35, "Value": 0.10},
    "channel": {"Online": 0.70, "Retail": 0.20, "Club": 0.10},
}
RANGES = {"age": (25, 44), "purchase_intent": (70, 100)}


@pytest.mark.skipif(not SCRIPT.exists(), reason="the customer's script is not on this machine")
@pytest.mark.parametrize("audience", ["of the installation", "https://api.simulacra-data.com"])
def test_the_customers_quickstart_gets_its_rows(
    server: ServerProcess, tmp_path: Path, audience: str
) -> None:
    """With the audience that the guide prints, too: nothing but the hosts is changed."""
    credential = server.create_tenant()
    if not audience.startswith("https"):
        audience = credential["audience"]
    environment = clean_environment() | {
        "SIMIO_API_BASE": server.url,
        "SIMIO_AUTH0_DOMAIN": server.url.removeprefix("https://"),
        "SIMIO_AUTH0_AUDIENCE": audience,
        "SIMIO_CLIENT_ID": credential["client_id"],
        "SIMIO_CLIENT_SECRET": credential["client_secret"],
        "REQUESTS_CA_BUNDLE": str(server.data_dir / "ca.pem"),
    }
    ended = subprocess.run(
        [sys.executable, os.fspath(SCRIPT)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("5000 rows")

    rows = pq.read_table(tmp_path / "synthetic.parquet")
    assert rows.num_rows == 5000
    for column, (low, high) in RANGES.items():
        assert low <= pc.min(rows[column]).as_py() <= pc.max(rows[column]).as_py() <= high
    for column, shares in SHARES.items():
        for level, share in shares.items():
            achieved = pc.mean(pc.cast(pc.equal(rows[column], level), "float64")).as_py()
            assert achieved == pytest.approx(share, abs=0.002), (column, level)
