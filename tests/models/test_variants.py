"""The other MedGemmas: what each can do is told from its folder, and one class runs them all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from assistant.engines import engine_table, generator_named
from assistant.settings import Settings
from pipelines.errors import BadInput, ModelNeeded
from pipelines.models.generator import Generator
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.registry import generators
from pipelines.weights.catalogue import (
    KNOWN_MODELS,
    MEDGEMMA,
    MEDGEMMA_1_4B,
    MEDGEMMA_27B,
    MEDGEMMA_27B_TEXT,
    MEDGEMMAS,
)
from pipelines.weights.folder import ModelFolder
from pipelines.weights.memory import estimate
from tests.models.generator_conformance import QUESTION, GeneratorConformance, Pictures, an_ask
from tests.support.tiny_medgemma import build_text_only, shared


@pytest.fixture(scope="module")
def text_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_text_only(tmp_path_factory.mktemp("text-only") / "model")


def on_cpu(folder: ModelFolder) -> MedGemma:
    return MedGemma(folder, threads=1, device="cpu", dtype="float32")


@pytest.mark.long
class TestTextOnlyConformance(GeneratorConformance):
    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls, tmp_path_factory: pytest.TempPathFactory) -> Generator:
        folder = build_text_only(tmp_path_factory.mktemp("text-only") / "model", behaviour="answers")
        return on_cpu(ModelFolder(folder, MEDGEMMA_27B_TEXT))


def test_the_model_for_text_takes_no_pictures_and_says_so_before_it_is_loaded(text_only: Path) -> None:
    generator = on_cpu(ModelFolder(text_only, MEDGEMMA_27B_TEXT))
    assert generator.available().ready
    assert not generator.capabilities().images
    assert generator.capabilities().context_tokens == 4096
    pictures = Pictures()
    with pytest.raises(BadInput, match="takes none"):
        generator.generate(an_ask(pictures.add(1), QUESTION), pictures)
    assert pictures.asked == []


def test_the_model_for_text_says_what_the_same_weights_say_with_an_image_tower(text_only: Path) -> None:
    ask = an_ask(QUESTION, system="You are a careful reader.", max_new_tokens=8)
    one = on_cpu(ModelFolder(text_only, MEDGEMMA_27B_TEXT)).generate(ask, Pictures())
    other = on_cpu(ModelFolder(shared(), MEDGEMMA)).generate(ask, Pictures())
    assert (one.raw, one.prompt_tokens) == (other.raw, other.prompt_tokens)
    assert one.engine.name == "medgemma-27b-text"
    assert one.image_tokens == 0
    assert "image_processor" not in one.parameters


@pytest.mark.parametrize("model", [MEDGEMMA_1_4B, MEDGEMMA_27B])
def test_the_others_that_see_run_under_their_own_names(model) -> None:
    generator = on_cpu(ModelFolder(shared(), model))
    assert generator.capabilities().images
    answer = generator.generate(an_ask(QUESTION, max_new_tokens=2), Pictures())
    assert generator.name == answer.engine.name == model.name
    assert "weights from a folder, not verified as " + model.repository in str(answer.engine.note)


def test_a_folder_of_another_type_is_refused(text_only: Path) -> None:
    for folder in (ModelFolder(text_only, MEDGEMMA), ModelFolder(shared(), MEDGEMMA_27B_TEXT)):
        with pytest.raises(ModelNeeded, match=f"{folder.model.name} is {folder.model.architecture}"):
            folder.require()


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer.json", "model.safetensors"])
def test_the_model_for_text_needs_what_it_is_loaded_from(text_only: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(text_only, tmp_path / "model")
    (folder / name).unlink()
    with pytest.raises(ModelNeeded):
        ModelFolder(folder, MEDGEMMA_27B_TEXT).require()


def test_a_tokenizer_of_another_model_is_refused(text_only: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(text_only, tmp_path / "model")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"]["another"] = len(tokenizer["model"]["vocab"])
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(ModelNeeded, match="tokenizer of another model"):
        on_cpu(ModelFolder(folder, MEDGEMMA_27B_TEXT)).generate(an_ask(QUESTION, max_new_tokens=2), Pictures())


def test_memory_is_told_for_text_alone(text_only: Path) -> None:
    alone = estimate(ModelFolder(text_only, MEDGEMMA_27B_TEXT), "float32", "cpu", 100)
    seeing = estimate(ModelFolder(shared(), MEDGEMMA), "float32", "cpu", 100)
    assert alone.cache == seeing.cache > 0
    assert 0 < alone.weights < seeing.weights


def test_every_variant_is_an_engine_with_its_own_folder(tmp_path: Path, text_only: Path) -> None:
    settings = Settings(models_dir=tmp_path, data_dir=tmp_path / "data")
    shutil.copytree(text_only, tmp_path / "medgemma-27b-text")
    lines = {line.name: line.availability for line in engine_table(settings)}
    assert [model.name for model in MEDGEMMAS] == [name for name in lines if name.startswith("medgemma")]
    assert lines["medgemma-27b-text"].ready
    assert lines["medgemma-27b"].remedy is not None
    assert "assistant models pull medgemma-27b " in lines["medgemma-27b"].remedy
    chosen = generator_named("medgemma-27b-text", settings)
    assert chosen is not None
    assert not chosen.capabilities().images


def test_each_is_pinned_to_a_revision_of_its_own() -> None:
    for field in ("repository", "revision", "name"):
        assert len({getattr(model, field) for model in KNOWN_MODELS.values()}) == len(KNOWN_MODELS)
    assert all(len(bytes.fromhex(model.revision)) == 20 for model in KNOWN_MODELS.values())


def test_each_engine_is_made_of_its_own_folder(text_only: Path) -> None:
    made = generators(
        medgemma=ModelFolder(shared(), MEDGEMMA), variants=[ModelFolder(text_only, MEDGEMMA_27B_TEXT)], device="cpu"
    )
    assert {name: made[name]().capabilities().images for name in ("medgemma", "medgemma-27b-text")} == {
        "medgemma": True,
        "medgemma-27b-text": False,
    }
