"""A model's answer as single sentences."""

from __future__ import annotations

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text.answers import Piece, statements_of

REPORT = """\
## Report

**Findings:**
*   **Lungs:** Clear. No *focal* consolidation.
*   Heart normal, `5.5 cm`.
    No effusion.

**Impression:** No acute **disease.** Seen by Dr. Marsh.
"""


def said(answer: str) -> list[tuple[str | None, str]]:
    return [(piece.section, piece.text) for piece in statements_of(answer)]


def texts(answer: str) -> list[str]:
    return [piece.text for piece in statements_of(answer)]


def letters(text: str | None) -> str:
    return "".join(character for character in text or "" if character.isalnum())


def test_an_answer_in_markdown_becomes_sentences_under_their_headings() -> None:
    assert said(REPORT) == [
        ("Report / Findings", "Lungs: Clear."),
        ("Report / Findings", "No focal consolidation."),
        ("Report / Findings", "Heart normal, 5.5 cm."),
        ("Report / Findings", "No effusion."),
        ("Report / Impression", "No acute disease."),
        ("Report / Impression", "Seen by Dr. Marsh."),
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("# Findings\nClear.", [("Findings", "Clear.")]),
        ("### Findings: ###\nClear.", [("Findings", "Clear.")]),
        ("**Findings:**\nClear.\nNormal.", [("Findings", "Clear."), ("Findings", "Normal.")]),
        ("**Findings**:\nClear.", [("Findings", "Clear.")]),
        ("__Findings:__\n\nClear.", [("Findings", "Clear.")]),
        ("Findings:\nClear.\nImpression:\nNone.", [("Findings", "Clear."), ("Impression", "None.")]),
        ("**Impression:** No acute disease.", [("Impression", "No acute disease.")]),
        ("**Impression**: No acute disease.", [("Impression", "No acute disease.")]),
        ("**A:** One.\n**B:** Two.\nThree.", [("A", "One."), ("B", "Two."), ("B", "Three.")]),
        ("# A\nOne.\n## B\nTwo.\n# C\nThree.", [("A", "One."), ("A / B", "Two."), ("C", "Three.")]),
        ("Clear.\n# Empty\n# Full\nText.", [(None, "Clear."), (None, "Empty"), ("Full", "Text.")]),
        ("# Only this", [(None, "Only this")]),
        ("# The lungs are clear.\nYes.", [(None, "The lungs are clear."), (None, "Yes.")]),
        ("#left", [(None, "#left")]),
        ("**Pneumothorax**", [(None, "Pneumothorax")]),
        ("**500 mg**\n\nWith food.", [(None, "500 mg"), (None, "With food.")]),
        ("**Yes.** It is seen.", [(None, "Yes."), (None, "It is seen.")]),
        ("**No fracture. No effusion.**", [(None, "No fracture."), (None, "No effusion.")]),
        ("The likely causes here are:\n- gout", [(None, "The likely causes here are:"), (None, "gout")]),
        ("Pressure: 120/80 mmHg.", [(None, "Pressure: 120/80 mmHg.")]),
        ("", []),
        (" \n\n---\n***\n", []),
    ],
)
def test_headings_become_sections_and_what_may_be_the_answer_does_not(
    answer: str, expected: list[tuple[str | None, str]]
) -> None:
    assert said(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("* one\n- two\n• three\n– four", ["one", "two", "three", "four"]),
        ("1. One. Two.\n2. Three.", ["One.", "Two.", "Three."]),
        ("1) one\n   1) inner\n   2) inner too\n2) two", ["one", "inner", "inner too", "two"]),
        ("3. grade of injury", ["3. grade of injury"]),
        ("1. **Gout:** Likely. Treat.", ["Gout: Likely.", "Treat."]),
        ("* a mass in the\n  left lobe", ["a mass in the left lobe"]),
        ("-5 mmol/L", ["-5 mmol/L"]),
        ("> 5 mm is large", ["> 5 mm is large"]),
        ("+ murmur", ["+ murmur"]),
        ("1.5 cm", ["1.5 cm"]),
        ("-\n*\n", []),
    ],
)
def test_marks_of_lists_go_and_numbers_that_mean_something_stay(answer: str, expected: list[str]) -> None:
    assert texts(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("a **b** c *d* e _f_ g `h` i __j__ k ***l***", "a b c d e f g h i j k l"),
        ("**(bold)**, *it*: `x`", "(bold), it: x"),
        ("***a* b** c", "***a* b** c"),
        ("**a *b***", "a b"),
        ("HLA-B*27 and HLA-B*57", "HLA-B*27 and HLA-B*57"),
        ("CYP2C19*2 or *1/*17 carrier", "CYP2C19*2 or *1/*17 carrier"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("p < 0.05* and p < 0.01**", "p < 0.05* and p < 0.01**"),
        ("the snake_case_name", "the snake_case_name"),
        ("name: ____ and ____", "name: ____ and ____"),
        (r"\*not so\*", r"\*not so\*"),
    ],
)
def test_marks_of_emphasis_go_in_pairs_only(answer: str, expected: str) -> None:
    assert texts(answer) == [expected]


def test_a_table_is_its_rows() -> None:
    assert texts("Seen:\n| Test | **Value** |\n|:---|---:|\n| K. Na. | 4 |\nDone.") == [
        "| Test | Value |",
        "| K. Na. | 4 |",
        "Done.",
    ]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Here.\n```json\n{}\n# a. b\n```\nDone.", ["Here.", "```json\n{}\n# a. b\n```", "Done."]),
        ("~~~\na. b.\n~~~~", ["~~~\na. b.\n~~~~"]),
        ("````\n```\na\n````\nb", ["````\n```\na\n````", "b"]),
        ("  ```\n  never closed. No.\n\n", ["```\n  never closed. No."]),
        ("```inline``` code", ["inline code"]),
    ],
)
def test_code_is_kept_as_it_is(answer: str, expected: list[str]) -> None:
    assert texts(answer) == expected


def test_a_piece_knows_where_it_stands() -> None:
    answer = "**Impression:** No **acute** disease. Rest.\r\n* More."
    pieces = statements_of(answer)
    assert [answer[piece.start : piece.end] for piece in pieces] == ["No **acute** disease.", "Rest.", "More."]
    assert pieces[0] == Piece("No acute disease.", "Impression", 16, 37)


HEADED = ["#", "##", "######", "**", "__", "***", ":", ":**"]
MARKS = [*HEADED, "*", "_", "`", "```", "~~~", "-", "1.", "2.", "3)", "|", "|---|", "---", ">", ".", "?", "\\"]
WORDS = ["Findings", "Impression:", "word", "two words", "Left", "é", "5", "0.5 mm", "Dr.", "No"]
SPACES = [" ", "  ", "\t", "\n", "\n\n", "\n", "\r\n", "\u00a0", "\u2028"]
ANSWERS = st.lists(st.sampled_from([*MARKS, *WORDS, *SPACES, *SPACES]), max_size=40).map("".join)


@given(ANSWERS | st.text(max_size=80))
def test_every_word_of_any_answer_is_in_a_piece_or_in_the_section_after_it(answer: str) -> None:
    pieces = statements_of(answer)
    at = 0
    for piece in pieces:
        assert at <= piece.start < piece.end
        assert piece.text.strip() == piece.text != ""
        assert letters(piece.text) == letters(answer[piece.start : piece.end])
        heading = letters(re.sub(r"(?m)^\s*\d{1,2}[.)](?=\s)", "", "\n" + answer[at : piece.start]))
        assert letters(piece.section).endswith(heading)
        at = piece.end
    assert letters(re.sub(r"(?m)^\s*\d{1,2}[.)](?=\s|$)", "", answer[at:])) == ""


BLOCKS = st.lists(
    st.tuples(
        st.sampled_from(["# {}\n", "**{}:**\n", "**{}:** ", "## {}\n\n", "{}:\n"]),
        st.sampled_from(["Findings", "Impression", "Next steps"]),
        st.lists(
            st.tuples(
                st.sampled_from(["{}\n", "* {}\n", "- **{}**\n", "*{}*\n\n"]),
                st.sampled_from(["The lungs are clear.", "No 5.5 cm mass is seen.", "Is it? ", "Take 400 mg t.i.d."]),
            ),
            min_size=1,
            max_size=4,
        ),
    ),
    max_size=4,
)


@given(BLOCKS)
def test_a_written_answer_is_read_back(blocks: list[tuple[str, str, list[tuple[str, str]]]]) -> None:
    answer, expected = "", []
    for layout, heading, sentences in blocks:
        first = "\n" if layout.endswith(" ") and sentences[0][0][0] in "*-" else ""
        answer += "\n\n" + layout.format(heading) + first
        for mark, sentence in sentences:
            answer += mark.format(sentence.strip())
            expected.append((heading, sentence.strip()))
    assert [((section or "").split(" / ")[-1], text) for section, text in said(answer)] == expected
    assert all(before.end <= after.start for before, after in pairwise(statements_of(answer)))


@pytest.mark.parametrize(
    "line",
    ["**a ", "*a ", "`", "# a\n", "**a:** b\n", "- a\n", "```\n", "| a\n", "_ ", "1. a\n", "a:\n", "# " + " #" * 9],
)
def test_a_long_answer_takes_time_in_proportion(line: str) -> None:
    def spent(times: int) -> float:
        began = time.perf_counter()
        statements_of(line * times)
        return time.perf_counter() - began

    short = min(spent(1_000) for _ in range(3))
    assert min(spent(8_000) for _ in range(2)) < 8 * 4 * short + 0.05
