"""What a question asks for besides the thing it is about: when, how often, since or before what, how long ago."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from functools import cache, cached_property
from typing import Final, Literal

from pipelines.evidence.records.record import Record
from pipelines.tasks.record import grammar, meaning
from pipelines.tasks.record.heard import heard
from pipelines.tasks.record.period import Period, take_period
from pipelines.tasks.record.sentences import Answer
from pipelines.tasks.record.words import Words, near, singular, terms, tokens
from pipelines.text.ordinary import rank

#: Words between "what" and the word that it asks for.
_BEFORE_HEADS: Final = frozenset("is was are were s the a an her his their patient patients this that".split())
_CLAUSE: Final = re.compile(r"[:;,.?!](?=\s)|\s[–—-]+\s")
_IN_GENERAL: Final = frozenset("diagnosed treated caused defined confirmed prevented performed done".split())
_COMPARED: Final = frozenset("compared versus vs relative against".split())
_DETERMINERS: Final = frozenset("the a an his her their its this that these those my our your some any no".split())
#: Before a word that says which one is meant: "the height of the bed".
_NARROWING: Final = frozenset("of in from on at with without during under through into per against near inside".split())
#: Words that may follow "what for".
_AFTER_FOR: Final = frozenset("in this the patient her him them she he case please again exactly now currently".split())
#: Words that ask for something else than yes or no.
_ASKING: Final = frozenset("what whats which when who whom whose where how why".split())
Want = Literal["last", "first", "highest", "lowest", "all", "trend", "count"]
_EVERYDAY: Final = 3_000
#: Rarer words may be names that nothing here knows.
_ORDINARY: Final = 15_000
_OWNER: Final = re.compile(r"\b(?:mr|mrs|ms|miss|mister|dr|doctor)\.? (\w+)|(\w+)['’]s\b", re.I)


class Asked:
    """One question (or part of one) being read; what is understood leaves ``words``."""

    def __init__(self, text: str, record: Record, today: date) -> None:
        self.record, self.today = record, today
        self.words = words = Words(heard(text))
        for part in tokens(record.patient.name or ""):
            words.take(part.rstrip("0123456789"), part)
        words.take(*meaning.COURTESY)
        words.take_first("ok", "okay", "so", "and", "well")
        said = set(words.rest(frozenset()))
        clauses = [words.all, *(heard(clause) for clause in _CLAUSE.split(text)[1:])]
        self.yes_no = any(_is_yes_no(clause) for clause in clauses[:1] + [c for c in clauses[1:] if len(c) > 2])
        self.on = bool(grammar.ON.search(" ".join(words.all)))
        self.when = bool(said & grammar.WHEN)
        #: Only a question after one thing ("is she …", "when was …") is answered with its absence; other words that
        #: are no name in the record may not have been meant as one.
        self.one_thing = self.yes_no or self.when or "last" in said
        self.elapsed = words.take_pattern(grammar.ELAPSED) is not None
        #: "Who did it": neither a value nor a date answers that.
        self.who = bool({"who", "whom"}.intersection(words.all[:2]) or words.has("by whom"))
        #: "How is hypertension diagnosed" asks after no patient's.
        self.in_general = " ".join(words.all[:2]) in {"how is", "how are"} and words.all[-1] in _IN_GENERAL
        self.where = "where" in words.all[:2]
        self.lasted = words.take(*grammar.LASTED) and not self.elapsed
        self.count = words.take(*grammar.COUNT)
        before = words.mark()
        self.period: Period | None = take_period(words, today)
        if self.period is None:
            words.back_to(before)
        self._take_again(today)
        #: "The A1c in 2015 compared with 2020", "how did it go from 2015 to 2020".
        self.compared = self.period is not None and (
            not _COMPARED.isdisjoint(words.all)
            or (self.period.text.startswith("from ") and " ".join(words.all[:2]) in {"how did", "how has", "how have"})
        )
        self.from_first = words.take_pattern(grammar.SINCE_FIRST) is not None
        self.what_for = any(_is_what_for(clause) for clause in clauses)
        #: Names of people other than the patient, and owners of what is asked for.
        self.others = (
            frozenset(tokens(" ".join(map("".join, _OWNER.findall(text))))) - meaning.FILLER - set(words.all[:1])
        )
        self.next_one = False
        """Whether "the next one" is asked for, after the event that the period is reckoned from."""
        self.event: Answer | None = None
        """What the period is reckoned from, where that is an entry of the record."""

    def _take_again(self, today: date) -> None:
        """Take the period where it is said once more."""
        before = self.words.mark()
        while self.period and take_period(self.words, today) == self.period:
            before = self.words.mark()
        self.words.back_to(before)

    def take_count(self) -> bool:
        """Whether a number of entries is asked for; "count" and "total" count once the thing itself is known."""
        return self.words.take(*grammar.COUNTED) or self.count

    def take_want(self) -> tuple[Want, int]:
        """Which of several values, and how many of the last ones (0: not said)."""
        words = self.words
        if match := words.take_pattern(grammar.LAST_FEW):
            return "all", int(match["n"])
        spanned = words.take_pattern(grammar.FROM_FIRST_TO_LAST) is not None
        trend = words.take(*grammar.TREND) or spanned or (self.from_first and not self.count) or self.compared
        if trend:
            words.take(*grammar.REACHED)
        words.take("against")
        first, last = words.take(*grammar.FIRST) or self.next_one, words.take(*grammar.LAST)
        highest, lowest = words.take(*grammar.HIGHEST), words.take(*grammar.LOWEST)
        every = words.take(*grammar.ALL)
        one_day = self.period is not None and self.period.first == self.period.last
        # "The last total CO2" has a total in its name.
        count = self.take_count() and (self.count or not (last or one_day))
        if highest != lowest:
            words.take(*grammar.REACHED, "worst", "best")
            return "highest" if highest else "lowest", 0
        if trend or (first and last):
            return "trend", 0
        if first:
            return "first", 0
        if count:
            return "count", 0
        return ("all" if every and not last else "last"), 0

    @cached_property
    def _heads(self) -> frozenset[int]:
        """Places of the words that "which", "what (is the)" and "how many" ask for: they are never without meaning."""
        said = self.words.all
        found = set()
        for at, word in enumerate(said):
            if word in {"which", "what", "whats", "whose"} or said[at - 1 : at + 1] == ["how", "many"]:
                found.add(next((n for n in range(at + 1, len(said)) if said[n] not in _BEFORE_HEADS), at))
        return frozenset(found)

    def left(self) -> list[str]:
        """The words that may mean something nobody has understood yet.

        Everyday words mean nothing for a lookup where they stand apart from the name of the thing asked for; beside it
        they may say which one, so that only known fillers are passed over there.
        """
        return [
            word
            for at, word in self.words.places()
            if word not in meaning.FILLER and not (self._is_everyday(word) and not self._says_which(at))
        ]

    def _says_which(self, at: int) -> bool:
        """Whether a word stands where it may say which one is meant: beside a name, asked for, or in "of the …"."""
        before = at - 1
        while before >= 0 and self.words.all[before] in _DETERMINERS:
            before -= 1
        narrows = before >= 0 and self.words.all[before] in _NARROWING
        return narrows or self.words.beside_a_name(at) or at in self._heads

    def _is_everyday(self, word: str) -> bool:
        if word in self.others:
            return False
        return word not in _never_passed_over() and not word.isdigit() and len(word) > 1 and rank(word) < _EVERYDAY

    def phrase(self, names: Iterable[str], strict: bool = False) -> list[str] | None:
        """What is left as (part of) the recorded names: the words of theirs that are said.

        Args:
            names: as recorded.
            strict: no other word may be left, however common: nothing else says what the question is about.

        Returns:
            The words; none where only words without meaning are left; None where something else is asked as well.
        """
        known = _vocabulary(names)
        said: list[str] = []
        for at, word in self.words.places():
            if word in meaning.FILLER:
                continue
            if word not in grammar.NEVER_A_NAME and _is_among(word, known):
                said.append(word)
            elif strict or not self._is_everyday(word) or at in self._heads:
                return None
        return said

    def name_words(self, names: Iterable[str]) -> list[str]:
        """The words left that stand in recorded names, whatever else is left."""
        known = _vocabulary(names)
        left = self.words.rest(meaning.FILLER)
        return [word for word in left if word not in grammar.NEVER_A_NAME and _is_among(word, known)]

    def unknown_name(self) -> list[str] | None:
        """What is left as the name of something that nothing here knows, or None where it asks for more than that."""
        left = self.words.rest(meaning.FILLER)
        return None if len(left) > 5 or grammar.NEVER_A_NAME.intersection(left) else left

    def take_recorded(self, names: Iterable[str]) -> list[str]:
        """The recorded names (of two words or more) that are said word for word, the longest first."""
        by_length = sorted({name: _plain_name(name) for name in names}.items(), key=lambda each: -len(each[1]))
        found = [name for name, said in by_length if len(said) > 1 and self.words.take_name(said)]
        same = {tuple(_plain_name(name)) for name in found}
        return [name for name, said in by_length if tuple(said) in same]


def _is_what_for(said: Sequence[str]) -> bool:
    """Whether a reason is asked for: "what is she on that for", "what is it given for in this patient"."""
    at = next((n for n, word in enumerate(said) if word not in meaning.FILLER or word in _ASKING), 0)
    end = len(said)
    while end and said[end - 1] in _AFTER_FOR:
        end -= 1
    if end < len(said) and said[end] in {"this", "the", "patient"}:
        return False  # "which medications are active for this patient"
    return end > 2 and said[end - 1] == "for" and said[at] in {"what", "whats", "which"}


def _is_yes_no(said: Sequence[str]) -> bool:
    """Whether an auxiliary comes before any word that asks for something: "is she …", "can you check if he is …"."""
    if not said or said[0] in grammar.YES_NO:
        return bool(said)
    for at, word in enumerate(said):
        if word in {"is", "does", "has", "did", "was", "are"} | {"whether", "if"}:
            return at < len(said) - 1
        if word in _ASKING or word not in meaning.FILLER:
            return False
    return False


def _plain_name(name: str) -> list[str]:
    """The words of a name without the kind that SNOMED CT adds to it: ``Anemia (disorder)``."""
    bare = name.rsplit(" (", maxsplit=1)[0] if name.endswith((" (disorder)", " (finding)", " (procedure)")) else name
    return tokens(bare)


def _vocabulary(names: Iterable[str]) -> frozenset[str]:
    return frozenset(singular(word) for name in names for word in tokens(name))


def _is_among(word: str, known: Collection[str]) -> bool:
    one = singular(word)
    return one in known or (len(one) > 5 and any(near(one, other) for other in known))


def bears_nothing(text: str) -> bool:
    """Whether words before a question only say where or why it is asked: none names anything or asks for anything."""
    words = tokens(text)
    return not (words and words[0] in _NARROWING) and all(
        not word.isdigit()
        and word not in meaning.TIME | _ASKING
        and (word in meaning.FILLER or (word not in _never_passed_over() and rank(word) < _ORDINARY))
        for word in words
    )


@cache
def _never_passed_over() -> frozenset[str]:
    """Words that always mean something, however common they are: those of the grammar itself."""
    said = {word for group in grammar.GROUPS for phrase in group for word in phrase.split()}
    said |= {word for term in terms() for phrase in term.spoken for word in phrase}
    return frozenset(said - meaning.FILLER).union(
        meaning.MEANINGFUL, meaning.JUDGEMENT, meaning.KIN, meaning.NOT_A_NAME
    )
