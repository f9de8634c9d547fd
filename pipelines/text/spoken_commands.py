"""Commands given as plain words ("new paragraph", "full stop", "scratch that"), for engines that know no others.

They are obeyed only where they cannot be ordinary speech: set apart on both sides, by the engine's own punctuation or
by pauses. "The period of observation", "sigmoid colon" and "new line inserted" are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipelines.text.rewrite import Rewrite

#: A pause of so many seconds on either side sets words apart.
PAUSE_SECONDS: Final = 0.35
_COMMANDS: Final = {
    "new paragraph": "new paragraph",
    "next paragraph": "new paragraph",
    "new line": "new line",
    "next line": "new line",
    "full stop": "period",
    "period": "period",
    "comma": "comma",
    "semicolon": "semicolon",
    "semi-colon": "semicolon",
    "exclamation mark": "exclamation point",
    "exclamation point": "exclamation point",
    "question mark": "question mark",
    "hyphen": "hyphen",
    "slash": "slash",
}
#: They need punctuation or the end of a sentence about them: alone after a pause they may be half a sentence.
_WORDS_OF_THEIR_OWN: Final = frozenset({"period", "comma", "hyphen", "slash"})
_SCRATCH: Final = ("scratch that", "strike that", "delete that")
_HEADINGS: Final = ("exam type", "indication", "procedure", "technique", "comparison", "findings", "impression", "plan")
_ASKS: Final = re.compile(
    r"(?:is|are|was|were|does|do|did|has|have|had|can|could|should|would|will|what|when|where|which|who|why|how)\b",
    re.IGNORECASE,
)
_PHRASES: Final = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in (*_COMMANDS, *_SCRATCH))
_SPOKEN: Final = re.compile(rf"(?<![\w-])(?:{_PHRASES})(?![\w-])[.,;:?!]?", re.IGNORECASE)
_HEADED: Final = "|".join(name.replace(" ", r"\s+") for name in _HEADINGS)
_HEADING: Final = re.compile(
    rf"(?:(?<=[.?!:])\s+|^\s*|(?<=[}}\]])\s*)"
    rf"(?P<said>heading,?\s+(?P<named>{_HEADED})[.,:]?|(?P<colon>{_HEADED}),?\s+colon[.,:]?|(?P<alone>{_HEADED})[.:])"
    rf"(?=\s|$)",
    re.IGNORECASE,
)
_BRACKETS: Final = re.compile(
    r"(?<![\w-])open\s+(?P<kind>bracket|parenthesis|parentheses|paren|quote|quotes)[.,]?\s+"
    r"(?P<inside>[^.?!\n]{1,120}?),?\s+close\s+(?P<closed>bracket|parenthesis|parentheses|paren|quote|quotes)(?![\w-])",
    re.IGNORECASE,
)
_MARKS: Final = {".": "period", ",": "comma", ";": "semicolon", ":": "colon", "?": "question mark"}
_ENDS: Final = ".?!"


def spoken_commands(text: str, pauses: Sequence[tuple[int, float]] = ()) -> list[Rewrite]:
    """The commands in ``text``, each as the brace or bracket form that the formatter obeys; taken back sentences as "".

    Args:
        text: as an engine wrote it, with its own punctuation.
        pauses: places in ``text`` (where a word starts) before which nobody spoke, and for how many seconds.
    """
    quiet = {place for place, seconds in pauses if seconds >= PAUSE_SECONDS}
    found = [*_headings(text), *_enclosed(text)]
    for match in _SPOKEN.finditer(text):
        command = _command(text, match, quiet)
        if command is not None:
            found.append(command)
    return _with_taken_back(text, _in_order(found))


def _command(text: str, match: re.Match[str], quiet: set[int]) -> Rewrite | None:
    name = " ".join(match.group().rstrip(".,;:?!").lower().split())
    start, end = match.span()
    before = text[:start].rstrip()
    mark = match.group()[-1] if match.group()[-1] in ".,;:?!" else ""
    begins = not before or before[-1] in _ENDS + ":\n}]"
    apart_before = begins or before[-1] == "," or (start in quiet and name not in _WORDS_OF_THEIR_OWN)
    following = len(text[:end]) + len(text[end:]) - len(text[end:].lstrip())
    apart_after = bool(mark) or end == len(text) or (following in quiet and name not in _WORDS_OF_THEIR_OWN)
    if name == "question mark" and mark != "," and _asked(before):
        apart_before = apart_after = True
    if name in ("comma", "hyphen", "slash", "semicolon") and begins:
        apart_before = False
    if not (apart_before and apart_after):
        return None
    if before.endswith(","):
        start = len(before) - 1
    if name in _SCRATCH:
        return Rewrite(start, end, "", "scratched")
    return Rewrite(start, end, f"{{{_COMMANDS[name]}}}", "command")


def _asked(before: str) -> bool:
    """Whether the sentence so far is a question."""
    sentence = re.split(r"[.?!}\]\n]\s*", before)[-1].lstrip()
    return bool(_ASKS.match(sentence)) and before[-1:] not in _ENDS


def _headings(text: str) -> list[Rewrite]:
    found = []
    for match in _HEADING.finditer(text):
        name = " ".join((match["named"] or match["colon"] or match["alone"]).upper().split())
        if match["alone"] and not text[match.end() :].strip():
            continue
        found.append(Rewrite(*match.span("said"), f"[{name}]", "command"))
    return found


def _enclosed(text: str) -> list[Rewrite]:
    found = []
    for match in _BRACKETS.finditer(text):
        kind = "quote" if match["kind"].lower().startswith("quote") else "parenthesis"
        if match["closed"].lower().startswith("quote") is not (kind == "quote"):
            continue
        inside = match.span("inside")
        found.append(Rewrite(match.start(), inside[0], f"{{open {kind}}} ", "command"))
        # A mark right behind would be taken for a word of its own.
        mark = text[match.end() : match.end() + 1]
        following = f"{{{_MARKS[mark]}}}" if mark and mark in _MARKS else ""
        end = match.end() + bool(following)
        found.append(Rewrite(inside[1], end, f" {{close {kind}}}{following}", "command"))
    return found


def _in_order(found: list[Rewrite]) -> list[Rewrite]:
    kept: list[Rewrite] = []
    for one in sorted(found):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def _with_taken_back(text: str, found: list[Rewrite]) -> list[Rewrite]:
    """Each "scratch that" with the sentence before it, back to the sentence or command that ends before."""
    kept: list[Rewrite] = []
    for one in found:
        if one.kind != "scratched":
            kept.append(one)
            continue
        floor = kept[-1].end if kept else 0
        said = text[floor : one.start].rstrip().rstrip(_ENDS + ",")
        ends = [match.end() for match in re.finditer(r"[.?!](?=\s)", said)]
        start = floor + (ends[-1] if ends else 0)
        start += len(text[start:]) - len(text[start:].lstrip())
        if start < one.start:
            kept.append(Rewrite(start, one.end, "", "scratched"))
        elif kept and not said.strip():
            # Said twice in a row: the sentence before goes as well, if it is all there is since.
            kept.append(one)
        else:
            kept.append(one)
    return kept
