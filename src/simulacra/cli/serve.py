"""`simulacra serve`: all parts on one machine, as one process tree."""

import argparse
import dataclasses
import math
import os
import shlex
import signal
import socket
import sys
import textwrap
from pathlib import Path
from ssl import create_default_context
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from simulacra.cli import loading, logs, shell
from simulacra.cli import settings as cli_settings

if TYPE_CHECKING:
    from simulacra.service.embedded.certificates import Certificates
    from simulacra.service.embedded.child import Service
    from simulacra.service.settings import Settings

DRAIN_SECONDS = 2
"""How long open requests may take after a stop; no other machine could take over later ones."""

OWNER_URL = "SIMULACRA_MIGRATION_DATABASE_URL"
"""Whose role owns the tables. Only the migration gets it, a process that soon ends."""

REMEMBERED = {f"SIMULACRA_{name}" for name in ("DATA_DIR", "HOST", "PORT", "BASE_URL", "AUDIENCE")}
"""What other commands need not be told: where the server is, which the data directory says."""


def register(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command."""
    parser = commands.add_parser(
        "serve", help="run API, worker, database and object store on this machine"
    )
    cli_settings.add_data_dir(parser)
    parser.add_argument("--host", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default: 8443)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the process tree and wait until it is stopped."""
    loading.load("simulacra.service.settings", "simulacra.service.embedded.supervisor")
    from simulacra.service.embedded import directory, supervisor

    settings = cli_settings.load(
        data_dir=arguments.data_dir, host=arguments.host, port=arguments.port
    )
    logs.configure(settings.log_format)
    if settings.require_confinement:
        from simulacra.service.confinement import layers

        layers.check(layers.available())  # rather than start a worker again and again
    with directory.held(settings.data_dir):
        _check_port(settings)
        cli_settings.remember(settings)
        services = _services(settings)
        supervisor.Supervisor(
            services,
            on_ready=lambda: _announce(settings),
            daily=lambda: _certificates(settings),  # renewed while the API runs, which sees it
        ).run()
    return 0


def _check_port(settings: "Settings") -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the API does
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            where = f"{settings.host}:{settings.port}"
            raise SystemExit(
                f"simulacra: cannot listen on {where} ({error.strerror}); choose another --port, "
                "or set SIMULACRA_PORT"
            ) from None


def _services(settings: "Settings") -> "list[Service]":
    from simulacra.service.embedded import postgres

    data_dir = settings.data_dir.absolute()
    certificate = _certificates(settings)
    _ensure_master_key(settings)
    services, secrets = [], dict(os.environ)
    owners = {OWNER_URL: url} if (url := secrets.pop(OWNER_URL, None)) else {}
    if settings.database_url is None:
        cluster = postgres.Cluster(data_dir)
        cluster.initialise()
        cluster.allot_port()
        services.append(cluster.service())
        secrets["DATABASE_URL"] = cluster.url()
        owners[OWNER_URL] = cluster.owner_url()
    tls = ["--certificate", str(certificate.cert), "--key", str(certificate.key)]
    # Not whether it is ready: with a full disk it has to run, so that room can be made.
    alive = f"https://localhost:{settings.port}/healthz"
    migration = _service(settings, "migrate", [], secrets | owners)
    api = _service(settings, "api", tls, secrets)
    worker = _service(settings, "worker", [], secrets | _metrics_of_worker(settings))
    api_port, worker_port = _liveness_ports(settings)
    return [
        *services,
        dataclasses.replace(migration, is_step=True, start_timeout=math.inf),
        dataclasses.replace(_watched(api, settings, api_port), ready=_Probe(alive, certificate.ca)),
        _watched(worker, settings, worker_port),
    ]


def _certificates(settings: "Settings") -> "Certificates":
    from simulacra.service.embedded import certificates

    hostname = urlsplit(settings.base_url).hostname or "localhost"
    names = sorted({*certificates.LOCAL, hostname})
    return certificates.ensure(settings.data_dir.absolute(), names)


def _ensure_master_key(settings: "Settings") -> None:
    """Make the key of an installation that is new; any other must have its own."""
    from simulacra.service import keys, root_key
    from simulacra.service.embedded import postgres

    if settings.master_key is None and not settings.master_key_file.exists():
        is_used = (
            postgres.Cluster(settings.data_dir).folder.exists()
            if settings.database_url is None
            else root_key.is_used(settings.dsn())
        )
        if not is_used:
            keys.make_master_key(settings.master_key_file)
    settings.keyring()


def _service(
    settings: "Settings",
    name: str,
    options: list[str],
    secrets: dict[str, str],
) -> "Service":
    from simulacra.service.embedded import child

    visible = _environment(settings)
    return child.Service(
        name=name,
        argv=[sys.executable, "-m", "simulacra.cli.main", name, *options],
        env=visible,
        confided={name: value for name, value in secrets.items() if name not in visible},
        log=settings.data_dir.absolute() / "logs" / f"{name}.log",
        stop_signal=signal.SIGTERM,
    )


def _environment(settings: "Settings") -> dict[str, str]:
    """Return what everybody may see of the environment of the child processes.

    That is what is harmless of ours, and the settings of this command.
    """
    from simulacra.service.confinement import environment

    return environment.harmless(os.environ) | {
        "SIMULACRA_DATA_DIR": str(settings.data_dir.absolute()),
        "SIMULACRA_HOST": settings.host,
        "SIMULACRA_PORT": str(settings.port),
        "SIMULACRA_BASE_URL": settings.base_url,
        "SIMULACRA_DRAIN_SECONDS": str(min(settings.drain_seconds, DRAIN_SECONDS)),
    }


def _liveness_ports(settings: "Settings") -> tuple[int, int]:
    """Return where API and worker tell whether they are alive: where it is set, or anywhere."""
    if settings.liveness_port is not None:
        return settings.liveness_port, settings.liveness_port + 1
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind((settings.liveness_host, 0))
        return one.getsockname()[1], other.getsockname()[1]


def _watched(service: "Service", settings: "Settings", port: int) -> "Service":
    """Return a service that is started again when it does not say any more that it is alive."""
    from simulacra.service import liveness

    host = settings.liveness_host
    asked = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104 - we compare with it
    return dataclasses.replace(
        service,
        env={**(service.env or {}), "SIMULACRA_LIVENESS_PORT": str(port)},
        alive=lambda: liveness.ask(asked, port),
    )


def _metrics_of_worker(settings: "Settings") -> dict[str, str]:
    """Return the port of the worker's metrics, which is next to the API's."""
    if settings.metrics_port is None:
        return {}
    return {"SIMULACRA_METRICS_PORT": str(settings.metrics_port + 1)}


class _Probe:
    """Asks the API whether it serves, which it does once the database has answered."""

    def __init__(self, url: str, ca: Path) -> None:
        self._url, self._ca = url, ca

    def __call__(self) -> bool:
        from urllib import request

        try:
            context = create_default_context(cafile=str(self._ca))  # it may have been renewed
            from urllib import request

            # No proxy that the environment may name leads to this machine.
            here = request.build_opener(
                request.ProxyHandler({}), request.HTTPSHandler(context=context)
            )
            with here.open(self._url, timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def _announce(settings: "Settings") -> None:
    data_dir = settings.data_dir.absolute()
    is_ready = _Probe(f"https://localhost:{settings.port}/readyz", data_dir / "ca.pem")()
    standing = "is ready" if is_ready else "runs, but is not ready; /readyz says why"
    create = shell.command("operator", "create-tenant", "--company", "Acme Research")
    trusting = "" if shell.own_authority(settings) else " (for the reverse proxy to trust)"
    options = shlex.join(["--email", "data@acme.example", "--data-dir", str(data_dir)])
    print(
        f"Simulacra {standing}.\n\n"
        f"  API      {settings.base_url}\n"
        f"  Pages    {settings.base_url}/__docs__/\n"
        f"  Studies  {settings.base_url}/studio/ (for people whom you invite)\n"
        f"  CA file  {data_dir / 'ca.pem'}{trusting}\n"
        f"  Logs     {data_dir / 'logs'}\n\n"
        f"Next, in another shell: create a tenant, with its credential in a file of yours.\n\n"
        f"  {create} \\\n    {options} \\\n    --env-file ~/simulacra.env\n\n"
        f"{_needed_variables()}"
        f"Stop with Ctrl-C; start again with the same directory to continue where you left off.",
        flush=True,
    )


def _needed_variables() -> str:
    """Return a sentence on the settings that a new shell does not have, if there are any."""
    names = [
        name
        for name in sorted(os.environ)
        if name == "DATABASE_URL" or (name.startswith("SIMULACRA_") and name not in REMEMBERED)
    ]
    if not names:
        return ""
    text = f"The other shell needs the variables of this one: {', '.join(names)}."
    return "\n".join(textwrap.wrap(text, 88, break_on_hyphens=False)) + "\n\n"
