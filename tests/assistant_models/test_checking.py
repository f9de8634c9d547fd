"""Checking a model: every byte is read, one fixed clip or picture is run, and what is reported is what happened."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from assistant.models.checking import (
    LABELS,
    SPOKEN,
    check_classifier,
    check_generator,
    check_recognizer,
    draw_circle,
    verify_files,
    word_errors,
)
from pipelines.errors import ModelNeeded, VerificationFailed
from pipelines.models.classifier import Classification
from pipelines.models.generator import NOBODY, Ask, Following, Frames, Generation, Picture, Words
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.weights.catalogue import LANGUAGE_MODEL, MEDASR, MEDGEMMA, MEDSIGLIP
from pipelines.weights.folder import ModelFolder
from pipelines.weights.hashes import hash_files
from pipelines.weights.memory import estimate
from pipelines.weights.passport import describe, write_passport
from samples.texts import FOLDER, read_samples
from tests.support import tiny_medasr, tiny_medgemma, tiny_medsiglip
from tests.support.engines import ScriptedClassifier, ScriptedGenerator, ScriptedRecognizer
from tests.support.tiny_medasr import Hearing


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("built")
    medasr = tiny_medasr.build_random(folder / "medasr")
    medgemma = tiny_medgemma.build_random(folder / "medgemma")
    for path in (medasr, medgemma):
        write_passport(path, describe(path, path.name, "import"))
    return {"medasr": medasr, "medgemma": medgemma}


@pytest.fixture
def medasr(built: dict[str, Path], tmp_path: Path) -> ModelFolder:
    return ModelFolder(Path(shutil.copytree(built["medasr"], tmp_path / "medasr")), MEDASR)


@pytest.fixture
def medgemma(built: dict[str, Path]) -> ModelFolder:
    return ModelFolder(built["medgemma"], MEDGEMMA)


@dataclass
class Seeing(ScriptedGenerator):
    """Keeps what it is shown, and takes its time."""

    shown: list[bytes] = field(default_factory=list)
    device: str = "cpu"

    def generate(self, ask: Ask, frames: Frames, following: Following = NOBODY) -> Generation:
        self.shown.extend(map(frames, ask.frames))
        figures = {"prompt_tokens": 280, "output_tokens": 4, "seconds": 0.5}
        device = {"device": self.device, "dtype": "float32"}
        return super().generate(ask, frames).model_copy(update={**figures, "parameters": device})


def test_a_generator_is_asked_about_the_circle(medgemma: ModelFolder) -> None:
    generator = Seeing("A circle.")
    report = check_generator(generator, medgemma)
    (ask,) = generator.asks
    assert [type(part) for part in ask.parts] == [Picture, Words]
    assert generator.shown == [draw_circle()]
    assert (report.ok, report.came) == (True, "A circle.")
    assert (report.prompt_tokens, report.output_tokens, report.tokens_per_second) == (280, 4, 8)
    assert (report.device, report.dtype) == ("cpu", "float32")
    assert report.needed_bytes == estimate(medgemma, "float32", "cpu").total
    assert report.free_bytes > 0
    assert report.peak_memory_bytes > 100_000_000
    assert report.compared


@pytest.mark.parametrize(("text", "finish_reason"), [("A square.", "stop"), ("A circle", "length")])
def test_a_generator_that_does_not_see_the_circle_is_not_ok(
    medgemma: ModelFolder, text: str, finish_reason: Literal["stop", "length"]
) -> None:
    assert not check_generator(ScriptedGenerator(text, finish_reason=finish_reason), medgemma).ok


def test_the_circle_is_white_on_black() -> None:
    image = Image.open(BytesIO(draw_circle()))
    assert (image.mode, image.size) == ("RGB", (896, 896))
    assert image.getpixel((448, 448)) == (255, 255, 255)
    assert image.getpixel((10, 448)) == (0, 0, 0)
    assert draw_circle() == draw_circle()


def test_a_recogniser_hears_the_clip(medasr: ModelFolder) -> None:
    told: list[tuple[str, float]] = []
    recognizer = ScriptedRecognizer(texts=(SPOKEN.lower().replace("calcium", "potassium"),))
    report = check_recognizer(recognizer, medasr, lambda doing, done: told.append((doing, done)))
    assert recognizer.heard == [57_709]
    assert report.word_error_rate == pytest.approx(1 / 7)
    assert report.ok
    assert told[0][0] == "reading"
    assert told[-1] == ("running", 1.0)


def test_commands_are_not_words_that_were_said(medasr: ModelFolder) -> None:
    said = ScriptedRecognizer(texts=("what was the most recent calcium level {question mark}",))
    assert check_recognizer(said, None).word_error_rate == 0


def test_a_recogniser_that_hears_nothing_is_not_ok() -> None:
    report = check_recognizer(ScriptedRecognizer(texts=("",)), None)
    assert (report.ok, report.word_error_rate, report.files, report.compared) == (False, 1, {}, False)


def test_gibberish_of_untrained_weights_is_reported_with_every_figure(medasr: ModelFolder) -> None:
    report = check_recognizer(MedASRRecognizer(medasr, device="cpu"), medasr)
    assert not report.ok
    assert report.engine.weights_sha256 == medasr.weights_sha256()
    assert report.load_seconds > 0
    assert report.real_time_factor == pytest.approx(report.seconds / 3.6068125)
    assert (report.device, report.dtype) == ("cpu", "float32")
    assert report.needed_bytes == estimate(medasr, "float32", "cpu").total
    assert report.files == dict(zip((path.name for path in medasr.files()), hash_files(medasr.files()), strict=True))


@pytest.mark.long
def test_a_model_that_hears_is_ok(hearing: Hearing) -> None:
    folder = ModelFolder(hearing.folder, MEDASR)
    report = check_recognizer(MedASRRecognizer(folder, device="cpu"), folder)
    assert (report.ok, report.word_error_rate, report.compared) == (True, 0, False)


def test_the_clip_is_the_sample_that_says_so() -> None:
    from importlib.resources import files

    (sample,) = (sample for sample in read_samples() if sample.name == "question-calcium")
    assert sample.text == SPOKEN
    assert (files("pipelines.speech") / "check.flac").read_bytes() == (FOLDER / sample.audio).read_bytes()


def rot(folder: Path, name: str) -> None:
    """One bit, and neither size nor time tells."""
    path = folder / name
    stat = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


@pytest.mark.parametrize("check", [verify_files, lambda folder: check_recognizer(ScriptedRecognizer(), folder)])
def test_a_bit_that_rotted_in_the_weights_is_found(medasr: ModelFolder, check: Callable[[ModelFolder], object]) -> None:
    rot(medasr.path, "model.safetensors")
    with pytest.raises(VerificationFailed) as caught:
        check(medasr)
    assert (caught.value.subject, caught.value.problem) == (
        "medasr/model.safetensors",
        "is damaged (SHA-256 differs)",
    )
    assert caught.value.exit_code == 6


def test_a_file_that_was_added_is_found(medasr: ModelFolder) -> None:
    (medasr.path / "added_tokens.json").write_text("{}")
    with pytest.raises(VerificationFailed) as caught:
        verify_files(medasr)
    assert caught.value.subject == "medasr/added_tokens.json"


def test_a_language_model_is_read_where_it_was_installed_and_the_users_own_is_left_out(medasr: ModelFolder) -> None:
    (medasr.path / LANGUAGE_MODEL).write_bytes(b"n-grams")
    hashes, compared = verify_files(medasr)
    assert compared
    assert LANGUAGE_MODEL not in hashes
    write_passport(medasr.path, describe(medasr.path, "medasr", "import"))
    assert LANGUAGE_MODEL in verify_files(medasr)[0]
    rot(medasr.path, LANGUAGE_MODEL)
    with pytest.raises(VerificationFailed) as caught:
        verify_files(medasr)
    assert caught.value.subject == f"medasr/{LANGUAGE_MODEL}"


def test_a_folder_without_a_passport_is_hashed_and_not_compared(medasr: ModelFolder) -> None:
    (medasr.path / "assistant-model.json").unlink()
    hashes, compared = verify_files(medasr)
    assert not compared
    assert hashes["model.safetensors"] == medasr.weights_sha256()


def test_a_model_that_is_not_there_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ModelNeeded):
        verify_files(ModelFolder(tmp_path, MEDGEMMA))


@given(st.lists(st.sampled_from("abcd"), max_size=6), st.lists(st.sampled_from("abcd"), max_size=6))
def test_word_errors_are_those_that_jiwer_counts(reference: list[str], hypothesis: list[str]) -> None:
    if not reference or not hypothesis:
        assert word_errors(" ".join(reference), " ".join(hypothesis)) == max(len(reference), len(hypothesis))
        return
    import jiwer

    counted = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    expected = counted.substitutions + counted.deletions + counted.insertions
    assert word_errors(" ".join(reference).upper(), ", ".join(hypothesis)) == expected


@pytest.mark.parametrize(("device", "index"), [("cuda:1", 1), ("cuda:0", 0), ("cuda", 0)])
def test_memory_is_that_of_the_device_which_the_engine_ran_on(
    medgemma: ModelFolder, monkeypatch: pytest.MonkeyPatch, device: str, index: int
) -> None:
    reset: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda place: (1000 + (torch.device(place).index or 0), 9000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda place: 0)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda place: 0)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda place: 500 + (torch.device(place).index or 0))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda place=0: reset.append(place))
    report = check_generator(Seeing("A circle.", device=device), medgemma)
    assert (report.device, report.free_bytes, report.peak_memory_bytes) == (device, 1000 + index, 500 + index)
    assert reset == [0, 1]


@dataclass
class Telling(ScriptedClassifier):
    """Takes the picture for the label at this place."""

    place: int = 0

    def classify(self, frame: bytes, labels: tuple[str, ...]) -> Classification:
        assert frame == draw_circle()
        logits = tuple(5.0 if place == self.place else -5.0 for place in range(len(labels)))
        found = super().classify(frame, labels)
        return found.model_copy(update={"logits": logits, "seconds": 0.5, "parameters": {"dtype": "float32"}})


@pytest.mark.parametrize(("place", "ok"), [(0, True), (2, False)])
def test_a_classifier_tells_what_the_picture_is(tmp_path: Path, place: int, ok: bool) -> None:
    folder = ModelFolder(tiny_medsiglip.build_random(tmp_path / "medsiglip"), MEDSIGLIP)
    told: list[tuple[str, float]] = []
    report = check_classifier(Telling(place=place), folder, lambda doing, done: told.append((doing, done)))
    assert (report.ok, report.expected) == (ok, LABELS[0])
    assert report.came == f"{LABELS[place]} (100%)"
    assert (report.seconds, report.output_tokens, report.compared) == (0.5, None, False)
    assert report.needed_bytes == estimate(folder, "float32", "cpu").total
    assert told[0][0] == "reading"
    assert told[-1] == ("running", 1.0)
