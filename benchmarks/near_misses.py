"""Near misses: how many words that Whisper base misheard are found, and how long a whole transcript takes, with the
built-in lexicon and with 50,000 entries of a user's beside it."""

from __future__ import annotations

import random
import time

from benchmarks.line import print_line
from pipelines.text.lexicon import Entry, Lexicon, candidates
from pipelines.text.lexicon_builtin import builtin
from pipelines.text.near_misses import HeardWord, suggest
from tests.support.misheard import Dictation, candidate_recall, dictations, found_in

WORDS = 5_000
OWN_ENTRIES = 50_000
RUNS = 5
GOAL_SECONDS = 1.0
_SYLLABLES = "ba ce di fo gu la me ni po ru sa te vi xo za tri pro stan lol mab tin pril ine axel umab".split()


def main() -> None:
    lexicon, large = Lexicon(builtin()), Lexicon((*_own_entries(), *builtin()))
    given = dictations()
    words = _transcript(given)
    index_s, large_index_s = _index(lexicon), _index(large)
    seconds, large_seconds = _fastest(words, lexicon), _fastest(words, large)
    figures: dict[str, float | int] = {
        "words": len(words),
        "builtin_entries": len(lexicon.entries),
        "index_s": index_s,
        "suggest_s": seconds,
        "with_50000_index_s": large_index_s,
        "with_50000_suggest_s": large_seconds,
        "candidates_60_words_s": _candidates_seconds(words, lexicon),
    }
    for voice in ("piper", "espeak"):
        of_voice = dictations(voice)
        found = found_in(of_voice, lexicon)
        figures |= {
            f"{voice}_misheard": found.misheard,
            f"{voice}_recall": found.named / found.misheard,
            f"{voice}_recall_of_places": found.placed / found.misheard,
            f"{voice}_precision": found.right_term / found.suggestions,
            f"{voice}_precision_of_places": found.right_place / found.suggestions,
            f"{voice}_candidates_20_recall": candidate_recall(of_voice, lexicon, 20),
        }
    print_line(
        "near_misses",
        figures,
        large_seconds / seconds,
        f"{WORDS:,} words against the built-in lexicon in under {GOAL_SECONDS:.0f} s of one core (ratio: with "
        f"{OWN_ENTRIES:,} more entries)",
        met=seconds < GOAL_SECONDS,
    )


def _own_entries() -> list[Entry]:
    chance = random.Random(3)
    return [
        Entry("".join(chance.choices(_SYLLABLES, k=chance.randint(3, 5))) + str(i), own=True)
        for i in range(OWN_ENTRIES)
    ]


def _transcript(given: list[Dictation]) -> list[HeardWord]:
    words: list[HeardWord] = []
    at = 0
    while len(words) < WORDS:
        for one in given:
            words += [word._replace(start=word.start + at, end=word.end + at) for word in one.words]
            at += len(one.heard) + 1
    return words[:WORDS]


def _index(lexicon: Lexicon) -> float:
    start = time.process_time()
    lexicon.nearest.near([], 0.5)
    suggest([HeardWord("zygon", 0, 5, 0.1)], lexicon)
    return time.process_time() - start


def _fastest(words: list[HeardWord], lexicon: Lexicon) -> float:
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        suggest(words, lexicon)
        times.append(time.process_time() - start)
    return min(times)


def _candidates_seconds(words: list[HeardWord], lexicon: Lexicon) -> float:
    text = " ".join(word.text for word in words[:60])
    start = time.process_time()
    candidates(text, lexicon, 20)
    return time.process_time() - start


if __name__ == "__main__":
    main()
