"""A question as the grammar writes it: what recognisers, hurried hands and spelling out made of its words.

Spoken punctuation and hesitations go, letters that are said one by one stand together ("bee em eye"), and words that
are often misheard or put in another way are written in one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from pipelines.tasks.record.homophones import as_said
from pipelines.tasks.record.spoken_dates import MONTH
from pipelines.tasks.record.words import said, terms

_MARKS: Final = re.compile(
    r"[,.;:]?\s*\b(?:comma|question mark|full stop|semi ?colon|exclamation (?:mark|point)|new (?:line|paragraph)"
    # The bowel is no mark.
    r"|next line|(?<!of )(?<!of the )(?<!the )colon(?=,? (?:what|which|when|how|who|values?|dates?|number|count|units?"
    r"|last|latest|first|yes|is|any|most|the (?:last|latest|first|date|value|number))\b))\b[,.;:?!]*",
    re.I,
)
#: "The, um, newest": the commas beside it belong to it. "ER" is a department, and "er" only between marks is none.
_HESITATIONS: Final = re.compile(
    r"(?:,\s*|\b)(?:u+h+m*|u+m+|e+r+m+|h+m+|m+h+m+|a+h+|e+h+m+)\b[,.…]*|,\s*er,|(?<=\band )er,|\.\.\.+|…"
    r"|,\s*(?:what(?:['’]?s| is) it called|what do you call it|how do you say|let me (?:think|see)|you know|as i said),"
    # A word that was broken off and begun again: "pot- potassium".
    r"|\b(?P<begun>\w{1,8})[-–—]+\s+(?=(?P=begun))",
    re.I,
)
#: What somebody began to say, said once more from the beginning: "how has the, how has the".
_AGAIN: Final = re.compile(
    r"(?<!hang )(?<!hold )\b(?P<again>(?!no\b)[a-z'’]+(?: [\w'’]+){0,5}),\s+(?=(?P=again)\b)"
    r"|\b(?P<long>[a-z'’]+(?: [\w'’]+){2,5})\s+(?=(?P=long)\b)",
    re.I,
)
#: After these words a clause goes on.
GOES_ON: Final = re.compile(
    r"\b(?:the|an?|of|in|on|at|to|for|from|with|and|or|between|until|since|before|after|by|me|her|his|their|is|was|are"
    r"|were|has|have|had|does|did|do|can|what|which|when|how|many|last|first|latest|that|any|some|not|so|this)$",
    re.I,
)
#: Short forms with strokes.
_STROKES: Final = (
    (r"\by ?/ ?n\b", " "), (r"\bk ?/ ?c ?/ ?o\b", "known case of"), (r"\bh ?/ ?o\b", "history of"),
    (r"\bd ?/ ?c'?d\b", "stopped"), (r"\bf ?/ ?u\b", "follow up"),
    (r"\bs ?/ ?p\b", "after"), (r"\bw ?/ ?(?!\w)", "with "),
)  # fmt: skip
#: "No." for number, and years with a stroke between them.
_NUMBER: Final = re.compile(r"\bno(?:\.(?=\s*(?:\?|$|(?-i:[a-z])))|s\.|(?= of\b))|\bnr\b", re.I)
_SPAN: Final = re.compile(r"(?<=[a-z])-(?=(?:nineteen|twenty|two thousand)\s[a-z])", re.I)
_EMERGENCY: Final = re.compile(r"\ba ?(?:&|and|n) ?e\b", re.I)
_LETTERS: Final = {
    "ay": "a", "bee": "b", "dee": "d", "eff": "f", "ef": "f", "gee": "g", "jee": "g", "aitch": "h", "haitch": "h",
    "jay": "j", "kay": "k", "el": "l", "ell": "l", "em": "m", "en": "n", "pee": "p", "cue": "q", "ess": "s", "tee": "t",
    "vee": "v", "zee": "z", "zed": "z",
}  # fmt: skip
#: Letters that sound like common words; they count only beside a letter that does not.
_COMMON: Final = {
    "a": "a", "be": "b", "see": "c", "sea": "c", "ee": "e", "i": "i", "eye": "i", "oh": "o", "o": "o", "pea": "p",
    "are": "r", "ar": "r", "tea": "t", "you": "u", "ex": "x", "why": "y",
}  # fmt: skip
_LONGEST: Final = 5
#: Other short forms of the grammar.
_SHORT: Final = frozenset("dob er ed gp pcp mrn bp icu".split())
#: What is heard or written, and what stands for it; \\1 is the first group.
_REWRITTEN: Final = {
    "resent|recents|resents|recently": "recent",
    "presser|pressures": "pressure",
    "hight|hite": "height",
    "weight s": "weight",
    "pane": "pain",
    "allergys|allergees|alergies": "allergies",
    "alergic|allergick": "allergic",
    "flew": "flu",
    "be p|bee p|b pee": "bp",
    "hard rate": "heart rate",
    "meds list": "medications",
    "whens": "when is",
    "wheres": "where is",
    "hows": "how is",
    "oh 2": "o2",
    "per scribed|proscribed": "prescribed",
    "up to date value": "latest",
    "most up to date": "latest",
    "emergency ward": "emergency department",
    "admited|admittied": "admitted",
    "immunisation": "immunization",
    "latests": "latest",
    "diagnosised|diagnose": "diagnosed",
    "appointment s": "appointments",
    "waits?": "weight",
    "weighed|weigh": "weight",
    "heavy|heaviness": "weight",
    "tall": "height",
    "weights": "weight",
    "(the|first|last|latest|recent|newest|earliest|oldest|previous|this|that|which|each|every|highest|lowest|top"
    r"|smallest|largest|biggest|greatest|final|initial|current|active|previous|past|newer|older|only"
    r"|bottom) 1"
    rf"(?! (?:(?:st|of)\b|{MONTH}\b))": r"\1",
    "x rays": "x ray",
    "systolic (?:over|and|and the|slash) diastolic(?: (?:pressures?|blood pressure|readings?))?": "blood pressure",
    "living will": "livingwill",
    "living (in|at)": r"live \1",
    "(?:the )?(?:top|upper|higher|high) and (?:the )?(?:bottom|lower|low) (?:numbers?|values?|figures?|readings?)": (
        "blood pressure"
    ),
    "(?:of )?(?:the|those|these) 2(?=$| (?:taken|measured|values|readings|results|were|recorded|with|dates))": "",
    "(?:on )?(?:what|which) (?:days|dates)": "when",
    "(?:on|at) (?:what|which) (?:exact |precise )?(?:day|date)": "when",
    "(?:compare )?(?:the )?first (?P<x>(?:\\w+ ){1,6}?)(?:of|in|from) (?P<y>[12][0-9]{3}) "
    "(?:with|and|to|versus|vs|against) (?:the )?last (?:\\w+ ){0,6}?(?:of|in|from) (?P<z>[12][0-9]{3})": (
        r"change in \g<x>from \g<y> to \g<z>"
    ),
    "(how (?:many|often) .+?) (?:over|through|throughout|across|down) (?:all )?(?:the|these) years": r"\1",
    "is it (?:a )?long(?: time)? (?:ago )?(?:that|since)": "how long since",
    "(prescribed|given|ordered|used|taken|started) against": r"\1 for",
    "once ((?:the|her|his|their) (?:\\w+ ){1,4})(?:was|were|had been|is) "
    "(?:done|performed|over|finished|completed|carried out)": r"after \1",
    "(?:(?:can|could|will|would) you (?:please )?|^(?:please )?)show (me|us)": r"give \1",
    "(?:did|do) (?:we|you|they|she|he|it) start (?:off |out )?(?:with|at|from|on)(?= (?:for|with|the|in)\\b)": "first",
    "the most (?:that )?((?:the|her|his) (?:\\w+ ){1,5}?)(?:has|have|had)(?: ever)? (?:been|got|gone)": r"highest \1",
    "the least (?:that )?((?:the|her|his) (?:\\w+ ){1,5}?)(?:has|have|had)(?: ever)? (?:been|got|gone)": r"lowest \1",
    "this (?:child|boy|girl|young man|young woman|young lady|resident|client|man|woman)": "this patient",
    "would be (?:good|great|nice|helpful|lovely|fine|useful|perfect)(?: to (?:have|know|get))?": "",
    "(that|which) (?:is|are) over(?: now| and done)?(?= (?:which|what)|$)": r"\1 resolved",
    "all the way (through|to|until|till|up to|from)": r"\1",
    "out of all": "of all",
    "at (?:the|its|his|her|their) (?:very )?most(?! (?:recent|current|up))": "highest",
    "at (?:the|its|his|her|their) (?:very )?least(?! (?:recent|1|\\d))": "lowest",
    "(?:of|in|over|during|within|from|for) (?:that|this|the) (?:stretch|span|interval|time ?frame|window|range)": "",
    "(is|are) there no(?! longer)": r"\1 there any",
    r"ac (\w+itis)": r"acute \1",
    r"(?P<what>\w+itis) (?:of|from|with|caused by|due to) (?:a )?(?P<how>viral|virus|bacterial|bacteria)"
    "(?: (?:origin|cause))?": r"\g<how> \g<what>",
    "(last|first|recent|an|as|any|his|her|the|of|many|previous) in (patients?)": r"\1 in\2",
    "(?:are |is |was |were )?not (?:currently |presently )?(?:active|current|ongoing)"
    "(?: (?:now|currently|presently|today|any longer|any more|anymore|at the moment|at present))?": "no longer",
    "(?:(?:have|has|are|is) )?(?:still )?not (?:yet )?(?:been )?resolved": "active",
    "(?:have|has|are|is) yet to (?:be resolved|resolve)": "active",
    "over the (?:recorded |whole |entire |observation )?(?:period|time|timeline)": "over time",
    "rn": "right now",
    "lipid (?:panel|profile|results?)|lipids|cholesterol (?:panel|profile)": "total cholesterol ldl hdl triglycerides",
    "cbc|complete blood count|blood counts": "white count hemoglobin hematocrit platelets",
    "(?:basic )?metabolic panel|bmp": "sodium potassium chloride bicarbonate bun creatinine glucose calcium",
    "electrolytes|lytes": "sodium potassium chloride bicarbonate",
    "vitals|vital signs": "blood pressure heart rate respiratory rate temperature weight",
    "1 of (?:the|her|his|their|those|these)": "",
    "(?:a|per|every|each) day": "daily",
    "blood work": "bloodwork",
    "treating|treats": "treat",
    "prescribing": "prescribed",
    "how high ((?:\\w+ ){1,5}?)(?:has|have|had) (?:ever )?(?:been|gone|got|gotten|climbed|risen)": r"highest \1",
    "how low ((?:\\w+ ){1,5}?)(?:has|have|had) (?:ever )?(?:been|gone|got|gotten|dropped|fallen)": r"lowest \1",
    "how (?:high|low|much|big|large|great|bad|elevated) (was|is|were|are)": r"what \1",
    "any 1": "any",
    "patience": "patient",
    "once (?:she|he|they|the patient) (?:had|has|have)(?: had)?": "after",
    "see (?:(?:this|the|that|our|my) )?(?:patient|lady|gentleman|man|woman|chap|person|them)": "see her",
    "where (?:is|are|s|does|do|did)(?: \\w+){1,3} (?:living|live|lives|reside|resides|residing|based)": "home address",
    "where (?:she|he|they|the patient) (?:lives?|resides?|is living)": "home address",
    "live (problems|conditions|diagnoses|issues|medications|meds|orders|prescriptions)": r"active \1",
    "(until|till|to|through|and) the (?:very )?end of": r"\1",
    "(from|since|between) the (?:very )?(?:start|beginning) of": r"\1",
    r"since (?P<x>(?:\w+ )+?)how (?:long|much time|many (?:years|months|weeks|days))"
    r"(?: (?:is it|has it been|has passed|have passed|has gone by|has elapsed|have elapsed|passed))?": (
        r"how long since \g<x>"
    ),
    "(?:than|compared to|compared with) when (?:we|you|they|she|he|it) (?:first )?(?:started|began)": "since the first",
    "and (?:from |on |at )?(?:which|what) (?:day|date)(?: (?:is|was|were) (?:it|that|this|they))?"
    "(?: (?:from|on|taken|measured|done))?$": "and when",
    "before (?:that|which|and|but|now) (they|she|he|the|are|is|no|not|been|has|have)": r"previously \1",
    "(?:over|across|throughout|for) (?:the )?(?:years?|period|span|interval) (from|between|[12][0-9]{3})": r"from \1",
    "(?:over|across|throughout|from) from": "from",
    "for ([12][0-9]{3}) (?:against|with|versus|vs|to|and|than|over) ([12][0-9]{3})": r"from \1 to \2",
    "(?:how|what) (?:did|has|have|had) ((?:\\w+ ){1,6}?)(?:go|gone|fare|fared|behave|behaved|do|done) (between|from)": (
        r"change in \1\2"
    ),
    "this (?:morning|afternoon|evening)|tonight|overnight": "today",
    "last night": "yesterday",
    "pts?|ptnt": "patient",
    "u": "you",
    "(?:could|can|would|will) you (?:please )?(?:repeat|say again)": "",
    "(?:and |but )?no (?:older|other|earlier|newer) 1s?|(?:and |but )?no (?:older|other|earlier|newer) ones": "",
    "^total ((?:\\w+ ){1,8})(measurements|results|values|tests|readings)": r"number of \1\2",
    "amount of ((?:\\w+ ){1,8})(measurements|results|values|tests|readings|visits|encounters)": r"number of \1\2",
    "(?:up )?to and including": "to",
    "(now|currently|ever) or (?:before|in the past|previously)": "ever",
    "since how long": "how long",
    "since (?:which|what) (?:date|day|year|month)": "since when",
    "whatd": "what did",
    "(she|he|they)d": r"\1 had",
    "how many before": "how many",
    "rx(?:d|ed)": "prescribed",
    "dx(?:d|ed)": "diagnosed",
    "(?:dc|dcd|dced)": "stopped",
    "xrays?|radiographs?": "x ray",
    "(knee|chest|hand|wrist|hip|ankle|foot|spine|abdominal|shoulder) xrs?": r"\1 x ray",
    "xrs? (of|knee|chest|hand|wrist|hip|ankle|foot|spine|abdomen|shoulder)": r"x ray \1",
    "cxr": "chest x ray",
    "hepb": "hep b",
    "hepa": "hep a",
    "how (?:high or low|low or high)": "what",
    "(?:from )?(?:the )?(?:start|beginning) (?:to|until|till) (?:the )?(?:end|finish|now|present|date)": (
        "first to last"
    ),
    "(?:at|in) the beginning(?! of)": "at first",
    "over the course of": "in",
    "(?:(?:at|of|from|during) )?(?:the|her|his|their) (?:visit|appointment|encounter|consultation|attendance|contact)"
    rf" (?:on|of|from|dated) ((?:the )?(?:\d+|{MONTH}))": r"on \1",
    "(?:with|and) (?:the )?(?:2|both) values": "",
    "(have|has|with|having) an? (?:order|prescription) date (?:in|of|during)": "ordered in",
    "(have|has|with|having) a date (?:in|of|during)": "in",
    "(?:is not|are not|isnt|arent) now": "no longer",
    "(has|have|had) since": r"\1",
    "(?:pre|post) (?:procedure|procedural|op|operative|operation) (values?|levels?|readings?|results?|figures?)": r"\1",
    "how old is (?:it|that|this|(?:the|that|this) (?:result|value|reading|measurement|1))": "when",
    "(?:lemme|gimme)": "give me",
    "more than 1 (.*how many)": r"\1",
    "(?:she|he|they)(?: is| are)? over": "recovered",
    "(is|are|was|were|look|looks|looked) ((?:\\w+ ){1,4})off$": r"\1 \2abnormal",
    "^starting (?!dose|date|from|in|on|at)(\\w+)": r"first \1",
    "how long (?:did|does|do|will) ((?:\\w+ ){1,6})last": r"durationof \1",
    "(?:i|we) (?:cannot|cant|could not|couldnt|can not) (?:find|see|locate)": "find",
    "(?:the )?most (?:it|they|that)(?: has| have)?(?: ever)? (?:been|was|were)": "highest",
    "(?:the )?least (?:it|they|that)(?: has| have)?(?: ever)? (?:been|was|were)": "lowest",
    "start (?:versus|vs|against|compared (?:to|with)) (?:now|end|today|current)": "first to last",
    "(?:what|which) number can (?:i|we) (?:get|reach|ring|call|try|phone)(?: \\w+){0,2} on": "phone number",
    "how bad (did|was|has|have)": r"how \1",
    "(stands?|sits?|sitting|standing|as of|at|is) today": r"\1 now",
    "(are|is|still) live": r"\1 active",
    "should (?:i|we) (?:carry forward|carry over|copy|code|list|record|put|quote|document|mention|include|write|enter)"
    "(?: down)?(?: as| for)?": "",
    "(?:i|im|we|i am|we are) after": "",
    "count of (measurements|results|values|tests|readings|observations)": r"number of \1",
    "(?:(?:on|from) )?(?:a )?(?:scale (?:of|from) )?0 (?:to )?10(?: scale)?": "",
    "over ([12][0-9]{3}) (to|and)": r"from \1 \2",
    "(?<!lac )(?<!cut )(?<!laceration )(?<!injury )(?<!wound )(?:to|at) hand": "",
    "in front of (?:me|you|us)|down (?:for|as)": "",
    "where (?:(?:is|s) )?(?:(?:her|his|their|the) )?home": "home address",
    "(?:upper|top|higher) (?:value|number|reading|figure|one) (?:of|in|for|on) (?:the |her |his |their )?"
    "(?:blood pressures?|bp)|(?:blood pressure|bp) (?:upper|top) (?:value|number|reading|figure)": "systolic",
    "(?:lower|bottom) (?:value|number|reading|figure|one) (?:of|in|for|on) (?:the |her |his |their )?"
    "(?:blood pressures?|bp)|(?:blood pressure|bp) (?:lower|bottom) (?:value|number|reading|figure)": "diastolic",
    "(we|you|nurses?|staff)((?: last| first| ever| most recently)?) (?:take|took)": r"\1\2 measure",
    "(?:for|on|at|as of) (?:the |this |that )?dates? of service(?= (?:the )?(?:\\d|[a-z]+ \\d))": "on",
    "when of service": "when",
    "dates? of service": "date",
    "(?:over|across|for|during|within) (?:the )?(?:period|span|time)(?: of| from)? ([12][0-9]{3})": r"from \1",
    "(?:in|over|during|across) (?:the )?(?:years?|period) from ([12][0-9]{3})": r"from \1",
    "(?:start(?:ing)?|first|begin(?:ning)?) and (?:end(?:ing)?|last|final) (?:values?|readings?|results?|figures?)": (
        "first to last"
    ),
    "(first|earliest|oldest|initial) (?:reading|value|result|1) (?:against|set against|next to|beside)"
    " (?:the )?(last|latest|newest|final|most recent)(?: (?:reading|value|result|1))?": r"first to last",
    "take (?:the )?(change in|first|last|earliest|latest)": r"\1",
    "(?:written|wrote|noted|noting|writing|jotted) down": "recorded",
    "(?:with |and )?(?:the )?days (?:they|these|it|those) (?:were|was) (?:done|taken|measured|recorded)": "when",
    "with when (?:it|that|this) (?:was|is)(?: (?:done|taken|measured|recorded|from))?": "and when",
    "soonest after": "first after",
    "(?:closest|nearest) (after|following)": r"first \1",
    "(?:closest|nearest) (before|prior to)": r"last \1",
    "anywhere in (?:the|this|her|his|their) (?:history|past|notes?|records?|chart|file)": "ever",
    "(?:an? )?(?:overview|rundown|run through|run down) (?:of|on) (?:all|every)": "list all",
    "(?:from|since) (?:which|what) (?:date|day|year|month)": "since when",
    "(what|which) (condition|diagnosis|problem|illness) (?:is|was|lies) behind": r"\1 \2 for",
    "how ((?:\\w+ ){1,5}?)(?:went|developed|changed|moved|evolved|fared|did) (between|from)": r"change in \1\2",
    "upper and lower(?= |$)": "",
    "(?:upper|top|higher) (?:blood pressure|bp)(?: (?:value|number|reading|figure))?": "systolic",
    "(?:lower|bottom) (?:blood pressure|bp)(?: (?:value|number|reading|figure))": "diastolic",
    "under (?:the )?(?:past |previous )?(?:medical )?history(?= (?:what|which))": "",
    "(?:no|not|dont|doesnt|isnt|arent)(?: (?!not)\\w+){0,2}? (?:anymore|any more|any longer)": "no longer",
    "(?:do not|does not|dont|doesnt) (?:take|have|use|get) (?:now|any longer|currently)": "no longer",
}


def heard(text: str) -> list[str]:
    """The words of a question as the grammar writes them."""
    text = _SPAN.sub(" to ", _NUMBER.sub("number", without_hesitation(text)))
    for written, meant in _STROKES if "/" in text else ():
        text = re.sub(written, meant, text, flags=re.I)
    text = _EMERGENCY.sub("emergency", text)
    words = as_said(" ".join(_joined(said(text))))
    for pattern, written in _patterns():
        words = pattern.sub(written, words)
    return words.split()


def without_hesitation(text: str) -> str:
    """``text`` with spoken punctuation as marks, and without the sounds of somebody who thinks."""
    return _AGAIN.sub("", _HESITATIONS.sub(_pause, _MARKS.sub(", ", text)))


def _pause(hesitation: re.Match[str]) -> str:
    """A comma where somebody stopped to think between two clauses; nothing in the middle of one."""
    marked = hesitation[0].startswith(",") and hesitation[0].endswith(",")
    return ", " if marked and not GOES_ON.search(hesitation.string[: hesitation.start()]) else " "


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(rf"(?<!\S)(?:{pattern})(?!\S)"), written) for pattern, written in _REWRITTEN.items())


def _joined(words: list[str]) -> list[str]:
    """Letters that spell a short form together, as one word."""
    out: list[str] = []
    at = 0
    while at < len(words):
        length, short = _short_form(words[at : at + _LONGEST])
        out.append(short or words[at])
        at += length or 1
    return out


def _short_form(words: list[str]) -> tuple[int, str]:
    """(how many words, the short form that they spell) at the beginning of the words; (0, "") where there is none."""
    if not words:
        return 0, ""
    if len(words[0]) > 1 and words[0] in _COMMON and _short_form(words[1:])[0]:
        return 0, ""  # "to see L D L"
    letters = []
    for word in words:
        letter = _LETTERS.get(word) or _COMMON.get(word) or (word if len(word) == 1 or word.isdigit() else None)
        if letter is None:
            break
        letters.append(letter)
    for length in range(len(letters), 1, -1):
        short = "".join(letters[:length])
        if short in _short_forms() and any(word not in _COMMON and word.isalpha() for word in words[:length]):
            return length, short
    return 0, ""


@cache
def _short_forms() -> frozenset[str]:
    spoken = {phrase[0] for term in terms() for phrase in term.spoken if len(phrase) == 1}
    return _SHORT | {word for word in spoken if 1 < len(word) <= _LONGEST and word[0].isalpha()}
