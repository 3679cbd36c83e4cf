"""An API process whose event loop a signal blocks; started by test_liveness.py.

    python -m tests.service.blockable_api FILE SECONDS

SIGUSR1 blocks the loop in Python code as long as FILE is there. After SECONDS the loop is stuck.
"""

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from simulacra.cli import settings as cli_settings
from simulacra.service import liveness, main


async def serve() -> None:
    file = Path(sys.argv[1])
    liveness.PATIENCE_SECONDS = float(sys.argv[2])

    def block() -> None:
        while file.exists():
            sum(range(10_000))

    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, block)
    await main.serve(cli_settings.load())


if __name__ == "__main__":
    uvloop.run(serve())
