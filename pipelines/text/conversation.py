"""Does a transcript read like a conversation? Dictation models fail on those, and the reader should know.

Words alone decide: no punctuation, case, line breaks or speaker labels are looked at, for a recogniser gives none that
could be relied on. Cues of talk (questions put to somebody, "okay", "you", "I'm", "um") and of dictation ("the patient
denies", "new paragraph") are counted, weighed, and set against the number of words.
"""

from __future__ import annotations

import math
import re
from typing import Final

#: Fewer words are a question or a remark: nothing can be told from them.
FEWEST_WORDS: Final = 40
#: How sure it must be, in natural logarithms of odds.
_MARGIN: Final = 0.5
#: Neither questions nor answers nor an easy tone give more than this share of what is needed: one habit of a speaker's
#: is not yet a conversation, nor is a long request.
_GREATEST_SHARE: Final = 0.75
_GROUPS: Final = (("asked", "question"), ("answered",), ("casual",))

_AUXILIARY: Final = "do|did|are|were|have|had|can|could|will|would|dont|didnt|arent|havent|cant"


def _any(words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{words})\b")


#: In plain words. What dictated letters are full of is left out: "you have", "thank you for", "who is", "I".
#: So is hesitation: who dictates says "um" as well.
CUES: Final = {
    # "have you", but not "you have".
    "asked": _any(
        rf"(?:{_AUXILIARY}) you|(?:is|was|has|does|did) (?:it|he|she|there any)"
        "|any(?:thing|one) else|or (?:any|some)thing|(?:should|can|could|may|will|do|am) i|which ones?"
        "|(?<!have )any questions"
    ),
    "question": _any(
        "what (?:brings|about|kind|type|sort|do|did|does|makes|happened)|what (?:is|are|was|were) (?:your|it|going)"
        "|whats|hows|how (?:are|is|was|do|does|did|long|often|many|much|about|bad|old|have|has|come)"
        "|when (?:do|did|does|was the|is the)|where (?:do|did|does|exactly|is it|is the)|why (?:do|did|dont|are you)"
    ),
    "answered": _any(
        "okay|ok|yeah|yep|yes|yup|mm hmm|mmhmm|mhm|hmm|uh huh|alright|all right|oh|ah|hi|hello|hey|gotcha|got it"
        "|bye|goodbye|wow|sounds good|(?:thank you|thanks)(?! for)|no problem|good morning|good afternoon"
        "|nice to (?:meet|see)|i think so|not really|i guess|i dont (?:know|think)"
        "|(?<!make )(?<!making )(?<!not )(?<!am )(?<!be )sure|sorry to hear|let me(?! know)"
    ),
    "casual": _any(
        "im|ive|thats|dont|didnt|doesnt|havent|hasnt|cant|couldnt|wont|wouldnt|lets|theres|isnt|wasnt|arent|theyre|hes"
        "|shes|weve|its been|(?<!let )you know|i mean|gonna|wanna|gotta|kinda|id like"
    ),
}

#: Learnt from MTS-Dialog (`train_conversation`): the odds that each cue adds, that each word adds, and of no words.
WEIGHTS: Final = {"asked": 3.05, "question": 2.58, "answered": 1.08, "casual": 2.21}
WORD: Final = -0.055
BIAS: Final = -0.27


def conversation_score(text: str) -> float:
    """How much a text reads like a conversation rather than a dictation, from 0 to 1; above 0.5 it does.

    Short texts stay near the border, whatever they are; `is_conversation_like` asks for more words.
    """
    words = plain(text)
    count = words.count(" ") + 1 if words else 0
    needed = _MARGIN - BIAS - WORD * count
    found = counts(words)
    given = (min(sum(WEIGHTS[cue] * found[cue] for cue in group), _GREATEST_SHARE * needed) for group in _GROUPS)
    return 1 / (1 + math.exp(max(-50.0, min(50.0, needed - sum(given)))))


def is_conversation_like(text: str) -> bool:
    """Whether the reader should be warned. Never of fewer than `FEWEST_WORDS` words."""
    return plain(text).count(" ") + 1 >= FEWEST_WORDS and conversation_score(text) > 0.5


def counts(words: str) -> dict[str, int]:
    """How often each cue occurs in plain words."""
    return {name: sum(1 for _ in pattern.finditer(words)) for name, pattern in CUES.items()}


def plain(text: str) -> str:
    """The words alone, in lower case, one space between them; "don't" and "do n't" as "dont"."""
    text = text.lower().replace("’", "'")
    text = re.sub(r"\{[^{}]*\}|\[[^\[\]]*\]", " ", text)
    text = re.sub(r"(?<=\w)\s?'\s?(?=(?:t|s|m|re|ve|ll|d)\b)|(?<=\w) (?=n't\b)|(?<=n)'(?=t\b)", "", text)
    return " ".join(re.findall(r"[a-z0-9]+", text))
