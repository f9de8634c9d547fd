"""Words that order wishes or set things aside, by what they do; matched against lower-case words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.routing.lexicon import NAMES

_NAME_GROUPS: Final = (
    "chest-xray", "film", "ct-series", "mr-series", "whole-slide", "patch", "dermatology", "fundus", "lab-report",
    "fhir-record",
)  # fmt: skip

#: What a marker says about the words beside it.
_PATTERNS: Final[dict[str, str]] = {
    # what follows, or has just been said, comes first
    "first": r"first(?:ly)?(?: of all| off| up| thing| things first)?|at first|initially|to start(?: with)?|"
    r"to begin(?: with)?|for starters|"
    r"up front|at the outset|straight ?away|right away|right now|right off(?: the bat)?|this (?:minute|second|instant)|"
    r"immediately|at once|pronto|stat|a ?s ?a ?p|urgent(?:ly)?|most urgent|pressing|priority|priorities|"
    r"precedence|main thing|most important(?:ly)?|important|for (?:the moment|now|the time being)|at present|presently|"
    r"as of now|now|number one|step one|one thing first|meanwhile|in the meantime|quick(?:ly)?(?: one)?|today|"
    r"(?:start|begin|open|kick off|lead|commence)(?:ing)?(?: with| by)?|go ahead(?: and)?|get .{0,20} out of the way|"
    r"above all|right this (?:minute|second)|i (?:really )?(?:gotta|must|have to) have|needed most|needs doing first",
    # it comes later
    "later": r"later(?: on)?(?: today)?|afterwards?|after that|after this|following that|subsequently|"
    r"thereafter|next|then(?: and only then)?|"
    r"eventually|in due course|at some (?:stage|point)|sometime|some time|some other time|down the (?:road|line)|"
    r"by and by|in a (?:bit|while|moment)|soon|tomorrow|this (?:afternoon|evening)|tonight|in the evening|"
    r"at the (?:very )?(?:end|last)|last(?:ly)?|finally|finish(?: with)?|wrap up(?: with)?|to close|to finish|"
    r"second(?:ly)?|step two|number two|in second place|can (?:wait|follow|come|come after)|will (?:have to )?wait|"
    r"to follow|follows?|has time|no (?:hurry|rush)|not urgent|less urgent|non ?urgent|"
    r"whenever(?: you .{0,14})?|when you (?:have|get|'ve got) .{0,8}(?:time|chance|moment)|"
    r"if there ?'?s time|if time|circle back(?: to)?|"
    r"come back to|get (?:back |around )?to|move on to|go (?:on )?to|back burner|on hold|hold|park|save|postpone[d]?|"
    r"defer(?:red)?|leave .{0,25} (?:for|till|until) (?:the end|later|last|after)|not (?:yet|now)|routine|"
    r"in the second place|the other (?:thing|one)|"
    r"by occasion|when (?:that|this|it) ?'?s? (?:is )?(?:done|finished|ready|in the bag)|once (?:that|done|finished)|"
    r"as a second|can be done|the rest",
    # the thing after the word is later than the other
    "before": r"before(?: that| it| anything else| anything| you do that| everything)?|"
    r"prior to|ahead of|preceding|earlier than|"
    r"more urgent than|more important than|beats|over|takes precedence over|rather than waiting",
    # the thing after the word is earlier than the other
    "after": r"after|once|when|as soon as|until|till|only (?:when|after|once)|not (?:before|until|till)|don ?'?t start|"
    r"following|less urgent than|less important than",
    # what is near is set aside
    "aside": r"ignor\w*|disregard\w*|forget|skip\w*|leave|leav(?:e|ing) out|let .{0,15} (?:be|out|away)|be|alone|aside|"
    r"never ?mind|don ?'?t (?:mind|worry|bother|trouble|need|look|open|read|use|want|go)|do not|not|no|nothing|without|"
    r"apart from|exclude|drop|toss|scratch|rather than|instead of|irrelevant|incidental\w*|unrelated|independent\w*|"
    r"regardless|"
    r"by (?:chance|accident|mistake|error)|(?:last|other|another|previous|wrong) (?:case|patient|one)|somebody else'?s|"
    r"from (?:before|earlier|yesterday|last week)|belongs?|(?:was|is|were|are) (?:normal|fine|clear|clean|done|old|"
    r"okay|ok|negative|unremarkable|finished|reported|read)|"
    r"already|dealt with|signed off|seen|covered|close[d]?|shut|red herring|context|completeness|"
    r"isn ?'?t|aren ?'?t|ain ?'?t|doesn ?'?t|different (?:story|topic|matter)|happen\w* to be|just sitting|only open|"
    r"left open|"
    r"outside|matter|concern|bearing|relevant|about",
    "only": r"only|just|stick(?: to| with)?|strictly|solely|purely|exclusively|question (?:on|is on|concerns)|"
    r"concerns|work from|i ?'?m after|interested in|interests",
    "general": r"in general|general(?:ly)?|theor\w+|hypothetical\w*|textbooks?|books?|academic|exam|boards|curious|"
    r"curiosity|"
    r"teaching|literature|principle|guidelines?|anybody|education|knowledge|learning|studying|argument",
    "but": r"but|however|though|although|instead|actually|yet",
    "and": r"and|also|plus|as well(?: as)?|too|both|besides|in addition|additionally|moreover|furthermore|"
    r"together with|along with",
    "name": "|".join(NAMES[name].pattern.removeprefix(r"\b(?:").removesuffix(r")\b") for name in _NAME_GROUPS),
}
_MARKERS: Final = {name: re.compile(rf"(?<![\w'])(?:{pattern})(?![\w'])") for name, pattern in _PATTERNS.items()}


def markers(tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """For each token the names of the markers that it is part of."""
    text = " ".join(tokens)
    starts: dict[int, int] = {}
    at = 0
    for place, token in enumerate(tokens):
        starts[at] = place
        at += len(token) + 1
    found: list[tuple[str, ...]] = [()] * len(tokens)
    for name, pattern in _MARKERS.items():
        for match in pattern.finditer(text):
            for place in range(starts[match.start()], starts[match.start()] + match[0].count(" ") + 1):
                found[place] = (*found[place], name)
    return found
