"""What the reading of a picture does to print: figures that seem raised, strokes and spaces lost, O for 0, l for I."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from pipelines.evidence.documents.lines import Line, Token
from pipelines.tasks.lab.analytes import known_word
from pipelines.tasks.lab.flags import is_flag
from pipelines.tasks.lab.numbers import MEASURE
from pipelines.tasks.lab.units import is_unit, repaired

_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_WITH_RAISED: Final = re.compile(r"(?!10[⁰¹²³⁴⁵⁶⁷⁸⁹]+$)[(\[<>≤≥]*[\d⁰¹²³⁴⁵⁶⁷⁸⁹][\d⁰¹²³⁴⁵⁶⁷⁸⁹.,:/–-]*[)\]HL*]*")
_CLINGING: Final = re.compile(r"^[._]+(?=[A-Za-z]{2})")
"""What is left of dots that led to the word."""
_PERCENT: Final = frozenset({"o", "op", "%o", "o/o", "0/0", "o/0", "0/o"})
_FLAGGED: Final = 2
"""Words: between a number and its percent sign may stand a flag."""
_STROKES: Final = frozenset(".·~_")
"""What the stroke between a range's limits is read as."""
_ICONS: Final = frozenset("OoeCcV©®°•●○")
"""What a small picture is read as."""
_BRACKETS: Final = frozenset("LIlCE")
_SPAN: Final = 3
"""Words of a range."""
_OXYGEN: Final = re.compile(
    r"(?<![A-Za-z\d.,])0(?=2[A-Z])|(?<=[A-Za-z])0(?=[23](?!\d))|(?<=\d-)0(?=H\b)|(?<=[FHp]C)0(?=Hb)"
)
"""A zero in the name of a gas: "p02", "HC03", "02Hb", "25-0H"."""
_SHORT: Final = frozenset({"of", "in", "by", "or"})
_GLUED: Final = 8
_LONGEST: Final = 20
"""Letters."""
_STUCK: Final = re.compile(r"(?<=\s[-/&])(?=[A-Za-z]{2})")
_LOST_SPACE: Final = re.compile(
    r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})|(?<=[a-z]{2})(?=[A-Z][a-z]{3})|(?<=[A-Z]{3})(?=[A-Z][a-z]{3})|(?<=[a-z],)(?=[A-Z])|(?<=\w\])(?=[a-z])"
    r"|(?<=[a-z]{2})(?=[(\[])|(?<=[a-z])(?=[(\[][A-Z]{2})|(?<=[a-z]{4})(?=%$)|(?<=[a-z]{5})(?=[A-Z](?:\s|$))"
)


def as_printed(line: Line) -> Line:
    """The line with each word as what alone it can have been; `Token.word` keeps it as it was read."""
    return Line(tuple(_words(line)))


def spaced(name: str) -> str:
    """With the spaces that were lost: "CellCount", "Bilirubin,Total"."""
    apart = " ".join(_parted(word) for word in _STUCK.sub(" ", _LOST_SPACE.sub(" ", name)).split())
    # "E rythrocyte" was parted where no space is; "C peptide" was not.
    parted = re.match(r"([A-Z]) ([a-z]{4,})", apart)
    return parted[1] + apart[2:] if parted and known_word(parted[1] + parted[2]) else apart


def _parted(word: str) -> str:
    """The word, or the words of names that it is made of: "cellcount", "BLOODCHEMISTRY"."""
    if len(word) < _GLUED or not word.isalpha() or word.lower() in _of_names():
        return word
    #: Up to each letter the fewest words that end there, as where each begins.
    fewest: list[tuple[int, ...] | None] = [()]
    for end in range(1, len(word) + 1):
        found = [
            (*before, start)
            for start in range(max(0, end - _LONGEST), end)
            if (before := fewest[start]) is not None and _is_of_names(word[start:end])
        ]
        fewest.append(min(found, key=len, default=None))
    starts = fewest[-1]
    return word if starts is None else " ".join(word[a:b] for a, b in pairwise((*starts, len(word))))


def _is_of_names(part: str) -> bool:
    return part.lower() in (_of_names() if len(part) > 2 else _SHORT)


@cache
def _of_names() -> frozenset[str]:
    """The words that names of tests and panels are made of."""
    return frozenset(Path(__file__).with_name("words.txt").read_text(encoding="utf-8").split())


def _words(line: Line) -> Iterator[Token]:
    before: list[Token] = []
    for at, token in enumerate(line.tokens):
        measured = any(MEASURE.fullmatch(each.text) for each in before[-_FLAGGED:])
        percent = measured and token.text in _PERCENT
        if token.text in _ICONS and not percent and at + 1 < len(line.tokens) and _is_marked(line.tokens[at + 1]):
            continue
        text = _capital(_OXYGEN.sub("O", _CLINGING.sub("", token.text)))
        if _WITH_RAISED.fullmatch(text) and text != text.translate(_RAISED):
            # As likely a figure of the number itself. It bears a doubt by the word as it was read.
            text = text.translate(_RAISED)
        elif percent:
            text = "%"
        elif (
            measured and text in _STROKES and at + 1 < len(line.tokens) and MEASURE.fullmatch(line.tokens[at + 1].text)
        ):
            text = "-"
        elif before and text in _BRACKETS and _is_closed(line.tokens[at + 1 : at + 1 + _SPAN]):
            text = "["
        elif before:
            text = _unit(text)
        before.append(token if text == token.text else replace(token, text=text))
    yield from before


def _is_marked(token: Token) -> bool:
    """Whether small pictures stand before such: results and flags in words."""
    return bool(MEASURE.fullmatch(token.text)) or (len(token.text) > 2 and is_flag(token.text))


def _capital(text: str) -> str:
    """With the I that was read as an l: "lonized"."""
    capital = f"I{text[1:]}"
    return capital if text[0] == "l" and len(text) > 3 and known_word(capital) and not known_word(text) else text


def _is_closed(tokens: Sequence[Token]) -> bool:
    """Whether a bracket is closed that nothing opened, behind figures."""
    text = "".join(token.text for token in tokens)
    return "[" not in text and text.find("]") > 0 and text[0].isdigit()


def _unit(text: str) -> str:
    inner = text.strip("()[],;")
    better = repaired(inner) if inner and not is_unit(inner) else None
    return text if better is None else text.replace(inner, better)
