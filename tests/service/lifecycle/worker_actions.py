"""Actions of workers: they run jobs, are slow, are stopped, meet outages and crash."""

import asyncio

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from simulacra.service import errors
from simulacra.service.jobs import child
from tests.service.lifecycle import driver, expected_state
from tests.service.lifecycle.machine import CHOICES, LifecycleMachine, choose

INTERRUPTIONS = st.sampled_from(["crash", "crash", "stop", "outage", "kill"])


class WorkerActions(LifecycleMachine):
    """What workers do with the jobs in the queue."""

    def queued_job(self, choice: int) -> expected_state.ExpectedJob | None:
        entries = self.run(self.driver.queued_job_ids())
        return self.expected.resource_of_job(choose(choice, entries)).job if entries else None

    def paused(self) -> list[driver.AttemptDriver]:
        return [attempt for attempt in self.driver.attempts if not attempt.is_done]

    @rule(choice=CHOICES)
    def begin(self, choice: int) -> None:
        if (job := self.queued_job(choice)) is not None:
            self.begin_attempt(job)

    @rule(choice=CHOICES)
    def run_job(self, choice: int) -> None:
        if (job := self.queued_job(choice)) is not None:
            self.run_to_end(job)

    @rule()
    def run_all_jobs(self) -> None:
        while (job := self.queued_job(0)) is not None:
            self.run_to_end(job)

    def run_to_end(self, job: expected_state.ExpectedJob) -> None:
        attempt = self.begin_attempt(job)
        while not attempt.is_done:
            self.proceed_with(attempt)

    def begin_attempt(self, job: expected_state.ExpectedJob) -> driver.AttemptDriver:
        attempt = self.run(self.driver.begin_attempt(job.tenant.id, job.id))
        if not job.is_open:
            assert attempt.is_done
            return attempt
        job.tries += 1
        job.status, job.holder = "processing", attempt
        is_given_up = job.tries - job.excused > driver.ATTEMPTS
        assert attempt.is_done == is_given_up
        if is_given_up:
            self.expected.end_job(self.expected.resource_of_job(job.id), "failed")
        return attempt

    @rule(choice=CHOICES)
    def proceed(self, choice: int) -> None:
        if paused := self.paused():
            self.proceed_with(choose(choice, paused))

    def proceed_with(self, attempt: driver.AttemptDriver) -> None:
        resource, is_last = self.expected.resource_of_job(attempt.job_id), attempt.has_result
        is_held = resource.job.holder is attempt
        self.run(attempt.proceed())
        if not is_held or not attempt.is_done:
            assert not is_last or attempt.is_done
        elif not is_last:
            assert self.is_bound_to_fail(resource), attempt.failure
            self.expected.end_job(resource, "failed")
        elif attempt.failure is not None:  # housekeeping has removed its object as abandoned
            assert type(attempt.failure).__name__ == "UnannouncedError"
            self.return_to_queue(resource.job, is_counted=False)
        elif isinstance(resource, expected_state.ExpectedDataset) or resource.is_live(
            self.driver.now
        ):
            self.complete(resource)  # otherwise it has expired, and housekeeping ends it

    def is_bound_to_fail(self, resource: expected_state.ExpectedResource) -> bool:
        if isinstance(resource, expected_state.ExpectedDataset):
            return resource.seed == "too short"
        is_deleted = resource.dataset.status in ("deleted", "expired")
        return is_deleted or (resource.scenario == "split" and resource.rows == 1)

    def return_to_queue(self, job: expected_state.ExpectedJob, *, is_counted: bool) -> None:
        job.status, job.holder = "queued", None
        job.excused += not is_counted

    @rule(choice=CHOICES, end=INTERRUPTIONS)
    def interrupt(self, choice: int, end: str) -> None:
        if not (paused := self.paused()):
            return
        attempt = choose(choice, paused)
        job = self.expected.resource_of_job(attempt.job_id).job
        match end:
            case "crash":
                self.run(attempt.crash())
            case "stop":
                self.run(attempt.stop())
            case "outage":
                self.run(
                    attempt.proceed(errors.StorageUnavailableError("the store does not answer"))
                )
            case "kill":
                self.run(attempt.proceed(child.KilledError()))
        assert attempt.is_done
        if job.holder is attempt and end != "crash":
            self.return_to_queue(job, is_counted=end == "kill")

    @rule(choice=CHOICES, is_deletion=st.booleans())
    def end_job_while_finishing(self, choice: int, is_deletion: bool) -> None:  # noqa: FBT001 - drawn
        """A cancellation or deletion races with an attempt; the job has one end."""
        if not (attempts_with_result := self.attempts_with_result(choice)):
            return
        attempt = choose(choice, attempts_with_result)
        resource = self.expected.resource_of_job(attempt.job_id)
        dataset = (
            resource if isinstance(resource, expected_state.ExpectedDataset) else resource.dataset
        )
        is_deletion = is_deletion and dataset.is_live(self.driver.now)

        async def race() -> httpx.Response:
            ending = (
                self.driver.delete(dataset) if is_deletion else self.driver.cancel(resource.job)
            )
            _, answer = await asyncio.gather(attempt.proceed(), ending)
            return answer

        answer = self.run(race())
        assert answer.status_code == 200, answer.text
        status = self.row_of(resource.job).status
        assert is_deletion or answer.json()["status"] == status
        if status == "completed":
            self.complete(resource)
        elif status == "queued":
            assert isinstance(attempt.failure, Exception)
            self.return_to_queue(resource.job, is_counted=False)
        else:
            assert status == "cancelled"
            self.expected.end_job(resource, "cancelled")
        if is_deletion:
            self.expected.delete(dataset)

    def attempts_with_result(self, choice: int) -> list[driver.AttemptDriver]:
        """Begin an attempt if possible; return those that have a result and may deliver it."""
        if (job := self.queued_job(choice)) is not None and not job.holder:
            attempt = self.begin_attempt(job)
            if not attempt.is_done:
                self.proceed_with(attempt)
        paused = [attempt for attempt in self.paused() if attempt.has_result]
        return [it for it in paused if self.expected.resource_of_job(it.job_id).job.holder is it]

    @rule(choice=CHOICES)
    def lose_queue_entry(self, choice: int) -> None:
        if (job := self.queued_job(choice)) is not None:
            self.run(self.driver.lose_queue_entry(job.id))
