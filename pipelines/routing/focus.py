"""What is left of a request once the things that it sets aside, or puts off, are taken away."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from pipelines.records import Kind
from pipelines.routing.spans import Tag

_PICTURES: Final = frozenset({Kind.IMAGE, Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH})

#: How an attachment is called when it is told from the others, and which kinds that can be.
_CALLED: Final[tuple[tuple[str, frozenset[Kind]], ...]] = (
    (r"c ?ts?|cts?|see tee|cee tee|cat scan|c t a|angiogram|urogram", frozenset({Kind.CT_SERIES})),
    (r"m ?r(?: ?i)?s?|em are?(?: eye| i)?|em ar|m r", frozenset({Kind.MR_SERIES})),
    (r"scans?|series", frozenset({Kind.CT_SERIES, Kind.MR_SERIES})),
    (r"slides?|biopsy", frozenset({Kind.WHOLE_SLIDE})),
    (
        r"sheets?|labs?|bloods?|print ?out|printed paper|lab values|lab form|form|lab report|lab paper|blood gas",
        frozenset({Kind.LAB_REPORT, Kind.DOCUMENT}),
    ),
    (
        r"records?|charts?|notes|file|history|fhir(?: thing)?|paperwork|handover|summary",
        frozenset({Kind.FHIR_RECORD}),
    ),
    (r"p ?d ?f|document|letter|paper", frozenset({Kind.DOCUMENT})),
    (
        r"chest(?: x ?ray| film| picture)?|portable|c ?x ?r|see ex ar|see ex our",
        frozenset({Kind.CHEST_XRAY, Kind.IMAGE}),
    ),
    (
        r"(?:wrist|hip|knee|ankle|shoulder|hand|foot|elbow|pelvis)(?: film| x ?ray)?",
        frozenset({Kind.RADIOGRAPH, Kind.IMAGE}),
    ),
    (
        r"films?|x ?rays?|ex rays?|radiographs?",
        frozenset({Kind.CHEST_XRAY, Kind.RADIOGRAPH, Kind.IMAGE}),
    ),
    (r"retinas?l?|fundus|eye picture", frozenset({Kind.FUNDUS, Kind.IMAGE})),
    (r"skin|rash|mole|lesion|ulcer|dermoscopy", frozenset({Kind.DERMATOLOGY, Kind.IMAGE})),
    (r"pictures?|photos?|photographs?|images?", _PICTURES),
)
_ANY: Final = "|".join(called for called, _ in _CALLED)
_NEAR: Final = r"(?:(?!(?:just|only|but|and|give|tell|show|mark|read|what|is|how) )[\w']+ ){0,4}?"

_DECLINED: Final = (
    r"(?:ignor\w+|skip\w*|forget|leav\w+|never mind|nothing from|set|regardless of|apart from|aside of|aside from|"
    r"other than|rather than|instead of|without|besides|before|ahead of|nothing (?:on|to do with)|independent\w* of|"
    r"unrelated to|not(?: asking)?(?: about| from| in| on)?|"
    r"(?:do ?n.?t|do not|no) (?:need|care about|worry about|look at|bother with|want|open))"
)
_PUT_OFF: Final = (
    r"(?:aside|wait|not needed|isn.?t needed|no help|done last|tomorrow(?:'s)?|old news|later(?: on)?|afterwards?|"
    r"for context|for background|for completeness|if it helps|second|from something else|"
    r"isn.?t what|is attached|attached|open)"
)

_SET_ASIDE: Final = (
    re.compile(rf"\b{_DECLINED} {_NEAR}\b(?:{_ANY})\b(?: (?:alone|aside|closed|for now|itself|right now|out of it))?"),
    re.compile(rf"(?<=\w )\b(?:then|after(?:wards?| that)?|later(?: on)?|only then|once|and next) .*\b(?:{_ANY})\b.*$"),
    re.compile(rf"\b(?:{_ANY})\b(?: 's|'s)? {_NEAR}{_PUT_OFF}\b"),
)

#: Of several films, one is meant.
_ONE_OF_THEM: Final = re.compile(
    r"\b(?:(?:only|just) (?:on |in |at |about |report |read )?(?:the |to )?(?:new\w*|late\w*|most recent|"
    r"today.?s|second|"
    r"first|last|old\w*|later|earlier|film from)|(?:new\w*|late\w*|most recent|today.?s|second|first|last|old\w*|"
    r"later|earlier)(?: one| film)* (?:only|alone|on its own)|no comparison|do ?n.?t compare|skip yesterday.?s|"
    r"not the (?:old|new)\w*|of the two)\b"
)


@dataclass(frozen=True)
class Focus:
    """The words and attachment kinds that the request is about."""

    words: tuple[str, ...]
    kinds: tuple[Kind, ...]
    wishes: int
    """Stretches of words that hold a wish."""


def focus(words: Sequence[str], tags: Sequence[Tag], kinds: Sequence[Kind]) -> Focus:
    """Take away what is set aside; then, if the words call just some of the attachments, keep only those.

    Args:
        words: of the request, in lower case.
        tags: one for each word.
        kinds: of the attachments.
    """
    text = " ".join(words)
    said = left = _tagged(words, tags, Tag.WISH) or text
    for pattern in _SET_ASIDE:
        left = " ".join(pattern.sub(" ", left).split()) or left
    wanted = _called(left, kinds)
    unwanted = (_called(said, kinds) | _called(_tagged(words, tags, Tag.ASIDE), kinds)) - wanted
    kept = [kind for kind in kinds if kind in wanted] or [kind for kind in kinds if kind not in unwanted]
    if _ONE_OF_THEM.search(text):
        kept = list(dict.fromkeys(kept))
    wishes = sum(tag is Tag.WISH for tag, _ in groupby(tags))
    return Focus(tuple(left.split()), tuple(kept), wishes)


def _tagged(words: Sequence[str], tags: Sequence[Tag], tag: Tag) -> str:
    return " ".join(word for word, its in zip(words, tags, strict=True) if its is tag)


def _called(text: str, kinds: Sequence[Kind]) -> set[Kind]:
    """Kinds of attachments that the text calls by a name, the nearest name first."""
    found: set[Kind] = set()
    for called, fitting in _CALLED:
        if not found & fitting and re.search(rf"\b(?:{called})\b", text):
            found |= fitting & set(kinds)
    return found
