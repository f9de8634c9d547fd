"""Clauses that are no part of the question, by what they are themselves: "…, finance wants to reconcile the invoices".

A clause is context where it is a statement of its own about somebody or something else than the patient, or about what
the patient says, and nothing in it could change the answer: no name of the record, the table or the lexicon, no date
that the question lacks, no other question, no word that says which value is meant. Such a clause is left out of the
last reading, whoever speaks; what is left has to be a question by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from pipelines.tasks.record import meaning
from pipelines.tasks.record.asker import (
    CHOOSES,
    OF_STAFF,
    SETTING,
    clauses,
    is_of_staff,
    is_question,
    is_rare_name,
    is_role,
    names_something,
    other_dates,
    points_back,
    without_opening,
)
from pipelines.tasks.record.kinds import dates, units
from pipelines.tasks.record.respelling import grammar_words
from pipelines.tasks.record.words import is_medical, is_word, said, tokens
from pipelines.text.ordinary import rank

#: What people do who want an answer, or why they want it.
_DOING: Final = (
    "agree answer argue arrange arrive ask audit believe call chase claim clean close code collect come complain "
    "count cover cross demand depend deny disagree do doubt draft email expect fax fill finish fit follow forget "
    "get give go handle hear help hold hope insist keep know leave let like look lose love mail make match matter "
    "miss need nag open pay pester phone plan prepare press promise query question ready reckon refuse reject "
    "remember request require return ring run say seem send set show sign sit sort sound speak stand start stop "
    "strike struggle suspect swear talk tell think text tidy train try turn understand update wait walk want "
    "watch wonder work worry write sorry"
)
_IRREGULAR: Final = (
    "came went got gave kept left lost made meant paid ran rang sent said sat spoke stood stuck swore told thought "
    "understood wrote heard held knew forgot found bet bought brought built caught chose dealt drove fell felt fought "
    "froze grew hid hit hung hurt laid led lent let met put quit rode rose sold shook shot shut slept slid spent split "
    "spread stole swept threw upset woke won"
)
_AUXILIARY: Final = (
    "is are was were am has have had can cannot could will would must may might should shall does do did"
)
_NEGATED: Final = r"(?:n['’]?t)?"
#: What the patient is about to do is nothing of the record.
_BUSY: Final = (
    r"(?:is|are|['’]s|['’]re) (?:being (?:wheeled|moved|transferred|taken|brought|discharged|collected)|about to|here"
    r"|on (?:the|their|his|her) way|ready|(?:out|down)\w*|(?:decid|plan|ask|wait|wonder|arrang|think|go|mov|leav|com"
    r"|travell?|fly|chang|transferr|sitt|call|ring|phon|insist|hop|consider|discuss|argu|pack)ing)"
)
#: Of the patient only these are told without saying anything about them.
_SAYING: Final = (
    r"(?:says?|said|tells?|told|claims?|claimed|thinks?|thought|believes?|swears?|swore|insists?|asks?|asked|wonders?"
    r"|wants?|worries|(?:ca|do|does|did|is|are|was|wo)(?:n['’]?t|not| not)(?: really)?"
    r" (?:remember|recall|know|sure|believe|say|tell|certain))"
)
_OF_PATIENT: Final = re.compile(
    r"(?:he|she|they|(?:the|this|my|our) (?:patient|lady|gentleman|man|woman|client|resident))\b"
    r"(?!['’]s [a-z]+ (?:is|has|was)\b)"
    rf"(?P<says> {_SAYING}\b| ?{_BUSY}\b)?",
    re.I,
)
#: Begun like this, words go with the clause before, or take something of it back.
_BELONGS: Final = re.compile(
    r"(?:in|on|at|from|of|with|after|before|during|under|by|for|to|not|no|or|except|excluding|without|only|just"
    r"|rather|either|neither|and|plus|but|both|all|any|whether|if|meaning|i mean|that is|as|than)\b",
    re.I,
)
_ADVERBS: Final = r"(?:(?:just|also|really|still|now|always|never|already|only|simply) )?"
_PARTICIPLE: Final = re.compile(
    r"(?!following|according|regarding|including|excluding|starting|concerning)[a-z]{2,}ing ", re.I
)
#: Words that say which of several values is meant, or how it came about.
_CHOOSING: Final = frozenset(
    "only except instead rather mean meant another both ones exclude excluded excluding ignore "
    "took taken drew drawn measured checked tested sampled repeated fasting lying supine arm leg average lowest "
    "highest first last latest earliest oldest newest recent trend graph plot".split()
)
#: Words that mean something in a question, but nothing in what somebody says who asks.
_SETTING: Final = SETTING | frozenset(
    "change child cost distribution half hand hours house icu index left limit off officer "
    "other outcome parking pending price than then while without".split()
)
#: Phrases whose words would say something elsewhere.
_ASIDE: Final = re.compile(
    r"\b(?:(?:ages|a while|a (?:bit|moment|minute)|moments|long) ago|prior auth\w*"
    r"|on the other (?:line|phone|end|side)|one more [a-z]+"
    r"|(?:our|my) (?:last|first|latest)"
    r" (?:upload|claim|report|letter|bill|request|e?mail|fax|form|call|invoice|audit))\b"
    # A department, which is named like what it does.
    r"|^(?:the )?[a-z]+(?:ology|oscopy|iatrics|therapy|surgery|graphy)"
    r"(?= (?:is|are|has|have|was|were|wants?|needs?|says?)\b)",
    re.I,
)
#: What somebody is about to do who has just said something: "… wants it before they release anything".
_GOES_ON: Final = re.compile(
    r"(?:before|until|while|when|as|once|if|because|so that|in case) (?:i|we|they|he|she|the [a-z]+)\b"
    r"|and (?:(?:ca|wo|do|does|is|are)n['’]?t|wants|needs)\b",
    re.I,
)
#: "That list has got too long" asks for no list.
_THAT_IS: Final = re.compile(r"(?:that|this) [a-z]+ (?:is|was|has|had)\b", re.I)
_SO: Final = re.compile(r"\s*so\b", re.I)
#: No "it" that points at anything.
_IT_IS: Final = re.compile(r"\b(?:is|has|was) it (?:been )?(?:since|ago|that)|\bthat(?:['’]s| is| are)\b", re.I)
#: "I want two of them": how many of the values.
_SOME: Final = re.compile(
    r"\b(?:want|need|take|have|be|of)s? (?:one|two|three|four|five|both)\b(?! (?:hand|moment|minute))", re.I
)
_NUMBERED: Final = re.compile(
    r"\b(?:room|bed|bay|ward|theatre|line|floor|level|station|clinic) \d+\b"
    r"|\b\d+ (?:minutes?|hours?|seconds?|o clock)\b"
)
#: What is asked within a statement says nothing where it goes on like this: "to know where we started".
_TOLD: Final = re.compile(
    r"\b(?:who|whom|where|how|why|whether|if|what)(?: (?:closely|well|it|that|this|things?|all|exactly|much|else))*"
    r" (?:to|we|i|you|us|it|things?|all|ours|theirs|they)\b"
)
_ASKING: Final = frozenset("what which when whose who whom where why how whether".split())
_WANTED: Final = re.compile(
    r"\b(?:ask|want|need|wonder|request|enquir)\w*\b"
    r"|\b(?:i|we)\b.*\b(?:like|require|after|look(?:ing)? for|find|see|know)\b",
    re.I,
)
_EVERYDAY: Final = 3_000
_USUAL: Final = 6_000
_LONGEST: Final = 6
_ASKED_TO: Final = (
    r"(?:kindly|say|let|state|include|add|name|mention|note|print|put|go|remind|report|quote|send|make|do|see)"
)


def without_context(text: str, names: Iterable[str]) -> str:
    """``text`` without the clauses that say nothing that the question could be about; as it is where all do.

    Args:
        text: a question.
        names: as the record has them.
    """
    said_here = clauses(text)
    asking: list[int] = []
    for n, (clause, _) in enumerate(said_here):
        role = n == 0 and is_of_staff(clause) and is_role(clause)
        goes_on = n > 0 and n - 1 not in asking and _GOES_ON.match(clause)
        if not (role or goes_on or _states(clause)):
            asking.append(n)
    if not asking:  # "past problems which have resolved": a noun with all that is said of it
        asking = [n for n, (clause, _) in enumerate(said_here) if _names_a_thing(said(clause))]
    question = " ".join(said_here[n][0] for n in asking)
    if not asking or len(asking) == len(said_here):
        return text
    words = {word for name in names for word in tokens(name)}
    recorded = frozenset(word for word in words if word.isalpha() and rank(word) >= _EVERYDAY)
    alone = ""
    for n, (clause, mark) in enumerate(said_here):
        after, so = any(at < n for at in asking), n + 1 in asking and bool(_SO.match(said_here[n + 1][0]))
        if n not in asking and _says_nothing(_ASIDE.sub(" ", clause), question, recorded, after=after, so=so):
            continue
        alone += clause + mark
    return alone.strip(" ,;:")


def _states(clause: str) -> bool:
    """Whether a clause is a statement about somebody else, or about what the patient says."""
    bare = without_opening(clause)
    if _THAT_IS.match(clause):
        return True
    if is_question(clause) or _BELONGS.match(bare):
        return False
    if of_patient := _OF_PATIENT.match(bare):
        return bool(of_patient["says"])
    if _PARTICIPLE.match(bare):
        return all(unit.sort == "name" for unit in units(said(bare)))  # "living or deceased" asks
    return bool(_statement().match(bare)) or _has_a_verb(bare)


def _has_a_verb(clause: str) -> bool:
    """Whether some word can only be a verb by its ending: "the courier refuses to wait", "that chart never ends".

    Nouns of questions ("readings", "samples") are no verbs, and nothing that says how a value came about is passed over
    for such a word ("home readings").
    """
    words = said(clause)
    if not (meaning.MEANINGFUL - {"never"}).isdisjoint(words):
        return False
    return any(
        re.fullmatch(r"[a-z]{2,}(?:[^s]s|ed)", word)
        and is_word(word)
        and word not in meaning.FILLER
        and word not in grammar_words()
        and (at + 1 < len(words) or words[at - 1] in {"never", "always", "just", "still"})
        for at, word in enumerate(words)
        if at
    )


def _says_nothing(clause: str, question: str, recorded: frozenset[str], *, after: bool, so: bool) -> bool:
    """Whether nothing of a clause could change the answer.

    Args:
        clause: a statement.
        question: the clauses that are none.
        recorded: rare words of the names of the record.
        after: it comes behind the question, which then points at nothing of it.
        so: the question is drawn from it: "I want to know how low it's been, so what was the lowest".
    """
    words = said(clause)
    if (
        names_something(words)
        or other_dates(words, dates(said(question)))
        or re.search(r"\d", _NUMBERED.sub(" ", clause))
    ):
        return False
    if CHOOSES.search(clause) or _SOME.search(clause):
        return False
    if not so and not _ASKING.isdisjoint(_TOLD.sub(" ", " ".join(words)).split()):
        return False
    if not _CHOOSING.isdisjoint(words) or (not after and _named(words) and points_back(_IT_IS.sub(" ", question))):
        return False
    others = said(OF_STAFF.sub("", clause))
    if not (meaning.MEANINGFUL - _SETTING).isdisjoint(others) or not recorded.isdisjoint(others):
        return False
    if not meaning.KIN.isdisjoint(words) and not after:
        return False
    if _WANTED.search(clause) and not _named(words) <= (_named(said(question)) if after else set()):
        return False  # it is asked for here
    # What stands behind a question that is complete without it would have to be a name that is known to say anything.
    return not any(is_rare_name(word) and not (after and _is_usual(word)) for word in others)


def _is_usual(word: str) -> bool:
    return not is_medical(word) or rank(word) < _USUAL


def _names_a_thing(words: Sequence[str]) -> bool:
    return bool(_named(words)) or names_something(words)


def _named(words: Sequence[str]) -> set[str]:
    """Of what sorts the things are that words name, staff left out."""
    return {
        unit.sort
        for unit in units(words)
        if unit.kind in {"subject", "event"}
        and unit.sort != "name"
        and not is_of_staff(" ".join(words[unit.start : unit.end]))
    }


@cache
def _statement() -> re.Pattern[str]:
    """Somebody, and what they do."""
    verbs = {form for verb in _DOING.split() for form in _forms(verb)} - grammar_words() | set(_IRREGULAR.split())
    alone = "|".join(sorted(verbs, key=len, reverse=True))
    auxiliary = "|".join(f"{verb}{_NEGATED}" for verb in _AUXILIARY.split()) + r"|can['’]?t|won['’]?t"
    # "The date it was taken" is what is asked for, and "say if …" asks.
    another = rf"(?!(?:{auxiliary}|i|we|you|it|they|she|he|patient)\b(?!['’]s))[\w'’-]+ "
    who = rf"(?!{_ASKED_TO}\b)[\w'’-]+ (?:{another}){{0,{_LONGEST}}}?"
    contracted = r"(?:i|we|it|they|that|this|there|here|nobody|everybody|somebody)['’](?:m|ve|re|s|d|ll)\b"
    return re.compile(rf"(?:{contracted}|{who}{_ADVERBS}(?:{auxiliary}|{alone})\b)", re.I)


def _forms(verb: str) -> tuple[str, ...]:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb, f"{verb[:-1]}ies", f"{verb[:-1]}ied"
    third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "o")) else f"{verb}s"
    return verb, third, f"{verb}d" if verb.endswith("e") else f"{verb}ed"
