"""What customers see of their own, and of each other's."""

import hashlib

from hypothesis.stateful import rule

from tests.service.lifecycle import books
from tests.service.lifecycle.story import PICK, WHO, Story, choose, ids, refusal


class Sights(Story):
    """Reads of everything, by everyone."""

    @rule(who=WHO, pick=PICK)
    def look(self, who: int, pick: int) -> None:
        tenant, made = self.books.tenants[who], choose(pick, self.books.made)
        is_mine = made.tenant is tenant
        job = self.run(self.world.ask(tenant, "GET", f"/v1/jobs/{made.job.id}"))
        if is_mine and not made.job.is_removed:
            assert job.json()["status"] == made.job.status
        else:
            assert refusal(job) == "simio_job_not_found"
        if isinstance(made, books.Dataset):
            self.look_at_dataset(tenant, made)
        else:
            self.look_at_generation(tenant, made)

    def look_at_dataset(self, tenant: books.Tenant, dataset: books.Dataset) -> None:
        path = f"/v1/datasets/{dataset.id}"
        read = self.run(self.world.ask(tenant, "GET", path))
        schema = self.run(self.world.ask(tenant, "GET", f"{path}/schema"))
        if dataset.tenant is not tenant or not dataset.is_live(self.world.now):
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

    def look_at_generation(self, tenant: books.Tenant, generation: books.Generation) -> None:
        path = f"/v1/generations/{generation.id}"
        read = self.run(self.world.ask(tenant, "GET", path))
        if generation.tenant is not tenant or not generation.is_live(self.world.now):
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
            file = self.run(self.world.ask(tenant, "GET", seen["artifact_url"]))
            assert hashlib.sha256(file.content).hexdigest() == generation.digest == seen["sha256"]

    @rule(who=WHO)
    def list_all(self, who: int) -> None:
        tenant, now = self.books.tenants[who], self.world.now
        for noun, known in (
            ("datasets", self.books.datasets),
            ("generations", self.books.generations),
        ):
            answer = self.run(self.world.ask(tenant, "GET", f"/v1/{noun}", params={"limit": 100}))
            live = {(it.id, it.status) for it in known if it.tenant is tenant and it.is_live(now)}
            shown = answer.json()[noun]
            assert {(ids(it)[0], it["status"]) for it in shown} == live
            assert len(shown) == len(live)

    @rule(pick=PICK)
    def trespass(self, pick: int) -> None:
        """Another customer's id is answered as one that never was."""
        made = choose(pick, self.books.made)
        stranger = next(it for it in self.books.tenants if it is not made.tenant)
        for method, path in ways_to(made):
            asked = self.ask_about(stranger, method, path, made)
            missing = path.replace(made.id, "x" * len(made.id)).replace(made.job.id, "job_x")
            assert asked == self.ask_about(stranger, method, missing, made)

    def ask_about(
        self, tenant: books.Tenant, method: str, path: str, made: books.Made
    ) -> tuple[int, str]:
        given = {"json": {"row_count": 5}} if path.endswith("generations") else {}
        given = {"json": {"retention_hours": 30}} if path.endswith("retention") else given
        answer = self.run(self.world.ask(tenant, method, path, **given))
        text = answer.text.replace(answer.headers["X-Request-Id"], "")
        for name in (made.id, made.job.id, "x" * len(made.id), "job_x"):
            text = text.replace(name, "")
        return answer.status_code, text


def ways_to(made: books.Made) -> list[tuple[str, str]]:
    job = f"/v1/jobs/{made.job.id}"
    ways = [("GET", job), ("POST", f"{job}/cancel")]
    if isinstance(made, books.Generation):
        path = f"/v1/generations/{made.id}"
        return [*ways, ("GET", path), ("GET", f"{path}/artifact?token=x")]
    path = f"/v1/datasets/{made.id}"
    return [
        *ways,
        ("GET", path),
        ("GET", f"{path}/schema"),
        ("POST", f"{path}/generations"),
        ("POST", f"{path}/retention"),
        ("DELETE", path),
    ]
