"""The engine against transformers called directly, as in the makers' notebook: pixels, tokens, logits, embeddings."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.models.classifier import unpack
from pipelines.models.medsiglip.bilinear import resize
from pipelines.models.medsiglip.classifier import MedSigLIP
from pipelines.models.picture_kinds import LABELS
from pipelines.weights.catalogue import MEDSIGLIP
from pipelines.weights.folder import ModelFolder
from tests.models.classifier_conformance import a_picture
from tests.support.tiny_medsiglip import SIDE, shared

TEXTS = (
    "A photo of an arm with no rash.",
    "a photo of an arm with a rash",
    "a leg",
    "a chest x-ray, with PUNCTUATION!",
)


@pytest.fixture(scope="module", params=["float32", "bfloat16"])
def dtype(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def medsiglip(dtype: str) -> MedSigLIP:
    return MedSigLIP(ModelFolder(shared(), MEDSIGLIP), threads=1, device="cpu", dtype=dtype)


@pytest.fixture(scope="module")
def direct(dtype: str) -> tuple[Any, Any]:
    """Processor and model, without a line of ours."""
    from transformers import AutoModel, AutoProcessor

    return AutoProcessor.from_pretrained(shared()), AutoModel.from_pretrained(shared(), dtype=getattr(torch, dtype))


def directly(direct: tuple[Any, Any], picture: Image.Image, texts: tuple[str, ...]) -> Any:
    processor, model = direct
    inputs = processor(text=list(texts), images=[picture], padding="max_length", return_tensors="pt")
    inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
    with torch.no_grad():
        return model(**inputs)


@pytest.mark.parametrize("texts", [TEXTS, LABELS], ids=["texts", "kinds"])
@pytest.mark.parametrize("side", [SIDE, 896, 100])
def test_logits_are_the_models_own(
    medsiglip: MedSigLIP, direct: tuple[Any, Any], side: int, texts: tuple[str, ...]
) -> None:
    frame = a_picture(side, (side, side))
    pixels = np.asarray(Image.open(io.BytesIO(frame)))
    expected = directly(direct, Image.fromarray(resize(pixels, SIDE)), texts)
    found = medsiglip.classify(frame, texts)
    assert found.logits == tuple(expected.logits_per_image[0].float().tolist())
    assert found.scores == pytest.approx(torch.sigmoid(expected.logits_per_image[0].double()).tolist(), abs=1e-6)
    assert found.shares == pytest.approx(torch.softmax(expected.logits_per_image[0].double(), dim=0).tolist(), abs=1e-6)


def test_the_place_of_a_picture_is_the_models_own(medsiglip: MedSigLIP, direct: tuple[Any, Any], dtype: str) -> None:
    frame = a_picture(1, (SIDE, SIDE))
    expected = directly(direct, Image.open(io.BytesIO(frame)), TEXTS).image_embeds[0].float().numpy()
    near = 1e-6 if dtype == "float32" else 1e-2
    assert np.abs(unpack(medsiglip.embed(frame).vector) - expected).max() < near


def test_the_resize_is_not_the_processors_own(medsiglip: MedSigLIP, direct: tuple[Any, Any]) -> None:
    """The processor would average: another picture, other logits. Hence the resize before it."""
    frame = a_picture(2, (896, 896))
    expected = directly(direct, Image.open(io.BytesIO(frame)), TEXTS).logits_per_image[0].float().numpy()
    assert np.abs(np.array(medsiglip.classify(frame, TEXTS).logits) - expected).max() > 0.01
