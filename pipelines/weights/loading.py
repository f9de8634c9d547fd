"""What loading a model of the catalogue through transformers has in common."""

from __future__ import annotations

import importlib
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import DType, Quantize, does_not_fit, is_out_of_memory

_LONGEST_REASON: Final = 160
_DEVICE: Final = re.compile(r"auto|cpu|mps|cuda(:\d+)?")
_DTYPES: Final = ("auto", "bfloat16", "float32")


def require_known(device: str, dtype: str) -> None:
    """Refuse names that are none before anything is loaded.

    Raises:
        UsageProblem: the device or number format is none that these models run on, whatever the machine.
    """
    if dtype not in _DTYPES:
        raise UsageProblem(f"dtype {dtype}", "is not known", f"choose one of: {', '.join(_DTYPES)}")
    if not _DEVICE.fullmatch(device):
        raise UsageProblem(f"device {device}", "is not known", "choose one of: auto, cpu, mps, cuda, cuda:N")


def choose_device(asked: str) -> str:
    """The device to run on: ``auto`` is a graphics processor where there is one.

    Args:
        asked: ``auto``, ``cpu``, ``mps``, ``cuda`` or ``cuda:N``.

    Raises:
        UsageProblem: there is no such device here.
    """
    import torch

    if asked == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    there = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available()), "cpu": 1}
    kind, _, index = asked.partition(":")
    if not (index or "0").isdecimal() or int(index or 0) >= there.get(kind, 0):
        raise UsageProblem(f"device {asked}", "is not on this machine", "choose auto or cpu")
    return asked


@contextmanager
def quietly() -> Iterator[None]:
    """Without the library's progress bars and hints: what they tell is checked, or logged with every call."""
    from transformers import utils

    with unheard():
        # With its models it imports torchao, where that is installed, which speaks of what it does not need.
        importlib.import_module("transformers.modeling_utils")
    talk: Any = utils.logging
    verbosity, bars = talk.get_verbosity(), talk.is_progress_bar_enabled()
    talk.set_verbosity(talk.CRITICAL)
    talk.disable_progress_bar()
    try:
        yield
    finally:
        talk.set_verbosity(verbosity)
        if bars:
            talk.enable_progress_bar()


@contextmanager
def unheard() -> Iterator[None]:
    """Libraries speak of kernels and deprecations while they are imported."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def model_of(
    folder: ModelFolder, auto: Any, dtype: str, more: Mapping[str, Any] | None = None, spare: str | None = None
) -> Any:
    """The model in ``folder``, all of it and of the class that it should be.

    Args:
        auto: the class of transformers that opens it.
        dtype: as torch names it.
        more: arguments of ``from_pretrained`` besides.
        spare: tensors whose names end so may be missing: inference never reads them.

    Raises:
        ModelNeeded: it is of another class, or not whole. What a file that is damaged makes of the library is raised
            as it comes; see `refusing`.
    """
    import torch

    model, found = auto.from_pretrained(
        folder.path,
        dtype=getattr(torch, dtype),
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        output_loading_info=True,
        ignore_mismatched_sizes=True,
        **(more or {}),
    )
    if type(model).__name__ != folder.model.architecture:
        raise unusable(folder, f"is of {type(model).__name__}, not {folder.model.architecture}")
    # The library fills what is missing or of another size with random numbers and goes on.
    for name, there, needed in found["mismatched_keys"]:
        raise unusable(
            folder, f"its weights are not of its config.json ({name} is {tuple(there)}, not {tuple(needed)})"
        )
    missing = sorted(name for name in found["missing_keys"] if spare is None or not name.endswith(spare))
    if missing:
        raise unusable(folder, f"{len(missing)} tensors are missing from its weights, {missing[0]} first")
    return model


@contextmanager
def loading(
    folder: ModelFolder, dtype: DType, device: str, threads: int, quantize: Quantize = "none", beside: int = 0
) -> Iterator[None]:
    """For the block in which a checkpoint is loaded, in silence.

    Args:
        threads: for torch on the CPU; 0 leaves the choice to it.
        quantize, beside: as `pipelines.weights.memory.estimate`.

    Raises:
        ModelNeeded: whatever went wrong in the block, and what it takes where memory ran out.
    """
    import torch

    if threads:
        torch.set_num_threads(threads)
    with refusing(folder, "cannot be loaded"):
        try:
            with quietly():
                yield
        except (RuntimeError, MemoryError) as error:
            if is_out_of_memory(error):
                raise does_not_fit(folder, dtype, device, quantize, beside) from error
            raise


@contextmanager
def refusing(folder: ModelFolder, problem: str) -> Iterator[None]:
    """Whatever a damaged file makes of the libraries, panics of the tokenizer's Rust included, is one line.

    Args:
        problem: what did not succeed, to be read after the folder's name.

    Raises:
        ModelNeeded: as it came from within, or in place of whatever else did but the end of the program.
    """
    try:
        yield
    except (ModelNeeded, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        raise unusable(folder, f"{problem} ({_reason(error)})") from error


def unusable(folder: ModelFolder, problem: str) -> ModelNeeded:
    """The error for a folder that does not give the model it should."""
    return ModelNeeded(f"{folder.model.name} in {folder.path}", problem, folder.remedy)


def _reason(error: BaseException) -> str:
    """What a library complains of, in one short line."""
    text = " ".join(str(error).split()).partition(". ")[0]
    short = text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
    return f"{type(error).__name__}: {short}" if short else type(error).__name__
