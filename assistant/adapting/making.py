"""``assistant models adapt``: an adapter from exported pairs, whole and with its origin, or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from assistant.models.installing import sync_files
from assistant.sessions import SessionLog
from assistant.sessions.problems import disk_errors
from pipelines.errors import BadInput, UsageProblem
from pipelines.models.adapting.pairs import Pairs
from pipelines.models.adapting.training import Recipe, train
from pipelines.models.medgemma.adapted import require_peft
from pipelines.models.medgemma.checkpoint import load
from pipelines.models.medgemma.generator import MedGemma
from pipelines.weights.adapter import AdapterFolder, Origin
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import Quantize

Progress = Callable[[str, float], None]


def make_adapter(
    source: Path,
    target: Path,
    folder: ModelFolder,
    recipe: Recipe,
    log: SessionLog,
    *,
    threads: int = 0,
    device: str = "auto",
    dtype: str = "auto",
    quantize: Quantize = "none",
    progress: Progress,
) -> Origin:
    """Train an adapter for the model in ``folder`` on the pairs in ``source``, into the new folder ``target``.

    Args:
        log: takes the event ``adapter-made``, without which nothing is kept.
        threads, device, dtype, quantize: as `MedGemma`; int8 cannot be trained on.

    Raises:
        UsageProblem: ``target`` is there already, or the weights are to be held in int8.
        BadInput: the pairs cannot be used.
        ModelNeeded: the model or the library is not there, or memory runs out.
        StorageProblem: the disk or the log refuses.
    """
    if os.path.lexists(target):
        raise UsageProblem(str(target), "is there already", "name a new folder")
    if not target.parent.is_dir():
        raise BadInput(str(target.parent), "there is no such folder", "make it, or name another")
    if quantize == "int8":
        raise UsageProblem("int8", "cannot be trained on", "set ASSISTANT_QUANTIZE=4bit or none")
    require_peft(folder.model.name)
    pairs = Pairs(source)
    context = MedGemma(folder).capabilities().context_tokens
    progress("loading", 0.0)
    checkpoint = load(folder, threads, device, dtype, version("transformers"), "", quantize)
    staged = target.with_name(f".{target.name}.partial-{os.getpid()}")
    with disk_errors(target.parent):
        staged.mkdir(mode=0o700)
        try:
            origin = train(checkpoint, pairs, recipe, staged, context, progress)
            log.event(
                "adapter-made",
                None,
                {
                    "model": origin.model,
                    "weights_sha256": origin.base_weights_sha256,
                    "adapter_sha256": AdapterFolder(staged).sha256(),
                    "pairs": len(pairs.all),
                },
            )
            sync_files(staged)
            staged.rename(target)
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    return origin
