"""The header of a GGUF file: what it says of itself and which tensors lie in it, told without reading any, and whether
all of it is there.

Layout, little-endian: ``GGUF``, version, number of tensors, number of entries; the entries (key, type, value); the
tensors (name, shape, type, where they begin); then, from the next multiple of the alignment on, their bytes. Strings
are their length in eight bytes and UTF-8.
"""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from pipelines.weights.headers import DamagedWeights, is_pointer

_MAGIC: Final = b"GGUF"
_VERSIONS: Final = (2, 3)
_ALIGNMENT: Final = 32
_STRING: Final = 8
_ARRAY: Final = 9
#: By the number of a type of value: how it is packed.
_VALUES: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
#: By the number of a type of tensor: how many numbers make a block, and the block's bytes.
_BLOCKS: Final = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292), 16: (256, 66),
    17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2), 34: (256, 54),
    35: (256, 66), 39: (32, 17), 40: (64, 36),
}  # fmt: skip
#: What ``general.file_type`` means, as files are named after it.
_FILE_TYPES: Final = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 32: "BF16",
}  # fmt: skip
_MOST_DIMENSIONS: Final = 4


@dataclass(frozen=True)
class GgufHeader:
    """What a GGUF file says of itself."""

    entries: dict[str, Any]
    """Numbers, truths, texts, and lists of one of them."""
    shapes: dict[str, tuple[int, ...]]
    """Of the tensors by name, the fastest dimension first."""
    size: int
    """Bytes of the file."""

    @property
    def architecture(self) -> str:
        return self.text("general.architecture") or ""

    @property
    def is_projector(self) -> bool:
        """Whether it is what makes tokens of pictures for a model in another file (an mmproj)."""
        return self.architecture == "clip"

    @property
    def quantization(self) -> str:
        """How most of its numbers are kept, such as ``Q4_K_M``."""
        kind = self.number("general.file_type")
        return _FILE_TYPES.get(kind, f"type {kind}") if kind is not None else "unknown"

    def text(self, key: str) -> str | None:
        value = self.entries.get(key)
        return value if isinstance(value, str) else None

    def number(self, key: str) -> int | None:
        value = self.entries.get(key)
        return value if type(value) is int else None

    def of_model(self, key: str) -> int | None:
        """A number that stands under the architecture's own name, such as ``gemma3.context_length``."""
        return self.number(f"{self.architecture}.{key}")

    def texts(self, key: str) -> list[str]:
        value = self.entries.get(key)
        return value if isinstance(value, list) and all(isinstance(text, str) for text in value) else []

    def numbers(self, key: str) -> list[int]:
        value = self.entries.get(key)
        return value if isinstance(value, list) and all(type(number) is int for number in value) else []


def read_gguf(path: Path) -> GgufHeader:
    """The header of a file; one that this process has read before is read again only if its size or time changed.

    Raises:
        DamagedWeights: it is cut off, contradicts itself, or is no GGUF file.
        OSError: it cannot be read.
    """
    stat = path.stat()
    return _read(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, size: int, modified_ns: int) -> GgufHeader:  # noqa: ARG001 -- the time is part of the key
    with path.open("rb") as file:
        beginning = file.read(64)
        if is_pointer(beginning):
            raise DamagedWeights("is a git-lfs pointer, not the weights")
        if not beginning.startswith(_MAGIC):
            raise DamagedWeights("is no GGUF file")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Reading(data, size).header()
            except (struct.error, IndexError):
                raise DamagedWeights("is cut off within its header") from None
            except (UnicodeDecodeError, KeyError, OverflowError, MemoryError):
                raise DamagedWeights("is damaged: its header cannot be read") from None


class _Reading:
    def __init__(self, data: mmap.mmap, size: int) -> None:
        self._data = data
        self._size = size
        self._at = len(_MAGIC)

    def header(self) -> GgufHeader:
        version = self._number("<I")
        if version not in _VERSIONS:
            known = " and ".join(map(str, _VERSIONS))
            raise DamagedWeights(f"is a GGUF file of version {version}, and known are {known}")
        tensors, entries = self._count(), self._count()
        said = {self._string(): self._value(self._number("<I")) for _ in range(entries)}
        shapes: dict[str, tuple[int, ...]] = {}
        end = 0
        for _ in range(tensors):
            name = self._string()
            shapes[name], last = self._tensor()
            end = max(end, last)
        alignment = said.get("general.alignment", _ALIGNMENT)
        if type(alignment) is not int or alignment <= 0:
            raise DamagedWeights("is damaged: its header contradicts itself")
        whole = math.ceil(self._at / alignment) * alignment + end
        if whole > self._size:
            raise DamagedWeights(f"is cut off: {whole - self._size} bytes are missing")
        return GgufHeader(said, shapes, self._size)

    def _tensor(self) -> tuple[tuple[int, ...], int]:
        """The shape, and where it ends behind the beginning of all."""
        dimensions = self._number("<I")
        if not 0 < dimensions <= _MOST_DIMENSIONS:
            raise DamagedWeights("is damaged: its header contradicts itself")
        shape = tuple(self._number("<Q") for _ in range(dimensions))
        kind = self._number("<I")
        if kind not in _BLOCKS:
            raise DamagedWeights("holds tensors of a type that is not known here")
        numbers, size = _BLOCKS[kind]
        return shape, self._number("<Q") + math.prod(shape) // numbers * size

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._string()
        if kind != _ARRAY:
            return self._number(_VALUES[kind])
        of, count = self._number("<I"), self._count()
        if of == _STRING:
            return self._strings(count)
        packed = struct.Struct(f"<{count}{_VALUES[of][1]}")
        values = packed.unpack_from(self._data, self._at)
        self._at += packed.size
        return list(values)

    def _string(self) -> str:
        length = self._count()
        text = self._data[self._at : self._at + length]
        self._at += length
        return text.decode()

    def _strings(self, count: int) -> list[str]:
        data, at, unpack = self._data, self._at, struct.Struct("<Q").unpack_from
        texts = []
        for _ in range(count):
            start = at + 8
            at = start + unpack(data, at)[0]
            if at > self._size:
                raise DamagedWeights("is cut off within its header")
            texts.append(data[start:at].decode())
        self._at = at
        return texts

    def _count(self) -> int:
        """A number of things, of which each takes at least one byte of the file."""
        count: int = self._number("<Q")
        if count > self._size - self._at:
            raise DamagedWeights("is cut off within its header")
        return count

    def _number(self, packed: str) -> Any:
        (number,) = struct.unpack_from(packed, self._data, self._at)
        self._at += struct.calcsize(packed)
        return number
