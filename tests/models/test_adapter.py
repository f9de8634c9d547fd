"""LoRA adapters: trained on pairs, laid on the same weights, refused on others, and named in everything they say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from pipelines.errors import BadInput, ModelNeeded, UsageProblem
from pipelines.models.adapting.examples import example_of, loss_of
from pipelines.models.adapting.pairs import Pair, Pairs, write_pairs
from pipelines.models.adapting.splitting import split
from pipelines.models.adapting.training import Recipe, train
from pipelines.models.generator import Part, Slot, Words
from pipelines.models.medgemma import adapted
from pipelines.models.medgemma.checkpoint import Checkpoint, load
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.turn import prompt_of
from pipelines.records import Engine, TaskName
from pipelines.weights.adapter import CONFIG, ORIGIN, WEIGHTS, AdapterFolder
from pipelines.weights.catalogue import MEDGEMMA, MEDGEMMA_27B_TEXT
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import Quantize
from tests.models.generator_conformance import Pictures, an_ask
from tests.support.tiny_medgemma import build_random, build_text_only, shared

pytest.importorskip("peft")

QUESTIONS = {"Is it broken?": "Yes, the radius.", "Any pneumonia?": "None seen.", "What dose?": "500 mg."}
SECRET = "Mrs Example"


def pair(run: str, *parts: Part, answer: str = "Yes.") -> Pair:
    return Pair(
        run=run,
        task=TaskName.CLINICAL_QUESTION,
        ask=an_ask(*parts, system=SECRET, max_new_tokens=40),
        answer=answer,
        standing="generated",
        engine=Engine(name="medgemma", version="1"),
    )


def pairs_in(folder: Path, *pairs: Pair, pictures: Pictures | None = None) -> Pairs:
    folder.mkdir()
    write_pairs(folder, pairs, (pictures or Pictures()).data)
    return Pairs(folder)


def base(path: Path | None = None) -> ModelFolder:
    return ModelFolder(path or shared(), MEDGEMMA)


def loaded(folder: ModelFolder, quantize: Quantize = "none", adapter: Path | None = None) -> Checkpoint:
    return load(
        folder, 1, "cpu", "float32", "0", "test", quantize, AdapterFolder(adapter) if adapter is not None else None
    )


def trained(folder: Path, pairs: Pairs, recipe: Recipe, quantize: Quantize = "none") -> Path:
    folder.mkdir()
    train(loaded(base(), quantize), pairs, recipe, folder, 4096, lambda what, share: None)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter after two steps: it changes what is said."""
    home = tmp_path_factory.mktemp("adapter")
    pairs = pairs_in(home / "pairs", *(pair(q, Words(text=q), answer=a) for q, a in QUESTIONS.items()))
    return trained(home / "made", pairs, Recipe(rank=4, alpha=64, rate=0.05, epochs=2, held_out=0, accumulate=3))


@pytest.fixture
def adapter(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "adapter")


def refusal(adapter: Path, folder: ModelFolder | None = None) -> str:
    """Everything that can be asked of an engine with this adapter refuses it in the same line, before loading."""
    generator = MedGemma(folder or base(), 1, "cpu", "float32", adapter=adapter)
    available = generator.available()
    assert not available.ready
    with pytest.raises(ModelNeeded) as refused:
        generator.generate(an_ask(Words(text="Why?"), max_new_tokens=2), Pictures())
    line = str(refused.value)
    assert "\n" not in line
    assert refused.value.subject.startswith("adapter ")
    assert refused.value.problem in available.detail
    return line


def edit(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def made_elsewhere(adapter: Path) -> Path:
    (adapter / ORIGIN).unlink()
    return adapter


@pytest.mark.long
def test_the_recipe_teaches_answers_and_the_adapter_repeats_them(tmp_path: Path) -> None:
    pairs = pairs_in(tmp_path / "pairs", *(pair(q, Words(text=q), answer=a) for q, a in QUESTIONS.items()))
    told: list[float] = []
    (tmp_path / "made").mkdir()
    origin = train(
        loaded(base()),
        pairs,
        Recipe(rate=0.01, epochs=30, accumulate=1, dropout=0, held_out=0),
        tmp_path / "made",
        4096,
        lambda what, share: told.append(share),
    )
    assert origin.training_loss[1] < origin.training_loss[0] - 1
    assert origin.held_out_loss is None
    assert told == sorted(told)
    assert told[-1] == 1.0
    with_it = MedGemma(base(), 1, "cpu", "float32", adapter=tmp_path / "made")
    without = MedGemma(base(), 1, "cpu", "float32")
    for one in pairs.all:
        assert with_it.generate(one.ask, Pictures()).text == one.answer
        assert without.generate(one.ask, Pictures()).text != one.answer


@pytest.mark.long
def test_what_is_held_out_is_measured_and_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    questions = [pair(str(n), Words(text=f"{'What is it?' * (n % 3 + 1)}"), answer="None seen.") for n in range(6)]
    pairs = pairs_in(tmp_path / "pairs", *questions)
    recipe = Recipe(rank=4, rate=0.02, epochs=4, accumulate=2, held_out=0.34)
    one, other = (trained(tmp_path / name, pairs, recipe) for name in ("one", "other"))
    assert {p.name: p.read_bytes() for p in one.iterdir()} == {p.name: p.read_bytes() for p in other.iterdir()}
    origin = AdapterFolder(one).origin
    assert origin is not None
    assert origin.held_out_loss is not None
    assert origin.held_out_loss[1] < origin.held_out_loss[0]
    assert (origin.parameters["pairs"], origin.parameters["pairs_held_out"]) == (4, 2)
    assert SECRET not in (one / ORIGIN).read_text() + (one / CONFIG).read_text()
    # Activations that are computed again are the same.
    again = trained(tmp_path / "again", pairs, recipe.model_copy(update={"checkpointing": True}))
    for name, tensor in load_file(one / WEIGHTS).items():
        torch.testing.assert_close(load_file(again / WEIGHTS)[name], tensor, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("seen", [False, True])
def test_what_is_learned_is_what_is_asked_token_for_token(seen: bool, tmp_path: Path) -> None:
    pictures = Pictures()
    parts = (pictures.add(1), Words(text="Is it broken?")) if seen else (Words(text="Is it broken?"),)
    one = pair("R", *parts)
    pairs = pairs_in(tmp_path / "pairs", one, pictures=pictures)
    checkpoint = loaded(base())
    letters = tuple("abcdefgh")
    said = MedGemma(base(), 1, "cpu", "float32").choose(one.ask, (Slot(options=letters),), pictures).chosen[0]
    example = example_of(one, checkpoint, 4096)
    assert example.prompt == prompt_of(checkpoint, one.ask).ids
    assert checkpoint.decode(example.answer) == "Yes.<end_of_turn>"
    # Of all letters that could be learned, the one that is written anyway costs least.
    costs = {}
    for letter in letters:
        answering = replace(example, answer=tuple(checkpoint.encode(letter)))
        with torch.inference_mode():
            costs[letter] = float(loss_of(answering, checkpoint, checkpoint.model, pairs.frame))
    assert min(costs, key=lambda letter: costs[letter]) == said


def test_an_adapter_is_part_of_the_engine_s_name(made: Path, adapter: Path) -> None:
    plain, one = MedGemma(base(), 1, "cpu", "float32"), MedGemma(base(), 1, "cpu", "float32", adapter=made)
    ask = an_ask(Words(text="Is it broken?"), max_new_tokens=6)
    engine = one.engine()
    answer = one.generate(ask, Pictures())
    assert answer.engine == engine
    assert answer.parameters["adapter_sha256"] == AdapterFolder(made).sha256()
    assert AdapterFolder(made).sha256() in str(engine.note)
    assert engine.weights_sha256 == plain.engine().weights_sha256
    assert engine.digest() != plain.engine().digest()
    assert answer.raw != plain.generate(ask, Pictures()).raw
    # The same matrices with another weight are another adapter.
    edit(made_elsewhere(adapter) / CONFIG, lora_alpha=1)
    assert MedGemma(base(), adapter=adapter).engine().digest() != engine.digest()


@pytest.mark.parametrize("form", ["int8", "4bit"])
def test_an_adapter_goes_on_quantised_weights(made: Path, form: Quantize) -> None:
    pytest.importorskip("torchao")
    pytest.importorskip("bitsandbytes")
    ids = torch.arange(20, 60)[None]

    def scores(quantize: Quantize, adapter: Path | None = None) -> torch.Tensor:
        with torch.inference_mode():
            model = loaded(base(), quantize, adapter).model
            return model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float()

    change, exact = (scores(f, made) - scores(f) for f in (form, "none"))
    assert float(exact.abs().max()) > 0.3
    # It does to them much what it does to the weights that it was trained on.
    assert float(torch.nn.functional.cosine_similarity(change.flatten(), exact.flatten(), dim=0)) > 0.8


@pytest.mark.long
def test_a_recipe_runs_on_four_bits(tmp_path: Path) -> None:
    pytest.importorskip("bitsandbytes")
    pairs = pairs_in(tmp_path / "pairs", *(pair(q, Words(text=q), answer=a) for q, a in QUESTIONS.items()))
    made = trained(tmp_path / "made", pairs, Recipe(rank=4, rate=0.02, epochs=6, held_out=0, accumulate=1), "4bit")
    origin = AdapterFolder(made).origin
    assert origin is not None
    assert origin.training_loss[1] < origin.training_loss[0]
    assert origin.parameters["quantize"] == "4bit"


def test_names_of_other_versions_of_the_libraries_are_understood(made: Path, adapter: Path) -> None:
    ask = an_ask(Words(text="Is it broken?"), max_new_tokens=6)
    expected = MedGemma(base(), 1, "cpu", "float32", adapter=made).generate(ask, Pictures()).raw
    weights = load_file(adapter / WEIGHTS)
    ours, theirs = "base_model.model.model.language_model.layers", "base_model.model.language_model.model.layers"
    assert all(name.startswith(ours) for name in weights)
    renamed = {name.replace(ours, theirs): tensor for name, tensor in weights.items()}
    save_file(renamed, made_elsewhere(adapter) / WEIGHTS)
    edit(adapter / CONFIG, target_modules="all-linear")
    assert MedGemma(base(), 1, "cpu", "float32", adapter=adapter).generate(ask, Pictures()).raw == expected


def test_output_layer_and_embeddings_may_be_trained_as_google_does(tmp_path: Path) -> None:
    import peft

    whole = adapted.with_lora(
        loaded(base()).model, r=2, target_modules=["q_proj"], modules_to_save=["lm_head", "embed_tokens"]
    )
    with torch.no_grad():
        for name, weight in whole.named_parameters():
            if "modules_to_save" in name:
                weight.mul_(1.5)
    state = peft.get_peft_model_state_dict(whole, save_embedding_layers=False)
    save_file({name: tensor.clone() for name, tensor in state.items()}, tmp_path / WEIGHTS)
    whole.peft_config["default"].save_pretrained(str(tmp_path))
    ids = torch.arange(20, 60)[None]
    with torch.inference_mode():
        expected = whole.eval()(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        checkpoint = loaded(base(), adapter=tmp_path)
        torch.testing.assert_close(
            checkpoint.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits, expected
        )


def test_weights_that_it_was_not_made_for(made: Path, tmp_path: Path) -> None:
    other = base(build_random(tmp_path / "other", seed=3))
    assert "was made for other weights (medgemma " in refusal(made, other)


def test_another_model_s_name(adapter: Path) -> None:
    made_elsewhere(adapter)
    edit(adapter / CONFIG, base_model_name_or_path="google/medgemma-4b-it")
    assert "was made for google/medgemma-4b-it, and medgemma is google/medgemma-1.5-4b-it" in refusal(adapter)
    for named in ("google/medgemma-1.5-4b-it", "unsloth/medgemma-1.5-4b-it-bnb-4bit", "/home/me/model", None):
        edit(adapter / CONFIG, base_model_name_or_path=named)
        assert MedGemma(base(), adapter=adapter).available().ready


def test_the_model_for_text_takes_one_that_fits(adapter: Path, tmp_path: Path) -> None:
    text = ModelFolder(build_text_only(tmp_path / "text"), MEDGEMMA_27B_TEXT)
    assert "was made for other weights" in refusal(adapter, text)
    made_elsewhere(adapter)
    ask = an_ask(Words(text="Is it broken?"), max_new_tokens=6)
    alone = MedGemma(text, 1, "cpu", "float32", adapter=adapter).generate(ask, Pictures()).raw
    assert alone == MedGemma(base(), 1, "cpu", "float32", adapter=adapter).generate(ask, Pictures()).raw


def _cut(adapter: Path) -> None:
    (adapter / WEIGHTS).write_bytes((adapter / WEIGHTS).read_bytes()[:-100])


def _flip(adapter: Path) -> None:
    data = (adapter / WEIGHTS).read_bytes()
    (adapter / WEIGHTS).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def _pickle(adapter: Path) -> None:
    (adapter / WEIGHTS).rename(adapter / "adapter_model.bin")


def _weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def spoil(adapter: Path) -> None:
        weights = load_file(made_elsewhere(adapter) / WEIGHTS)
        change(weights)
        save_file(weights, adapter / WEIGHTS)

    return spoil


def _first(weights: dict[str, torch.Tensor], role: str) -> str:
    return next(name for name in weights if role in name)


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (shutil.rmtree, "there is no such folder"),
        (lambda a: (a / CONFIG).unlink(), "is no LoRA adapter"),
        (lambda a: (a / CONFIG).write_text("{"), "is not JSON"),
        (lambda a: (a / ORIGIN).write_text("{}"), "is damaged"),
        (lambda a: (a / WEIGHTS).unlink(), "adapter_model.safetensors: is missing;"),
        (_pickle, "of adapter_model.bin nothing is loaded"),
        (_cut, "is cut off: 100 bytes are missing"),
        (_flip, "is damaged"),
        (lambda a: edit(a / CONFIG, peft_type="IA3"), "is of type IA3; only LoRA"),
        (lambda a: edit(a / CONFIG, r="many"), "has no sensible r"),
        (lambda a: edit(a / CONFIG, init_lora_weights="pissa"), "asks for init_lora_weights"),
        (lambda a: edit(a / CONFIG, layer_replication=[[0, 3]]), "asks for layer_replication"),
        (_weights(lambda w: w.pop(_first(w, "lora_B"))), "does not fit medgemma"),
        (_weights(lambda w: w.update({_first(w, "lora_A"): torch.zeros(4, 3)})), "does not fit medgemma"),
        (
            _weights(
                lambda w: w.update({"base_model.model.model.layers.9.mlp.up_proj.lora_A.weight": torch.zeros(4, 64)})
            ),
            "changes layers.9.mlp.up_proj, which medgemma does not have",
        ),
        (
            _weights(lambda w: w.update({"base_model.model.model.norm.weight": torch.zeros(64)})),
            "holds norm, which adapter_config.json does not name",
        ),
    ],
)
def test_what_is_no_whole_adapter(adapter: Path, spoil: Callable[[Path], None], line: str) -> None:
    spoil(adapter)
    assert line in refusal(adapter)


def test_what_the_libraries_make_of_it_is_one_line(adapter: Path) -> None:
    edit(made_elsewhere(adapter) / CONFIG, rank_pattern={"(": 3})
    generator = MedGemma(base(), 1, "cpu", "float32", adapter=adapter)
    with pytest.raises(ModelNeeded, match=r"^adapter adapter: cannot be laid on the model \(.*\); give another folder"):
        generator.generate(an_ask(Words(text="Why?"), max_new_tokens=2), Pictures())


def test_an_engine_that_takes_no_adapter_is_not_used_without_it(made: Path, tmp_path: Path) -> None:
    from assistant.engines import generator_of
    from assistant.settings import Settings

    with_it = Settings(models_dir=tmp_path, medgemma=shared(), adapter=made)
    assert generator_of(with_it).name == "medgemma"
    with pytest.raises(UsageProblem, match="adapter: cannot be laid on llamacpp"):
        generator_of(with_it.model_copy(update={"generator": "llamacpp"}))


def test_the_library_is_asked_for_in_one_line(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapted, "find_spec", lambda name: None)
    available = MedGemma(base(), adapter=made).available()
    assert "peft is not installed" in available.detail
    assert "pip install 'clinical-assistant[adapt]'" in str(available.remedy)


def test_pairs_with_the_same_picture_or_run_stay_together() -> None:
    pictures = Pictures()
    film = pictures.add(1)
    pairs = [pair(str(n), Words(text=f"{n}?")) for n in range(8)]
    pairs += [pair("a", film, Words(text="Why?")), pair("b", Words(text="What?")), pair("b", film, Words(text="How?"))]
    for seed in range(20):
        learned, held = split(pairs, 0.3, seed)
        assert len(learned) + len(held) == len(pairs)
        assert len(held) <= 0.3 * len(pairs)
        for side in (learned, held):
            assert len([p for p in side if p.run in "ab"]) in (0, 3)
    assert split(pairs[:1], 0.5, 0) == ((pairs[0],), ())
    assert {len(split(pairs, 0.3, seed)[1]) for seed in range(20)} == {3}


def test_pairs_that_cannot_be_learned_are_named_by_their_run(tmp_path: Path) -> None:
    pictures = Pictures()
    checkpoint = loaded(base())
    with pytest.raises(BadInput, match=r"the pair of run R: has \d+ tokens, and 20 is the most") as refused:
        example_of(pair("R", Words(text="Is it broken?")), checkpoint, 20)
    assert SECRET not in str(refused.value)
    text = loaded(ModelFolder(build_text_only(tmp_path / "text"), MEDGEMMA_27B_TEXT))
    with pytest.raises(BadInput, match="has pictures, and medgemma-27b-text takes none"):
        example_of(pair("R", pictures.add(1)), text, 4096)


def test_a_folder_of_pairs_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    pictures = Pictures()
    film = pictures.add(1)
    pairs = pairs_in(tmp_path / "pairs", pair("R", film), pictures=pictures)
    assert pairs.frame(film.frame) == pictures.data[film.frame]
    picture = tmp_path / "pairs" / "frames" / f"{film.frame}.png"
    picture.write_bytes(b"another")
    with pytest.raises(BadInput, match="is not the picture of this name"):
        pairs.frame(film.frame)
    picture.unlink()
    with pytest.raises(BadInput, match="is missing"):
        pairs.frame(film.frame)
    lines = tmp_path / "pairs" / "pairs.jsonl"
    for text, line in (("{}\n", "line 1: is no pair"), ("", "holds no pairs")):
        lines.write_text(text)
        with pytest.raises(BadInput, match=line):
            Pairs(tmp_path / "pairs")
    with pytest.raises(BadInput, match="cannot be read"):
        Pairs(tmp_path)
