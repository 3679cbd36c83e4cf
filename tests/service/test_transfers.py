import pytest

from simulacra.service import errors
from simulacra.service.transfers import Direction, Transfers


def test_a_tenant_has_so_many_of_each_kind_at_a_time() -> None:
    transfers = Transfers()
    with transfers.one(Direction.UPLOADS, "ten_1", 2), transfers.one(Direction.UPLOADS, "ten_1", 2):
        with (
            pytest.raises(errors.TooManyAtOnceError, match="2 uploads") as refused,
            transfers.one(Direction.UPLOADS, "ten_1", 2),
        ):
            pass
        assert (refused.value.code, refused.value.retry_after) == ("simio_rate_limited", 5)
        with transfers.one(Direction.DOWNLOADS, "ten_1", 1):
            pass
        with transfers.one(Direction.UPLOADS, "ten_2", 1):
            pass
    with transfers.one(Direction.UPLOADS, "ten_1", 1):
        pass


def test_a_transfer_that_fails_makes_room() -> None:
    transfers = Transfers()
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), transfers.one(Direction.UPLOADS, "ten_1", 1):
            raise ZeroDivisionError
