"""Beam search of width 8 with a language model against the best path, end to end: 20 s of sound to words.

The network is MedASR's at its real size with random weights. What it would give is gibberish, on which a beam search
costs what it never costs on speech; so the posteriors that are decoded are made, as sharp as a trained network's: five
pieces a second, every third of them with a rival nearly as likely. Their worst case, posteriors of a network that knows
nothing, is told beside it, as is what 600 hot words cost. The language model is a random 6-gram of some 200,000 n-grams
over the network's own pieces. Processor seconds with one thread, medians.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.line import print_line
from pipelines.quiet import silence_telemetry
from pipelines.speech import ctc
from pipelines.speech.audio import RATE
from pipelines.speech.beam import BeamDecoder
from pipelines.speech.ctc import Alphabet
from pipelines.speech.decoding import BestPath
from pipelines.speech.language_model import LanguageModel, lm_word
from pipelines.speech.medasr_onnx import load_prepared
from pipelines.speech.posteriors import softmax
from pipelines.speech.windows import row_span, rows
from pipelines.text.lexicon import Lexicon, hot_words
from pipelines.text.lexicon_builtin import builtin
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.arpa import write_random_arpa
from tests.support.constructed import flat, peaky
from tests.support.prepared_medasr import prepare_into
from tests.support.real_size_medasr import build

ROUNDS = 7
SECONDS = 20
PIECES_A_SECOND = 5
LENGTH = 45_000
HOT_WORDS = 600
GOAL = 1.2


def spoken(alphabet: Alphabet, rng: np.random.Generator) -> NDArray[np.float32]:
    """Log probabilities of as many rows as the network gives for the sound, [rows, ids]."""
    writes = [id_ for id_ in range(len(alphabet.pieces)) if alphabet.writes(id_)]
    ids = rng.choice(writes, SECONDS * PIECES_A_SECOND).tolist()
    rivals = {at: {int(rng.choice(writes)): float(rng.uniform(-0.5, 2.0))} for at in range(0, len(ids), 3)}
    made = peaky(ids, len(alphabet.pieces), rng, instead=rivals, sure=12.0)
    count = rows(SECONDS * RATE)
    return np.resize(made, (count, made.shape[1]))


def spent(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    silence_telemetry()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = ModelFolder(build(Path(scratch) / "medasr"), MEDASR)
        prepare_into(Path(scratch) / "models", folder.path, int8=False)
        network = load_prepared(folder, Path(scratch) / "models", threads=1, precision="fp32")
        alphabet = network.alphabet
        words = sorted({lm_word(piece) for piece in alphabet.pieces if piece and piece != "<unk>"})
        path = write_random_arpa(Path(scratch) / "random.arpa", words, order=6, length=LENGTH)
        start = time.perf_counter()
        model = LanguageModel(path, alphabet)
        beam = BeamDecoder(alphabet, language_model=model)
        opened_in = time.perf_counter() - start
        terms = hot_words(Lexicon(builtin()), limit=HOT_WORDS)
        biased = BeamDecoder(alphabet, language_model=model, hot_words=terms)
        greedy = BestPath(alphabet)
        sound = rng.normal(0, 0.1, SECONDS * RATE).astype(np.float32)
        said, nothing = spoken(alphabet, rng), flat(rows(SECONDS * RATE), len(alphabet.pieces), rng)
        posteriors = np.exp(said)

        def words_of(tokens: tuple[ctc.Token, ...]) -> object:
            return ctc.words(tokens, alphabet, lambda row: (row_span(row)[0] / RATE, row_span(row)[1] / RATE))

        sides: dict[str, Callable[[], object]] = {
            "network": lambda: softmax(network.logits(sound)),
            "greedy": lambda: words_of(greedy.tokens(posteriors)),
            "beam_8": lambda: words_of(beam.decode(np.log(np.maximum(posteriors, 1e-10)))),
            "beam_8_hot_words": lambda: words_of(biased.decode(np.log(np.maximum(posteriors, 1e-10)))),
            "beam_8_knowing_nothing": lambda: words_of(beam.decode(nothing)),
        }
        times: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(ROUNDS + 1):
            for name, work in sides.items():
                found = spent(work)
                if turn:
                    times[name].append(found)
        cost = {name: statistics.median(of) for name, of in times.items()}
        ends = {name: cost["network"] + cost[name] for name in sides if name != "network"}
        ratio = ends["beam_8"] / ends["greedy"]
        figures: dict[str, Any] = {f"{name}_cpu_s": seconds for name, seconds in cost.items()}
        figures |= {f"{name}_ratio": total / ends["greedy"] for name, total in ends.items() if name != "greedy"}
        figures |= {"language_model_mb": path.stat().st_size / 1e6, "language_model_opened_in_s": opened_in}
        best = {(token.id, token.first) for token in greedy.tokens(posteriors)}
        figures["tokens_changed"] = sum((token.id, token.first) not in best for token in beam.decode(said))
        print_line(
            "beam_search",
            figures,
            ratio,
            f"20 s with beam 8 and a language model at most {GOAL} times the cost of the best path, one thread",
            met=ratio <= GOAL,
        )


if __name__ == "__main__":
    sys.exit(main())
