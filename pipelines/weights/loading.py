"""What loading a model of the catalogue through transformers has in common."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.weights.folder import ModelFolder

_LONGEST_REASON: Final = 160


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

    _import_quietly()
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


def _import_quietly() -> None:
    """With its models transformers imports torchao, where that is installed, which speaks of what it does not need."""
    import warnings

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module("transformers.modeling_utils")
    finally:
        logging.disable(before)


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
