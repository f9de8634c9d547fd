"""Stages, grades, classes and types, with Roman numerals where the field writes them; TNM, Gleason, cranial nerves."""

from __future__ import annotations

from typing import Final

from pipelines.text import numbers, units
from pipelines.text.tokens import Found, Tokens

_ROMAN: Final = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII")
_LABELS: Final = frozenset({"stage", "grade", "class", "type"})
#: What a stage may begin with.
STARTS: Final = _LABELS | {"cranial", "gleason", "factor"}
TNM_STARTS: Final = frozenset({"t", "p", "c", "yp"})
_NOT_CANCER: Final = frozenset(
    """
    kidney renal ckd nephropathy pressure ulcer ulcers injury decubitus hypertension labor labour parkinson parkinson's
    sleep sarcoidosis retinopathy lymphedema lymphoedema glaucoma
    """.split()
)
_CANCER: Final = frozenset(
    """
    cancer carcinoma adenocarcinoma lymphoma melanoma tumor tumour malignancy sarcoma myeloma neoplasm figo ajcc tnm
    seminoma mesothelioma squamous metastatic
    """.split()
)
_ROMAN_CLASSES: Final = frozenset("nyha killip mallampati york heart".split())


def read(tokens: Tokens, index: int) -> Found | None:
    match tokens[index].key:
        case "cranial":
            return _cranial_nerves(tokens, index)
        case "gleason":
            return _gleason(tokens, index)
        case "factor":
            return _factor(tokens, index)
        case _:
            return _labelled(tokens, index)


def read_tnm(tokens: Tokens, index: int) -> Found | None:
    """ "T two n one m zero", with or without the p or c before it."""
    at, text = index, ""
    prefix = tokens[at].key
    if prefix in ("p", "c", "yp") and tokens[at + 1].glue in ("", " ") and tokens[at + 1].key == "t":
        text, at = prefix, at + 1
    for letter, most in (("t", 4), ("n", 3), ("m", 1)):
        category = _category(tokens, at, letter, most)
        if category is None:
            if letter == "m":
                break
            return None
        text, at = text + category[0], category[1]
    if not tokens.free(index, at) or numbers.is_numeric(tokens.joined(at)):
        return None
    return Found(at, text, "stage")


def _category(tokens: Tokens, index: int, letter: str, most: int) -> tuple[str, int] | None:
    """One letter of TNM with its number and suffix, and where it ends."""
    if tokens[index].key != letter:
        return None
    at = index + 1
    key = tokens[at].key
    if tokens[at].glue not in ("", " "):
        return None
    if key == "x" or (key == "is" and letter == "t"):
        return f"{letter.upper()}{key.upper() if key == 'x' else key}", at + 1
    if letter == "t" and key == "i" and tokens.key(at + 1) == "s":
        return "Tis", at + 2
    value = numbers.digit(tokens, at) or (key if len(key) == 1 and key.isascii() and key.isdecimal() else None)
    if value is None or int(value) > most:
        return None
    suffix = tokens[at + 1]
    following = tokens[at + 2]
    # An "a" that belongs here is followed by the next letter or by nothing.
    last = suffix.glue == "" or (suffix.glue == " " and (following.key in ("n", "m") or following.glue != " "))
    if suffix.key in ("a", "b", "c", "d") and last:
        return f"{letter.upper()}{value}{suffix.key}", at + 2
    return f"{letter.upper()}{value}", at + 1


def _labelled(tokens: Tokens, index: int) -> Found | None:
    label = tokens[index].key
    value = numbers.ONES.get(tokens.key(index + 1), 0)
    zero = label in ("stage", "grade") and tokens.key(index + 1) == "zero"
    if not (value or zero):
        return None
    end = index + 2
    letter = tokens[end].key if tokens[end].glue in (" ", "-", "") else ""
    suffix = ""
    if (
        label == "stage"
        and letter in ("a", "b", "c")
        and (letter != "a" or tokens[end + 1].glue != " " or _named(tokens, index))
    ):
        suffix, end = letter, end + 1
    if numbers.is_numeric(tokens.joined(end)) or not tokens.free(index, end):
        return None
    # "Grade two over six" is a fraction.
    if tokens.key(end) in ("point", "half", "over", "out") or numbers.crowded(tokens, index + 1, index + 2):
        return None
    if tokens.key(end) in units.STARTS or tokens.key(end) in ("year", "month", "week", "in"):
        return None
    roman = not zero and value <= 4 and _is_roman(tokens, index, label, suffix)
    number = _ROMAN[value] + suffix.upper() if roman else f"{value}{suffix}"
    return Found(end, f"{tokens.said(index)} {number}", "stage")


def _named(tokens: Tokens, index: int) -> bool:
    """Whether what is staged is said, so that an "a" behind the number is its letter."""
    return tokens.near(index, _NOT_CANCER | _CANCER, back=8, ahead=9)


def _is_roman(tokens: Tokens, index: int, label: str, suffix: str) -> bool:
    if label == "stage":
        if tokens.near(index, _NOT_CANCER):
            return False
        return bool(suffix) or tokens.near(index, _CANCER)
    if label == "class":
        spelt = [tokens[index - n].key for n in range(4, 0, -1)] == ["n", "y", "h", "a"]
        return spelt or tokens.near(index, _ROMAN_CLASSES, back=5, ahead=4)
    return False


def _cranial_nerves(tokens: Tokens, index: int) -> Found | None:
    if tokens.key(index + 1) not in ("nerve", "nerves"):
        return None
    first = _up_to_twelve(tokens, index + 2)
    if not first:
        return None
    text, end = f"{tokens.said(index)} {tokens.said(index + 1)} {_ROMAN[first]}", index + 3
    while True:
        comma = tokens[end].key == "," and tokens[end].glue == ""
        at = end + 1 if comma else end
        joined = tokens.key(at) in ("through", "to", "and", "or", "thru")
        following = _up_to_twelve(tokens, at + 1 if joined else at) if comma or joined else 0
        if not following:
            break
        text += f"{',' if comma else ''}{f' {tokens.said(at)}' if joined else ''} {_ROMAN[following]}"
        end = at + 2 if joined else at + 1
    if numbers.is_numeric(tokens.joined(end)) or not tokens.free(index, end):
        return None
    return Found(end, text, "stage")


def _up_to_twelve(tokens: Tokens, index: int) -> int:
    key = tokens.key(index)
    value = numbers.ONES.get(key, 0) or numbers.TEENS.get(key, 0)
    return value if value <= 12 else 0


def _gleason(tokens: Tokens, index: int) -> Found | None:
    at = index + 1
    while tokens.key(at) in ("score", "grade", "of", "is", "was") and at < index + 4:
        at += 1
    first, second = numbers.ONES.get(tokens.key(at), 0), numbers.ONES.get(tokens.key(at + 2), 0)
    if not first or not second or tokens.key(at + 1) != "plus" or first > 5 or second > 5:
        return None
    text, end = f"{first}+{second}", at + 3
    total = numbers.ONES.get(tokens.key(end + 1), 0) or numbers.TEENS.get(tokens.key(end + 1), 0)
    if tokens.key(end) in ("equals", "is") and total == first + second:
        text, end = f"{text}={total}", end + 2
    if numbers.is_numeric(tokens.joined(end)) or not tokens.free(index, end):
        return None
    return Found(end, tokens.text[tokens[index].start : tokens[at].start] + text, "stage")


def _factor(tokens: Tokens, index: int) -> Found | None:
    """ "Factor five Leiden". Any other factor with a number is left in words."""
    value = numbers.ONES.get(tokens.key(index + 1), 0) or numbers.TEENS.get(tokens.key(index + 1), 0)
    if not 2 <= value <= 13 or not tokens.free(index, index + 2):
        return None
    if tokens.key(index + 2) not in ("leiden", "deficiency", "concentrate", "inhibitor", "inhibitors", "assay"):
        return None
    return Found(index + 2, f"{tokens.said(index)} {_ROMAN[value]}", "stage")
