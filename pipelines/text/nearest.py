"""Which terms of a lexicon a stretch of text sounds like and looks like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from pipelines.text.lexicon import Entry, Lexicon
from pipelines.text.ordinary import is_ordinary
from pipelines.text.sound import code, joined, parts, word_code

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Profiles = NDArray[np.float32]

#: Words of a stretch at most.
LONGEST_STRETCH: Final = 4
#: Share of sound in the closeness; the rest is spelling.
_SOUND: Final = 0.7
_SHORTEST_CODE: Final = 5
_LOOKED_AT: Final = 12
_BATCH: Final = 512
_KINDS: Final = "PTKSNLwyh"
_WORD: Final = re.compile(r"[^\W_]+(?:['’.][^\W_]+)*")
#: A stretch of nothing but ordinary words is a little less likely to have been something else.
_ORDINARY: Final = 0.85


class Near(NamedTuple):
    """A term that a stretch comes close to."""

    entry: Entry
    closeness: float
    """0 to 1; 1 only where the letters are the same."""


@dataclass(frozen=True)
class Form:
    """One way in which an entry is heard."""

    entry: Entry
    code: str
    letters: str


class Nearest:
    """Finds the entries of a lexicon by sound and spelling. Building it costs about 50 µs an entry."""

    def __init__(self, lexicon: Lexicon) -> None:
        import numpy as np

        self.forms = tuple(form for entry in lexicon.entries for form in forms(entry))
        self.written = frozenset(form.letters for form in self.forms)
        """Every phrase and sounding of the lexicon, letters alone."""
        self._profiles = (
            _profiles([form.code for form in self.forms]) if self.forms else np.zeros((0, 0), dtype=np.float32)
        )

    def near(self, heard: Sequence[tuple[str, str]], least: float) -> list[list[Near]]:
        """For each stretch, given by code and letters, the entries of at least that closeness, the closest first."""
        if not self.forms:
            return [[] for _ in heard]
        found: list[list[Near]] = []
        for first in range(0, len(heard), _BATCH):
            batch = heard[first : first + _BATCH]
            for (sound, letters), places in zip(batch, self._places([sound for sound, _ in batch]), strict=True):
                found.append(self._ranked(sound, letters, places, least))
        return found

    def _places(self, codes: Sequence[str]) -> Iterable[Sequence[int]]:
        """The forms with the most sounds in common with each code."""
        import numpy as np

        alike = _profiles(codes) @ self._profiles.T
        kept = min(_LOOKED_AT, len(self.forms))
        best: Iterable[Sequence[int]] = np.argpartition(alike, -kept, axis=1)[:, -kept:].tolist()
        return best

    def _ranked(self, sound: str, letters: str, places: Sequence[int], least: float) -> list[Near]:
        best: dict[str, Near] = {}
        for place in places:
            form = self.forms[place]
            close = closeness(sound, letters, form)
            if close >= least and close > best.get(form.entry.phrase, _NOTHING).closeness:
                best[form.entry.phrase] = Near(form.entry, close)
        return sorted(best.values(), key=lambda near: -near.closeness)


_NOTHING: Final = Near(Entry(""), 0.0)


def closeness(sound: str, letters: str, form: Form) -> float:
    """How close a stretch comes to a form in sound and spelling, 0 to 1."""
    from rapidfuzz.distance import Indel, Levenshtein

    if letters == form.letters:
        return 1.0
    heard = Levenshtein.normalized_similarity(sound, form.code)
    seen = Indel.normalized_similarity(letters, form.letters)
    return min(0.99, _SOUND * heard + (1 - _SOUND) * seen)


def forms(entry: Entry) -> list[Form]:
    """The ways in which an entry is heard, those too short to be told from anything left out."""
    heard = [Form(entry, code(text), letters_of(text)) for text in (entry.phrase, *entry.sounds_like)]
    return [form for form in heard if len(form.code) >= _SHORTEST_CODE]


def letters_of(text: str) -> str:
    """Letters and digits alone, lower case, with American vowels: ``Haemoglobin A1c`` and ``hemoglobin a 1C`` agree."""
    bare = "".join(character for character in text.lower() if character.isalnum())
    return bare.replace("ae", "e").replace("oe", "e")


@lru_cache(maxsize=4)
def nearest(lexicon: Lexicon) -> Nearest:
    """The index of a lexicon, built once."""
    return Nearest(lexicon)


def likely_terms(text: str, lexicon: Lexicon, limit: int) -> tuple[Entry, ...]:
    """See `pipelines.text.lexicon.candidates`."""
    index = nearest(lexicon)
    words = _WORD.findall(text)
    codes = [joined(word_code(part) for part in parts(word)) for word in words]
    stretches = [
        (first, last)
        for first in range(len(words))
        for last in range(first + 1, min(first + LONGEST_STRETCH, len(words)) + 1)
    ]
    heard = {
        (joined(codes[first:last]), letters_of("".join(words[first:last]))): (first, last) for first, last in stretches
    }
    heard = {stretch: place for stretch, place in heard.items() if len(stretch[0]) >= _SHORTEST_CODE}
    best: dict[Entry, float] = {}
    as_written: dict[Entry, None] = {}
    for (first, last), found in zip(heard.values(), index.near(list(heard), _LEAST_LIKELY), strict=True):
        ordinary = all(map(is_ordinary, words[first:last]))
        for near in found:
            if near.closeness == 1.0:
                as_written[near.entry] = None
                continue
            score = near.closeness * (_ORDINARY if ordinary else 1.0)
            best[near.entry] = max(best.get(near.entry, 0.0), score)
    ranked = sorted((entry for entry in best if entry not in as_written), key=lambda entry: -best[entry])
    return tuple([*ranked, *as_written][:limit])


_LEAST_LIKELY: Final = 0.5


def _profiles(codes: Sequence[str]) -> Profiles:
    """For each code, how often each consonant and each pair of neighbouring ones is in it; unit length, float32
    [codes, features]."""
    import numpy as np

    table = {letter: place for place, letter in enumerate(_CONSONANTS)}
    size = len(table)
    counts = np.zeros((len(codes), _FEATURES), dtype=np.float32)
    for row, one in enumerate(codes):
        sounds = [table[letter] for letter in one if letter in table]
        kinds = [_KINDS.index(letter) for letter in one if letter in _KINDS]
        for sound in sounds:
            counts[row, sound] += 1
        before = len(_KINDS)
        for kind in [*kinds, len(_KINDS)]:
            counts[row, size + before * (len(_KINDS) + 1) + kind] += 1
            before = kind
    unit: Profiles = counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1e-6)
    return unit


_CONSONANTS: Final = "pbfvtd0kgszcjxmnlrwyh"
_FEATURES: Final = len(_CONSONANTS) + (len(_KINDS) + 1) ** 2


def look_alike_closeness(one: str, other: str) -> float:
    """How close two names come in sound and spelling, 0 to 1."""
    return closeness(code(one), letters_of(one), Form(Entry(other), code(other), letters_of(other)))
