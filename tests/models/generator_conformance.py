"""What every `Generator` must do, as a base class of tests.

Subclass it, override the fixture ``generator``, and pytest runs all of it on the engine. Its weights should answer
within `BUDGET` tokens; what they answer is of no account.
"""

from __future__ import annotations

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import BadInput, Cancelled
from pipelines.models.generator import (
    Ask,
    Capabilities,
    Following,
    Generation,
    Generator,
    Part,
    Picture,
    Sampling,
    Slot,
    Words,
)
from tests.support.readiness import require_ready

BUDGET = 120
QUESTION = Words(text="Is there a fracture?")
RECORD = Words(text="Fell on the left hand. The wrist is swollen and cannot be moved. " * 4)
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "found": {"enum": ["yes", "no", "unclear"]},
        "side": {"enum": ["left", "right"]},
        "count": {"type": "integer", "minimum": 0, "maximum": 9},
    },
    "required": ["found", "side", "count"],
    "additionalProperties": False,
}


class Pictures:
    """Frames by hash, as a generator asks for them. Remembers which were asked for."""

    def __init__(self) -> None:
        self.data: dict[str, bytes] = {}
        self.asked: list[str] = []

    def add(self, seed: int, size: tuple[int, int] = (96, 64)) -> Picture:
        noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        return self.add_image(Image.fromarray(noise))

    def add_image(self, image: Image.Image) -> Picture:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return self.add_bytes(buffer.getvalue())

    def add_bytes(self, data: bytes) -> Picture:
        sha256 = hashlib.sha256(data).hexdigest()
        self.data[sha256] = data
        return Picture(frame=sha256)

    def __call__(self, sha256: str) -> bytes:
        self.asked.append(sha256)
        return self.data[sha256]


def an_ask(
    *parts: Part, system: str | None = None, max_new_tokens: int = BUDGET, thinking: bool = False, **more: Any
) -> Ask:
    return Ask(prompt="test@1 0", system=system, parts=parts, max_new_tokens=max_new_tokens, thinking=thinking, **more)


def same(one: Generation, other: Generation) -> bool:
    """Whether two calls came out alike, but for their time."""
    return one.model_copy(update={"seconds": 0.0}) == other.model_copy(update={"seconds": 0.0})


class GeneratorConformance:
    #: Whether the weights are at hand: a server alone knows its own.
    knows_weights = True

    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls) -> Generator:
        raise NotImplementedError("override with the engine under test")

    @pytest.fixture(scope="class")
    @classmethod
    def answered(cls, generator: Generator) -> Generation:
        return generator.generate(an_ask(QUESTION, system="You are a careful reader."), Pictures())

    @pytest.fixture
    @classmethod
    def pictures(cls, generator: Generator) -> Pictures:
        if not generator.capabilities().images:
            pytest.skip("takes no images")
        return Pictures()

    @pytest.fixture
    @classmethod
    def chooser(cls, generator: Generator) -> Generator:
        if not generator.capabilities().choices:
            pytest.skip("makes no choices")
        return generator

    def test_is_available_with_a_line_about_it(self, generator: Generator) -> None:
        require_ready(generator)

    def test_names_itself_fully(self, generator: Generator, answered: Generation) -> None:
        engine = generator.engine()
        assert engine.name == generator.name
        assert engine.version
        assert engine.model
        assert engine.note
        if self.knows_weights:
            assert engine.revision
            assert engine.weights_sha256
            assert len(bytes.fromhex(engine.weights_sha256)) == 32
        assert answered.engine == engine

    def test_says_what_it_can_do(self, generator: Generator) -> None:
        assert generator.capabilities().context_tokens > BUDGET

    def test_an_answer_is_told_with_all_it_takes_to_repeat_it(self, answered: Generation) -> None:
        assert answered.finish_reason == "stop"
        assert answered.text == answered.text.strip() != ""
        assert answered.text in answered.raw
        assert answered.parameters
        assert answered.libraries
        assert answered.seconds > 0
        assert 0 < answered.output_tokens <= BUDGET
        assert answered.chosen == ()
        assert Generation.model_validate_json(answered.model_dump_json()) == answered

    def test_equal_asks_give_equal_texts(self, generator: Generator, answered: Generation) -> None:
        other = generator.generate(an_ask(Words(text="Another question altogether.")), Pictures())
        again = generator.generate(an_ask(QUESTION, system="You are a careful reader."), Pictures())
        assert same(again, answered)
        assert other.prompt_tokens != answered.prompt_tokens

    def test_what_is_cut_is_no_answer(self, generator: Generator) -> None:
        cut = generator.generate(an_ask(QUESTION, max_new_tokens=1), Pictures())
        assert cut.finish_reason in ("length", "no-answer")
        assert cut.text == ""
        assert cut.output_tokens <= 2

    def test_progress_rises_to_the_end(self, generator: Generator) -> None:
        told: list[float] = []
        generator.generate(an_ask(QUESTION), Pictures(), Following(progress=told.append))
        assert told == sorted(set(told))
        assert told[0] > 0
        assert told[-1] == 1.0

    def test_takes_pictures_as_they_are(self, generator: Generator, pictures: Pictures) -> None:
        one, two = pictures.add(1), pictures.add(2, (40, 200))
        before = dict(pictures.data)
        alone = generator.generate(an_ask(one, QUESTION), pictures)
        both = generator.generate(an_ask(one, two, QUESTION), pictures)
        without = generator.generate(an_ask(QUESTION), pictures)
        assert pictures.data == before
        assert pictures.asked == [one.frame, one.frame, two.frame]
        assert (without.image_tokens, both.image_tokens) == (0, 2 * alone.image_tokens)
        assert both.prompt_tokens - alone.prompt_tokens >= alone.image_tokens > 0
        assert alone.prompt_tokens - without.prompt_tokens >= alone.image_tokens

    @pytest.mark.parametrize("broken", [b"", b"no picture", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"])
    def test_refuses_what_is_no_picture(self, generator: Generator, pictures: Pictures, broken: bytes) -> None:
        picture = pictures.add_bytes(broken)
        with pytest.raises(BadInput, match=r"^frame [0-9a-f]{12}: .*; .*$"):
            generator.generate(an_ask(picture, QUESTION), pictures)

    def test_refuses_what_is_too_long_with_the_numbers_and_unseen(
        self, generator: Generator, pictures: Pictures
    ) -> None:
        context = generator.capabilities().context_tokens
        long = Words(text="word " * context)
        with pytest.raises(BadInput, match=rf"\d{{4,}} tokens .*{BUDGET} for the output.*{context}.*; .+") as refused:
            generator.generate(an_ask(pictures.add(1), long), pictures)
        assert "word word" not in str(refused.value)
        assert "\n" not in str(refused.value)
        assert pictures.asked == []

    def test_the_output_counts_towards_the_length(self, generator: Generator) -> None:
        context = generator.capabilities().context_tokens
        with pytest.raises(BadInput, match="too long"):
            generator.generate(an_ask(QUESTION, max_new_tokens=context), Pictures())

    def test_refuses_in_one_line_what_it_says_it_cannot(self, generator: Generator) -> None:
        able, pictures = generator.capabilities(), Pictures()
        refused: list[Exception] = []
        if not able.images:
            with pytest.raises(BadInput) as no_pictures:
                generator.generate(an_ask(pictures.add(1), QUESTION), pictures)
            refused.append(no_pictures.value)
        if not able.choices:
            with pytest.raises(BadInput) as no_choices:
                generator.choose(an_ask(QUESTION), (Slot(options=("yes", "no")),), pictures)
            refused.append(no_choices.value)
        assert pictures.asked == []
        assert all("\n" not in str(one) and "; " in str(one) for one in refused)

    @pytest.mark.parametrize(
        "options",
        [("yes", "no"), ("lab", "lab report", "lab reports"), ("a b", "a", ""), ("β-blocker", "β", "naïve"), ("one",)],
    )
    def test_chooses_one_of_the_options(self, chooser: Generator, options: tuple[str, ...]) -> None:
        chosen = chooser.choose(an_ask(QUESTION), (Slot(lead="Answer: ", options=options),), Pictures())
        assert len(chosen.chosen) == 1
        assert chosen.chosen[0] in options
        assert chosen.text == f"Answer: {chosen.chosen[0]}"
        assert chosen.finish_reason == "stop"
        assert chosen.thoughts is None

    def test_fills_slots_in_their_order_whatever_the_budget(self, chooser: Generator, pictures: Pictures) -> None:
        slots = (
            Slot(lead="Task: ", options=("clinical question", "clinical question and note", "note")),
            Slot(options=("sure", "unsure")),
            Slot(lead="Side:\n", options=("left", "right")),
        )
        chosen = chooser.choose(an_ask(pictures.add(3), QUESTION, max_new_tokens=1, thinking=True), slots, pictures)
        assert [option in slot.options for option, slot in zip(chosen.chosen, slots, strict=True)] == [True] * 3
        assert chosen.text == "\n".join(slot.lead + option for option, slot in zip(chosen.chosen, slots, strict=True))
        assert same(
            chosen, chooser.choose(an_ask(pictures.add(3), QUESTION, max_new_tokens=1, thinking=True), slots, pictures)
        )
        assert [slot["options"] for slot in chosen.parameters["slots"]] == [list(slot.options) for slot in slots]
        assert chosen.image_tokens > 0

    def test_an_option_that_looks_like_a_control_token_remains_an_option(self, chooser: Generator) -> None:
        options = ("<end_of_turn>", "<bos>")
        assert chooser.choose(an_ask(QUESTION), (Slot(options=options),), Pictures()).chosen[0] in options

    @pytest.fixture
    @classmethod
    def able(cls, generator: Generator) -> Capabilities:
        return generator.capabilities()

    @pytest.mark.parametrize("question", [QUESTION, RECORD])
    def test_writes_json_of_the_schema_in_its_order(
        self, generator: Generator, able: Capabilities, question: Words
    ) -> None:
        if able.structured == "asked":
            pytest.skip("asks for JSON in words")
        written = generator.generate(an_ask(question, json_schema=SCHEMA, thinking=True), Pictures())
        if able.structured == "json" and written.finish_reason != "stop":
            return
        assert written.finish_reason == "stop"
        found = json.loads(written.text)
        if able.structured == "enforced":
            assert list(found) == list(SCHEMA["properties"])
            assert found["found"] in ("yes", "no", "unclear")
            assert found["side"] in ("left", "right")
            assert found["count"] in range(10)

    def test_tells_the_text_as_it_is_written(self, generator: Generator, able: Capabilities) -> None:
        if not able.streaming:
            pytest.skip("tells no text before its end")
        told: list[str] = []
        written = generator.generate(an_ask(QUESTION), Pictures(), Following(text=told.append))
        assert len(told) > 1
        assert told == sorted(set(told), key=len)
        assert told[-1].strip() == written.text

    def test_is_ended_by_whoever_waits_and_works_on_afterwards(
        self, generator: Generator, able: Capabilities, answered: Generation
    ) -> None:
        told: list[str] = []
        with pytest.raises(Cancelled):
            generator.generate(an_ask(QUESTION), Pictures(), Following(cancelled=lambda: True))
        if able.streaming:
            with pytest.raises(Cancelled):
                generator.generate(
                    an_ask(QUESTION), Pictures(), Following(text=told.append, cancelled=lambda: bool(told))
                )
            assert told
        again = generator.generate(an_ask(QUESTION, system="You are a careful reader."), Pictures())
        assert same(again, answered)

    def test_drawn_texts_repeat_by_their_seed(self, generator: Generator, able: Capabilities) -> None:
        drawn = an_ask(QUESTION, sampling=Sampling(temperature=0.8, top_p=0.9, seed=7))
        if not able.sampling:
            with pytest.raises(BadInput):
                generator.generate(drawn, Pictures())
            return
        one, other = generator.generate(drawn, Pictures()), generator.generate(drawn, Pictures())
        assert one.raw == other.raw
        assert one.parameters["seed"] == 7

    def test_calls_at_once_come_out_as_alone(self, generator: Generator) -> None:
        asks = [an_ask(Words(text=f"Question {number}: is there a fracture?")) for number in range(4)]
        alone = [generator.generate(ask, Pictures()) for ask in asks]
        with ThreadPoolExecutor(len(asks)) as threads:
            together = list(threads.map(lambda ask: generator.generate(ask, Pictures()), asks))
        assert [one.raw for one in together] == [one.raw for one in alone]

    def test_what_is_shared_changes_no_answer(self, generator: Generator) -> None:
        for question in ("Which hand?", "Can the wrist be moved?", "Which hand?"):
            plain = an_ask(RECORD, Words(text=question))
            kept = an_ask(RECORD, Words(text=question), shared=1)
            assert generator.generate(kept, Pictures()).raw == generator.generate(plain, Pictures()).raw
