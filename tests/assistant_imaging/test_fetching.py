"""Images from an archive: whole or not at all, whatever it does, and what is wrong in one line."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.imaging import archive as archive_module
from assistant.imaging import fetching
from assistant.imaging.address import ImagesAddress
from pipelines.errors import BadInput, Cancelled, StorageProblem, UsageProblem
from pipelines.evidence import dicom
from pipelines.records import Kind
from tests.assistant_imaging.conftest import Taker
from tests.support.archived import ROOT, write_series
from tests.support.certificates import tls_context
from tests.support.dicomweb_server import BOUNDARY, DICOM_JSON, Asked, FaultyArchive, listed, multipart
from tests.support.fetching import keep
from tests.support.local_server import SECRET, Reply, Trouble, drop, hang, serve
from tests.support.outbound_log import arrived_at_each_event
from tests.support.pictures import deflated
from tests.support.small_disk import four_megabytes

STUDY = f"studies/{ROOT}.1"
SERIES = f"{STUDY}/series/{ROOT}.1.1"
TOKEN = "tkn-OfThisTest"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[FaultyArchive]:
    with serve(FaultyArchive(files=write_series(tmp_path / "files", 5))) as served:
        yield served


def uids(archive: FaultyArchive) -> list[str]:
    return [path.stem for path in archive.files]


class TestWhole:
    def test_what_is_asked(self, archive: FaultyArchive, taker: Taker) -> None:
        (taken,) = taker.take(archive.address(STUDY))
        assert [member.name for member in taken.members] == uids(archive)
        assert [asked.path for asked in archive.requests] == [f"{STUDY}/series", f"{SERIES}/instances", SERIES]
        accepted = [asked.accept for asked in archive.requests]
        assert accepted == [DICOM_JSON] * 2 + ['multipart/related; type="application/dicom"; transfer-syntax=*']

    @pytest.mark.parametrize("page", [1, 2, 4])
    def test_lists_of_several_pages(self, archive: FaultyArchive, taker: Taker, page: int) -> None:
        archive.page = page
        (taken,) = taker.take(archive.address(STUDY))
        assert len(taken.members) == 5
        offsets = [asked.query["offset"] for asked in archive.requests if asked.path.endswith("instances")]
        assert offsets == [str(n) for n in range(0, 5, page)]

    def test_a_list_that_does_not_heed_where_it_begins(self, archive: FaultyArchive, taker: Taker) -> None:
        """It gives its first page over and over: what is on it is not all, and the images show it."""
        archive.page, archive.heeds_offset = 2, False
        (taken,) = taker.take(archive.address(STUDY))
        assert len(taken.members) == 5

    @pytest.mark.parametrize("path", ["", "/series"])
    def test_a_list_of_which_only_the_beginning_comes(
        self, archive: FaultyArchive, taker: Taker, tmp_path: Path, path: str
    ) -> None:
        """Nobody knows which studies or series are missing."""
        archive.files += write_series(tmp_path / "more", 1, series=f"{ROOT}.1.2")
        archive.files += write_series(tmp_path / "more", 1, study=f"{ROOT}.2", series=f"{ROOT}.2.1")
        archive.page, archive.heeds_offset = 1, False
        with pytest.raises(BadInput, match="gives the beginning of a list over and over, and never the rest"):
            taker.take(archive.address(f"studies/{ROOT}.1" if path else "studies?PatientID=p1"))
        assert taker.kept() == 0

    def test_a_list_that_is_longer_than_was_asked_for_is_whole(
        self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It heeds neither limit nor offset."""
        monkeypatch.setattr(archive_module, "PAGE", 1)
        series = [{"0020000E": {"Value": [f"{ROOT}.1.{n}"]}, "00080060": {"Value": ["CT"]}} for n in (1, 2)]
        archive.troubles[f"{STUDY}/series"] = [listed(*series)] * 2
        archive.files += write_series(taker.folder / "more", 1, series=f"{ROOT}.1.2")
        (taken,) = taker.take(archive.address(STUDY))
        assert len(taken.members) == 6

    def test_the_same_object_twice_in_a_list_hides_no_other(self, archive: FaultyArchive, taker: Taker) -> None:
        """The next page begins behind all that came, and not behind what was new of it."""
        twice = {"0020000E": {"Value": [f"{ROOT}.1.9"]}, "00080060": {"Value": ["SR"]}}
        more = (("Warning", '299 - "more"'),)
        archive.troubles[f"{STUDY}/series"] = [listed(twice, twice, headers=more)]
        archive.heeds_offset = False
        assert len(taker.take(archive.address(STUDY))) == 1
        assert [asked.query["offset"] for asked in archive.requests if asked.path.endswith("series")] == ["0", "2"]

    def test_one_image_of_a_series_that_is_too_long(
        self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "MOST_INSTANCES", 2)
        archive.page = 1
        (taken,) = taker.take(archive.address(f"{SERIES}/instances/{ROOT}.1.1.5"))
        assert taken.name == f"instances/{ROOT}.1.1.5@{archive.host}"

    def test_the_order_in_which_images_come_does_not_matter(self, archive: FaultyArchive, taker: Taker) -> None:
        (first,) = taker.take(archive.address(STUDY))
        archive.files.reverse()
        (again,) = taker.take(archive.address(STUDY))
        assert again == first

    def test_one_command_fetches_once(self, archive: FaultyArchive, taker: Taker) -> None:
        archives = taker.archives()
        address = ImagesAddress.parse(archive.address(STUDY))
        first = archives.take(address, None, taker.log.store)
        asked = len(archive.requests)
        assert archives.take(address, None, taker.log.store) is first
        assert len(archive.requests) == asked

    @pytest.mark.parametrize("status", [400, 406])
    def test_an_archive_that_only_recodes(self, archive: FaultyArchive, taker: Taker, status: int) -> None:
        archive.troubles[SERIES] = [Reply(status)]
        (taken,) = taker.take(archive.address(STUDY))
        assert taken.warnings[0].endswith("5 CT images of 1 series, recoded by the archive")
        assert archive.requests[-1].accept == 'multipart/related; type="application/dicom"'

    def test_an_image_that_came_after_the_list_is_taken_too(self, archive: FaultyArchive, taker: Taker) -> None:
        images = archive.images(SERIES)
        archive.files.pop()
        archive.troubles[SERIES] = [multipart(images)]
        (taken,) = taker.take(archive.address(STUDY))
        assert len(taken.members) == 5

    def test_pictures_are_an_attachment_each(self, archive: FaultyArchive, taker: Taker, tmp_path: Path) -> None:
        film = {"study": f"{ROOT}.9", "series": f"{ROOT}.9.1", "modality": "DX"}
        archive.files += write_series(tmp_path / "film", 2, BodyPartExamined="CHEST", **film)  # type: ignore[arg-type]
        taken = taker.take(archive.address(f"studies/{ROOT}.9"))
        assert [one.kind for one in taken] == [Kind.CHEST_XRAY] * 2
        assert [one.name for one in taken] == [f"instances/{ROOT}.9.1.{n}@{archive.host}" for n in (1, 2)]


def broken_off(archive: FaultyArchive, at: int) -> Trouble:
    """The images up to some byte of what would be sent."""
    whole = multipart(archive.images(SERIES))

    def answer(_: Any, exchange: Any, __: Any) -> None:
        exchange.head(200, ("Content-Type", whole.media), ("Content-Length", str(len(whole.body))))
        exchange.wfile.write(whole.body[:at])
        exchange.close_connection = True

    return answer


class TestAgain:
    @pytest.mark.parametrize("status", [429, 500, 503])
    @pytest.mark.parametrize("path", [f"{STUDY}/series", SERIES])
    def test_what_may_pass_is_asked_again(self, archive: FaultyArchive, taker: Taker, path: str, status: int) -> None:
        archive.troubles[path] = [Reply(status, headers=(("Retry-After", "3"),)), drop]
        (taken,) = taker.take(archive.address(STUDY))
        assert len(taken.members) == 5
        assert sum(taker.waited) > 3

    @pytest.mark.parametrize("at", [100, 9_000, 20_000])
    def test_a_stream_that_breaks_off_is_asked_for_again(self, archive: FaultyArchive, taker: Taker, at: int) -> None:
        archive.troubles[SERIES] = [broken_off(archive, at)]
        (taken,) = taker.take(archive.address(STUDY))
        assert [member.name for member in taken.members] == uids(archive)
        assert taker.shares == sorted(taker.shares)

    def test_the_last_boundary_is_missing(self, archive: FaultyArchive, taker: Taker) -> None:
        archive.troubles[SERIES] = [multipart(archive.images(SERIES), end=b"")] * 3
        with pytest.raises(BadInput, match="the archive breaks off in the middle of the images"):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0

    def test_silence_in_the_middle(self, archive: FaultyArchive, taker: Taker) -> None:
        taker.settings.update(dicomweb_timeout=0.2, dicomweb_retries=0)
        archive.troubles[SERIES] = [hang]
        with pytest.raises(BadInput, match=r"the archive cannot be reached \(silent for 0.2 s\)"):
            taker.take(archive.address(STUDY))

    def test_it_is_not_wanted_any_more(self, archive: FaultyArchive, taker: Taker) -> None:
        archive.troubles[SERIES] = [hang]
        taker.cancelled = lambda: len(archive.requests) == 3
        with pytest.raises(Cancelled):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0


HTML = Reply(200, b"<html>sign in</html>", "text/html; charset=utf-8")


class TestRefused:
    @pytest.mark.parametrize(
        ("path", "trouble", "said"),
        [
            (f"{STUDY}/series", Reply(401), r"the archive wants a token \(401\); .*docs/imaging.md"),
            (f"{STUDY}/series", Reply(403), r"does not let you read it \(403\)"),
            (f"{STUDY}/series", Reply(404), r"is not in that archive \(404\)"),
            (SERIES, Reply(410), r"is not in that archive \(410\)"),
            (f"{STUDY}/series", Reply(500), r"is out of order \(500\)"),
            (SERIES, Reply(302, headers=(("Location", "http://127.0.0.1:1/"),)), r"sends elsewhere \(302\)"),
            (SERIES, Reply(302, headers=(("Location", "a" * 65_530),)), r"sends elsewhere \(302\)|cannot be reached"),
            (SERIES, Reply(206), r"gives a part of it only, and says so \(206\)"),
            (SERIES, Reply(418), r"refuses \(418\)"),
            (f"{STUDY}/series", HTML, "does not answer as DICOMweb does but in HTML"),
            (SERIES, HTML, "does not answer as DICOMweb does but in HTML"),
            (SERIES, listed(), "does not answer as DICOMweb does but in JSON"),
            (f"{STUDY}/series", Reply(200, b"[{", DICOM_JSON), "gives JSON that is cut off or broken"),
            (f"{STUDY}/series", Reply(200, b"[" * 100_000, DICOM_JSON), "gives JSON that is cut off or broken"),
            (f"{STUDY}/series", Reply(200, b'{"a": 1}', DICOM_JSON), "gives JSON that is not DICOM's"),
            (f"{STUDY}/series", Reply(200, b"[1]", DICOM_JSON), "gives JSON that is not DICOM's"),
            (f"{STUDY}/series", Reply(204, b""), "is not in that archive"),
            (SERIES, Reply(204, b""), "gives 0 of the 5 images that it lists"),
            (SERIES, multipart([b"GIF89a"]), "gives what is no readable DICOM image"),
            (SERIES, multipart([b""]), "gives what is no readable DICOM image"),
            (SERIES, multipart([b"x"], media="image/jpeg"), "gives images in another form than DICOM"),
            (SERIES, Reply(200, b"x", "multipart/related"), "gives images in a form that cannot be read"),
            (SERIES, Reply(200, b"x" * 5000, f"multipart/related; boundary={BOUNDARY}"), "a form that cannot be read"),
        ],
    )  # fmt: skip
    def test_one_line_and_nothing_kept(
        self, archive: FaultyArchive, taker: Taker, path: str, trouble: Trouble, said: str
    ) -> None:
        archive.troubles[path] = [trouble] * 3
        with pytest.raises(BadInput, match=said) as refused:
            taker.take(archive.address(STUDY))
        assert str(refused.value).startswith(f"{STUDY}@{archive.host}: ")
        assert "\n" not in str(refused.value)
        assert SECRET not in str(refused.value)
        assert taker.kept() == 0

    def test_images_that_are_listed_and_do_not_come(self, archive: FaultyArchive, taker: Taker) -> None:
        archive.troubles[SERIES] = [multipart(archive.images(SERIES)[:4])]
        with pytest.raises(BadInput, match="gives 4 of the 5 images that it lists"):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0

    def test_images_of_another_study(self, archive: FaultyArchive, taker: Taker, tmp_path: Path) -> None:
        (other,) = write_series(tmp_path / "other", 1, study=f"{ROOT}.8", series=f"{ROOT}.8.1")
        archive.troubles[SERIES] = [multipart([*archive.images(SERIES), other.read_bytes()])]
        with pytest.raises(BadInput, match="gives images of another study or series"):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0

    def test_more_series_than_are_looked_at(
        self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """None is left out quietly."""
        monkeypatch.setattr(fetching, "_MOST_SERIES", 1)
        archive.files += write_series(tmp_path / "more", 1, series=f"{ROOT}.1.2")
        with pytest.raises(BadInput, match="lists more than 1 series; name one series of it"):
            taker.take(archive.address(STUDY))
        assert len(taker.take(archive.address(SERIES))) == 1

    def test_an_image_that_inflates_without_end(
        self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(dicom, "_MOST_OF_HEADER", 1 << 20)
        (swelling,) = write_series(tmp_path, 1, ICCProfile=bytes(4 << 20))
        archive.troubles[SERIES] = [multipart([deflated(swelling.read_bytes())])]
        with pytest.raises(BadInput, match="unpacks to more than 1 MB before its picture begins"):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0

    def test_what_is_no_modality_is_not_shown(self, archive: FaultyArchive, taker: Taker) -> None:
        archive.says = lambda said: {**said, "00080060": {"Value": ["TESTCASE ADA"]}}
        with pytest.raises(BadInput, match=r"holds no ct-series but \?; "):
            taker.take(archive.address(STUDY), Kind.CT_SERIES)

    def test_more_than_can_be_kept(self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(fetching, "MOST_BYTES", sum(map(len, archive.images(SERIES))) - 1)
        with pytest.raises(BadInput, match="gives more than 0 GB or 5,000 images of it; name one series of it"):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0
        monkeypatch.setattr(fetching, "MOST_BYTES", sum(map(len, archive.images(SERIES))))
        assert len(taker.take(archive.address(STUDY))) == 1

    def test_more_images_than_are_fetched(
        self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "MOST_INSTANCES", 4)
        with pytest.raises(BadInput, match="has more than 4 images of it; name one series or instance of it"):
            taker.take(archive.address(STUDY))
        assert SERIES not in [asked.path for asked in archive.requests]

    def test_images_without_end(self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
        """More than it has listed, and more than can be kept."""
        monkeypatch.setattr(fetching, "MOST_INSTANCES", 5)
        images = archive.images(SERIES)
        more = [
            image.replace(b"2.25.7001.1.1.1\0", b"2.25.7001.1.1.%d\0" % n) for n in range(6, 9) for image in images[:1]
        ]
        archive.troubles[SERIES] = [multipart([*images, *more])]
        with pytest.raises(BadInput, match="gives more than 4 GB or 5 images of it"):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0

    def test_uids_that_are_none(self, archive: FaultyArchive, taker: Taker) -> None:
        """What an archive says never becomes a path or another address."""
        archive.says = lambda said: {**said, "0020000E": {"vr": "UI", "Value": ["../../../etc"]}}
        with pytest.raises(BadInput, match="is not in that archive"):
            taker.take(archive.address(STUDY))
        assert len(archive.requests) == 1

    def test_a_full_disk(self, archive: FaultyArchive, taker: Taker, tmp_path: Path) -> None:
        archive.files = write_series(tmp_path / "large", 5, side=1024)
        with four_megabytes(taker.folder / "fetching") as folder:
            with pytest.raises(StorageProblem, match="the disk is full"):
                taker.take(archive.address(STUDY))
            assert not list(folder.iterdir())


def says_of(archive: FaultyArchive, tag: str, values: dict[str, str]) -> None:
    """It has other values of an element for some studies."""

    def says(said: dict[str, Any]) -> dict[str, Any]:
        (study,) = said["0020000D"]["Value"]
        return {**said, tag: {"Value": [values[study]]}} if study in values else said

    archive.says = says


def films_of_one_day(archive: FaultyArchive, folder: Path, *times: str) -> None:
    """Numbered from 60 in the order of their times as given."""
    named = {f"{ROOT}.{n}": time for n, time in enumerate(times, 60)}
    for study in named:
        archive.files += write_series(folder, 1, study=study, series=f"{study}.1", modality="CR", patient="p4")
    says_of(archive, "00080030", named)


class TestDisk:
    @pytest.mark.parametrize("step", ["mkdir", "rename"])
    def test_one_that_is_full_between_images(
        self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        take = getattr(Path, step)

        def full(path: Path, *given: Any, **more: Any) -> Any:
            if path.parent.parent.name == "fetching" or path.name == "arriving":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return take(path, *given, **more)

        monkeypatch.setattr(Path, step, full)
        with pytest.raises(StorageProblem, match="the disk is full"):
            taker.take(archive.address(STUDY))
        assert taker.kept() == 0


class TestPatient:
    @pytest.fixture
    def films(self, archive: FaultyArchive, tmp_path: Path) -> None:
        for n, date in enumerate(["20250101", None, "20250301", "20250201"]):
            film: dict[str, Any] = {"study": f"{ROOT}.{n + 50}", "series": f"{ROOT}.{n + 50}.1", "date": date}
            archive.files += write_series(tmp_path / "films", 1, modality="CR", patient="p3", **film)

    def test_one_without_a_date_is_not_looked_at_and_that_is_said(
        self, archive: FaultyArchive, films: None, taker: Taker
    ) -> None:
        prior, current = taker.take(archive.address("studies?PatientID=p3"), Kind.CHEST_XRAY)
        assert "study of 2025-02-01" in prior.warnings[0]
        assert "study of 2025-03-01" in current.warnings[0]
        assert current.warnings[0].endswith("; 1 without a date not looked at")

    def test_studies_of_others(self, archive: FaultyArchive, films: None, taker: Taker) -> None:
        archive.heeds_query = False
        with pytest.raises(BadInput, match="gives studies of other patients") as refused:
            taker.take(archive.address("studies?PatientID=p3"), Kind.CHEST_XRAY)
        assert "p3" not in str(refused.value)
        assert taker.kept() == 0

    def test_images_that_name_another_patient(self, archive: FaultyArchive, films: None, taker: Taker) -> None:
        """Whatever the archive has them under."""
        archive.says = lambda said: {**said, "00100020": {"Value": ["42"]}}
        archive.troubles["studies"] = [archive.reply(Asked("studies", {"PatientID": "p3"}, None, ""))]  # type: ignore[list-item]
        with pytest.raises(BadInput, match="gives images of another patient than it lists them under; name the study"):
            taker.take(archive.address("studies?PatientID=42"), Kind.CHEST_XRAY)
        assert taker.kept() == 0

    def test_images_that_name_nobody_may_be_his(self, archive: FaultyArchive, taker: Taker, tmp_path: Path) -> None:
        archive.files = write_series(tmp_path / "nobody", 2, PatientID=None)
        archive.heeds_query = False
        archive.says = lambda said: {**said, "00100020": {"Value": ["42"]}}
        (taken,) = taker.take(archive.address("studies?PatientID=42"))
        assert len(taken.members) == 2

    @pytest.mark.parametrize("time", ["143000", "14:30", "1430", "14", "094500.5"])
    def test_of_one_day_the_time_decides(self, archive: FaultyArchive, taker: Taker, tmp_path: Path, time: str) -> None:
        """However it is written, and never what they are called."""
        films_of_one_day(archive, tmp_path, time, "09:15", "094500")
        taken = taker.take(archive.address("studies?PatientID=p4"), Kind.CHEST_XRAY)
        assert [one.name.split(".")[3] for one in taken] == ["62", "60"]

    @pytest.mark.parametrize("times", [("", ""), ("120000", ""), ("120000", "12:00"), ("120000", "noon")])
    def test_of_one_day_without_times_none_is_the_latest(
        self, archive: FaultyArchive, taker: Taker, tmp_path: Path, times: tuple[str, ...]
    ) -> None:
        films_of_one_day(archive, tmp_path, *times)
        with pytest.raises(BadInput, match="has studies of 2026-03-01 of which it is not known which is the latest"):
            taker.take(archive.address("studies?PatientID=p4&limit=1"), Kind.CHEST_XRAY)
        assert taker.kept() == 0
        both = taker.take(archive.address("studies?PatientID=p4"), Kind.CHEST_XRAY)
        assert len(both) == 2
        for one in both:
            assert one.warnings[0].endswith("; whether it is before or after the other one of that day is not known")

    def test_one_without_a_time_may_be_later_than_any_of_its_day(
        self, archive: FaultyArchive, taker: Taker, tmp_path: Path
    ) -> None:
        films_of_one_day(archive, tmp_path, "120000", "110000", "")
        with pytest.raises(BadInput, match="of which it is not known which is the latest"):
            taker.take(archive.address("studies?PatientID=p4&limit=1"), Kind.CHEST_XRAY)

    @pytest.mark.parametrize("day", ["20261399", "2026030²", "99999999", "today"])
    def test_what_is_no_day_is_no_date(self, archive: FaultyArchive, films: None, taker: Taker, day: str) -> None:
        says_of(archive, "00080020", {f"{ROOT}.50": day})
        taken = taker.take(archive.address("studies?PatientID=p3&limit=9"), Kind.CHEST_XRAY)
        assert len(taken) == 2
        assert taken[0].warnings[0].endswith("; 2 without a date not looked at")

    def test_older_ones_that_are_not_looked_at(
        self, archive: FaultyArchive, films: None, taker: Taker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "_MOST_LOOKED_AT", 2)
        taken = taker.take(archive.address("studies?PatientID=p3&limit=9"), Kind.CHEST_XRAY)
        assert taken[0].warnings[0].endswith("; 1 without a date not looked at; 1 older ones not looked at")

    def test_none_of_the_kind(self, archive: FaultyArchive, films: None, taker: Taker) -> None:
        with pytest.raises(BadInput, match="has no study with a date and images of that kind among the latest 3"):
            taker.take(archive.address("studies?PatientID=p3"), Kind.FUNDUS)


class TestToken:
    def test_it_goes_to_its_archive_alone(self, archive: FaultyArchive, taker: Taker) -> None:
        archive.token = TOKEN
        taker.settings.update(dicomweb_url=archive.base, dicomweb_token="wrong")
        with pytest.raises(BadInput, match="does not take the token"):
            taker.take(archive.address(STUDY))
        taker.settings["dicomweb_token"] = TOKEN
        assert len(taker.take(archive.address(STUDY))) == 1
        taker.settings["dicomweb_url"] = "https://archive.example/dicom-web"
        with pytest.raises(BadInput, match="wants a token"):
            taker.take(archive.address(STUDY))
        assert archive.requests[-1].token is None

    def test_one_that_is_for_nobody(self, archive: FaultyArchive, taker: Taker) -> None:
        taker.settings["dicomweb_token"] = TOKEN
        with pytest.raises(UsageProblem, match="ASSISTANT_DICOMWEB_TOKEN: does not say for which server it is"):
            taker.take(archive.address(STUDY))
        assert archive.requests == []

    def test_one_of_the_keyring(self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
        archive.token = TOKEN
        keep(monkeypatch, archive.host, TOKEN)
        assert len(taker.take(archive.address(STUDY))) == 1


class TestUser:
    """Name and password; see test_orthanc.py for an archive that knows its users so."""

    @pytest.fixture
    def known(self, archive: FaultyArchive, taker: Taker) -> None:
        archive.token = "Basic d2FyZDphOiBwYXNz"  # ward:a: pass
        taker.settings.update(dicomweb_url=archive.base, dicomweb_user="ward", dicomweb_password="a: pass")

    def test_they_go_to_their_archive_alone(self, archive: FaultyArchive, known: None, taker: Taker) -> None:
        assert len(taker.take(archive.address(STUDY))) == 1
        assert {asked.token for asked in archive.requests} == {archive.token}
        taker.settings["dicomweb_url"] = "https://archive.example/dicom-web"
        with pytest.raises(BadInput, match="wants a token"):
            taker.take(archive.address(STUDY))
        assert archive.requests[-1].token is None

    def test_where_it_sends_us_nobody_goes_with_them(self, archive: FaultyArchive, known: None, taker: Taker) -> None:
        with serve(FaultyArchive()) as other:
            archive.troubles[SERIES] = [Reply(307, headers=(("Location", f"{other.base}/{SERIES}"),))]
            with pytest.raises(BadInput, match=r"sends elsewhere \(307\), and nobody goes there"):
                taker.take(archive.address(STUDY))
            assert other.requests == []

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ({"dicomweb_user": None}, "ASSISTANT_DICOMWEB_PASSWORD: does not say whose it is"),
            ({"dicomweb_url": None}, "ASSISTANT_DICOMWEB_USER: does not say for which server it is"),
            ({"dicomweb_token": "t"}, "ASSISTANT_DICOMWEB_USER: is given beside ASSISTANT_DICOMWEB_TOKEN"),
            ({"dicomweb_password": None}, "ASSISTANT_DICOMWEB_USER: has no password; run: keyring set"),
            ({"dicomweb_user": "war:d"}, "ASSISTANT_DICOMWEB_USER: is no user's name"),
            ({"dicomweb_user": "ward\n"}, "ASSISTANT_DICOMWEB_USER: is no user's name"),
            ({"dicomweb_password": "a: pass\n"}, "ASSISTANT_DICOMWEB_PASSWORD: is no password"),
        ],
    )
    def test_what_does_not_fit(
        self, archive: FaultyArchive, known: None, taker: Taker, settings: dict[str, str], said: str
    ) -> None:
        taker.settings.update(settings)
        with pytest.raises(UsageProblem, match=said) as refused:
            taker.take(archive.address(STUDY))
        assert "a: pass" not in str(refused.value)
        assert archive.requests == []

    @pytest.mark.parametrize(
        ("header", "wanted"),
        [
            ('Basic realm="Bearer of news"', "a name and password"),
            ('Bearer realm="x", basic realm="y"', "a token or a name and password"),
            ('Negotiate, Digest realm="basic"', "a token"),
        ],
    )
    def test_what_it_says_that_it_wants(self, archive: FaultyArchive, taker: Taker, header: str, wanted: str) -> None:
        archive.troubles[f"{STUDY}/series"] = [Reply(401, headers=(("WWW-Authenticate", header),))]
        with pytest.raises(
            BadInput, match=rf"wants {wanted} \(401\); give {wanted} of this server: see docs/imaging.md"
        ):
            taker.take(archive.address(STUDY))


class TestEncrypted:
    @pytest.fixture
    def secure(self, archive: FaultyArchive, tmp_path: Path) -> Iterator[FaultyArchive]:
        with serve(FaultyArchive(files=archive.files), tls=tls_context(tmp_path / "own.pem")) as served:
            yield served

    def address(self, secure: FaultyArchive) -> str:
        return secure.address(STUDY).replace("http:", "https:")

    def test_a_certificate_that_nobody_trusts(self, secure: FaultyArchive, taker: Taker) -> None:
        with pytest.raises(BadInput, match="its certificate is not trusted or the encryption fails"):
            taker.take(self.address(secure))
        assert secure.requests == []

    def test_one_of_the_hospitals_own(
        self, secure: FaultyArchive, taker: Taker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
        assert len(taker.take(self.address(secure))) == 1


class TestLog:
    def test_every_request_is_in_it_before_it_is_made(
        self, archive: FaultyArchive, taker: Taker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = arrived_at_each_event(taker.log, archive, monkeypatch)
        taker.take(archive.address(STUDY))
        assert seen == [(archive.host, n) for n in (0, 1, 1, 2, 2, 3)]

    def test_nothing_of_the_patient_is(self, archive: FaultyArchive, taker: Taker) -> None:
        archive.token = TOKEN
        taker.settings.update(dicomweb_url=archive.base, dicomweb_token=TOKEN)
        taker.take(archive.address("studies?PatientID=p1"))
        events = taker.log.payloads("outbound")
        assert sum(event["state"] == "closed" for event in events) == len(archive.requests)
        said = json.dumps(events)
        for secret in ("p1", "Testcase", ROOT, TOKEN):
            assert secret not in said
        received = sum(event.get("received_bytes", 0) for event in events)
        assert received > sum(map(len, archive.images(SERIES)))
