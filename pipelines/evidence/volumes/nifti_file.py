"""A NIfTI file: what its header says, and the voxels of its (first) volume."""

from __future__ import annotations

import gzip
import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import BadInput
from pipelines.evidence.volumes.files import no_room
from pipelines.evidence.volumes.stored import MOST_PIXELS

if TYPE_CHECKING:
    from nibabel.nifti1 import Nifti1Header

_GZIP: Final = b"\x1f\x8b"
_HEADER_BYTES: Final = 544
_MOST_BYTES: Final = 3 << 29
"""Of one volume, unpacked. What was looked at stays mapped, and counts as memory."""
_AT_ONCE: Final = 1 << 20
_MOST_OFFSET: Final = 1 << 26
_MOST_AXES: Final = 7
_MM: Final = {1: 1000.0, 3: 0.001}
"""Of the units that are not mm: metres and micrometres."""
_AGAIN: Final = "convert it again from the scanner's files"


class NiftiHeader(NamedTuple):
    """What the header says."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offset: int
    scale: tuple[float, float]
    zooms: tuple[float, float, float]
    affine: NDArray[np.float64] | None
    """Voxel indices to right, front and head in mm; None where the file does not say."""


def read_nifti(path: Path, name: str) -> tuple[NiftiHeader, NDArray[Any]]:
    """The header, and the voxels of the first volume as they are stored, [first axis, second, third].

    Of a plain file they are read when they are looked at; a packed one is unpacked to disk as far as the volume goes.

    Args:
        path: where the file lies; its name there says nothing.

    Raises:
        BadInput: it is damaged, cut off, or too large, or holds no plain numbers.
    """
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    said = _said(_first_bytes(path, packed, name), name)
    sides = said.shape[:3]
    size = sides[0] * sides[1] * sides[2] * said.dtype.itemsize
    largest = max(sides[0] * sides[1], sides[0] * sides[2], sides[1] * sides[2])
    if size > _MOST_BYTES or largest > MOST_PIXELS:
        raise BadInput(name, f"has {' x '.join(map(str, sides))} voxels", "attach a smaller copy or a part of it")
    return said, _voxels(path, packed, said, size, name)


def _said(head: bytes, name: str) -> NiftiHeader:
    import nibabel
    from nibabel.spatialimages import HeaderDataError, HeaderTypeError
    from nibabel.wrapstruct import WrapStructError

    if head[344:348] == b"ni1\0":
        raise BadInput(name, "is a NIfTI header without its voxels", "convert it to one .nii file")
    second = head[4:8] == b"n+2\0"
    if not second and head[344:348] != b"n+1\0":
        raise BadInput(name, "is no NIfTI file", _AGAIN)
    kind = nibabel.Nifti2Header if second else nibabel.Nifti1Header
    try:
        header = kind.from_fileobj(io.BytesIO(head[: kind.template_dtype.itemsize]), check=False)  # type: ignore[no-untyped-call]
        if not 1 <= int(header["dim"][0]) <= _MOST_AXES:
            raise HeaderDataError
        shape = tuple(map(int, header.get_data_shape()))
        dtype = header.get_data_dtype()
        slope, intercept = header.get_slope_inter()
        # Less than that means it, says the standard.
        offset = max(int(header.get_data_offset()), kind.single_vox_offset)
        mm = _MM.get(int(header["xyzt_units"]) % 8, 1.0)
        zooms = tuple(float(zoom) * mm for zoom in header.get_zooms()[:3])
        affine = _affine(header, mm)
    except (HeaderDataError, HeaderTypeError, WrapStructError, ValueError, KeyError, OverflowError) as broken:
        raise BadInput(name, "is a NIfTI file with a damaged header", _AGAIN) from broken
    if len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) < 3 or min(shape) < 1:
        raise BadInput(name, "is a NIfTI file without a volume", _AGAIN)
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise BadInput(name, "holds colours or complex numbers", "attach a file of plain values")
    if offset > _MOST_OFFSET:
        raise BadInput(name, "is a NIfTI file with a damaged header", _AGAIN)
    sound = [abs(zoom) if np.isfinite(zoom) and zoom else 1.0 for zoom in (*zooms, 1.0, 1.0)[:3]]
    scale = (1.0 if slope is None else float(slope), 0.0 if intercept is None else float(intercept))
    return NiftiHeader(shape, dtype, offset, scale, (sound[0], sound[1], sound[2]), affine)


def _affine(header: Nifti1Header, mm: float) -> NDArray[np.float64] | None:
    """By the first of its two forms that the file vouches for and that is one."""
    if header["pixdim"][0] not in (-1, 1):
        # As the standard has it read; nibabel refuses it.
        header["pixdim"][0] = 1
    for form in ("sform", "qform"):
        if int(header[f"{form}_code"]) <= 0:
            continue
        # Of numbers that are none.
        with np.errstate(all="ignore"):
            found = np.array(getattr(header, f"get_{form}")(), float)
            found[:3] *= mm
            if np.isfinite(found).all() and abs(np.linalg.det(found[:3, :3])) > 1e-9:
                return found
    return None


def _first_bytes(path: Path, packed: bool, name: str) -> bytes:
    with _opened(path, packed) as file, _unpacking(name):
        return file.read(_HEADER_BYTES)


def _voxels(path: Path, packed: bool, said: NiftiHeader, size: int, name: str) -> NDArray[Any]:
    shape = said.shape[:3]
    if not packed:
        if path.stat().st_size < said.offset + size:
            raise BadInput(name, "is cut off", _AGAIN)
        return np.memmap(path, said.dtype, "r", said.offset, shape, order="F")
    with _opened(path, packed) as file, tempfile.TemporaryFile() as unpacked:
        with _unpacking(name):
            file.read(said.offset)
            left = size
            while left and (piece := file.read(min(left, _AT_ONCE))):
                unpacked.write(piece)
                left -= len(piece)
            unpacked.flush()
        if left:
            raise BadInput(name, "is cut off", _AGAIN)
        # The mapping outlives the file, which has no name.
        return np.memmap(unpacked, said.dtype, "r", 0, shape, order="F")


@contextmanager
def _unpacking(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error) as broken:
        raise no_room(name, broken) or BadInput(name, "is a packed file that is damaged", _AGAIN) from broken


def _opened(path: Path, packed: bool) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")
