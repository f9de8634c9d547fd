"""Names that are made of letters and numbers: A1c, B12, FEV1, SpO2."""

from __future__ import annotations

from typing import Final

from pipelines.text import numbers
from pipelines.text.tokens import Found, Tokens

# As they are said; a digit stands for its word or itself.
_NAMES: Final = {
    ("h", "b", "a", "1", "c"): "HbA1c",
    ("hb", "a", "1", "c"): "HbA1c",
    ("hba", "1", "c"): "HbA1c",
    ("a", "1", "c"): "A1c",
    ("b", "12"): "B12",
    ("f", "e", "v", "1"): "FEV1",
    ("fev", "1"): "FEV1",
    ("s", "p", "o", "2"): "SpO2",
    ("c", "o", "2"): "CO2",
    ("co", "2"): "CO2",
    ("cd", "4"): "CD4",
    ("c", "d", "4"): "CD4",
    ("free", "t", "4"): "free T4",
    ("free", "t", "3"): "free T3",
}
# Only before one of these words.
_BEFORE: Final = {("o", "2"): ("O2", frozenset({"sat", "sats", "saturation", "saturations", "requirement", "therapy"}))}
STARTS: Final = frozenset({"g", *(name[0] for name in (*_NAMES, *_BEFORE))})


def read(tokens: Tokens, index: int) -> Found | None:
    if tokens[index].key == "g" and (found := _pregnancies(tokens, index)):
        return found
    for name, text in _NAMES.items():
        if tokens[index].key == name[0] and _is_said(tokens, index, name):
            return _found(tokens, index, index + len(name), text)
    for name, (text, words) in _BEFORE.items():
        if tokens[index].key == name[0] and _is_said(tokens, index, name) and tokens.key(index + len(name)) in words:
            return _found(tokens, index, index + len(name), text)
    return None


def _pregnancies(tokens: Tokens, index: int) -> Found | None:
    """ "G two p one"."""
    pregnancies, births = numbers.digit(tokens, index + 1), numbers.digit(tokens, index + 3)
    if pregnancies is None or births is None or tokens.key(index + 2) != "p":
        return None
    return _found(tokens, index, index + 4, f"G{pregnancies}P{births}")


def _found(tokens: Tokens, index: int, end: int, text: str) -> Found | None:
    if not tokens.free(index, end) or numbers.is_numeric(tokens.joined(end)):
        return None
    if not any(tokens[at].glue == " " for at in range(index + 1, end)):
        # Written together already.
        return None
    if text.startswith("free"):
        text = tokens.said(index) + text[len("free") :]
    return Found(end, text, "name")


def _is_said(tokens: Tokens, index: int, name: tuple[str, ...]) -> bool:
    return all(
        tokens[index + n].glue in (" ", "-", "") and _value(tokens[index + n].key) == part
        for n, part in enumerate(name[1:], start=1)
    )


def _value(key: str) -> str:
    number = numbers.ONES.get(key) or numbers.TEENS.get(key)
    return str(number) if number else key
