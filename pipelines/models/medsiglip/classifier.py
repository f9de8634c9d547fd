"""MedSigLIP through transformers, loaded and fed as its makers do: it tells kinds of pictures apart."""

from __future__ import annotations

import hashlib
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import BadInput, ModelNeeded
from pipelines.models.classifier import Classification, Embedded, pack
from pipelines.models.medsiglip import bilinear
from pipelines.models.medsiglip.checkpoint import SiglipCheckpoint, load
from pipelines.models.queue import DeviceQueues, queues_of_this_process
from pipelines.models.turn import open_picture
from pipelines.records import Availability, Engine
from pipelines.weights.folder import ModelFolder
from pipelines.weights.loading import choose_device, require_known
from pipelines.weights.memory import is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_NOTE: Final = "for research and development; asked for kinds of pictures and for pictures like one, never for findings"
_LIBRARIES: Final = ("transformers", "torch", "sentencepiece", "pillow", "numpy")


class MedSigLIP:
    """MedSigLIP at 448 pixels, or any other checkpoint of its architecture.

    Args:
        folder: where its files lie.
        threads: for torch on the CPU, process-wide; 0 leaves the choice to it.
        device: ``auto`` (a graphics processor where there is one), ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.
        dtype: ``float32``, ``bfloat16``, or ``auto``: the former.
        queues: where calls wait for a device; those of this process unless given.

    Raises:
        UsageProblem: a device or dtype that it cannot run on.
    """

    name: Final = "medsiglip"

    def __init__(
        self,
        folder: ModelFolder,
        threads: int = 0,
        device: str = "auto",
        dtype: str = "auto",
        queues: DeviceQueues | None = None,
    ) -> None:
        require_known(device, dtype)
        self._folder = folder
        self._threads = threads
        self._device = device
        self._dtype = dtype
        self._checkpoint: SiglipCheckpoint | None = None
        self._queues = queues or queues_of_this_process()
        # A run asks twice about one picture, and every run about the same labels: these few numbers stay.
        self._last_picture: tuple[Engine, str, Any] | None = None
        self._last_labels: tuple[Engine, tuple[str, ...], Any] | None = None

    def available(self) -> Availability:
        return self._folder.availability()

    def engine(self) -> Engine:
        if self._checkpoint is not None:
            return self._checkpoint.engine
        return self._folder.engine(version("transformers"), _NOTE)

    def classify(self, frame: bytes, labels: tuple[str, ...]) -> Classification:
        """See `ImageClassifier.classify`."""
        if not labels:
            raise BadInput("labels", "there are none", "give at least one description")
        with self._turn():
            checkpoint, started = self._loaded(), time.perf_counter()
            sha256, picture = self._picture(checkpoint, frame)
            words = self._words(checkpoint, labels)
            logits = self._computed(checkpoint, lambda: _logits(checkpoint.model, picture, words))
            return Classification(
                frame=sha256,
                labels=labels,
                logits=tuple(logits.float().tolist()),
                **self._identity(checkpoint, started),
            )

    def embed(self, frame: bytes) -> Embedded:
        """See `ImageClassifier.embed`."""
        import numpy as np

        with self._turn():
            checkpoint, started = self._loaded(), time.perf_counter()
            sha256, picture = self._picture(checkpoint, frame)
            vector = picture[0].float().cpu().numpy()
            # In bfloat16 the model's own division leaves the length only near 1.
            unit = vector / np.linalg.norm(vector)
            return Embedded(frame=sha256, vector=pack(unit), **self._identity(checkpoint, started))

    def release(self) -> None:
        """See `ImageClassifier.release`."""
        with self._turn():
            on_cuda = self._checkpoint is not None and self._checkpoint.device.startswith("cuda")
            self._checkpoint = None
            if on_cuda:
                import torch

                torch.cuda.empty_cache()

    def _turn(self) -> AbstractContextManager[None]:
        """Calls never interleave: two at once would need twice the memory, and neither would be faster."""
        return self._queues.of(choose_device(self._device)).turn(self.name, "", lambda: False)

    def _picture(self, checkpoint: SiglipCheckpoint, frame: bytes) -> tuple[str, Any]:
        """Hash of a frame, and where it lies: 1 x width, of length 1."""
        import numpy as np

        sha256 = hashlib.sha256(frame).hexdigest()
        if self._last_picture is None or self._last_picture[:2] != (checkpoint.engine, sha256):
            pixels = bilinear.resize(np.asarray(open_picture(sha256, frame)), checkpoint.side)
            inputs = checkpoint.processor.image_processor(
                images=pixels, input_data_format="channels_last", return_tensors="pt"
            )
            values = inputs["pixel_values"].to(checkpoint.device, checkpoint.model.dtype)
            seen = self._computed(
                checkpoint,
                lambda: _of_length_one(checkpoint.model.get_image_features(pixel_values=values).pooler_output),
            )
            self._last_picture = checkpoint.engine, sha256, seen
        return self._last_picture[1:]

    def _words(self, checkpoint: SiglipCheckpoint, labels: tuple[str, ...]) -> Any:
        """Where labels lie: labels x width, each of length 1."""
        if self._last_labels is None or self._last_labels[:2] != (checkpoint.engine, labels):
            most, tokenizer = checkpoint.text_tokens, checkpoint.processor.tokenizer
            if max(map(len, tokenizer(list(labels), verbose=False)["input_ids"])) > most:
                raise BadInput("labels", f"one is longer than the {most} tokens that {self.name} reads", "shorten it")
            tokens = tokenizer(list(labels), padding="max_length", max_length=most, return_tensors="pt").to(
                checkpoint.device
            )
            read = self._computed(
                checkpoint, lambda: _of_length_one(checkpoint.model.get_text_features(**tokens).pooler_output)
            )
            self._last_labels = checkpoint.engine, labels, read
        return self._last_labels[2]

    def _computed(self, checkpoint: SiglipCheckpoint, call: Callable[[], Any]) -> Any:
        """What the model gives, which must be numbers.

        Raises:
            ModelNeeded: it gives none, or memory runs out.
        """
        import torch

        try:
            with torch.inference_mode():
                found = call()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise ModelNeeded(
                self.name,
                f"ran out of memory on {checkpoint.device} in {checkpoint.dtype}",
                "close other programs, or use a machine with more memory",
            ) from error
        if not bool(found.isfinite().all()):
            raise ModelNeeded(
                self.name,
                f"gives no numbers (NaN) in {checkpoint.dtype} on {checkpoint.device}",
                f"the weights may be damaged: assistant models pull {self.name}",
            )
        return found

    def _identity(self, checkpoint: SiglipCheckpoint, started: float) -> dict[str, Any]:
        import torch

        processor = checkpoint.processor
        return {
            "engine": checkpoint.engine,
            "parameters": {
                "resize": bilinear.DESCRIPTION,
                "side": checkpoint.side,
                "text_tokens": checkpoint.text_tokens,
                "padding": "max_length",
                "dtype": checkpoint.dtype,
                "device": checkpoint.device,
                "threads": torch.get_num_threads(),
                "attention": checkpoint.model.config.vision_config._attn_implementation,
                "image_processor": type(processor.image_processor).__name__,
                "tokenizer": type(processor.tokenizer).__name__,
            },
            "libraries": {name: version(name) for name in _LIBRARIES},
            "seconds": time.perf_counter() - started,
        }

    def _loaded(self) -> SiglipCheckpoint:
        if self._checkpoint is None:
            self._checkpoint = load(
                self._folder, self._threads, self._device, self._dtype, version("transformers"), _NOTE
            )
        return self._checkpoint


def _of_length_one(rows: Any) -> Any:
    return rows / rows.norm(p=2, dim=-1, keepdim=True)


def _logits(model: Any, picture: Any, words: Any) -> Any:
    """One for each label, computed as `SiglipModel.forward` does."""
    import torch

    return (torch.matmul(words, picture.t()) * model.logit_scale.exp() + model.logit_bias).t()[0]
