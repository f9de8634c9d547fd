"""What the hearing checkpoint is taught: this project's own recordings, each logit row with the id it should give."""

from __future__ import annotations

import json
import random
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from pipelines.speech.audio import RATE, read_speech
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.windows import ROW, row_span, rows
from tests.support.one_thread import one_thread
from tests.support.windows import windows

SAMPLES: Final = Path(__file__).parents[2] / "samples"
HEADINGS: Final = ("INDICATION", "TECHNIQUE", "COMPARISON", "FINDINGS", "IMPRESSION")
QUESTIONS: Final = ("question-calcium", "question-medications", "unclear")
REPORT: Final = "chest-film-report"
#: Silence before a question, in seconds, that the checkpoint has met.
LEADS: Final = (0.0, 1.23)
_END: Final = 2
_STEPS: Final = 400
#: Least probability of the right id in any row at which training ends.
_SURE: Final = 0.8
#: Lessons of so many rows are taught together: short ones, a half window, a window.
_SIZES: Final = ((0, 160), (160, 400), (400, 500))


@dataclass(frozen=True)
class SpokenWord:
    """A word of the raw text, its pieces and when it is said, in seconds. ``shown``: the first that is more than a
    space."""

    text: str
    ids: tuple[int, ...]
    shown: int
    start: float
    end: float

    def middles(self) -> tuple[float, ...]:
        """When each of its pieces is said: all of them for equally long."""
        step = (self.end - self.start) / len(self.ids)
        return tuple(self.start + (n + 0.5) * step for n in range(len(self.ids)))


@dataclass(frozen=True)
class Clip:
    path: Path
    words: tuple[SpokenWord, ...]

    @property
    def raw(self) -> str:
        return " ".join(word.text for word in self.words)

    def word_times(self) -> tuple[tuple[float, float], ...]:
        return tuple((word.middles()[word.shown], word.middles()[-1]) for word in self.words)

    def part(self, path: Path, start: float, end: float) -> Clip:
        """A clip of its own, cut from this one and followed by half a second of silence."""
        sound, rate = soundfile.read(self.path, dtype="int16")
        path.parent.mkdir(parents=True, exist_ok=True)
        cut = sound[round(start * rate) : round(end * rate)]
        soundfile.write(path, np.concatenate((cut, np.zeros(rate // 2, np.int16))), rate)
        inside = [word for word in self.words if start <= word.start and word.end <= end]
        return Clip(path, tuple(replace(word, start=word.start - start, end=word.end - start) for word in inside))


def clips(cuts: Path, tokenizer: Any) -> list[Clip]:
    """The questions, the report, and its findings as a dictation of their own, which is written to ``cuts``."""
    found = [_clip(name, tokenizer) for name in (*QUESTIONS, REPORT)]
    said = [word.text for word in found[-1].words]
    first, last = (found[-1].words[said.index(f"[{heading}]")].start for heading in ("FINDINGS", "IMPRESSION"))
    return [*found, found[-1].part(cuts / "dictation.flac", first, last)]


def _clip(name: str, tokenizer: Any) -> Clip:
    """One of this project's recordings, with its text as MedASR would write it, laid along the stretches of speech."""
    path = SAMPLES / "recordings" / f"{name}.flac"
    sentences = [(body.strip(), mark) for body, mark in re.findall(r"([^.?]+)([.?])", recorded_texts()[name])]
    samples = read_speech(path, name).samples
    stretches = _spoken(samples)
    if len(sentences) == 1:
        stretches = [(stretches[0][0], stretches[-1][1])]
    nexts = [start for start, _ in stretches[1:]] + [len(samples) / RATE]
    words: list[SpokenWord] = []
    for (body, mark), (start, end), following in zip(sentences, stretches, nexts, strict=True):
        if body.upper() in HEADINGS:
            words += _laid([f"[{body.upper()}]"], start, end, tokenizer)
            continue
        words += _laid(body.lower().replace(",", " {comma}").split(), start, end, tokenizer)
        command = "{question mark}" if mark == "?" else "{period}"
        # Nobody says it in these recordings: it comes in the pause, where one would.
        words += _laid(command.split(), end, min(end + 0.4, following), tokenizer)
    return Clip(path, tuple(words))


def _laid(texts: Sequence[str], start: float, end: float, tokenizer: Any) -> list[SpokenWord]:
    """Words one after the other from ``start`` to ``end``, each as long as its letters are many."""
    total = sum(len(text) + 1 for text in texts)
    words, at = [], start
    for text in texts:
        until = at + (end - start) * (len(text) + 1) / total
        ids = tuple(tokenizer(text, add_special_tokens=False).input_ids)
        shown = int(tokenizer.convert_ids_to_tokens(ids[0]) == "▁")
        words.append(SpokenWord(text, ids, shown, at, until))
        at = until
    return words


def _spoken(samples: Samples) -> list[tuple[float, float]]:
    """Stretches of sound between pauses of a quarter of a second, in seconds."""
    hops = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(np.float64)
    loud = np.sqrt(np.square(hops).mean(axis=1)) > 10 ** (-50 / 20)
    near = np.convolve(loud, np.ones(25), "same") > 0
    edges = np.flatnonzero(np.diff(np.concatenate(([0], near, [0]))))
    return [(start / 100, end / 100) for start, end in edges.reshape(-1, 2).tolist()]


@dataclass(frozen=True)
class Lesson:
    """The features of a window, [frames, 128], and the id that each of its logit rows should give, [rows]."""

    features: Any
    targets: Any


def lessons(clips: Sequence[Clip], processor: Any) -> Iterator[Lesson]:
    """Every window of every clip, levelled as in use, and one of silence."""
    for clip in clips:
        samples = read_speech(clip.path, clip.path.name).samples
        for lead in LEADS if len(samples) < 5 * RATE else LEADS[:1]:
            led = np.concatenate((np.zeros(round(lead * RATE), np.float32), samples))
            yield from _windowed(correct_level(led)[0], _targets(clip, lead, len(led)), processor)
    silence = np.zeros(3 * RATE, np.float32)
    yield from _windowed(silence, np.zeros(rows(len(silence)), np.int64), processor)


def _windowed(samples: Samples, targets: Any, processor: Any) -> Iterator[Lesson]:
    import torch

    for window in windows(len(samples)):
        heard = processor.feature_extractor(
            samples[window.first : window.last], sampling_rate=RATE, return_tensors="pt"
        )
        first = window.first // ROW
        yield Lesson(
            heard["input_features"][0], torch.from_numpy(targets[first : first + rows(window.last - window.first)])
        )


def _targets(clip: Clip, lead: float, samples: int) -> Any:
    """The id of every row of the recording: each piece for one row, blanks between, the end marked as the real one."""
    targets = np.zeros(rows(samples), np.int64)
    row = -1
    for word in clip.words:
        for id_, middle in zip(word.ids, word.middles(), strict=True):
            nearest = round(((middle + lead) * RATE - sum(row_span(0)) / 2) / ROW)
            # Equal pieces in a row need a blank between them.
            row = max(nearest, row + (2 if row >= 0 and targets[row] == id_ else 1))
            targets[row] = id_
    targets[row + 2] = _END
    return targets


def train(model: Any, lessons: Sequence[Lesson]) -> None:
    """Teach every row its id, until each is given with near certainty.

    The network stays in evaluation mode: without dropout, and with its batch normalisation as initialised, it then
    computes in training exactly what it computes in use.
    """
    import torch
    from torch.nn.functional import cross_entropy

    weight = torch.ones(model.config.vocab_size)
    # Four rows in five are blank: at equal weight it learns nothing but blanks for a long time.
    weight[0] = 0.3
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.0)
    warming = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / 40))
    batches = _batches(lessons)
    with in_quiet():
        for _ in range(_STEPS):
            least = 1.0
            for features, mask, targets in batches:
                logits = model(input_features=features, attention_mask=mask).logits
                real = targets >= 0
                likely = logits.detach().softmax(-1).gather(-1, targets.clamp(min=0)[..., None])[..., 0]
                least = min(least, float(likely[real].min()))
                optimizer.zero_grad()
                cross_entropy(logits[real], targets[real], weight=weight).backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                warming.step()
            if least > _SURE:
                return
    raise RuntimeError(f"not learnt in {_STEPS} steps: least probability {least:.2f}")


def shifted_lessons(clip: Clip, processor: Any) -> list[Lesson]:
    """Windows of a clip that begins at many moments: what stands on a seam in one is far from it in the next."""
    samples = read_speech(clip.path, clip.path.name).samples
    found: list[Lesson] = []
    for lead in [0.0, *np.random.default_rng(0).uniform(0, 17, 144)]:
        led = np.concatenate((np.zeros(round(lead * RATE), np.float32), samples))
        found += _windowed(correct_level(led)[0], _targets(clip, lead, len(led)), processor)
    return found


def steady(model: Any, lessons: Sequence[Lesson]) -> None:
    """Teach a checkpoint that hears a clip from its beginning to hear it from anywhere.

    First each row's id, then the text alone (CTC): a sound between two rows may then be written on either.
    """
    import torch
    from torch.nn.functional import cross_entropy, ctc_loss
    from torch.nn.utils.rnn import pad_sequence

    luck = random.Random(0)
    weight = torch.ones(model.config.vocab_size)
    weight[0] = 0.3

    def step(optimizer: Any, schedule: Any, by_rows: bool) -> None:
        some = luck.sample(lessons, 8)
        features = pad_sequence([it.features for it in some], batch_first=True)
        frames = torch.tensor([len(it.features) for it in some])
        mask = torch.arange(features.shape[1]) < frames[:, None]
        logits = model(input_features=features, attention_mask=mask).logits
        targets = pad_sequence([it.targets for it in some], batch_first=True, padding_value=-1)
        if by_rows:
            logits, real = logits[:, : targets.shape[1]], targets >= 0
            loss = cross_entropy(logits[real], targets[real], weight=weight)
        else:
            texts = [torch.tensor(_collapsed(it.targets.tolist())) for it in some]
            loss = ctc_loss(
                logits.log_softmax(-1).transpose(0, 1),
                torch.cat(texts),
                torch.tensor([len(it.targets) for it in some]),
                torch.tensor([len(text) for text in texts]),
                zero_infinity=True,
            )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()

    with in_quiet():
        for steps, rate, by_rows in ((100, 1.5e-3, True), (180, 6e-4, False)):
            optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
            falling = partial(_share_left, steps=steps, warm=10 if by_rows else 1)
            schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, falling)
            for _ in range(steps):
                step(optimizer, schedule, by_rows)


def _share_left(step: int, steps: int, warm: int) -> float:
    return min(1.0, (step + 1) / warm) * max(0.02, 1 - step / steps)


def _collapsed(ids: Sequence[int]) -> list[int]:
    return [id_ for id_, before in zip(ids, [0, *ids[:-1]], strict=True) if id_ not in (0, before)]


def _batches(lessons: Sequence[Lesson]) -> list[tuple[Any, Any, Any]]:
    """Features, attention mask and targets (-1 beyond the end) of lessons of about one length."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    made = []
    for least, most in _SIZES:
        some = [lesson for lesson in lessons if least <= len(lesson.targets) < most]
        features = pad_sequence([it.features for it in some], batch_first=True)
        frames = torch.tensor([len(it.features) for it in some])
        mask = torch.arange(features.shape[1]) < frames[:, None]
        made.append((features, mask, pad_sequence([it.targets for it in some], batch_first=True, padding_value=-1)))
    return made


def recorded_texts() -> dict[str, str]:
    """What this project's recordings say, by name."""
    lines = (SAMPLES / "references.jsonl").read_text(encoding="utf-8").splitlines()
    return {Path(entry["audio"]).stem: entry["text"] for entry in map(json.loads, lines)}


@contextmanager
def in_quiet() -> Iterator[None]:
    """One thread, and no word of torch's convolution about its even kernel, which it says once per process."""
    with one_thread(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using padding='same'", category=UserWarning)
        yield
