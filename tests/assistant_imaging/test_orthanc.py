"""Images from a real archive: Orthanc with its DICOMweb plugin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, RLELossless

from pipelines.errors import BadInput, UsageProblem
from pipelines.records import Kind
from tests.assistant_imaging.conftest import Taker
from tests.support import orthanc
from tests.support.archived import ROOT, write_series
from tests.support.fetching import keep
from tests.support.orthanc import Orthanc

STUDY = f"{ROOT}.1"
SERIES = f"{STUDY}.1"
PASSWORD = "a: pässword"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """A CT study of two series and a report; one of CT and MR; radiographs of three days; packed series."""
    orthanc.require()
    with orthanc.running(tmp_path_factory.mktemp("orthanc")) as running:
        files = tmp_path_factory.mktemp("files")
        running.store(write_series(files, 7))
        running.store(write_series(files, 2, series=f"{STUDY}.2"))
        running.store(write_series(files, 1, series=f"{STUDY}.3", modality="SR"))
        running.store(write_series(files, 2, study=f"{ROOT}.2", series=f"{ROOT}.2.1"))
        running.store(write_series(files, 3, study=f"{ROOT}.2", series=f"{ROOT}.2.2", modality="MR"))
        # Numbered against their dates: no order but that of the dates is right.
        for n, date in ((33, "20250110"), (32, "20250710"), (31, "20260105")):
            film = {"study": f"{ROOT}.{n}", "series": f"{ROOT}.{n}.1", "modality": "CR", "date": date, "patient": "p3"}
            running.store(write_series(files, 1, BodyPartExamined="CHEST", **film))
        running.store(write_series(files, 2, study=f"{ROOT}.4", series=f"{ROOT}.4.1", syntax=JPEG2000Lossless))
        running.store(write_series(files, 2, study=f"{ROOT}.5", series=f"{ROOT}.5.1", syntax=RLELossless))
        yield running


def test_a_series_is_whole(archive: Orthanc, taker: Taker, tmp_path: Path) -> None:
    """Every pixel of every image is as it was stored."""
    (taken,) = taker.take(archive.address(f"studies/{STUDY}/series/{SERIES}"))
    assert (taken.kind, taken.kind_from, taken.name) == (Kind.CT_SERIES, "header", f"series/{SERIES}@{archive.host}")
    stored = {path.stem: path for path in write_series(tmp_path / "again", 7)}
    assert [member.name for member in taken.members] == sorted(stored)
    for member in taken.members:
        assert dcmread(taker.log.store.path(member.sha256)) == dcmread(stored[member.name])
    assert taken.warnings == (
        f"read from http://{archive.host}/dicom-web/studies/{STUDY}/series/{SERIES} on 2026-11-26 at 21:05 UTC: "
        "study of 2026-03-01, 7 CT images of 1 series, as stored",
    )
    assert taker.shares == sorted(taker.shares)
    assert (taker.shares[0], taker.shares[-1]) == (0.0, 1.0)
    assert not list((taker.folder / "fetching").iterdir())
    assert taker.log.verify().ok


def test_a_study_is_all_its_series_of_the_kind(archive: Orthanc, taker: Taker) -> None:
    (taken,) = taker.take(archive.address(f"studies/{STUDY}"))
    assert len(taken.members) == 9
    assert "9 CT images of 2 series" in taken.warnings[0]
    (again,) = taker.take(archive.address(f"studies/{STUDY}/"), Kind.CT_SERIES)
    assert (again.sha256, again.kind_from) == (taken.sha256, "user")


def test_one_image(archive: Orthanc, taker: Taker) -> None:
    uid = f"{SERIES}.4"
    (taken,) = taker.take(archive.address(f"studies/{STUDY}/series/{SERIES}/instances/{uid}"))
    assert (taken.name, taken.members) == (f"instances/{uid}@{archive.host}", ())
    assert str(dcmread(taker.log.store.path(taken.sha256)).SOPInstanceUID) == uid


def test_of_several_kinds_one_is_named(archive: Orthanc, taker: Taker) -> None:
    address = archive.address(f"studies/{ROOT}.2")
    with pytest.raises(BadInput, match=r"holds ct-series and mr-series; say which is meant: ct-series=dicomweb\+…"):
        taker.take(address)
    (taken,) = taker.take(address, Kind.MR_SERIES)
    assert (taken.kind, len(taken.members)) == (Kind.MR_SERIES, 3)
    with pytest.raises(BadInput, match="holds no chest-xray but CT, MR; name another kind"):
        taker.take(address, Kind.CHEST_XRAY)


def test_studies_of_a_patient_come_by_date(archive: Orthanc, taker: Taker) -> None:
    """The two latest, the prior first, whatever their names are."""
    prior, current = taker.take(archive.address("studies?PatientID=p3&ModalitiesInStudy=CR"))
    assert [prior.name, current.name] == [f"instances/{ROOT}.{n}.1.1@{archive.host}" for n in (32, 31)]
    assert {prior.kind, current.kind} == {Kind.CHEST_XRAY}
    assert "study of 2025-07-10" in prior.warnings[0]
    assert "study of 2026-01-05" in current.warnings[0]
    assert "p3" not in prior.warnings[0] + prior.name


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        ("&limit=1", [31]),
        ("&limit=3", [33, 32, 31]),
        ("&StudyDate=20250101-20251231", [33, 32]),
        ("&limit=9", [33, 32, 31]),
    ],
)
def test_which_studies(archive: Orthanc, taker: Taker, query: str, studies: list[int]) -> None:
    taken = taker.take(archive.address(f"studies?PatientID=p3{query}"), Kind.CHEST_XRAY)
    assert [one.name for one in taken] == [f"instances/{ROOT}.{n}.1.1@{archive.host}" for n in studies]


def test_of_volumes_the_latest_is_taken(archive: Orthanc, taker: Taker) -> None:
    (taken,) = taker.take(archive.address("studies?PatientID=p1"), Kind.MR_SERIES)
    assert taken.name == f"studies/{ROOT}.2@{archive.host}"


@pytest.mark.parametrize(("study", "syntax"), [(f"{ROOT}.4", JPEG2000Lossless), (f"{ROOT}.5", RLELossless)])
def test_packed_images_come_as_they_are_stored(archive: Orthanc, taker: Taker, study: str, syntax: str) -> None:
    (taken,) = taker.take(archive.address(f"studies/{study}"))
    assert taken.warnings[0].endswith("as stored")
    for member in taken.members:
        assert dcmread(taker.log.store.path(member.sha256)).file_meta.TransferSyntaxUID == syntax


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (f"studies/{ROOT}.404", "is not in that archive"),
        (f"studies/{STUDY}/series/{ROOT}.404", "is not in that archive"),
        (f"studies/{STUDY}/series/{SERIES}/instances/{ROOT}.404", "is not in that archive"),
        ("studies?PatientID=nobody", "has no such study"),
        (f"studies/{STUDY}/series/{STUDY}.3", "holds no images but SR"),
    ],
)
def test_what_is_not_there(archive: Orthanc, taker: Taker, place: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        taker.take(archive.address(place))
    assert "\n" not in str(refused.value)
    assert "nobody" not in str(refused.value)
    assert taker.kept() == 0


def test_a_series_that_was_deleted(archive: Orthanc, taker: Taker, tmp_path: Path) -> None:
    address = archive.address(f"studies/{ROOT}.6/series/{ROOT}.6.1")
    archive.store(write_series(tmp_path / "6", 2, study=f"{ROOT}.6", series=f"{ROOT}.6.1"))
    assert len(taker.take(address)) == 1
    before = taker.kept()
    archive.delete(f"{ROOT}.6.1")
    with pytest.raises(BadInput, match="is not in that archive"):
        taker.take(address)
    assert taker.kept() == before


def test_an_archive_that_is_killed_in_the_middle(taker: Taker, tmp_path: Path) -> None:
    """One line, and nothing of it is kept."""
    orthanc.require()
    with orthanc.running(tmp_path / "orthanc") as archive:
        archive.store(write_series(tmp_path / "large", 24, side=512))
        address = archive.address(f"studies/{STUDY}")

        def kill(share: float) -> None:
            if share > 0:
                archive.kill()

        taker.told = kill
        with pytest.raises(BadInput, match=r"cannot be fetched: the archive cannot be reached \(.*\); ") as broken:
            taker.take(address)
    assert 0 < max(taker.shares) < 1
    assert "\n" not in str(broken.value)
    assert taker.kept() == 0
    assert len(taker.waited) > 0
    assert taker.log.verify().ok


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    orthanc.require()
    with orthanc.running(tmp_path_factory.mktemp("guarded"), users={"ward": PASSWORD}) as running:
        running.store(write_series(tmp_path_factory.mktemp("files"), 2))
        yield running


class TestUser:
    """Orthanc knows its users by name and password, and by default lets nobody else in from another machine."""

    def take(self, guarded: Orthanc, taker: Taker) -> int:
        (taken,) = taker.take(guarded.address(f"studies/{STUDY}"))
        return len(taken.members)

    def test_without_one(self, guarded: Orthanc, taker: Taker) -> None:
        with pytest.raises(BadInput, match=r"wants a name and password \(401\); give a name and password of"):
            self.take(guarded, taker)

    def test_by_the_settings(self, guarded: Orthanc, taker: Taker) -> None:
        taker.settings.update(dicomweb_url=guarded.base, dicomweb_user="ward", dicomweb_password=PASSWORD)
        assert self.take(guarded, taker) == 2
        said = json.dumps(taker.log.payloads("outbound")) + repr(taker.means().settings)
        for secret in ("ward", PASSWORD, "Basic"):
            assert secret not in said

    def test_a_password_of_the_keyring(self, guarded: Orthanc, taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
        taker.settings.update(dicomweb_url=guarded.base, dicomweb_user="ward")
        with pytest.raises(UsageProblem, match=f"run: keyring set clinical-assistant USER@{guarded.host} "):
            self.take(guarded, taker)
        keep(monkeypatch, f"ward@{guarded.host}", PASSWORD)
        assert self.take(guarded, taker) == 2

    def test_a_wrong_one(self, guarded: Orthanc, taker: Taker) -> None:
        taker.settings.update(dicomweb_url=guarded.base, dicomweb_user="ward", dicomweb_password="another")
        with pytest.raises(BadInput, match=r"does not take the name and password \(401\)") as refused:
            self.take(guarded, taker)
        assert "another" not in str(refused.value)

    def test_a_token_where_a_user_is_wanted(self, guarded: Orthanc, taker: Taker) -> None:
        taker.settings.update(dicomweb_url=guarded.base, dicomweb_token="t")
        with pytest.raises(BadInput, match=r"does not take the token \(401\); give a name and password of this server"):
            self.take(guarded, taker)
