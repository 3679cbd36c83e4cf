"""What is written by `make client` is up to date, and as promised."""

import inspect
import pickle

import httpx

from simulacra import client
from simulacra.client import asynchronous, problems
from simulacra.service.errors import catalog
from tools import client as tool


def test_every_file_is_as_the_tool_writes_it() -> None:
    files = tool.files()
    assert len(files) == 8
    for path, text in files.items():
        assert path.read_text() == text, f"{path.name} is out of date: make client"


def test_every_code_has_a_class_of_its_own() -> None:
    assert set(problems.BY_CODE) == set(catalog.CATALOG)
    assert len(set(problems.BY_CODE.values())) == len(catalog.CATALOG)
    assert problems.BY_CODE["simio_dataset_not_found"] is problems.DatasetNotFoundError


def test_both_clients_have_the_same_words() -> None:
    for kind in (client.Simulacra, client.Dataset, client.Generation, client.Job):
        other = getattr(client, f"Async{kind.__name__}")
        names = {name for name in vars(kind) if not name.startswith("__")} - {"close"}
        assert names == {name for name in vars(other) if not name.startswith("__")} - {"aclose"}
        for name in names:
            if inspect.isfunction(vars(kind)[name]):
                mine, theirs = (inspect.signature(vars(it)[name]) for it in (kind, other))
                assert list(mine.parameters) == list(theirs.parameters), name
    assert asynchronous.__doc__


def test_a_problem_can_be_pickled() -> None:
    answer = httpx.Response(404, json={})
    problem = problems.DatasetNotFoundError({"code": "simio_dataset_not_found"}, answer, "key")
    again = pickle.loads(pickle.dumps(problem))  # noqa: S301 - our own bytes
    assert type(again) is problems.DatasetNotFoundError
    assert (again.code, again.idempotency_key) == (problem.code, "key")
