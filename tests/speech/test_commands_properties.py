"""What holds for the formatter whatever the recogniser puts out."""

from __future__ import annotations

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.speech.commands import Formatted, format_commands

COMMANDS = (
    "{period}",
    "{comma}",
    "{question mark}",
    "{slash}",
    "{hyphen}",
    "{open quote}",
    "{close parenthesis}",
    "{new line}",
    "{next paragraph}",
    "{peroid}",
    "{next} line}",
    "period}",
    "{new paragr",
    "[FINDINGS]",
    "PLAN]",
)
SHARDS = (
    *COMMANDS,
    *("{", "}", "[", "]", " ", "\n", "</s>", "-", ".", ":", "2", "é", "ﬁ", "\u2003"),
    *("next", "line", "para", "graph", "peri", "od", "open", "quote", "colon", "FIND", "INGS", "{bold}", "[12]"),
)
HEADINGS = re.compile(r"(EXAM TYPE|INDICATION|PROCEDURE|TECHNIQUE|COMPARISON|FINDINGS|IMPRESSION|PLAN):")
plain_words = st.text(st.characters(exclude_categories=["Z", "C"], exclude_characters="{}[]<>:"), min_size=1)


def without_gaps(text: str) -> str:
    return "".join(text.replace("</s>", " ").split())


def check_spans(raw: str, result: Formatted) -> None:
    last = 0
    for span in result.spans:
        assert last <= span.start < span.end <= len(result.text)
        assert 0 <= span.raw_start < span.raw_end <= len(raw)
        # Nothing but spaces and the breaks around headings is without a source.
        assert result.text[last : span.start].strip() == ""
        last = span.end
        put, source = result.text[span.start : span.end], without_gaps(raw[span.raw_start : span.raw_end])
        if without_gaps(put) == source:
            continue
        if without_gaps(put)[1:] == source[1:]:
            assert put[0] == source[0].upper()
        elif HEADINGS.fullmatch(put):
            assert re.sub("[^a-z]", "", source.lower()) == re.sub("[^a-z]", "", put.lower())
            assert set(source) & set("[]")
        else:
            assert put in {".", ",", ":", ";", "?", "!", "/", "-", '"', "(", ")", "\n", "\n\n"}
            assert set(source) & set("{}")
    assert last == len(result.text)
    starts = [span.raw_start for span in result.spans]
    assert starts == sorted(starts)


@given(st.text())
def test_any_text_is_written_with_its_sources(raw: str) -> None:
    check_spans(raw, format_commands(raw))


@given(st.lists(st.sampled_from(SHARDS), max_size=40).map("".join))
def test_malformed_text_is_written_with_its_sources(raw: str) -> None:
    check_spans(raw, format_commands(raw))


def test_thousands_of_malformed_texts_lose_no_word() -> None:
    source = random.Random(20)
    for _ in range(4000):
        raw = "".join(source.choices((*SHARDS, " fever ", "{fever", " fever}"), k=source.randint(1, 14)))
        result = format_commands(raw)
        check_spans(raw, result)
        assert result.text.lower().count("fever") == raw.count("fever")
        assert "</s>" not in result.text
        assert not re.search(r" \n|\n |\n{3}|^\s|\s$", result.text)
        for flag in result.flags:
            assert flag.kind == "unknown-heading" or set(flag.text) & set("{}")
        left = [token for token in result.text.split() if set(token) & set("{}")]
        assert bool(left) == any(flag.kind == "unknown-command" for flag in result.flags)


@given(st.lists(st.one_of(plain_words, st.sampled_from(COMMANDS)), max_size=25))
def test_every_word_survives_but_for_a_capital(parts: list[str]) -> None:
    raw = " ".join(parts)
    said = [part for part in parts if part not in COMMANDS]
    result = format_commands(raw)
    sources = [(s, raw[s.raw_start : s.raw_end]) for s in result.spans]
    kept = [result.text[s.start : s.end] for s, source in sources if not set(source) & set("{}[]")]
    assert len(kept) == len(said)
    for now, then in zip(kept, said, strict=True):
        assert now == then or (now[1:] == then[1:] and now[0] == then[0].upper())
    assert result.flags == ()


@given(st.lists(plain_words, max_size=25).map(" ".join))
def test_plain_text_is_only_capitalized_and_then_stays(raw: str) -> None:
    once = format_commands(raw).text
    assert once[1:] == raw[1:]
    assert format_commands(once).text == once


@pytest.mark.parametrize(
    "raw",
    [
        "{" * 100_000,
        "}" * 100_000,
        "[" * 100_000,
        "{ " * 50_000,
        "{[" * 50_000,
        "a{" * 20_000,
        " " * 100_000 + "x",
        "</s>" * 25_000,
        "{}" * 10_000,
        "{" + "a " * 20_000,
        "{a b c " * 5_000,
        "{" + "per" * 30_000 + "}",
    ],
    ids=lambda raw: f"{raw[:8]!r}",
)
def test_hostile_text_takes_linear_time(raw: str) -> None:
    begun = time.process_time()
    format_commands(raw)
    # Quadratic handling of any of these takes minutes.
    assert time.process_time() - begun < 8
