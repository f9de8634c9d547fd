"""Headings that run into what follows without a pause: which names can, and what after them shows that they do not."""

from __future__ import annotations

import re
from typing import Final

_CLAUSE: Final = (
    r"(?:the|there|there's|no|none|this is|this (?:\d+|\w+-year)|patient|he|she|they|we|normal|unremarkable|stable|\d"
    r"|an? \d|mr|mrs|ms|bp|blood pressure|vitals?|vital signs|temperature|afebrile|alert|lungs|heart|well)\b"
)
_IMPERATIVE: Final = (
    r"(?:continue|start|stop|increase|decrease|reduce|refer|order|repeat|check|obtain|discharge|admit|return"
    r"|begin|hold|taper|commence|arrange|follow|recheck|switch|add|he|she|we|i)\b"
)
GOES_ON_ABOUT: Final = re.compile(rf"(?:{_CLAUSE}|{_IMPERATIVE})", re.IGNORECASE)
# "Indication chest pain": said without a pause these cannot begin an ordinary sentence, but for the words listed.
BARE: Final = {
    "indication": r"(?!(?:is|was|for|of|that|to|and|are|being|remains)\b)\S",
    "comparison": r"(?!(?:is|was|with|to|of|made|between|study|studies|images?|views?|and|films?|exams?|shows?)\b)\S",
    "technique": r"(?!(?:is|was|used|and|of|for|included|includes|were|involves|has)\b)\S",
    "impression": r"(?!(?:is|was|of|that|remains|and|on|from|at|has|this)\b)\S",
    "plan": _IMPERATIVE,
    **dict.fromkeys(("subjective", "objective", "assessment", "findings", "assessment and plan"), _CLAUSE),
}
# "Social history he smokes", "review of systems denies fever": two words and more that begin no ordinary sentence, but
# for what speaks of them.
DISTINCT: Final = frozenset(
    map(
        str.strip,
        """
        chief complaint|presenting complaint|reason for visit|history of present illness
        |history of presenting complaint|past medical history|past surgical history|surgical history|social history
        |family history|birth history|drug history|review of systems|systems review|physical exam|physical examination
        |vital signs|assessment and plan|current medications|home medications|test results|lab results|hospital course
        |discharge medications|discharge instructions|patient instructions
        """.split("|"),
    )
)
SPEAKS_ON: Final = re.compile(
    r"(?:is|are|was|were|will|has|have|had|of|for|with|and|or|to|in|on|at|from|by|as|but|that|which|includ\w+|reveal\w*"
    r"|show\w*|demonstrat\w+|remain\w*|significant|notable|positive|negative|remarkable|consist\w*|suggest\w*|may|can"
    r"|should|could|would|discussed|reviewed|obtained|taken|performed|done|documented|when|if|today)\b",
    re.IGNORECASE,
)
ALWAYS_SPOKEN: Final = frozenset(
    {"subjective", "objective", "assessment", "plan", "findings", "impression", "indication", "technique", "comparison"}
)
