from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.errors import BadInput, ModelNeeded, UsageProblem
from pipelines.speech import medasr_model
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.medasr_model import MedASRModel, load
from pipelines.speech.recognizer import Heard
from pipelines.speech.registry import recognizers
from pipelines.speech.windows import FIELD, ROW, row_span
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.medasr_parity import FIRST_CONVOLUTION, Direct, assert_parity, spoken_seconds
from tests.support.tiny_medasr import build_random

pytestmark = pytest.mark.filterwarnings(FIRST_CONVOLUTION)


@pytest.fixture(scope="module")
def gibberish(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights."""
    return build_random(tmp_path_factory.mktemp("gibberish") / "medasr")


@pytest.fixture(scope="module")
def speech() -> Samples:
    return spoken_seconds(90)


def recognizer_in(folder: Path, **more: Any) -> MedASRRecognizer:
    return MedASRRecognizer(ModelFolder(folder, MEDASR), **more)


@pytest.fixture(scope="module")
def direct_gibberish(gibberish: Path) -> Direct:
    return Direct(gibberish)


@pytest.mark.parametrize("seconds", [0.145, 5, 19.9, 20, 36, 45, pytest.param(90, marks=pytest.mark.long)])
def test_logits_ids_and_text_are_those_of_transformers(
    gibberish: Path, direct_gibberish: Direct, speech: Samples, seconds: float
) -> None:
    assert_parity(gibberish, speech[: round(seconds * RATE)], direct_gibberish)


def test_the_head_says_what_is_text_and_neither_blank_nor_the_marks_of_beginning_and_end(gibberish: Path) -> None:
    alphabet = load(ModelFolder(gibberish, MEDASR)).alphabet
    assert alphabet.blank == 0
    assert alphabet.pieces[:4] == (None, None, None, "<unk>")
    assert len(alphabet.pieces) == 512
    assert None not in alphabet.pieces[3:]


def test_a_row_hears_the_samples_that_its_time_is_taken_from(gibberish: Path, speech: Samples) -> None:
    """Perturbs one frame's worth of sound at a time, before the layers that look at the whole window."""
    import torch

    direct = Direct(gibberish)

    def subsampled(samples: Samples) -> NDArray[np.float32]:
        with torch.no_grad():
            features = direct.processor(samples, sampling_rate=RATE)["input_features"]
            found: NDArray[np.float32] = direct.network.encoder.subsampler(features)[0].numpy()
        return found

    base = subsampled(speech[: 2 * RATE])
    for first in range(0, 2 * RATE - 100, 1_237):
        changed = speech[: 2 * RATE].copy()
        changed[first : first + 100] += 0.1
        differ = set(np.flatnonzero(np.abs(subsampled(changed) - base).max(axis=1) > 0).tolist())
        within = {row for row in range(len(base)) if row * ROW < first + 100 and first < row * ROW + FIELD}
        assert differ <= within
        inner = {row for row in within if row * ROW + 400 < first and first + 500 < row * ROW + FIELD}
        assert inner <= differ
    assert sum(row_span(7)) / 2 == 7 * ROW + FIELD / 2


def test_shortest_recording_is_heard_and_shorter_ones_are_refused(gibberish: Path, speech: Samples) -> None:
    recognizer = recognizer_in(gibberish)
    shortest = recognizer.recognise(speech[:FIELD])
    assert all(word.end <= recognizer.minimum_seconds for segment in shortest.segments for word in segment.words)
    with pytest.raises(BadInput, match="too short"):
        recognizer.recognise(speech[: FIELD - 1])


def test_progress_is_told_as_the_sound_goes_in(gibberish: Path, speech: Samples) -> None:
    told: list[float] = []
    recognizer_in(gibberish).recognise(speech[: 45 * RATE], told.append)
    assert told == pytest.approx([*(at / 45 for at in range(4, 45, 4)), 1.0, 1.0])


def test_everything_that_decides_the_output_is_told(gibberish: Path, speech: Samples) -> None:
    import torch

    before = torch.get_num_threads()
    try:
        recognizer = recognizer_in(gibberish, threads=1, device="cpu")
        heard = recognizer.recognise(speech[:RATE])
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
    assert heard.parameters == {
        "window_seconds": 20.0,
        "overlap_seconds": 2.0,
        "seams": "posteriors averaged, Hamming",
        "voice_margin_seconds": 1.0,
        "runtime": "transformers",
        "decoder": "greedy",
        "pause_seconds": 1.0,
        "dtype": "float32",
        "device": "cpu",
        "attention": "sdpa",
        "feature_extractor": "LasrFeatureExtractor",
        "threads": 1,
    }
    assert set(recognizer.libraries()) == {"transformers", "torch", "tokenizers", "onnxruntime", "numpy"}
    assert "accents" in (recognizer.engine().note or "")


def test_two_threads_load_once_and_hear_the_same(
    gibberish: Path, speech: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = []

    def counted(*arguments: Any) -> MedASRModel:
        loads.append(arguments)
        return load(*arguments)

    monkeypatch.setattr(medasr_model, "load", counted)
    recognizer = recognizer_in(gibberish)
    heard: list[Heard] = []
    threads = [
        threading.Thread(target=lambda: heard.append(recognizer.recognise(speech[: 25 * RATE]))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len(heard) == 3
    assert {one.raw for one in heard} == {heard[0].raw}
    assert {one.segments for one in heard} == {heard[0].segments}


def test_loading_and_hearing_open_no_connection_and_say_nothing(
    gibberish: Path, speech: Samples, reached: list[object], capfd: pytest.CaptureFixture[str]
) -> None:
    import transformers

    verbosity = transformers.logging.get_verbosity()
    assert recognizer_in(gibberish).recognise(speech[: 2 * RATE]).raw
    assert reached == []
    assert capfd.readouterr() == ("", "")
    assert transformers.logging.get_verbosity() == verbosity


def test_availability_is_told_without_torch(gibberish: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipelines.speech.registry import recognizers\n"
        "from pipelines.weights.catalogue import MEDASR\n"
        "from pipelines.weights.folder import ModelFolder\n"
        "medasr = recognizers(medasr=ModelFolder(Path(sys.argv[1]), MEDASR))['medasr']()\n"
        "assert medasr.available().ready\n"
        "assert medasr.engine().weights_sha256 and medasr.libraries()\n"
        "assert not {'torch', 'transformers', 'tokenizers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(gibberish)], check=True, cwd=Path(__file__).parents[2])


def test_missing_model_is_told_with_the_way_to_it(tmp_path: Path, speech: Samples) -> None:
    recognizer = recognizer_in(tmp_path / "nowhere")
    available = recognizer.available()
    assert not available.ready
    assert "assistant models pull medasr" in (available.remedy or "")
    with pytest.raises(ModelNeeded, match="pull medasr"):
        recognizer.recognise(speech[:RATE])


def test_unknown_device_is_refused(gibberish: Path, speech: Samples) -> None:
    for device in ("abacus", "cuda:97", "cuda:x"):
        with pytest.raises(UsageProblem, match=f"device {device}: is not on this machine"):
            recognizer_in(gibberish, device=device).recognise(speech[:RATE])


def test_medasr_comes_first_where_its_folder_is_known(tmp_path: Path) -> None:
    folder = ModelFolder(tmp_path, MEDASR)
    assert list(recognizers(medasr=folder)) == ["medasr", "whisper", "medasr-reference", "medasr-int8"]
    assert list(recognizers()) == ["whisper"]
    assert recognizers(medasr=folder)["medasr"]().name == "medasr"
