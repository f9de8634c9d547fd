"""What is shown while somebody speaks is the beginning of what comes out at the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech import ctc
from pipelines.speech.ctc import Alphabet, Token
from pipelines.speech.settled import Settled, row_moments

FEW = Alphabet((None, None, None, "<unk>", "▁", "▁the", "▁lu", "ng", "▁{", "per", "iod", "}"), blank=0)
#: Rows to the next token: within a word, a breath, a pause that parts segments.
GAPS = st.sampled_from((1, 2, 5, 30, 80))


@given(
    said=st.lists(st.tuples(st.integers(3, len(FEW.pieces) - 1), GAPS), max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=6),
)
def test_it_is_the_beginning_of_the_whole(said: list[tuple[int, int]], cuts: list[int]) -> None:
    tokens, row = [], 0
    for id_, gap in said:
        row += gap
        tokens.append(Token(id_, row, row, 0.9))
    raw, words = ctc.words(tokens, FEW, row_moments)
    settled = Settled(FEW)
    for cut in [*sorted(min(cut, len(tokens)) for cut in cuts), len(tokens)]:
        seen = settled.with_open(tokens[:cut], tokens[cut:])
        assert seen.settled == ctc.spell(tokens[:cut], FEW)[0]
        assert seen.settled + seen.open == raw
        assert seen.segments == ctc.segments(words)[: len(seen.segments)]


def test_all_but_the_last_segment_is_known_before_the_end() -> None:
    tokens = [Token(5, 10, 10, 0.9), Token(6, 60, 60, 0.8), Token(7, 61, 61, 0.8), Token(5, 110, 110, 0.7)]
    seen = Settled(FEW).with_open(tokens, ())
    assert [[word.text for word in segment.words] for segment in seen.segments] == [["the"], ["lung"]]
    assert seen.settled == "the lung the"
