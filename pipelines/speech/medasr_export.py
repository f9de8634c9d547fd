"""Writes MedASR down for ONNX Runtime, and holds what came against transformers before anybody uses it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import ModelNeeded
from pipelines.speech.audio import RATE, read_speech
from pipelines.speech.decode import Samples
from pipelines.speech.level import correct_level
from pipelines.speech.medasr_graph import UnknownNetwork, write_network
from pipelines.speech.medasr_model import MedASRModel, load
from pipelines.speech.medasr_onnx import OnnxMedASR, open_prepared
from pipelines.speech.mel import read_front_end
from pipelines.speech.onnx_graph import OPSET, RUNTIME, Graph
from pipelines.speech.prepared import MANIFEST, Manifest, Parity, Precision, files_of
from pipelines.speech.windows import FIELD
from pipelines.weights.folder import ModelFolder
from pipelines.weights.hashes import hash_files
from pipelines.weights.loading import unusable
from pipelines.weights.memory import available_memory, estimate
from pipelines.weights.passport import stored_file

Progress = Callable[[str, float], None]
"""Told what is being done, and the fraction of it that is done, from 0 to 1."""

LARGEST_DIFFERENCE: Final = 1e-3
"""Of any logit of the fp32 form from transformers'."""
#: What int8 must reach on the same sound. Whether it hears well enough is measured on the user's recordings, not here;
#: this finds weights that were written wrong, or a processor that multiplies them wrong.
_LEAST_EQUAL_BEST: Final = 0.7
#: The checkpoint, the tensors as they are written, and the network in the runtime: at their most at once.
_TIMES_WEIGHTS: Final = 3
_CLIP: Final = "check.flac"
_NOISE_SECONDS: Final = (1.0, 7.3, 20.0)
_LIBRARIES: Final = ("onnx", "onnxruntime", "torch", "transformers", "tokenizers", "numpy")


def export(
    folder: ModelFolder, place: Path, *, int8: bool, threads: int = 0, progress: Progress | None = None
) -> Manifest:
    """Write the network of the checkpoint in ``folder`` into the empty folder ``place``, with a manifest.

    Args:
        int8: in int8 as well.
        threads: CPU threads for the comparison.

    Raises:
        ModelNeeded: there is no checkpoint, it is none of MedASR's architecture, or too large for this machine; or what
            was written gives other logits than transformers.
    """
    progress = progress or _unheard
    folder.require()
    front_end = read_front_end(folder)
    _require_memory(folder)
    progress("loading", 0.0)
    reference = load(folder, threads, "cpu")
    forms: list[Precision] = ["fp32", "int8"] if int8 else ["fp32"]
    for form in forms:
        graph, numbers = (place / name for name in files_of(form))
        with_weights = _exact if form == "fp32" else _rounded
        try:
            written = write_network(reference.architecture(), reference.tensors(), with_weights)
        except (UnknownNetwork, KeyError) as unknown:
            raise unusable(folder, f"cannot be prepared: it {unknown.args[0]}") from None
        written.save(graph, numbers, partial(progress, f"writing {form}"))
    names = [name for form in forms for name in files_of(form)]
    digests = hash_files([place / name for name in names], partial(progress, "hashing"))
    manifest = Manifest(
        weights_sha256=folder.weights_sha256(),
        files={name: stored_file(place / name, digest) for name, digest in zip(names, digests, strict=True)},
        libraries={name: version(name) for name in _LIBRARIES},
        opset=OPSET,
        pieces=reference.alphabet.pieces,
        blank=reference.alphabet.blank,
        front_end=front_end,
        parity={},
    )
    parity = {}
    for form in forms:
        network = open_prepared(folder, place, manifest, threads=threads, precision=form)
        parity[form] = _compare(reference, network, partial(progress, f"comparing {form}"))
        _require_parity(folder, form, parity[form])
    manifest = manifest.model_copy(update={"parity": parity})
    (place / MANIFEST).write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
    return manifest


def sounds() -> Iterator[Samples]:
    """What both are let hear: speech, and noise of several lengths, the shortest included."""
    with as_file(files("pipelines.speech") / _CLIP) as clip:
        yield correct_level(read_speech(clip, _CLIP).samples)[0]
    random = np.random.default_rng(0)
    for length in (FIELD, *(round(seconds * RATE) for seconds in _NOISE_SECONDS)):
        yield (random.standard_normal(length) * 0.1).astype(np.float32)


def _compare(reference: MedASRModel, network: OnnxMedASR, progress: Callable[[float], None]) -> Parity:
    heard = tuple(sounds())
    rows, equal, largest = 0, 0, 0.0
    for done, samples in enumerate(heard):
        expected, found = reference.logits(samples), network.logits(samples)
        rows += len(expected)
        equal += int((expected.argmax(axis=1) == found.argmax(axis=1)).sum())
        largest = max(largest, float(np.abs(expected - found).max()))
        progress((done + 1) / len(heard))
    return Parity(rows=rows, largest_difference=largest, equal_best=equal / rows)


def _require_parity(folder: ModelFolder, form: Precision, parity: Parity) -> None:
    least, largest = (1.0, LARGEST_DIFFERENCE) if form == "fp32" else (_LEAST_EQUAL_BEST, float("inf"))
    if parity.equal_best < least or not parity.largest_difference <= largest:
        raise unusable(
            folder,
            f"its network in {form} does not give what transformers gives (logits differ by up to "
            f"{parity.largest_difference:.2g}, the likeliest id is the same in {parity.equal_best:.1%} of the rows)",
        )


def _require_memory(folder: ModelFolder) -> None:
    need, free = estimate(folder, "float32", "cpu"), available_memory("cpu")
    needed = _TIMES_WEIGHTS * need.weights + need.work + need.overhead
    if needed > free:
        raise ModelNeeded(
            folder.model.name,
            f"needs {needed / 1e9:.1f} GB to be prepared and {free / 1e9:.1f} GB are free",
            "close other programs, or prepare it on a machine with more memory",
        )


def _exact(graph: Graph, value: str, name: str, weight: NDArray[np.float32]) -> str:
    return graph.add("MatMul", value, graph.constant(name, weight))


def _rounded(graph: Graph, value: str, name: str, weight: NDArray[np.float32]) -> str:
    """In eight bits, a scale for each column; the other factor is rounded as it comes.

    The numbers are unsigned about 128. Signed ones are multiplied with saturation on processors without VNNI
    instructions, and come out wrong there; with them both kinds take the same way.
    """
    scale = np.maximum(np.abs(weight).max(axis=0), np.finfo(np.float32).tiny) / 127
    rounded = (np.rint(weight / scale) + 128).astype(np.uint8)
    return graph.add(
        "DynamicQuantizeMatMul",
        value,
        graph.constant(name, rounded),
        graph.constant(f"{name}.scale", scale.astype(np.float32)),
        graph.constant(f"{name}.zero", np.full(len(scale), 128, np.uint8)),
        domain=RUNTIME,
    )


def _unheard(*_: object) -> None:
    return None
