"""CT and MR volumes: DICOM slices, enhanced files, NIfTI and archives, read as the tasks read them."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.pixels.utils import compress
from pydicom.uid import ImplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from pipelines.errors import PersonNeeded
from pipelines.evidence.identify import identify_file
from pipelines.evidence.inspect import inspect_attachment
from pipelines.evidence.volumes.opening import volumes_in
from pipelines.evidence.volumes.sampling import published
from pipelines.evidence.volumes.volume_frames import volume_frames
from pipelines.records import Kind
from tests.fuzz.reader import Files, Reader, Seed
from tests.support.pictures import PictureStore
from tests.support.volumes import AXIAL, body, group, write_enhanced, write_nifti, write_series, write_slice


def volumes() -> Reader:
    return Files(tuple(_seeds()), _look)


def _look(path: Path) -> None:
    store = PictureStore()
    try:
        attachment = inspect_attachment(identify_file(path, path.name, str(path), Kind.CT_SERIES), store, None)
        for volume in volumes_in(attachment, store, None)[:2]:
            numbers = [volume.about.slices + 1 - number for number in published(volume.about.slices)][:12]
            volume_frames(volume, numbers, attachment.sha256, store)
    except PersonNeeded:
        pass


def _seeds() -> Iterator[Seed]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        values = np.arange(40 * 36, dtype=np.uint16).reshape(40, 36) * 2
        given: dict[str, Any] = {"BitsStored": 12, "RescaleIntercept": -1024}
        plain = write_slice(folder / "plain.dcm", values, **given)
        yield Seed("plain.dcm", plain.read_bytes())
        for syntax in (RLELossless, JPEG2000Lossless, JPEGLSLossless):
            dataset = dcmread(plain)
            compress(dataset, syntax, generate_instance_uid=False)
            dataset.save_as(folder / "packed.dcm")
            yield Seed(f"{syntax.keyword}.dcm", (folder / "packed.dcm").read_bytes())
        implicit = write_slice(folder / "implicit.dcm", values, TransferSyntaxUID=ImplicitVRLittleEndian, **given)
        yield Seed("implicit.dcm", implicit.read_bytes())
        items = [
            group(
                PlanePositionSequence={"ImagePositionPatient": [0, 0, place]},
                FrameContentSequence={"TemporalPositionIndex": 1 + place // 3},
            )
            for place in range(6)
        ]
        shared = group(
            PlaneOrientationSequence={"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
            PixelMeasuresSequence={"PixelSpacing": [0.5, 0.5]},
            PixelValueTransformationSequence={"RescaleSlope": 1, "RescaleIntercept": -1000, "RescaleType": "HU"},
        )
        yield Seed("enhanced.dcm", write_enhanced(folder / "enhanced.dcm", body(6), items, shared).read_bytes())
        nifti = write_nifti(folder / "a.nii", body() * 3).read_bytes()
        yield Seed("a.nii", nifti)
        yield Seed("a.nii.gz", nifti, gzip.compress)
        yield Seed("b.nii.gz", gzip.compress(nifti))
        slices = [path.read_bytes() for path in write_series(folder / "series", body(), AXIAL)]
        yield Seed("series.zip", _zipped(slices))
        yield Seed("mixed.zip", slices[0], lambda damaged: _zipped([damaged, *slices[1:]]))


def _zipped(files: list[bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, data in enumerate(files):
            packed.writestr(f"{number}.dcm", data)
    return out.getvalue()
