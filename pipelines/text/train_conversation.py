"""Learns the weights of `conversation` and shows what they are worth:
``python -m pipelines.text.train_conversation FOLDER``.

The folder holds, as their makers publish them: ``mts_dialog_validation.csv`` (MTS-Dialog), which is learnt from;
``aci_bench_valid.json`` (ACI-Bench), ``primock57_notes`` and ``primock57_transcripts`` (PriMock57), which are not.

Dialogues, without speaker labels, and the notes written of them are reduced to plain words, strung together to texts of
20 to 300 words, and damaged as a recogniser damages them. The notes also get hesitations, as somebody who dictates has
them. Prints the lines to put into `conversation`, then how many texts are flagged as it stands.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines.text.conversation import CUES, FEWEST_WORDS, counts, is_conversation_like, plain

_TEXTS: Final = 3000
_LENGTHS: Final = (20, 30, 40, 60, 90, 120, 200, 300)
_HESITATIONS: Final = ("um", "uh", "okay", "sorry", "yes", "right")
_SPEAKER: Final = re.compile(r"^\s*\w[\w ]{1,19}:", re.MULTILINE)
_INTERVAL: Final = re.compile(r'xmin = (?P<start>[\d.]+)\s+xmax = [\d.]+\s+text = "(?P<text>(?:[^"]|"")*)"')
_TAG: Final = re.compile(r"<[^>]*>")
_BEGINNINGS: Final = (60, 120, 300)

Words = list[str]


@dataclass(frozen=True)
class Texts:
    """One data set, as plain words."""

    name: str
    dialogues: list[Words]
    notes: list[Words]


def mts_dialog(folder: Path) -> Texts:
    with (folder / "mts_dialog_validation.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return _texts("MTS-Dialog", [_SPEAKER.sub(" ", it["dialogue"]) for it in rows], [it["section_text"] for it in rows])


def aci_bench(folder: Path) -> Texts:
    rows = json.loads((folder / "aci_bench_valid.json").read_text())["data"]
    return _texts("ACI-Bench", [re.sub(r"\[\w+\]", " ", it["src"]) for it in rows], [it["tgt"] for it in rows])


def primock57(folder: Path) -> Texts:
    """What both said, in the order of its beginning."""
    said: dict[str, list[tuple[float, str]]] = {}
    for file in sorted((folder / "primock57_transcripts").glob("*.TextGrid")):
        turns = said.setdefault(file.stem.rpartition("_")[0], [])
        turns += [(float(it["start"]), _TAG.sub(" ", it["text"])) for it in _INTERVAL.finditer(file.read_text())]
    notes = [json.loads(file.read_text())["note"] for file in sorted((folder / "primock57_notes").glob("*.json"))]
    return _texts("PriMock57", [" ".join(text for _, text in sorted(turns)) for turns in said.values()], notes)


def _texts(name: str, dialogues: Sequence[str], notes: Sequence[str]) -> Texts:
    return Texts(name, [plain(it).split() for it in dialogues], [plain(it).split() for it in notes])


def report(texts: Texts) -> Iterator[str]:
    """How many are flagged: of all, and of the beginnings of those that are long enough to be; and of these with every
    fifth word misheard."""
    for kind, whole in (("dialogues", texts.dialogues), ("notes", texts.notes)):
        told = [words for words in whole if len(words) >= FEWEST_WORDS]
        for length in (*_BEGINNINGS, None):
            choose = random.Random(0)
            heard = [words[:length] for words in told]
            misheard = [_misheard(words, 0.2, choose) for words in heard]
            flagged, still = (sum(is_conversation_like(" ".join(it)) for it in some) for some in (heard, misheard))
            part = f"first {length}" if length else "whole"
            yield f"{texts.name:10} {kind:9} {part:9} {flagged}/{len(told)} flagged, {still} of them misheard"
        every = sum(is_conversation_like(" ".join(it)) for it in whole)
        yield f"{texts.name:10} {kind:9} any length {every}/{len(whole)} flagged"


def fit(texts: Texts) -> tuple[dict[str, float], float, float]:
    """Weights of the cues, of a word, and the bias."""
    from sklearn.linear_model import LogisticRegression

    choose = random.Random(0)
    rows, kinds = [], []
    for _ in range(_TEXTS):
        length = choose.choice(_LENGTHS)
        rows.append(_features(_damaged(_strung(texts.dialogues, length, choose), choose)))
        rows.append(_features(_hesitating(_damaged(_strung(texts.notes, length, choose), choose), choose)))
        kinds += [1, 0]
    model = LogisticRegression(C=0.1, max_iter=5000).fit(rows, kinds)
    *cues, word = (float(it) for it in model.coef_[0])
    return dict(zip(CUES, cues, strict=True)), word, float(model.intercept_[0])


def _features(words: Words) -> list[float]:
    return [*counts(" ".join(words)).values(), float(len(words))]


def _strung(texts: Sequence[Words], length: int, choose: random.Random) -> Words:
    """As many texts one after the other as it takes, every other from its middle on."""
    words: Words = []
    while len(words) < length:
        text = choose.choice(texts) or [""]
        words += text[choose.randrange(len(text)) if choose.random() < 0.5 else 0 :]
    return words[:length]


def _damaged(words: Words, choose: random.Random) -> Words:
    return _misheard(words, choose.choice((0.0, 0.0, 0.1, 0.2)), choose)


def _misheard(words: Words, share: float, choose: random.Random) -> Words:
    """A share of the words left out, or another of the text in their place."""
    harm: tuple[Callable[[str], Words], ...] = (lambda _: [], lambda _: [choose.choice(words)])
    return [it for word in words for it in (choose.choice(harm)(word) if choose.random() < share else [word])]


def _hesitating(words: Words, choose: random.Random) -> Words:
    share = choose.choice((0.0, 0.0, 0.01, 0.03, 0.05))
    return [it for word in words for it in ([word, choose.choice(_HESITATIONS)] if choose.random() < share else [word])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    learnt_from = mts_dialog(folder)
    weights, word, bias = fit(learnt_from)
    lines = [
        f"WEIGHTS: Final = { ({cue: round(weight, 2) for cue, weight in weights.items()}) }",
        f"WORD: Final = {word:.3f}",
        f"BIAS: Final = {bias:.2f}",
    ]
    for texts in (learnt_from, aci_bench(folder), primock57(folder)):
        lines += report(texts)
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
