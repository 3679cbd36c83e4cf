"""A backup of a server that runs, restored somewhere else."""

import contextlib
import json
import shutil
from pathlib import Path

from tests.acceptance.harness import ServerProcess, running_server


def test_a_restored_server_goes_on_where_the_backup_was_made(
    tmp_path: Path, study_csv: bytes
) -> None:
    file = tmp_path / "simulacra.backup"
    with running_server(tmp_path / "old") as old:
        credential = old.create_tenant()
        with contextlib.closing(old.client(credential)) as api:
            dataset_id = api.train(study_csv)
            wanted = {"row_count": 500, "seed": 7, "output_format": "csv"}
            begun = api.generate(dataset_id, **wanted).json()
            assert api.wait(begun["job_id"])["status"] == "completed"
            generation = api.get(f"/v1/generations/{begun['generation_id']}").json()
            rows = api.get(generation["artifact_url"]).content
            open_job = api.upload(study_csv).json()  # the backup may meet it under way
            made = json.loads(old.operate("backup", "create", str(file), "--json"))
            token, authority = api.headers["Authorization"], (old.data_dir / "ca.pem").read_bytes()
        port = old.port
    assert made["objects"] >= 3
    for secret in (b"Acme", credential["client_secret"].encode()):
        assert secret not in file.read_bytes()

    new = ServerProcess(tmp_path / "new" / "data", port, {})
    (new.data_dir / "keys").mkdir(parents=True)
    shutil.copy(old.data_dir / "keys" / "master.key", new.data_dir / "keys")
    restored = json.loads(new.operate("backup", "restore", str(file), "--json"))
    assert restored["faults"] == []
    new.start()
    try:
        assert (new.data_dir / "ca.pem").read_bytes() == authority
        with contextlib.closing(new.client(credential)) as api:
            generation = api.get(f"/v1/generations/{begun['generation_id']}").json()
            assert api.get(generation["artifact_url"]).content == rows
            old_token = {"Authorization": token}
            assert api.get(f"/v1/datasets/{dataset_id}/schema", headers=old_token).is_success
            again = api.generate(dataset_id, **wanted).json()
            assert api.wait(again["job_id"])["status"] == "completed"
            assert api.wait(open_job["job_id"])["status"] == "completed"
        assert "Right" in new.operate("usage", "verify")
    finally:
        new.stop()
