"""What a speaker says around the name of a section: "moving on to the", "as for the", "is as follows"."""

from __future__ import annotations

from typing import Final

_THE: Final = r"(?:the\s+patient's|the|my|our|his|her|their|today's)"
_WE_WILL: Final = (
    r"(?:let's|let\s+us|we'll|we\s+will|i'll|i\s+will|i'd\s+like\s+to|i\s+would\s+like\s+to|i\s+want\s+to|we\s+can"
    r"|shall\s+we)\s+(?:now\s+|then\s+|next\s+)?"
)
_TO: Final = r"(?:on\s+|over\s+|along\s+|now\s+|straight\s+)?(?:to|onto)"
_ORDER: Final = r"(?:next|new|first|second|third|fourth|fifth|last|final|following|another)"
_KINDS: Final = (
    rf"(?:moving|going|turning|coming|switching|jumping|skipping|proceeding)\s+{_TO}",
    rf"{_WE_WILL}(?:go|move|turn|come|switch|jump|skip|proceed)\s+{_TO}",
    rf"(?:please\s+)?(?:go|move|turn|switch|jump|skip)\s+{_TO}",
    rf"(?:under|in)\s+{_THE}\s+(?:heading|section|title)(?:\s+of)?",
    r"(?:could|can|would)\s+you\s+(?:please\s+)?(?:put|write)(?:\s+down)?",
    rf"{_WE_WILL}(?:dictate|describe|present|cover|read\s+out)",
    r"(?:on|over)\s*to",
    r"that\s+(?:brings|takes)\s+(?:me|us)\s+to",
    r"here(?:'s|\s+is|\s+are|\s+comes?)",
    r"(?:now|next)\s+for|as\s+(?:for|to)|next\s+(?:is|comes|up(?:\s+is)?)|then\s+comes?|under",
    rf"(?:(?:the\s+)?{_ORDER}\s+)?(?:heading|section|title)(?:\s+is)?\s*[,:.]?",
)
# "Let's start with treatment" is a plan, "let's start with the history" is not: these need their article.
_STARTS: Final = (
    rf"(?:{_WE_WILL})?(?:start|begin|finish|end|open|starting|beginning|finishing|ending|opening)\s+(?:off\s+|up\s+)?"
    rf"with\s+{_THE}"
)

#: Before the name.
CARRIER: Final = rf"(?:(?:(?:(?:now|then|so|and)\s+)?(?:{'|'.join(_KINDS)})(?:\s+{_THE})?|{_STARTS})\s+)"
#: Before the name where nothing but the name follows.
ARTICLE: Final = rf"(?:(?:(?:for|on|from)\s+)?{_THE}\s+)"
#: After the name.
AS_FOLLOWS: Final = (
    r"(?:\s+(?:section|heading|part))?"
    r"(?:\s+(?:is|are|will\s+be)\s+as\s+follows|\s+as\s+follows|\s+follows?|\s+(?:(?:is|are|comes?)\s+)?next"
    r"|,?\s+please|,?\s+(?:please\s+)?(?:write|put|type)\s+(?:down\s+)?(?:the\s+following|this)"
    r"|\s+(?:now|then|first|here|going\s+forward|from\s+here|(?:for\s+)?today|for\s+this\s+visit))?"
)
