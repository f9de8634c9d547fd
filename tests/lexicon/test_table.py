"""CSV in and out: what spreadsheets write is read, what is written is read back the same, nothing hostile gets in."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assistant.lexicon.entries import LONGEST_PHRASE, own_entry
from assistant.lexicon.table import MOST_ROWS, read_table, write_table
from pipelines.errors import BadInput
from pipelines.text.lexicon import CATEGORIES, Entry

ZYGON = own_entry("Zygon, large", ["sigh gone", "zee gone"], "device", 'the "Zygon"')
SEMICOLONS = '"Zygon, large";"sigh gone; zee gone";device;"the ""Zygon"""'
TABS = 'Zygon, large\tsigh gone; zee gone\tdevice\t"the ""Zygon"""'


@pytest.mark.parametrize(
    "data",
    [
        b'phrase,sounds_like,category,replacement\r\n"Zygon, large",sigh gone;zee gone,device,"the ""Zygon"""\r\n',
        f"\ufeffphrase;sounds_like;category;replacement\n{SEMICOLONS}\n".encode(),
        f"sep=;\r\nphrase;sounds_like;category;replacement\r\n{SEMICOLONS}\r\n".encode(),
        f"phrase\tsounds_like\tcategory\treplacement\r\n{TABS}".encode("utf-16"),
        b"Replacement, category,sounds_like,PHRASE,,\n"
        b'"the ""Zygon""",Device, Sigh  Gone ;zee gone;,"Zygon,  large",,\n,,,,,\n',
    ],
)
def test_what_spreadsheets_write_is_read(data: bytes) -> None:
    assert read_table(data, "own.csv") == [ZYGON]


def test_phrase_alone_is_enough() -> None:
    assert read_table(b"phrase\nZygon\n\nother\n", "own.csv") == [own_entry("Zygon"), own_entry("other")]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "has the columns none; name them phrase, sounds_like, category, replacement"),
        (b"word,meaning\na,b\n", "has the columns word, meaning; name them phrase"),
        (b"phrase,phrase\na,b\n", "has the columns phrase, phrase"),
        (b"phrase,colour\na,b\n", "has the columns phrase, colour"),
        (b"\x1b[31mphrase\x1b[0m\na\n", "has the columns ?"),
        (b"phrase\n", "holds no entries"),
        (b"phrase\na,b\n", "line 2: has more cells than columns"),
        (b"phrase\nx\n\xff\xfe\n", "is not UTF-8 text"),
        (b"\x89PNG\r\n\x1a\n", "is not UTF-8 text"),
        (b"phrase,category\nZygon,gadget\n", "line 2, the category: is not known"),
        (b"phrase,category\nok,\n,drug\n", "line 3, the phrase: holds no letter or digit"),
        (b"phrase\n...\n", "holds no letter or digit"),
        (b'phrase\n"two\nlines"\n', "holds control or invisible characters"),
        (b"phrase\n\x1b]0;owned\x07bad\n", "holds control or invisible characters"),
        (b"phrase\nnul\x00l\n", "control or invisible"),
        ("phrase\nabc\u202ecba\n".encode(), "holds control or invisible characters"),
        ("phrase\nzero\u200bwidth\n".encode(), "holds control or invisible characters"),
        (b"phrase\n" + b"x" * 10_000 + b"\n", f"is longer than {LONGEST_PHRASE} characters"),
        (b"phrase\n" + b"x" * 200_000 + b"\n", "is not a table"),
        (b"phrase,replacement\nfull stop,{period}\n", "holds a brace or bracket"),
        (b"phrase,replacement\nfindings,[FINDINGS]\n", "holds a brace or bracket"),
        (b"phrase,sounds_like\na," + b";".join(b"s%d" % i for i in range(21)) + b"\n", "has more than 20 sounds"),
        (b'phrase\n"never closed\n' + b"x\n" * 10, "control or invisible"),
    ],
)
def test_what_cannot_be_read_is_one_line_that_repeats_no_entry(data: bytes, problem: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_table(data, "own.csv")
    line = str(refused.value)
    assert problem in line
    assert line.startswith("own.csv")
    assert line.isprintable()
    assert len(line) < 200


def test_a_hundred_thousand_rows_are_refused_and_the_most_allowed_are_read() -> None:
    def table(rows: int) -> bytes:
        return b"phrase,sounds_like\r\n" + b"".join(b"term %d,sound of %d\r\n" % (i, i) for i in range(rows))

    with pytest.raises(BadInput, match="has more than 50,000 rows"):
        read_table(table(100_000), "own.csv")
    before = time.process_time()
    assert len(read_table(table(MOST_ROWS), "own.csv")) == MOST_ROWS
    assert time.process_time() - before < 30, "a minute of waiting would be a fault"


def test_a_spreadsheet_takes_nothing_for_a_formula() -> None:
    hostile = [own_entry('=cmd|"/C calc"!A0'), own_entry("+1 plus"), own_entry("-1 minus"), own_entry("@sum(1)")]
    hostile += [own_entry("a", ["=a1"], "term", "=HYPERLINK(1)"), own_entry("'quoted"), own_entry("'=both")]
    data = write_table(hostile)
    for line in data.decode("utf-8-sig").splitlines()[1:]:
        assert not any(cell.strip('"').startswith(("=", "+", "-", "@")) for cell in line.split(","))
    assert read_table(data, "own.csv") == hostile


def test_what_is_written_opens_in_excel() -> None:
    data = write_table([ZYGON])
    assert data.startswith(b"\xef\xbb\xbfphrase,sounds_like,category,replacement\r\n")
    assert data.endswith(b"\r\n")


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"]), max_size=20)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    try:
        return own_entry(
            draw(TEXT), draw(st.lists(TEXT, max_size=3)), draw(st.sampled_from(CATEGORIES)), draw(st.none() | TEXT)
        )
    except BadInput:
        assume(False)
        raise


@given(st.lists(entries(), min_size=1, max_size=5))
def test_a_round_trip_gives_the_same_entries(given_entries: list[Entry]) -> None:
    assert read_table(write_table(given_entries), "own.csv") == given_entries


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_one_line(data: bytes) -> None:
    for made in (data, b"phrase,replacement\n" + data):
        refused = ""
        try:
            assert read_table(made, "own.csv")
        except BadInput as problem:
            refused = str(problem)
        assert not refused or refused.isprintable()
