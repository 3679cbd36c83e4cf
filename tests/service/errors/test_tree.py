import inspect
import re
from collections.abc import Iterator

import pytest

from simulacra.service import errors
from simulacra.service.errors import catalog


def descendants(kind: type[Exception]) -> Iterator[type[Exception]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def public(root: type[Exception]) -> set[type[Exception]]:
    return {it for it in descendants(root) if it.__module__.startswith(errors.__name__)}


def test_every_error_has_a_code_that_the_catalog_explains() -> None:
    for kind in public(errors.ServiceError):
        assert issubclass(kind, errors.ServiceError)
        assert kind.code in catalog.CATALOG, kind


def test_an_error_whose_code_nobody_explained_cannot_be_raised() -> None:
    class NewError(errors.ServiceError):
        code = "simio_new"

    with pytest.raises(KeyError, match="simio_new"):
        raise NewError("something that the catalog does not know")
    with pytest.raises(KeyError, match="simio_other"):
        raise errors.JobFailedError("simio_other", "as above")


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = set(re.findall(r"\w+Error\b", inspect.getdoc(errors) or ""))
    there = {it.__name__ for it in public(errors.ServiceError) | public(errors.OperatorError)}
    is_base = {"ServiceError", "OperatorError"}
    assert drawn - is_base == there - {"QuotaError"}
