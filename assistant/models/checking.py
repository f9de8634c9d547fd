"""``assistant models check``: every byte of a model held against its passport, then one fixed clip or picture."""

from __future__ import annotations

import hashlib
import io
import re
import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import as_file, files
from typing import Any, Final, cast, get_args

from pipelines.errors import VerificationFailed
from pipelines.models.classifier import ImageClassifier
from pipelines.models.generator import Ask, Following, Generator, Picture, Words
from pipelines.records import Engine, Value
from pipelines.speech.recognizer import Recognizer
from pipelines.weights.folder import ModelFolder
from pipelines.weights.hashes import hash_files
from pipelines.weights.memory import DType, available_memory, estimate

Progress = Callable[[str, float], None]
"""Told what is being done, and the fraction of it that is done, from 0 to 1."""

CLIP: Final = "check.flac"
"""The recording ``question-calcium`` of the samples; lies in the package ``pipelines.speech``."""
SPOKEN: Final = "What was the most recent calcium level?"
QUESTION: Final = "What shape is in this picture? Answer in one word."
BLIND_QUESTION: Final = "What shape is a coin? Answer in one word."
#: Of these a right answer holds one.
_SHAPES: Final = ("circle", "circular", "round")
#: What the picture is, before what it is not.
LABELS: Final = ("a white circle on a black background", "a photograph of a dog", "a page of text", "a chest x-ray")
_PICTURE_SIDE: Final = 896
_ANSWER_TOKENS: Final = 100
#: Up to this share of wrong words the model is taken to hear: another voice or accent costs some.
_TOLERATED: Final = 0.5


class CheckReport(Value):
    """What a model did on this machine."""

    engine: Engine
    files: dict[str, str]
    """SHA-256 of every file that is loaded, read now. Empty for an engine that checks its own weights."""
    compared: bool
    """Whether ``files`` were held against a passport; a folder that we did not install has none."""
    expected: str
    came: str
    """What was heard or said."""
    ok: bool
    """Whether ``came`` is near enough to ``expected``: what a model that works says is, gibberish is not."""
    word_error_rate: float | None = None
    load_seconds: float
    seconds: float
    """Spent recognising or answering, loading excluded."""
    real_time_factor: float | None = None
    """``seconds`` per second of sound."""
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    tokens_per_second: float | None = None
    """Output tokens by ``seconds``, in which the prompt is read as well."""
    device: str
    dtype: str
    needed_bytes: int | None
    """As estimated from the folder, before loading."""
    free_bytes: int
    """On the device, before loading."""
    peak_memory_bytes: int
    """On cuda what torch took at most in this call, else what this process took at most since it began."""


def check_recognizer(
    recognizer: Recognizer, folder: ModelFolder | None, progress: Progress | None = None
) -> CheckReport:
    """Read every byte of the model and let it hear the clip.

    Args:
        folder: where its weights lie; None for an engine that checks its own.

    Raises:
        ModelNeeded: it cannot be loaded.
        VerificationFailed: a file is not what was installed.
    """
    from pipelines.speech.audio import read_speech
    from pipelines.speech.commands import format_commands
    from pipelines.speech.level import correct_level

    progress = progress or _unheard
    hashes, compared = verify_files(folder, progress) if folder is not None else ({}, False)
    with as_file(files("pipelines.speech") / CLIP) as clip:
        speech = read_speech(clip, CLIP)
    samples, _ = correct_level(speech.samples)
    machine = _Machine()
    progress("running", 0.0)
    started = time.perf_counter()
    heard = recognizer.recognise(samples, partial(progress, "running"))
    spent = time.perf_counter() - started
    written = format_commands(heard.raw).text
    errors = word_errors(SPOKEN, written) / len(_words(SPOKEN))
    return CheckReport(
        engine=recognizer.engine(),
        files=hashes,
        compared=compared,
        expected=SPOKEN,
        came=written,
        ok=errors <= _TOLERATED,
        word_error_rate=errors,
        load_seconds=max(0.0, spent - heard.seconds),
        seconds=heard.seconds,
        real_time_factor=heard.seconds / speech.seconds,
        output_tokens=heard.tokens,
        **machine.figures(folder, heard.parameters),
    )


def check_generator(generator: Generator, folder: ModelFolder | None, progress: Progress | None = None) -> CheckReport:
    """Read every byte of the model and ask it about the picture, or about a coin where it takes none.

    Args:
        folder: where its weights lie; None for an engine whose server alone knows them.

    Raises:
        ModelNeeded: it cannot be loaded, or is too large for this machine.
        VerificationFailed: a file is not what was installed.
    """
    progress = progress or _unheard
    hashes, compared = verify_files(folder, progress) if folder is not None else ({}, False)
    picture = draw_circle()
    frame = hashlib.sha256(picture).hexdigest()
    question = QUESTION if generator.capabilities().images else BLIND_QUESTION
    parts = (Picture(frame=frame), Words(text=question)) if question == QUESTION else (Words(text=question),)
    ask = Ask(
        prompt=f"check@1 {hashlib.sha256(question.encode()).hexdigest()}",
        system=None,
        parts=parts,
        max_new_tokens=_ANSWER_TOKENS,
    )
    machine = _Machine()
    progress("running", 0.0)
    started = time.perf_counter()
    said = generator.generate(ask, {frame: picture}.__getitem__, Following(progress=partial(progress, "running")))
    spent = time.perf_counter() - started
    return CheckReport(
        engine=said.engine,
        files=hashes,
        compared=compared,
        expected=_SHAPES[0],
        came=said.text or said.raw,
        ok=said.finish_reason == "stop" and any(shape in said.text.lower() for shape in _SHAPES),
        load_seconds=max(0.0, spent - said.seconds),
        seconds=said.seconds,
        prompt_tokens=said.prompt_tokens,
        output_tokens=said.output_tokens,
        tokens_per_second=said.output_tokens / said.seconds if said.seconds else None,
        **machine.figures(folder, said.parameters),
    )


def check_classifier(classifier: ImageClassifier, folder: ModelFolder, progress: Progress | None = None) -> CheckReport:
    """Read every byte of the model and let it tell what the picture is, among four descriptions.

    Raises:
        ModelNeeded: it cannot be loaded, or is too large for this machine.
        VerificationFailed: a file is not what was installed.
    """
    progress = progress or _unheard
    hashes, compared = verify_files(folder, progress)
    machine = _Machine()
    progress("running", 0.0)
    started = time.perf_counter()
    found = classifier.classify(draw_circle(), LABELS)
    spent = time.perf_counter() - started
    progress("running", 1.0)
    share, label = max(zip(found.shares, LABELS, strict=True))
    return CheckReport(
        engine=found.engine,
        files=hashes,
        compared=compared,
        expected=LABELS[0],
        came=f"{label} ({share:.0%})",
        ok=label == LABELS[0],
        load_seconds=max(0.0, spent - found.seconds),
        seconds=found.seconds,
        **machine.figures(folder, found.parameters),
    )


def verify_files(folder: ModelFolder, progress: Progress | None = None) -> tuple[dict[str, str], bool]:
    """Read every file that is loaded, and hold it against the passport where there is one.

    Of what only lies beside the weights a file that the passport does not know is the user's own: it is left out.

    Returns:
        SHA-256 by name, and whether there was a passport.

    Raises:
        ModelNeeded: the folder cannot be this model.
        VerificationFailed: a file is not what was installed, or was not installed at all.
    """
    folder.require()
    passport = folder.passport
    paths = folder.files()
    if passport is not None:
        own = set(folder.model.beside) - passport.files.keys()
        paths = tuple(path for path in paths if path.name not in own)
    digests = hash_files(paths, partial(progress or _unheard, "reading"))
    hashes = {path.name: digest for path, digest in zip(paths, digests, strict=True)}
    if passport is None:
        return hashes, False
    name = folder.model.name
    for file, digest in hashes.items():
        stored = passport.files.get(file)
        if stored is None or stored.sha256 != digest:
            problem = "was added after it was installed" if stored is None else "is damaged (SHA-256 differs)"
            raise VerificationFailed(f"{name}/{file}", problem, folder.remedy)
    return hashes, True


def draw_circle() -> bytes:
    """A white circle on black as PNG: the same bytes on every machine with the same Pillow."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (_PICTURE_SIDE, _PICTURE_SIDE), "black")
    margin = _PICTURE_SIDE // 5
    ImageDraw.Draw(image).ellipse((margin, margin, _PICTURE_SIDE - margin, _PICTURE_SIDE - margin), fill="white")
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def word_errors(reference: str, hypothesis: str) -> int:
    """Least number of words to replace, drop and add; case and punctuation do not count."""
    wanted, given = _words(reference), _words(hypothesis)
    row = list(range(len(given) + 1))
    for i, word in enumerate(wanted, start=1):
        above, row = row, [i]
        for j, other in enumerate(given, start=1):
            row.append(min(above[j] + 1, row[-1] + 1, above[j - 1] + (word != other)))
    return row[-1]


class _Machine:
    """Memory, as it was before the model was loaded and as it is after it ran."""

    def __init__(self) -> None:
        import torch

        self._free = {"cpu": available_memory("cpu")}
        # Which of them the engine will run on is told by what it did.
        for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
            self._free[f"cuda:{index}"] = available_memory(f"cuda:{index}")
            torch.cuda.reset_peak_memory_stats(index)

    def figures(self, folder: ModelFolder | None, parameters: Mapping[str, Any]) -> dict[str, Any]:
        device = str(parameters.get("device", "cpu"))
        dtype = str(parameters.get("dtype", parameters.get("compute_type", "unknown")))
        known = folder is not None and dtype in get_args(DType)
        place = _numbered(device)
        return {
            "device": device,
            "dtype": dtype,
            "needed_bytes": estimate(
                folder, cast(DType, dtype), device, quantize=parameters.get("quantize", "none")
            ).total
            if folder is not None and known
            else None,
            "free_bytes": self._free.get(place, self._free["cpu"]),
            "peak_memory_bytes": _peak_on_cuda(place) if place in self._free and place != "cpu" else _peak_of_process(),
        }


def _numbered(device: str) -> str:
    """``cuda`` alone is the device that torch takes by default."""
    if device != "cuda":
        return device
    import torch

    return f"cuda:{torch.cuda.current_device()}" if torch.cuda.is_available() else "cpu"


def _peak_on_cuda(device: str) -> int:
    import torch

    return int(torch.cuda.max_memory_allocated(torch.device(device)))


def _peak_of_process() -> int:
    # In bytes on macOS, in kibibytes elsewhere.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _words(text: str) -> Sequence[str]:
    return re.sub(r"[^a-z0-9' ]+", " ", text.lower()).split()


def _unheard(*_: object) -> None:
    return None
