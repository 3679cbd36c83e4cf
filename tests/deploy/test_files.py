"""What is deployed fits the code: checked without an engine or a cluster."""

import asyncio
import datetime as dt
import ipaddress
import itertools
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from simulacra.cli import main
from simulacra.service import liveness, measures
from simulacra.service.jobs import queues
from simulacra.service.monitoring import gauges
from simulacra.service.monitoring.state import Backlog, Disk, State
from simulacra.service.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("[!k]*.yaml"))
PROGRAMS = Path(sys.executable).parent
GIB = 1024**3
RULES = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yml").read_text())
DASHBOARD = json.loads((DEPLOY / "monitoring" / "dashboard.json").read_text())
MEASURE = re.compile(r"simulacra_\w+")


def resources() -> list[dict[str, Any]]:
    return [it for path in MANIFESTS for it in yaml.safe_load_all(path.read_text())]


def named(resource: dict[str, Any]) -> str:
    return f"{resource['kind']}/{resource['metadata']['name']}"


RESOURCES = {named(resource): resource for resource in resources()}
PODS = {
    name: resource["spec"]["template"]["spec"]
    for name, resource in RESOURCES.items()
    if resource["kind"] in ("Deployment", "Job")
}
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text())
CONFIG = dict(it.split("=", 1) for it in KUSTOMIZATION["configMapGenerator"][0]["literals"])
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}


@pytest.mark.parametrize("name", RESOURCES)
def test_a_manifest_is_what_kubernetes_knows(name: str) -> None:
    kubernetes_validate.validate(RESOURCES[name], "1.33", strict=True)


def test_the_kustomization_names_every_manifest() -> None:
    assert sorted(KUSTOMIZATION["resources"]) == [path.name for path in MANIFESTS]


def test_the_compose_file_is_what_its_specification_says() -> None:
    schema = ["--builtin-schema", "vendor.compose-spec"]
    command = [str(PROGRAMS / "check-jsonschema"), *schema, str(DEPLOY / "compose.yaml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_the_dockerfile_has_no_known_fault() -> None:
    command = [PROGRAMS / "hadolint", DEPLOY / "Dockerfile"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def variables() -> Iterator[str]:
    yield from re.findall(r"\b(SIMULACRA_[A-Z_]+)=", DOCKERFILE)
    yield from CONFIG
    for service in OURS.values():
        yield from service["environment"]
        yield from service["secrets"]


def test_every_variable_is_a_setting() -> None:
    settings = {f"SIMULACRA_{name.upper()}" for name in Settings.model_fields}
    known = settings | {"DATABASE_URL", "SIMULACRA_SECRETS_DIR"}
    assert {name for name in variables() if not name.startswith("AWS_")} <= known


def commands() -> list[list[str]]:
    pods = [container["args"] for pod in PODS.values() for container in pod["containers"]]
    return pods + [service["command"] for service in OURS.values()]


def test_every_command_exists_and_every_queue_has_a_worker() -> None:
    assert (
        {command[0] for command in commands()} == {"api", "worker", "migrate"} <= set(main.COMMANDS)
    )
    served = {
        name
        for command in commands()
        for option, value in itertools.pairwise(command)
        if option == "--queues"
        for name in value.split(",")
    }
    assert served == set(queues.ALL)


def test_what_is_built_runs_commands_that_exist() -> None:
    for name in ("deploy/Dockerfile", "Makefile"):
        commands = re.findall(
            r"bin/simulacra (\w+)|BIN\)/simulacra (\w+)", (ROOT / name).read_text()
        )
        assert "compile" in {one or other for one, other in commands} <= set(main.COMMANDS)


def test_a_process_is_given_longer_than_it_drains() -> None:
    drain = int(CONFIG["SIMULACRA_DRAIN_SECONDS"])
    for pod in PODS.values():
        (container,) = pod["containers"]
        hook = container.get("lifecycle", {}).get("preStop", {"exec": {"command": ["sleep", "0"]}})
        leaving = int(hook["exec"]["command"][1])
        assert pod["terminationGracePeriodSeconds"] > drain + leaving + 5
    for service in OURS.values():
        drain = int(service["environment"]["SIMULACRA_DRAIN_SECONDS"])
        assert int(service["stop_grace_period"].removesuffix("s")) > drain + 5


def test_nothing_runs_as_root_or_writes_where_it_should_not() -> None:
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert users == ["10001:10001"]
    for pod in PODS.values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
    for service in OURS.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]


def test_a_worker_has_the_memory_of_its_jobs() -> None:
    job = int(CONFIG["SIMULACRA_JOB_MEMORY_BYTES"])
    for queue in queues.ALL:
        (container,) = PODS[f"Deployment/simulacra-worker-{queue}"]["containers"]
        jobs = int(container["args"][container["args"].index("--concurrency") + 1])
        asked = container["resources"]["requests"]["memory"]
        assert int(asked.removesuffix("Gi")) * GIB >= jobs * job + GIB


def test_probes_tell_alive_from_ready() -> None:
    (container,) = PODS["Deployment/simulacra-api"]["containers"]
    assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


@pytest.mark.parametrize("name", [name for name in PODS if name.startswith("Deployment/")])
def test_what_waits_for_the_requests_of_customers_restarts_no_process(name: str) -> None:
    (container,) = PODS[name]["containers"]
    probe = container["livenessProbe"]["httpGet"]
    assert probe == {"path": liveness.PATH, "port": "liveness"}
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert ports["liveness"] == int(CONFIG["SIMULACRA_LIVENESS_PORT"])
    host = CONFIG["SIMULACRA_LIVENESS_HOST"]
    assert ipaddress.ip_address(host).is_unspecified  # since the kubelet asks the pod's address


def test_an_image_is_asked_where_it_tells_that_it_is_alive() -> None:
    """A container that waits for its database is alive: to start it again helps nobody."""
    (port,) = re.findall(r"SIMULACRA_LIVENESS_PORT=(\d+)", DOCKERFILE)
    (command,) = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    program, option, code = json.loads(command)
    assert (program, option) == ("python", "-c")
    assert f"HTTPConnection('127.0.0.1', {port}, " in code

    async def check() -> int:
        async with liveness.serving(("127.0.0.1", 0)) as free:
            asking = code.replace(f" {port},", f" {free},")
            asker = await asyncio.create_subprocess_exec(sys.executable, "-c", asking)
            return await asker.wait()

    assert asyncio.run(check()) == 0


def test_what_pods_may_reach_is_named() -> None:
    """A rule without a destination allows any."""
    policies = [it for it in resources() if it["kind"] == "NetworkPolicy"]
    rules = [rule for it in policies for rule in it["spec"].get("egress", ())]
    assert len(rules) >= 3
    assert all(rule.get("to") and rule.get("ports") for rule in rules)
    everybody = [it for it in policies if it["spec"]["podSelector"] == {}]
    assert any(set(it["spec"]["policyTypes"]) == {"Ingress", "Egress"} for it in everybody)
    open_to_all = [rule["ports"] for it in everybody for rule in it["spec"].get("egress", ())]
    ports = {port["port"] for group in open_to_all for port in group}
    assert ports == {53, 5432}, "a migration needs its database alone"
    pods = {it["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"]
            for it in resources() if it["kind"] == "Deployment"}  # fmt: skip
    selectors = [it["spec"]["podSelector"].get("matchExpressions", ()) for it in policies]
    assert {pod for chosen in selectors for one in chosen for pod in one["values"]} == pods


def test_the_image_holds_no_more_than_it_copies() -> None:
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    sources = [line[1:] for line in lines if line.startswith("!")]
    copied = " ".join(re.findall(r"^COPY (?!--)(.+)$", DOCKERFILE, re.MULTILINE))
    assert all(source in copied and (ROOT / source).exists() for source in sources)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    taken_along = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(taken_along) <= {*sources, *copied.split()}, "the package is built of them"


def test_no_secret_is_among_the_files() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            assert not re.search(r"://[^:/\s]+:[^@\s.]+@", path.read_text()), path
    assert not any(resource["kind"] == "Secret" for resource in RESOURCES.values())


def measured() -> set[str]:
    """Return the names of all samples that API and worker give out."""
    disk = Disk(1, 2)
    collector = gauges.StateCollector(lambda: (0, 0))
    collector.broken_records = {"audit trail": False}
    collector.state = State(
        backlogs={"createDataset": Backlog()},
        completed=0,
        failed=0,
        datasets=0,
        generations=0,
        stored_bytes=0,
        rows=0,
        waiting_signups=(),
        refusals=0,
        other_tenant=0,
        disks={"data": disk},
        certificate_expires=dt.datetime.now(dt.UTC),
        open_jobs={},
        deliveries=0,
        longest_delivery_wait=0,
    )
    names = {sample.name for family in collector.collect() for sample in family.samples}
    for family in measures.Own().collect():
        if family.type == "histogram":
            names |= {f"{family.name}_{end}" for end in ("bucket", "count", "sum")}
        names.add(f"{family.name}_total" if family.type == "counter" else family.name)
    return names


def test_alert_rules_and_dashboard_name_what_is_measured() -> None:
    rules = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    assert len(rules) > 10
    assert len(panels) > 10
    asked = {name for expression in rules + panels for name in MEASURE.findall(expression)}
    assert asked <= measured()


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is part of Prometheus")
def test_prometheus_takes_the_alert_rules() -> None:
    command = ["promtool", "check", "rules", str(DEPLOY / "monitoring" / "alerts.yml")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
