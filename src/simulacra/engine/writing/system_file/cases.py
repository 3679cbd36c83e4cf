"""The cases of a system file: bytecode that is short for whole numbers and blanks [PSPP].

Eight commands of a byte stand before what they do not say themselves. In a .zsav file the bytecode
is cut into blocks, each packed by zlib.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from simulacra.engine.writing.system_file.dictionary import BIAS
from simulacra.engine.writing.system_file.variables import SYSTEM_MISSING

Elements = npt.NDArray[np.uint64]

LITERAL, BLANK, MISSING = 253, 254, 255
FIRST, LAST = 1 - BIAS, 251 - BIAS
"""The whole numbers that are a command themselves."""
COMMANDS = 8
BLANKS = np.frombuffer(b" " * 8, dtype=np.uint64)[0]
BLOCK = 0x3FF000
"""Bytes of a block before it is packed, as SPSS cuts them."""
LEVEL = 6


def write(file: BinaryIO, parts: Iterable[Elements], *, is_zlib: bool) -> None:
    """Write cases behind the dictionary of a file.

    Args:
        file: at the end of its dictionary.
        parts: uint64, shape (rows, elements); the rows of all but the last are a multiple of eight.
        is_zlib: whether they are packed by zlib.
    """
    code = (_bytecode(part.ravel()) for part in parts)
    if not is_zlib:
        file.writelines(code)
        return
    begin = file.tell()
    file.write(bytes(24))  # stated when the length of the blocks is known
    blocks = [_pack(file, block) for block in _blocks(code)]
    trailer = file.tell()
    file.write(struct.pack("<2q2i", -int(BIAS), 0, BLOCK, len(blocks)))
    unpacked_at, packed_at = begin, begin + 24
    for unpacked, packed in blocks:
        file.write(struct.pack("<2q2i", unpacked_at, packed_at, unpacked, packed))
        unpacked_at, packed_at = unpacked_at + unpacked, packed_at + packed
    end = file.tell()
    file.seek(begin)
    file.write(struct.pack("<3q", begin, trailer, end - trailer))
    file.seek(end)


def _bytecode(elements: Elements) -> bytes:
    """Return the bytecode of elements, uint64, shape (elements,)."""
    numbers = elements.view(np.float64)
    is_blank = elements == BLANKS
    with np.errstate(invalid="ignore"):  # of texts, which are no numbers
        is_small = (numbers >= FIRST) & (numbers <= LAST) & (numbers == np.floor(numbers))
        is_small &= ~((numbers == 0) & np.signbit(numbers))
        small = np.where(is_small, numbers + BIAS, LITERAL).astype(np.uint8)
    commands = np.where(is_blank, BLANK, np.where(numbers == SYSTEM_MISSING, MISSING, small))
    groups = -(-len(commands) // COMMANDS)
    padded = np.zeros(groups * COMMANDS, dtype=np.uint8)  # the command 0 says nothing
    padded[: len(commands)] = commands
    literals = np.flatnonzero(padded == LITERAL)
    of_group = np.bincount(literals // COMMANDS, minlength=groups)
    code = np.empty(groups + len(literals), dtype=np.uint64)
    code[np.arange(groups) + np.cumsum(of_group) - of_group] = padded.view(np.uint64)
    code[literals // COMMANDS + 1 + np.arange(len(literals))] = elements[literals]
    return code.tobytes()


def _blocks(code: Iterable[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for part in code:
        held += part
        while len(held) >= BLOCK:
            yield bytes(held[:BLOCK])
            del held[:BLOCK]
    if held:
        yield bytes(held)


def _pack(file: BinaryIO, block: bytes) -> tuple[int, int]:
    packed = zlib.compress(block, LEVEL)
    file.write(packed)
    return len(block), len(packed)
