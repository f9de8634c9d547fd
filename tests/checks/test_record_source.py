"""The second reading: what stands at a cited place, told from the text and not from what was made of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.checks.record_source import SecondReading
from pipelines.evidence.records.record import Record, read_record
from pipelines.evidence.records.resource import Element, Resource
from tests.support import ccd

SNOMED = 'codeSystem="2.16.840.1.113883.6.96"'


def bundle(*resources: dict[str, Any]) -> Record:
    everything = ({"resourceType": "Patient", "id": "p"}, *resources)
    data = json.dumps({"resourceType": "Bundle", "entry": [{"resource": each} for each in everything]})
    return read_record(data.replace("6.1}", "6.10}").encode(), "r.json", "a" * 64)


def elements(resource: Resource) -> list[Element]:
    """Every element that has a place of its own."""
    return [found for path in resource.places if (found := resource.element(path))]


def test_a_bundle_is_read_again_as_it_is_written() -> None:
    read = SecondReading(bundle({"resourceType": "Observation", "id": "o", "valueQuantity": {"value": 6.1}}))
    assert read.standing("Observation/o", "valueQuantity.value") == ("6.10",)
    assert read.standing("Observation/o", "valueQuantity.unit") == ()
    assert read.standing("Observation/x", "valueQuantity.value") == ()
    assert "Observation/o" in read
    assert "Patient/p" in read
    assert len(read.raws()) == 2


def test_what_was_withdrawn_is_no_source() -> None:
    read = SecondReading(bundle({"resourceType": "Observation", "id": "o", "status": "cancelled"}))
    assert "Observation/o" not in read
    assert read.standing("Observation/o", "status") == ()


def test_a_text_that_is_another_resource_is_no_source() -> None:
    record = bundle(
        {"resourceType": "Observation", "id": "o", "valueInteger": 1},
        {"resourceType": "Observation", "id": "n", "valueInteger": 2},
    )
    one, other = record.of_type("Observation")
    object.__setattr__(one, "source", other.source)
    read = SecondReading(record)
    assert read.standing("Observation/o", "valueInteger") == ()
    assert read.standing("Observation/n", "valueInteger") == ("2",)


def rich_document() -> Record:
    penicillin = '<code code="70618" codeSystem="2.16.840.1.113883.6.88" displayName="Penicillin"/>'
    whole = f'<value xsi:type="CD" code="55607006" {SNOMED}/>'
    spoken = '<value xsi:type="CD" nullFlavor="OTH"><originalText><reference value="#p1"/></originalText></value>'
    inner = f"<observation>{ccd.template('6')}<value code='413322009'/></observation>"
    status = f"<entryRelationship>{inner}</entryRelationship>"
    low = '<value xsi:type="IVL_PQ"><high value="5" unit="mg/dL" inclusive="false"/></value>'
    up_to = '<value xsi:type="IVL_PQ"><high value="5" unit="mg/dL"/></value>'
    value = '<value xsi:type="PQ" value="6.10" unit="mmol/L"/>'
    data = ccd.document(
        ccd.section(
            "11450-4",
            ccd.concern(ccd.problem(spoken, more=status)),
            ccd.concern(ccd.problem(whole, negated=True)),
            ccd.concern(ccd.problem(spoken, when='<low value="2011"/><high value="201302"/>'), "completed"),
            text='<list><item ID="p1">Tennis   elbow</item></list>',
        ),
        ccd.section(
            "48765-2", ccd.concern(ccd.allergy(penicillin)), ccd.concern(ccd.allergy(penicillin, negated=True))
        ),
        ccd.section("10160-0", ccd.drug(penicillin, status="suspended"), ccd.drug(penicillin, negated=True)),
        ccd.section("11369-6", ccd.drug(penicillin, negated=True)),
        ccd.section(
            "30954-2",
            ccd.battery(
                ccd.result("Potassium", value),
                ccd.result("Sodium", value, when="", status="active"),
                ccd.result("CRP", low),
                ccd.result("ESR", up_to),
            ),
        ),
    )
    return read_record(data, "chart.xml", "a" * 64)


def test_everything_that_a_document_states_stands_where_it_is_cited() -> None:
    record = rich_document()
    read = SecondReading(record)
    every = [each for resource in (*record.resources, record.patient_resource) for each in elements(resource)]
    assert len(every) > 60
    for each in every:
        assert each.value in read.standing(each.resource, each.path), each


def test_nothing_else_stands_there() -> None:
    record = rich_document()
    read = SecondReading(record)
    potassium = record.of_type("Observation")[0].address
    assert read.standing(potassium, "value/@value") == ("6.10",)
    assert "6.1" not in read.standing(potassium, "value/@value")
    assert read.standing(potassium, "value/@nothing") == ()
    assert read.standing(potassium, "value[2]/@value") == ()
    assert read.standing(potassium, '//*[@ID="p9"]') == ()
    assert read.standing("ClinicalDocument#section[9]/entry[1]/act", "statusCode/@code") == ()


@pytest.mark.parametrize("path", ["", "..", "../../../../../../..", "a//b", "@", "[1]", "value[0]/@value", "//*[@ID"])
def test_odd_places_lead_nowhere(path: str) -> None:
    record = rich_document()
    read = SecondReading(record)
    assert "6.10" not in read.standing(record.of_type("Observation")[0].address, path)
