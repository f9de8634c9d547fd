"""What a server says that it can do, and what of that is used."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.records.capabilities import TYPES, Searched, read_capabilities
from pipelines.errors import BadInput


def statement(*resources: dict[str, Any], version: str = "4.0.1") -> dict[str, Any]:
    rest = [{"mode": "client", "resource": [{"type": "Flag"}]}, {"mode": "server", "resource": list(resources)}]
    return {"resourceType": "CapabilityStatement", "fhirVersion": version, "rest": rest}


SEARCH = [{"code": "read"}, {"code": "search-type"}]


def test_types_are_searched_as_they_can_be() -> None:
    found = read_capabilities(
        statement(
            {"type": "Patient", "operation": [{"name": "match"}]},
            {"type": "Observation", "interaction": SEARCH, "searchParam": [{"name": "subject"}, {"name": "patient"}]},
            {"type": "Specimen", "interaction": SEARCH, "searchParam": [{"name": "subject"}]},
            {"type": "Flag", "interaction": [{"code": "read"}], "searchParam": [{"name": "patient"}]},
            {"type": "Goal", "interaction": SEARCH, "searchParam": [{"name": "category"}]},
            {
                "type": "MedicationRequest",
                "searchInclude": ["MedicationRequest:medication", "MedicationRequest:encounter"],
            },
            {"type": "MedicationDispense", "searchInclude": ["*"]},
            {"type": "MedicationStatement", "searchInclude": ["MedicationStatement:context"]},
            {"type": "Claim", "interaction": SEARCH, "searchParam": [{"name": "patient"}]},
        ),
        "r",
    )
    assert set(found.searched) == {
        Searched("Observation", "patient", None),
        Searched("Specimen", "subject", None),
        Searched("MedicationRequest", "patient", "MedicationRequest:medication"),
        Searched("MedicationDispense", "patient", "MedicationDispense:medication"),
        Searched("MedicationStatement", "patient", None),
    }
    assert {"Flag", "Goal", "AllergyIntolerance"} < set(found.not_offered)
    assert sorted([*found.not_offered, *(one.type for one in found.searched)]) == sorted(TYPES)
    assert not found.everything


@pytest.mark.parametrize("name", ["everything", "$everything"])
def test_everything_where_it_is_offered(name: str) -> None:
    assert read_capabilities(statement({"type": "Patient", "operation": [{"name": name}]}), "r").everything


def test_a_server_that_tells_of_no_types_is_asked_for_all() -> None:
    found = read_capabilities(statement(), "r")
    assert [one.type for one in found.searched] == list(TYPES)
    assert found.not_offered == ()


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        (statement(version="5.0.0"), r"is on a server of FHIR R5 \(5\.0\.0\)"),
        (statement(version="3.0.2"), r"is on a server of FHIR STU3 \(3\.0\.2\)"),
        (statement(version="1.0.2"), r"is on a server of FHIR DSTU2 \(1\.0\.2\)"),
        (statement(version="6.0.0-ballot2"), r"is on a server of FHIR R6"),
        (statement(version="<script>"), "is on a server of FHIR version unknown"),
        ({"resourceType": "Conformance", "fhirVersion": "1.0.2"}, "is on a server of FHIR DSTU2"),
        ({"resourceType": "Patient"}, "is on no FHIR server"),
        ({"resourceType": "CapabilityStatement"}, "is on no FHIR server"),
        (None, "is on no FHIR server"),
    ],
)
def test_other_releases_are_refused_with_the_reason(told: Any, problem: str) -> None:
    with pytest.raises(BadInput, match=f"^r: {problem}"):
        read_capabilities(told, "r")


@pytest.mark.parametrize("version", ["4.0.0", "4.0.1", "4.3.0"])
def test_r4_and_r4b_are_read(version: str) -> None:
    assert read_capabilities(statement(version=version), "r").version == version


@pytest.mark.parametrize("odd", [7, "x", None, [7, None, "x"], {"type": 7}, [{"type": 7}]])
def test_odd_shapes_count_as_absent(odd: Any) -> None:
    told = statement({"type": "Observation", "interaction": odd, "searchParam": odd, "searchInclude": odd})
    told["rest"].append({"resource": odd})
    read_capabilities(told, "r")
    read_capabilities({**told, "rest": odd}, "r")
