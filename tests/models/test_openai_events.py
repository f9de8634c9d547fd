"""Bytes to pieces of an answer, wherever they are cut and however they arrive."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.models.openai.events import Broken, Reported, pieces


def _event(text: str, end: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}{end}{end}".encode()


texts = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6), min_size=1, max_size=4)
ends = st.sampled_from(["\n", "\r\n", "\r"])


@given(said=texts, end=ends, data=st.data())
def test_how_the_bytes_arrive_changes_nothing(said: list[str], end: str, data: st.DataObject) -> None:
    whole = b"".join(_event(text, end) for text in said) + f"data: [DONE]{end}{end}".encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=12)) | {0, len(whole)})
    blocks = [whole[start:stop] for start, stop in pairwise(cuts)]
    assert [piece.text for piece in pieces(blocks)] == said


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_what_is_cut_within_an_event_is_broken(end: str) -> None:
    said = ["Für ", "β 🫁", "."]
    events = [_event(text, end) for text in said]
    whole = b"".join(events)
    ended = {sum(map(len, events[:count])): count for count in range(len(events) + 1)}
    for cut in range(len(whole) + 1):
        # Half of what ends the empty line is as good as all of it.
        count = ended.get(cut, ended.get(cut + 1) if end == "\r\n" else None)
        if count is not None:
            assert [piece.text for piece in pieces([whole[:cut]])] == said[:count]
        else:
            with pytest.raises(Broken):
                list(pieces([whole[:cut]]))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b'data: {"choices": [{"delta": {"content": "a\xff"}}]}\n\n', "no text"),
        (b'data: {"choices": [{"delta": {"content": "\xe2\x82', "no text"),
        (b"data: {\n\n", "no JSON"),
        (b"data: []\n\n", "another form"),
        (b'data: {"choices": {}}\n\n', "another form"),
        (b'data: {"choices": [{"delta": {"content": ["a"]}}]}\n\n', "another form"),
        (b'data: {"error": {"message": "secret"}}\n\n', "reports an error"),
        (b"data: " + b"a" * (2 << 20), "a line without end"),
    ],
)
def test_what_is_no_answer_is_named_without_being_shown(sent: bytes, said: str) -> None:
    with pytest.raises(Broken, match=said) as caught:
        list(pieces([sent]))
    assert "secret" not in str(caught.value)


def test_what_an_error_says_is_kept_to_be_looked_at() -> None:
    with pytest.raises(Reported) as caught:
        list(pieces([b'data: {"error": {"message": "maximum context length is 4096 tokens"}}\n\n']))
    assert "4096" in caught.value.words


def test_other_lines_are_passed_over_and_data_of_several_is_joined() -> None:
    sent = (
        b'\xef\xbb\xbf: ping\n\nevent: x\nid: 1\ndata: {"choices": [{"delta":\ndata:{"content": "a"}}]}\n\ndata: [DONE]'
    )
    assert [piece.text for piece in pieces([sent])] == ["a"]


def test_nothing_is_read_behind_the_mark_of_the_end() -> None:
    assert list(pieces([b"data: [DONE]\n\ndata: {"])) == []
