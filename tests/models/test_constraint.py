"""Whatever a model would rather write: what it writes is JSON of the schema, in its order, and comes to an end."""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import Any, Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from pipelines.errors import UsageProblem
from pipelines.models.medgemma.constraint import SchemaConstraint, SchemaConstraints
from pipelines.models.schema import closed, inlined, require_first
from tests.support.gemma_vocabulary import LOGITS, gemma_like_tokenizer
from tests.support.tiny_medgemma import tiny_tokenizer

BEHIND = 13
"""So many more scores than tokens."""


@cache
def tokenizer() -> Any:
    return tiny_tokenizer()


@cache
def constraints() -> SchemaConstraints:
    return SchemaConstraints(tokenizer(), len(tokenizer()) + BEHIND, end())


def end() -> int:
    return int(tokenizer().convert_tokens_to_ids("<end_of_turn>"))


def scores(seed: int) -> Iterator[Any]:
    """What no model gives: chance, and more and more of a wish to close whatever is open."""
    source = torch.Generator().manual_seed(seed)
    closing = tokenizer().convert_tokens_to_ids(list('"]}'))
    for step in range(10_000):
        drawn = torch.randn(len(tokenizer()) + BEHIND, generator=source) * 4
        drawn[closing] += step / 20
        yield drawn


def written(constraint: SchemaConstraint, seed: int, *, forced: bool = False) -> str:
    """What comes about by the likeliest token of each step, up to the end of the turn."""
    tokens: list[int] = []
    for drawn in scores(seed):
        tokens += (ahead := constraint.forced() if forced else [])
        for token in ahead:
            constraint.take(token)
        if end() in tokens:
            break
        constraint.mask(drawn)
        assert drawn.max() > float("-inf")
        tokens.append(int(drawn.argmax()))
        constraint.take(tokens[-1])
        if tokens[-1] == end():
            break
    assert tokens.pop() == end()
    assert constraint.over
    return str(tokenizer().decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def allowed(constraint: SchemaConstraint) -> set[int]:
    zeros = torch.zeros(1, len(tokenizer()) + BEHIND)
    constraint.mask(zeros)
    return set(torch.nonzero(zeros[0] == 0).flatten().tolist())


def accepts(schema: dict[str, Any], text: str) -> bool:
    """Whether exactly ``text`` can be written."""
    constraint = constraints().of(schema)
    for token in [*tokenizer().encode(text, add_special_tokens=False), end()]:
        if token not in allowed(constraint):
            return False
        constraint.take(token)
    return True


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=6)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda name: not hasattr(BaseModel, name))


def choice(options: list[str]) -> Any:
    return StrEnum("Choice", {f"option_{index}": option for index, option in enumerate(options)})


LEAVES = st.one_of(
    st.sampled_from(
        [str, int, float, bool, type(None), datetime.date, Literal["yes", "no"], int | None, str | int, float | bool]
    ),
    st.lists(TEXTS, min_size=1, max_size=4, unique=True).map(choice),
)


def models(fields: Any) -> Any:
    """Models with some fields, of which some may be left out."""

    def made(given: dict[str, tuple[Any, bool]]) -> type[BaseModel]:
        return create_model(
            "Made",
            **{name: (kind | None, None) if optional else (kind, ...) for name, (kind, optional) in given.items()},
        )

    return st.dictionaries(NAMES, st.tuples(fields, st.booleans()), min_size=1, max_size=4).map(made)


KINDS = st.recursive(LEAVES, lambda inner: st.one_of(inner.map(lambda kind: list[kind]), models(inner)), max_leaves=6)


@given(models(KINDS), st.integers(0, 1 << 30), st.booleans())
@settings(max_examples=30, deadline=None)
def test_whatever_the_scores_the_text_validates(model: type[BaseModel], seed: int, forced: bool) -> None:
    schema = model.model_json_schema()
    text = written(constraints().of(schema), seed, forced=forced)
    found = json.loads(text)
    model.model_validate_json(text)
    assert [name for name in model.model_fields if name in found] == list(found)


class Row(BaseModel):
    unit: str
    analyte: str = Field(min_length=1, max_length=12)
    value: float = Field(ge=0, le=1000)
    flag: Literal["µ", "high", 'say "high"']


class Report(BaseModel):
    usable: Literal["yes", "no"]
    rows: list[Row] = Field(min_length=1, max_length=3)
    alone: Row | None = None
    day: str = Field(pattern=r"^\d{4}-\d{2}$")


@pytest.mark.parametrize("seed", range(8))
def test_limits_hold(seed: int) -> None:
    text = written(constraints().of(Report.model_json_schema()), seed, forced=seed % 2 == 0)
    assert list(json.loads(text)) in (["usable", "rows", "day"], ["usable", "rows", "alone", "day"])
    Report.model_validate_json(text)


def test_equal_scores_give_equal_texts_however_often_the_schema_was_used() -> None:
    schema = Report.model_json_schema()
    first = written(constraints().of(schema), 5)
    unfinished = constraints().of(schema)
    unfinished.take(tokenizer().encode("{", add_special_tokens=False)[0])
    assert written(constraints().of(schema), 5) == first


def test_what_is_forced_is_what_may_follow() -> None:
    constraint = constraints().of(Report.model_json_schema())
    ahead = constraint.forced()
    assert tokenizer().decode(ahead) == '{"usable": "'
    for token in ahead:
        assert token in allowed(constraint)
        constraint.take(token)
    assert constraint.forced() == []


OBJECT = {"type": "object", "properties": {"z": {"type": "integer"}, "a": {"type": "string"}}, "required": ["z", "a"]}


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ('{"z": 1, "a": "x"}', True),
        ('{"z": 1, "a": "\\" \\\\ \\n \\t β-Blocker 💊 <br> 5 µg"}', True),
        ('{"a": "x", "z": 1}', False),
        ('{"z": 1}', False),
        ('{"z": 1, "a": "x", "b": 2}', False),
        ('{"z":1,"a":"x"}', False),
        ('{"z":  1, "a": "x"}', False),
        (' {"z": 1, "a": "x"}', False),
        ('{"z": 1, "a": "x"} ', False),
        ('{"z": 1, "a": "x\ny"}', False),
        ('{"z": 1, "a": "\\u0000"}', False),
        ('{"z": 01, "a": "x"}', False),
        ('{"z": 1.0, "a": "x"}', False),
        ('{"z": ' + "9" * 17 + ', "a": "x"}', False),
        ('```json\n{"z": 1, "a": "x"}', False),
        ("<unused94>thought", False),
    ],
)
def test_one_form_only(text: str, may: bool) -> None:
    assert accepts(OBJECT, text) is may


@pytest.mark.parametrize(("text", "may"), [("1.25", True), ("-3", True), ("1e400", False), ("NaN", False)])
def test_numbers_are_numbers(text: str, may: bool) -> None:
    assert accepts({"type": "number"}, text) is may


def test_control_tokens_and_what_lies_behind_the_vocabulary_are_never_allowed() -> None:
    constraint = constraints().of({"type": "string"})
    constraint.take(tokenizer().encode('"', add_special_tokens=False)[0])
    may = allowed(constraint)
    names = {tokenizer().convert_ids_to_tokens(token) for token in may}
    assert "a" in names
    assert not {name for name in names if name.startswith("<") and len(name) > 1}
    assert max(may) < len(tokenizer())


def test_only_the_end_follows_the_end_of_the_object() -> None:
    constraint = constraints().of({"type": "object", "properties": {}})
    for token in tokenizer().encode("{}", add_special_tokens=False):
        assert end() not in allowed(constraint)
        assert not constraint.over
        constraint.take(token)
    assert constraint.over
    assert allowed(constraint) == {end()}
    assert constraint.forced() == [end()]
    constraint.take(end())
    assert constraint.forced() == []
    with pytest.raises(ValueError, match="may not follow"):
        constraint.take(end())


def test_refuses_what_was_masked() -> None:
    with pytest.raises(ValueError, match="may not follow"):
        constraints().of(OBJECT).take(end())


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("shape", [(), (1,)])
def test_masks_scores_as_they_come(kind: torch.dtype, shape: tuple[int, ...]) -> None:
    given = torch.randn(*shape, len(tokenizer()) + BEHIND, dtype=kind)
    kept = given.clone()
    constraints().of({"type": "object", "properties": {}}).mask(given)
    brace = tokenizer().encode("{", add_special_tokens=False)[0]
    assert given[..., brace] == kept[..., brace]
    assert int((given > float("-inf")).sum()) == 1


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"type": "string", "format": "binary"},
        {"type": "string", "pattern": "(?=a)b"},
        {"$ref": "https://example.org/schema"},
        {"type": "integer", "minimum": 3, "maximum": 2},
    ],
)
def test_says_in_one_line_what_cannot_be_enforced(schema: dict[str, Any]) -> None:
    with pytest.raises(UsageProblem, match=r"^JSON schema: cannot be enforced \(.+\); simplify it$") as refused:
        constraints().of({"type": "object", "properties": {"a": schema}, "required": ["a"]})
    assert "\n" not in str(refused.value)


@pytest.mark.long
def test_holds_at_the_size_of_the_real_vocabulary() -> None:
    real = gemma_like_tokenizer()
    last = real.convert_tokens_to_ids("<end_of_turn>")
    constraint = SchemaConstraints(real, LOGITS, last).of(Report.model_json_schema())
    draw = torch.Generator().manual_seed(1)
    closing = real.convert_tokens_to_ids(list('"]}'))
    tokens: list[int] = []
    while not constraint.over:
        given = torch.randn(LOGITS, generator=draw)
        given[closing] += len(tokens) / 20
        constraint.mask(given)
        tokens.append(int(given.argmax()))
        constraint.take(tokens[-1])
    Report.model_validate_json(real.decode(tokens))
    assert max(map(len, real.convert_ids_to_tokens(tokens))) > 3


def test_closed_leaves_what_was_said() -> None:
    said = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "exclusiveMinimum": 0},
            "e": {"type": "integer", "enum": [1, 2]},
            "s": {"type": "array", "items": {"type": ["number", "null"]}, "uniqueItems": True},
            "o": {"type": "object", "properties": {"x": True}, "additionalProperties": {"type": "string"}},
            "properties": {"$ref": "#/$defs/minimum"},
        },
        "$defs": {"minimum": {"properties": {}}},
    }
    before = json.dumps(said)
    shut = closed(said)
    assert json.dumps(said) == before
    assert shut["additionalProperties"] is False
    assert shut["properties"] == {
        "n": {"type": "integer", "exclusiveMinimum": 0, "maximum": 10**15},
        "e": {"type": "integer", "enum": [1, 2]},
        "s": {"type": "array", "items": {"type": ["number", "null"], "maximum": 10**15, "minimum": -(10**15)}},
        "o": said["properties"]["o"],
        "properties": {"$ref": "#/$defs/minimum"},
    }
    assert shut["$defs"] == {"minimum": {"properties": {}, "additionalProperties": False}}
    assert closed(shut) == shut


def test_inlined_says_the_same_without_references() -> None:
    flat = inlined(Report.model_json_schema())
    assert "$ref" not in json.dumps(flat)
    assert "$defs" not in flat
    assert flat["properties"]["rows"]["items"]["properties"]["unit"]["type"] == "string"
    text = written(constraints().of(flat), 2)
    assert text == written(constraints().of(Report.model_json_schema()), 2)


class Tree(BaseModel):
    below: list[Tree]


def test_what_contains_itself_cannot_be_inlined_but_enforced() -> None:
    with pytest.raises(UsageProblem, match="contains itself"):
        inlined(Tree.model_json_schema())
    Tree.model_validate_json(written(constraints().of(Tree.model_json_schema()), random.Random(0).randrange(100)))


def test_order_of_decisions() -> None:
    schema = Report.model_json_schema()
    require_first(schema, ["usable", "rows"])
    with pytest.raises(UsageProblem, match="does not begin with rows"):
        require_first(schema, ["rows"])
    with pytest.raises(UsageProblem, match="lets alone be left out"):
        require_first(schema, ["usable", "rows", "alone"])
