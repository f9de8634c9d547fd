"""Clauses that may announce a part of a note in words that no template lists: "what she takes:", "So, the numbers."

Such a clause is made of the words of ``announcement_words.toml``: what a part is called or what is done in it, and what
says where in the note one is. Any other word may be a finding, and makes it an ordinary sentence or leaves it in doubt.
Whether it is an announcement the whole note decides (``turns.py``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.tasks.note.announcement_words import kind_of, may_be_finding, roles_of
from pipelines.text.announcing import CARRIER

_MOST_WORDS: Final = 16
_MOST_STRANGE: Final = 2
_OF_A_NAME: Final = 9
"""Words of a clause that only names: "home meds and allergies"; fewer where some are strange."""
_OF_A_WORD: Final = 2
"""Words of one that only names and goes on after a comma: "home meds, aspirin", whatever they are."""
# How sure a clause is, on the scale of the cues' weights: one whose form announces, a mere name, one without any role.
_FORMED: Final = 4.0
_NAMED: Final = 3.0
_UNNAMED: Final = 2.0
_BEFORE_COLON: Final = 1.0
_BEFORE_COMMA: Final = -1.5
# For every strange word, by the form; and for one that may be a finding.
_STRANGE: Final = -1.0
_STRANGE_IN_NAME: Final = -1.6
_FINDING: Final = -2.0

_WORD: Final = re.compile(r"[^\W_]+(?:['/-][^\W_]+)*")
_MARKS_SAID: Final = re.compile(r"(?:(?:new|next) (?:paragraph|line)[,.]? )?(?P<words>.+?)(?P<colon>,? colon)?")
"""As dictated to a machine that writes no marks by itself: "new paragraph, bloods, colon." """
_COLON: Final = re.compile(r"[^:]{1,90}?\s*:+(?=\s|$)")
_COMMA: Final = re.compile(r"[^,:;.?!]{2,60}?(?:,|\s[-–—]+)(?=\s)")
_ANEW: Final = re.compile(r"\s*(?!I\b)[A-Z]")
"""After a comma: what goes on there is no part of the clause before it."""
_ASKS: Final = re.compile(
    r"(?:(?:so|and|now|okay|ok|right|well|then|next|on to|onto|this is|that is|here is|here's|that's|first|finally"
    r"|lastly),? )*(?:what|why|how|where|when|who)\b"
)
_DOING: Final = (
    r"(?:having|looking|listening|examining|thinking|summing|putting|pulling|tying|wrapping|getting|asking|moving|going"
    r"|turning|coming|starting|beginning|finishing|ending)"
)
_WE_DO: Final = (
    r"(?:let's|let me|let us|i'll|i will|we'll|we will|i want to|i'm going to|(?:i|we) (?:can )?(?:now|turn|come|move))"
)
_ABOUT: Final = (
    r"(?:(?:with|in) (?:regards?|respect) to|in terms of|as regards|as far as|(?:by|in) (?:the )?way of|from an?"
    r"|regarding|concerning|re|about|under|(?:on|for|from) the)"
)
_LEADS: Final = re.compile(
    rf"(?:{CARRIER}|(?:(?:okay|ok|right|so|now|then|next|and|well|first|finally|lastly|last),? )+"
    rf"|(?:{_WE_DO}|{_DOING}|{_ABOUT})\b)"
)
_LEADS_TO: Final = re.compile(
    r"(?:now|next|then|and now|on to|onto|here is|here's|here are|moving on to|coming to|turning to|as for) "
    r"(?:the|his|her|their|my|our)(?: [\w'-]+){1,3}"
)
"""So sure that even words which nobody knows name a part: "now the anamnesis." """
_FOLLOWS: Final = re.compile(r"\b(?:like this|as follows|the following|this way|these|goes like|as under|below)$")
_ENDS: Final = re.compile(r"\b(?:next|now|then|first|wise|please)$")
_FINITE: Final = re.compile(
    r"(?!.*\b(?:what|why|how|where|who|when|reason)\b)"
    r"(?!(?:(?:the|and|then) )*(?:next|first|last|this|that|here)(?: \w+)? is\b)"
    r".*\w (?:is|are|was|were|has|had|should) \w"
)
"""Says something of something, and is no name."""
_OF: Final = re.compile(r"\bof (?:the |his |her |their )?(?P<word>[\w'-]+)")
_JOINED: Final = re.compile(r"\w (?:and|plus|&|with|then)(?: then)? \w|\w[,/] ?\w")
_STATES: Final = re.compile(
    r"(?:(?:so|and|then|now|also),? )*"
    r"(?:(?:he|she|they|it|there|the patient|patient|pt|this|these|those|mr|mrs|ms|you)\b"
    r"(?! (?:is|was) (?:my|the|what|where|how))|(?:i|we) (?:have|had|also|did)\b"
    r"|(?:i|we)(?:'ll| will| would|'d| am|'m| are|'re| want to) "
    r"(?!(?:now |next |then |just |going to )*(?:go|move|turn|start|begin|finish|end|come|proceed|switch"
    r"|describe|dictate|give|say|do|list|put|cover|talk|tell|summari[sz]e|read|present"
    r"|note|record|now|next|at|on)\b))"
    r"|(?:also |still |will |may )*(?:need|wants?|given)\b"
)
"""Begins a sentence that says something, unless its end announces."""


@dataclass(frozen=True)
class Announcement:
    """A clause that may announce, ``sentence[:end]``.

    ``roles`` are the roles it speaks for, each with how much. ``sureness`` is on the scale of the cues' weights;
    ``names`` says that it is a mere name ("labs and imaging."), which an ordinary sentence can be as well; ``joined``
    that it names two things ("my thoughts and what we will do").
    """

    end: int
    roles: Mapping[str, float]
    sureness: float
    names: bool
    joined: bool


def announcement_in(sentence: str) -> Announcement | None:
    """What the sentence may announce with its first words or as a whole; None where it is an ordinary one."""
    return next(filter(None, (_read(sentence, end, mark) for end, mark in _clauses(sentence))), None)


def _clauses(sentence: str) -> Iterator[tuple[int, str]]:
    """Where a clause may end, and what mark ends it."""
    colon, comma = _COLON.match(sentence), _COMMA.match(sentence)
    if colon:
        yield colon.end(), ":"
    elif not comma or not _ANEW.match(sentence, comma.end()):
        yield len(sentence), ""
    if comma and (not colon or comma.end() < colon.end()):
        yield comma.end(), ","


def _read(sentence: str, end: int, mark: str) -> Announcement | None:
    clause, mark = _plain(sentence[:end], mark)
    words = _WORD.findall(clause)
    if not 0 < len(words) <= _MOST_WORDS:
        return None
    kinds = {word: kind_of(word) for word in words}
    roles = roles_of(clause, words)
    leads = _ASKS.match(clause) is not None or _LEADS.match(clause) is not None
    follows = mark == ":" or _FOLLOWS.search(clause.replace(",", "")) is not None
    if "against" in kinds.values() or (not follows and (_STATES.match(clause) or _FINITE.match(clause))):
        return None
    follows = follows or _ENDS.search(clause.replace(",", "")) is not None
    strange = [word for word in words if kinds[word] == "strange"]
    findings = [word for word in strange if may_be_finding(word)]
    if "examination" not in roles:
        strange += [word for word in words if kinds[word] == "part"]
    if findings and (roles or not _LEADS_TO.fullmatch(clause)):
        return None
    if any(of["word"] in strange for of in _OF.finditer(clause)):
        # "Assessment of mood: low."
        return None
    if len(strange) > _MOST_STRANGE or (strange and mark != ":" and "," in clause):
        return None
    if roles:
        short = len(words) <= (_OF_A_WORD if mark == "," and strange else _OF_A_NAME - len(strange))
        if not short and not leads and not (follows and mark != ","):
            return None
        sureness = _sureness(mark, len(strange), formed=leads or follows)
    else:
        if mark == "," or not (leads or follows) or len(words) < max(1, 3 * len(strange)):
            return None
        sureness = max(0.0, _UNNAMED + _STRANGE * (len(strange) - len(findings)) + _FINDING * len(findings))
    return Announcement(end, roles, sureness, not (leads or follows), _JOINED.search(clause) is not None)


def _plain(said: str, mark: str) -> tuple[str, str]:
    """The words in lower case without what is said for marks, and the mark that is meant."""
    text = " ".join(said.lower().replace("’", "'").split()).strip(" .,:;?!-–—").replace(" slash ", "/")
    marked = _MARKS_SAID.fullmatch(text)
    return (marked["words"], ":" if marked["colon"] else mark) if marked else (text, mark)


def _sureness(mark: str, strange: int, *, formed: bool) -> float:
    by_mark = {":": _BEFORE_COLON, ",": _BEFORE_COMMA}.get(mark, 0.0)
    return (_FORMED + _STRANGE * strange if formed else _NAMED + _STRANGE_IN_NAME * strange) + by_mark
