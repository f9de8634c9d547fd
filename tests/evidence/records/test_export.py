"""Bulk exports: one patient out of many, from a folder, an archive or one file, in bounded memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput, PersonNeeded, ProductError
from pipelines.evidence.records.parts import file_at, parts_of
from pipelines.evidence.records.record import read_record
from pipelines.records import Kind
from tests.support.given_records import Given, lines, write_export, write_zip

Raw = dict[str, Any]


def patient(ident: str, **more: Any) -> Raw:
    return {"resourceType": "Patient", "id": ident, "name": [{"family": ident.title()}], **more}


def observation(ident: str, who: str, **more: Any) -> Raw:
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "subject": {"reference": f"Patient/{who}"},
        "code": {"text": "Potassium"},
        **more,
    }


WARD: list[Raw] = [
    patient("ada", identifier=[{"system": "urn:ward", "value": "MRN-1"}]),
    patient("ben"),
    *(observation(f"b{n}", "ben", effectiveDateTime=f"2020-01-{n:02}") for n in range(1, 20)),
    observation("k1", "ada", valueQuantity={"value": 4.1}, performer=[{"reference": "Practitioner/d"}]),
    observation("k2", "ada", status="entered-in-error"),
    {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "subject": {"identifier": {"system": "urn:ward", "value": "MRN-1"}},
        "medicationReference": {"reference": "Medication/m1"},
    },
    {
        "resourceType": "Medication",
        "id": "m1",
        "code": {"text": "Aspirin"},
        "manufacturer": {"reference": "Organization/o"},
    },
    {"resourceType": "Medication", "id": "m2", "code": {"text": "Warfarin"}},
    {"resourceType": "Organization", "id": "o", "name": "Works"},
    {"resourceType": "Practitioner", "id": "d"},
    {"resourceType": "Practitioner", "id": "e"},
]


@pytest.fixture
def taken(tmp_path: Path) -> Given:
    return Given(tmp_path / "store")


def given_in_every_way(folder: Path) -> list[Path]:
    plain = write_export(folder / "plain", WARD)
    one = folder / "all.ndjson"
    one.write_bytes(lines(*WARD))
    packed = folder / "all.ndjson.gz"
    packed.write_bytes(gzip.compress(lines(*WARD)))
    nameless = folder / "export.json"
    nameless.write_bytes(lines(*reversed(WARD)))
    return [
        plain,
        write_export(folder / "packed", WARD, packed=True),
        write_zip(folder / "plain.zip", {f"x/{each.name}": each.read_bytes() for each in plain.iterdir()}),
        one,
        packed,
        nameless,
    ]


def test_the_same_record_however_it_is_given(tmp_path: Path, taken: Given) -> None:
    for path in given_in_every_way(tmp_path / "given"):
        attachment = taken.attach(path, "MRN-1")
        assert attachment.kind is Kind.FHIR_RECORD
        assert attachment.patient is not None
        assert (attachment.patient.id, attachment.patient.name) == ("MRN-1", "Ada")
        assert attachment.warnings == ("1 entry marked entered-in-error or cancelled left out: 1 Observation",)
        record = taken.read(path, "ada")
        assert {each.address for each in record.resources} == {
            "Observation/k1",
            "MedicationRequest/r1",
            "Medication/m1",
            "Organization/o",
            "Practitioner/d",
        }, path.name
        led = record.resolve(record.of_type("MedicationRequest")[0], "medicationReference")
        assert led
        assert str(led[0].name("code")) == "Aspirin"


def test_several_patients_are_listed_when_none_is_chosen(tmp_path: Path, taken: Given) -> None:
    with pytest.raises(PersonNeeded, match=r"^ward: holds 2 patients \(ada, ben\); choose one with --patient ID$"):
        taken.attach(write_export(tmp_path / "ward", WARD))


def test_bundles_and_single_resources_may_lie_beside_the_lines(tmp_path: Path, taken: Given) -> None:
    folder = write_export(tmp_path / "mixed", [patient("ada"), observation("k1", "ada")])
    entries = [{"resource": observation("k9", "ada", valueInteger=3)}, {"resource": observation("b9", "ben")}]
    (folder / "more.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}))
    (folder / "one.json").write_text(json.dumps(observation("k8", "ada", valueInteger=2), indent=1))
    (folder / "export.json").write_text('{"transactionTime": "2026-01-01"}')
    (folder / "read me.txt").write_text("{ no JSON, and no resource }"[1:])
    record = taken.read(folder)
    assert sorted(each.address for each in record.resources) == ["Observation/k1", "Observation/k8", "Observation/k9"]


def test_a_line_of_the_patient_that_cannot_be_read_is_named(tmp_path: Path, taken: Given) -> None:
    folder = write_export(tmp_path / "export", WARD)
    text = (folder / "Observation.ndjson").read_bytes().replace(b'"value": 4.1', b'"value": 4.')
    (folder / "Observation.ndjson").write_bytes(text)
    with pytest.raises(BadInput, match=r"export: Observation.ndjson\[20\] is not JSON"):
        taken.attach(folder, "ada")
    assert taken.read(folder, "ben").of_type("Observation")


def test_a_resource_without_an_id_is_found_by_its_line(tmp_path: Path, taken: Given) -> None:
    nameless = observation("x", "ada") | {"id": None}
    folder = write_export(tmp_path / "export", [patient("ada"), observation("k1", "ada", valueInteger=1), nameless])
    assert [each.address for each in taken.read(folder).of_type("Observation")] == [
        "Observation/k1",
        "Observation.ndjson[2]",
    ]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"a.txt": b"words"}, "holds no FHIR resource|zip archive without"),
        ({"Patient.ndjson": b'{"resourceType":"Patient","id":"a"'}, "is not JSON"),
        ({"Observation.ndjson": lines(observation("k", "ada"))}, "holds no Patient"),
        ({"a.json": b'{"resourceType": "Patient", '}, "is not JSON"),
        (
            {"cda.xml": b"<ClinicalDocument xmlns='urn:hl7-org:v3'/>", "P.ndjson": lines(patient("a"))},
            "C-CDA document among",
        ),
    ],
)
def test_what_is_no_export_is_refused(tmp_path: Path, taken: Given, files: dict[str, bytes], problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as refused:
        taken.attach(write_zip(tmp_path / "given.zip", files))
    assert str(refused.value).startswith("given.zip")


def test_the_list_of_an_archive_is_read_once_for_all_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    whole = zipfile.ZipFile.__init__

    def counted(self: zipfile.ZipFile, *args: Any, **more: Any) -> None:
        opened.append(args)
        whole(self, *args, **more)

    monkeypatch.setattr(zipfile.ZipFile, "__init__", counted)
    files = {f"{n}.json": lines(observation(f"k{n}", "ada")) for n in range(50)}
    path = write_zip(tmp_path / "ward.zip", files)
    opened.clear()
    parts = parts_of([("ward.zip", file_at(path))])
    assert {part.name: part.read() for part in parts} == files
    assert len(opened) == 1


def test_an_archive_whose_list_points_elsewhere_is_refused(tmp_path: Path, taken: Given) -> None:
    path = write_zip(tmp_path / "moved.zip", {"P.ndjson": lines(patient("ada"))})
    data = bytearray(path.read_bytes())
    # Where the first file lies, at 42 bytes into its entry of the list.
    data[data.index(b"PK\x01\x02") + 42] = 7
    path.write_bytes(data)
    with pytest.raises(BadInput, match=r"archive that cannot be read|damaged within its archive"):
        taken.attach(path)


@given(st.lists(st.binary(max_size=60), max_size=6), st.booleans())
def test_any_lines_are_read_or_refused(odd: list[bytes], packed: bool) -> None:
    data = b"\n".join([lines(patient("ada"), observation("k1", "ada"))[:-1], *odd])
    line, first = "", "Observation/k1"
    try:
        record = read_record(gzip.compress(data) if packed else data, "x.ndjson", "a" * 64, "ada")
        first = record.resources[0].address
    except ProductError as refused:
        line = str(refused)
    assert "\n" not in line
    assert first == "Observation/k1"


@given(st.integers(1, 50), st.integers(1, 6))
def test_where_blocks_end_makes_no_difference(count: int, patients: int) -> None:
    from pipelines.evidence.records import export, parts

    everyone = [f"p{n}" for n in range(patients)]
    each = [observation(f"o{n}", everyone[n % patients], note=[{"text": "x" * (n % 7)}]) for n in range(count)]
    data = lines(*map(patient, everyone), *each)
    part = parts.Part("x.ndjson", parts.bytes_of(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "BLOCK", 300)
        source = export.Export("x.ndjson", [part])
        found = {candidate.id for candidate in source.patients()}
        own = [bytes(piece.text) for piece in export._lines_with(part, [b'"Patient/p0"'])]
    assert found == set(everyone)
    assert own == [line for line in data.splitlines() if b'"Patient/p0"' in line]


def test_a_large_export_is_read_in_little_memory(tmp_path: Path) -> None:
    """Forty megabytes, of which one patient's are a few kilobytes."""
    path = tmp_path / "Observation.ndjson"
    filler = lines(*(observation(f"f{n}", f"p{n % 50}", note=[{"text": "x" * 1500}]) for n in range(500)))
    with path.open("wb") as out:
        out.write(lines(*(patient(f"p{n}") for n in range(50))))
        for _ in range(50):
            out.write(filler)
        out.write(lines(observation("mine", "ada"), patient("ada")))
    child = """
import sys
from pathlib import Path
from pipelines.evidence.records.export import Export
from pipelines.evidence.records.parts import Part, file_at
from pipelines.evidence.records.whose import choose
from tests.support.peak_memory import peak_bytes
before = peak_bytes()
source = Export("x", [Part("Observation.ndjson", file_at(Path(sys.argv[1])))])
chosen = choose(source.patients(), "x", "ada")
print(len(source.shelf(chosen).group("Observation").kept), peak_bytes() - before)
"""
    out = subprocess.run([sys.executable, "-c", child, str(path)], check=True, capture_output=True, text=True).stdout
    count, grown = map(int, out.split())
    assert count == 1
    assert grown < 30_000_000 < path.stat().st_size
