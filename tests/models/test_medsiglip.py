"""MedSigLIP's classes on a tiny checkpoint: the conformance, what every call says of itself, and settings."""

from __future__ import annotations

import gc
import weakref
from math import log
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import ModelNeeded, UsageProblem
from pipelines.models.classifier import Classification, ImageClassifier, pack, unpack
from pipelines.models.medsiglip.classifier import MedSigLIP
from pipelines.models.picture_kinds import DESCRIPTIONS, LABELS, LEAST_SHARE, OTHERS, likely_kind
from pipelines.models.registry import classifiers
from pipelines.records import Engine, Kind
from pipelines.weights.catalogue import MEDSIGLIP
from pipelines.weights.folder import ModelFolder
from tests.models.classifier_conformance import LABEL, ClassifierConformance, a_picture
from tests.support.tiny_medsiglip import SIDE, TOKENS, WIDTH, shared


def medsiglip(folder: Path, dtype: str = "auto") -> MedSigLIP:
    return MedSigLIP(ModelFolder(folder, MEDSIGLIP), threads=1, device="cpu", dtype=dtype)


class TestMedSigLIPConformance(ClassifierConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def classifier(cls) -> ImageClassifier:
        return medsiglip(shared())


@pytest.mark.long
class TestMedSigLIPConformanceInBfloat16(ClassifierConformance):
    tolerance = 0.1

    @pytest.fixture(scope="class")
    @classmethod
    def classifier(cls) -> ImageClassifier:
        return medsiglip(shared(), "bfloat16")


def test_every_call_says_how_it_was_made() -> None:
    found = medsiglip(shared()).classify(a_picture(1), (LABEL,))
    assert found.parameters == {
        "resize": "bilinear, half-pixel centres, no antialiasing, cut down to 8 bits (as tf.image.resize)",
        "side": SIDE,
        "text_tokens": TOKENS,
        "padding": "max_length",
        "dtype": "float32",
        "device": "cpu",
        "threads": 1,
        "attention": "sdpa",
        "image_processor": found.parameters["image_processor"],
        "tokenizer": "SiglipTokenizer",
    }
    assert found.parameters["image_processor"].startswith("SiglipImageProcessor")
    assert set(found.libraries) == {"transformers", "torch", "sentencepiece", "pillow", "numpy"}
    assert found.engine.name == "medsiglip"
    assert found.engine.version == found.libraries["transformers"]
    assert "never for findings" in (found.engine.note or "")


def test_nothing_reaches_the_network(reached: list[object]) -> None:
    assert unpack(medsiglip(shared()).embed(a_picture(1)).vector).shape == (WIDTH,)
    assert reached == []


def test_released_weights_are_gone() -> None:
    classifier = medsiglip(shared())
    classifier.embed(a_picture(1))
    assert classifier._checkpoint is not None
    gone = weakref.ref(classifier._checkpoint.model)
    classifier.release()
    gc.collect()
    assert gone() is None


def test_bfloat16_comes_near() -> None:
    exact, near = medsiglip(shared()).embed(a_picture(1)), medsiglip(shared(), "bfloat16").embed(a_picture(1))
    assert near.parameters["dtype"] == "bfloat16"
    assert float(unpack(exact.vector) @ unpack(near.vector)) > 0.99


@pytest.mark.parametrize(("settings", "problem"), [({"dtype": "float16"}, "dtype"), ({"device": "tpu"}, "device")])
def test_what_it_cannot_run_on_is_refused(settings: dict[str, str], problem: str) -> None:
    with pytest.raises(UsageProblem, match=problem):
        MedSigLIP(ModelFolder(shared(), MEDSIGLIP), **settings)


def test_it_is_known_by_name(tmp_path: Path) -> None:
    made = classifiers(medsiglip=ModelFolder(tmp_path / "nothing", MEDSIGLIP))
    assert list(made) == ["medsiglip"]
    absent = made["medsiglip"]()
    assert not absent.available().ready
    assert absent.available().remedy == "run: assistant models pull medsiglip  (or: assistant models import DIR)"
    with pytest.raises(ModelNeeded, match="is not installed"):
        absent.embed(a_picture(1))


def test_vectors_are_packed_bit_for_bit() -> None:
    vector = np.array([0.1, -0.0, 1e-30, np.float32(1) / 3], dtype=np.float32)
    assert pack(vector) == "zczMPQAAAIBgQqINq6qqPg=="
    assert unpack(pack(vector)).tobytes() == vector.tobytes()
    for broken in ("no vector", "AAA=", "zczM"):
        with pytest.raises(ValueError, match=r".+"):
            unpack(broken)


def found(**logits: float) -> Classification:
    """A classification by all labels, -5 for each but those of the given kinds (``chest_xray=3``) and ``other``."""
    given = {name.replace("_", "-"): logit for name, logit in logits.items()}
    of = {text: given.get(kind.value, -5.0) for kind, texts in DESCRIPTIONS.items() for text in texts[:1]}
    of[OTHERS[0]] = given.get("other", -5.0)
    return Classification(
        frame="0" * 64,
        labels=LABELS,
        logits=tuple(of.get(text, -5.0) for text in LABELS),
        engine=Engine(name="test", version="1"),
        parameters={},
        libraries={},
        seconds=0.0,
    )


@pytest.mark.parametrize("kind", list(DESCRIPTIONS))
def test_a_kind_that_is_clearly_ahead_decides(kind: Kind) -> None:
    likely = likely_kind(found(**{kind.value.replace("-", "_"): 3.0}))
    assert (likely.kind, likely.decides) == (kind, True)
    assert likely.share > LEAST_SHARE


def test_two_kinds_that_are_near_decide_nothing() -> None:
    likely = likely_kind(found(chest_xray=3.0, radiograph=2.5))
    assert (likely.kind, likely.decides) == (Kind.CHEST_XRAY, False)


def test_something_that_the_house_has_no_kind_for_decides_nothing() -> None:
    assert likely_kind(found(other=9.0)) == (None, pytest.approx(1.0, abs=1e-3))
    assert not likely_kind(found(other=9.0)).decides


def test_a_picture_like_nothing_decides_nothing() -> None:
    assert not likely_kind(found()).decides


def test_the_share_is_of_kinds_not_of_descriptions() -> None:
    """Each of the five kinds and of the others counts once, by its best."""
    ahead = log(9 * (len(DESCRIPTIONS) - 1 + len(OTHERS)))
    assert likely_kind(found(fundus=-5.0 + ahead)).share == pytest.approx(0.9)
    assert likely_kind(found(fundus=-5.0 + ahead + 1e-6)).decides
    assert not likely_kind(found(fundus=-5.0 + ahead - 1e-6)).decides


def test_other_labels_are_no_kinds() -> None:
    with pytest.raises(ValueError, match="descriptions of kinds"):
        likely_kind(found().model_copy(update={"labels": LABELS[::-1]}))


def test_every_description_is_read_whole() -> None:
    assert len(set(LABELS)) == len(LABELS)
    # Even if every character were a token of its own.
    assert max(map(len, LABELS)) < TOKENS


def test_scores_are_each_labels_own() -> None:
    of = found(chest_xray=1000.0, other=-1000.0)
    assert of.scores[0] == 1.0
    assert of.scores[LABELS.index(OTHERS[0])] == 0.0
    assert sum(of.shares) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="one logit for each"):
        Classification.model_validate({**of.model_dump(), "logits": (1.0,)})
