"""Clauses in which somebody says who asks and why: "I'm the night doctor and need to know whether …".

Such a clause is a statement whose subject is the asker, somebody who wants the answer, or a role ("scrub nurse, theatre
three"). It asks nothing, so it is left out; and of "the insurer wants to know when …" what the insurer wants to know is
kept. A clause that names a measurement, an illness or a medicine, or says when, is never left out: then the question
waits, unless its date was taken up by the question itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.tasks.record import meaning
from pipelines.tasks.record.asked import bears_nothing
from pipelines.tasks.record.kinds import dates, units
from pipelines.tasks.record.pointing import dates_taken_up
from pipelines.tasks.record.respelling import grammar_words
from pipelines.tasks.record.spoken_dates import MONTHS
from pipelines.tasks.record.words import is_medical, is_word, said, singular, term_domain
from pipelines.text.ordinary import rank

_ASKING: Final = (
    r"(?:what|whats|which|when|whens|who|where|how|hows|why|is|was|are|were|does|do|did|has|have|had|can|could|would"
    r"|will|please|tell|give|show|list|find|get|check|look|pull|read|confirm|any)"
)
_WANTING: Final = r"(?:need|needs|want|wants|would like|like|have to|has to|ask|asks)"
_PAST_VERB: Final = r"(?:\w+ed|had|was|were|got|took|began|went|came|saw|gave|put|fell|underwent|stop|start)"
#: Where one clause ends and another begins; the comma within a date is no such place.
_BOUNDARY: Final = re.compile(
    r"[.?!;:]+\s+|,\s+(?!(?:18|19|20)\d\d\b)|\s+[–—-]+\s+"
    rf"|\s+(?=(?:so|and|but) (?:then |now |just )?(?:(?:i|we)\b|{_ASKING}\b|(?:(?:it|they)(?:['’]d)? )?{_WANTING}\b))"
    r"|\s+(?=and (?:the|my|our) (?:[\w'’-]+ ){1,3}?"
    r"(?:(?:is|are|was|keeps?|has been) (?:asking|wondering|calling|waiting)|wants?|needs?|asks?|asked)\b)"
    r"|\s+(?=and (?:before|when|while|as|once|until) (?:i|we)\b)"
    # What happened before somebody "had" or "started" something is an event of the record.
    rf"|\s+(?=before (?:i|we|he|she|they|the [a-z]+) (?!{_PAST_VERB}\b)[a-z]+)"
    r"|\s+(?=(?:because|so that|while|whilst|in case) (?:i|we|the|she|he|they|my|our)\b)",
    re.I,
)
_OPENING: Final = (
    r"^(?:(?:so|and|but|because|since|as|while|whilst|in case|okay|ok|hi|hello|now|then|well|right|also|sorry|just"
    r"|that|for the record)\b[,\s]*)*"
)
_I: Final = r"(?:i|we)(?:['’](?:m|re|ve|d|ll))?"
#: Somebody or something else that wants to be told.
_OTHER: Final = (
    r"(?:(?:the|my|our|a|an|some|her|his|their|this) (?:[\w'’-]+ ){0,5}?[\w'’-]+|social (?:work|services)"
    r"|(?:dr|doctor|professor|nurse|sister)\.? \w+|somebody|someone|everybody|(?:they|it)(?:['’]d)?)"
)
_TO_KNOW: Final = (
    r"(?:to (?:know|no|hear|see|have|get|find(?: out)?|check|confirm|verify|establish|be told|learn|understand"
    r"|look (?:at|up)|review|compare|list|read|go (?:over|through)|double check|count|determine|figure out"
    r"|ask(?: about)?))"
)
_OFTEN: Final = r"(?: (?:just|really|also|urgently|still|now|only|then|all|therefore|quickly))*"
_OBJECT: Final = r"(?: (?:me|us|you|from me|from us))?"
_REQUESTS: Final = (
    # The asker, who may go on with "and need …".
    rf"(?:(?:before|when|while|as|once|until) {_I} (?:[\w'’-]+ ){{1,6}}?)?"
    rf"(?:{_I}{_OFTEN}|(?<=and )|(?<=but )|(?<=so ))(?: ?(?:am|are|was|were|have|would)\b)?{_OFTEN} ?"
    rf"(?:(?:needs?|wants?|like|love|wish|asked|asking|have|has|got){_OBJECT} {_TO_KNOW}"
    r"|(?:needs?|wants?|like|wondering|wonder|after|looking for|asking)"
    r"(?: (?:about|for|after))?(?! to\b))",
    # Somebody else, who may want a thing or want to know.
    rf"(?:for {_OTHER} )?(?:{_OTHER}|(?:[a-z]+ )?[a-z]+)"
    rf"(?: (?:is|are|was|were|has been|have been|keeps?|kept|would|and))*{_OFTEN}"
    rf" (?:(?:wants?|wanted|needs?|like|asks?|asked|asking|has|have){_OBJECT} {_TO_KNOW}"
    rf"|(?:ask|asks|asked|asking|wonder|wonders|wondering){_OBJECT}(?: (?:about|for|after))?"
    rf"|(?:wants?|needs?|like|requires?|requested){_OBJECT}(?! to\b)(?: from (?:me|us))?)",
    # The patient, who may want it on paper.
    r"for (?:the|an?|our|my) [\w-]+(?: [\w-]+)? (?:the patient|she|he|they) (?:needs?|wants?)"
    r"(?: (?:a|the) (?:list|copy|proof) of)?",
)
_REQUEST: Final = re.compile(rf"{_OPENING}(?:{'|'.join(_REQUESTS)})(?=[\s,:]|$)[\s,:]*", re.I)
#: "I need it", "they want this before …", "I want to plan …": nothing is asked for.
_NOTHING: Final = re.compile(
    r"^(?:$|(?:it|this|that|them|these|those|me|us|to|here|before|for|now)\b"
    r"(?! (?:patient|lady|gentleman|man|woman)))",
    re.I,
)
_VERB: Final = (
    r"(?:is|are|was|were|has|have|had|wants?|needs?|asks?|asked|keeps?|called|phoned|rang|says?|said|told|would|will"
    r"|must|just|came|comes|sent|sends|requires?|requested)"
)
_STATEMENT: Final = re.compile(
    rf"{_OPENING}(?:before )?(?:{_I}\b|(?:this|it|that|here|there)(?:['’]s| is| are)\b|{_OTHER} {_VERB}\b|for {_OTHER}$"
    r"|(?:my|our) [a-z]+ [a-z]+\b"
    rf"|(?<=and ){_WANTING}\b|before (?:he|she|they|the [a-z]+) [a-z]+)",
    re.I,
)
#: What the patient is about to do, which is nothing of the record.
_OF_PATIENT: Final = re.compile(
    rf"{_OPENING}(?:he|she|they|the patient)(?:['’](?:s|re)| is| are) "
    r"(?:going|moving|leaving|travelling|traveling|flying|changing|transferring|waiting|sitting|standing|coming|asking)\b",
    re.I,
)
_OF_ASKER: Final = re.compile(rf"{_OPENING}(?:(?:before|when|while|once|until) )?(?:{_I}|(?<=and ){_WANTING})\b", re.I)
#: "There's a letter from May": a paper that only gives the date.
_THERE_IS: Final = re.compile(rf"{_OPENING}(?:there|here|it|this)(?:['’]s| is)\b", re.I)
#: "This is Anna from the ward".
_BY_NAME: Final = re.compile(
    r"\b(?:this is|my name is|it['’]?s|i['’]?m|i am) (?:(?:dr|doctor|nurse|sister)\.? )?\w+"
    r"(?= (?:from|calling|speaking|here|on|with)\b)",
    re.I,
)
#: What the asker looks for is asked for, though nobody says so.
_LOOKS: Final = re.compile(
    r"\b(?:find|see|look|looking|locate|search\w*|miss|missing|remember|recall|interested|unsure|sure|do with)\b", re.I
)
_QUESTION: Final = re.compile(rf"{_OPENING}(?!would like){_ASKING}\b", re.I)
#: Words that mean something in a question, but not where somebody says who they are and what they do.
SETTING: Final = frozenset(
    "nurse doctor physician surgeon ward clinic theatre theater room bed hospital insurance school employer boss work "
    "discharge travel home surgery operation screen screening planned scheduled tomorrow next no not will two three "
    "food diet until over up under before after never none due treatment therapy admission "
    "admissions gain second stress free money bill fee policy".split()
)
#: Where or when something was measured is no role: "in theatre, what was the potassium".
_WHERE: Final = re.compile(r"(?:in|on|at|from|of|with|after|before|during|under|by)\b", re.I)
_DOING: Final = re.compile(r"[a-z]{2,}ing\b", re.I)
_STAFF: Final = re.compile(
    r"\b(?:(?:nurse|sister|doctor|gp|fellow|attending|trainee|colleague|carer|registrar|reg|sho|consultant|resident|intern|physio|surgeon|clerk|secretary|theatre"
    r"|ward|clinic|team|unit|office|desk|reception|lab|laboratory|midwife|paramedic|coder|educator|student|practice|surgery"
    r"|hospital|department|school|court|[a-z]+(?:ist|ian|grapher))s?\b|(?:here|speaking|calling|on call|on duty)$)",
    re.I,
)
#: "The dialysis nurse": what somebody works with.
OF_STAFF: Final = re.compile(rf"\b[a-z]+ (?={_STAFF.pattern})", re.I)
_SISTER: Final = re.compile(r"\b(?:ward|night|nursing|theatre|clinic|charge) sister\b", re.I)
_PLACES: Final = frozenset(
    "clinic team unit ward service nurse office department meeting round list lab study request form bank educator "
    "specialist coordinator consultant registrar doctor physician".split()
)
#: What says which value is meant, or how it came about.
CHOOSES: Final = re.compile(
    r"\b(?:(?:the|that) (?:\w+ )?ones?|only (?:want|need|the|those)|(?:want|need)s? only|instead|except|trend|fasting"
    r"|drew|took it|(?:left|right) (?:arm|hand|leg|side)|taken (?:in|at|from|under|after|during|by)"
    r"|measured|sampled|repeated|ha?emoly[sz]ed)\b",
    re.I,
)
_FORM: Final = re.compile(r"(?:ing|ers?)$")
_EVERYDAY: Final = 3_000
_MONTHS: Final = frozenset((*MONTHS, "yesterday", "ago")) - {"may", "march"}
_PREPOSITION: Final = re.compile(r"^(?:in|on|from|of|at|for|during|dated|as of|since|the)(?: the)?(?: year)? ")
#: Those to whom something is explained, whom no "he" or "she" means.
_FAMILY: Final = frozenset({"family", "relatives", "parents"})
_LONGEST: Final = 5
_POINTING: Final = frozenset("it they them those these ones that".split())


def asked_alone(text: str) -> str:
    """``text`` without the clauses that say who asks and why; as it is where nothing else is left."""
    dated, taken_up = dates_taken_up(text)
    alone = _alone(dated) if taken_up else ""
    return alone if len(dates(said(alone))) == 1 else _alone(text)


def only_states(clause: str) -> bool:
    """Whether a clause asks for nothing: somebody says something, and does not say what is wanted."""
    return _states(clause.strip()) and _wanted(clause.strip()) == clause.strip()


def is_question(clause: str) -> bool:
    return bool(_QUESTION.match(clause))


def without_opening(clause: str) -> str:
    return re.sub(_OPENING, "", clause, flags=re.I)


def is_of_staff(words: str) -> bool:
    return bool(_STAFF.search(words))


def _alone(text: str) -> str:
    parts = clauses(text)
    wanted = [_wanted(clause) for clause, _ in parts]
    alone, leading, staff = "", True, False
    for at, (clause, mark) in enumerate(parts):
        staff = staff or bool(_STAFF.search(clause))
        if wanted[at] != clause:
            others = " ".join((alone, *wanted[at + 1 :]))
            aside = _asks_nothing(wanted[at], dates(said(others))) and len(parts) > 1
        else:
            states = (
                _STATEMENT.match(clause)
                or _OF_PATIENT.match(clause)
                or (_REQUEST.match(clause) and not _QUESTION.match(clause))
            )
            role = leading and staff and is_role(clause)
            rest = " ".join((alone, *wanted[at + 1 :]))
            aside = bool(states or role) and "?" not in mark and _is_aside(clause, rest)
        leading = leading and aside
        staff = staff and not re.search(r"[.?!]", mark)
        alone += "" if aside else wanted[at] + mark
    alone = alone.strip(" ,;:")
    bears = any(word not in meaning.FILLER or word in grammar_words() for word in said(alone))
    return alone if bears else text


def _states(clause: str) -> bool:
    if _QUESTION.match(clause):
        return False
    return any(pattern.match(clause) for pattern in (_STATEMENT, _OF_PATIENT, _REQUEST))


def is_role(clause: str) -> bool:
    """Whether a clause without a verb may say who somebody is, or what they are doing."""
    if _WHERE.match(clause) or _QUESTION.match(clause):
        return False
    return bool(_STAFF.search(clause) or _DOING.match(clause)) or bears_nothing(_without_setting(clause))


def clauses(text: str) -> list[tuple[str, str]]:
    """The clauses, each with the mark after it."""
    found, at = [], 0
    for boundary in _BOUNDARY.finditer(text):
        found.append((text[at : boundary.start()], boundary[0]))
        at = boundary.end()
    return [*found, (text[at:], "")]


def _wanted(clause: str) -> str:
    """What somebody says to need or to want to know; the clause itself where nothing is asked for in this way."""
    request = None if _QUESTION.match(clause) else _REQUEST.match(clause)
    if request is None or _NOTHING.match(clause[request.end() :]) or names_something(said(request[0])):
        return clause
    words = said(request[0])
    told = re.search(r"\b(?:know|no|ask\w*|wonder\w*)\b", request[0], re.I)
    of_others = not meaning.KIN.isdisjoint(words) or "patient" in words[:3]
    return clause if of_others and not told else clause[request.end() :]


def _asks_nothing(wanted: str, taken_up: Sequence[str]) -> bool:
    """Whether what is wanted is nothing to look up: a paper, or the date that the question has taken up."""
    words = said(wanted)
    return not (CHOOSES.search(wanted) or other_dates(words, taken_up)) and all(
        unit.kind == "when" for unit in units(words)
    )


def _is_aside(clause: str, rest: str) -> bool:
    """Whether a statement bears nothing that the question may be about, or that it points back to."""
    words = said(clause)
    if (
        names_something(words)
        or CHOOSES.search(clause)
        or other_dates(words, dates(said(rest)))
        or not (meaning.KIN - _FAMILY).isdisjoint(said(_SISTER.sub("", clause)))
    ):
        return False
    if not (meaning.MEANINGFUL - SETTING).isdisjoint(said(OF_STAFF.sub("", _BY_NAME.sub("", clause)))):
        return False
    subjects = [
        unit
        for unit in units(words)
        if unit.kind in {"subject", "event"} and not _STAFF.search(" ".join(words[unit.start : unit.end]))
    ]
    of_names = all(unit.sort == "name" for unit in subjects)
    of_asker = bool(_OF_ASKER.match(clause) or _STAFF.search(clause) or (dates(words) and _THERE_IS.match(clause)))
    if subjects and (points_back(rest) or (not of_names and of_asker and _LOOKS.search(clause))):
        return False
    return of_asker or of_names


def is_rare_name(word: str) -> bool:
    """Whether a word is one of medicine, or of no language, and may name something that nothing here knows."""
    if word.isdigit() or rank(word) < _EVERYDAY or word in grammar_words() or is_of_staff(word):
        return False
    return is_medical(word) or not (is_word(word) or is_word(_FORM.sub("", singular(word).removeprefix("re"))))


def points_back(rest: str) -> bool:
    """Whether the question points at something that it has not named itself before."""
    words = said(rest)
    named = min((unit.start for unit in units(words) if unit.kind in {"subject", "event"}), default=len(words))
    return not _POINTING.isdisjoint(words[:named])


def names_something(words: Sequence[str]) -> bool:
    """Whether something of the table is named, but for those who treat it: "the hypertension clinic"."""
    return any(
        term_domain(words[at:end]) and not _PLACES.issuperset(words[end : end + 1] or ("",))
        for at in range(len(words))
        for end in range(at + 1, min(at + _LONGEST, len(words)) + 1)
    )


def other_dates(words: Sequence[str], taken_up: Sequence[str]) -> bool:
    """Whether words say when, but for the dates that the question has taken up."""
    left = " ".join(words)
    bare = {_PREPOSITION.sub("", each) for each in taken_up}
    for date in dates(words):
        if not any(each in date for each in bare):
            return True
        left = left.replace(date, " ")
    return not _MONTHS.isdisjoint(left.split())


def _without_setting(clause: str) -> str:
    return " ".join(word for word in said(clause) if word not in SETTING and not word.isdigit())
