"""Small words of questions that a recogniser wrote as others of the same sound: "witch", "did we due", "need to no".

Only where no question about a record has a use for what is written there, or where the words beside it leave no other
reading: "is she due", "no known allergies" and "allergic to thyme" stay.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from pipelines.tasks.record.spoken_dates import MONTH

_WHO: Final = r"(?= (?:she|he|they|it|this|that|there|these|those|the|any|anyone|her|his|patient)\b)"
_DATE: Final = (
    rf"(?= (?:(?:the )?(?:very )?(?:end|beginning|start|middle) of )?(?:the )?(?:year )?(?:[12]\d{{3}}|{MONTH})\b)"
)
_THINGS: Final = (
    r"(?= (?:medic\w+|meds|drugs|problems|conditions|diagnos\w+|illnesses|history|procedures|surgeries|operations"
    r"|surgical|prescriptions|orders|visits|admissions|ones|issues|treatments?|vaccin\w+|\d+|years?|months?|weeks?"
    r"|days?)\b)"
)
#: What is written, and what was said; \\1 is the first group.
_SAID: Final = {
    "witch|wich|whitch": "which",
    "wot|watt": "what",
    "wen": "when",
    "wether": "whether",
    "dun": "done",
    "thymes": "times",
    "cheque|cheques|chequed": "check",
    "pleas": "please",
    "rote": "wrote",
    "noes": "knows",
    "cud": "could",
    "tolled": "told",
    "daze": "days",
    "currants?": "current",
    "dyed": "died",
    "wood (you|we|i|it)": r"would \1",
    "(this|that|last|first|next|each|every|some|any|long|much|what|over) thyme": r"\1 time",
    "(has|have|had|as|it|she|he|they|patient|ever|not|never) (?:bin|bean|ben)": r"\1 been",
    r"(?:bin|bean|ben) (\w+ed|done|taken|given|seen|drawn|in|on|to)": r"been \1",
    "(we|you|they|i|to|doctor|anyone)( last| ever| first)? sea": r"\1\2 see",
    rf"sea(?:{_WHO}|(?= (?:if|what|when|which|whether|how)\b))": "see",
    "(did|can|could|should|would|do|how to)( (?:\\w+ )?(?:we|you|they|she|he|i|it|patient|anyone))? (?:due|dew)": (
        r"\1\2 do"
    ),
    "(need|needs|want|wants|wanted|like|likes|have|has|got|wish|wishes|love|ought) (?:to|2|too) no": r"\1 to know",
    "(let|lets) (me|us|her|him|them) no": r"\1 \2 know",
    "(do|does|did) (you|we|they|i|she|he) no(?! (?:longer|more))": r"\1 \2 know",
    "know (longer|known|more|allergies|record of)": r"no \1",
    "(need|needs|want|wants|wanted|like|have|has|going|used|about) (?:2|too)"
    r"(?= (?:know|see|find|check|have|get|be|take|do)\b)": r"\1 to",
    rf"([12]\d{{3}}) (?:2|too){_DATE}": r"\1 to",
    "(visits|encounters|procedures|results|many|conditions|what|which) where (there|they|these|those|any|done|we)": (
        r"\1 were \2"
    ),
    f"passed{_THINGS}": "past",
    "(is|was|were|been|she|he|they|patient|last) hear": r"\1 here",
    "(how|too|so|as|very) hi": r"\1 high",
    "^(what|which) (.+) (?:4|fore)$": r"\1 \2 for",
    "in the passed": "in the past",
    f"(long|often|much|many times|far|old|when|what|where|why|who|how) as{_WHO}": r"\1 has",
    f"(^|and |or )dose{_WHO}": r"\1does",
    f"^weather{_WHO}": "whether",
    "(know|tell me|see|ask|asking|check|if|wants|wonder|wondering) weather": r"\1 whether",
    f"wear (is|was|does|do|did|are|were){_WHO}": r"where \1",
    "sum ?where|some ?where": "anywhere",
    "sum (1|of|thing|body)": r"some \1",
    "(date of|of|the|her|his) berth": r"\1 birth",
    "berth(?= date)": "birth",
    "(?:mail|male) or (?:femail|female)|(?:female|femail) or (?:mail|male)": "male or female",
    "menny": "many",
    "(ever|patient|she|he|they) hat": r"\1 had",
    "pre scribed": "prescribed",
    "(?:en|in) counters?": "encounters",
    "con ditions": "conditions",
    r"(medic\w+|drugs|conditions|procedures|results) where"
    r"(?= (?:prescribed|ordered|active|done|given|started|performed|recorded|resolved)\b)": r"\1 were",
    "inthe": "in the",
    "inn": "in",
    "liven(?= |$)": "live in",
    "upto": "up to",
    "bloodpressure": "blood pressure",
    r"watts(?= (?:the|her|his|their|this)\b)": "whats",
    "sects": "sex",
    "a live": "alive",
    "borne": "born",
    "(?:be|bee) (?:four|4|fore)": "before",
    "write now": "right now",
    "yes or know": "yes or no",
    "read inks": "readings",
    "change d": "changed",
    "vary first": "very first",
    "(?:high|hi) (?:est|ist)": "highest",
    "low (?:est|ist)": "lowest",
    "all to gether|altogether": "all together",
    "reed (me|out|the)": r"read \1",
    "(reasons?|indications?) (?:4|fore)": r"\1 for",
    "(last|patient|been|was|were|ever) scene": r"\1 seen",
    "(first|last|latest|newest|highest|lowest) (?:won|wan)": r"\1",
    "(^|and |on file |know |me |see )(?:win|wind|wen) (was|were|did|is|has|it)": r"\1when \2",
    "(value|result|count|level|pressure|it|that|weight|height) wars": r"\1 was",
    r"(conditions|medications|problems|drugs|which|what) wore(?= (?:active|there|on|done|given|ordered)\b)": r"\1 were",
    r"(how many(?: \w+){1,4}) (?:our|or|wore|wars) there": r"\1 are there",
    r"(patient|she|he|they|we|you|i) half(?= (?:in|had|a|the|any|ever|on)\b|$)": r"\1 have",
    "([12][0-9]{3}) (?:threw|thru)": r"\1 through",
    r"(first|1|up) (?:too|2)(?= (?:the|last|[12][0-9]{3})\b)": r"\1 to",
    r"([12][0-9]{3}) (?:too|2)(?= the\b)": r"\1 to",
    "hole (record|chart|file|history)": r"whole \1",
    "are their(?= (?:in|on|for|of|altogether)\\b|$)": "are there",
    "(which|what) won(?= (?:was|is|were|has)\\b)": r"\1 one",
    "(value|first|reading|result|measurement) too the (latest|last|most|newest|final)": r"\1 to the \2",
    "from there (first|very|earliest|initial)": r"from their \1",
    "four the(?= (?:year|patient|month)\\b)": "for the",
    "two the patient": "to the patient",
    "knew(?= (?:conditions|problems|diagnos\\w+|medic\\w+|prescriptions)\\b)": "new",
    "(doctors?|we|they|you) right up": r"\1 write up",
    "(has|have|had) past since": r"\1 passed since",
    "(when|date|day) did there": r"\1 did their",
    "hour (patient|records?|system|clinic|files?|charts?|last|first|own)": r"our \1",
}


def as_said(words: str) -> str:
    """Words of a question, in lower case, with homophones put right."""
    for pattern, said in _patterns():
        words = pattern.sub(said, words)
    return words


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), said) for pattern, said in _SAID.items())
