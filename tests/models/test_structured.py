"""An answer becomes a value only if it is whole, can be read and is valid; what is read stands in the answer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, field_validator

from assistant.sessions import SessionLog
from pipelines.errors import BadInput
from pipelines.models.consult import Consultant
from pipelines.models.generator import Ask, Picture, Words
from pipelines.models.json_reading import Unreadable, object_in
from pipelines.models.schema import told
from pipelines.models.structured import Filled, fill
from pipelines.records import Value
from tests.sessions.a_run import request
from tests.support.engines import ScriptedGenerator

NAME = "Zacharias"
"""Stands for what must not be in a log of ours."""


class Row(Value):
    analyte: str
    value: Decimal
    flag: Literal["normal", "high"]


class Sheet(Value):
    usable: Literal["yes", "no"]
    rows: tuple[Row, ...] = Field(max_length=3)
    remark: str | None = None

    @field_validator("remark")
    @classmethod
    def says_something(cls, remark: str | None) -> str | None:
        if remark == "":
            raise ValueError("is empty")
        return remark


GOOD = '{"usable": "yes", "rows": [{"analyte": "CRP", "value": 48.50, "flag": "high"}]}'
SHEET = Sheet(usable="yes", rows=(Row(analyte="CRP", value=Decimal("48.50"), flag="high"),))
ASK = Ask(
    prompt="p@1 0", system="Careful.", parts=(Words(text="The sheet:"), Words(text="Read it.")), max_new_tokens=50
)


def consultant(log: SessionLog, engine: ScriptedGenerator) -> Consultant:
    run = log.accept(request(log), log.session("desk"))
    return Consultant(engine, log.journal, log.store, run, "lab-report", lambda node, share: None)


def filled(log: SessionLog, engine: ScriptedGenerator, ask: Ask = ASK) -> Filled[Sheet]:
    return fill(consultant(log, engine), ask, Sheet)


def test_an_enforced_answer_becomes_a_value(log: SessionLog) -> None:
    engine = ScriptedGenerator(GOOD, structured="enforced")
    out = filled(log, engine)
    assert out.value == SHEET
    assert (out.repaired, out.problem) == (False, None)
    assert out.generation.text == GOOD
    (ask,) = engine.asks
    assert ask.parts == ASK.parts
    assert ask.json_schema is not None
    assert list(ask.json_schema["properties"]) == ["usable", "rows", "remark"]
    assert ask.json_schema["additionalProperties"] is False


def test_an_engine_that_enforces_nothing_is_told_the_schema_behind_the_question(log: SessionLog) -> None:
    engine = ScriptedGenerator(f"Here it is:\n```json\n{GOOD}\n```\nAnything else?")
    frame = log.store.put(b"a picture")
    out = filled(log, engine, ASK.model_copy(update={"parts": (*ASK.parts, Picture(frame=frame)), "shared": 2}))
    assert out.value == SHEET
    (ask,) = engine.asks
    assert ask.json_schema is None
    assert ask.parts[0] == ASK.parts[0]
    assert ask.parts[2] == Picture(frame=frame)
    assert ask.shared == 1
    words = ask.parts[1]
    assert isinstance(words, Words)
    assert words.text.startswith("Read it.\n\nAnswer with one JSON object")
    schema = json.loads(words.text[words.text.index("{") :])
    assert list(schema["properties"]) == ["usable", "rows", "remark"]
    assert '"title"' not in words.text


def test_what_is_invalid_is_repaired_once_and_each_call_recorded(log: SessionLog) -> None:
    wrong = GOOD.replace('"high"', f'"{NAME}"')
    engine = ScriptedGenerator(answers=(wrong, GOOD), structured="enforced")
    asking = consultant(log, engine)
    out = fill(asking, ASK, Sheet)
    assert (out.value, out.repaired, out.problem) == (SHEET, True, None)
    first, second = engine.asks
    assert second.json_schema == first.json_schema
    words = second.parts[-1]
    assert isinstance(words, Words)
    assert words.text.startswith("Read it.\n\n")
    assert wrong in words.text
    assert "- rows.0.flag: Input should be 'normal' or 'high'" in words.text
    assert [exchange.generation.text for exchange in log.exchanges(asking.run)] == [wrong, GOOD]
    again = fill(asking, ASK, Sheet)
    assert again == out
    assert len(engine.asks) == 2


@pytest.mark.parametrize("structured", ["enforced", "json", "asked"])
def test_what_stays_invalid_is_no_value(log: SessionLog, structured: Literal["enforced", "json", "asked"]) -> None:
    wrong = f'{{"usable": "{NAME}", "rows": [], "{NAME}": 1}}'
    out = filled(log, ScriptedGenerator(wrong, structured=structured))
    assert (out.value, out.repaired) == (None, True)
    assert out.problem == "the answer is not valid at usable (literal_error), ? (extra_forbidden)"


def test_our_own_validators_count(log: SessionLog) -> None:
    out = filled(log, ScriptedGenerator(answers=('{"usable": "no", "rows": [], "remark": ""}', GOOD)))
    assert (out.value, out.repaired) == (SHEET, True)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("I cannot do that.", "the answer holds no whole JSON object"),
        (f'{{"usable": "{NAME}', "the answer holds no whole JSON object"),
        (GOOD + GOOD.replace("48.50", "4"), "the answer holds several JSON objects"),
        ('{"usable": "yes", "usable": "no", "rows": []}', "the answer names a property twice"),
        (GOOD.replace("48.50", "NaN"), "the answer holds a number that is none"),
        (f"{{usable: {NAME}}}", "the answer is no JSON (Expecting property name enclosed in double quotes, line 1, "
            "column 2)"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_asked_for_again_and_told_without_its_words(
    log: SessionLog, answer: str, problem: str
) -> None:
    engine = ScriptedGenerator(answer)
    out = filled(log, engine)
    assert (out.value, out.problem, out.repaired) == (None, problem, True)
    assert len(engine.asks) == 2


@pytest.mark.parametrize("finish", ["length", "loop", "no-answer"])
def test_what_did_not_come_to_its_end_is_never_read(
    log: SessionLog, finish: Literal["length", "loop", "no-answer"]
) -> None:
    engine = ScriptedGenerator(GOOD, finish_reason=finish)
    out = filled(log, engine)
    assert (out.value, out.repaired) == (None, False)
    assert out.problem
    assert len(engine.asks) == 1


def test_a_repair_that_is_cut_is_no_value(log: SessionLog) -> None:
    class CutLater(ScriptedGenerator):
        def generate(self, *given: Any, **more: Any) -> Any:
            self.finish_reason = "length" if self.asks else "stop"
            return super().generate(*given, **more)

    out = filled(log, CutLater(answers=("{}",), answer=GOOD))
    assert (out.value, out.repaired) == (None, True)
    assert out.problem == "the model was cut at its greatest length"


def test_a_repair_that_is_too_long_to_be_asked_is_none(log: SessionLog) -> None:
    class Short(ScriptedGenerator):
        def generate(self, ask: Ask, *given: Any, **more: Any) -> Any:
            if self.asks:
                raise BadInput("request", "is too long", "give less")
            return super().generate(ask, *given, **more)

    out = filled(log, Short("{}"))
    assert (out.value, out.repaired) == (None, False)
    assert out.problem == "the answer is not valid at usable (missing), rows (missing)"


class Spelt(Value):
    """Its fields are called like words of the schema's own language."""

    title: str
    properties: tuple[str, ...]
    items: int


def test_properties_that_are_called_like_keywords_stay() -> None:
    assert list(json.loads(told(Spelt.model_json_schema()))["properties"]) == ["title", "properties", "items"]


NUMBERS = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False, width=32)
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | st.sampled_from(['"', "}", "{", "```", ",}", "\\", '\\"', "// x"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)
PROSE = st.text(st.characters(exclude_characters="{}"), max_size=60) | st.sampled_from(
    ["```json\n", 'Sure! Here\'s "it":\n\n', "\n```\n", "It is 5' 3\" tall. ", ""]
)


@given(PROSE, OBJECTS, PROSE, st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=150, deadline=None)
def test_an_object_is_found_whatever_stands_around_it(
    before: str, value: dict[str, Any], after: str, indent: int | None, ascii_only: bool
) -> None:
    written = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    found = object_in(before + written + after)
    assert found == written
    assert json.loads(found) == value
    assert object_in(f"{before}{written}\n{after}{written}") == written


@given(
    st.lists(st.sampled_from(['{"a": 1', ",", "}", "{", "]", "[", '"', "\\", " ", "a", '"b":', "{}", "2", "\n", "'"]))
)
@settings(max_examples=300, deadline=None)
def test_nothing_is_found_that_does_not_stand_there(pieces: list[str]) -> None:
    text = "".join(pieces)
    try:
        found = object_in(text)
    except Unreadable:
        return
    assert isinstance(json.loads(found), dict)
    left = iter(text)
    assert all(sign in left for sign in found)
    assert found in text or ",]" in "".join(text.split()) or ",}" in "".join(text.split())


@given(OBJECTS.filter(bool))
@settings(max_examples=50, deadline=None)
def test_half_an_object_is_none(value: dict[str, Any]) -> None:
    written = json.dumps(value)
    for cut in range(1, len(written), max(1, len(written) // 10)):
        with pytest.raises(Unreadable):
            object_in(written[:cut])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": [1, 2,], "b": "x,}",\n}', '{"a": [1, 2], "b": "x,}"\n}'),
        ('Write {x} or {"a": {"b": 1}}.', '{"a": {"b": 1}}'),
        ('[{"a": 1}]', '{"a": 1}'),
    ],
)
def test_read_with_tolerance(text: str, found: str) -> None:
    assert object_in(text) == found


@pytest.mark.parametrize(
    "text",
    [
        '{"rows": [{bad}, {"a": 1}]}',
        '{"rows": [oh, dear]} and {"a": 1}',
        '{"a": true} {"a": 1}',
        '{"a": 1e999}',
        '{"a": -Infinity}',
        '{"a": ' + "9" * 5000 + "}",
        '{"a": ' * 100_000 + "1" + "}" * 100_000,
        '{"a": ["\\ud800"]}',
        '{"a": [["x\\u0000"]]}',
        '{"a": {"b": 1, "b": 1}}',
        "{" * 100_000,
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        object_in(text)
