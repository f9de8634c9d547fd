"""What asks share is read once: the same answers to the digit, within a limit of memory, and nothing mixed up."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from pipelines.errors import BadInput
from pipelines.models.generator import Ask, Generation, Part, Words
from pipelines.models.medgemma import cache
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.medgemma.prefixes import Prefixes
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import Pictures, an_ask, same
from tests.support.tiny_medgemma import shared

RECORD = Words(text="Fell on the left hand. The wrist is swollen and cannot be moved. " * 4)
QUESTIONS = ("Which hand?", "Can the wrist be moved?", "Why?")


def _medgemma(dtype: str = "float32", kept_bytes: int = 1 << 30) -> MedGemma:
    return MedGemma(ModelFolder(shared(), MEDGEMMA), 1, "cpu", dtype, kept_bytes)


def _study(pictures: Pictures, question: str, shared_parts: int | None = None, seeds: tuple[int, ...] = (1, 2)) -> Ask:
    parts: list[Part] = [RECORD]
    for number, seed in enumerate(seeds, start=1):
        parts += [pictures.add(seed, (60, 60)), Words(text=f"SLICE {number}")]
    kept = len(parts) if shared_parts is None else shared_parts
    return an_ask(*parts, Words(text=question), system="Be brief.", max_new_tokens=24, shared=kept)


@pytest.mark.parametrize("shared_parts", [None, 1, 2, 4])
def test_answers_are_the_same_with_and_without_in_float32(shared_parts: int | None) -> None:
    """Beyond the window of 16 by far; with pictures before and behind where the shared part ends."""
    keeping, plain = _medgemma(), _medgemma()
    pictures = Pictures()
    for question in QUESTIONS:
        kept = keeping.generate(_study(pictures, question, shared_parts), pictures)
        whole = plain.generate(_study(pictures, question, 0), pictures)
        assert kept.raw == whole.raw
        assert kept.prompt_tokens == whole.prompt_tokens


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_whether_it_was_kept_changes_nothing_at_all(dtype: str) -> None:
    """The scores are equal to the last digit: an answer repeats whatever was asked before."""
    pictures = Pictures()
    found: list[list[torch.Tensor]] = []
    for kept_bytes in (0, 1 << 30):
        generator = _medgemma(dtype, kept_bytes)
        generator.generate(_study(pictures, QUESTIONS[0]), pictures)
        scores: list[torch.Tensor] = []
        model = generator._loaded().model
        head = model.lm_head.register_forward_hook(lambda *given, scores=scores: scores.append(given[2].clone()))
        generator.generate(_study(pictures, QUESTIONS[1]), pictures)
        head.remove()
        found.append(scores[-24:])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_the_pictures_are_looked_at_once() -> None:
    generator, pictures = _medgemma(), Pictures()
    generations = [generator.generate(_study(pictures, question), pictures) for question in QUESTIONS]
    first = _study(pictures, "Why?")
    assert pictures.asked == list(first.frames)
    assert len({generation.raw for generation in generations}) > 1
    again = generator.generate(_study(pictures, QUESTIONS[0]), pictures)
    assert same(again, generations[0])


def test_other_pictures_are_another_study() -> None:
    generator, pictures = _medgemma(), Pictures()
    one = generator.generate(_study(pictures, "Why?", seeds=(1, 2)), pictures)
    other = generator.generate(_study(pictures, "Why?", seeds=(1, 3)), pictures)
    turned = generator.generate(_study(pictures, "Why?", seeds=(2, 1)), pictures)
    assert len(pictures.asked) == 6
    assert [generation.raw for generation in (one, other, turned)] == [
        _medgemma().generate(_study(pictures, "Why?", seeds=seeds), pictures).raw for seeds in ((1, 2), (1, 3), (2, 1))
    ]


def test_a_study_with_a_broken_picture_is_not_kept() -> None:
    generator, pictures = _medgemma(), Pictures()
    broken = an_ask(RECORD, pictures.add_bytes(b"no picture"), Words(text="Why?"), shared=2)
    for _ in range(2):
        with pytest.raises(BadInput):
            generator.generate(broken, pictures)


def _state(tokens: int, seed: int, window: int = 16) -> Any:
    """A cache as a model of two layers, one of them with a window, leaves it."""
    from transformers import Gemma3TextConfig

    config = Gemma3TextConfig(
        num_hidden_layers=2, layer_types=["sliding_attention", "full_attention"], sliding_window=window
    )
    state = cache.empty(config)
    source = torch.Generator().manual_seed(seed)
    for layer in range(2):
        state.update(*torch.randn(2, 1, 2, tokens, 8, generator=source), layer)
    return state


def _held(state: Any) -> list[torch.Tensor]:
    return [tensor.clone() for layer in state.layers for tensor in (layer.keys, layer.values)]


def _equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def _grow(state: Any, tokens: int, seed: int) -> None:
    source = torch.Generator().manual_seed(seed)
    for layer in range(2):
        state.update(*torch.randn(2, 1, 2, tokens, 8, generator=source), layer)


@pytest.mark.parametrize("tokens", [5, 15, 16, 17, 1023, 1024, 1025])
def test_branches_grow_apart(tokens: int) -> None:
    state = _state(tokens, 0)
    before = _held(state)
    branches = [cache.branch(state) for _ in range(3)]
    for number, one in enumerate(branches):
        for step in range(5):
            _grow(one, 1 + step, 10 * number)
    assert _equal(_held(state), before)
    _grow(state, 3, 99)
    grown = [_held(one) for one in branches]
    again = cache.branch(cache.compact(_state(tokens, 0)))
    for step in range(5):
        _grow(again, 1 + step, 0)
    assert _equal(_held(again), grown[0])
    assert not _equal(grown[0], grown[1])


def test_a_layer_that_grows_holds_what_the_librarys_own_does() -> None:
    from transformers.cache_utils import DynamicLayer

    ours, theirs = cache.growing_layer()(), DynamicLayer()
    source = torch.Generator().manual_seed(1)
    for tokens in (1, 700, 1, 400, 1, 1, 2000, 1):
        new = torch.randn(2, 1, 2, tokens, 8, generator=source)
        for one, other in zip(ours.update(*new), theirs.update(*new), strict=True):
            assert torch.equal(one, other)
    assert ours.get_seq_length() == theirs.get_seq_length()
    assert ours.get_mask_sizes(3) == theirs.get_mask_sizes(3)


def test_what_lies_behind_a_window_is_not_kept() -> None:
    state = _state(1000, 0)
    compact = cache.compact(state)
    assert cache.size_of(compact) == 2 * 2 * 8 * 4 * (1000 + 15)
    sliding = compact.layers[0]
    assert sliding.keys.untyped_storage().nbytes() == sliding.keys.nbytes


def test_the_longest_unused_goes_first() -> None:
    size = cache.size_of(cache.compact(_state(100, 0)))
    prefixes = Prefixes(2 * size)
    for number, key in enumerate("ab"):
        prefixes.put(key, _state(100, number))
    assert prefixes.get("a") is not None
    prefixes.put("c", _state(100, 3))
    assert [prefixes.get(key) is not None for key in "abc"] == [True, False, True]
    assert prefixes.bytes == 2 * size
    prefixes.put("c", _state(100, 4))
    assert prefixes.bytes == 2 * size
    prefixes.clear()
    assert (prefixes.bytes, prefixes.get("a")) == (0, None)


def test_what_is_larger_than_all_may_take_is_used_and_not_kept() -> None:
    prefixes = Prefixes(1000)
    state = _state(100, 0)
    assert _equal(_held(prefixes.put("a", state)), _held(state))
    assert (prefixes.bytes, prefixes.get("a")) == (0, None)


@pytest.mark.long
def test_a_trace_that_has_to_be_closed_is_closed_behind_a_kept_beginning() -> None:
    def thinks(shared_parts: int) -> Generation:
        generator = MedGemma(ModelFolder(shared("never-closes"), MEDGEMMA), 1, "cpu", "float32")
        ask = an_ask(RECORD, Words(text="Why?"), max_new_tokens=40, shared=shared_parts)
        generator.generate(ask, Pictures())
        return generator.generate(ask, Pictures())

    kept, whole = thinks(1), thinks(0)
    assert kept.raw == whole.raw
    assert kept.thoughts
    assert "closed_trace_after_words" in kept.parameters
