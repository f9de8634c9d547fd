"""The models that can be pulled, imported and run: which repository, at which revision, under which terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

#: The n-gram over MedASR's pieces that Google publishes with its weights.
LANGUAGE_MODEL: Final = "lm_6.kenlm"
#: In place of a type of transformers: files for llama.cpp.
GGUF: Final = "gguf"
_HAI_DEF: Final = "Health AI Developer Foundations terms of use"
_HAI_DEF_URL: Final = "https://developers.google.com/health-ai-developer-foundations/terms"


@dataclass(frozen=True)
class KnownModel:
    """One model of the catalogue. ``name`` is also its engine's name, unless ``runs_as`` is."""

    name: str
    does: str
    repository: str
    revision: str
    """Full commit hash on the hub."""
    model_type: str
    """``model_type`` of its config.json: what transformers finds the classes by. Or `GGUF`."""
    architecture: str
    """The class of transformers that it is loaded as; of GGUF, the architecture that its header names."""
    licence: str
    licence_url: str
    download_bytes: int
    beside: tuple[str, ...] = ()
    """Files that lie there beside the weights and go with them where they are present. No hash of the weights counts
    them in, so what was prepared from the weights stays valid with and without them."""
    runs_as: str | None = None
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
MEDGEMMA_1_4B: Final = replace(
    MEDGEMMA,
    name="medgemma-1-4b",
    repository="google/medgemma-4b-it",
    revision="290cda5eeccbee130f987c4ad74a59ae6f196408",
)
MEDGEMMA_27B_TEXT: Final = replace(
    MEDGEMMA,
    name="medgemma-27b-text",
    does="language",
    repository="google/medgemma-27b-text-it",
    revision="5b667cf2ddcf064085bc90952edb35a0edbfb79c",
    model_type="gemma3_text",
    architecture="Gemma3ForCausalLM",
    download_bytes=54_100_000_000,
)
MEDGEMMA_27B: Final = replace(
    MEDGEMMA,
    name="medgemma-27b",
    repository="google/medgemma-27b-it",
    revision="2d3e00ea38b50018bf5dd3aa1009457cd2d5a48f",
    download_bytes=54_900_000_000,
)
MEDSIGLIP: Final = KnownModel(
    name="medsiglip",
    does="kinds of pictures",
    repository="google/medsiglip-448",
    revision="9cea28a1a1195f665105faa6e8544c112fd960a4",
    model_type="siglip",
    architecture="SiglipModel",
    licence=_HAI_DEF,
    licence_url=_HAI_DEF_URL,
    # 0.88 billion numbers in float32.
    download_bytes=3_520_000_000,
)
MEDGEMMA_GGUF: Final = KnownModel(
    name="medgemma-gguf",
    does="language and images",
    repository="unsloth/medgemma-1.5-4b-it-GGUF",
    revision="3855f948626b7ae42bccd082757f15078c53e758",
    model_type=GGUF,
    architecture="gemma3",
    runs_as="llamacpp",
    licence=_HAI_DEF,
    licence_url=_HAI_DEF_URL,
    download_bytes=3_341_147_200,
    published=MappingProxyType(
        {
            "medgemma-1.5-4b-it-Q4_K_M.gguf": "b31becdf4f39561800505514cce67681604fe449d04dd35c8c92fd7848c6d7bd",
            "mmproj-F16.gguf": "f45f0f750587494e8f976d952cb396dfaa3158662120e2f9c224fc11f3882c83",
        }
    ),
)
#: All that run as MedGemma, the default first. Which of those of one type a folder holds, its files do not tell.
MEDGEMMAS: Final = (MEDGEMMA, MEDGEMMA_1_4B, MEDGEMMA_27B_TEXT, MEDGEMMA_27B)
KNOWN_MODELS: Final[Mapping[str, KnownModel]] = MappingProxyType(
    {m.name: m for m in (MEDASR, *MEDGEMMAS, MEDSIGLIP, MEDGEMMA_GGUF)}
)
