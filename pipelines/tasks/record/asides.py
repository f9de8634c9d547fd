"""What askers say about themselves or to the listener, which is nothing to look up.

"Before I phone the family, …", "… for the discharge letter". A question is read as
it was said first; only where that does not do is it read without these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipelines.tasks.record import grammar
from pipelines.tasks.record.asked import bears_nothing
from pipelines.tasks.record.asker import asked_alone
from pipelines.tasks.record.meaning import KIN
from pipelines.tasks.record.words import term_domain, tokens

#: "I'm calling about her father": another patient.
_OF_KIN: Final = re.compile(rf"\b(?:about|for|of|on|with) (?:her|his|their|my) (?:{'|'.join(sorted(KIN))})\b", re.I)
#: Where the question itself begins again, after words about the asker.
_QUESTION: Final = (
    r"(?:what|whats|which|when|whens|who|where|how|hows|why|is|was|are|were|does|do|did|has|have|can|could|would|will"
    r"|please|tell|give|show|list|find|get|check|look|pull|read|remind|confirm|any|last|latest|most|current|currently"
    r"|first|earliest|highest|lowest|count|number|total)"
)
_WORDS: Final = rf"(?:\s+(?!{_QUESTION}\b)[\w'’/&-]+){{0,9}}"
#: What clinicians are about to do when they ask; none of these is an event of the record.
_BUSINESS: Final = (
    "go see call phone ring speak talk write dictate sign send refer prescribe order discharge admit start give "
    "present finish leave head take book make review update bleep page hand chart change adjust decide meet operate "
    "examine forget do get put need want ask tell move examine close can could will must should have am"
).replace(" ", "|")
_DOING: Final = (
    "writing dictating filling preparing completing updating doing finishing covering seeing calling phoning ringing "
    "sitting standing about reviewing coding clerking presenting discharging referring admitting prescribing at on in "
    "with trying just working going putting"
).replace(" ", "|")
_CLAUSES: Final = (
    rf"\b(?:before|while|whilst|so(?: that)?|because|in case|if|as|since|when) (?:i|we)(?: just)? (?:{_BUSINESS})\b",
    rf"\b(?:because |since |while |as )?(?:i|we)(?:'m|’m|'re|’re| am| are) (?:{_DOING})\b",
    r"\b(?:i|we)(?:'ve|’ve| have)(?: just)? (?:got|had) (?:him|her|them|the|a|this|my|our|his)\b",
    r"\b(?:if|where) (?:possible|available|known|recorded|documented|present|applicable|there is one|there are any)\b",
)
_CLAUSE: Final = re.compile(
    "|".join(f"(?:{clause}{_WORDS})" for clause in _CLAUSES)
    + r"|\b(?:while|when|if|as soon as|whenever) you(?:'re|’re|'ve|’ve| are)?"
    r"(?: (?:be|so|kind|mind|don't|do|not|wouldn't|would|could|can|have|get|got|me|asking|at|it|that|a|moment|minute"
    r"|second|sec|chance|time|them|one|there|any|find|check|tell|help|please|spare|happen|like|will|in|the|record|chart))+\b"
    r"|\b(?:she|he|they|the (?:patient|family|daughter|son|wife|husband))(?:'s|’s|'re|’re| is| are)?"
    r" (?:anxious|worried|asking|wondering|concerned|keen|curious|upset)(?: to know)?(?: about| for)?\b"
    r"|\b(?:that )?(?:i|we) (?:should|need to|ought to|must|have to) (?:know|be aware|note|worry|watch|look out)"
    r"(?: (?:about|of|for|out for))?"
    r"|\bbefore (?:prescribing|discharging|calling|seeing|phoning|dosing|operating)(?: (?:him|her|them|anything))?\b",
    re.I,
)
#: What the answer is for: papers, and occasions. Where and when a value was taken is no such thing.
_OF_WHOM: Final = (
    r"(?:(?:the|my|our|a|an|this|his|her|their|today|tomorrow|tonight|some)(?:'s|’s)? )?"
    r"(?:(?!history|medical|record)[\w-]+ ){0,2}?"
)
_PAPERS: Final = (
    r"(?:letters?|summary|notes?|forms?|report|audit|study|registry|paperwork|presentation|checklist|coding|referral"
    r"|research|project|spreadsheet|certificate|claim|abstraction|proforma|template|dashboard|cohort|dataset)"
)
_OCCASIONS: Final = r"(?:rounds?|handover|clinic|meeting|mdt|huddle|signout)"
_READERS: Final = (
    r"(?:insurers?|boss|consultant|registrar|pharmacist|pharmacy|an?aesth\w+|anesthesia|theatre|transfer|consult|consent"
    r"|review|assessment|clerking|pre ?op|purposes|completeness|reference)"
)
_PURPOSE: Final = re.compile(
    rf"\b(?:(?:for|as part of|per|on|in|to) {_OF_WHOM}{_PAPERS}\b(?: to (?:the )?[\w-]+)?"
    rf"|(?:for|as part of|(?:just )?before|ahead of) {_OF_WHOM}{_OCCASIONS}\b"
    rf"|(?:for|as part of) {_OF_WHOM}{_READERS}\b)(?! history)",
    re.I,
)
_OPENING: Final = re.compile(
    r"^(?:(?:right|ok|okay|so|and|now|well|hi|hey|hello|yeah|yes|yep|listen|look|alright|all right|u[hm]+|erm?|oh|ah"
    r"|hm+|good (?:morning|afternoon|evening)|quick (?:one|question|check|query)|then|sorry|please|actually|also"
    r"|but|just|wait|hang on|one more(?: thing)?|another one"
    r"|next (?:patient|question|one)(?=[.,:])|thanks|cheers|there|team|doc(?:tor)?|nurse|colleagues?"
    r"|sister|assistant|computer|again|anyway|perfect|great|lovely|excuse me|pardon me"
    r"|apologies)(?![\w'’])[\s,.:;!…–—-]*)+",
    re.I,
)
_PREAMBLE: Final = re.compile(
    # "Is the patient still with us" is asked, though of words that say nothing elsewhere.
    r"^(?!(?:is|are|was|has|have|does|did) (?:the patient|this patient|she|he|they)\b)"
    r"(?P<said>[^:;,.?!–—]{1,80}?)(?:[:;,.!]| [-–—]+)\s+(?=\S)",
    re.I,
)
#: "Pharmacy here, …", "this is the practice nurse, …".
_WHO: Final = re.compile(
    r"^(?:(?:this|it) is |it's |i'm |im )?(?:the |a |your )?"
    rf"(?:(?!{_QUESTION}\b)[\w-]+ ){{1,5}}"
    r"(?:here|calling|ringing|speaking|phoning|on call|on duty)\b[\s,.:;!–—-]*"
    r"|^(?:(?:this|it) is |it's )?(?:dr|doctor|nurse|prof(?:essor)?)\.? [\w-]+ (?:from|of|in) "
    r"(?:the )?[\w ]{2,25}[,:.]\s+",
    re.I,
)
_CLOSING: Final = re.compile(
    r"[.?!;]\s+(?P<said>(?:i|we|just|thanks|thank you|please|no rush|cheers)\b[^.?!;]*)[.?!\s]*$", re.I
)
#: "How often, I mean how many times": the same once more.
_EXPLAINED: Final = re.compile(
    r"[\s,–—-]+(?:i mean|i meant|meaning|that is|that is to say|i e|as in|i\.e\.|ie)[\s,–—-]+", re.I
)
#: "The resolved ones, not the current ones": what is not meant, and the words that say the same without it.
_NOT: Final = (
    (
        r"current|active|ongoing|present"
        r"|(?:ones? |drugs |meds )?(?:that )?(?:she|he|they|the patient)(?:['’]s|['’]re| is| are)"
        r"(?: still| currently| now)? (?:on|taking)(?: (?:now|currently|at present|at the moment))?",
        ("PAST", "STOPPED"),
    ),
    (r"old|past|previous|stopped|resolved|inactive|historical", ("ACTIVE",)),
    (r"before(?: it| that)?", ("after", "following", "since")),
    (r"after(?: it| that)?|since", ("before", "prior", "preceding")),
    (r"first|earliest|oldest", ("LAST",)),
    (r"last|latest|newest|most recent", ("FIRST",)),
    (r"(?:just |only )?(?:this|last) (?:year|month)", ("total", "all", "altogether", "overall")),
    (r"lowest|minimum", ("HIGHEST",)),
    (r"highest|maximum", ("LOWEST",)),
)


def other_readings(text: str) -> Iterator[str]:
    """``text`` without what is about the asker, then without words that explain; each only where it differs."""
    bare = without_asides(text)
    if bare != text and tokens(bare):
        yield bare
    explained = _EXPLAINED.sub(" ", bare)
    if explained != bare:
        yield explained


def without_asides(text: str) -> str:
    """``text`` without openings, clauses about the asker's own business and what the answer is for."""
    text = _WHO.sub("", asked_alone(_OPENING.sub("", text.strip())))
    while (match := _PREAMBLE.match(text)) and bears_nothing(match["said"]):
        text = text[match.end() :]
    if (match := _CLOSING.search(text)) and bears_nothing(match["said"]):
        text = text[: match.start()]
    for aside in (_CLAUSE, _PURPOSE):
        text = aside.sub(lambda found: found[0] if _names_something(found[0]) else " ", text)
    text = _without_denied(text)
    text = re.sub(r"[\s,]+(?:i mean|i meant|that is|sorry)[\s.?!]*$", "", text, flags=re.I)
    return _OPENING.sub("", text.strip(" ,;:.-–—"))


def _names_something(text: str) -> bool:
    """Whether words have a number or a name of the table: those are never passed over."""
    words = tokens(text)
    return (
        bool(_OF_KIN.search(text))
        or any(word.isdigit() and len(word) > 1 for word in words)
        or any(
            term_domain(words[at:end]) for at in range(len(words)) for end in range(at + 1, min(at + 5, len(words)) + 1)
        )
    )


def _without_denied(text: str) -> str:
    for denied, meant in _NOT:
        bare = re.sub(
            rf"[\s,]*\b(?:and |but )?not (?:the |any )?(?:{denied})(?: ones?| values?)?(?: any ?more| any longer)?\b",
            " ",
            text,
            flags=re.I,
        )
        phrases = [phrase for name in meant for phrase in getattr(grammar, name, (name,))]
        left = f" {' '.join(tokens(bare))} "
        if bare != text and any(f" {phrase} " in left for phrase in phrases):
            text = bare
    return text
