"""The master key is replaced under a server that runs."""

import contextlib
from pathlib import Path

from tests.acceptance.harness import running_server


def test_a_server_goes_on_while_its_master_key_is_replaced_and_starts_with_the_new_one(
    tmp_path: Path, study_csv: bytes
) -> None:
    with running_server(tmp_path) as server:
        credential = server.create_tenant()
        master_key = server.data_dir / "keys" / "master.key"
        before = master_key.read_bytes()
        with contextlib.closing(server.client(credential)) as api:
            server.operate("rotate-master-key")
            assert master_key.read_bytes() != before
            dataset_id = api.train(study_csv)
        server.stop()
        (master_key.parent / "master.key.old").unlink()
        server.start()
        with contextlib.closing(server.client(credential)) as api:
            begun = api.generate(dataset_id, row_count=100, output_format="csv").json()
            assert api.wait(begun["job_id"])["status"] == "completed"
        assert "Unbroken" in server.operate("audit", "verify")
