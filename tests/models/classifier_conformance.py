"""What every `ImageClassifier` must do, as a base class of tests.

Subclass it, override the fixture ``classifier``, and pytest runs all of it on the engine. Which label fits is of no
account.
"""

from __future__ import annotations

import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from math import isclose, isfinite

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import BadInput
from pipelines.models.classifier import Classification, Embedded, ImageClassifier, unpack
from pipelines.models.picture_kinds import LABELS
from tests.support.readiness import require_ready

LABEL = "a chest x-ray"


def a_picture(seed: int, size: tuple[int, int] = (96, 96), form: str = "PNG") -> bytes:
    """Noise, and the same for the same seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return as_bytes(Image.fromarray(noise), form)


def as_bytes(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def same(one: Classification | Embedded, other: Classification | Embedded) -> bool:
    """Whether two calls came out alike, but for their time."""
    return one.model_copy(update={"seconds": 0.0}) == other.model_copy(update={"seconds": 0.0})


class ClassifierConformance:
    #: By how much a logit may differ when labels are sent in another company.
    tolerance = 1e-3

    @pytest.fixture(scope="class")
    @classmethod
    def classifier(cls) -> ImageClassifier:
        raise NotImplementedError("override with the engine under test")

    def test_is_available_with_a_line_about_it(self, classifier: ImageClassifier) -> None:
        require_ready(classifier)

    def test_says_which_weights_it_is_before_and_after_loading(self, classifier: ImageClassifier) -> None:
        before = classifier.engine()
        assert before.name == classifier.name
        assert before.model
        assert before.weights_sha256
        classifier.embed(a_picture(0))
        assert classifier.engine() == before

    def test_gives_each_label_a_number(self, classifier: ImageClassifier) -> None:
        frame = a_picture(1)
        found = classifier.classify(frame, LABELS)
        assert found.frame == hashlib.sha256(frame).hexdigest()
        assert found.labels == LABELS
        assert len(found.logits) == len(LABELS)
        assert all(map(isfinite, found.logits))
        assert all(0 <= score <= 1 for score in found.scores)
        assert isclose(sum(found.shares), 1.0)
        assert len(set(found.logits)) > 1

    def test_a_label_counts_the_same_beside_others(self, classifier: ImageClassifier) -> None:
        frame = a_picture(1)
        alone, among = classifier.classify(frame, (LABEL,)), classifier.classify(frame, LABELS)
        assert isclose(alone.logits[0], among.logits[LABELS.index(LABEL)], abs_tol=self.tolerance)
        assert alone.shares == (1.0,)

    def test_labels_keep_their_order(self, classifier: ImageClassifier) -> None:
        frame = a_picture(1)
        there, back = classifier.classify(frame, LABELS), classifier.classify(frame, LABELS[::-1])
        assert back.logits == pytest.approx(there.logits[::-1], abs=self.tolerance)

    def test_equal_calls_give_equal_numbers(self, classifier: ImageClassifier) -> None:
        frame = a_picture(2)
        one = classifier.classify(frame, LABELS)
        place = classifier.embed(frame)
        # Something else in between: nothing of it may stay.
        classifier.classify(a_picture(3), (LABEL,))
        classifier.embed(a_picture(4))
        assert same(classifier.classify(frame, LABELS), one)
        assert same(classifier.embed(frame), place)

    def test_a_picture_has_one_place_of_length_one(self, classifier: ImageClassifier) -> None:
        found = classifier.embed(a_picture(5))
        vector = unpack(found.vector)
        assert vector.dtype == np.float32
        assert vector.ndim == 1
        assert isclose(float(np.linalg.norm(vector)), 1.0, abs_tol=1e-6)
        assert unpack(classifier.embed(a_picture(6)).vector).shape == vector.shape
        assert classifier.embed(a_picture(6)).vector != found.vector

    def test_one_picture_in_two_files_lies_in_one_place(self, classifier: ImageClassifier) -> None:
        with Image.open(io.BytesIO(a_picture(7))) as image:
            other = as_bytes(image, "TIFF")
        found, again = classifier.embed(a_picture(7)), classifier.embed(other)
        assert (found.vector, found.frame) != (again.vector, again.frame)
        assert found.vector == again.vector

    def test_a_picture_lies_nearest_to_itself(self, classifier: ImageClassifier) -> None:
        frames = [a_picture(seed) for seed in range(4)]
        vectors = np.stack([unpack(classifier.embed(frame).vector) for frame in frames])
        assert (np.argmax(vectors @ vectors.T, axis=1) == np.arange(4)).all()

    @pytest.mark.parametrize("size", [(1, 1), (96, 96), (448, 448), (1200, 1200), (300, 200)])
    def test_takes_every_size(self, classifier: ImageClassifier, size: tuple[int, int]) -> None:
        assert all(map(isfinite, classifier.classify(a_picture(8, size), (LABEL,)).logits))

    def test_grey_and_transparent_pictures_are_pictures(self, classifier: ImageClassifier) -> None:
        for mode in ("L", "RGBA", "1", "P", "CMYK"):
            form = "TIFF" if mode == "CMYK" else "PNG"
            assert classifier.embed(as_bytes(Image.new(mode, (50, 50)), form)).vector

    @pytest.mark.parametrize("data", [b"", b"no picture", a_picture(1)[:300], b"\x89PNG\r\n\x1a\n" + bytes(64)])
    def test_what_is_no_picture_is_refused(self, classifier: ImageClassifier, data: bytes) -> None:
        with pytest.raises(BadInput, match="cannot be decoded as a picture"):
            classifier.classify(data, (LABEL,))
        with pytest.raises(BadInput, match="cannot be decoded as a picture"):
            classifier.embed(data)

    def test_no_labels_are_refused(self, classifier: ImageClassifier) -> None:
        with pytest.raises(BadInput, match="there are none"):
            classifier.classify(a_picture(1), ())

    def test_a_label_that_is_not_read_whole_is_refused(self, classifier: ImageClassifier) -> None:
        with pytest.raises(BadInput) as caught:
            classifier.classify(a_picture(1), (LABEL, "an x-ray of a very long bone " * 200))
        assert "\n" not in str(caught.value)
        assert "bone" not in str(caught.value)

    def test_says_what_it_takes_to_repeat_it(self, classifier: ImageClassifier) -> None:
        for found in (classifier.classify(a_picture(1), (LABEL,)), classifier.embed(a_picture(1))):
            assert found.engine == classifier.engine()
            assert found.parameters
            assert found.libraries
            assert found.seconds >= 0
            assert type(found).model_validate_json(found.model_dump_json()) == found

    def test_what_gave_back_its_memory_gives_the_same_numbers(self, classifier: ImageClassifier) -> None:
        before = classifier.classify(a_picture(9), LABELS), classifier.embed(a_picture(9))
        classifier.release()
        classifier.release()
        assert classifier.engine() == before[0].engine
        classifier.embed(a_picture(10))
        assert same(classifier.classify(a_picture(9), LABELS), before[0])
        assert same(classifier.embed(a_picture(9)), before[1])

    def test_works_for_several_at_once(self, classifier: ImageClassifier) -> None:
        frames = [a_picture(seed) for seed in range(3)] * 2
        expected = [classifier.embed(frame).vector for frame in frames]
        with ThreadPoolExecutor(3) as threads:
            assert [found.vector for found in threads.map(classifier.embed, frames)] == expected
