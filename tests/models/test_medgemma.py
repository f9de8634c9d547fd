"""MedGemma's classes on tiny checkpoints: the conformance, and every way in which a trace or an answer can end."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from threading import get_ident

import pytest

from pipelines.errors import UsageProblem
from pipelines.models.generator import Following, Generator, Slot, Words
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.registry import generators
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import QUESTION, GeneratorConformance, Pictures, an_ask
from tests.models.traces_conformance import LONG_PROMPT, TracesConformance, require_closed_once
from tests.support.tiny_medgemma import shared
from tests.support.tiny_medgemma_training import ANSWER, ROUND, THOUGHTS, Behaviour


def medgemma(folder: Path, dtype: str = "float32") -> MedGemma:
    return MedGemma(ModelFolder(folder, MEDGEMMA), threads=1, device="cpu", dtype=dtype)


@pytest.mark.long
class TestMedGemmaConformance(GeneratorConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls) -> Generator:
        return medgemma(shared("answers"))


class TestRandomWeights:
    """They want anything, so that what holds here holds by construction."""

    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls) -> Generator:
        return medgemma(shared())

    @pytest.mark.parametrize("question", ["Is it?", "a", "z" * 200])
    def test_choices_are_of_the_given_ones(self, generator: Generator, question: str) -> None:
        slots = (Slot(lead="Task: ", options=("note", "note and question")), Slot(options=("1", "10", "100")))
        chosen = generator.choose(an_ask(Words(text=question)), slots, Pictures())
        assert chosen.chosen[0] in slots[0].options
        assert chosen.chosen[1] in slots[1].options
        assert chosen.raw == chosen.text == f"Task: {chosen.chosen[0]}\n{chosen.chosen[1]}"
        assert chosen.output_tokens == len(chosen.text) + 1

    def test_gibberish_shows_no_control_token(self, generator: Generator) -> None:
        from pipelines.models.medgemma.checkpoint import load

        control = load(ModelFolder(shared(), MEDGEMMA), 1, "cpu", "float32", "0", "test").control
        for seed in range(3):
            generation = generator.generate(an_ask(Words(text=f"Say {seed}"), max_new_tokens=60), Pictures())
            assert control.removed(generation.text) == generation.text
            assert generation.text == "" or generation.finish_reason == "stop"

    def test_every_call_says_how_it_was_made(self, generator: Generator) -> None:
        generation = generator.generate(an_ask(QUESTION, max_new_tokens=4, thinking=True), Pictures())
        assert generation.parameters == {
            "do_sample": False,
            "max_new_tokens": 4,
            "thinking": True,
            "dtype": "float32",
            "quantize": "none",
            "device": "cpu",
            "threads": 1,
            "attention": "sdpa",
            "image_processor": generation.parameters["image_processor"],
            "pan_and_scan": False,
            "shared_tokens": 0,
            "tokens_at_a_time": 2048,
            "pictures_at_a_time": 4,
        }
        assert generation.parameters["image_processor"].startswith("Gemma3ImageProcessor")
        assert set(generation.libraries) == {"transformers", "torch", "tokenizers", "pillow", "numpy"}
        assert generation.engine.name == "medgemma"
        assert generation.engine.version == generation.libraries["transformers"]


@pytest.mark.long
class TestTracesAndEnds(TracesConformance):
    def generator(self, behaviour: Behaviour) -> Generator:
        return medgemma(shared(behaviour))

    @pytest.mark.parametrize("picture", [False, True])
    def test_a_trace_is_closed_in_bfloat16_too(self, picture: bool) -> None:
        require_closed_once(medgemma(shared("never-closes"), "bfloat16"), picture)

    def test_an_answer_that_never_ends_is_not_shown(self) -> None:
        generation = self.generate("never-ends")
        assert (generation.text, generation.finish_reason) == ("", "length")
        assert generation.output_tokens == len(generation.raw) == 80

    def test_an_answer_cut_right_behind_its_trace_was_cut(self) -> None:
        trace_tokens = len(f"thought\n{THOUGHTS}") + 2
        generation = self.generate("thinks", max_new_tokens=trace_tokens)
        assert (generation.text, generation.thoughts, generation.finish_reason) == ("", THOUGHTS, "length")

    def test_markers_may_be_flagged_special(self, tmp_path: Path) -> None:
        folder = shutil.copytree(shared("thinks"), tmp_path / "flagged")
        tokenizer = json.loads((folder / "tokenizer.json").read_text())
        for token in tokenizer["added_tokens"]:
            token["special"] = True
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        generation = medgemma(folder).generate(an_ask(QUESTION), Pictures())
        assert (generation.text, generation.thoughts) == (ANSWER, THOUGHTS)

    def test_a_trace_that_goes_round_is_closed_before_its_limit(self) -> None:
        generation = self.generate("never-closes", max_new_tokens=600)
        words = generation.parameters["closed_trace_after_words"]
        assert generation.thoughts == " ".join((ROUND * 60).split()[:words])
        assert (generation.text, generation.finish_reason) == (ANSWER, "stop")
        assert generation.output_tokens < 400

    def test_an_answer_that_goes_round_is_stopped_and_not_shown(self) -> None:
        generation = self.generate("never-ends", max_new_tokens=600)
        assert (generation.text, generation.finish_reason) == ("", "loop")
        assert 80 < generation.output_tokens < 400

    def test_a_trace_that_is_opened_again_is_no_answer(self) -> None:
        """These weights also end their turn within the trace, which counts like a trace that was cut."""
        generation = self.generate("reopens")
        assert (generation.text, generation.finish_reason) == ("", "no-answer")
        trace = f"<unused94>thought\n{THOUGHTS}"
        assert generation.raw == f"{trace}<unused95>{trace}"
        assert generation.thoughts == f"{THOUGHTS}\n{THOUGHTS}"
        assert generation.parameters["closed_trace_after_words"] == len(THOUGHTS.split())

    def test_choices_leave_no_room_for_a_trace(self) -> None:
        slots = (Slot(lead="Sure: ", options=("yes", "no")),)
        chosen = medgemma(shared("never-closes")).choose(an_ask(LONG_PROMPT, thinking=True), slots, Pictures())
        assert chosen.chosen[0] in ("yes", "no")
        assert (chosen.thoughts, chosen.parameters["thinking"]) == (None, False)


@pytest.mark.long
def test_the_context_bounds_what_follows_a_closed_trace(tmp_path: Path) -> None:
    folder = shutil.copytree(shared("never-closes"), tmp_path / "short")
    config = json.loads((folder / "config.json").read_text())
    prompt = medgemma(folder).generate(an_ask(QUESTION, max_new_tokens=1), Pictures()).prompt_tokens
    config["text_config"]["max_position_embeddings"] = prompt + 40 + 1 + 5
    (folder / "config.json").write_text(json.dumps(config))
    generation = medgemma(folder).generate(an_ask(QUESTION, max_new_tokens=40), Pictures())
    assert (generation.output_tokens, generation.finish_reason) == (45, "length")
    config["text_config"]["max_position_embeddings"] = prompt + 40
    (folder / "config.json").write_text(json.dumps(config))
    generation = medgemma(folder).generate(an_ask(QUESTION, max_new_tokens=40), Pictures())
    assert (generation.output_tokens, generation.finish_reason) == (40, "no-answer")


def test_nothing_is_connected_to(reached: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    pictures = Pictures()
    generator = medgemma(shared())
    assert generator.available().ready
    generator.generate(an_ask(pictures.add(1), QUESTION, max_new_tokens=3), pictures)
    assert reached == []


def test_calls_wait_for_each_other() -> None:
    generator = medgemma(shared())
    steps: list[int] = []

    def call(_: int) -> str:
        return generator.generate(
            an_ask(QUESTION, max_new_tokens=12), Pictures(), Following(progress=lambda _: steps.append(get_ident()))
        ).raw

    with ThreadPoolExecutor(3) as pool:
        texts = list(pool.map(call, range(3)))
    assert len(set(texts)) == 1
    changes = sum(one != other for one, other in pairwise(steps))
    assert changes == len(set(steps)) - 1


def test_loading_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    medgemma(shared()).generate(an_ask(QUESTION, max_new_tokens=2), Pictures())
    assert capfd.readouterr() == ("", "")
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_the_context_is_known_without_loading(tmp_path: Path) -> None:
    assert medgemma(shared()).capabilities().context_tokens == 4096
    # The published config.json leaves it to the library's default.
    folder = shutil.copytree(shared(), tmp_path / "published")
    config = json.loads((folder / "config.json").read_text())
    del config["text_config"]["max_position_embeddings"]
    (folder / "config.json").write_text(json.dumps(config))
    assert medgemma(folder).capabilities().context_tokens == 131_072
    assert medgemma(tmp_path / "nothing").capabilities().images


def test_engines_are_known_by_name() -> None:
    folder = ModelFolder(shared(), MEDGEMMA)
    assert list(generators(medgemma=folder)) == ["medgemma"]
    assert generators(medgemma=folder, dtype="float32")["medgemma"]().name == "medgemma"


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"dtype": "float16"}, "dtype float16: overflows in this model"),
        ({"dtype": "int4"}, "choose one of: auto, bfloat16, float32"),
        ({"device": "tpu"}, "choose one of: auto, cpu, mps, cuda"),
    ],
)
def test_settings_it_cannot_run_with_are_refused_at_once(settings: dict[str, str], line: str) -> None:
    with pytest.raises(UsageProblem, match=line):
        MedGemma(ModelFolder(shared(), MEDGEMMA), **settings)


def test_bfloat16_is_the_default_on_a_cpu() -> None:
    generator = MedGemma(ModelFolder(shared(), MEDGEMMA), threads=1, device="cpu")
    assert generator.generate(an_ask(QUESTION, max_new_tokens=2), Pictures()).parameters["dtype"] == "bfloat16"
