"""Numbers, dates and pressures in words, said in all the ways that people say them. The opposite of what is tested."""

from __future__ import annotations

import random

ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "- - twenty thirty forty fifty sixty seventy eighty ninety".split()
ORDINALS = (
    "- first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
MONTHS = "january february march april may june july august september october november december".split()


def below_hundred(number: int, hyphen: str = " ") -> str:
    if number < 20:
        return ONES[number]
    tens, ones = divmod(number, 10)
    return f"{TENS[tens]}{hyphen}{ONES[ones]}" if ones else TENS[tens]


def below_thousand(number: int, *, british: bool, hyphen: str = " ") -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds:
        return below_hundred(rest, hyphen)
    between = " and " if british else " "
    return f"{ONES[hundreds]} hundred" + (between + below_hundred(rest, hyphen) if rest else "")


def cardinal(number: int, *, british: bool = False, hyphen: str = " ") -> str:
    """A number below a million."""
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return below_thousand(rest, british=british, hyphen=hyphen)
    said = f"{below_thousand(thousands, british=british, hyphen=hyphen)} thousand"
    if not rest:
        return said
    between = " and " if british and rest < 100 else " "
    return said + between + below_thousand(rest, british=british, hyphen=hyphen)


def decimals(digits: str, source: random.Random) -> str:
    """What is said for the digits after the point."""
    if len(digits) == 2 and digits[0] != "0" and int(digits) > 9 and source.random() < 0.4:
        return "point " + below_hundred(int(digits))
    naught = source.choice(["zero", "oh"])
    return "point " + " ".join(naught if digit == "0" else ONES[int(digit)] for digit in digits)


def any_cardinal(number: int, source: random.Random) -> str:
    return cardinal(number, british=source.random() < 0.5, hyphen=source.choice(" -"))


def pressure(number: int, source: random.Random) -> str:
    """Of blood: from 20 to 299."""
    hundreds, rest = divmod(number, 100)
    if hundreds and rest >= 10 and source.random() < 0.5:
        return f"{ONES[hundreds]} {below_hundred(rest, source.choice(' -'))}"
    if hundreds and 0 < rest < 10 and source.random() < 0.5:
        return f"{ONES[hundreds]} oh {ONES[rest]}"
    return any_cardinal(number, source)


def ordinal(day: int, hyphen: str = " ") -> str:
    if day <= 20:
        return ORDINALS[day]
    if day == 30:
        return "thirtieth"
    return f"{TENS[day // 10]}{hyphen}{ORDINALS[day % 10]}"


def year(number: int, source: random.Random) -> str:
    """From 1900 to 2099."""
    century, rest = divmod(number, 100)
    first = "nineteen" if century == 19 else "twenty"
    ways = []
    if rest >= 10:
        ways.append(f"{first} {below_hundred(rest, source.choice(' -'))}")
    elif rest:
        ways.append(f"{first} oh {ONES[rest]}")
    if number == 1900:
        ways.append("nineteen hundred")
    if century == 20 and rest < 30:
        ways.append("two thousand" + (source.choice([" ", " and "]) + below_hundred(rest) if rest else ""))
    return source.choice(ways)
