"""Observations: what customers read of their own resources and of each other's."""

import hashlib

from hypothesis.stateful import rule

from tests.service.lifecycle import expected_state
from tests.service.lifecycle.machine import (
    CHOICES,
    TENANT_INDEXES,
    LifecycleMachine,
    choose,
    ids,
    refusal,
)


class Observations(LifecycleMachine):
    """Every customer reads every resource."""

    @rule(tenant_index=TENANT_INDEXES, choice=CHOICES)
    def read(self, tenant_index: int, choice: int) -> None:
        tenant, resource = (
            self.expected.tenants[tenant_index],
            choose(choice, self.expected.resources),
        )
        is_mine = resource.tenant is tenant
        job = self.run(self.driver.ask(tenant, "GET", f"/v1/jobs/{resource.job.id}"))
        if is_mine and not resource.job.is_removed:
            assert job.json()["status"] == resource.job.status
        else:
            assert refusal(job) == "simio_job_not_found"
        if isinstance(resource, expected_state.ExpectedDataset):
            self.check_dataset_reads(tenant, resource)
        else:
            self.check_generation_reads(tenant, resource)

    def check_dataset_reads(
        self, tenant: expected_state.ExpectedTenant, dataset: expected_state.ExpectedDataset
    ) -> None:
        path = f"/v1/datasets/{dataset.id}"
        read = self.run(self.driver.ask(tenant, "GET", path))
        schema = self.run(self.driver.ask(tenant, "GET", f"{path}/schema?wait_seconds=0"))
        if dataset.tenant is not tenant or not dataset.is_live(self.driver.now):
            for answer in (read, schema):
                assert refusal(answer) == "simio_dataset_not_found"
            return
        assert (read.json()["status"], *ids(read.json())) == (
            dataset.status,
            dataset.id,
            dataset.job.id,
        )
        if dataset.status == "ready":
            names = [column["name"] for column in schema.json()["schema"]]
            assert names == ["age", "segment", "channel"]
        else:
            assert schema.status_code == 409

    def check_generation_reads(
        self, tenant: expected_state.ExpectedTenant, generation: expected_state.ExpectedGeneration
    ) -> None:
        path = f"/v1/generations/{generation.id}"
        read = self.run(self.driver.ask(tenant, "GET", path))
        if generation.tenant is not tenant or not generation.is_live(self.driver.now):
            assert refusal(read) == "simio_generation_not_found"
            return
        seen = read.json()
        assert (seen["status"], *ids(seen)) == (
            generation.status,
            generation.id,
            generation.job.id,
        )
        assert ("artifact_url" in seen) == (generation.digest is not None)
        if generation.digest is not None:
            file = self.run(self.driver.ask(tenant, "GET", seen["artifact_url"]))
            assert hashlib.sha256(file.content).hexdigest() == generation.digest == seen["sha256"]

    @rule(tenant_index=TENANT_INDEXES)
    def list_resources(self, tenant_index: int) -> None:
        tenant, now = self.expected.tenants[tenant_index], self.driver.now
        for noun, known in (
            ("datasets", self.expected.datasets),
            ("generations", self.expected.generations),
        ):
            answer = self.run(self.driver.ask(tenant, "GET", f"/v1/{noun}", params={"limit": 100}))
            live = {(it.id, it.status) for it in known if it.tenant is tenant and it.is_live(now)}
            shown = answer.json()[noun]
            assert {(ids(it)[0], it["status"]) for it in shown} == live
            assert len(shown) == len(live)

    @rule(choice=CHOICES)
    def read_as_stranger(self, choice: int) -> None:
        """The id of another customer's resource gets the answer of an id that does not exist."""
        resource = choose(choice, self.expected.resources)
        stranger = next(it for it in self.expected.tenants if it is not resource.tenant)
        for method, path in requests_about(resource):
            asked = self.send_about(stranger, method, path, resource)
            missing = path.replace(resource.id, "x" * len(resource.id)).replace(
                resource.job.id, "job_x"
            )
            assert asked == self.send_about(stranger, method, missing, resource)

    def send_about(
        self,
        tenant: expected_state.ExpectedTenant,
        method: str,
        path: str,
        resource: expected_state.ExpectedResource,
    ) -> tuple[int, str]:
        given = {"json": {"row_count": 5}} if path.endswith("generations") else {}
        given = {"json": {"retention_hours": 30}} if path.endswith("retention") else given
        answer = self.run(self.driver.ask(tenant, method, path, **given))
        text = answer.text.replace(answer.headers["X-Request-Id"], "")
        for name in (resource.id, resource.job.id, "x" * len(resource.id), "job_x"):
            text = text.replace(name, "")
        return answer.status_code, text


def requests_about(resource: expected_state.ExpectedResource) -> list[tuple[str, str]]:
    job = f"/v1/jobs/{resource.job.id}"
    requests = [("GET", job), ("POST", f"{job}/cancel")]
    if isinstance(resource, expected_state.ExpectedGeneration):
        path = f"/v1/generations/{resource.id}"
        return [*requests, ("GET", path), ("GET", f"{path}/artifact?token=x")]
    path = f"/v1/datasets/{resource.id}"
    return [
        *requests,
        ("GET", path),
        ("GET", f"{path}/schema"),
        ("POST", f"{path}/generations"),
        ("POST", f"{path}/retention"),
        ("DELETE", path),
    ]
