"""A C-CDA Continuity of Care Document as a record: what each section states, and where it stands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import BadInput, PersonNeeded, ProductError
from pipelines.evidence.records.cda.place import fhir_time
from pipelines.evidence.records.record import Record, read_record
from pipelines.evidence.records.resource import Resource, walk
from pipelines.records import Kind
from tests.support import ccd
from tests.support.given_records import Given

SNOMED = 'codeSystem="2.16.840.1.113883.6.96"'


def read(*sections: str, **more: Any) -> Record:
    return read_record(ccd.document(*sections, **more), "chart.xml", "a" * 64)


def only(record: Record, kind: str) -> Resource:
    (found,) = record.of_type(kind)
    return found


def cited(resource: Resource, *paths: str) -> list[tuple[str, str] | None]:
    found = [resource.element(path) for path in paths]
    return [(each.value, each.path) if each else None for each in found]


def test_the_patient_is_known_by_id_name_and_birth() -> None:
    record = read()
    assert record.patient.model_dump() == {
        "id": "998991",
        "system": "urn:oid:2.16.840.1.113883.19.5",
        "name": "Isabella Isa Jönsson",
        "birth_date": "1975-05-01",
    }
    assert record.patient_resource.address == "ClinicalDocument#recordTarget[1]"
    assert cited(record.patient_resource, "birthDate", "gender") == [
        ("1975-05-01", "patientRole/patient/birthTime/@value"),
        ("female", "patientRole/patient/administrativeGenderCode/@code"),
    ]


def test_a_problem_stands_where_it_is_cited() -> None:
    status = (
        f"<entryRelationship><observation>{ccd.template('6')}<value code='55561003'/></observation></entryRelationship>"
    )
    value = f'<value xsi:type="CD" code="195967001" {SNOMED} displayName="Asthma"/>'
    record = read(ccd.section("x"), ccd.section("11450-4", ccd.concern(ccd.problem(value, more=status))))
    asthma = only(record, "Condition")
    assert asthma.address == "ClinicalDocument#section[2]/entry[1]/act/entryRelationship/observation"
    assert cited(asthma, "code.text", "clinicalStatus.coding[0].code", "onsetDateTime") == [
        ("Asthma", "value/@displayName"),
        ("active", "entryRelationship/observation/value/@code"),
        ("2015", "effectiveTime/low/@value"),
    ]
    assert list(asthma.codings("code")) == [("http://snomed.info/sct", "195967001")]


@pytest.mark.parametrize(
    ("when", "status", "expected", "place"),
    [
        ('<low value="2015"/><high value="2016"/>', "active", "resolved", "effectiveTime/high/@value"),
        ('<low value="2015"/>', "active", "active", "../../statusCode/@code"),
        ('<low value="2015"/>', "completed", "inactive", "../../statusCode/@code"),
    ],
)
def test_a_problem_without_a_status_of_its_own(when: str, status: str, expected: str, place: str) -> None:
    value = '<value xsi:type="CD" code="1" displayName="Gout"/>'
    record = read(ccd.section("11450-4", ccd.concern(ccd.problem(value, when=when), status)))
    assert cited(only(record, "Condition"), "clinicalStatus.coding[0].code") == [(expected, place)]


def test_a_name_that_stands_only_in_the_narrative_is_found_there() -> None:
    value = '<value xsi:type="CD" nullFlavor="OTH"><originalText><reference value="#p1"/></originalText></value>'
    text = '<list><item ID="p1">Tennis\n  elbow</item></list>'
    record = read(ccd.section("11450-4", ccd.concern(ccd.problem(value)), text=text))
    assert cited(only(record, "Condition"), "code.text") == [("Tennis elbow", '//*[@ID="p1"]')]


def test_no_known_is_only_what_a_negated_statement_says() -> None:
    everything = f'<value xsi:type="CD" code="55607006" {SNOMED}/>'
    record = read(
        ccd.section("11450-4", ccd.concern(ccd.problem(everything, negated=True))),
        ccd.section("48765-2", ccd.concern(ccd.allergy('<code nullFlavor="NA"/>', negated=True))),
        ccd.section("10160-0", ccd.drug(f'<code code="410942007" {SNOMED}/>', negated=True)),
    )
    found = [
        (str(resource.name(path)), next(code for _, code in resource.codings(path)))
        for kind, path in (
            ("Condition", "code"),
            ("AllergyIntolerance", "code"),
            ("MedicationStatement", "medicationCodeableConcept"),
        )
        for resource in record.of_type(kind)
    ]
    assert found == [
        ("No known problems", "160245001"),
        ("No known allergy", "716186003"),
        ("No known medications", "787481004"),
    ]
    silent = read(ccd.section("48765-2", text="No known allergies"), ccd.section("11450-4"))
    assert silent.resources == ()


def test_a_negated_allergy_to_one_thing_is_refuted_and_no_absence_of_all() -> None:
    penicillin = '<code code="70618" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin"/>'
    record = read(ccd.section("48765-2", ccd.concern(ccd.allergy(penicillin, negated=True))))
    assert only(record, "AllergyIntolerance").code("verificationStatus") == "refuted"


def test_an_allergy_names_its_substance() -> None:
    penicillin = '<code code="70618" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin"/>'
    record = read(ccd.section("48765-2", ccd.concern(ccd.allergy(penicillin))))
    assert cited(only(record, "AllergyIntolerance"), "code.text", "onsetDateTime") == [
        ("Penicillin", "participant/participantRole/playingEntity/code/@displayName"),
        ("1998-05-01", "effectiveTime/low/@value"),
    ]


def test_medications_carry_status_and_period() -> None:
    code = '<code code="1" displayName="Atenolol 25 mg"/>'
    time = '<effectiveTime xsi:type="IVL_TS"><low value="20120318"/><high value="2013"/></effectiveTime>'
    record = read(
        ccd.section(
            "10160-0",
            ccd.drug(code, time=time),
            ccd.drug('<code code="2" displayName="Ibuprofen"/>', status="aborted"),
            ccd.drug('<code code="3" displayName="Codeine"/>', status="nullified"),
            ccd.drug('<code code="4" displayName="Aspirin"/>', negated=True),
        )
    )
    found = [
        (str(r.name("medicationCodeableConcept")), r.code("status")) for r in record.of_type("MedicationStatement")
    ]
    assert found == [("Atenolol 25 mg", "active"), ("Ibuprofen", "stopped"), ("Aspirin", "not-taken")]
    assert record.withdrawn == {"MedicationStatement": 1}
    assert walk(record.of_type("MedicationStatement")[0].raw, "effectivePeriod") == {
        "start": "2012-03-18",
        "end": "2013",
    }


@pytest.mark.parametrize(
    ("value", "path", "expected"),
    [
        ('<value xsi:type="PQ" value="6.10" unit="mmol/L"/>', "valueQuantity.value", ("6.10", "value/@value")),
        ('<value xsi:type="PQ" value="6.10" unit="mmol/L"/>', "valueQuantity.unit", ("mmol/L", "value/@unit")),
        ('<value xsi:type="ST">  Not   seen </value>', "valueString", ("Not seen", "value")),
        (
            '<value xsi:type="CD" code="1" displayName="Negative"/>',
            "valueCodeableConcept.text",
            ("Negative", "value/@displayName"),
        ),
        (
            '<value xsi:type="IVL_PQ"><high value="5" inclusive="false"/></value>',
            "valueQuantity.comparator",
            ("<", "value/high/@inclusive"),
        ),
        (
            '<value xsi:type="IVL_PQ"><low value="5"/><high value="9"/></value>',
            "valueRange.high.value",
            ("9", "value/high/@value"),
        ),
        ('<value xsi:type="PQ" value="many" unit="g"/>', "valueQuantity.value", None),
        ('<value xsi:type="PQ" nullFlavor="UNK"/>', "valueQuantity.value", None),
    ],
)
def test_results_of_every_type(value: str, path: str, expected: tuple[str, str] | None) -> None:
    record = read(ccd.section("30954-2", ccd.battery(ccd.result("Potassium", value))))
    assert cited(only(record, "Observation"), path) == [expected]


def test_a_result_has_its_time_its_range_and_its_flag() -> None:
    more = """<interpretationCode code="H" displayName="High"/><referenceRange><observationRange>
<value xsi:type="IVL_PQ"><low value="3.5" unit="mmol/L"/><high value="5.0" unit="mmol/L"/></value>
</observationRange></referenceRange>"""
    value = '<value xsi:type="PQ" value="6.1" unit="mmol/L"/>'
    record = read(
        ccd.section(
            "30954-2",
            ccd.battery(
                ccd.result("Potassium", value, more=more),
                ccd.result("Sodium", value, when="", status="active"),
                ccd.result("Chloride", value, status="cancelled"),
            ),
        )
    )
    potassium, sodium = record.of_type("Observation")
    assert cited(
        potassium, "effectiveDateTime", "referenceRange[0].high.value", "interpretation[0].coding[0].code"
    ) == [
        ("2024-03-01T08:30:00-05:00", "effectiveTime/@value"),
        ("5.0", "referenceRange/observationRange/value/high/@value"),
        ("H", "interpretationCode/@code"),
    ]
    assert cited(sodium, "status", "effectiveDateTime") == [
        ("preliminary", "statusCode/@code"),
        ("2024-03-01", "../../effectiveTime/low/@value"),
    ]
    assert record.withdrawn == {"Observation": 1}


def test_visits_vaccinations_and_procedures() -> None:
    vaccine = ccd.drug(
        '<code code="88" codeSystem="2.16.840.1.113883.12.292" displayName="Influenza"/>',
        status="completed",
        time='<effectiveTime value="199911"/>',
    )
    visit = """<encounter><code code="99213" displayName="Office visit">
<translation code="AMB" codeSystem="2.16.840.1.113883.5.4"/></code><effectiveTime value="201209271300"/></encounter>"""
    done = """<procedure><code code="73761001" displayName="Colonoscopy"/><statusCode code="completed"/>
<effectiveTime value="20120512"/></procedure>"""
    record = read(ccd.section("11369-6", vaccine), ccd.section("46240-8", visit), ccd.section("47519-4", done))
    assert cited(only(record, "Immunization"), "vaccineCode.text", "occurrenceDateTime", "status")[1:] == [
        ("1999-11", "effectiveTime/@value"),
        ("completed", "statusCode/@code"),
    ]
    assert cited(only(record, "Encounter"), "class.code", "period.start") == [
        ("AMB", "code/translation/@code"),
        ("2012-09-27T13:00:00", "effectiveTime/@value"),
    ]
    assert cited(only(record, "Procedure"), "code.text", "performedDateTime") == [
        ("Colonoscopy", "code/@displayName"),
        ("2012-05-12", "effectiveTime/@value"),
    ]


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2012", "2012"),
        ("201208", "2012-08"),
        ("20120806", "2012-08-06"),
        ("2012080610", "2012-08-06T10:00:00"),
        ("20120806103059.123-0800", "2012-08-06T10:30:59-08:00"),
        ("", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_times_stay_as_precise_as_they_are(stamp: str | None, expected: str | None) -> None:
    assert fhir_time(stamp) == expected


BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<ClinicalDocument xmlns="urn:hl7-org:v3">&b;</ClinicalDocument>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<ClinicalDocument xmlns="urn:hl7-org:v3">&a;</ClinicalDocument>"""


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (BOMB, "declares a document type or entities"),
        (OUTSIDE, "declares a document type or entities"),
        (ccd.document()[:-40], "XML that cannot be read"),
        (b"<Bundle xmlns='http://hl7.org/fhir'/>", "is FHIR as XML; give it as JSON"),
        (b"<html/>", "is XML but no C-CDA document"),
        (
            ccd.document(template="2.16.840.1.113883.10.20.22.1.8", code="18842-5"),
            r"CDA document of another kind \(LOINC 18842-5\)",
        ),
        (ccd.document(person=""), "holds no Patient"),
    ],
)
def test_what_is_no_continuity_of_care_document_is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(BadInput, match=problem) as refused:
        read_record(data, "chart.xml", "a" * 64)
    assert re.fullmatch(r"chart\.xml: [^\n]+; [^\n]+", str(refused.value))


def test_of_several_patients_a_person_has_to_choose_one() -> None:
    two = ccd.document(person=ccd.PERSON + ccd.PERSON.replace("998991", "5"))
    with pytest.raises(PersonNeeded, match=r"holds 2 patients \(998991, 5\)"):
        read_record(two, "chart.xml", "a" * 64)


PIECES = st.sampled_from(
    [
        "<value/>",
        '<value xsi:type="PQ"/>',
        '<value xsi:type="PQ" value="1e999999" unit=""/>',
        '<value xsi:type="IVL_PQ"><low/></value>',
        "<code/>",
        '<code code="" displayName=" "/>',
        '<code code="1"><translation/></code>',
        '<statusCode code="x"/>',
        "<statusCode/>",
        '<effectiveTime value="99999999"/>',
        "<effectiveTime><high/></effectiveTime>",
        ccd.template("4"),
        ccd.template("7"),
        "<participant><participantRole><playingEntity/></participantRole></participant>",
        '<originalText><reference value="#"/></originalText>',
        "<x>&lt;script&gt;</x>",
    ]
)
TAGS = st.sampled_from(
    ["act", "observation", "organizer", "component", "entryRelationship", "substanceAdministration", "encounter"]
)


def wrapped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag}>", TAGS, st.lists(inner, max_size=4))


@given(
    st.sampled_from(["11450-4", "48765-2", "10160-0", "11369-6", "30954-2", "46240-8", "47519-4"]),
    st.recursive(PIECES, wrapped, max_leaves=14),
)
def test_odd_entries_are_read_or_left(code: str, entry: str) -> None:
    record = read(ccd.section(code, entry))
    for resource in record.resources:
        assert resource.address.startswith("ClinicalDocument#section[1]/entry[1]/")


@given(st.binary(max_size=80), st.integers(0, 1500))
def test_any_bytes_within_a_document_are_read_or_refused(odd: bytes, at: int) -> None:
    data = ccd.document(ccd.section("11450-4"))
    line = ""
    try:
        read_record(data[:at] + odd + data[at:], "chart.xml", "a" * 64)
    except ProductError as refused:
        line = str(refused)
    assert "\n" not in line


def test_what_is_nested_deeply_does_no_harm() -> None:
    deep = "<text>" + "<content>" * 50_000 + "</content>" * 50_000 + "</text>"
    assert read(ccd.section("11450-4", text=deep)).resources == ()


def test_it_is_told_by_its_root_whatever_its_name(tmp_path: Path) -> None:
    value = '<value xsi:type="CD" code="1" displayName="Gout"/>'
    path = tmp_path / "chart.txt"
    path.write_bytes(ccd.document(ccd.section("11450-4", ccd.concern(ccd.problem(value)))))
    taken = Given(tmp_path / "store")
    attachment = taken.attach(path)
    assert attachment.kind is Kind.FHIR_RECORD
    assert attachment.patient is not None
    assert attachment.patient.name == "Isabella Isa Jönsson"
    assert [str(each.name("code")) for each in taken.read(path).resources] == ["Gout"]
