"""MedASR's network as transformers runs it: loaded from a local folder, samples in, logits out."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import UsageProblem
from pipelines.quiet import silence_telemetry
from pipelines.speech.audio import RATE
from pipelines.speech.ctc import Alphabet
from pipelines.speech.decode import Samples
from pipelines.speech.windows import ROW, rows
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import choose_device, model_of, quietly, refusing, unusable
from pipelines.weights.memory import require_memory

#: Rows are this far apart only with this hop of the front end and this subsampling of the encoder.
_HOP: Final = 160
#: A count of training steps that older files lack and inference never reads.
_UNUSED: Final = ".num_batches_tracked"
#: The blank is written as one, ``<epsilon>``, and never as a piece of a word.
_MARKER: Final = re.compile(r"<[^<>]+>")
#: Beginning and end, also where the tokeniser is not told that they are.
_ENDS: Final = ("<s>", "</s>")


@dataclass(frozen=True)
class MedASRModel:
    """A loaded network. May be used by several threads at once."""

    alphabet: Alphabet
    device: str
    attention: str
    feature_extractor: str
    _network: Any = field(repr=False)
    _processor: Any = field(repr=False)

    def logits(self, samples: Samples) -> NDArray[np.float32]:
        """Logits of one window, [rows, ids], from mono 16 kHz samples, [n], at least 2,320 of them."""
        import torch

        inputs = self._processor(audio=samples, sampling_rate=RATE, return_tensors="pt", return_attention_mask=True).to(
            self.device
        )
        with torch.inference_mode():
            found = self._network(
                input_features=inputs["input_features"], attention_mask=inputs["attention_mask"]
            ).logits[0]
        logits: NDArray[np.float32] = found.cpu().numpy()
        return logits

    def architecture(self) -> dict[str, Any]:
        """The network's configuration with all its defaults."""
        found: dict[str, Any] = self._network.config.to_dict()
        return found

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Every tensor of the network by name, sharing its memory. Only on a CPU."""
        return {name: tensor.detach().numpy() for name, tensor in self._network.state_dict().items()}

    def parameters(self) -> dict[str, Any]:
        """See `Network.parameters`."""
        return {
            "runtime": "transformers",
            "dtype": "float32",
            "device": self.device,
            "attention": self.attention,
            "feature_extractor": self.feature_extractor,
        }

    def libraries(self) -> dict[str, str]:
        """See `Network.libraries`."""
        return {name: version(name) for name in ("transformers", "torch", "tokenizers", "numpy")}


def load(folder: ModelFolder, threads: int = 0, device: str = "auto") -> MedASRModel:
    """Load the checkpoint in ``folder`` and try it on a second of silence. No connection is opened.

    Args:
        folder: where it lies.
        threads: CPU threads; 0 leaves the choice to torch.
        device: ``auto`` (cuda, else mps, else cpu) or a device as torch names it.

    Raises:
        ModelNeeded: there is none, or it cannot be loaded or does not fit together.
        UsageProblem: ``device`` is not one of this machine, or has no room.
    """
    folder.require()
    silence_telemetry()
    import torch

    chosen = choose_device(device)
    require_memory(folder, "float32", chosen)
    if threads > 0:
        # There is one such number per process, so that of whoever loads last counts for every model of torch.
        torch.set_num_threads(threads)
    with _quiet():
        processor = _processor(folder)
        network = _moved(_network(folder), chosen)
        model = MedASRModel(
            alphabet=_alphabet(folder, network, processor),
            device=chosen,
            attention=str(network.config._attn_implementation),
            feature_extractor=type(processor.feature_extractor).__name__,
            _network=network,
            _processor=processor,
        )
        _try(folder, model)
    return model


def _processor(folder: ModelFolder) -> Any:
    import transformers

    loader: Any = transformers.AutoProcessor
    with refusing(folder, "its processor cannot be loaded"):
        processor = loader.from_pretrained(folder.path, local_files_only=True, trust_remote_code=False)
        extractor, tokenizer = processor.feature_extractor, processor.tokenizer
        fits = (extractor.sampling_rate, extractor.hop_length) == (RATE, _HOP)
    if not fits:
        made = f"{type(extractor).__name__} and {type(tokenizer).__name__}"
        raise unusable(folder, f"its processor ({made}) does not hear 16 kHz in steps of 10 ms")
    return processor


def _network(folder: ModelFolder) -> Any:
    from transformers import AutoModelForCTC

    with refusing(folder, "its weights cannot be loaded"):
        return model_of(folder, AutoModelForCTC, "float32", spare=_UNUSED).eval()


def _alphabet(folder: ModelFolder, network: Any, processor: Any) -> Alphabet:
    """What the head's ids write: the tokeniser knows more than the head can say."""
    tokenizer, width, blank = processor.tokenizer, network.config.vocab_size, network.config.pad_token_id
    pieces = tokenizer.convert_ids_to_tokens(list(range(min(width, len(tokenizer)))))
    if len(pieces) < width or not _MARKER.fullmatch(pieces[blank]):
        raise unusable(
            folder,
            f"its tokeniser ({len(tokenizer)} pieces) is not that of its network ({width} ids, blank {blank})",
        )
    silent = {blank, tokenizer.bos_token_id, tokenizer.eos_token_id}
    return Alphabet(
        tuple(None if id_ in silent or piece in _ENDS else piece for id_, piece in enumerate(pieces)), blank
    )


def _try(folder: ModelFolder, model: MedASRModel) -> None:
    with refusing(folder, "it does not run"):
        logits = model.logits(np.zeros(RATE, np.float32))
    if logits.shape != (rows(RATE), len(model.alphabet.pieces)):
        raise unusable(
            folder, f"it gives {logits.shape[0]} frames for a second, not {rows(RATE)} ({ROW} samples apart)"
        )
    if not np.isfinite(logits).all():
        raise unusable(folder, "its weights hold values that are not numbers")


def _moved(network: Any, device: str) -> Any:
    try:
        return network.to(device)
    except RuntimeError as error:
        raise UsageProblem(device, "has no room for medasr", "free its memory, or choose cpu as the device") from error


@contextmanager
def _quiet() -> Iterator[None]:
    with quietly(), warnings.catch_warnings():
        # Told once per process by torch's convolution, of every even kernel: MedASR has 32 by design.
        warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths", category=UserWarning)
        yield
