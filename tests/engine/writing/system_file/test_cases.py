"""Cases of any content, unpacked by a reader of our own that knows nothing of the writer."""

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulacra.engine.writing.system_file import cases
from simulacra.engine.writing.system_file.variables import SYSTEM_MISSING

WORDS = st.sampled_from([0.0, -0.0, 1.0, -99.0, -100.0, 151.0, 152.0, 0.5, SYSTEM_MISSING, 1e300])
ELEMENTS = st.one_of(
    WORDS.map(lambda it: struct.pack("<d", it)),
    st.just(b" " * 8),
    st.binary(min_size=8, max_size=8),
)


def unpacked(code: bytes, count: int) -> list[bytes]:
    """Return the first elements that bytecode stands for."""
    found: list[bytes] = []
    at = 0
    while len(found) < count:
        commands, at = code[at : at + 8], at + 8
        for command in commands:
            if command == 0:
                continue
            if command == 253:
                found.append(code[at : at + 8])
                at += 8
            else:
                plain = {254: b" " * 8, 255: struct.pack("<d", SYSTEM_MISSING)}
                found.append(plain.get(command, struct.pack("<d", command - 100.0)))
    assert at == len(code)
    return found


def array(elements: list[bytes]) -> npt.NDArray[np.uint64]:
    return np.frombuffer(b"".join(elements), dtype=np.uint64)


@given(st.lists(ELEMENTS, min_size=1, max_size=60))
def test_bytecode_stands_for_the_same_elements(elements: list[bytes]) -> None:
    file = io.BytesIO()
    whole = len(elements) // 8 * 8  # parts of other lengths than the last are multiples of eight
    parts = [array(elements[:whole]).reshape(-1, 1), array(elements[whole:]).reshape(-1, 1)]
    cases.write(file, [part for part in parts if len(part)], is_zlib=False)
    assert unpacked(file.getvalue(), len(elements)) == elements


@pytest.mark.parametrize("rows", [0, 8, 1_200_000])
def test_blocks_are_where_the_trailer_says(rows: int) -> None:
    values = np.random.default_rng(1).normal(size=rows)
    file = io.BytesIO()
    file.write(b"dictionary")
    cases.write(file, [values.view(np.uint64).reshape(-1, 1)] if rows else [], is_zlib=True)
    content = file.getvalue()
    begin, trailer, length = struct.unpack_from("<3q", content, 10)
    assert (begin, trailer + length) == (10, len(content))
    bias, zero, size, count = struct.unpack_from("<2q2i", content, trailer)
    assert (bias, zero, size) == (-100, 0, 0x3FF000)
    assert length == 24 + 24 * count
    code, expected = b"", [begin, begin + 24]
    for block in range(count):
        described = struct.unpack_from("<2q2i", content, trailer + 24 + 24 * block)
        assert [*described[:2]] == expected
        expected = [expected[0] + described[2], expected[1] + described[3]]
        code += zlib.decompress(content[described[1] : described[1] + described[3]])
    assert expected[1] == trailer
    assert count == -(-len(code) // size)
    if rows:
        assert unpacked(code[: 9 * 8], 8) == [struct.pack("<d", it) for it in values[:8]]
