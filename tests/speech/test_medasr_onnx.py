"""MedASR from prepared files: the same logits as transformers', without it, and no files but the right ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.speech.audio import RATE
from pipelines.speech.decode import Samples
from pipelines.speech.medasr import MedASRRecognizer
from pipelines.speech.medasr_model import MedASRModel, load
from pipelines.speech.medasr_onnx import OnnxMedASR, load_prepared, prepared_availability
from pipelines.speech.network import Network
from pipelines.speech.prepared import MANIFEST, Manifest, prepared_folder
from pipelines.speech.windows import FIELD, rows
from pipelines.weights.catalogue import MEDASR
from pipelines.weights.folder import ModelFolder
from tests.support.medasr_parity import FIRST_CONVOLUTION, spoken_seconds
from tests.support.prepared_medasr import prepare_into
from tests.support.tiny_medasr import Hearing, build_random

pytestmark = pytest.mark.filterwarnings(FIRST_CONVOLUTION)

LENGTHS = (FIELD, FIELD + 1, FIELD + 639, FIELD + 640, RATE, 5 * RATE, 5 * RATE + 17, 20 * RATE - 1, 20 * RATE)


def unlike_new(folder: Path) -> Path:
    """Gives the norms numbers as training leaves them; new ones are zeros and ones, which hides mistakes."""
    from safetensors.numpy import load_file, save_file

    random = np.random.default_rng(1)
    tensors = load_file(folder / "model.safetensors")
    for name, tensor in tensors.items():
        if name.endswith("norm.running_var"):
            tensors[name] = random.uniform(0.3, 3.0, tensor.shape).astype(np.float32)
        elif "norm" in name and tensor.ndim == 1:
            tensors[name] = tensor + random.normal(0, 0.3, tensor.shape).astype(np.float32)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def gibberish(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """A checkpoint with random weights."""
    return ModelFolder(unlike_new(build_random(tmp_path_factory.mktemp("gibberish") / "medasr")), MEDASR)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, gibberish: ModelFolder) -> Path:
    """A models folder in which it is prepared, in both forms."""
    folder = tmp_path_factory.mktemp("models")
    prepare_into(folder, gibberish.path)
    return folder


@pytest.fixture(scope="module")
def reference(gibberish: ModelFolder) -> MedASRModel:
    return load(gibberish, threads=1, device="cpu")


@pytest.fixture(scope="module")
def prepared(gibberish: ModelFolder, models: Path) -> OnnxMedASR:
    return load_prepared(gibberish, models, threads=1, precision="fp32")


@pytest.fixture(scope="module")
def speech() -> Samples:
    return spoken_seconds(20)


def assert_equal(ours: Network, theirs: Network, samples: Samples) -> None:
    found, expected = ours.logits(samples), theirs.logits(samples)
    assert (found.dtype, found.shape) == (np.float32, expected.shape)
    assert len(found) == rows(len(samples))
    assert np.abs(found - expected).max() <= 1e-3
    assert found.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist()


@pytest.mark.parametrize("length", LENGTHS)
def test_logits_are_those_of_transformers(
    prepared: OnnxMedASR, reference: MedASRModel, speech: Samples, length: int
) -> None:
    assert_equal(prepared, reference, speech[:length])


def test_logits_are_those_of_transformers_at_many_lengths_and_levels(
    prepared: OnnxMedASR, reference: MedASRModel, speech: Samples
) -> None:
    random = np.random.default_rng(3)
    for _ in range(25):
        length = int(random.integers(FIELD, 8 * RATE))
        start = int(random.integers(0, len(speech) - length))
        noise = random.standard_normal(length).astype(np.float32) * np.float32(10 ** random.uniform(-5, -1))
        assert_equal(prepared, reference, speech[start : start + length] * np.float32(random.uniform(0, 1)) + noise)


@pytest.mark.long
def test_a_checkpoint_that_hears_hears_the_same(hearing: Hearing, tmp_path: Path) -> None:
    folder = ModelFolder(hearing.folder, MEDASR)
    prepare_into(tmp_path, hearing.folder)
    ours, theirs = load_prepared(folder, tmp_path, threads=2, precision="fp32"), load(folder)
    speech = spoken_seconds(60)
    for length in LENGTHS:
        assert_equal(ours, theirs, speech[:length])
    by_ours, by_theirs = MedASRRecognizer(folder, prepared=tmp_path), MedASRRecognizer(folder)
    assert by_ours.recognise(speech).raw == by_theirs.recognise(speech).raw != ""
    smaller = MedASRRecognizer(folder, prepared=tmp_path, precision="int8", ungated=True)
    for spoken in hearing.questions:
        from pipelines.speech.audio import read_speech
        from pipelines.speech.level import correct_level

        samples = correct_level(read_speech(spoken.flac, spoken.flac.name).samples)[0]
        assert smaller.recognise(samples).raw == spoken.raw


def test_what_ids_write_and_how_it_ran_are_told(
    prepared: OnnxMedASR, reference: MedASRModel, gibberish: ModelFolder, models: Path
) -> None:
    assert prepared.alphabet == reference.alphabet
    assert prepared.parameters() == {
        "runtime": "onnxruntime",
        "dtype": "float32",
        "device": "cpu",
        "opset": 20,
        "feature_extractor": "own",
        "threads": 1,
    }
    assert set(prepared.libraries()) == {"onnxruntime", "numpy"}
    smaller = load_prepared(gibberish, models, threads=2, precision="int8", ungated=True)
    assert smaller.parameters() == {**prepared.parameters(), "dtype": "int8", "threads": 2}


def test_int8_is_near_and_is_not_the_same(
    gibberish: ModelFolder, models: Path, prepared: OnnxMedASR, speech: Samples
) -> None:
    smaller = load_prepared(gibberish, models, threads=1, precision="int8", ungated=True)
    exact, rounded = prepared.logits(speech), smaller.logits(speech)
    assert 1e-3 < np.abs(exact - rounded).max() < 1.5
    assert np.mean(exact.argmax(axis=1) == rounded.argmax(axis=1)) > 0.95


def test_several_threads_get_the_same(prepared: OnnxMedASR, speech: Samples) -> None:
    parts = [speech[start : start + 3 * RATE] for start in range(0, 15 * RATE, RATE)]
    expected = [prepared.logits(part) for part in parts]
    found: dict[int, NDArray[np.float32]] = {}

    def hear(first: int) -> None:
        for index in range(first, len(parts), 3):
            found[index] = prepared.logits(parts[index])

    threads = [threading.Thread(target=hear, args=(first,)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[index], one) for index, one in enumerate(expected))


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_neither_torch_nor_transformers_is_imported(
    gibberish: ModelFolder, models: Path, speech: Samples, tmp_path: Path, precision: str
) -> None:
    np.save(tmp_path / "speech.npy", speech)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from pipelines.speech.medasr import MedASRRecognizer\n"
        "from pipelines.weights.catalogue import MEDASR\n"
        "from pipelines.weights.folder import ModelFolder\n"
        "folder, models, speech, precision = sys.argv[1:]\n"
        "medasr = MedASRRecognizer(ModelFolder(Path(folder), MEDASR), prepared=Path(models), precision=precision,\n"
        "    ungated=True, voice_gate=False)\n"
        "assert medasr.recognise(np.load(speech)).raw\n"
        "heavy = {'torch', 'transformers', 'tokenizers', 'onnx', 'safetensors', 'librosa', 'scipy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "assert os.environ['ORT_DISABLE_TELEMETRY'] == '1'\n"
    )
    arguments = [str(gibberish.path), str(models), str(tmp_path / "speech.npy"), precision]
    subprocess.run([sys.executable, "-c", code, *arguments], check=True, cwd=Path(__file__).parents[2])


def replace_byte(name: str) -> Callable[[Path], None]:
    def edit(place: Path) -> None:
        data = bytearray((place / name).read_bytes())
        data[len(data) // 2] ^= 1
        (place / name).write_bytes(data)

    return edit


def truncate(name: str) -> Callable[[Path], None]:
    def edit(place: Path) -> None:
        os.truncate(place / name, (place / name).stat().st_size // 2)

    return edit


def remove(name: str) -> Callable[[Path], None]:
    return lambda place: (place / name).unlink()


def edit_manifest(**changes: Any) -> Callable[[Path], None]:
    def edit(place: Path) -> None:
        manifest = Manifest.model_validate_json((place / MANIFEST).read_bytes())
        (place / MANIFEST).write_text(manifest.model_copy(update=changes).model_dump_json())

    return edit


def forget_int8(place: Path) -> None:
    manifest = Manifest.model_validate_json((place / MANIFEST).read_bytes())
    parity = {"fp32": manifest.parity["fp32"]}
    (place / MANIFEST).write_text(manifest.model_copy(update={"parity": parity}).model_dump_json())


FP32: dict[str, tuple[Callable[[Path], None], str]] = {
    "changed graph": (replace_byte("fp32.onnx"), "medasr/prepared/fp32.onnx: does not belong to the weights"),
    "changed numbers": (replace_byte("fp32.weights"), "medasr/prepared/fp32.weights: does not belong to the weights"),
    "cut graph": (truncate("fp32.onnx"), "medasr/prepared/fp32.onnx: is damaged"),
    "cut numbers": (truncate("fp32.weights"), "medasr/prepared/fp32.weights: is damaged"),
    "no graph": (remove("fp32.onnx"), "medasr/prepared/fp32.onnx: is missing"),
    "no numbers": (remove("fp32.weights"), "medasr/prepared/fp32.weights: is missing"),
    "no manifest": (remove(MANIFEST), "medasr: is not prepared for ONNX Runtime"),
    "cut manifest": (truncate(MANIFEST), "medasr/prepared/prepared.json: is damaged"),
    "other weights": (
        edit_manifest(weights_sha256="0" * 64),
        "medasr/prepared/prepared.json: is of other weights (000000000000, not ",
    ),
    "manifest of no files": (edit_manifest(files={}), "medasr/prepared/fp32.onnx: is missing"),
    "nothing": (shutil.rmtree, "medasr: is not prepared for ONNX Runtime"),
}


@pytest.mark.parametrize("damage", FP32)
def test_files_that_are_not_those_of_the_weights_are_one_line_with_the_remedy(
    gibberish: ModelFolder, models: Path, tmp_path: Path, damage: str
) -> None:
    edit, expected = FP32[damage]
    shutil.copytree(models, tmp_path / "models")
    edit(prepared_folder(tmp_path / "models", gibberish.weights_sha256()))
    with pytest.raises(ModelNeeded) as caught:
        load_prepared(gibberish, tmp_path / "models", threads=1, precision="fp32")
    line = str(caught.value)
    assert line.startswith(expected)
    assert line.endswith("; run: assistant models prepare medasr")
    assert "\n" not in line
    at = prepared_availability(gibberish, tmp_path / "models", "fp32")
    if not damage.startswith("changed"):
        assert not at.ready
        assert at.remedy == "run: assistant models prepare medasr"


@pytest.mark.parametrize("edit", [remove("int8.onnx"), remove("int8.weights"), forget_int8])
def test_int8_that_is_not_there_is_one_line(
    gibberish: ModelFolder, models: Path, tmp_path: Path, edit: Callable[[Path], None]
) -> None:
    shutil.copytree(models, tmp_path / "models")
    edit(prepared_folder(tmp_path / "models", gibberish.weights_sha256()))
    with pytest.raises(ModelNeeded, match=r"^medasr.*; run: assistant models prepare medasr --int8$"):
        load_prepared(gibberish, tmp_path / "models", threads=1, precision="int8", ungated=True)
    assert prepared_availability(gibberish, tmp_path / "models", "fp32").ready
    load_prepared(gibberish, tmp_path / "models", threads=1, precision="fp32")


def test_a_prepared_network_of_other_weights_is_not_taken(models: Path, tmp_path: Path) -> None:
    other = ModelFolder(build_random(tmp_path / "other", seed=5), MEDASR)
    with pytest.raises(ModelNeeded, match="medasr: is not prepared for ONNX Runtime; run: assistant models prepare"):
        load_prepared(other, models, threads=1, precision="fp32")


def test_prepared_files_that_were_copied_still_belong(gibberish: ModelFolder, models: Path, tmp_path: Path) -> None:
    place = prepared_folder(models, gibberish.weights_sha256())
    copied = tmp_path / "models" / "prepared" / place.name
    copied.mkdir(parents=True)
    for path in place.iterdir():
        (copied / path.name).write_bytes(path.read_bytes())
    load_prepared(gibberish, tmp_path / "models", threads=1, precision="fp32")


def test_int8_does_not_start_without_a_verdict(gibberish: ModelFolder, models: Path) -> None:
    with pytest.raises(UsageProblem) as caught:
        load_prepared(gibberish, models, threads=1, precision="int8")
    assert str(caught.value) == (
        "medasr-int8: has not been measured on your own recordings; "
        "run: assistant evaluate speech --data YOUR-RECORDINGS --engine medasr-int8"
    )
    at = prepared_availability(gibberish, models, "int8")
    assert not at.ready
    assert "evaluate speech" in (at.remedy or "")
