"""Units as laboratories print them, and the same in UCUM (https://ucum.org/ucum)."""

from __future__ import annotations

import re
from typing import Final

_SPELT: Final = {
    "mcg": "ug", "gm": "g", "gms": "g", "gr": "g", "gram": "g", "grams": "g", "mole": "mol", "unit": "u", "units": "u",
    "mcmol": "umol", "micromol": "umol", "mcu": "uu", "mcl": "ul", "cumm": "mm3", "cmm": "mm3", "ratio": "{ratio}",
    "liter": "l", "litre": "l", "hr": "h", "hour": "h", "hours": "h", "hrs": "h", "sec": "s", "secs": "s",
    "second": "s", "seconds": "s", "day": "d", "mins": "min", "minute": "min", "mmhg": "mm[hg]", "cells": "{cells}",
    "mm hg": "mm[hg]", "cell": "{cells}", "copies": "{copies}", "cp": "{copies}", "ru": "{ru}", "au": "{au}",
    "eu": "{eu}",
    "index": "{index}", "score": "{score}", "coi": "{coi}", "units/l": "u/l", "mmol": "mmol", "24h": "24h",
    "24hr": "24h", "24hrs": "24h", "pct": "%", "percent": "%",
}  # fmt: skip
_UCUM: Final = {
    "l": "L", "dl": "dL", "ml": "mL", "ul": "uL", "fl": "fL", "nl": "nL", "pl": "pL", "eq": "eq", "meq": "meq",
    "ueq": "ueq", "osm": "osm", "mosm": "mosm", "mmosm": "mosm", "iu": "[IU]", "miu": "m[IU]", "uiu": "u[IU]",
    "kiu": "k[IU]", "u": "U", "mu": "mU", "uu": "uU", "ku": "kU", "mm[hg]": "mm[Hg]", "mm3": "mm3", "ukat": "ukat",
    "s": "s", "min": "min", "h": "h", "d": "d", "mm": "mm", "cm": "cm", "%": "%", "kg": "kg", "24h": "(24.h)",
    "{cells}": "{cells}", "{copies}": "{copies}", "{ru}": "{RU}", "{au}": "{AU}", "{index}": "{index}",
    "{eu}": "{Ehrlich_U}",
    "{score}": "{score}", "{ratio}": "{ratio}", "{coi}": "{COI}", "hpf": "[HPF]", "lpf": "[LPF]",
    "pa": "Pa", "kpa": "kPa", "mg": "mg",
    "ph": "[pH]", "cfu": "[CFU]", "m2": "m2", "1.73m2": "{1.73_m2}", "nkat": "nkat", "kat": "kat",
    **{amount: amount for amount in "g mg ug ng pg fg mol mmol umol nmol pmol fmol".split()},
}  # fmt: skip
_WHOLE: Final = {
    "/100 wbc": "/100{WBCs}", "/100 wbcs": "/100{WBCs}", "/100wbc": "/100{WBCs}", "/100wbcs": "/100{WBCs}",
    "s/co": "{s_co_ratio}", "s/c": "{s_co_ratio}",
}  # fmt: skip
_PREFIX_TEN: Final = re.compile(r"^[x×*]?\s*(?:10|e|1e)\s*(?:\^|\*\*|[*e+])?\s*(\d{1,2})(?=\s*/|$)", re.IGNORECASE)
_LARGE: Final = re.compile(r"^(?:x\s*)?((?i:thousands?|thou|th|millions?|mill|mil)|[kKMGT])\s*(?=/)")
_CALCULATED: Final = re.compile(r"\s+\(?calc(?:ulated)?\.?\)?$", re.IGNORECASE)
_NOTED: Final = re.compile(r"\s+(FEU|DDU|CE|protein|creat(?:inine)?|Hb|Cr)\.?$", re.IGNORECASE)
_TENS: Final = {"k": 3, "thou": 3, "thousand": 3, "th": 3, "m": 6, "mil": 6, "mill": 6, "million": 6, "g": 9, "t": 12}
_SUPERSCRIPTS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_LETTERS: Final = str.maketrans({"µ": "u", "μ": "u", "⁄": "/", "∕": "/", "·": ".", "×": "x", "х": "x"})


def ucum_of(printed: str | None) -> str | None:
    """The unit in UCUM; None where it is none that is known here."""
    if printed is None:
        return None
    if printed.strip().isascii() and printed.strip().isdigit():
        # "107" is no tenth power; "10⁷" may be one.
        return None
    text = printed.strip().translate(_SUPERSCRIPTS).translate(_LETTERS)
    text = re.sub(r"^[(\[](.*)[)\]]$", r"\1", text).strip()
    text = _CALCULATED.sub("", text)
    if text in ("%", "{ratio}", "1"):
        return text
    if text.lower() in _WHOLE:
        return _WHOLE[text.lower()]
    if text.startswith("%"):
        return "%" if re.fullmatch(r"%\s*(?:of\s+)?(?:hb|total|hgb|wbc)?[a-z ]{0,12}", text, re.IGNORECASE) else None
    if text in ("H", "L", "A", "N", "C", "D", "S", "M"):
        # Flags and letters of other columns, before they are anybody's unit.
        return None
    if note := _NOTED.search(text):
        inner = _counts(text[: note.start()]) or _composed(text[: note.start()])
        return f"{inner}{{{note.group(1)}}}" if inner else None
    return _counts(text) or _composed(text)


def repaired(printed: str) -> str | None:
    """What a unit that was read off a picture can only have been: "mmolL" lost its stroke, in "mlU/L" an I became an l,
    in "U/I" an l an I, in "9/L" a g a 9, in "10°/L" the raised 9 another sign.

    None where it is a unit as it stands, or may be several or none.
    """
    if is_unit(printed):
        return None
    may_be = {
        re.sub(r"(?<=\w)(?=(?:d|m|u|µ)?L$)", "/", printed, count=1),
        re.sub(r"(?<=/)([dmuµ]?)[I1|]$", r"\1l", printed.replace("lU", "IU")),
        re.sub(r"^9(?=/[dmuµ]?[Ll]$)", "g", re.sub(r"(?<=/)([dmuµ]?)[I1|]$", r"\1l", printed)),
        re.sub(r"(?<=10)[°%](?=/[Ll]$)", "⁹", printed),
    }
    known = {unit for unit in may_be if is_unit(unit)}
    return known.pop() if len(known) == 1 else None


def is_unit(printed: str) -> bool:
    return ucum_of(printed) is not None


def same_unit(one: str | None, other: str | None) -> bool:
    """Whether both print the same unit: ``10^9/L`` and ``x10*9/L``, ``µmol/L`` and ``umol/L``."""
    if one is None or other is None:
        return one is other
    plain = [re.sub(r"\s+", "", unit).translate(_LETTERS).lower() for unit in (one, other)]
    ours = ucum_of(one)
    return plain[0] == plain[1] or (ours is not None and ours == ucum_of(other))


def _counts(text: str) -> str | None:
    """Powers of ten per volume, in the many ways they are printed."""
    ten = _PREFIX_TEN.match(text)
    if ten:
        power, rest = int(ten.group(1)), text[ten.end() :]
    else:
        word = _LARGE.match(text)
        if word is None:
            return None
        power, rest = _TENS[word.group(1).lower().removesuffix("s")], text[word.end() :]
    if rest.strip() == "" and ten:
        return f"10*{power}"
    below = rest.strip().lstrip("/").strip()
    volume = _part(below)
    return f"10*{power}/{volume}" if volume in ("L", "mL", "uL", "dL", "nL", "mm3") and power in (3, 6, 9, 12) else None


def _composed(text: str) -> str | None:
    text = re.sub(r"\s*/\s*", "/", text)
    text = re.sub(r"\s+per\s+", "/", text, flags=re.IGNORECASE)
    text = re.sub(r"1\.73\s*m\s*\^?2|1\.73\s*sq\.?\s*m|1\.73\s*m\b", "1.73m2", text, flags=re.IGNORECASE)
    text = re.sub(r"/\(1\.73m2\)", "/1.73m2", text)
    first, *below = text.split("/")
    parts = [_part(first)] if first else []
    parts += [_part(part) for part in below]
    if not parts or any(part is None for part in parts) or len(parts) > 3:
        return None
    if len(parts) == 1 and parts[0] in ("uL", "dL"):
        # Results are never volumes as small; it is "U/L" with its stroke lost.
        return None
    if first == "" and parts[0] not in ("[HPF]", "[LPF]", "uL", "L", "mL", "mm3"):
        return None
    return ("/" if first == "" else "") + "/".join(part for part in parts if part is not None)


def _part(part: str) -> str | None:
    plain = part.strip().strip(".").lower().replace("^", "")
    if part.strip() == "M":
        return None
    hundred = re.fullmatch(r"(100|1000|10)\s*([a-z]+)", plain)
    if hundred:
        same = {"100ml": "dL", "1000ml": "L"}.get(hundred.group(1) + hundred.group(2))
        inner = _part(hundred.group(2))
        return same or (f"{hundred.group(1)}.{inner}" if inner else None)
    plain = _SPELT.get(plain, plain)
    return _UCUM.get(plain)
