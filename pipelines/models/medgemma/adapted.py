"""Lays a LoRA adapter on a loaded model. The base's weights stay as they are; nothing is merged."""

from __future__ import annotations

import importlib
import warnings
from importlib.util import find_spec
from typing import Any

from pipelines.errors import ModelNeeded
from pipelines.weights.adapter import WEIGHTS, AdapterFolder, place_of, plain_name
from pipelines.weights.loading import unheard
from pipelines.weights.memory import is_out_of_memory


def require_peft(model: str) -> None:
    """Say early that the library is not installed.

    Raises:
        ModelNeeded: with the command that installs it.
    """
    if find_spec("peft") is None:
        raise ModelNeeded(
            model,
            "cannot be given an adapter: peft is not installed",
            "run: pip install 'clinical-assistant[adapt]'  (or unset ASSISTANT_ADAPTER)",
        )


def lay_on(adapter: AdapterFolder, model: Any) -> Any:
    """``model`` with the adapter's matrices beside its own, as they were trained: in float32.

    The model's class stays. The adapter was held against the base's header before (`AdapterFolder.require`).

    Raises:
        ModelNeeded: what lies in the folder does not come out whole.
    """
    try:
        return _laid(adapter, model)
    except (ModelNeeded, MemoryError):
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        raise _incomplete(adapter, f"cannot be laid on the model ({type(error).__name__})") from error


def _laid(adapter: AdapterFolder, model: Any) -> Any:
    from safetensors.torch import load_file

    given = load_file(adapter.path / WEIGHTS)
    names = {plain_name(name): name for name, _ in model.named_modules()}
    places = {name: place_of(name) for name in given}
    absent = next((place.module for place in places.values() if place.module not in names), None)
    if absent is not None:
        raise _incomplete(adapter, f"changes {absent}, which the model does not have")
    stated = adapter.config
    whole = with_lora(
        model,
        r=stated.r,
        lora_alpha=stated.lora_alpha,
        use_rslora=stated.use_rslora,
        use_dora=stated.use_dora,
        rank_pattern=dict(stated.rank_pattern),
        alpha_pattern=dict(stated.alpha_pattern),
        target_modules=sorted({names[place.module] for place in places.values() if place.role != "weight"}),
        modules_to_save=list(stated.modules_to_save) if stated.modules_to_save else None,
        inference_mode=True,
    )
    state = {_spelt(names[place.module], place.role, name): given[name] for name, place in places.items()}
    loaded = _peft().set_peft_model_state_dict(whole, state)
    lacking = [name for name in loaded.missing_keys if "lora_" in name or "modules_to_save" in name]
    if lacking or loaded.unexpected_keys:
        raise _incomplete(adapter, f"is incomplete ({len(lacking) + len(loaded.unexpected_keys)} tensors)")
    return whole.get_base_model().eval()


def with_lora(model: Any, **config: Any) -> Any:
    """peft's model around ``model``, which gets the matrices that ``config`` (of its ``LoraConfig``) asks for."""
    peft = _peft()
    with warnings.catch_warnings():
        # The library speaks of its own old ways with transformers, and of merging, which is not done here.
        warnings.simplefilter("ignore")
        return peft.get_peft_model(model, peft.LoraConfig(**config))


def _peft() -> Any:
    with unheard():
        return importlib.import_module("peft")


def _spelt(module: str, role: str, name: str) -> str:
    """A tensor's name as peft looks for it in this model."""
    if role in ("lora_embedding_A", "lora_embedding_B"):
        return f"base_model.model.{module}.{role}"
    if role == "lora_magnitude_vector" and not name.endswith(".weight"):
        return f"base_model.model.{module}.{role}"
    return f"base_model.model.{module}.weight" if role == "weight" else f"base_model.model.{module}.{role}.weight"


def _incomplete(adapter: AdapterFolder, problem: str) -> ModelNeeded:
    return ModelNeeded(adapter.name, problem, "give another folder by --adapter or ASSISTANT_ADAPTER, or none")
