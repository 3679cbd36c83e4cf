"""A small `simulacra serve`, for tests to start, kill and start again: PostgreSQL and a worker."""

import logging
import sys
from pathlib import Path

from simulacra.service.embedded import child, directory, errors, postgres, supervisor


def serve(data_dir: Path) -> None:
    with directory.held(data_dir):
        cluster = postgres.Cluster(data_dir)
        cluster.initialise()
        cluster.allot_port()
        worker = child.Service(
            name="worker",
            argv=[sys.executable, "-c", "import time; time.sleep(600)", str(data_dir)],
            log=data_dir / "logs" / "worker.log",
        )
        supervisor.Supervisor([cluster.service(), worker]).run()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    try:
        serve(Path(sys.argv[1]))
    except errors.EmbeddedError as error:
        sys.exit(str(error))
