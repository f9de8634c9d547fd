"""A spoken question as words: numbers written as digits, known names found in it, and what is left over.

What is left over decides: a question with a word that nothing here understands is not answered by lookup.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, Literal

from pipelines.tasks.record.spoken_dates import plain, with_days
from pipelines.text.lexicon_builtin import builtin
from pipelines.text.ordinary import is_listed

_TOKEN: Final = re.compile(r"\d+\.\d+|[a-z]+\d+[a-z]*|\d+|[^\W\d_]+")
_BELOW_TWENTY: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ONES: Final = {word: n for n, word in enumerate(_BELOW_TWENTY)}
_FROM_TWENTY: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_TENS: Final = {word: 10 * n for n, word in enumerate(_FROM_TWENTY, 2)}
_CENTURIES: Final = {"eighteen": 1800, "nineteen": 1900, "twenty": 2000}


def tokens(text: str) -> list[str]:
    """Lower-case words of ``text`` without punctuation; number words and spoken years as digits."""
    return list(_tokens(text))


@lru_cache(maxsize=8192)
def _tokens(text: str) -> tuple[str, ...]:
    """A record says the same names over and over."""
    plain = text.lower().replace("’", "'")
    plain = plain.replace("can't", "cannot").replace("won't", "will not").replace("n't", " not")
    plain = re.sub(r"(\w)'(?:s|ve|ll|re|m|d)\b", r"\1", plain).replace("'", "")
    return tuple(_digits(_TOKEN.findall(plain)))


def _digits(words: list[str]) -> list[str]:
    out: list[str] = []
    n = 0
    while n < len(words):
        value, length = _year(words[n : n + 5])
        if not length:
            value, length = _small(words[n : n + 2])
        out.append(str(value) if length else words[n])
        n += length or 1
    return out


def _year(words: Sequence[str]) -> tuple[int, int]:
    """``twenty nineteen``, ``nineteen oh five``, ``two thousand (and) four`` -> (year, words used), else (0, 0)."""
    if len(words) < 2:
        return 0, 0
    if words[:2] == ["two", "thousand"]:
        again = words[4:5] == ["thousand"] or (words[3:4] in (["twenty"], ["nineteen"]) and _small(words[4:5])[0] > 9)
        skip = 3 if words[2:3] == ["and"] and not again else 2
        rest, length = _small(words[skip : skip + 2])
        return (2000 + rest, skip + length) if length and rest < 100 else (2000, 2)
    if words[0] in _CENTURIES:
        if words[1] in {"oh", "o"} and words[2:3] and words[2] in _ONES:
            return _CENTURIES[words[0]] + _ONES[words[2]], 3
        rest, length = _small(words[1:3])
        if length and 10 <= rest < 100:
            return _CENTURIES[words[0]] + rest, 1 + length
    return 0, 0


def _small(words: Sequence[str]) -> tuple[int, int]:
    if not words:
        return 0, 0
    if words[0] in _TENS:
        if len(words) > 1 and 0 < _ONES.get(words[1], 0) < 10:
            return _TENS[words[0]] + _ONES[words[1]], 2
        return _TENS[words[0]], 1
    return (_ONES[words[0]], 1) if words[0] in _ONES else (0, 0)


Domain = Literal["observation", "vaccine", "condition", "medication", "procedure"]
DOMAINS: Final[tuple[Domain, ...]] = ("observation", "vaccine", "condition", "medication", "procedure")


@dataclass(frozen=True)
class Term:
    """An entry of the table: what it is called, how it is spoken, and how it is found in a record."""

    domain: Domain
    name: str
    spoken: tuple[tuple[str, ...], ...]
    codes: frozenset[str]
    named: tuple[tuple[str, ...], ...]


@cache
def terms() -> tuple[Term, ...]:
    """The table of names that ship with the product (``analytes.toml``)."""
    table = tomllib.loads(Path(__file__).with_name("analytes.toml").read_text(encoding="utf-8"))
    return tuple(
        Term(
            domain=domain,
            name=entry["name"],
            spoken=tuple(tuple(tokens(phrase)) for phrase in entry["spoken"]),
            codes=frozenset(entry.get("loinc", ())),
            named=tuple(tuple(tokens(phrase)) for phrase in entry.get("named", ())),
        )
        for domain in DOMAINS
        for entry in table[domain]
    )


@cache
def _by_phrase(domain: str) -> tuple[dict[tuple[str, ...], Term], frozenset[str]]:
    found = {phrase: term for term in terms() if term.domain == domain for phrase in term.spoken}
    return found, frozenset(word for phrase in found for word in phrase)


def term_domain(words: Sequence[str]) -> Domain | None:
    """Of what sort the thing is that the words name, all of them together; None where the table has no such name."""
    return next((domain for domain in DOMAINS if tuple(words) in _by_phrase(domain)[0]), None)


def near(a: str, b: str) -> bool:
    """The same word, give or take one letter in a long one: what a recogniser does to a rare name.

    Two words that both exist are two words, however alike (dysphagia and dysphasia, chloride and chlorine), but for
    other forms and spellings of one.
    """
    if a == b:
        return True
    if min(len(a), len(b)) < 6 or abs(len(a) - len(b)) > 1 or a[0] != b[0]:
        return False
    return _one_letter_apart(a, b) and (_same_but_for_form(a, b) or not (is_word(a) and is_word(b)))


@lru_cache(maxsize=8192)
def is_word(word: str) -> bool:
    """Whether it is a word as English or medicine spells it."""
    return is_listed(word) or is_medical(word)


def is_medical(word: str) -> bool:
    """Whether it stands in a term of the lexicon."""
    return word in _medical_words()


@cache
def _medical_words() -> frozenset[str]:
    return frozenset(word for entry in builtin() for word in entry.phrase.lower().split())


def _same_but_for_form(a: str, b: str) -> bool:
    """An ending more, or British and American."""
    return a.startswith(b) or b.startswith(a) or _american(a) == _american(b)


def _american(word: str) -> str:
    return re.sub(r"([iy])s(?=[aei])", r"\1z", word.replace("ae", "e").replace("oe", "e").replace("our", "or"))


def _one_letter_apart(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    start = next((n for n, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    if len(short) == len(long):
        swapped = short[start : start + 2] == long[start : start + 2][::-1]
        return short[start + 1 :] == long[start + 1 :] or (swapped and short[start + 2 :] == long[start + 2 :])
    return short[start:] == long[start + 1 :]


@lru_cache(maxsize=8192)
def _known(word: str, vocabulary: frozenset[str]) -> str:
    """The one known word that ``word`` may be a recognition error of, or the word itself."""
    if word in vocabulary:
        return word
    if (one := singular(word)) in vocabulary or (one := word.removesuffix("s")) in vocabulary:
        return one
    if len(word) < 6:
        return word
    alike = [known for known in vocabulary if near(word, known)]
    return alike[0] if len(alike) == 1 else word


def same_words(wanted: Iterable[str], name: Iterable[str]) -> bool:
    """Whether every word wanted stands in the name, plurals and one wrong letter in a long word aside."""
    have = {singular(word) for word in name}
    return all(singular(w) in have or any(near(singular(w), h) for h in have) for w in wanted)


def singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


@lru_cache(maxsize=4096)
def _split(phrase: str) -> tuple[str, ...]:
    """The grammar asks for the same phrases again and again."""
    return tuple(phrase.split())


def said(text: str) -> list[str]:
    """The words of a text with its dates in one form."""
    return with_days(" ".join(tokens(plain(text)))).split()


class Words:
    """The words of one question; what is understood is taken, in any order."""

    def __init__(self, words: Sequence[str]) -> None:
        self.all = list(words)
        self._left: list[str | None] = list(self.all)
        self._named: set[int] = set()

    def mark(self) -> tuple[tuple[str | None, ...], frozenset[int]]:
        """What is left now, to come back to where a reading fails."""
        return tuple(self._left), frozenset(self._named)

    def back_to(self, mark: tuple[tuple[str | None, ...], frozenset[int]]) -> None:
        self._left, self._named = list(mark[0]), set(mark[1])

    def beside_a_name(self, at: int) -> bool:
        """Whether a word stands right before or after what was taken as the name of something."""
        return not self._named.isdisjoint((at - 1, at + 1))

    def take(self, *phrases: str) -> bool:
        """Take every occurrence of any of the phrases; whether there was one."""
        found = False
        left = set(self._left)
        for phrase in phrases:
            words = _split(phrase)
            if left.issuperset(words) and self._find(words) is not None:
                self._take_phrase(words)
                left = set(self._left)
                found = True
        return found

    def take_first(self, *words: str) -> None:
        """Take the first word if it is one of these."""
        if self._left and self._left[0] in words:
            self._left[0] = None

    def has(self, phrase: str) -> bool:
        return self._find(_split(phrase)) is not None

    def take_terms(self, domain: str) -> list[Term]:
        """The table's terms of this domain that are named, longest phrases first so that the exact one wins."""
        phrases, vocabulary = _by_phrase(domain)
        words = [word and _known(word, vocabulary) for word in self._left]
        found: list[tuple[int, Term]] = []
        for length in range(max(map(len, phrases)), 0, -1):
            for at in range(len(words) - length + 1):
                term = phrases.get(tuple(word or "" for word in words[at : at + length]))
                if term is None:
                    continue
                words[at : at + length] = self._left[at : at + length] = [None] * length
                self._named.update(range(at, at + length))
                if term not in [known for _, known in found]:
                    found.append((at, term))
        return [term for _, term in sorted(found, key=lambda each: each[0])]

    def take_pattern(self, pattern: re.Pattern[str], keep: str | None = None) -> re.Match[str] | None:
        """Take the words that ``pattern`` matches in what is left, but for those of the group ``keep``; taken words
        read as ``|``."""
        text = " ".join(word or "|" for word in self._left)
        match = pattern.search(text)
        if match:
            kept = range(*(text[:at].count(" ") for at in match.span(keep))) if keep and match[keep] else range(0)
            start = text[: match.start()].count(" ")
            for at in range(start, start + len(match.group().split())):
                if at - 1 not in kept:
                    self._left[at] = None
        return match

    def places(self) -> list[tuple[int, str]]:
        """(place in the question, word) of what nobody took."""
        return [(at, word) for at, word in enumerate(self._left) if word is not None]

    def take_at(self, places: Iterable[int]) -> None:
        for at in places:
            self._left[at] = None

    def take_name(self, name: Sequence[str]) -> bool:
        """Take a recorded name that is said word for word."""
        if (at := self._find(tuple(name))) is None:
            return False
        self._left[at : at + len(name)] = [None] * len(name)
        self._named.update(range(at, at + len(name)))
        return True

    def rest(self, ignore: frozenset[str]) -> list[str]:
        """What nobody took, without the words to ignore."""
        return [word for word in self._left if word is not None and word not in ignore]

    def _find(self, phrase: tuple[str, ...]) -> int | None:
        length = len(phrase)
        if not phrase or phrase[0] not in self._left:
            return None
        return next(
            (at for at in range(len(self._left) - length + 1) if tuple(self._left[at : at + length]) == phrase), None
        )

    def _take_phrase(self, phrase: tuple[str, ...]) -> None:
        while (at := self._find(phrase)) is not None:
            self._left[at : at + len(phrase)] = [None] * len(phrase)
