"""The models that can be pulled, imported and run: which repository, at which revision, under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

#: The n-gram over MedASR's pieces that Google publishes with its weights.
LANGUAGE_MODEL: Final = "lm_6.kenlm"
_HAI_DEF: Final = "Health AI Developer Foundations terms of use"
_HAI_DEF_URL: Final = "https://developers.google.com/health-ai-developer-foundations/terms"


@dataclass(frozen=True)
class KnownModel:
    """One model of the catalogue. ``name`` is also its engine's name."""

    name: str
    does: str
    repository: str
    revision: str
    """Full commit hash on the hub."""
    model_type: str
    """``model_type`` of its config.json: what transformers finds the classes by."""
    architecture: str
    """The class of transformers that it is loaded as."""
    licence: str
    licence_url: str
    download_bytes: int
    beside: tuple[str, ...] = ()
    """Files that lie there beside the weights and go with them where they are present. No hash of the weights counts
    them in, so what was prepared from the weights stays valid with and without them."""
    published: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """SHA-256 of weight files at that revision, as far as they are publicly known: tells whether files that were
    imported from a folder are the published ones."""


MEDASR: Final = KnownModel(
    name="medasr",
    does="speech to text",
    repository="google/medasr",
    revision="ae1e4845b4b07479735d93e1e591e566435b7104",
    model_type="lasr_ctc",
    architecture="LasrForCTC",
    licence=_HAI_DEF,
    licence_url=_HAI_DEF_URL,
    # 0.42 GB of weights; the language model is said to have about 0.7 GB.
    download_bytes=1_120_000_000,
    beside=(LANGUAGE_MODEL,),
    published=MappingProxyType(
        {"model.safetensors": "03f61725f0c799624a4408e79ba3b0b3f43e9b54e994b1ba23949ae7b5a4a698"}
    ),
)
MEDGEMMA: Final = KnownModel(
    name="medgemma",
    does="language and images",
    repository="google/medgemma-1.5-4b-it",
    revision="91850547d9f0b2fdd21aa7c5f4f3d1a8a52c243b",
    model_type="gemma3",
    architecture="Gemma3ForConditionalGeneration",
    licence=_HAI_DEF,
    licence_url=_HAI_DEF_URL,
    download_bytes=8_600_000_000,
)
KNOWN_MODELS: Final[Mapping[str, KnownModel]] = MappingProxyType({m.name: m for m in (MEDASR, MEDGEMMA)})
