"""Which addresses are those of images in an archive."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assistant.imaging.address import ImagesAddress
from assistant.intake import GivenAttachment, take_in_attached
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore
from pipelines.errors import BadInput, UsageProblem
from pipelines.records import Kind

HOST = "dicomweb+https://pacs.example/dicom-web"
uids = st.lists(st.integers(0, 10**9), min_size=1, max_size=6).map(lambda parts: ".".join(map(str, parts)))
patients = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="*?\\"), min_size=1, max_size=64)


@pytest.mark.parametrize(
    ("address", "base", "path", "name"),
    [
        (f"{HOST}/studies/1.2.3", "https://pacs.example/dicom-web", "studies/1.2.3", "studies/1.2.3@pacs.example"),
        (f"{HOST}/studies/1.2/series/3.4/", "https://pacs.example/dicom-web", "studies/1.2/series/3.4",
         "series/3.4@pacs.example"),
        ("dicomweb+http://127.0.0.1:8042/studies/1/series/2/instances/3", "http://127.0.0.1:8042",
         "studies/1/series/2/instances/3", "instances/3@127.0.0.1:8042"),
        ("DICOMweb+https://PACS.example:443/a/studies/1", "https://pacs.example/a", "studies/1",
         "studies/1@pacs.example"),
        (f"{HOST}/studies?PatientID=42", "https://pacs.example/dicom-web", "studies", "studies@pacs.example"),
    ],
)  # fmt: skip
def test_images_in_an_archive(address: str, base: str, path: str, name: str) -> None:
    parsed = ImagesAddress.parse(address)
    assert (parsed.archive.base, parsed.path, parsed.name) == (base, path, name)
    assert ImagesAddress.parse(parsed.argument) == parsed


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        (HOST, "is not that of a study"),
        (f"{HOST}/studies", "does not say which study or whose"),
        (f"{HOST}/studies?limit=2", "does not say which study or whose"),
        (f"{HOST}/studies?PatientName=Testcase", "asks for studies by something else"),
        (f"{HOST}/studies?PatientID=1&PatientID=2", "asks for studies by something else or twice"),
        (f"{HOST}/studies?PatientID=*", "has no patient's ID but what stands for several"),
        (f"{HOST}/studies?PatientID=%3f", "has no patient's ID but what stands for several"),
        (f"{HOST}/studies?PatientID={'1' * 65}", "has no patient's ID"),
        (f"{HOST}/studies?PatientID", "in a way that cannot be read"),
        (f"{HOST}/studies?PatientID=1&limit=0", "has a limit that cannot be"),
        (f"{HOST}/studies?PatientID=1&limit=11", "has a limit that cannot be"),
        (f"{HOST}/studies?PatientID=1&StudyDate=yesterday", "has a StudyDate that cannot be"),
        (f"{HOST}/studies?PatientID=1&ModalitiesInStudy=C%5CR", "has a ModalitiesInStudy that cannot be"),
        (f"{HOST}/studies/1.2/series", "is not that of a study"),
        (f"{HOST}/studies/1..2", "is not that of a study"),
        (f"{HOST}/studies/..", "is not that of a study"),
        (f"{HOST}/studies/{'1' * 65}", "is not that of a study"),
        (f"{HOST}/studies/1/metadata", "is not that of a study"),
        (f"{HOST}/studies/1?PatientID=2", "goes on behind what it names"),
        (f"{HOST}/studies/1#x", "goes on behind what it names"),
        ("dicomweb+https://[bad/studies/1", "is not that of a study"),
        ("dicomweb+ftp://pacs.example/studies/1", "is not that of a study"),
        ("dicomweb+/studies/1", "is not that of a study"),
        ("dicomweb+https://me:secret@pacs.example/studies/1", "has a name or password in its address"),
        ("dicomweb+https://pacs.example/a/../b/studies/1", "is more than the address of a server"),
        ("dicomweb+http://pacs.example/studies/1", "would send a patient's images unencrypted"),
        ("dicomweb+http://192.168.1.2/studies/1", "would send a patient's images unencrypted"),
    ],
)
def test_others_are_refused(address: str, problem: str) -> None:
    with pytest.raises(UsageProblem, match=problem) as refused:
        ImagesAddress.parse(address)
    assert "secret" not in str(refused.value)
    if "secret" in address:
        assert "give them by ASSISTANT_DICOMWEB_USER and the keyring" in str(refused.value)


@given(study=uids, series=st.none() | uids, instance=st.none() | uids)
def test_what_it_is_written_as_is_read_again(study: str, series: str | None, instance: str | None) -> None:
    steps = [f"studies/{study}"]
    if series is not None:
        steps += [f"series/{series}", *([f"instances/{instance}"] if instance is not None else [])]
    argument = "/".join([HOST, *steps])
    if all(len(uid or "") <= 64 for uid in (study, series, instance)):
        assert ImagesAddress.parse(argument).argument == argument


@example(patient="limit", limit=3)
@given(patient=patients, limit=st.none() | st.integers(1, 10))
def test_a_search_is_read_again(patient: str, limit: int | None) -> None:
    from urllib.parse import quote

    address = ImagesAddress.parse(
        f"{HOST}/studies?PatientID={quote(patient, safe='')}{f'&limit={limit}' * bool(limit)}"
    )
    assert address.search is not None
    assert (address.search.patient, address.search.limit) == (patient, limit)
    assert ImagesAddress.parse(address.argument) == address
    assert "&limit=" not in address.search.asked


class TestGiven:
    URL = f"{HOST}/studies/1.2.3"

    @pytest.mark.parametrize("kind", [None, Kind.CT_SERIES, Kind.CHEST_XRAY, Kind.IMAGE])
    def test_as_it_is_attached(self, kind: Kind | None) -> None:
        given = GivenAttachment.parse(f"{kind}={self.URL}" if kind else self.URL, Path("elsewhere"))
        assert given == GivenAttachment(kind=kind, images=ImagesAddress.parse(self.URL))
        assert GivenAttachment.parse(given.argument) == given

    @pytest.mark.parametrize("kind", [Kind.LAB_REPORT, Kind.FHIR_RECORD, Kind.DOCUMENT])
    def test_what_no_archive_has(self, kind: Kind) -> None:
        with pytest.raises(UsageProblem, match="is in no archive of images"):
            GivenAttachment.parse(f"{kind}={self.URL}")

    def test_where_nothing_is_fetched(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path / "files", Disk())
        with pytest.raises(BadInput, match=r"studies/1\.2\.3@pacs\.example: is not fetched here"):
            take_in_attached(GivenAttachment.parse(self.URL), store)
