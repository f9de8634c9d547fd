"""Look-alike drugs are told at each mention, one partner each."""

from __future__ import annotations

import pytest

from pipelines.text.lexicon_builtin import builtin
from pipelines.text.look_alikes import find_look_alikes, look_alikes, pairs


def test_the_list_is_long_sorted_and_holds_each_pair_once() -> None:
    folded = [tuple(name.casefold() for name in pair) for pair in pairs()]
    assert len(pairs()) >= 600
    assert folded == sorted(folded)
    assert all(one < other for one, other in folded)
    assert len(set(folded)) == len(folded)


def test_every_drug_of_a_pair_is_in_the_lexicon() -> None:
    drugs = {entry.phrase for entry in builtin() if entry.category == "drug"}
    assert {name for pair in pairs() for name in pair} <= drugs


@pytest.mark.parametrize(
    ("drug", "other"),
    [
        ("hydroxyzine", "hydralazine"),
        ("hydralazine", "hydroxyzine"),
        ("celecoxib", "citalopram"),
        ("Celebrex", "Celexa"),
        ("vinblastine", "vincristine"),
        ("morphine", "hydromorphone"),
        ("clonidine", "clonazepam"),
        ("tramadol", "trazodone"),
        ("Losec", "Lasix"),
    ],
)
def test_each_knows_the_other(drug: str, other: str) -> None:
    assert other in look_alikes(drug)
    assert drug in look_alikes(other)


def test_the_likeliest_partner_comes_first() -> None:
    assert look_alikes("hydroxyzine")[0] == "hydralazine"
    assert look_alikes("PREDNISONE")[0] == "prednisolone"


def test_each_mention_is_told_once_with_its_place() -> None:
    text = "Hydroxyzine 25 mg; insulin  glargine at night. Hydroxyzine again, hydroxyzinex never."
    found = find_look_alikes(text)
    assert [(text[one.start : one.end], one.other) for one in found] == [
        ("Hydroxyzine", "hydralazine"),
        ("insulin  glargine", "insulin glulisine"),
        ("Hydroxyzine", "hydralazine"),
    ]


def test_other_drugs_and_other_words_have_none() -> None:
    assert look_alikes("tirzepatide") == ()
    assert look_alikes("") == ()
    assert find_look_alikes("The patient has a cough. She takes tirzepatide.") == ()
