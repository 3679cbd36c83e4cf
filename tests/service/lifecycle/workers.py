"""Workers: they carry jobs out, are slow, stop, meet outages and die."""

import asyncio

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import rule

from simulacra.service import errors
from simulacra.service.jobs import child
from tests.service.lifecycle import books, world
from tests.service.lifecycle.story import PICK, Story, choose

ENDS = st.sampled_from(["crash", "crash", "stop", "outage", "kill"])


class Workers(Story):
    """What becomes of the jobs in the queue."""

    def in_queue(self, pick: int) -> books.Job | None:
        entries = self.run(self.world.entries())
        return self.books.of_job(choose(pick, entries)).job if entries else None

    def halted(self) -> list[world.Attempt]:
        return [attempt for attempt in self.world.attempts if not attempt.is_done]

    @rule(pick=PICK)
    def begin(self, pick: int) -> None:
        if (job := self.in_queue(pick)) is not None:
            self.begin_at(job)

    @rule(pick=PICK)
    def carry_out(self, pick: int) -> None:
        if (job := self.in_queue(pick)) is not None:
            self.carry_out_of(job)

    @rule()
    def work_off(self) -> None:
        while (job := self.in_queue(0)) is not None:
            self.carry_out_of(job)

    def carry_out_of(self, job: books.Job) -> None:
        attempt = self.begin_at(job)
        while not attempt.is_done:
            self.go_on_with(attempt)

    def begin_at(self, job: books.Job) -> world.Attempt:
        attempt = self.run(self.world.begin(job.tenant.id, job.id))
        if not job.is_open:
            assert attempt.is_done
            return attempt
        job.tries += 1
        job.status, job.holder = "processing", attempt
        is_given_up = job.tries - job.excused > world.ATTEMPTS
        assert attempt.is_done == is_given_up
        if is_given_up:
            self.books.end(self.books.of_job(job.id), "failed")
        return attempt

    @rule(pick=PICK)
    def go_on(self, pick: int) -> None:
        if halted := self.halted():
            self.go_on_with(choose(pick, halted))

    def go_on_with(self, attempt: world.Attempt) -> None:
        made, is_last = self.books.of_job(attempt.job_id), attempt.has_result
        is_held = made.job.holder is attempt
        self.run(attempt.go_on())
        if not is_held or not attempt.is_done:
            assert not is_last or attempt.is_done
        elif not is_last:
            assert self.is_doomed(made), attempt.failure
            self.books.end(made, "failed")
        elif attempt.failure is not None:  # what it has written was swept as forgotten
            assert type(attempt.failure).__name__ == "UnannouncedError"
            self.give_back(made.job, is_blamed=False)
        elif isinstance(made, books.Dataset) or made.is_live(self.world.now):
            self.complete(made)  # otherwise it has expired, and is left to the sweep

    def is_doomed(self, made: books.Made) -> bool:
        if isinstance(made, books.Dataset):
            return made.seed == "too short"
        is_deleted = made.dataset.status in ("deleted", "expired")
        return is_deleted or (made.scenario == "split" and made.rows == 1)

    def give_back(self, job: books.Job, *, is_blamed: bool) -> None:
        job.status, job.holder = "queued", None
        job.excused += not is_blamed

    @rule(pick=PICK, end=ENDS)
    def fail(self, pick: int, end: str) -> None:
        if not (halted := self.halted()):
            return
        attempt = choose(pick, halted)
        job = self.books.of_job(attempt.job_id).job
        match end:
            case "crash":
                self.run(attempt.crash())
            case "stop":
                self.run(attempt.stop())
            case "outage":
                self.run(attempt.go_on(errors.StorageUnavailableError("the store does not answer")))
            case "kill":
                self.run(attempt.go_on(child.KilledError()))
        assert attempt.is_done
        if job.holder is attempt and end != "crash":
            self.give_back(job, is_blamed=end == "kill")

    @rule(pick=PICK, is_deletion=st.booleans())
    def end_while_finishing(self, pick: int, is_deletion: bool) -> None:  # noqa: FBT001 - drawn
        """Whichever comes first, the end of an attempt or that of its job: it is one of both."""
        if not (at_their_end := self.at_their_end(pick)):
            return
        attempt = choose(pick, at_their_end)
        made = self.books.of_job(attempt.job_id)
        dataset = made if isinstance(made, books.Dataset) else made.dataset
        is_deletion = is_deletion and dataset.is_live(self.world.now)

        async def race() -> httpx.Response:
            ending = self.world.delete(dataset) if is_deletion else self.world.cancel(made.job)
            _, answer = await asyncio.gather(attempt.go_on(), ending)
            return answer

        answer = self.run(race())
        assert answer.status_code == 200, answer.text
        status = self.row_of(made.job).status
        assert is_deletion or answer.json()["status"] == status
        if status == "completed":
            self.complete(made)
        elif status == "queued":
            assert isinstance(attempt.failure, Exception)
            self.give_back(made.job, is_blamed=False)
        else:
            assert status == "cancelled"
            self.books.end(made, "cancelled")
        if is_deletion:
            self.books.delete(dataset)

    def at_their_end(self, pick: int) -> list[world.Attempt]:
        """Attempts that have a result and still may deliver it; one is begun if there is none."""
        if (job := self.in_queue(pick)) is not None and not job.holder:
            attempt = self.begin_at(job)
            if not attempt.is_done:
                self.go_on_with(attempt)
        halted = [attempt for attempt in self.halted() if attempt.has_result]
        return [it for it in halted if self.books.of_job(it.job_id).job.holder is it]

    @rule(pick=PICK)
    def lose_entry(self, pick: int) -> None:
        if (job := self.in_queue(pick)) is not None:
            self.run(self.world.lose_entry(job.id))
