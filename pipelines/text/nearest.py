"""Which terms of a lexicon a stretch of text sounds like and looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Indel, Levenshtein

from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.ordinary import Strange, rank, strangeness
from pipelines.text.sound import code, joined

Profiles = NDArray[np.float32]

#: Words of a stretch at most.
LONGEST_STRETCH: Final = 4
#: Codes that are shorter sound like too many things.
SHORTEST_CODE: Final = 5
#: Share of sound in the closeness; the rest is spelling.
_SOUND: Final = 0.7
#: What only sounds the same is not the same.
_ALMOST: Final = 0.99
_LOOKED_AT: Final = 24
#: What comes close has a profile that is at most so much less alike, and is at most so many times as long.
_PROFILE_SLACK: Final = 0.05
_LENGTHS: Final = 1.5
#: Rank of the rarest word that every recogniser knows; the built-in terms among them are not looked for.
KNOWN_TO_ALL: Final = 6_000
_COMMON_TERM: Final = 15_000
_BATCH: Final = 512
_WORD: Final = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
#: How much more likely a term was meant where more speaks for it than the closeness, on the scale of closeness.
_BY_STRANGENESS: Final = {Strange.ORDINARY: 0.0, Strange.RARE: 0.06, Strange.UNLISTED: 0.1}
_BY_LENGTH: Final = 0.015
#: Longer ones are no likelier.
LONG_CODE: Final = 22
_BY_WORDS: Final = 0.02
_BY_DRUG: Final = 0.1
_BY_OWN: Final = 0.1
_LEAST_LIKELY: Final = 0.5
#: One text is looked through by the engine and again afterwards; sounds are remembered in between.
_REMEMBERED: Final = 1 << 15

_CONSONANTS: Final = "pbfvtd0kgszcjxmnlrwyh"
_KINDS: Final = "PTKSNLwyh"
_PLACE: Final = {letter: place for place, letter in enumerate(_CONSONANTS)}
_KIND_PLACE: Final = {letter: place for place, letter in enumerate(_KINDS)}
_EDGE: Final = len(_KINDS)
_FEATURES: Final = len(_CONSONANTS) + (_EDGE + 1) ** 2


class Heard(NamedTuple):
    """How a stretch sounds (a code, see `pipelines.text.sound`) and its letters."""

    code: str
    letters: str


class Near(NamedTuple):
    """A term that a stretch comes close to."""

    entry: Entry
    closeness: float
    """0 to 1; 1 only where the letters are the same."""


@dataclass(frozen=True)
class Form:
    """One way in which an entry is heard."""

    entry: Entry
    heard: Heard


class Nearest:
    """Finds entries by sound and spelling.

    Every form of an entry has a profile: which consonants it has and which follow which. The few forms whose profiles
    are most like a stretch's are compared with it letter by letter.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        every = [form for entry in entries for form in forms(entry)]
        self.written = frozenset(form.heard.letters for form in every)
        """Every phrase and sounding of the lexicon, letters alone."""
        self._forms = sorted(filter(_worth_finding, every), key=lambda form: len(form.heard.code))

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return np.array([len(form.heard.code) for form in self._forms])

    @cached_property
    def _profiles(self) -> Profiles:
        return _profiles([form.heard.code for form in self._forms])

    def near(self, stretches: Sequence[Heard], least: float | Sequence[float]) -> list[list[Near]]:
        """For each stretch the entries of at least that closeness (one for all, or one for each), the closest first."""
        least = [least] * len(stretches) if isinstance(least, float) else least
        found: list[list[Near]] = [[] for _ in stretches]
        by_length = sorted(range(len(stretches)), key=lambda place: len(stretches[place].code))
        for first in range(0, len(stretches), _BATCH):
            batch = by_length[first : first + _BATCH]
            alike = self._alike([stretches[place] for place in batch], [least[place] for place in batch])
            for place, forms_alike in zip(batch, alike, strict=True):
                found[place] = self._ranked(stretches[place], forms_alike, least[place])
        return found

    def _alike(self, stretches: Sequence[Heard], least: Sequence[float]) -> Iterator[Sequence[int]]:
        """For each stretch the forms with many sounds in common with it, the most at most `_LOOKED_AT`.

        Args:
            stretches: sorted by the lengths of their codes.
        """
        shortest, longest = len(stretches[0].code) / _LENGTHS, len(stretches[-1].code) * _LENGTHS
        low, high = np.searchsorted(self._lengths, shortest), np.searchsorted(self._lengths, longest, side="right")
        alike = _profiles([stretch.code for stretch in stretches]) @ self._profiles[low:high].T
        rows, places = np.nonzero(alike >= np.array(least, np.float32)[:, None] - _PROFILE_SLACK)
        for row, enough in enumerate(np.split(places, np.searchsorted(rows, np.arange(1, len(stretches))))):
            most = enough
            if len(enough) > _LOOKED_AT:
                most = enough[np.argpartition(alike[row, enough], -_LOOKED_AT)[-_LOOKED_AT:]]
            yield (most + low).tolist()

    def _ranked(self, stretch: Heard, places: Sequence[int], least: float) -> list[Near]:
        best: dict[str, Near] = {}
        for place in places:
            form = self._forms[place]
            close = closeness(stretch, form.heard, least)
            phrase = form.entry.phrase
            if close >= least and (phrase not in best or close > best[phrase].closeness):
                best[phrase] = Near(form.entry, close)
        return sorted(best.values(), key=lambda near: -near.closeness)


def closeness(one: Heard, other: Heard, least: float = 0.0) -> float:
    """How close two stretches come in sound and spelling, 0 to 1; 1 only where the letters are the same.

    May be 0 where it is under ``least``.
    """
    if one.letters == other.letters:
        return 1.0
    # However alike the spelling, the sound must bring the rest.
    sound_least = (least - (1 - _SOUND)) / _SOUND
    sound = Levenshtein.normalized_similarity(one.code, other.code, score_cutoff=max(0.0, sound_least))
    if not sound:
        return 0.0
    return min(_ALMOST, _SOUND * sound + (1 - _SOUND) * Indel.normalized_similarity(one.letters, other.letters))


def closeness_of_texts(one: str, other: str) -> float:
    """`closeness` of two texts."""
    return closeness(heard(one), heard(other))


@lru_cache(maxsize=_REMEMBERED)
def heard(text: str) -> Heard:
    """A text as it sounds, and its letters."""
    return Heard(code(text), letters_of(text))


def together(words: Sequence[Heard]) -> Heard:
    """Several words as one stretch."""
    return Heard(joined(word.code for word in words), "".join(word.letters for word in words))


def forms(entry: Entry) -> list[Form]:
    """The ways in which an entry is heard."""
    return [Form(entry, heard(text)) for text in (entry.phrase, *entry.sounds_like)]


def _worth_finding(form: Form) -> bool:
    """Not what is too short to be told from anything, nor what every recogniser knows: "chest", "surgery"."""
    if len(form.heard.code) < SHORTEST_CODE:
        return False
    common = KNOWN_TO_ALL if form.entry.category == "drug" else _COMMON_TERM
    return form.entry.own or rank(form.entry.phrase) >= common


def letters_of(text: str) -> str:
    """Letters and digits alone, lower case, with American vowels: ``Haemoglobin A1c`` and ``hemoglobin a 1C`` agree."""
    bare = "".join(character for character in text.lower() if character.isalnum())
    return bare.replace("ae", "e").replace("oe", "e")


def likely_terms(text: str, lexicon: Lexicon, limit: int) -> tuple[Entry, ...]:
    """See `pipelines.text.lexicon.candidates`."""
    words = _WORD.findall(text)
    sounds = [heard(word) for word in words]
    strange = [strangeness(word) for word in words]
    stretches: dict[Heard, float] = {}
    for first, last in spans(len(words)):
        stretch = together(sounds[first:last])
        if len(stretch.code) >= SHORTEST_CODE:
            length = min(len(stretch.code), LONG_CODE)
            likely = _BY_STRANGENESS[max(strange[first:last])] + _BY_WORDS * (last - first) + _BY_LENGTH * length
            stretches[stretch] = likely
    best: dict[Entry, float] = {}
    as_written: dict[Entry, None] = {}
    near = lexicon.nearest.near(list(stretches), _LEAST_LIKELY)
    for likely, found in zip(stretches.values(), near, strict=True):
        for entry, close in found:
            if close == 1.0:
                as_written[entry] = None
                continue
            likelihood = likely + close + _BY_DRUG * (entry.category == "drug") + _BY_OWN * entry.own
            best[entry] = max(best.get(entry, 0.0), likelihood)
    ranked = sorted((entry for entry in best if entry not in as_written), key=lambda entry: -best[entry])
    return tuple([*ranked, *as_written][:limit])


def spans(words: int, longest: int = LONGEST_STRETCH) -> Iterator[tuple[int, int]]:
    """First and end of every stretch of that many words."""
    for first in range(words):
        for last in range(first + 1, min(first + longest, words) + 1):
            yield first, last


def _profiles(codes: Sequence[str]) -> Profiles:
    """For each code, how often each consonant is in it and each kind follows each; unit length, float32
    [codes, features]."""
    features = [_features(one) for one in codes]
    rows = np.repeat(np.arange(len(codes)), [len(one) for one in features])
    flat = np.fromiter((feature for one in features for feature in one), np.int64, len(rows))
    counts = np.bincount(rows * _FEATURES + flat, minlength=len(codes) * _FEATURES).reshape(len(codes), _FEATURES)
    unit: Profiles = (counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1.0)).astype(np.float32)
    return unit


def _features(one: str) -> list[int]:
    features = [_PLACE[letter] for letter in one if letter in _PLACE]
    before = _EDGE
    for letter in one:
        if letter in _KIND_PLACE:
            features.append(len(_CONSONANTS) + before * (_EDGE + 1) + _KIND_PLACE[letter])
            before = _KIND_PLACE[letter]
    features.append(len(_CONSONANTS) + before * (_EDGE + 1) + _EDGE)
    return features
