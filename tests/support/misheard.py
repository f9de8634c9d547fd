"""What Whisper base made of dictated terms, and how much of it the near misses find.

The file holds 162 dictations of three sentences each: texts of this project with terms of the built-in lexicon, spoken
by two synthetic voices (Piper's "joe", espeak-ng), with the confidence of every word. The weights of the near misses
were fitted to other dictations, of other terms.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.text.lexicon import Lexicon, candidates
from pipelines.text.near_misses import HeardWord, NearMiss, suggest
from pipelines.text.nearest import letters_of

FILE = Path(__file__).parents[1] / "data" / "misheard.jsonl"


@dataclass(frozen=True)
class Spoken:
    """A term that was said, and where it is in what was heard; ``start == end`` where nothing of it is."""

    term: str
    category: str
    start: int
    end: int


@dataclass(frozen=True)
class Dictation:
    voice: str
    said: str
    heard: str
    words: tuple[HeardWord, ...]
    terms: tuple[Spoken, ...]

    @property
    def misheard(self) -> tuple[Spoken, ...]:
        return tuple(t for t in self.terms if letters_of(self.heard[t.start : t.end]) != letters_of(t.term))


@dataclass(frozen=True)
class Found:
    """Counts."""

    misheard: int
    placed: int
    """Misheard terms at whose place something is suggested."""
    named: int
    """Misheard terms that are suggested at their place."""
    suggestions: int
    right_place: int
    """Suggestions where a term was misheard."""
    right_term: int
    words: int


def dictations(voice: str | None = None) -> list[Dictation]:
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        heard = row["heard"]
        words = tuple(HeardWord(heard[start:end], start, end, sure) for start, end, sure in row["words"])
        terms = tuple(Spoken(**term) for term in row["terms"])
        found.append(Dictation(row["voice"], row["said"], heard, words, terms))
    return [one for one in found if voice in (None, one.voice)]


def found_in(given: list[Dictation], lexicon: Lexicon) -> Found:
    placed = named = suggestions = right_place = right_term = 0
    for one in given:
        got = suggest(one.words, lexicon)
        suggestions += len(got)
        for term in one.misheard:
            there = [miss for miss in got if _touches(miss, term)]
            placed += bool(there)
            named += any(letters_of(miss.term) == letters_of(term.term) for miss in there)
        for miss in got:
            # Terms that are none of the asked ones were said too, "nausea" among them.
            was_said = letters_of(miss.term) in letters_of(one.said)
            right_term += was_said
            right_place += was_said or any(_touches(miss, term) for term in one.misheard)
    misheard, words = sum(len(one.misheard) for one in given), sum(len(one.words) for one in given)
    return Found(misheard, placed, named, suggestions, right_place, right_term, words)


def candidate_recall(given: list[Dictation], lexicon: Lexicon, limit: int) -> float:
    """The share of misheard terms that are among the candidates for what was heard."""
    hits = []
    for one in given:
        terms = {letters_of(entry.phrase) for entry in candidates(one.heard, lexicon, limit)}
        hits += [letters_of(term.term) in terms for term in one.misheard]
    return sum(hits) / len(hits)


def _touches(miss: NearMiss, term: Spoken) -> bool:
    return miss.start < term.end and miss.end > term.start
