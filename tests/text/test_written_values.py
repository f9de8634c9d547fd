"""Whatever is written in figures has the value that was said: numbers, doses, pressures, dates, levels."""

from __future__ import annotations

import datetime
import random
import re
from decimal import Decimal

import pytest
from text_to_num import text2num

from pipelines.text.written_forms import written_forms
from tests.support import spoken_numbers as spoken
from tests.support.rewritten import rewritten

UNITS = {
    "milligrams": "mg",
    "micrograms": "mcg",
    "millilitres": "mL",
    "units": "units",
    "milliequivalents": "mEq",
    "micrograms per kilogram per minute": "mcg/kg/min",
}


def written(text: str) -> str:
    return rewritten(text, written_forms(text))


def value(figures: str) -> Decimal:
    digits, _, scale = figures.partition(" ")
    return Decimal(digits.replace(",", "")) * (1_000_000 if scale else 1)


def test_whole_numbers_keep_their_value() -> None:
    source = random.Random(4)
    numbers = [*range(2, 1200), *(source.randrange(1200, 1_000_000) for _ in range(4000))]
    for number in numbers:
        said = spoken.any_cardinal(number, source)
        found = re.fullmatch(r"there were ([\d,]+) cells", written(f"there were {said} cells"))
        assert found, said
        assert value(found[1]) == number, said


def test_an_independent_reader_agrees() -> None:
    source = random.Random(5)
    for _ in range(3000):
        said = spoken.cardinal(source.randrange(2, 1_000_000), british=source.random() < 0.5)
        assert value(written(f"count {said}").removeprefix("count ")) == text2num(said, "en")


@pytest.mark.parametrize(("said", "unit"), UNITS.items())
def test_doses_keep_their_value_and_their_safe_form(said: str, unit: str) -> None:
    source = random.Random(6)
    for _ in range(1500):
        places = source.randrange(4)
        whole = source.choice([0, source.randrange(1, 100), source.randrange(100, 200_000)])
        digits = "".join(source.choice("0123456789") for _ in range(places))
        if whole == 0 and not digits.strip("0"):
            continue
        number = Decimal(f"{whole}.{digits}" if digits else str(whole))
        start = source.choice(["zero ", "", "oh "]) if whole == 0 else spoken.any_cardinal(whole, source) + " "
        words = f"{start}{spoken.decimals(digits, source) if digits else ''}".strip()
        text = written(f"give {words} {said} now")
        found = re.fullmatch(rf"give (\S+) {re.escape(unit)} now", text)
        assert found, (words, text)
        assert value(found[1]) == number, words
        assert not found[1].startswith(".")
        assert "." not in found[1] or not found[1].endswith("0")
        assert ("," in found[1]) == (number >= 1000)


def test_laboratory_values_keep_their_zeros() -> None:
    source = random.Random(7)
    for _ in range(500):
        whole, digit = source.randrange(1, 300), source.randrange(10)
        words = f"{spoken.any_cardinal(whole, source)} {spoken.decimals(str(digit), source)}"
        assert written(f"potassium {words} millimoles per litre") == f"potassium {whole}.{digit} mmol/L"


def test_blood_pressures_keep_their_values() -> None:
    source = random.Random(8)
    for _ in range(4000):
        upper = source.randrange(60, 281)
        lower = source.randrange(30, min(upper, 160))
        text = f"pressure {spoken.pressure(upper, source)} over {spoken.pressure(lower, source)} today"
        assert written(text) == f"pressure {upper}/{lower} today", text


def test_dates_keep_their_values() -> None:
    source = random.Random(9)
    first = datetime.date(1900, 1, 1).toordinal()
    last = datetime.date(2099, 12, 31).toordinal()
    for _ in range(4000):
        date = datetime.date.fromordinal(source.randint(first, last))
        month, day = spoken.MONTHS[date.month - 1], spoken.ordinal(date.day, source.choice(" -"))
        year = spoken.year(date.year, source)
        month_first = f"seen on {month} {source.choice(['', 'the '])}{day}{source.choice(['', ','])} {year}."
        assert written(month_first) == f"seen on {month.capitalize()} {date.day}, {date.year}.", month_first
        day_first = f"seen on the {day} of {month} {year}."
        assert written(day_first) == f"seen on {date.day} {month.capitalize()} {date.year}.", day_first


def test_every_year_alone() -> None:
    source = random.Random(10)
    for number in range(1900, 2100):
        for _ in range(3):
            said = spoken.year(number, source)
            text = written(f"operated in {said}.")
            assert text == f"operated in {number}.", said


def test_levels_name_the_bones_that_were_said() -> None:
    spine = [("c", n) for n in range(1, 8)] + [("t", n) for n in range(1, 13)] + [("l", n) for n in range(1, 6)]
    for (one, first), (other, second) in zip(spine, [*spine[1:], ("s", 1)], strict=True):
        pair = f"{one.upper()}{first}-{other.upper()}{second}"
        assert (
            written(f"disc at {one} {spoken.ONES[first]} {other} {spoken.ONES[second]} today")
            == f"disc at {pair} today"
        )
        assert written(f"disc at {one.upper()}{first} {other.upper()}{second} today") == f"disc at {pair} today"
        alone = written(f"fracture of the {one} {spoken.ONES[first]} vertebra")
        assert alone == f"fracture of the {one.upper()}{first} vertebra"
        if one == other:
            assert written(f"the {one} {spoken.ONES[first]} {spoken.ONES[second]} disc") == f"the {pair} disc"


def test_times_of_day() -> None:
    source = random.Random(11)
    for hour in range(1, 13):
        for minute in (0, 5, 10, 15, 25, 30, 45, 59):
            said = spoken.ONES[hour]
            if minute:
                said += f" oh {spoken.ONES[minute]}" if minute < 10 else f" {spoken.below_hundred(minute)}"
            half = source.choice("ap")
            time = f"{hour}:{minute:02}" if minute else str(hour)
            assert written(f"seen at {said} {half} m today") == f"seen at {time} {half}m today"


@pytest.mark.parametrize(
    "text",
    [
        # One number or two: nobody can tell, so the words stay.
        "losartan hydrochlorothiazide fifty twelve point five milligrams",
        "amlodipine olmesartan five twenty milligrams",
        "carbidopa levodopa twenty five one hundred milligrams",
        "budesonide formoterol one sixty four point five micrograms",
        "oxycodone five three twenty five",
        "dispense thirty five milligram tablets",
        "take two fifty milligram tablets",
        "one to two hundred milligrams",
        "five to ten thousand units",
        "three to four hundreds",
        "one two three",
        "two three weeks",
        "five hundred six hundred",
        "twenty twenty",
    ],
)
def test_what_can_be_read_in_two_ways_is_left(text: str) -> None:
    assert written(text) == text


@pytest.mark.parametrize(("seed", "texts"), [(12, 2_000), pytest.param(13, 20_000, marks=pytest.mark.long)])
def test_word_salad_settles_at_once_and_keeps_its_figures(seed: int, texts: int) -> None:
    """Written once, nothing is left to write; and no figure is lost."""
    source = random.Random(seed)
    words = (
        *spoken.ONES,
        *spoken.TENS[2:],
        *spoken.ORDINALS[1:6],
        *(
            "hundred",
            "thousand",
            "million",
            "point",
            "and",
            "a",
            "half",
            "oh",
            "over",
            "to",
            "by",
            "of",
            "the",
            "in",
            "at",
        ),
        *("milligrams", "units", "percent", "centimetres", "milligram", "tablets", "year", "old", "week", "history"),
        *(
            "t",
            "n",
            "m",
            "l",
            "c",
            "s",
            "q",
            "p",
            "b",
            "d",
            "hours",
            "stage",
            "grade",
            "type",
            "times",
            "plus",
            "minus",
        ),
        *(
            "march",
            "may",
            "june",
            "slash",
            "out",
            "five",
            "ten",
            "12",
            "0.5",
            "120",
            ".5",
            "3.0",
            "7",
            ",",
            ".",
            "-",
            "x",
        ),
    )
    for _ in range(texts):
        said = source.choices(words, k=source.randrange(1, 12))
        text = " ".join(said).replace(" ,", ",").replace(" .", source.choice([".", " ."])).replace(" - ", "-")
        once = written(text)
        assert written(once) == once, text
        for rewrite in written_forms(text):
            before = text[rewrite.start : rewrite.end]
            assert before != rewrite.text
            # Figures that stood there already are still there.
            for figure in re.findall(r"[1-9]\d*", before):
                assert figure.rstrip("0") in rewrite.text.replace(",", ""), (before, rewrite.text)
