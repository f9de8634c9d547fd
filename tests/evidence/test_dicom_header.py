"""What is taken from a DICOM header, and how it is read."""

from __future__ import annotations

import io
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import config
from pydicom.dataset import Dataset

from pipelines.errors import BadInput
from pipelines.evidence.dicom import at_pixels, iso_date, patient_of, read_header, unwarned
from pipelines.evidence.inflating import Swollen, inflated
from pipelines.evidence.picture_file import opened
from pipelines.records import Patient
from tests.support.pictures import deflated, write_dicom


def _named(**elements: Any) -> Patient | None:
    header = Dataset()
    for keyword, value in elements.items():
        setattr(header, keyword, value)
    return patient_of(header)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Testcase^Ada", "Testcase Ada"),
        ("Testcase^Ada^^Dr^", "Testcase Ada Dr"),
        ("Yamada^Tarou=\u5c71\u7530^\u592a\u90ce=\u3084\u307e\u3060^\u305f\u308d\u3046", "Yamada Tarou"),
        ("=\u5c71\u7530^\u592a\u90ce", "\u5c71\u7530 \u592a\u90ce"),
        ("^^^^", None),
        ("", None),
    ],
)
def test_a_name_is_read_in_one_alphabet(given: str, name: str | None) -> None:
    found = _named(PatientID="p1", PatientName=given)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("19500102", "1950-01-02"),
        ("1950.01.02", "1950-01-02"),
        (" 19500102 ", "1950-01-02"),
        ("19501302", None),
        ("01/02/50", None),
        ("1950.1.2", None),
        ("1950", None),
        ("", None),
    ],
)
def test_a_date_of_birth_is_one_or_none(text: str, date: str | None) -> None:
    assert iso_date(text) == date
    with warnings.catch_warnings(action="ignore"):
        found = _named(PatientID="p1", PatientBirthDate=text)
    assert found is not None
    assert found.birth_date == date


def test_a_patient_without_a_number_is_known_by_name_and_birth_date() -> None:
    found = _named(PatientName="Testcase^Ada", PatientBirthDate="19500102")
    assert found == Patient(id="Testcase Ada, born 1950-01-02", name="Testcase Ada", birth_date="1950-01-02")
    assert _named(PatientID=" ", PatientName="Testcase^Ada") is None
    assert _named(PatientBirthDate="19500102") is None


def test_who_leaves_first_leaves_the_others_unwarned(tmp_path: Path) -> None:
    before = config.settings.reading_validation_mode, list(warnings.filters)
    path = write_dicom(tmp_path / "a.dcm", np.zeros((2, 2), np.uint8))
    first, second = unwarned(), unwarned()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert config.settings.reading_validation_mode == config.IGNORE
    quiet = list(warnings.filters)
    assert quiet != before[1]
    read_header(path, "a.dcm")
    with pytest.raises(BadInput), opened(io.BytesIO(b""), "a.png"):
        pass
    assert list(warnings.filters) == quiet
    second.__exit__(None, None, None)
    assert (config.settings.reading_validation_mode, list(warnings.filters)) == before


class _Counted(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def _deflated(plain: bytes) -> bytes:
    packing = zlib.compressobj(0, wbits=-zlib.MAX_WBITS)
    return packing.compress(plain) + packing.flush()


def test_no_more_is_inflated_than_is_read() -> None:
    plain = np.random.default_rng(0).integers(0, 256, 9 << 20, dtype=np.uint8).tobytes()
    packed = _Counted(_deflated(plain))
    with inflated(packed) as (file, within):
        within(5 << 20, "in this test")
        assert file.read(100) == plain[:100]
        assert packed.taken <= 1 << 20
        file.seek(3 << 20)
        assert file.read(10) == plain[3 << 20 : (3 << 20) + 10]
        file.seek(5)
        assert file.read(10) == plain[5:15]
        file.seek(6 << 20)
        with pytest.raises(Swollen, match=r"^unpacks to more than 5 MB in this test$"):
            file.read(1)
        within(1 << 30, "")
        file.seek(-4, io.SEEK_END)
        assert file.read() == plain[-4:]


@given(st.binary(max_size=3000), st.lists(st.tuples(st.integers(0, 3500), st.integers(0, 3500)), max_size=8))
def test_what_is_inflated_is_read_like_a_file(plain: bytes, reads: list[tuple[int, int]]) -> None:
    with inflated(io.BytesIO(_deflated(plain))) as (file, within):
        within(1 << 20, "")
        for place, length in reads:
            file.seek(place)
            assert file.read(length) == plain[place : place + length]


def test_of_a_deflated_file_the_header_alone_is_inflated(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "plain.dcm", np.random.default_rng(0).integers(0, 256, (2000, 2000), dtype=np.uint8))
    packed = bytearray(deflated(path.read_bytes()))
    packed[-1_000_000:] = b"\xff" * 1_000_000
    path.write_bytes(packed)
    assert read_header(path, "a.dcm").Rows == 2000
    with pytest.raises(zlib.error), at_pixels(path) as (_, file):
        file.seek(0, io.SEEK_END)
