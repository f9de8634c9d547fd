"""A record in sections: what it states, with its source; what it does not, said to be not recorded."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from assistant.sessions import SessionLog
from pipelines.checks.cited import check
from pipelines.evidence.records.record import Record
from pipelines.models.consult import Consultant
from pipelines.records import RecordCitation, Result, RunState, Status
from pipelines.tasks.record.summary import summarise
from tests.sessions.a_run import request
from tests.support.charts import CHART, TODAY, lab, named, record
from tests.support.led import LedGenerator, text_of


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionLog]:
    with SessionLog.open(tmp_path_factory.mktemp("data")) as opened:
        yield opened


@pytest.fixture
def consultant(log: SessionLog) -> Consultant:
    run = log.accept(request(log), log.session("s"), True, RunState.RUNNING)
    generator = LedGenerator(ready=False)
    return Consultant(generator, log.journal, log.store, run, "record-summary", lambda _node, _share: None)


def summary(consultant: Consultant, of: Record | None = None) -> Result:
    return summarise(of or record(), consultant.store, consultant, None, TODAY)


def lines(result: Result) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for statement in result.statements:
        found.setdefault(statement.section or "", []).append(statement.text)
    return found


def test_every_section_has_its_lines_in_order(consultant: Consultant) -> None:
    found = lines(summary(consultant))
    assert list(found) == [
        "Patient",
        "Problems",
        "Medications",
        "Allergies",
        "Results",
        "Vital signs",
        "Encounters",
        "Procedures",
        "Vaccinations",
        "Family history",
        "Open",
    ]
    assert found["Patient"][1] == "Date of birth: 1950-01-02; age 76 on 2026-06-01."
    assert found["Problems"] == [
        "Condition: Amyloidosis, active, onset on 2026-01-10.",
        "Condition: Chronic kidney disease stage 3, active, onset on 2019-05-06.",
        "Past condition: Gout, resolved, onset on 2015-01-02, ended on 2016-02-03.",
    ]
    assert found["Medications"] == [
        "Medication: Penicillin V 250 MG Oral Tablet, active, ordered on 2026-03-05.",
        "Medication: Lisinopril 10 MG Oral Tablet, active, ordered on 2020-02-02.",
    ]
    assert found["Allergies"] == ["Allergy: Penicillin, active, noted on 2001-02-03."]
    first, last = "4.1 mmol/L on 2024-03-04 (first)", "5.9 mmol/L on 2026-03-04 (last)"
    assert f"Potassium: {first}, {last}, a change of 1.8 mmol/L, flagged H." in found["Results"]
    assert "Creatinine: 1.9 mg/dL on 2026-03-04, preliminary." in found["Results"]
    assert found["Vital signs"] == ["Blood pressure: 152/88 mmHg on 2026-03-04."]
    assert found["Encounters"] == ["Encounter: Hospital stay on 2026-03-04 until 2026-03-09."]
    assert found["Open"] == [
        "Allergy: Penicillin; medication: Penicillin V 250 MG Oral Tablet, ordered on 2026-03-05.",
        "Latest Potassium: 5.9 mmol/L on 2026-03-04, flagged H.",
        "Latest Creatinine: 1.9 mg/dL on 2026-03-04, preliminary.",
        "Condition: Amyloidosis, provisional, onset on 2026-01-10.",
        "Order: Ultrasound of kidneys, active, on 2026-03-09.",
    ]


def test_what_is_not_recorded_is_not_called_none(consultant: Consultant) -> None:
    found = lines(summary(consultant, record(CHART[0])))
    assert found["Problems"] == ["Conditions: none recorded in this record."]
    assert found["Medications"] == ["Medications: none recorded in this record."]
    assert found["Allergies"] == ["Allergies: none recorded in this record."]
    assert found["Results"] == ["Results: none recorded in this record."]
    assert found["Encounters"] == ["Encounters: none recorded in this record."]
    assert "Open" not in found


def test_a_vital_sign_is_known_by_its_code_where_no_category_says_so(consultant: Consultant) -> None:
    weight = lab(1, "Weight", "29463-7", 80.5, "kg", "2020-01-01", category=[])
    found = lines(summary(consultant, record(CHART[0], weight)))
    assert found["Vital signs"] == ["Weight: 80.5 kg on 2020-01-01."]
    assert "Results" not in found


def test_that_no_allergy_is_known_is_said_only_where_the_record_does(consultant: Consultant) -> None:
    coding = [{"system": "http://snomed.info/sct", "code": "716186003"}]
    none_known = named("AllergyIntolerance", "none", "", "active", code={"coding": coding, "text": "No known allergy"})
    alone = lines(summary(consultant, record(CHART[0], none_known)))["Allergies"]
    assert alone == ["Recorded as: No known allergy, active, noted (date not recorded)."]
    penicillin = next(each for each in CHART if each["id"] == "pen")
    both = lines(summary(consultant, record(CHART[0], none_known, penicillin)))["Allergies"]
    assert both == ["Allergy: Penicillin, active, noted on 2001-02-03."]


def test_every_line_holds_against_the_record(consultant: Consultant) -> None:
    result = summary(consultant)
    assert all(s.citations or "none recorded" in s.text for s in result.statements)
    wrong = [
        (result.statements[each.statement].text, each.aspect, each.statement_text)
        for each in check(result, record(), consultant.store)
        if each.verdict != "supported"
    ]
    assert wrong == []


def test_the_message_says_of_what_and_how_far(consultant: Consultant) -> None:
    result = summary(consultant)
    assert result.status is Status.DRAFT
    assert result.message == "From chart.json, whose last entry is of 2026-03-09."
    assert result.data["last_date"] == "2026-03-09"


def test_a_trend_has_a_picture_beside_its_line(consultant: Consultant) -> None:
    result = summary(consultant)
    [plot] = result.data["plots"]
    assert (plot["name"], plot["unit"], plot["values"], plot["media_type"]) == ("Potassium", "mmol/L", 3, "image/png")
    assert result.statements[plot["statement"]].text.startswith("Potassium: ")
    with Image.open(io.BytesIO(consultant.store.get(plot["sha256"]))) as picture:
        assert picture.size == (960, 300)
        assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 3
    again = summary(consultant)
    assert again.data["plots"] == [plot], "the same values are the same picture"


def test_two_values_or_ones_that_are_no_numbers_make_no_picture(consultant: Consultant) -> None:
    two = (lab(n, "Sodium", "2951-2", 130.0 + n, "mmol/L", f"202{n}-01-01") for n in range(2))
    vague = (lab(n, "Iron", "1-1", 10.0 + n, "ug/dL", f"202{n}") for n in range(4))
    assert summary(consultant, record(CHART[0], *two, *vague)).data["plots"] == []


def test_a_model_writes_a_paragraph_on_top_that_cites_the_lines(consultant: Consultant) -> None:
    generator = consultant.generator
    assert isinstance(generator, LedGenerator)
    generator.ready = True
    generator.says = (
        (("L1", "L2"), "She is 76 years old."),
        (("L4",), "She has had kidney disease of stage 3 since 2019."),
        (("L999",), "She is well."),
        (("L4",), "She has had it for 7 years."),
    )
    result = summary(consultant)
    said = [statement for statement in result.statements if statement.origin == "generated"]
    assert [s.text for s in said] == ["She is 76 years old.", "She has had kidney disease of stage 3 since 2019."]
    assert {s.section for s in said} == {"Summary by the model"}
    assert {c.resource for c in said[1].citations if isinstance(c, RecordCitation)} == {"Condition/ckd"}
    assert result.statements[: len(said)] == tuple(said)
    assert "not for diagnosis" in (result.message or "")
    assert "Left out: 2 sentences" in (result.message or "")
    assert {"contradicted", "unsupported"}.isdisjoint(
        each.verdict for each in check(result, record(), consultant.store)
    )
    [plot] = result.data["plots"]
    assert result.statements[plot["statement"]].text.startswith("Potassium: ")
    told = text_of(generator.asks[0])
    assert "none recorded" not in told
    assert "Quillfeather" not in told


@pytest.mark.parametrize("reason", ["length", "no-answer", "loop"])
def test_a_paragraph_that_never_ended_leaves_the_rest_as_it_is(consultant: Consultant, reason: str) -> None:
    plain = summary(consultant).statements
    generator = consultant.generator
    assert isinstance(generator, LedGenerator)
    generator.ready, generator.finish_reason = True, reason  # type: ignore[assignment]
    result = summary(consultant)
    assert (result.status, result.statements) == (Status.DRAFT, plain)
    assert "No paragraph by a model: the model " in (result.message or "")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Sodium", "Iron [Mass/volume] in Serum", "PHQ-2 score", "Größe"]),
            st.decimals(min_value=-50, max_value=5000, places=4, allow_nan=False).map(float),
            st.sampled_from(["mmol/L", "mg/dL", "%", "{score}", "kg/m2"]),
            st.dates().map(str),
        ),
        max_size=12,
    )
)
def test_lines_of_any_measurements_hold(consultant: Consultant, measured: list[tuple[str, float, str, str]]) -> None:
    of = record(CHART[0], *(lab(n, name, f"{n}-1", *rest) for n, (name, *rest) in enumerate(measured)))
    result = summary(consultant, of)
    assert {each.verdict for each in check(result, of, consultant.store)} <= {"supported", "not-checkable"}
