"""The quick reader of headers, against pydicom."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pipelines.errors import BadInput
from pipelines.evidence.dicom import unwarned
from pipelines.evidence.volumes.elements import Short, Unusual, elements
from pipelines.evidence.volumes.files import File, file_at
from pipelines.evidence.volumes.header import header_of
from tests.support.volumes import body, write_slice

TAGS = frozenset({0x00080060, 0x00100020, 0x00200032, 0x00280010, 0x00281052})


def _shipped() -> list[Path]:
    return sorted((Path(pydicom.__file__).parent / "data" / "test_files").rglob("*.dcm"))


def test_the_files_that_come_with_pydicom_are_read_as_pydicom_reads_them() -> None:
    quick = 0
    for path in _shipped():
        try:
            found = elements(path.read_bytes(), TAGS)
        except (Short, Unusual):
            continue
        with unwarned():
            expected = dcmread(path, stop_before_pixels=True)
            raw = {tag: expected.get_item(tag).value for tag in TAGS if tag in expected}
            assert {tag: bytes(value) for tag, value in found.values.items()} == {
                tag: bytes(value or b"") for tag, value in raw.items()
            }
        assert found.syntax == expected.file_meta.TransferSyntaxUID
        quick += 1
    assert quick > 50


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("undefined", [False, True])
def test_sequences_are_passed_over_whatever_is_in_them(syntax: str, undefined: bool, tmp_path: Path) -> None:
    inner = Dataset()
    inner.PatientID = "somebody else"
    inner.Rows = 7
    inner.is_undefined_length_sequence_item = undefined
    middle = Dataset()
    middle.ReferencedImageSequence = Sequence([inner, inner])
    middle["ReferencedImageSequence"].is_undefined_length = undefined
    middle.is_undefined_length_sequence_item = undefined
    outer = Sequence([middle])
    path = write_slice(tmp_path / "a.dcm", body()[0], TransferSyntaxUID=syntax, ReferencedStudySequence=outer)
    dataset = dcmread(path)
    dataset["ReferencedStudySequence"].is_undefined_length = undefined
    dataset.save_as(path)
    found = elements(path.read_bytes(), TAGS)
    assert found.values[0x00100020].strip() == b"p1"
    assert found.values[0x00280010] == b"\x05\0"
    assert found.pixels is not None
    assert path.read_bytes()[found.pixels :] == body()[0].tobytes()


def test_a_header_longer_than_what_is_read_first(tmp_path: Path) -> None:
    path = write_slice(tmp_path / "a.dcm", body()[0], EncapsulatedDocument=b"x" * 70_000)
    header = header_of(file_at(path, "a.dcm"))
    assert header.pixels is not None
    assert header.whole("Rows") == 5


@pytest.mark.parametrize("alphabet", [b"ISO_IR 999", b"xx\0xx\0xxx ", b"\\\\\\\\\\\\\\\\\\\\"])
def test_an_alphabet_that_there_is_not_is_no_obstacle(alphabet: bytes, tmp_path: Path) -> None:
    path = write_slice(
        tmp_path / "a.dcm", body()[0], SpecificCharacterSet="ISO_IR 192", SeriesDescription="Brustkorb für alle"
    )
    path.write_bytes(path.read_bytes().replace(b"ISO_IR 192", alphabet))
    assert header_of(file_at(path, "a.dcm")).text("SeriesDescription").startswith("Brustkorb f")


def test_a_header_cut_at_any_place_is_refused_or_has_no_pixels(tmp_path: Path) -> None:
    whole = write_slice(tmp_path / "a.dcm", body()[0]).read_bytes()
    for end in range(0, len(whole) - body()[0].nbytes, 3):
        try:
            header = header_of(_held(whole[:end]))
        except BadInput:
            continue
        assert not header.has_pixels


@given(st.binary(max_size=400), st.sampled_from(["1.2.840.10008.1.2", "1.2.840.10008.1.2.1"]))
def test_any_bytes_are_read_or_left_to_pydicom(content: bytes, syntax: str) -> None:
    uid = syntax.encode().ljust(20, b"\0")
    head = bytes(128) + b"DICM" + b"\x02\0\x10\0UI\x14\0" + uid
    with contextlib.suppress(Short, Unusual):
        elements(head + content, TAGS)


def _held(data: bytes) -> File:
    return File("a.dcm", len(data), lambda: io.BytesIO(data), lambda most: data[:most], _nowhere(data))


def _nowhere(data: bytes) -> Callable[[], AbstractContextManager[Path]]:
    @contextlib.contextmanager
    def on_disk() -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "a.dcm"
            path.write_bytes(data)
            yield path

    return on_disk
