"""Frames around wishes, and the words of a request that hold its wish."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import BadInput
from pipelines.records import Kind
from pipelines.routing import Router, train
from pipelines.routing.features import features, words_of
from pipelines.routing.frames import Frames, read_frames
from pipelines.routing.markers import markers
from pipelines.routing.spans import SIGNS, Tag, tokens_of
from pipelines.routing.utterance import UNCLEAR, Utterance

FILE = Path(train.__file__).parent / "utterances" / "frames.toml"
ROUTER = Router.load()
TAGGER = ROUTER.model.tagger
SCAN = Utterance("is there a clot", (Kind.CT_SERIES,), "ct-volume", "someone", "")
CHART = Utterance("when was the record last changed", (Kind.FHIR_RECORD,), "record-question", "someone", "")


def made(frames: Frames, wish: Utterance, peer: Utterance) -> list[Utterance]:
    found = [frames.around(wish, [peer], random.Random(seed)) for seed in range(300)]
    return [one.utterance for one in found if one is not None]


@pytest.mark.parametrize("group", ["a", "b", "c"])
def test_a_wish_in_a_frame_keeps_its_task_or_is_unclear(group: str) -> None:
    alone = made(read_frames(FILE, [group]), SCAN, SCAN)
    assert any(SCAN.text in one.text and one.task == SCAN.task and len(one.attachments) == 2 for one in alone)
    assert all(SCAN.attachments[0] in one.attachments for one in alone if one.task == SCAN.task)


def test_two_wishes_take_the_task_of_the_first_or_none() -> None:
    both = [one for one in made(read_frames(FILE), SCAN, CHART) if SCAN.text in one.text and CHART.text in one.text]
    assert {one.task for one in both} == {SCAN.task, CHART.task, UNCLEAR}
    assert all(set(one.attachments) == {Kind.CT_SERIES, Kind.FHIR_RECORD} for one in both)


def test_frames_mark_what_is_for_later() -> None:
    frames = read_frames(FILE)
    for seed in range(300):
        one = frames.around(SCAN, [CHART], random.Random(seed))
        if one is None or CHART.text not in dict(one.pieces):
            continue
        expected = Tag.WISH if one.utterance.task in (CHART.task, UNCLEAR) else Tag.ASIDE
        assert dict(one.pieces)[CHART.text] is expected
        assert "".join(text for text, _ in one.pieces) == one.utterance.text


def test_a_file_without_frames_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "frames.toml"
    file.write_text("[a]\nordered = 1\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"frames\.toml"):
        read_frames(file)


def test_markers_are_found_in_words() -> None:
    assert markers(["first", "of", "all"]) == [("first",)] * 3
    assert markers(["clot"]) == [()]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_every_word_has_a_tag(text: str) -> None:
    tokens = tokens_of(text)
    assert len(TAGGER.tags(tokens)) == len(tokens)
    assert sum(token not in SIGNS for token in tokens) == len(words_of(text))
    assert features(text, [Kind.CT_SERIES], ROUTER.vectors, TAGGER)


LATER = [
    ("The summary of the chart I want at the end, start by outlining the heart.", [Kind.FHIR_RECORD, Kind.CHEST_XRAY]),
    ("The priority is marking the carina. Her history later.", [Kind.FHIR_RECORD, Kind.CHEST_XRAY]),
]


@pytest.mark.parametrize(("text", "kinds"), LATER)
def test_what_is_mentioned_first_may_be_for_later(text: str, kinds: list[Kind]) -> None:
    assert ROUTER.decide(text, kinds).task == "anatomy-localization"


@pytest.mark.parametrize(
    ("text", "kinds", "task"),
    [
        ("Ignore the CT, is there a pneumothorax on the film?", [Kind.CT_SERIES, Kind.CHEST_XRAY], "image-question"),
        ("The CT was normal, forget it. Is there a stroke on the MRI?", [Kind.CT_SERIES, Kind.MR_SERIES], "mri-volume"),
        ("The slide is open by chance. What is the usual dose of warfarin?", [Kind.WHOLE_SLIDE], "clinical-question"),
    ],
)  # fmt: skip
def test_what_is_set_aside_does_not_count(text: str, kinds: list[Kind], task: str) -> None:
    assert ROUTER.decide(text, kinds).task == task
