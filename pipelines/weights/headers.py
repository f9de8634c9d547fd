"""The header of a safetensors file: which tensors lie in it, told without reading any, and whether all of it is there.

Layout: eight bytes with the header's length (little-endian), the header as JSON
(``{name: {"dtype", "shape", "data_offsets": [begin, end]}}``), then the tensors' bytes up to the end of the file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_LENGTH_BYTES: Final = 8
#: What the safetensors library itself allows.
_LONGEST_HEADER: Final = 100_000_000
_POINTER: Final = b"version https://git-lfs"
_FLOATS: Final = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E5M2": 1, "F8_E4M3": 1}
_OTHERS: Final = {"I64": 8, "U64": 8, "I32": 4, "U32": 4, "I16": 2, "U16": 2, "I8": 1, "U8": 1, "BOOL": 1}


class DamagedWeights(Exception):
    """The file is no complete safetensors file. Its text says why, without the file's name."""


@dataclass(frozen=True)
class Tensor:
    """What the header says of one tensor."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def count(self) -> int:
        return math.prod(self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype in _FLOATS

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.count * (_FLOATS.get(self.dtype) or _OTHERS[self.dtype])


def is_pointer(beginning: bytes) -> bool:
    """Whether a file that begins so is what git-lfs leaves in place of a large file."""
    return beginning.startswith(_POINTER)


def read_header(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name.

    Raises:
        DamagedWeights: it is cut off, longer than its tensors, or no safetensors file.
    """
    length = path.stat().st_size
    with path.open("rb") as file:
        beginning = file.read(len(_POINTER))
        if is_pointer(beginning):
            raise DamagedWeights("is a git-lfs pointer, not the weights")
        if length < _LENGTH_BYTES:
            raise DamagedWeights("is cut off before its header")
        header_length = int.from_bytes(beginning[:_LENGTH_BYTES], "little")
        if header_length > _LONGEST_HEADER:
            raise DamagedWeights("is no safetensors file (its header would be too long)")
        data_length = length - _LENGTH_BYTES - header_length
        if data_length < 0:
            raise DamagedWeights("is cut off within its header")
        file.seek(_LENGTH_BYTES)
        header = file.read(header_length)
    return _tensors(header, data_length)


def _tensors(header: bytes, data_length: int) -> dict[str, Tensor]:
    import orjson

    try:
        entries = orjson.loads(header)
    except orjson.JSONDecodeError:
        raise DamagedWeights("is no safetensors file (its header is not JSON)") from None
    if not isinstance(entries, dict):
        raise DamagedWeights("is no safetensors file (its header names no tensors)")
    tensors = {}
    end = 0
    for name, entry in entries.items():
        if name == "__metadata__":
            continue
        tensors[name], last = _tensor(entry)
        end = max(end, last)
    if not tensors:
        raise DamagedWeights("holds no tensors")
    if data_length < end:
        raise DamagedWeights(f"is cut off: {end - data_length} bytes are missing")
    if data_length > end:
        raise DamagedWeights(f"is damaged: {data_length - end} bytes too long")
    return tensors


def _tensor(entry: Any) -> tuple[Tensor, int]:
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [begin, end]} if all(
            type(number) is int and number >= 0 for number in (*shape, begin, end)
        ):
            if dtype not in _FLOATS and dtype not in _OTHERS:
                raise DamagedWeights("holds tensors of a type that is not known here")
            tensor = Tensor(dtype, tuple(shape))
            if end - begin == tensor.size:
                return tensor, end
    raise DamagedWeights("is damaged: its header contradicts itself")
