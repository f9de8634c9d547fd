"""Reading FHIR R4 bundles: what is kept, whose it is, and what is refused in one line."""

from __future__ import annotations

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
    assert (found.id, found.system, found.name, found.birth_date) == ("p1", "urn:ward", "Ada B. Quist", "1951-02")
    assert is_patient(bundle(ada), "r", "MRN-7")
    assert not is_patient(bundle(ada), "r", "MRN-8")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is not JSON"),
        (b"hello", "is not JSON"),
        (b'{"resourceType": "Bundle", "entry": [NaN]}', "is not JSON"),
        (b"[" * 200_000, "is not JSON"),
        (b"[1]", "not a FHIR resource"),
        (b'{"a": 1}', "not a Bundle"),
        (b'{"resourceType": "Patient"}', "is a FHIR Patient, not a Bundle"),
        (bundle(condition("c1")), "holds no Patient"),
        (b'{"resourceType": "Bundle"}', "holds no Patient"),
        (bundle(patient("one"), patient("two")), "2 patients (one, two); choose one with --patient ID"),
        (bundle(patient(), {"resourceType": "MedicationOrder"}), "STU3 or earlier"),
        (bundle(patient(), {"resourceType": "Encounter", "class": [{}]}), "FHIR R5"),
        (bundle(patient(), {"resourceType": "MedicationRequest", "medication": {"concept": {}}}), "FHIR R5"),
        (
            b'{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "\\ud800"}}]}',
            "Unicode",
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
