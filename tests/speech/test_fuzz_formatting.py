"""Five thousand malformed strings: repaired, or left in sight and flagged, or told as a change. Never dropped."""

from __future__ import annotations

import random
import re
from collections import Counter
from functools import lru_cache

import pytest
from rapidfuzz.distance import DamerauLevenshtein

from pipelines.speech import commands
from pipelines.speech.command_names import COMMANDS
from pipelines.speech.command_repair import Piece
from pipelines.speech.written import Finished, write

STRINGS = 6_000
FIRST = 400
_NAMES = ("period", "comma", "new line", "next line", "new paragraph", "question mark", "open quote", "close quote")
_HEADINGS = ("FINDINGS", "IMPRESSION", "EXAM TYPE", "Technique", "HISTORY")
_WORDS = (
    *("heart", "lungs", "effusion", "zebra", "clear", "naïve", "β-blocker", "pH", "x-ray", "l four", "l five"),
    *("five milligrams", "one twenty over eighty", "point five", "0.5", "3", "new line", "full stop.", "Period."),
    *("scratch that", "Scratch that.", "findings colon", "Findings.", "o'clock", "…", "\u202e", "\x07", "🫁", "</s>"),
)


def malformed(seed: int) -> str:
    luck = random.Random(seed)
    parts = []
    for _ in range(luck.randint(1, 24)):
        kind = luck.random()
        if kind < 0.45:
            parts.append(luck.choice(_WORDS))
        elif kind < 0.8:
            parts.append(broken("{" + luck.choice(_NAMES) + "}", luck))
        elif kind < 0.95:
            parts.append(broken("[" + luck.choice(_HEADINGS) + "]", luck))
        else:
            parts.append(broken("{" + luck.choice(("foo", "stat", "a b c d", "per iod x", "12")) + "}", luck))
    return luck.choice(("", " ", "\n", "  ")).join(parts) if luck.random() < 0.2 else " ".join(parts)


def broken(group: str, luck: random.Random) -> str:
    for _ in range(luck.choice((0, 1, 1, 2, 3))):
        at = luck.randrange(len(group) + 1)
        match luck.randrange(6):
            case 0:
                group = group[:at] + group[at + 1 :]
            case 1:
                group = group[:at] + luck.choice("{}[] ") + group[at:]
            case 2:
                group = group[:at] + group[at : at + 1] * 2 + group[at + 1 :]
            case 3:
                group = group[:at] + group[at + 1 : at + 2] + group[at : at + 1] + group[at + 2 :]
            case 4:
                group = group[at:] or group
            case _:
                group = group[:at] or group
    return group


def words(text: str) -> Counter[str]:
    """The words of three letters and more, in lower case: they are what a reader would miss."""
    return Counter(re.findall(r"[^\W\d_]{3,}", text.lower().replace("</s>", " ")))


#: What a repaired command or heading may have been made of.
_IN_COMMANDS = {
    fragment
    for key in (*COMMANDS, *(heading.lower().replace(" ", "") for heading in _HEADINGS))
    for start in range(len(key))
    for end in range(start + 2, len(key) + 1)
    for fragment in (key[start:end],)
}


def dropped(raw: str, written: Finished) -> Counter[str]:
    """Words that are neither in sight, nor told in a change, nor part of a command or heading."""
    there = words(written.text)
    for change in written.changes:
        there += words(change.before)
    missing = words(raw) - there
    return Counter({word: n for word, n in missing.items() if not _of_a_command(word)})


@lru_cache(maxsize=4096)
def _of_a_command(word: str) -> bool:
    """Also where one letter is wrong (rule C3), and where names stand glued together."""
    if any(DamerauLevenshtein.distance(word, fragment, score_cutoff=1) <= 1 for fragment in _IN_COMMANDS):
        return True
    return any(
        word.startswith(name) and _of_a_command(word.removeprefix(name)) for name in _IN_COMMANDS if word != name
    )


def unflagged(written: Finished) -> list[str]:
    """Braces that are in sight outside of what the flags name."""
    text = written.text.lower()
    for flag in sorted(written.flags, key=lambda flag: -len(flag.text)):
        text = text.replace(flag.text.lower(), " ", 1)
    return re.findall(r"[{}]", text)


@pytest.mark.parametrize("spoken_words", [True, False])
@pytest.mark.parametrize("seeds", [range(FIRST), pytest.param(range(FIRST, STRINGS), marks=pytest.mark.long)])
def test_nothing_is_dropped(seeds: range, spoken_words: bool) -> None:
    for seed in seeds:
        raw = malformed(seed)
        written = write(raw, spoken_words=spoken_words, forms=True)
        assert not dropped(raw, written), (seed, raw, written.text)
        assert not unflagged(written), (seed, raw, written.text)
        end = 0
        for span in written.spans:
            assert end <= span.start < span.end <= len(written.text)
            end = span.end


def test_a_formatter_that_drops_what_it_does_not_know_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = commands.resolve

    def careless(tokens: object) -> list[Piece]:
        return [piece for piece in resolve(tokens) if not piece.flag]  # type: ignore[arg-type]

    monkeypatch.setattr(commands, "resolve", careless)
    lost = sum(bool(dropped(raw, write(raw, spoken_words=False, forms=True))) for raw in map(malformed, range(300)))
    assert lost > 20
