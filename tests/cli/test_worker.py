import pytest

from simulacra.cli import main
from simulacra.service.jobs import queues


def test_an_unknown_queue_is_refused_by_the_names_of_those_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(["worker", "--queues", "datasets,generation"])
    assert ended.value.code == 2
    assert (
        "there is no queue 'generation'; there are datasets, generations, interactive"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], (queues.ALL, 5)),
        (["--queues", "generations"], (("generations",), 5)),
        (["--queues", "generations, datasets,generations"], (("generations", "datasets"), 5)),
        (["--concurrency", "3"], (queues.ALL, 3)),
    ],
)
def test_a_worker_takes_what_it_is_told_to(
    monkeypatch: pytest.MonkeyPatch, options: list[str], expected: tuple[tuple[str, ...], int]
) -> None:
    monkeypatch.setenv("SIMULACRA_WORKER_CONCURRENCY", "5")
    calls = []

    async def run(settings: object, names: tuple[str, ...]) -> None:
        calls.append((names, settings.worker_concurrency))  # type: ignore[attr-defined]

    monkeypatch.setattr("simulacra.service.worker.run", run)
    assert main.main(["worker", *options]) == 0
    assert calls == [expected]


def test_a_worker_with_no_jobs_at_a_time_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.main(["worker", "--concurrency", "0"]) == 1
    assert "worker_concurrency" in capsys.readouterr().err
