"""Writes down what a server hears: its text is the raw text, and each word of it is given the best time that is known.

A server's list of words is not its text: OpenAI's lacks punctuation, others divide words otherwise. Text and list are
held together by their letters and digits; where these differ, or there is no list, the times of segments are spread
over their words, and failing these the time of the piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from pipelines.records import Segment, Word
from pipelines.speech.remote_answer import Said, SaidWord

#: Said of a word of whose certainty the server tells nothing.
UNKNOWN_CONFIDENCE: Final = 0.5

Times = Literal["words", "segments", "spread"]
_ORDER: Final[tuple[Times, ...]] = ("words", "segments", "spread")


class RemoteWriter:
    """Raw text and its words, answer by answer."""

    def __init__(self) -> None:
        self.text = ""
        self.times: Times = "words"
        """How well the times of the worst piece are known."""
        self._segments: list[Segment] = []
        self._time = 0.0
        self._sure = True
        self._languages: list[str] = []

    @property
    def segments(self) -> tuple[Segment, ...]:
        return tuple(self._segments)

    @property
    def language(self) -> str | None:
        """The one heard in every piece in which one was reported; English wherever it was heard."""
        heard = set(self._languages)
        return "en" if "en" in heard else heard.pop() if len(heard) == 1 else None

    def warnings(self) -> tuple[str, ...]:
        found = []
        if self.times == "spread":
            found.append("the server gives no times: those of words are guessed, within pieces of at most 25 s")
        elif self.times == "segments":
            found.append("the server gives no times of words: they are guessed within its segments")
        if self._segments and not self._sure:
            found.append("the server does not say how sure it is")
        if others := sorted(set(self._languages) - {"en"}):
            found.append(f"the server heard another language than English ({', '.join(others)})")
        return tuple(found)

    def add(self, said: Said, start: float, end: float) -> None:
        """Take in the answer about the piece from ``start`` to ``end`` seconds of the recording."""
        if said.language:
            self._languages.append(said.language)
        spelt = said.text.split()
        if not spelt:
            return
        times, spans = _times(spelt, said, end - start)
        self.times = max(self.times, times, key=_ORDER.index)
        position = len(self.text) + 1 if self.text else 0
        self.text = f"{self.text} {said.text}" if self.text else said.text
        words = []
        for word, span in zip(spelt, spans, strict=True):
            self._sure = self._sure and span.probability is not None
            words.append(
                Word(
                    text=word,
                    start=self._moment(start + span.start, end),
                    end=self._moment(start + span.end, end),
                    confidence=UNKNOWN_CONFIDENCE if span.probability is None else span.probability,
                    raw_start=position,
                    raw_end=position + len(word),
                )
            )
            position += len(word) + 1
        self._segments.append(Segment(start=words[0].start, end=words[-1].end, words=tuple(words)))

    def _moment(self, seconds: float, end: float) -> float:
        self._time = round(min(end, max(self._time, seconds)), 3)
        return self._time


def _times(spelt: Sequence[str], said: Said, seconds: float) -> tuple[Times, list[SaidWord]]:
    """For each word of the text when it was said, as well as is known."""
    spans = _of_list(spelt, said.words)
    if spans is not None:
        if any(span.probability is None for span in spans):
            # Words without a certainty of their own have that of their segment.
            by_segment = _of_list(spelt, said.segments) or spans
            spans = [
                SaidWord(
                    span.text,
                    span.start,
                    span.end,
                    segment.probability if span.probability is None else span.probability,
                )
                for span, segment in zip(spans, by_segment, strict=True)
            ]
        return "words", spans
    spans = _of_list(spelt, said.segments)
    if spans is not None:
        return "segments", spans
    whole = SaidWord(said.text, 0.0, seconds, None)
    return "spread", _of_list(spelt, (whole,)) or [whole] * len(spelt)


def _of_list(spelt: Sequence[str], listed: Sequence[SaidWord]) -> list[SaidWord] | None:
    """The words of the text with times from a list whose letters and digits are the same; None where they are not.

    What stands in one entry of the list shares its time by letters.
    """
    owners = [
        (index, at, len(letters))
        for index, one in enumerate(listed)
        for letters in (_letters(one.text),)
        for at in range(len(letters))
    ]
    if not owners or "".join(_letters(one.text) for one in listed) != "".join(map(_letters, spelt)):
        return None
    found: list[SaidWord] = []
    used = 0
    for word in spelt:
        count = len(_letters(word))
        if not count:
            # A dash, an ellipsis: with the word before it, or the first one.
            at = found[-1].end if found else listed[0].start
            found.append(SaidWord(word, at, at, found[-1].probability if found else listed[0].probability))
            continue
        first, last = owners[used], owners[used + count - 1]
        used += count
        probabilities = [listed[index].probability for index in range(first[0], last[0] + 1)]
        known = [probability for probability in probabilities if probability is not None]
        found.append(
            SaidWord(
                word,
                _moment(listed[first[0]], first[1], first[2]),
                _moment(listed[last[0]], last[1] + 1, last[2]),
                min(known) if len(known) == len(probabilities) else None,
            )
        )
    return found


def _moment(entry: SaidWord, letter: int, letters: int) -> float:
    return entry.start + max(0.0, entry.end - entry.start) * letter / letters


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())
