"""Words of a question that nothing here knows, in the form that the grammar has: "attended", "recieved", "creat inine".

British spellings, other forms of a word, slips of a hand or a recogniser by one letter or by sound, and names that a
recogniser cut in pieces. Everyday words are never taken for another, nor what stands in a name of the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Final

from pipelines.tasks.record import grammar, meaning
from pipelines.tasks.record.words import is_medical, is_word, near, singular, terms, tokens
from pipelines.text.ordinary import rank
from pipelines.text.sound import code, likeness, word_code

_EVERYDAY: Final = 3_000
_SHORTEST: Final = 5
#: A name has to have so many consonants to be known by its sound.
_CONSONANTS: Final = 4
_ALIKE: Final = 0.75
_APART: Final = 0.1
#: How alike the pieces of a word of the grammar and the word have to sound.
_SAME: Final = 0.8
#: Pieces of a name may be short words that mean something by themselves.
_SHORT: Final = 3
_PIECES: Final = 4
_ENDINGS: Final = re.compile(
    r"(?:i[sz]ations?|i[sz]ing|i[sz]e[drs]?|i[sz]es|ations?|ating|ate[ds]?|ances?|ents?|ing|ers?|ed|es|s|e|ions?|ive)$"
)


def respelled(text: str, names: Iterable[str]) -> str | None:
    """``text`` with the words that nothing knows in a known form; None where there is nothing to put right.

    Args:
        text: a question.
        names: as the record has them; words of theirs stay as they are.
    """
    held = frozenset(singular(word) for name in names for word in tokens(name))
    said = tokens(text)
    changed = [_known_form(word, held) for word in _whole_names(_whole_words(said, held), held)]
    return " ".join(changed) if changed != said else None


def _known_form(word: str, held: frozenset[str]) -> str:
    if word.isdigit() or word in held or singular(word) in held or is_known(word) or len(word) < _SHORTEST:
        return word
    return _form(word)


def is_known(word: str) -> bool:
    """Whether the grammar or the table of names has the word."""
    return word in meaning.FILLER or word in _vocabulary()


@lru_cache(maxsize=4096)
def _form(word: str) -> str:
    american = re.sub(r"is(e[drs]?|es|ing|ations?)$", r"iz\1", word).replace("aem", "em").replace("oed", "ed")
    if is_known(american):
        return american
    if alike := _by_stem().get(_stem(word)):
        return min(alike, key=lambda known: (len(known), known))
    if is_word(word):
        return word
    begun = {known for known in _vocabulary() if known.startswith(word)}
    if len({_stem(known) for known in begun}) == 1:
        return min(begun, key=len)
    close = [known for known in _vocabulary() | meaning.FILLER if len(known) >= _SHORTEST and _slip(word, known)]
    same = {_stem(known) for known in close}
    return min(close, key=len) if len(same) == 1 else word


def _slip(word: str, known: str) -> bool:
    return near(word, known) or (word[0] == known[0] and len(known) > _SHORTEST and word_code(word) == word_code(known))


def _stem(word: str) -> str:
    bare = _ENDINGS.sub("", word)
    bare = bare[:-1] if len(bare) > 4 and bare[-1] == bare[-2] else bare
    return bare if len(bare) >= 5 else word


@cache
def _vocabulary() -> frozenset[str]:
    return grammar_words() | {word for term in terms() for phrase in term.spoken for word in phrase}


@cache
def grammar_words() -> frozenset[str]:
    """Words that mean something in a question, names left out."""
    said = {word for group in grammar.VOCABULARY for phrase in group for word in phrase.split()}
    return (
        frozenset(said) | meaning.MEANINGFUL | meaning.JUDGEMENT | meaning.KIN | meaning.NOT_A_NAME | meaning.DRUG_CLASS
    )


@cache
def _by_stem() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for group in grammar.VOCABULARY:
        for phrase in group:
            if " " not in phrase and len(phrase) >= _SHORTEST:
                found.setdefault(_stem(phrase), set()).add(phrase)
    return found


def _whole_words(words: list[str], held: frozenset[str]) -> list[str]:
    """Words of the grammar and names that stand there in pieces, not all of which say something: "re solved"."""
    out: list[str] = []
    at = 0
    while at < len(words):
        stretches = [words[at : at + length] for length in (2, 3) if at + length <= len(words)]
        heard = [
            (alike, word, len(stretch))
            for stretch in stretches
            if _is_in_pieces(stretch) and (held - meaning.FILLER).isdisjoint(stretch)
            for alike, word in [_word_of(stretch)]
            if word
        ]
        _, word, length = max(heard, default=(0.0, words[at], 1))
        out.append(word)
        at += length
    return out


def _is_in_pieces(stretch: list[str]) -> bool:
    """Whether some of the words say nothing by themselves, and none is a longer one that does, in any form."""
    saying = [word in meaning.FILLER or word in grammar_words() or word in single_names() for word in stretch]
    return not all(saying) and not any(
        len(word) > _SHORT and (word in meaning.FILLER or word in grammar_words() or _stem(word) in _by_stem())
        for word in stretch
    )


def _word_of(pieces: list[str]) -> tuple[float, str]:
    """How well the pieces spell or sound like one word of the grammar, and which; the word is empty where none is."""
    spelt = "".join(pieces)
    if len(spelt) > _SHORTEST and spelt in single_names():
        return 1.0, spelt
    sound = code(" ".join(pieces))
    if len(_consonants(sound)) < _CONSONANTS:
        return 0.0, ""
    alike = max(
        ((likeness(sound, sounds), word) for word, sounds in _long_words().items() if sounds[0] == sound[0]),
        default=(0.0, ""),
    )
    return alike if alike[0] >= _SAME else (0.0, "")


@cache
def _long_words() -> dict[str, str]:
    """The longer words of the grammar, and how each sounds; those that choose between values are never guessed."""
    choosing = {*grammar.FIRST, *grammar.LAST, *grammar.HIGHEST, *grammar.LOWEST, *grammar.PAST, *grammar.ACTIVE}
    return {word: word_code(word) for word in grammar_words() - choosing if len(word) > _SHORTEST}


def _whole_names(words: list[str], held: frozenset[str]) -> list[str]:
    """Names of the table that stand there in pieces or by their sound alone, whole again."""
    out: list[str] = []
    at = 0
    while at < len(words):
        for length in range(min(_PIECES, len(words) - at), 0, -1):
            stretch = words[at : at + length]
            if length == 1 and (is_word(stretch[0]) or is_known(stretch[0]) or stretch[0] in held):
                continue
            if any(len(word) > _SHORT and (word in single_names() or is_medical(word)) for word in stretch):
                continue
            if all(rank(word) < _EVERYDAY and len(word) > 3 for word in stretch):
                continue
            name = _sounding(code(" ".join(stretch)))
            if name and name != " ".join(stretch):
                out.append(name)
                at += length
                break
        else:
            out.append(words[at])
            at += 1
    return out


@cache
def single_names() -> frozenset[str]:
    """Words that are a name by themselves, or a word of the grammar: they were heard rightly."""
    named = {phrase[0] for term in terms() for phrase in term.spoken if len(phrase) == 1}
    said = {word for group in grammar.VOCABULARY for phrase in group for word in phrase.split()} - meaning.FILLER
    return frozenset(named | said)


def _consonants(sound: str) -> str:
    """The kinds of the consonants of a code, one after the other."""
    return "".join(letter for letter in sound if letter.isupper() or letter in "hwy")


def _sounding(sound: str) -> str | None:
    """The name that sounds like that; None where none does, or two do."""
    alike = sorted(
        ((likeness(sound, each), name, spoken) for each, name, spoken in _by_sound().get(_consonants(sound), ())),
        reverse=True,
    )
    if not alike or alike[0][0] < _ALIKE:
        return None
    best, name, spoken = alike[0]
    return spoken if all(other == name or best - like > _APART for like, other, _ in alike[1:]) else None


@cache
def _by_sound() -> dict[str, list[tuple[str, str, str]]]:
    """(code, name, how it is spoken) of the table, by their consonants."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for term in terms():
        for phrase in term.spoken:
            sound = code(" ".join(phrase))
            consonants = _consonants(sound)
            if len(consonants) >= _CONSONANTS:
                found.setdefault(consonants, []).append((sound, term.name, " ".join(phrase)))
    return found
