"""Numbers as they are said: "one hundred and twenty", "twelve point five", "two and a half", "one oh five".

A number is read only where there is one way to read it; its digits then have exactly the value that was said.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from pipelines.text.tokens import Tokens

ONES: Final = {
    word: n for n, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), start=1)
}
TEENS: Final = {
    word: n
    for n, word in enumerate(
        (
            *("ten", "eleven", "twelve", "thirteen", "fourteen"),
            *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
        ),
        start=10,
    )
}
TENS: Final = {
    word: 10 * n
    for n, word in enumerate(("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"), start=2)
} | {"fourty": 40}
#: Naught as a digit among others; "o" and "oh" are nothing by themselves.
NAUGHTS: Final = frozenset({"zero", "oh", "o", "nought", "naught"})
_SCALES: Final = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_MULTIPLIERS: Final = frozenset({"hundred", *_SCALES})
# "Two to three hundreds": no number by themselves, but a part of what is said.
_PLURALS: Final = frozenset({"hundreds", "thousands", "millions"})
_WORDS: Final = frozenset({*ONES, *TEENS, *TENS, *_MULTIPLIERS, *_PLURALS, *(NAUGHTS - {"o"})})
STARTS: Final = frozenset({*ONES, *TEENS, *TENS, "zero"})
_ORDINALS: Final = """
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth
    sixteenth seventeenth eighteenth nineteenth twentieth thirtieth fortieth fiftieth hundredth thousandth
"""
ORDINALS: Final = {word: n for n, word in enumerate(_ORDINALS.split()[:20], start=1)} | {"thirtieth": 30}
#: "Two thirds", "twenty second": what follows makes another number of it.
_FRACTIONS: Final = frozenset(
    {*_ORDINALS.split(), *(word + "s" for word in _ORDINALS.split() if word != "second")}
    | {"half", "halves", "quarter", "quarters"}
)
_RANGES: Final = frozenset({"to", "or", "and", "through", "till", "versus"})
_FIGURES: Final = frozenset("0123456789.")
#: Digits of a numeral; what is longer counts nothing.
_LONGEST: Final = 18


class Number(NamedTuple):
    """The tokens up to ``end`` (exclusive) are the number ``digits`` (no separators), times ``scale`` if any.

    ``cut``: without the word boundaries heard it could be two numbers ("thirty five" milligram tablets).
    ``pair``: its hundreds are not said ("one twenty"), which holds only where one number must stand.
    ``numeral``: it stands in digits already.
    """

    end: int
    digits: str
    scale: str = ""
    cut: bool = False
    pair: bool = False
    numeral: bool = False

    @property
    def value(self) -> Decimal:
        return Decimal(self.digits) * _SCALES.get(self.scale, 1)

    @property
    def whole(self) -> bool:
        return "." not in self.digits and not self.scale


def grouped(digits: str, least: int = 10_000) -> str:
    """The digits with commas between thousands, from ``least`` on."""
    whole, point, fraction = digits.partition(".")
    return f"{int(whole):,}{point}{fraction}" if whole.isdecimal() and int(whole) >= least else digits


def is_digits(word: str) -> bool:
    return word[:1] in _FIGURES and word.replace(",", "").replace(".", "", 1).isdecimal() and word.isascii()


def is_numeric(word: str) -> bool:
    """Whether the word could be a part of a number."""
    return word in _WORDS or is_digits(word)


def crowded(tokens: Tokens, start: int, end: int) -> bool:
    """Whether other numbers touch ``start`` to ``end``, so that nobody can say where one ends."""
    before, after = tokens.before(start), tokens.joined(end)
    if before == "and" and tokens[start - 2].key in _MULTIPLIERS:
        return True
    if before == "point" or is_numeric(before) or is_numeric(after) or after in _FRACTIONS:
        return True
    # "Five to ten thousand": whether five or five thousand, who knows.
    if tokens.key(end) in _RANGES and not _multiplied(tokens, start, end):
        second = read(tokens, end + 1)
        if second and (_multiplied(tokens, end + 1, second.end) or tokens.joined(second.end) in _PLURALS):
            return True
    if tokens.before(start) in _RANGES and _multiplied(tokens, start, end):
        first = start - 2
        key = tokens[first].key
        return tokens.joined(start - 1) != "" and is_numeric(key) and key not in _MULTIPLIERS
    return False


def _multiplied(tokens: Tokens, start: int, end: int) -> bool:
    return any(tokens[at].key in _MULTIPLIERS for at in range(start, end))


def read(tokens: Tokens, index: int) -> Number | None:
    """The number that is said from ``index`` on, as long as it goes."""
    key = tokens[index].key
    if key == "point" or (key in NAUGHTS and tokens.key(index + 1) == "point"):
        return _below_one(tokens, index)
    if is_digits(key):
        return _numeral(tokens, index)
    if key == "zero":
        return Number(index + 1, "0")
    whole = _cardinal(tokens, index)
    return _with_fraction(tokens, index, whole) if whole else None


def read_pair(tokens: Tokens, index: int) -> Number | None:
    """ "One twenty", "one twenty five", "one oh five": a number from 101 to 999 said without its hundred."""
    hundreds = ONES.get(tokens[index].key)
    if hundreds is None:
        return None
    if tokens.joined(index + 1) in ("oh", "o") and (ones := ONES.get(tokens.joined(index + 2))):
        found = Number(index + 3, str(100 * hundreds + ones), pair=True)
    else:
        rest = _below_hundred(tokens, index + 1)
        if tokens.joined(index + 1) == "" or rest is None or rest[0] < 10:
            return None
        found = Number(rest[1], str(100 * hundreds + rest[0]), pair=True)
    if tokens.key(found.end) == "point":
        fraction = _decimals(tokens, found.end + 1, small=False)
        return found._replace(end=fraction[1], digits=f"{found.digits}.{fraction[0]}") if fraction else None
    return None if tokens.joined(found.end) in _MULTIPLIERS else found


def digit(tokens: Tokens, index: int) -> str | None:
    """The one digit that the word at ``index`` says."""
    key = tokens[index].key
    if key in NAUGHTS:
        return "0"
    return str(ONES[key]) if key in ONES else None


def _numeral(tokens: Tokens, index: int) -> Number | None:
    digits = tokens[index].key.replace(",", "")
    if len(digits) > _LONGEST:
        return None
    if digits.startswith("."):
        return Number(index + 1, f"0{digits}")
    follows = tokens.key(index + 1)
    if follows in _MULTIPLIERS:
        if "." in digits:
            return Number(index + 2, digits, follows) if follows in ("million", "billion") else None
        whole = _cardinal(tokens, index)
        return _with_fraction(tokens, index, whole) if whole else None
    if "." not in digits and follows in ("point", "and"):
        found = _with_fraction(tokens, index, _Whole(int(digits), index + 1))
        if found and found.end > index + 1:
            return found._replace(digits=digits + found.digits[len(str(int(digits))) :])
    return Number(index + 1, digits, numeral=True)


class _Whole(NamedTuple):
    value: int
    end: int
    cut: bool = False


def _with_fraction(tokens: Tokens, index: int, whole: _Whole) -> Number | None:
    end = whole.end
    if tokens.key(end) == "point" and (fraction := _decimals(tokens, end + 1, small=False)):
        if tokens.before(index) == "at" and tokens[index].key == "one":
            # "At one point five patients": said of a moment.
            return None
        return _scaled(tokens, Number(fraction[1], f"{whole.value}.{fraction[0]}"))
    for words, digits in ((("and", "a", "half"), "5"), (("and", "a", "quarter"), "25")):
        if tokens.follows(end, words):
            return _scaled(tokens, Number(end + 3, f"{whole.value}.{digits}"))
    if tokens.follows(end, ("and", "three", "quarters")):
        return Number(end + 3, f"{whole.value}.75")
    if whole.value % 1_000_000 == 0 and whole.value:
        scale = tokens[end - 1].key
        if scale in ("million", "billion"):
            return Number(end, str(whole.value // _SCALES[scale]), scale)
    return Number(end, str(whole.value), cut=whole.cut)


def _scaled(tokens: Tokens, number: Number) -> Number | None:
    scale = tokens.key(number.end)
    if scale in ("million", "billion"):
        return number._replace(end=number.end + 1, scale=scale)
    return None if scale in _MULTIPLIERS else number


def _below_one(tokens: Tokens, index: int) -> Number | None:
    """ "Point five", "zero point two five"."""
    at = index if tokens[index].key == "point" else index + 1
    fraction = _decimals(tokens, at + 1, small=True)
    return Number(fraction[1], f"0.{fraction[0]}") if fraction else None


def _decimals(tokens: Tokens, index: int, *, small: bool) -> tuple[str, int] | None:
    """The digits said after "point", and where they end; None where they can be read in two ways."""
    digits, at = "", index
    while tokens.key(at) and (one := digit(tokens, at)) is not None:
        digits, at = digits + one, at + 1
    if not digits and is_digits(tokens.key(at)) and tokens[at].key.isdecimal():
        return tokens[at].key, at + 1
    rest = _below_hundred(tokens, at) if tokens.key(at) and (not digits or (small and digits == "1")) else None
    if rest and rest[0] >= 10:
        # "Point one twenty five" is an eighth; "five point two twenty" may be 5.2 and 20.
        digits, at = f"{digits}{rest[0]}", rest[1]
    if not digits or (is_numeric(tokens.joined(at)) and tokens.key(at) not in _SCALES):
        return None
    return digits, at


def _below_hundred(tokens: Tokens, index: int) -> tuple[int, int, bool] | None:
    """Value from 1 to 99, where it ends, and whether two separate words make it."""
    key = tokens[index].key
    if key in TENS:
        ones = ONES.get(tokens.joined(index + 1))
        if ones is None:
            return TENS[key], index + 1, False
        return TENS[key] + ones, index + 2, tokens[index + 1].glue == " "
    value = TEENS.get(key) or ONES.get(key)
    return (value, index + 1, False) if value else None


def _below_thousand(tokens: Tokens, index: int) -> _Whole | None:
    """A number up to 9,999 whose thousands, if any, are said in hundreds ("fifteen hundred")."""
    key = tokens[index].key
    if key == "a" and tokens.key(index + 1) in ("hundred", "thousand"):
        value, end, cut = 1, index + 1, False
    elif is_digits(key) and key.isdecimal() and len(key) <= 3:
        value, end, cut = int(key), index + 1, False
    elif small := _below_hundred(tokens, index):
        value, end, cut = small
    else:
        return None
    if tokens.joined(end) != "hundred" or value > 99:
        return _Whole(value, end, cut)
    value, end = 100 * value, end + 1
    at = end + 1 if tokens.key(end) == "and" else end
    rest = _below_hundred(tokens, at) if tokens.joined(at) else None
    if rest and tokens.joined(rest[1]) != "hundred":
        return _Whole(value + rest[0], rest[1], True)
    return _Whole(value, end)


def _cardinal(tokens: Tokens, index: int) -> _Whole | None:
    group = _below_thousand(tokens, index)
    if group is None:
        return None
    total, least = 0, 10**12
    while True:
        scale = _SCALES.get(tokens.joined(group.end), 1)
        if scale == 1 or scale >= least or group.value > 999:
            # "Two thousand three" and whatever follows that is no part of it.
            return _Whole(total + group.value, group.end, group.cut)
        total, least, end = total + group.value * scale, scale, group.end + 1
        at = end + 1 if tokens.key(end) == "and" else end
        following = _below_thousand(tokens, at) if tokens.joined(at) else None
        if following is None or following.value >= least or (at > end and following.value > 99):
            return _Whole(total, end)
        if _SCALES.get(tokens.joined(following.end), 1) >= least:
            return _Whole(total, end)
        group = following
