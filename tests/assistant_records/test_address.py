"""Which addresses are those of a patient, and which belong to the same server."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.intake import GivenAttachment, take_in_attachment
from assistant.records.address import PatientAddress, ServerAddress
from assistant.sessions.disk import Disk
from assistant.sessions.files import FileStore
from pipelines.errors import BadInput, UsageProblem
from pipelines.records import Kind


@pytest.mark.parametrize(
    ("url", "base", "patient"),
    [
        ("https://fhir.example/Patient/1", "https://fhir.example", "1"),
        ("https://fhir.example/baseR4/Patient/a-b.C9", "https://fhir.example/baseR4", "a-b.C9"),
        ("https://fhir.example:8443/r4/Patient/1/", "https://fhir.example:8443/r4", "1"),
        ("https://FHIR.Example:443/r4/Patient/1", "https://fhir.example/r4", "1"),
        ("https://fhir.example/tenant/Patient/x/Patient/1", "https://fhir.example/tenant/Patient/x", "1"),
        ("http://127.0.0.1:8080/fhir/Patient/1", "http://127.0.0.1:8080/fhir", "1"),
        ("http://[::1]:8080/fhir/Patient/1", "http://[::1]:8080/fhir", "1"),
        ("http://localhost/fhir/Patient/1", "http://localhost/fhir", "1"),
        (" https://fhir.example/Patient/1 ", "https://fhir.example", "1"),
    ],
)
def test_a_patient_on_a_server(url: str, base: str, patient: str) -> None:
    address = PatientAddress.parse(url)
    assert (address.server.base, address.patient) == (base, patient)
    assert address.url == f"{base}/Patient/{patient}"
    assert address.name == f"Patient/{patient}@{address.server.host}"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("https://fhir.example/r4", "is not that of a patient"),
        ("https://fhir.example/r4/Observation/1", "is not that of a patient"),
        ("https://fhir.example/r4/Patient", "is not that of a patient"),
        ("https://fhir.example/r4/Patient?_id=1", "is not that of a patient"),
        ("https://fhir.example/r4/Patient/1/$everything", "is not that of a patient"),
        ("https://fhir.example/r4/Patient/..", "is not that of a patient"),
        ("https://fhir.example/r4/Patient/a b", "is not that of a patient"),
        (f"https://fhir.example/r4/Patient/{'1' * 65}", "is not that of a patient"),
        ("https:///Patient/1", "is not that of a patient"),
        ("https://[bad/Patient/1", "is not that of a patient"),
        ("https://fhir.example:x/Patient/1", "is not that of a patient"),
        ("ftp://fhir.example/Patient/1", "is not that of a patient"),
        ("https://fhir.example/r4/Patient/1?_format=json", "goes on behind the patient"),
        ("https://fhir.example/r4/Patient/1#name", "goes on behind the patient"),
        ("https://me:secret@fhir.example/Patient/1", "has a name or password in its address"),
        ("https://fhir.example/r4/../admin/Patient/1", "is more than the address of a server"),
        ("https://fhir.example/r4/%2E%2e/admin/Patient/1", "is more than the address of a server"),
        ("http://fhir.example/r4/Patient/1", "would send a patient's record unencrypted"),
        ("http://10.0.0.7/r4/Patient/1", "would send a patient's record unencrypted"),
        ("http://localhost.example/r4/Patient/1", "would send a patient's record unencrypted"),
    ],
)
def test_no_other_is_asked(url: str, problem: str) -> None:
    with pytest.raises(UsageProblem, match=problem) as caught:
        PatientAddress.parse(url)
    assert "secret" not in str(caught.value)


SERVER = ServerAddress("https://fhir.example/r4")


@pytest.mark.parametrize(
    "link",
    [
        "https://fhir.example/r4?_getpages=1&_getpagesoffset=2",
        "https://fhir.example/r4/Observation?_offset=2",
        "https://FHIR.example:443/r4/Observation?_offset=2",
        "Observation?_offset=2",
        "?_offset=2",
        "/r4/Observation?_offset=2",
    ],
)
def test_links_below_the_base_are_followed(link: str) -> None:
    followed = SERVER.followed(link, "https://fhir.example/r4/Observation?patient=1")
    assert followed is not None
    assert SERVER.holds(followed)


@pytest.mark.parametrize(
    "link",
    [
        "https://other.example/r4/Observation",
        "https://fhir.example.other/r4/Observation",
        "https://fhir.example:444/r4/Observation",
        "http://fhir.example/r4/Observation",
        "https://fhir.example/r45/Observation",
        "https://fhir.example/",
        "https://me@fhir.example/r4/Observation",
        "https://fhir.example/r4/../admin",
        "https://fhir.example/r4/%2e%2E/admin",
        "https://fhir.example/r4/..%2fadmin",
        "../admin",
        "//other.example/r4/Observation",
        "https://[bad/r4",
        "https://fhir.example:x/r4/Observation",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ],
)
def test_others_are_not(link: str) -> None:
    assert SERVER.followed(link, "https://fhir.example/r4/Observation?patient=1") is None


@given(st.text(max_size=60))
def test_whatever_a_link_says_it_stays_on_the_server(link: str) -> None:
    followed = SERVER.followed(link, "https://fhir.example/r4/Observation?patient=1")
    assert followed is None or followed.lower().startswith(("https://fhir.example/r4", "https://fhir.example:443/r4"))


@given(st.text(max_size=80))
def test_whatever_is_written_it_is_an_address_or_one_problem(written: str) -> None:
    try:
        address = PatientAddress.parse(f"https://fhir.example/{written}")
    except UsageProblem:
        return
    assert PatientAddress.parse(address.url) == address


class TestAttached:
    URL = "https://fhir.example/r4/Patient/1"

    @pytest.mark.parametrize("argument", [URL, f"fhir-record={URL}"])
    def test_an_address_is_a_record(self, argument: str) -> None:
        given = GivenAttachment.parse(argument, Path("elsewhere"))
        assert given == GivenAttachment(kind=Kind.FHIR_RECORD, address=PatientAddress.parse(self.URL))
        assert GivenAttachment.parse(given.argument) == given

    def test_and_nothing_else(self) -> None:
        with pytest.raises(UsageProblem, match="--attach lab-report=…: cannot be fetched"):
            GivenAttachment.parse(f"lab-report={self.URL}")

    def test_nothing_is_fetched_where_nobody_is_asked(self, tmp_path: Path) -> None:
        """As for a take that was left behind."""
        store = FileStore(tmp_path / "files", Disk())
        with pytest.raises(BadInput, match=r"Patient/1@fhir\.example: is not fetched here; recover without it"):
            take_in_attachment(GivenAttachment.parse(self.URL), store)

    def test_a_path_stays_one(self, tmp_path: Path) -> None:
        for argument in (str(tmp_path / "a.json"), f"fhir-record={tmp_path / 'a.json'}"):
            given = GivenAttachment.parse(argument)
            assert given.address is None
            assert GivenAttachment.parse(given.argument) == given
