"""How traces and answers end in every engine that runs MedGemma in this process, on tiny weights trained for it."""

from __future__ import annotations

import pytest

from pipelines.models.generator import Following, Generation, Generator, Words
from tests.models.generator_conformance import Pictures, an_ask
from tests.support.tiny_medgemma_training import ANSWER, ROUND, THOUGHTS, Behaviour

LONG_PROMPT = Words(text="The patient fell on the left hand and cannot move the wrist. " * 12)


class TracesConformance:
    def generator(self, behaviour: Behaviour) -> Generator:
        raise NotImplementedError("override with the engine on weights that behave so")

    def generate(self, behaviour: Behaviour, max_new_tokens: int = 80, picture: bool = False) -> Generation:
        pictures = Pictures()
        parts = [pictures.add(5), LONG_PROMPT] if picture else [LONG_PROMPT]
        ask = an_ask(*parts, max_new_tokens=max_new_tokens, thinking=True)
        return self.generator(behaviour).generate(ask, pictures)

    @pytest.mark.parametrize("picture", [False, True])
    def test_an_answer_without_a_trace(self, picture: bool) -> None:
        generation = self.generate("answers", picture=picture)
        assert (generation.text, generation.thoughts, generation.raw) == (ANSWER, None, ANSWER)
        assert generation.finish_reason == "stop"
        assert generation.output_tokens == len(ANSWER) + 1

    def test_an_answer_that_is_cut_is_not_shown(self) -> None:
        generation = self.generate("answers", max_new_tokens=10)
        assert (generation.text, generation.finish_reason, generation.raw) == ("", "length", ANSWER[:10])

    @pytest.mark.parametrize("picture", [False, True])
    def test_a_closed_trace_is_not_the_answer(self, picture: bool) -> None:
        generation = self.generate("thinks", picture=picture)
        assert (generation.text, generation.thoughts) == (ANSWER, THOUGHTS)
        assert generation.finish_reason == "stop"
        assert generation.raw == f"<unused94>thought\n{THOUGHTS}<unused95>{ANSWER}"
        assert "closed_trace_after_words" not in generation.parameters

    @pytest.mark.parametrize("picture", [False, True])
    def test_a_trace_that_never_ends_is_closed_once(self, picture: bool) -> None:
        require_closed_once(self.generator("never-closes"), picture)

    def test_an_answer_cut_behind_a_closed_trace_is_not_shown(self) -> None:
        generation = self.generate("never-closes", max_new_tokens=30)
        assert (generation.text, generation.finish_reason) == ("", "length")
        assert generation.raw.endswith(f"<unused95>{ANSWER[:30]}")
        assert generation.output_tokens == 60


def require_closed_once(generator: Generator, picture: bool) -> None:
    """Of weights whose trace never ends: it is closed at its limit, the answer follows, and all that again alike."""
    pictures = Pictures()
    parts = [pictures.add(5), LONG_PROMPT] if picture else [LONG_PROMPT]
    ask = an_ask(*parts, max_new_tokens=60)
    told: list[float] = []
    generation = generator.generate(ask, pictures, Following(progress=told.append))
    trace = (ROUND * 9)[: 60 - len("thought\n") - 1]
    assert (generation.text, generation.finish_reason) == (ANSWER, "stop")
    assert generation.thoughts == trace.strip()
    assert generation.raw == f"<unused94>thought\n{trace}<unused95>{ANSWER}"
    assert generation.parameters["closed_trace_after_words"] == len(trace.split())
    assert generation.output_tokens == 60 + len(ANSWER) + 1
    assert told == sorted(set(told))
    assert told[-1] == 1.0
    assert generator.generate(ask, pictures).raw == generation.raw
