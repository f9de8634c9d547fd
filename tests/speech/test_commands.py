"""Every rule of the spoken commands, by its name, on text worked out by hand."""

from __future__ import annotations

import pytest

from pipelines.speech.commands import format_commands

COMMAND, HEADING = "unknown-command", "unknown-heading"


def written(raw: str) -> str:
    return format_commands(raw).text


def flags(raw: str) -> list[tuple[str, str]]:
    return [(flag.kind, flag.text) for flag in format_commands(raw).flags]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # T1
        ("no</s>effusion </s>", "No effusion"),
        ("a</s></s>b", "A b"),
        ("clear {period</s>} the", "Clear. The"),
        ("clear { period } the", "Clear. The"),
        ("clear {\n period\t} the", "Clear. The"),
        ("[ FINDINGS ] clear", "FINDINGS:\nClear"),
        ("heart \t size\n\nnormal\r\n", "Heart size normal"),
        ("clear {period} } the", "Clear. The"),
        ("clear { {period} the", "Clear. The"),
        # T2: groups are tokens of their own
        ("clear{period}The", "Clear. The"),
        ("clear{period}the", "Clear. The"),
        ("a{comma}{comma}b", "A, b"),
        ("lungs[FINDINGS]clear", "Lungs\n\nFINDINGS:\nClear"),
        ("{per}iod}", "."),
        ("clear {per}iod} the", "Clear. The"),
        # T2: a brace group of more than two words that is no command is no group
        ("{new line inserted}", "Inserted}"),
        ("clear {period the lungs}", "Clear. The lungs}"),
        ("a {perio d x} y", "A. X} y"),
        ("{ques tion mark}", "?"),
        # a digit rules out commands and headings
        ("clear {period2} the", "Clear {period2} the"),
        ("clear {2} {comma 1}", "Clear {2} {comma 1}"),
        ("clear {next 2 line} x", "Clear {next 2\nx"),
        ("[PLAN2] rest", "[PLAN2] rest"),
        ("clear period2} x", "Clear period2} x"),
    ],
)
def test_tokens(raw: str, text: str) -> None:
    assert written(raw) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("period", "a. B"),
        ("comma", "a, b"),
        ("colon", "a: b"),
        ("semicolon", "a; b"),
        ("question mark", "a? B"),
        ("exclamation point", "a! B"),
        ("slash", "a/b"),
        ("hyphen", "a-b"),
        ("open quote", 'a "b'),
        ("close quote", 'a" b'),
        ("open parenthesis", "a (b"),
        ("close parenthesis", "a) b"),
        ("new line", "a\nb"),
        ("next line", "a\nb"),
        ("newline", "a\nb"),
        ("new paragraph", "a\n\nB"),
        ("next paragraph", "a\n\nB"),
    ],
)
@pytest.mark.parametrize("form", ["{%s}", "{{%s}}", "{ %s }", "{%s", "%s}", "{-%s.}"])
def test_every_command_in_every_form(name: str, text: str, form: str) -> None:
    for spoken in (name, name.upper(), name.title()):
        result = format_commands(f"1 a {form % spoken} b")
        assert result.text == f"1 {text}"
        assert result.flags == ()


@pytest.mark.parametrize(
    "name",
    ["EXAM TYPE", "INDICATION", "PROCEDURE", "TECHNIQUE", "COMPARISON", "FINDINGS", "IMPRESSION", "PLAN"],
)
@pytest.mark.parametrize("form", ["[%s]", "[%s", "%s]", "[ %s ]"])
def test_every_heading_in_every_form(name: str, form: str) -> None:
    for spoken in (name, name.lower(), name.title()):
        result = format_commands(f"x {form % spoken} clear")
        assert result.text == f"X\n\n{name}:\nClear"
        assert result.flags == ()


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # C1
        ("a {perio d} b", "A. B"),
        ("a {New Line} b", "A\nb"),
        ("a {{period}} b", "A. B"),
        ("[FIND INGS] b", "FINDINGS:\nB"),
        # C2
        ("a {next} line} b", "A\nb"),
        ("a {next line b", "A\nb"),
        ("a period} b", "A. B"),
        ("a {next} para}graph} b", "A\n\nB"),
        ("a {question} {mark} b", "A? B"),
        ("a {open} paren}the}sis b", "A (b"),
        ("a new line} b", "A\nb"),
        ("a {colon b", "A: b"),
        ("a colon} b", "A: b"),
        ("[EXAM] [TYPE] b", "EXAM TYPE:\nB"),
        ("[EXAM TYPE b", "EXAM TYPE:\nB"),
        ("[FINDINGS b", "FINDINGS:\nB"),
        ("IMPRESSION] b", "IMPRESSION:\nB"),
        # C2 does not cross what is a command by itself, nor what has no letter
        ("sigmoid colon {period} b", "Sigmoid colon. B"),
        ("a semi {colon} b", "A semi: b"),
        ("a {next {comma} line} b", "A {next,\nb"),
        ("sigmoid colon {} b", "Sigmoid colon {} b"),
        ("period {42} b", "Period {42} b"),
        # C2 at most four tokens
        ("a {n e w l ine b", "A {n e w l ine b"),
        # C3
        ("a {peroid} b", "A. B"),
        ("a {perid} b", "A. B"),
        ("a {periods} b", "A. B"),
        ("a {perjod} b", "A. B"),
        ("a {nexline} b", "A\nb"),
        ("a {new pargraph} b", "A\n\nB"),
        ("a {hypehn} b", "A-b"),
        ("a {semi-colon s} b", "A; b"),
        # C4
        ("a {new paragr b", "A\n\nB"),
        ("a {new paragr line", "A\n\nLine"),
        ("a {peri b", "A. B"),
        ("a {next l b", "A\nb"),
        ("a {open q b", 'A "b'),
        ("a {ques tion b", "A? B"),
        ("a {comm b", "A, b"),
        ("a {semic b", "A; b"),
        ("a {next par agr", "A\n\nAgr"),
        # C5
        ("a xt line} b", "A\nb"),
        ("a line} b", "A\nb"),
        ("a eriod} b", "A. B"),
        ("a stion mark} b", "A? B"),
        ("a xt para graph} b", "A\n\nB"),
        ("a emicolon} b", "A; b"),
    ],
)
def test_repairs(raw: str, text: str) -> None:
    result = format_commands(raw)
    assert result.text == text
    assert all("{" in flag.text or "}" in flag.text for flag in result.flags)
    assert ("{" in text or "}" in text) == bool(result.flags)


@pytest.mark.parametrize(
    "token",
    [
        "{coma}",  # C3: comma has five letters
        "{colons}",
        "{preiodd}",  # C3: two edits
        "{point}",  # C4 and C5 leave complete groups alone
        "{mark}",
        "{line}",
        "{new}",
        "{new paragr}",
        "{next",  # C6: two meanings
        "{open",
        "{nextp",
        "quote}",
        "olon}",
        "thesis}",
        "iod}",  # C6: under four letters
        "{per",
        "mark}",  # C6: under half
        "graph}",
        "{ques",
        "{close p",
        "{new-l",  # C4: only letters and spaces
        "new-li}",
        "{{peri",  # C4: one brace only
        "eriod}}",
        "{}",
        "{FINDINGS}",  # C1: a heading needs brackets
        "{foo bar}",
        "{42}",
        "{é}",
    ],
)
def test_what_is_not_repaired_stays_and_is_flagged(token: str) -> None:
    result = format_commands(f"5 {token} 5")
    assert result.text == f"5 {token} 5"
    assert " ".join(flag.text for flag in result.flags).split()[0] == token.split(maxsplit=1)[0]
    assert {flag.kind for flag in result.flags} == {COMMAND}


def test_shortest_tail_swallows_no_word() -> None:
    # "{new parag" is enough; "rap" would fit as well and stays.
    assert written("a {new parag rap b") == "A\n\nRap b"


def test_lone_braces_cling_to_their_neighbours() -> None:
    assert written("a { 5 } b }") == "A {5} b}"
    assert flags("a { 5 } b } {") == [(COMMAND, "{5}"), (COMMAND, "b}"), (COMMAND, "{")]


def test_longest_name_wins_over_a_shorter_repair() -> None:
    assert written("a {new line b") == "A\nb"
    assert written("a {newl ine b") == "A\nb"


def test_text_without_braces_is_never_a_command() -> None:
    for raw in ("Sigmoid colon", "The period of observation", "New line inserted", "Plan FINDINGS comma"):
        assert format_commands(raw).text == raw
        assert format_commands(raw).flags == ()


def test_flags() -> None:
    assert flags("{next a [CHEST XRAY] b {bold} [FINDINGS] [3] [a1] {period}") == [
        (COMMAND, "{next"),
        (HEADING, "[CHEST XRAY]"),
        (COMMAND, "{bold}"),
        (HEADING, "[a1]"),
    ]
    assert flags("[period]") == [(HEADING, "[period]")]
    assert flags("{foo \n bar }") == [(COMMAND, "{foo bar}")]
    assert flags("{make this bold}") == [(COMMAND, "{make"), (COMMAND, "bold}")]
    assert flags("{foo} {foo}") == [(COMMAND, "{foo}")] * 2


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # O1
        ("x-ray today", "X-ray today"),
        ("pH 7.2", "pH 7.2"),
        ("eGFR low", "eGFR low"),
        ("a {period} hCG b {period} p16 c", "A. hCG b. p16 c"),
        ("{bold} text {period} 3 days", "{bold} text. 3 days"),
        ("(the) text", "(the) text"),
        ("the the uh lungs", "The the uh lungs"),
        ("élan", "Élan"),
        # O2
        ("a {comma} b {colon} c {semicolon} d", "A, b: c; d"),
        ("a {period} {period} b", "A. B"),
        ("50 mg t.d.s. {period} review", "50 mg t.d.s. Review"),
        ("what {question mark} {exclamation point} b", "What?! B"),
        ("a. b", "A. b"),
        ("really? {comma} b", "Really?, b"),
        ("3 {period} 2 prior", "3. 2 prior"),
        ("a {new line} {period} b", "A\n. B"),
        ("{period} a", ". A"),
        ("a, {comma} b", "A, b"),
        # O3
        ("and {slash} or", "And/or"),
        ("and {slash} {slash} or", "And/or"),
        ("x {hyphen} ray", "X-ray"),
        ("x- {hyphen} ray", "X-ray"),
        ("a {slash} {hyphen} b", "A/-b"),
        ("a {slash} {comma} b", "A/, b"),
        ("a {new line} {hyphen} b {new line} {hyphen} c", "A\n- b\n- c"),
        ("{hyphen} a", "- A"),
        ("[PLAN] {hyphen} rest {new paragraph} {hyphen} fluids", "PLAN:\n- Rest\n\n- Fluids"),
        ("a {new line} {hyphen} {hyphen} b", "A\n- b"),
        ("a {slash} {new line} {hyphen} b", "A/\n- b"),
        ("a {new line} {hyphen} {open quote} b", 'A\n- "b'),
        ("a {new line} {hyphen} {new line} b", "A\n-\nb"),
        # O4
        ("a {open quote} b {close quote} {period} c", 'A "b". C'),
        ("{open quote} b {close quote} c", '"B" c'),
        ("a {open parenthesis} b {close parenthesis} c", "A (b) c"),
        ("a {period} {open parenthesis} b {close parenthesis}", "A. (B)"),
        ("a {open parenthesis} {open parenthesis} b", "A ((b"),
        ("a {slash} {open quote} b", 'A/"b'),
        ("a {new line} {open quote} b", 'A\n"b'),
        ("a {close quote} {close quote} b", 'A"" b'),
        # O5
        ("a {new line} {next line} b", "A\nb"),
        ("a {new line} {new paragraph} {newline} b", "A\n\nB"),
        ("a {new paragraph} {next paragraph} b", "A\n\nB"),
        ("a {period} {new line} b", "A.\nB"),
        ("a {slash} {new line} b", "A/\nb"),
        # O6
        ("[FINDINGS] {colon} {new line} {new paragraph} heart", "FINDINGS:\nHeart"),
        ("[FINDINGS]: heart", "FINDINGS:\nHeart"),
        ("[FINDINGS]:heart", "FINDINGS:\nHeart"),
        ("[FINDINGS] : : heart {colon} big", "FINDINGS:\nHeart: big"),
        ("a {period} {new line} [IMPRESSION] b", "A.\n\nIMPRESSION:\nB"),
        ("[FINDINGS] [IMPRESSION] b", "FINDINGS:\n\nIMPRESSION:\nB"),
        ("{new paragraph} [PLAN] b", "PLAN:\nB"),
        ("[PLAN] 3 days {new line} c", "PLAN:\n3 days\nc"),
        # O7
        ("", ""),
        ("  \n </s> ", ""),
        ("{new paragraph} a {new line}", "A"),
        ("{new line}", ""),
        ("a [FINDINGS]", "A\n\nFINDINGS:"),
    ],
)
def test_output(raw: str, text: str) -> None:
    assert written(raw) == text


def test_spans_lead_back_to_the_tokens() -> None:
    raw = "[FINDINGS]: lungs  clear{per}iod} {next} line} {new line heart { foo  bar }</s>"
    result = format_commands(raw)
    assert result.text == "FINDINGS:\nLungs clear.\nHeart {foo bar}"
    assert [(result.text[s.start : s.end], raw[s.raw_start : s.raw_end]) for s in result.spans] == [
        ("FINDINGS:", "[FINDINGS]"),
        ("Lungs", "lungs"),
        ("clear", "clear"),
        (".", "{per}iod}"),
        ("\n", "{next} line} {new line"),
        ("Heart", "heart"),
        ("{foo bar}", "{ foo  bar }"),
    ]


def test_a_colon_taken_from_a_word_is_not_in_its_span() -> None:
    result = format_commands("[PLAN]:rest")
    assert result.spans[-1].raw_start == len("[PLAN]:")
