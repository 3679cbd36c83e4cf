import json
import subprocess
import sys

IMPORTED = """
import json, sys
import simulacra.service.worker
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_the_worker_loads_no_web_framework() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(ended.stdout))
    assert "procrastinate" in loaded
    assert not loaded & {"fastapi", "starlette", "uvicorn"}
