"""What kind of picture an unlabelled image is: the descriptions that are held against it, and when they decide.

The kinds that the house has words for stand beside others that it has none for, so that a CT slice or a page of text
need not become the nearest of ours. Only a kind that is clearly ahead of all others counts; otherwise the picture
stays what it was given as, an image. Nothing here describes a finding, and nothing may.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from pipelines.records import Kind

if TYPE_CHECKING:
    from pipelines.models.classifier import Classification

#: The least share of a kind that counts, against all others together. Chosen with care, not measured: no picture of
#: ours has been shown to the published weights yet.
LEAST_SHARE: Final = 0.9

#: Descriptions of each kind; the one that fits best speaks for it.
DESCRIPTIONS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        Kind.CHEST_XRAY: ("a chest x-ray", "a frontal chest radiograph", "a lateral chest radiograph"),
        Kind.RADIOGRAPH: (
            "a radiograph of an arm or a leg",
            "an x-ray of a hand, wrist, foot or ankle",
            "an x-ray of the spine, pelvis or abdomen",
        ),
        Kind.DERMATOLOGY: ("a photograph of skin", "a close-up photo of a skin lesion", "a dermoscopy image"),
        Kind.FUNDUS: ("a fundus photograph of an eye", "a color photograph of the retina"),
        Kind.HISTOPATHOLOGY_PATCH: (
            "a histopathology image",
            "a microscope image of tissue stained with hematoxylin and eosin",
        ),
    }
)
#: Pictures that the house has no kind for: what fits one of these best stays an image.
OTHERS: Final = (
    "a slice of a CT scan",
    "a slice of an MRI scan",
    "an ultrasound image",
    "an endoscopy image",
    "an electrocardiogram",
    "a scanned page of text",
    "a screenshot of a computer program",
    "a chart or a diagram",
    "a photograph of a person",
    "a photograph of everyday objects",
    "a blank picture",
)
#: All that is held against a picture, in one call.
LABELS: Final = (*(text for texts in DESCRIPTIONS.values() for text in texts), *OTHERS)


class Likely(NamedTuple):
    """The kind that fits best."""

    kind: Kind | None
    """None: something that the house has no kind for."""
    share: float
    """Against all others, from 0 to 1."""

    @property
    def decides(self) -> bool:
        return self.kind is not None and self.share >= LEAST_SHARE


def likely_kind(found: Classification) -> Likely:
    """The kind that a classification by `LABELS` speaks for.

    A kind's descriptions do not compete: having more of them makes it no likelier.

    Raises:
        ValueError: it was made with other labels.
    """
    from pipelines.models.classifier import shares_of

    if found.labels != LABELS:
        raise ValueError("the classification is not by the descriptions of kinds")
    logit = dict(zip(found.labels, found.logits, strict=True))
    best: dict[Kind | str, float] = {
        **{kind: max(logit[text] for text in texts) for kind, texts in DESCRIPTIONS.items()},
        **{text: logit[text] for text in OTHERS},
    }
    shares = dict(zip(best, shares_of(tuple(best.values())), strict=True))
    name = max(shares, key=shares.__getitem__)
    return Likely(name if isinstance(name, Kind) else None, shares[name])
