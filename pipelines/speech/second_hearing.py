"""What a second hearing, under a prompt of terms, may change in the first one: proposals, each for the sound to judge.

A prompt makes Whisper write the terms that were said, and now and then one that was not ("he met four men" becomes
"he metformin"). So the second text is never taken as it is. It is laid beside the first; where they differ, what it
proposes is a term of the lexicon that sounds like the words that stood there, the term that it misspelt, or other words
that sound like them. Words that are no English in the first hearing, and nearly a term, are put in question as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from pipelines.text.lexicon import Entry, Lexicon, candidates
from pipelines.text.nearest import SHORTEST_CODE
from pipelines.text.ordinary import is_ordinary, rank
from pipelines.text.sound import code, likeness

#: A term must sound like what it replaces (`likeness` of the codes), other words too.
LIKE: Final = 0.5
#: A word of the second hearing that is no English is taken for the term that sounds this much like it.
MISSPELT: Final = 0.8
_LOOKED_AT: Final = 5
#: Words that rank behind this are in no list of English words.
_ENGLISH: Final = 100_000
#: Words that begin with so many like letters are taken for forms of one word.
_STEM: Final = 5
_BARE: Final = re.compile(r"[^a-z0-9]")
_ENDING: Final = re.compile(r"[.,;:!?]*$")


Kind = Literal["name", "term", "words"]
"""A drug or a term of the user's own; another term of the lexicon; other words."""


@dataclass(frozen=True)
class Spelt:
    """A word with the space before it and the punctuation around it, and the tokens that spell it."""

    text: str
    tokens: tuple[int, ...]

    @property
    def bare(self) -> str:
        return _BARE.sub("", self.text.lower())


@dataclass(frozen=True)
class Proposal:
    """To put ``words`` of the second hearing in the place of words [first, last) of the first."""

    first: int
    last: int
    words: tuple[Spelt, ...]
    kind: Kind


def spelt(pieces: Sequence[tuple[str, tuple[int, ...]]]) -> tuple[Spelt, ...]:
    """Words as they stand between spaces, from the smaller ones that Whisper's tokenizer tells apart."""
    words: list[Spelt] = []
    for text, tokens in pieces:
        if words and not text.startswith(" "):
            words[-1] = Spelt(words[-1].text + text, words[-1].tokens + tokens)
        else:
            words.append(Spelt(text, tokens))
    return tuple(words)


def proposals(
    first: Sequence[Spelt], second: Sequence[Spelt], lexicon: Lexicon, tokens: Callable[[str], tuple[int, ...]]
) -> tuple[Proposal, ...]:
    """In order, none overlapping. Nothing is proposed where words only go, or come from nowhere.

    Args:
        tokens: cuts text into Whisper's tokens.
    """
    found: list[Proposal] = []
    terms, stood = _terms_in(second, lexicon), _terms_in(first, lexicon)
    for start, end, other_start, other_end in _differences(first, second):
        here = [it for it in terms if it.at < other_end and it.end > other_start]
        meant = [
            _Meant(max(it.at, other_start), tuple(second[max(it.at, other_start) : min(it.end, other_end)]), it.kind)
            for it in here
        ]
        meant += _misspelt(second, (other_start, other_end), here, lexicon, tokens)
        free = start
        for one in sorted(meant, key=lambda it: it.at):
            place = _place(first, [(a, b) for a in range(free, end) for b in range(a + 1, end + 1)], one.words)
            if place and not _stays(first, place, stood, one):
                found.append(Proposal(*place, _ending_as(first[place[1] - 1], one.words, tokens), one.kind))
                free = place[1]
        others = tuple(second[other_start:other_end])
        if not meant and _place(first, [(start, end)], others):
            found.append(Proposal(start, end, others, "words"))
    taken = {at for proposal in found for at in range(proposal.first, proposal.last)}
    for one in _misspelt(first, (0, len(first)), stood, lexicon, tokens):
        place = (one.at, one.at + 1)
        if one.at not in taken and not _stays(first, place, stood, one):
            found.append(Proposal(*place, one.words, one.kind))
    return tuple(sorted(found, key=lambda proposal: proposal.first))


def alternatives(
    first: Sequence[Spelt], proposal: Proposal, lexicon: Lexicon, tokens: Callable[[str], tuple[int, ...]]
) -> tuple[Proposal, ...]:
    """Other terms that sound at least as much like what stands at the place of a proposed one: a prompt may have
    favoured the wrong of two that are alike."""
    stood = first[proposal.first : proposal.last]
    sound = code(_said(stood))
    least = max(LIKE, likeness(sound, code(_said(proposal.words))))
    found = []
    for entry in candidates(_said(stood), lexicon, _LOOKED_AT):
        text = f" {entry.phrase}{''.join(_ENDING.findall(stood[-1].text))}"
        words = Spelt(text, tokens(text))
        if words.bare != _BARE.sub("", _said(proposal.words).lower()) and likeness(sound, code(entry.phrase)) >= least:
            found.append(Proposal(proposal.first, proposal.last, (words,), _kind(entry)))
    return tuple(found)


def applied(first: Sequence[Spelt], chosen: Sequence[Proposal]) -> tuple[int, ...]:
    """The tokens of the first hearing with the chosen proposals in it."""
    tokens: list[int] = []
    at = 0
    for proposal in chosen:
        tokens += [token for word in first[at : proposal.first] for token in word.tokens]
        tokens += [token for word in proposal.words for token in word.tokens]
        at = proposal.last
    return (*tokens, *(token for word in first[at:] for token in word.tokens))


def _differences(first: Sequence[Spelt], second: Sequence[Spelt]) -> Iterator[tuple[int, int, int, int]]:
    """Where the texts differ in more than punctuation and case: [start, end) of the first and of the second."""
    from rapidfuzz.distance import Levenshtein

    held: tuple[int, int, int, int] | None = None
    for change in Levenshtein.opcodes([word.bare for word in first], [word.bare for word in second]):
        if change.tag == "equal":
            continue
        if held and (held[1], held[3]) == (change.src_start, change.dest_start):
            held = (held[0], change.src_end, held[2], change.dest_end)
            continue
        if held:
            yield held
        held = (change.src_start, change.src_end, change.dest_start, change.dest_end)
    if held:
        yield held


def _place(first: Sequence[Spelt], places: Sequence[tuple[int, int]], words: Sequence[Spelt]) -> tuple[int, int] | None:
    """Of some places [start, end) in the first hearing, the one that sounds most like ``words``, if one does."""
    wanted = code(_said(words))
    best = max(((likeness(code(_said(first[a:b])), wanted), (a, b)) for a, b in places if a < b), default=(0.0, (0, 0)))
    return best[1] if wanted and best[0] >= LIKE else None


@dataclass(frozen=True)
class _Meant:
    """A term, and where the second hearing has it."""

    at: int
    words: tuple[Spelt, ...]
    kind: Kind
    misspelt: bool = False


def _stays(first: Sequence[Spelt], place: tuple[int, int], stood: Sequence[_Term], meant: _Meant) -> bool:
    """Whether what stands at a place is left alone: it is nothing but terms; or it is one English word, and the second
    hearing has a form of it (tonsils, tonsil) or did not clearly hear a term."""
    if all(any(it.at <= at < it.end for it in stood) for at in range(*place)):
        return True
    word = first[place[0]].bare
    if place[1] - place[0] > 1 or rank(word) >= _ENGLISH:
        return False
    return meant.misspelt or word[:_STEM] == meant.words[0].bare[:_STEM]


def _misspelt(
    second: Sequence[Spelt],
    within: tuple[int, int],
    known: Sequence[_Term],
    lexicon: Lexicon,
    tokens: Callable[[str], tuple[int, ...]],
) -> list[_Meant]:
    """The terms that words come close to which are neither terms nor English."""
    found: list[_Meant] = []
    for at in range(*within):
        word = second[at]
        if any(it.at <= at < it.end for it in known) or is_ordinary(word.bare):
            continue
        sound = code(word.bare)
        near = [(likeness(sound, code(it.phrase)), it) for it in candidates(word.bare, lexicon, _LOOKED_AT)]
        like, entry = max(near, key=lambda it: it[0], default=(0.0, None))
        if entry is not None and like >= MISSPELT and len(sound) >= SHORTEST_CODE:
            text = f" {entry.phrase}{''.join(_ENDING.findall(word.text))}"
            found.append(_Meant(at, (Spelt(text, tokens(text)),), _kind(entry), misspelt=True))
    return found


def _ending_as(stood: Spelt, words: tuple[Spelt, ...], tokens: Callable[[str], tuple[int, ...]]) -> tuple[Spelt, ...]:
    """``words`` with the punctuation of what stood there: only the words are in question."""
    text = _ENDING.sub("", words[-1].text) + "".join(_ENDING.findall(stood.text))
    return words if text == words[-1].text else (*words[:-1], Spelt(text, tokens(text)))


def _said(words: Sequence[Spelt]) -> str:
    return "".join(word.text for word in words)


@dataclass(frozen=True)
class _Term:
    """Words [at, end) are a term of the lexicon."""

    at: int
    end: int
    kind: Kind


def _terms_in(words: Sequence[Spelt], lexicon: Lexicon) -> list[_Term]:
    """Where terms of the lexicon stand, the longest at each place."""
    phrases, longest = _phrases(lexicon)
    bare = [word.bare for word in words]
    found, at = [], 0
    while at < len(words):
        lengths = range(min(longest, len(words) - at), 0, -1)
        length = next((n for n in lengths if tuple(bare[at : at + n]) in phrases), 0)
        if length:
            found.append(_Term(at, at + length, phrases[tuple(bare[at : at + length])]))
        at += length or 1
    return found


@lru_cache(maxsize=4)
def _phrases(lexicon: Lexicon) -> tuple[dict[tuple[str, ...], Kind], int]:
    """The kinds of a lexicon's phrases, by their bare words, and how many words the longest has."""
    phrases = {
        bare: _kind(entry)
        # The first of several entries counts.
        for entry in reversed(lexicon.entries)
        if len(code(entry.phrase)) >= SHORTEST_CODE
        and (bare := tuple(filter(None, (_BARE.sub("", word) for word in entry.phrase.lower().split()))))
    }
    return phrases, max(map(len, phrases), default=0)


def _kind(entry: Entry) -> Kind:
    return "name" if entry.own or entry.category == "drug" else "term"
