"""How often a hot word is written that nobody spoke: constructed posteriors of words that sound nearly like one.

The network hears the decoy rightly, the hot word second. How sure it is of each piece in which they differ is drawn
evenly from a range, so how near the hot word comes is known; how near a trained network brings them is not.

python -m tests.support.decoys
"""

from __future__ import annotations

import math
import sys
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from pipelines.speech.beam import BeamDecoder
from pipelines.speech.ctc import spell
from pipelines.speech.language_model import LanguageModel
from tests.support.constructed import ALPHABET, ids_of, log_softmax

#: A drug, and what was said instead.
PAIRS = (
    ("metoprolol", "met a patrol"),
    ("metformin", "met for men"),
    ("hydroxyzine", "hydralazine"),
    ("sertraline", "certain line"),
    ("losartan", "lost a ten"),
    ("warfarin", "war of ruin"),
    ("digoxin", "the joxin"),
    ("amlodipine", "am low the pine"),
    ("clonidine", "clonazepam"),
    ("lamotrigine", "lamivudine"),
    ("prednisone", "pred no zone"),
    ("furosemide", "for a semi"),
)
HOT_WORDS = tuple(hot for hot, _ in PAIRS)
_SURE = 10.0


def posteriors(decoy: str, hot: str, sureness: tuple[float, float], rng: np.random.Generator) -> NDArray[np.float32]:
    """Log probabilities of "start DECOY daily", [rows, ids].

    Args:
        sureness: least and greatest probability of a piece of the decoy where the hot word has another, or none.
    """
    rows: list[NDArray[np.float64]] = []

    def row(said: int, instead: int | None = None) -> None:
        scores = rng.normal(0, 0.7, len(ALPHABET.pieces))
        scores[said] = _SURE
        if instead is not None and instead != said:
            sure = rng.uniform(*sureness)
            scores[instead] = _SURE - math.log(sure / (1 - sure))
        rows.append(scores)

    said, other = ids_of(f"start {decoy} daily"), ids_of(f"start {hot} daily")
    row(0)
    for kind, a, b, c, d in SequenceMatcher(None, said, other, autojunk=False).get_opcodes():
        if kind == "equal":
            for id_ in said[a:b]:
                row(id_)
                row(0)
            continue
        for at in range(max(b - a, d - c)):
            row(said[a + at] if a + at < b else 0, other[c + at] if c + at < d else 0)
            row(0)
    return log_softmax(np.array(rows))


def invented_rate(
    weight: float,
    sureness: tuple[float, float],
    language_model: LanguageModel | None = None,
    rounds: int = 10,
    seed: int = 0,
) -> float:
    """Share of decoys in whose place a hot word is written that is not written without hot words.

    It is also the share of hot words that would be mended had they been spoken and misheard as surely: a decoder cannot
    tell the two apart.
    """
    plain = BeamDecoder(ALPHABET, language_model=language_model)
    biased = BeamDecoder(ALPHABET, language_model=language_model, hot_words=HOT_WORDS, hot_word_weight=weight)
    rng, invented = np.random.default_rng(seed), 0
    for _ in range(rounds):
        for hot, decoy in PAIRS:
            log_probs = posteriors(decoy, hot, sureness, rng)
            before, after = (set(spell(decoder.decode(log_probs), ALPHABET)[0].split()) for decoder in (plain, biased))
            invented += bool((after - before) & set(HOT_WORDS))
    return invented / (rounds * len(PAIRS))


def main() -> None:
    ranges = ((0.5, 0.99), (0.6, 0.99), (0.7, 0.99), (0.8, 0.99), (0.9, 0.99))
    lines = ["weight  " + "  ".join(f"{low:.2f}-{high:.2f}" for low, high in ranges)]
    lines += [
        f"{weight:6.1f}  " + "  ".join(f"{invented_rate(weight, of):9.3f}" for of in ranges)
        for weight in (0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0)
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
