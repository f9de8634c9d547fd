"""Results in sentences as FHIR documents."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.fhir.composition import composition_bundle
from pipelines.fhir.told import Maker, Part, Sentence, Shown, Told
from pipelines.fhir.values import to_json
from pipelines.records import (
    Attachment,
    Citation,
    Engine,
    ImageCitation,
    Kind,
    PageCitation,
    Patient,
    RecordCitation,
    Recording,
    Status,
    TaskName,
    TranscriptCitation,
)
from tests.support.fhir_validation import problems

XHTML = "{http://www.w3.org/1999/xhtml}"
_hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
_anything = st.text(max_size=20)
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x08\0\0\0\x04\x08\0\0\0\0"
"""The head of a picture of 8 x 4 pixels."""


def attachment(sha256: str, name: str, media_type: str, size: int) -> Attachment:
    kind = Kind.DOCUMENT
    return Attachment(sha256=sha256, name=name, media_type=media_type, size=size, kind=kind, kind_from="user")


def recording(sha256: str, name: str) -> Recording:
    return Recording(
        sha256=sha256,
        file_sha256=sha256,
        name=name,
        media_type="audio/wav",
        rate=16000,
        channels=1,
        seconds=1.0,
        origin="file",
    )


_citations: st.SearchStrategy[Citation] = st.one_of(
    st.builds(TranscriptCitation, start=st.just(0), end=st.just(3)),
    st.builds(
        RecordCitation,
        attachment=_hashes,
        resource=_anything,
        path=_anything,
        value=_anything,
        version=st.none() | _anything,
    ),
    st.builds(
        ImageCitation,
        attachment=_hashes,
        frame=_hashes,
        label=st.none() | _anything,
        box=st.none() | st.tuples(*[st.integers(0, 9000)] * 4),
    ),
    st.builds(PageCitation, attachment=_hashes, page=st.integers(1, 3000), box=st.none(), text=_anything),
)
_sentences = st.builds(
    Sentence,
    number=st.integers(1, 999),
    text=_anything,
    marks=st.lists(_anything, max_size=2).map(tuple),
    source=_anything,
    citations=st.lists(_citations, max_size=3).map(tuple),
)
_engines = st.builds(
    Engine,
    name=_anything,
    version=_anything,
    model=st.none() | _anything,
    weights_sha256=st.none() | _hashes,
    note=st.none() | _anything,
)
told = st.builds(
    Told,
    run=st.just("01M8BTPD8KJR13611YESGMRA9W"),
    written=st.just("2026-11-26T11:00:00.123456+00:00"),
    version=st.just("0.1.0"),
    task=st.sampled_from(TaskName),
    title=_anything,
    template=st.none() | st.sampled_from(("soap", "discharge-summary", "radiology-report", "own")),
    status=st.sampled_from(Status),
    patient=st.none()
    | st.builds(
        Patient,
        id=_anything,
        system=st.none() | _anything,
        name=st.none() | _anything,
        birth_date=st.none() | _anything,
    ),
    notices=st.lists(_anything, max_size=2).map(tuple),
    parts=st.lists(
        st.builds(
            Part,
            key=st.none() | st.sampled_from(("plan", "findings", "own")),
            heading=st.none() | _anything,
            sentences=st.lists(_sentences, min_size=1, max_size=3).map(tuple),
        ),
        min_size=1,
        max_size=3,
    ).map(tuple),
    attachments=st.lists(
        st.builds(attachment, _hashes, _anything, st.sampled_from(("text/plain", "", "x y")), st.integers(0, 2**40)),
        max_size=2,
        unique_by=lambda one: one.sha256,
    ).map(tuple),
    recording=st.none() | st.builds(recording, _hashes, _anything),
    makers=st.lists(
        st.builds(Maker, doing=st.sampled_from(("heard by", "answered by")), engine=_engines),
        max_size=2,
        unique_by=lambda one: (one.doing, one.engine.digest()),
    ).map(tuple),
    pictures=st.lists(
        st.builds(Shown, sha256=_hashes, caption=_anything, png=st.just(PNG)),
        max_size=2,
        unique_by=lambda one: one.sha256,
    ).map(tuple),
)


def composition(data: bytes) -> dict[str, Any]:
    first: dict[str, Any] = json.loads(data)["entry"][0]["resource"]
    return first


@settings(deadline=None, max_examples=40)
@given(told)
def test_whatever_was_said_is_r4(told: Told) -> None:
    data = to_json(composition_bundle(told))
    assert problems(data) == []
    for section in composition(data)["section"]:
        ET.fromstring(section["text"]["div"])


HOSTILE = "<script>alert(1)</script> & \" ' ]]> <!-- \x00 \x0b \ud800 \uffff é 王"


def example(**changes: Any) -> Told:
    sentence = Sentence(
        number=1,
        text=HOSTILE,
        marks=(HOSTILE,),
        source=HOSTILE,
        citations=(
            RecordCitation(attachment="ab" * 32, resource="Observation/1", path="a", value="b", version="3"),
            PageCitation(attachment="cd" * 32, page=7, text="x"),
        ),
    )
    values: dict[str, Any] = {
        "run": "01M8BTPD8KJR13611YESGMRA9W",
        "written": "2026-11-26T11:00:00.123456+00:00",
        "version": "0.1.0",
        "task": TaskName.DICTATION_NOTE,
        "title": "Note",
        "template": "soap",
        "status": Status.DRAFT,
        "patient": Patient(id="1", system="urn:clinic", name="Zoë", birth_date="1950"),
        "notices": (HOSTILE,),
        "parts": (Part("plan", "Plan", (sentence,)),),
        "attachments": (),
        "recording": None,
        "makers": (),
    }
    return Told(**values | changes)


def test_hostile_text_is_only_text_in_the_narrative() -> None:
    data = to_json(composition_bundle(example()))
    assert problems(data) == []
    for section in (*composition(data)["section"], composition(data)):
        tree = ET.fromstring(section["text"]["div"])
        assert {node.tag.removeprefix(XHTML) for node in tree.iter()} <= {"div", "p", "i", "table", "tr", "th", "td"}
        assert not any(node.attrib for node in tree.iter())
        assert "<script>alert(1)</script> & \" ' ]]> <!--" in "".join(tree.itertext())


def test_what_a_sentence_cites_is_named_in_its_section() -> None:
    [plan, _] = composition(to_json(composition_bundle(example())))["section"]
    assert [one["display"] for one in plan["entry"]] == ["Observation/1, version 3", "page 7"]
    assert plan["entry"][1]["identifier"]["value"].endswith("#page=7")
    assert plan["code"]["coding"][0]["code"] == "18776-5"


@pytest.mark.parametrize("born", ["1950-13-01", "yesterday", "19500101", "0000", "1950-1-1"])
def test_a_birth_date_that_is_none_is_left_out(born: str) -> None:
    data = to_json(composition_bundle(example(patient=Patient(id="1", birth_date=born))))
    assert problems(data) == []
    assert "birthDate" not in json.loads(data)["entry"][1]["resource"]


def test_codes_only_where_the_section_is_what_the_code_says() -> None:
    """A user's own template may call something else its plan."""
    [plan, _] = composition(to_json(composition_bundle(example(template="own"))))["section"]
    assert "code" not in plan
