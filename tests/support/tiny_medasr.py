"""Tiny checkpoints of MedASR's real classes, in its own file layout: one with random weights, one that really hears.

python -m tests.support.tiny_medasr DIR [--random]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipelines.speech.audio import RATE, read_speech
from pipelines.weights.loading import quietly
from tests.support.tiny_medasr_training import (
    HEADINGS,
    QUESTIONS,
    REPORT,
    SAMPLES,
    clips,
    in_quiet,
    lessons,
    recorded_texts,
    shifted_lessons,
    steady,
    train,
)

_HEAD: Final = 512
_SPECIAL: Final = ("<epsilon>", "<s>", "</s>", "<unk>")
_EXTRA_IDS: Final = 100
_COMMANDS: Final = ("{period}", "{comma}", "{question mark}", "{new paragraph}")


@dataclass(frozen=True)
class Spoken:
    """A recording, and the raw text that the hearing checkpoint gives for it."""

    flac: Path
    raw: str


@dataclass(frozen=True)
class Hearing:
    """A checkpoint that hears these recordings word for word: questions, a short dictation, a report of 30 s."""

    folder: Path
    questions: tuple[Spoken, ...]
    dictation: Spoken
    report: Spoken
    alignments: dict[str, tuple[tuple[float, float], ...]]
    """By name of the FLAC file: for each word of the raw text, the middles of the first and the last piece that show
    of it, in seconds."""

    @property
    def recordings(self) -> tuple[Spoken, ...]:
        return (*self.questions, self.dictation, self.report)


def build_random(folder: Path, seed: int = 0) -> Path:
    """Random weights: gibberish, but every class, file and shape rule of the real thing."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _model(hidden=32, layers=2)
    liven(model)
    save(folder, model)
    return folder


def build_overfitted(folder: Path) -> Hearing:
    """Train a checkpoint until it hears a few of this project's own recordings without a mistake. Deterministic.

    Recordings cut from longer ones are written beside ``folder``.
    """
    import torch

    processor = tiny_processor()
    taught = clips(folder.parent / f"{folder.name}-recordings", processor.tokenizer)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = _model(hidden=96, layers=3)
        train(model, list(lessons(taught, processor)))
    save(folder, model)
    spoken = {clip.path.stem: Spoken(clip.path, clip.raw) for clip in taught}
    return Hearing(
        folder,
        tuple(spoken[name] for name in QUESTIONS),
        spoken["dictation"],
        spoken[REPORT],
        {clip.path.name: clip.word_times() for clip in taught},
    )


def build_steady(folder: Path, hearing: Hearing) -> Spoken:
    """Train on from ``hearing`` until its report is heard from wherever it begins. Deterministic on one kind of
    processor, and with room for others; two minutes."""
    import torch
    from transformers import AutoModelForCTC

    processor = tiny_processor()
    taught = clips(folder.parent / f"{folder.name}-recordings", processor.tokenizer)
    report = next(clip for clip in taught if clip.path == hearing.report.flac)
    with torch.random.fork_rng(devices=[]), quietly():
        torch.manual_seed(0)
        model = AutoModelForCTC.from_pretrained(hearing.folder).eval()
        steady(model, shifted_lessons(report, processor))
    save(folder, model)
    return hearing.report


def _model(hidden: int, layers: int) -> Any:
    from transformers import LasrCTCConfig, LasrEncoderConfig, LasrForCTC

    encoder = LasrEncoderConfig(
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=4,
        intermediate_size=2 * hidden,
        subsampling_conv_channels=64,
        dropout=0.0,
        layerdrop=0.0,
        activation_dropout=0.0,
        attention_dropout=0.0,
    )
    return LasrForCTC(LasrCTCConfig(encoder_config=encoder, vocab_size=_HEAD)).eval()


def liven(model: Any) -> None:
    """Make the frames of random weights differ: as initialised, all of them say nearly the same few ids.

    What is common to all frames of a recording goes, what tells them apart grows, and about half of them are blank.
    """
    import torch

    sound = read_speech(SAMPLES / "recordings" / f"{QUESTIONS[0]}.flac", QUESTIONS[0]).samples
    inputs = tiny_processor()(audio=sound, sampling_rate=RATE)
    with torch.inference_mode(), in_quiet():
        logits = model(**inputs).logits[0]
        common, spread = logits.mean(0), float(logits.std(0).mean())
    with torch.no_grad():
        scale = 3.0 / spread
        model.ctc_head.weight.mul_(scale)
        model.ctc_head.bias.copy_((model.ctc_head.bias - common) * scale)
        model.ctc_head.bias[0] += 6.0


def tiny_processor() -> Any:
    """The feature extractor as MedASR's, and a tokeniser of its layout: 512 ids that the head can say, 613 in all."""
    from transformers import LasrFeatureExtractor, LasrProcessor, LasrTokenizer

    tokenizer = LasrTokenizer(
        vocab=[
            *((piece, 0.0) for piece in _SPECIAL),
            *_pieces(_HEAD - len(_SPECIAL)),
            ("<pad>", 0.0),
            *((f"<extra_id_{n}>", 0.0) for n in range(_EXTRA_IDS)),
        ],
        pad_token=_SPECIAL[0],
        bos_token=_SPECIAL[1],
        eos_token=_SPECIAL[2],
        unk_token=_SPECIAL[3],
    )
    return LasrProcessor(LasrFeatureExtractor(), tokenizer)


def _pieces(count: int) -> list[tuple[str, float]]:
    """Every character, then the most frequent stretches of two to four, with their log frequencies.

    Counted here because the trainer of the tokenizers library gives other last digits each time.
    """
    texts = [text.lower() for text in recorded_texts().values()]
    texts += [" ".join((*_COMMANDS, *(f"[{heading}]" for heading in HEADINGS)))] * 5
    counts: Counter[str] = Counter()
    for word in " ".join(texts).split():
        marked = f"▁{word}"
        counts.update(marked[i : i + n] for n in range(1, 5) for i in range(len(marked) - n + 1))
    order = sorted(counts, key=lambda piece: (len(piece) > 1, -counts[piece], piece))[:count]
    return [(piece, math.log(counts[piece] / counts.total())) for piece in order]


def save(folder: Path, model: Any) -> None:
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model.save_pretrained(folder)
    finally:
        if bars:
            logging.enable_progress_bar()
    processor = tiny_processor()
    processor.tokenizer.save_pretrained(folder)
    processor.feature_extractor.save_pretrained(folder)
    (folder / "processor_config.json").write_text(json.dumps({"processor_class": "LasrProcessor"}))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--random", action="store_true", help="random weights instead of trained ones")
    arguments = parser.parse_args()
    if arguments.random:
        build_random(arguments.folder)
        return
    for spoken in build_overfitted(arguments.folder).recordings:
        sys.stdout.write(f"{spoken.flac}\t{spoken.raw}\n")


if __name__ == "__main__":
    _main()
