"""What the reading of a picture does to print: figures that seem raised, strokes and spaces lost, O for 0, l for I."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pipelines.evidence.documents.lines import Line, Token
from pipelines.tasks.lab.analytes import known_word
from pipelines.tasks.lab.numbers import MEASURE
from pipelines.tasks.lab.units import is_unit, repaired

_RAISED: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_WITH_RAISED: Final = re.compile(r"(?!10[⁰¹²³⁴⁵⁶⁷⁸⁹]+$)[(\[<>≤≥]*[\d⁰¹²³⁴⁵⁶⁷⁸⁹][\d⁰¹²³⁴⁵⁶⁷⁸⁹.,:/–-]*[)\]HL*]*")
_PERCENT: Final = frozenset({"o", "op", "%o", "o/o", "0/0", "o/0", "0/o"})
_OXYGEN: Final = re.compile(
    r"(?<![A-Za-z\d.,])0(?=2[A-Z])|(?<=[A-Za-z])0(?=[23](?!\d))|(?<=\d-)0(?=H\b)|(?<=[FHp]C)0(?=Hb)"
)
"""A zero in the name of a gas: "p02", "HC03", "02Hb", "25-0H"."""
_LOST_SPACE: Final = re.compile(
    r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})|(?<=[a-z]{2})(?=[A-Z][a-z]{3})|(?<=[A-Z]{3})(?=[A-Z][a-z]{3})|(?<=[a-z],)(?=[A-Z])|(?<=\w\])(?=[a-z])"
    r"|(?<=[a-z]{2})(?=[(\[])"
)


def as_printed(line: Line) -> Line:
    """The line with each word as what alone it can have been; `Token.word` keeps it as it was read."""
    return Line(tuple(_words(line)))


def spaced(name: str) -> str:
    """With the spaces that were lost: "CellCount", "Bilirubin,Total"."""
    apart = _LOST_SPACE.sub(" ", name)
    # "E rythrocyte" was parted where no space is; "C peptide" was not.
    parted = re.match(r"([A-Z]) ([a-z]{4,})", apart)
    return parted[1] + apart[2:] if parted and known_word(parted[1] + parted[2]) else apart


def _words(line: Line) -> Iterator[Token]:
    before: Token | None = None
    for token in line.tokens:
        text = _OXYGEN.sub("O", token.text)
        if _WITH_RAISED.fullmatch(text):
            # As likely a figure of the number itself. It bears a doubt by the word as it was read.
            text = text.translate(_RAISED)
        elif before is not None:
            text = "%" if text in _PERCENT and MEASURE.fullmatch(before.text) else _unit(text)
        before = token if text == token.text else replace(token, text=text)
        yield before


def _unit(text: str) -> str:
    inner = text.strip("()[],;")
    better = repaired(inner) if inner and not is_unit(inner) else None
    return text if better is None else text.replace(inner, better)
