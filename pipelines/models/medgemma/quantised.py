"""How a model is loaded with the matrices of its layers in fewer bits: what does it, and where it is to be had."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any, Final

from pipelines.errors import ModelNeeded
from pipelines.weights.loading import unheard
from pipelines.weights.memory import DType, Quantize

#: What each needs besides what the product needs anyway; transformers places quantised tensors by accelerate.
_NEEDED: Final = {"none": (), "int8": ("torchao", "accelerate"), "4bit": ("bitsandbytes", "accelerate")}
#: All that sees, and what the likeliest token is told by.
_LEFT: Final = ["model.vision_tower", "vision_tower", "model.multi_modal_projector", "multi_modal_projector", "lm_head"]
#: In words, for the engine's name.
IN_WORDS: Final = {"none": None, "int8": "its layers in 8-bit integers", "4bit": "its layers in 4 bits (nf4)"}


def require_quantizer(model: str, quantize: Quantize) -> None:
    """Say early that what ``quantize`` needs is not installed. Nothing is imported.

    Raises:
        ModelNeeded: with the command that installs it.
    """
    missing = next((name for name in _NEEDED[quantize] if find_spec(name) is None), None)
    if missing is not None:
        raise ModelNeeded(
            model,
            f"cannot be held in {quantize}: {missing} is not installed",
            "run: pip install 'clinical-assistant[quantize]'  (or unset ASSISTANT_QUANTIZE)",
        )


def arguments(quantize: Quantize, dtype: DType, device: str) -> dict[str, Any]:
    """What ``from_pretrained`` is told so that every tensor is quantised as it is read, and put on ``device``.

    int8: one scale for each row, what is computed stays in ``dtype``. 4bit: nf4 with its scales quantised again.
    """
    if quantize == "none":
        return {}
    import torch
    import transformers

    with unheard():
        if quantize == "int8":
            scheme: Any = importlib.import_module("torchao.quantization")
            torchao_config: Any = transformers.TorchAoConfig
            # Without it the library changes how torch compiles everything else in this process.
            weight_only = scheme.Int8WeightOnlyConfig(set_inductor_config=False)
            config = torchao_config(weight_only, modules_to_not_convert=list(_LEFT))
        else:
            importlib.import_module("bitsandbytes")
            bits_config: Any = transformers.BitsAndBytesConfig
            config = bits_config(
                load_in_4bit=True,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=getattr(torch, dtype),
                llm_int8_skip_modules=list(_LEFT),
            )
    return {"quantization_config": config, "device_map": {"": device}}


def settle(model: Any, quantize: Quantize, dtype: DType, device: str) -> None:
    """Let int8 matrices be multiplied by torch's own product for them, where that is at home: on a CPU in bfloat16.

    torchao writes the whole matrix out in bfloat16 for every product, which for one token takes eight times as long as
    the product (`benchmarks.quantised`). Up to the rounding of bfloat16 the outcome is the same.
    """
    if (quantize, dtype, device) != ("int8", "bfloat16", "cpu"):
        return
    import torch

    class Int8Linear(torch.nn.Linear):
        weight: Any
        row_scale: Any

        def forward(self, rows: Any) -> Any:
            weight, scale = self.weight, self.row_scale
            product = torch._weight_int8pack_mm(rows.reshape(-1, self.in_features), weight.qdata, scale)
            return product.reshape(*rows.shape[:-1], self.out_features)

    for module in model.modules():
        if isinstance(module, torch.nn.Linear) and hasattr(module.weight, "qdata") and module.bias is None:
            scale = module.weight.scale.reshape(-1).to(torch.bfloat16)
            module.register_buffer("row_scale", scale, persistent=False)
            module.__class__ = Int8Linear


def keep_learnable(model: Any) -> None:
    """To be called before anything is learned through matrices of four bits, and before the model has predicted.

    On processors that multiply bfloat16 bitsandbytes packs them at the first prediction, in a form through which no
    gradient comes: what lies below would learn nothing, or something wrong.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
