"""`simulacra worker`: one worker process."""

import argparse

from simulacra.cli import loading, logs
from simulacra.cli import settings as cli_settings
from simulacra.service.jobs import queues


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser("worker", help="run one worker process (needs DATABASE_URL)")
    parser.add_argument(
        "--queues",
        type=_queues,
        default=queues.ALL,
        metavar="NAME[,NAME]",
        help=f"kinds of jobs to take, of {', '.join(queues.ALL)} (default: all)",
    )
    parser.add_argument(
        "--concurrency", type=int, help="jobs at a time (default: the setting worker_concurrency)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Execute jobs until SIGTERM."""
    loading.load("uvloop", "simulacra.service.worker")
    import uvloop

    from simulacra.service import worker

    settings = cli_settings.load(worker_concurrency=arguments.concurrency)
    logs.configure(settings.log_format)
    uvloop.run(worker.run(settings, arguments.queues))
    return 0


def _queues(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in queues.ALL:
            known = ", ".join(queues.ALL)
            raise argparse.ArgumentTypeError(f"there is no queue {name!r}; there are {known}")
    return names
