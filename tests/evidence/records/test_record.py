"""Reading FHIR R4 bundles: what is kept, whose it is, and what is refused in one line."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput, PersonNeeded, ProductError
from pipelines.evidence.records.record import Record, is_patient, read_record
from pipelines.evidence.records.resource import walk

ATTACHMENT = "a" * 64


def bundle(*resources: dict[str, Any], urls: bool = False) -> bytes:
    entries = [{"resource": r} | ({"fullUrl": f"urn:uuid:{r['id']}"} if urls and "id" in r else {}) for r in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode()


def patient(ident: str = "p1", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": ident, **more}


def condition(ident: str, subject: Any = None, **more: Any) -> dict[str, Any]:
    about = {"subject": subject} if subject else {}
    return {"resourceType": "Condition", "id": ident, "code": {"text": "Gout"}, **about, **more}


def read(data: bytes, chosen: str | None = None) -> Record:
    return read_record(data, "record.json", ATTACHMENT, chosen)


def refusal(data: bytes, chosen: str | None = None) -> str:
    try:
        read(data, chosen)
    except ProductError as refused:
        return str(refused)
    return ""


def addresses(record: Record) -> list[str]:
    return [resource.address for resource in record.resources]


def test_the_patient_is_known_by_name_and_birth_date() -> None:
    ada = patient(
        identifier=[{"system": "urn:ward", "value": "MRN-7"}],
        name=[{"use": "old", "family": "Was"}, {"given": ["Ada", "B."], "family": "Quist"}],
        birthDate="1951-02",
    )
    found = read(bundle(ada)).patient
    assert (found.id, found.name, found.birth_date) == ("p1", "Ada B. Quist", "1951-02")
    assert is_patient(bundle(ada), "r", "MRN-7")
    assert not is_patient(bundle(ada), "r", "MRN-8")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is not JSON"),
        (b"hello", "is not JSON"),
        (b'{"resourceType": "Bundle", "entry": [NaN]}', "is not JSON"),
        (b"[" * 200_000, "is JSON nested too deeply"),
        (b"[1]", "not a FHIR resource"),
        (b'{"a": 1}', "not a Bundle"),
        (b'{"resourceType": "Patient"}', "is a FHIR Patient, not a Bundle"),
        (bundle(condition("c1")), "holds no Patient"),
        (b'{"resourceType": "Bundle"}', "holds no Patient"),
        (
            b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "a\nb"}}]}',
            "is not JSON",
        ),
        (
            b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "\\ud800"}}]}',
            "is not JSON",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(data: bytes, problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(data)
    line = str(refused.value)
    assert line.startswith("record.json: ")
    assert problem in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("first", "named"), [("one", "one, two"), ("../../etc/passwd", "one without a usable id, two")]
)
def test_of_several_patients_a_person_has_to_choose_one(first: str, named: str) -> None:
    with pytest.raises(PersonNeeded) as asked:
        read(bundle(patient(first), patient("two")))
    assert str(asked.value) == f"record.json: holds 2 patients ({named}); choose one with --patient ID"


def test_a_patient_is_known_by_the_id_of_the_resource_and_no_system() -> None:
    of_hospital = [{"system": "urn:clinic", "value": "MRN-1"}]
    known = read(bundle(patient("one", identifier=of_hospital)), "MRN-1").patient
    assert (known.id, known.system) == ("one", None)


def test_a_chosen_patient_gets_only_their_own_resources() -> None:
    data = bundle(
        patient("one", identifier=[{"value": "MRN-1"}]),
        patient("two"),
        condition("by-type", {"reference": "Patient/two"}),
        condition("by-urn", {"reference": "urn:uuid:one"}),
        condition("by-url", {"reference": "https://ehr.example/fhir/Patient/one"}),
        condition("by-number", {"identifier": {"value": "MRN-1"}}),
        condition("by-label", {"display": "somebody"}),
        urls=True,
    )
    record = read(data, "MRN-1")
    assert record.patient.id == "one"
    assert addresses(record) == ["Condition/by-urn", "Condition/by-url", "Condition/by-number"]
    assert record.left_out == 2
    with pytest.raises(PersonNeeded, match="does not hold patient three but one, two"):
        read(data, "three")


def test_withdrawn_entries_are_left_out() -> None:
    wrong = {"coding": [{"code": "entered-in-error"}]}
    record = read(
        bundle(
            patient(),
            condition("good"),
            condition("error", verificationStatus=wrong),
            {"resourceType": "Observation", "id": "gone", "status": "cancelled"},
            condition("other", {"reference": "Patient/someone-else"}),
        )
    )
    assert addresses(record) == ["Condition/good"]
    assert record.left_out == 3


def test_references_lead_to_resources_by_urn_by_id_and_within() -> None:
    request = {"resourceType": "MedicationRequest", "contained": [{"resourceType": "Medication", "id": "m9"}]}
    record = read(
        bundle(
            patient(),
            {"resourceType": "Medication", "id": "m1"},
            request | {"id": "urn", "medicationReference": {"reference": "urn:uuid:m1"}},
            request | {"id": "id", "medicationReference": {"reference": "Medication/m1"}},
            request | {"id": "in", "medicationReference": {"reference": "#m9"}},
            request | {"id": "lost", "medicationReference": {"reference": "Medication/none"}},
            urls=True,
        )
    )
    led = [record.resolve(r, "medicationReference") for r in record.of_type("MedicationRequest")]
    assert [(to[0].address, to[1]) if to else None for to in led] == [
        ("Medication/m1", ""),
        ("Medication/m1", ""),
        ("MedicationRequest/in", "contained[0]"),
        None,
    ]


def test_the_later_version_of_a_resource_counts_and_decimals_stay_as_written() -> None:
    data = (
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"p"}},'
        b'{"resource":{"resourceType":"Observation","id":"o","meta":{"lastUpdated":"2020-02-01"},'
        b'"valueQuantity":{"value":6.10}}},'
        b'{"resource":{"resourceType":"Observation","id":"o","meta":{"lastUpdated":"2020-01-01"}}},'
        b'{"resource":{"resourceType":"Observation"}}]}'
    )
    first, nameless = read(data).resources
    value = first.element("valueQuantity.value")
    assert value
    assert (value.resource, value.value) == ("Observation/o", "6.10")
    assert nameless.address == "entry[3].resource"


def test_the_version_of_a_resource_goes_with_what_it_says() -> None:
    (kept,) = read(bundle(patient(), condition("c", meta={"versionId": "7"}))).resources
    assert kept.version == "7"
    assert [name.version for name in kept.names("code")] == ["7"]


def test_what_is_given_twice_counts_once_and_is_said() -> None:
    again = condition("copy", meta={"source": "import"})
    follower = {"resourceType": "MedicationRequest", "id": "m", "reasonReference": [{"reference": "Condition/copy"}]}
    record = read(bundle(patient(), condition("first"), again, condition("other", code={"text": "Asthma"}), follower))
    assert addresses(record) == ["Condition/first", "Condition/other", "MedicationRequest/m"]
    assert record.merged == {"Condition": 1}
    led = record.resolve(record.of_type("MedicationRequest")[0], "reasonReference[0]")
    assert led
    assert led[0].address == "Condition/first"


def test_what_was_withdrawn_is_counted_by_type() -> None:
    record = read(
        bundle(
            patient(),
            {"resourceType": "Observation", "id": "a", "status": "entered-in-error"},
            {"resourceType": "Observation", "id": "b", "status": "cancelled"},
            condition("c", verificationStatus="entered-in-error"),
        )
    )
    assert record.withdrawn == {"Observation": 2, "Condition": 1}
    assert record.types == ()


def test_the_newest_version_decides_even_when_it_withdraws() -> None:
    def version(number: int, status: str, updated: str) -> dict[str, Any]:
        meta = {"versionId": str(number), "lastUpdated": updated}
        return {"resourceType": "Observation", "id": "o", "status": status, "meta": meta}

    # In time the second is the later one, though its clock shows less.
    first = version(1, "final", "2024-03-01T23:30:00+05:00")
    second = version(2, "entered-in-error", "2024-03-01T20:00:00Z")
    assert read(bundle(patient(), second, first)).withdrawn == {"Observation": 1}


def test_references_in_a_circle_are_followed_a_step_at_a_time() -> None:
    one = condition("one", evidence=[{"detail": [{"reference": "Condition/two"}]}])
    two = condition("two", code={"text": "Pain"}, evidence=[{"detail": [{"reference": "Condition/one"}]}])
    record = read(bundle(patient(), one, two))
    here = record.of_type("Condition")[0]
    for expected in ("two", "one", "two"):
        led = record.resolve(here, "evidence[0].detail[0]")
        assert led
        here = led[0]
        assert here.address == f"Condition/{expected}"


def test_an_id_with_path_characters_is_no_address_but_can_be_referred_to() -> None:
    odd = {"resourceType": "Medication", "id": "../../etc/passwd", "code": {"text": "Aspirin"}}
    request = {"resourceType": "MedicationRequest", "id": "r"}
    record = read(
        bundle(patient(), odd, request | {"medicationReference": {"reference": "Medication/../../etc/passwd"}})
    )
    (medication,) = record.of_type("Medication")
    assert medication.address == "entry[1].resource"
    assert record.find("entry[1].resource") is medication


def test_a_name_in_another_script_stays_as_it_is() -> None:
    record = read(bundle(patient(name=[{"family": "Ødegård", "given": ["Łucja", "花子"]}])))
    assert record.patient.name == "Łucja 花子 Ødegård"
    wide = bundle(patient(name=[{"text": "Ωmega"}])).decode().encode("utf-16")
    assert read(wide).patient.name == "Ωmega"


def test_a_bundle_may_be_packed() -> None:
    data = gzip.compress(bundle(patient(), condition("c")))
    assert addresses(read_record(data, "record.json.gz", ATTACHMENT)) == ["Condition/c"]
    with pytest.raises(BadInput, match=r"record\.json\.gz: is an archive that cannot be read"):
        read_record(data[:-20], "record.json.gz", ATTACHMENT)


def test_what_is_nested_deeply_is_read_as_far_as_a_reader_can_go() -> None:
    def nested(depth: int) -> bytes:
        deep = b'{"resourceType":"Basic","id":"b","code":' + b"[" * depth + b"]" * depth + b"}"
        return bundle(patient()).replace(b'"entry": [', b'"entry": [{"resource":' + deep + b"},")

    assert addresses(read(nested(200))) == ["Basic/b"]
    assert "nested too deeply" in refusal(nested(100_000))


def test_what_is_coded_alike_lies_together_and_is_decoded_by_itself() -> None:
    def observation(ident: str, code: str, **more: Any) -> dict[str, Any]:
        return {"resourceType": "Observation", "id": ident, "code": {"text": code}, **more}

    record = read(
        bundle(
            patient(),
            observation("k1", "Potassium", valueInteger=4),
            observation("n1", "Sodium", valueInteger=140),
            observation("k2", "Potassium", valueInteger=5),
            observation("copy", "Potassium", valueInteger=5),
            observation("k3", "Potassium", component=[]),
        )
    )
    groups = record.alike("Observation")
    assert [[each.address for each in group.all] for group in groups] == [
        ["Observation/k1", "Observation/k2"],
        ["Observation/n1"],
        ["Observation/k3"],
    ]
    assert [str(group.first.name("code")) for group in groups] == ["Potassium", "Sodium", "Potassium"]
    assert groups[0].first is record.of_type("Observation")[0]
    assert addresses(record) == ["Observation/k1", "Observation/n1", "Observation/k2", "Observation/k3"]


def test_of_what_is_coded_alike_each_form_of_components_is_told() -> None:
    def pressure(ident: str, *names: str, **more: Any) -> dict[str, Any]:
        parts = [{"code": {"text": name}, "valueInteger": len(ident), **more} for name in names]
        return {"resourceType": "Observation", "id": ident, "code": {"text": "Pressure"}, "component": parts}

    record = read(
        bundle(
            patient(),
            pressure("both", "Upper", "Lower"),
            pressure("again", "Upper", "Lower"),
            pressure("one", "Upper"),
            pressure("flagged", "Upper", interpretation=[{"text": "high"}]),
            pressure("odd") | {"component": {"code": 5}},
        )
    )
    [pressures] = record.alike("Observation")
    assert [each.address.partition("/")[2] for each in pressures.forms] == ["both", "one", "flagged", "odd"]


@pytest.mark.long
def test_a_bundle_of_a_hundred_megabytes_is_read() -> None:
    one = json.dumps(condition("c-0", note=[{"text": "x" * 3900}]))
    entries = ",".join(f'{{"resource":{one.replace("c-0", f"c-{n}")}}}' for n in range(26_000))
    data = f'{{"resourceType":"Bundle","entry":[{{"resource":{json.dumps(patient())}}},{entries}]}}'.encode()
    assert len(data) > 100_000_000
    found = read(data.replace(b'"c-25999"', b'"c-25999","recordedDate":"2024"'))
    assert found.merged == {"Condition": 25_998}
    assert len(found.resources) == 2


def test_what_is_made_of_a_record_is_made_once() -> None:
    record = read(bundle(patient(), condition("c")))
    made: list[int] = []

    def count(of: Record) -> int:
        made.append(len(of.resources))
        return len(of.resources)

    assert (record.once(count), record.once(count), made) == (1, 1, [1])


def test_a_path_that_leads_nowhere_finds_nothing() -> None:
    raw = {"component": [{"valueQuantity": {"value": 3}}]}
    assert walk(raw, "component[0].valueQuantity.value") == 3
    assert walk(raw, "component[1].valueQuantity.value") is None
    assert walk(raw, "component.valueQuantity") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert "\n" not in refusal(data)


@given(st.lists(st.dictionaries(st.sampled_from(["id", "status", "subject", "meta", "identifier", "name"]), JSON)))
def test_odd_resources_in_a_bundle_are_read_or_refused(odd: list[dict[str, Any]]) -> None:
    resources = [{"resourceType": "Observation", **each} for each in odd]
    extra = [{"resourceType": "Patient", **each} for each in odd[:1]]
    assert "\n" not in refusal(bundle(patient(), *resources, *extra), "p1")
