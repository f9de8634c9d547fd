"""What goes wrong with files and asks, told in one line before llama.cpp sees it: it ends processes over less."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from pipelines.errors import BadInput, Cancelled, ModelNeeded
from pipelines.models.generator import Following, Words
from pipelines.models.llamacpp import generator as llamacpp
from pipelines.models.llamacpp import memory as llamacpp_memory
from pipelines.models.llamacpp.generator import LlamaCpp
from pipelines.models.llamacpp.memory import estimate
from pipelines.weights.catalogue import KNOWN_MODELS, MEDGEMMA_GGUF
from pipelines.weights.gguf import read_gguf
from pipelines.weights.gguf_folder import GgufFolder, open_folder
from pipelines.weights.headers import DamagedWeights
from pipelines.weights.passport import describe, write_passport
from tests.models.generator_conformance import QUESTION, Pictures, an_ask
from tests.support.small_model import small_gguf
from tests.support.tiny_gguf import MMPROJ, MODEL, tiny_gguf

#: llama.cpp lives in the process, and can end it: its tests share one with few others.
pytestmark = pytest.mark.alone


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return shutil.copytree(tiny_gguf(), tmp_path / "gguf")


def engine(path: Path, context: int = 1024, setting: str | None = None) -> LlamaCpp:
    return LlamaCpp(GgufFolder(path, MEDGEMMA_GGUF, setting), context, threads=1, device="cpu")


def _truncate(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "nothing there": (shutil.rmtree, "medgemma-gguf: is not installed; run: assistant models pull"),
    "only the mmproj": (lambda home: (home / MODEL).unlink(), "has no model as GGUF (only mmproj-F32.gguf"),
    "a text": (lambda home: (home / MODEL).write_text("This is a story."), f"{MODEL}: is no GGUF file"),
    "an empty file": (lambda home: (home / MODEL).write_bytes(b""), f"{MODEL}: is no GGUF file"),
    "a pointer": (
        lambda home: (home / MODEL).write_text("version https://git-lfs.github.com/spec/v1\n"),
        f"{MODEL}: is a git-lfs pointer",
    ),
    "cut off in its tensors": (lambda home: _truncate(home / MODEL, 500_000), f"{MODEL}: is cut off: 471904 bytes"),
    "cut off in its header": (lambda home: _truncate(home / MODEL, 3_000), f"{MODEL}: is cut off within its header"),
    "an mmproj cut off": (lambda home: _truncate(home / MMPROJ, 100_000), f"{MMPROJ}: is cut off"),
    "two models": (lambda home: shutil.copy(home / MODEL, home / "other.gguf"), "holds several models (other.gguf, "),
    "of another architecture": (
        lambda home: ((home / MODEL).unlink(), (home / MMPROJ).unlink(), shutil.copy(small_gguf(), home)),
        "is of llama; medgemma-gguf is gemma3",
    ),
    "a later version": (
        lambda home: _patch(home / MODEL, 4, b"\x09\x00\x00\x00"),
        "is a GGUF file of version 9, and known are 2 and 3",
    ),
    "an mmproj of another model": (
        lambda home: _replace(
            home / MMPROJ, b"projection_dim\x04\x00\x00\x00\x40", b"projection_dim\x04\x00\x00\x00\x80"
        ),
        f"{MMPROJ}: makes tokens 128 wide of pictures, and the model's are 64 wide: of another model",
    ),
    "an mmproj of another kind": (
        lambda home: _replace(
            home / MMPROJ, b"\x06\x00\x00\x00\x00\x00\x00\x00gemma3", b"\x06\x00\x00\x00\x00\x00\x00\x00gemmax"
        ),
        f"{MMPROJ}: is for pictures of the kind gemmax",
    ),
    "without a chat template": (
        lambda home: _replace(home / MODEL, b"tokenizer.chat_template", b"tokenizer.chat_templatx"),
        f"{MODEL}: states no chat template",
    ),
    "a tokenizer without pictures": (
        lambda home: _replace(home / MODEL, b"<start_of_image>", b"<start_of_sound>"),
        f"{MODEL}: has no image token <start_of_image>",
    ),
}


def _patch(path: Path, at: int, new: bytes) -> None:
    data = bytearray(path.read_bytes())
    data[at : at + len(new)] = new
    path.write_bytes(data)


def _replace(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new))


@pytest.mark.parametrize("kind", BROKEN)
def test_files_that_do_not_do_are_refused_unseen(home: Path, kind: str) -> None:
    spoil, line = BROKEN[kind]
    spoil(home)
    generator = engine(home)
    assert not generator.available().ready
    with pytest.raises(ModelNeeded) as refused:
        generator.generate(an_ask(QUESTION), Pictures())
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)
    with pytest.raises(ModelNeeded):
        generator.engine()


def test_a_header_that_was_changed_anywhere_is_read_or_refused(home: Path) -> None:
    chance = random.Random(5)
    whole = (home / MODEL).read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(12_000)] = chance.randrange(256)
        (home / MODEL).write_bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])
        try:
            assert read_gguf(home / MODEL).size <= len(whole)
        except DamagedWeights:
            continue


def test_what_was_installed_is_held_against_its_passport(home: Path) -> None:
    write_passport(home, describe(home, MEDGEMMA_GGUF.name, "import"))
    assert engine(home).available().ready
    both = engine(home).engine().weights_sha256
    _patch(home / MMPROJ, 640_000, b"\xff")
    with pytest.raises(ModelNeeded, match=f"{MMPROJ}: is damaged"):
        engine(home).generate(an_ask(QUESTION), Pictures())
    (home / MMPROJ).unlink()
    assert f"{MMPROJ} is missing" in engine(home).available().detail
    (home / "assistant-model.json").unlink()
    assert engine(home).engine().weights_sha256 not in (None, both)


def test_without_an_mmproj_it_takes_no_pictures_and_says_so(home: Path) -> None:
    (home / MMPROJ).unlink()
    generator, pictures = engine(home), Pictures()
    assert generator.available().ready
    assert generator.available().detail.endswith("it takes no pictures, as no mmproj lies beside it")
    assert not generator.capabilities().images
    with pytest.raises(BadInput, match=r"^request: has pictures.*; put mmproj-F16\.gguf into .*gguf$"):
        generator.generate(an_ask(pictures.add(1), QUESTION), pictures)
    assert pictures.asked == []
    assert generator.generate(an_ask(QUESTION, max_new_tokens=2), pictures).image_tokens == 0


def test_its_tensors_are_not_told_one_by_one(home: Path) -> None:
    with pytest.raises(ModelNeeded, match=r"^medgemma-gguf: is a GGUF, whose tensors only llama\.cpp reads; "):
        GgufFolder(home, MEDGEMMA_GGUF).tensors()


def test_one_file_of_several_can_be_named(home: Path) -> None:
    shutil.copy(small_gguf(), home / "another.gguf")
    (home / "damaged.gguf").write_text("no weights")
    assert not engine(home).available().ready
    named = engine(home / MODEL, setting="ASSISTANT_LLAMACPP")
    assert named.available().ready
    assert named.capabilities().images
    missing = engine(home / "missing.gguf", setting="ASSISTANT_LLAMACPP").available()
    assert (missing.ready, missing.detail) == (False, "is not where ASSISTANT_LLAMACPP says")


def test_memory_that_does_not_suffice_is_told_before_loading(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llamacpp_memory, "available_memory", lambda _: 100_000_000)
    with pytest.raises(ModelNeeded) as refused:
        engine(home).generate(an_ask(QUESTION), Pictures())
    assert "GB for a context of 1024 tokens" in str(refused.value)
    assert "0.1 GB are free" in str(refused.value)
    assert "ASSISTANT_LLAMACPP_CONTEXT" in refused.value.remedy


def test_what_is_estimated_grows_with_context_and_pictures() -> None:
    model, projector = read_gguf(tiny_gguf() / MODEL), read_gguf(tiny_gguf() / MMPROJ)
    blind, seeing = estimate(model, None, 1024), estimate(model, projector, 1024)
    # 6 layers, 2 groups, keys and values of 16 numbers in float16.
    assert blind.cache == 6 * 1024 * 2 * (16 + 16) * 2
    assert estimate(model, None, 2048).cache == 2 * blind.cache
    assert seeing.weights == model.size + projector.size
    # Of 64 * 64 patches, each 32 wide.
    assert seeing.work >= 4096 * 32 * 4


@pytest.mark.parametrize("kind", ["nan", "inf"])
def test_weights_that_give_no_numbers_are_refused(home: Path, kind: str) -> None:
    bits = {"nan": b"\x00\x00\xc0\x7f", "inf": b"\x00\x00\x80\x7f"}[kind]
    data = bytearray((home / MODEL).read_bytes())
    for at in range(200_000, len(data) - 4, 40_000):
        data[at : at + 4] = bits
    (home / MODEL).write_bytes(data)
    with pytest.raises(ModelNeeded, match=r"gives no numbers \(NaN\): its weights are damaged"):
        engine(home).generate(an_ask(QUESTION), Pictures())


def test_an_mmproj_that_gives_no_numbers_is_refused(home: Path) -> None:
    data = bytearray((home / MMPROJ).read_bytes())
    for at in range(540_000, len(data) - 4, 4_000):
        data[at : at + 4] = b"\x00\x00\xc0\x7f"
    (home / MMPROJ).write_bytes(data)
    pictures = Pictures()
    with pytest.raises(ModelNeeded, match=r"gives no numbers for pictures \(NaN\)"):
        engine(home).generate(an_ask(pictures.add(1), QUESTION), pictures)


def test_a_broken_template_is_refused(home: Path) -> None:
    _replace(home / MODEL, b"{%- for part in", b"{%- fur part in")
    with pytest.raises(ModelNeeded, match="a chat template that cannot be filled in"):
        engine(home).generate(an_ask(QUESTION), Pictures())


def test_without_the_package_it_says_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(llamacpp, "version", absent)
    at = engine(home).available()
    assert (at.ready, at.remedy) == (False, "pip install 'clinical-assistant[llamacpp]'")
    with pytest.raises(ModelNeeded, match="xllamacpp"):
        engine(home).generate(an_ask(QUESTION), Pictures())


def test_a_prompt_is_left_half_read_when_nobody_waits_any_more() -> None:
    generator, long = engine(tiny_gguf(), 4096), Words(text="The wrist is swollen. " * 120)
    asked: list[int] = []

    def gone() -> bool:
        asked.append(1)
        return len(asked) > 4

    with pytest.raises(Cancelled):
        generator.generate(an_ask(long, QUESTION, shared=1), Pictures(), Following(cancelled=gone))
    alone = engine(tiny_gguf(), 4096).generate(an_ask(long, QUESTION, shared=1, max_new_tokens=8), Pictures())
    after = generator.generate(an_ask(long, QUESTION, shared=1, max_new_tokens=8), Pictures())
    assert after.raw == alone.raw


def test_loading_says_nothing_even_where_it_fails(home: Path, capfd: Any) -> None:
    _replace(home / MODEL, b"blk.3.attn_q.weight", b"blk.3.attn_x.weight")
    with pytest.raises(ModelNeeded, match=r"cannot be loaded by llama\.cpp"):
        engine(home).generate(an_ask(QUESTION), Pictures())
    assert capfd.readouterr() == ("", "")


def test_the_catalogue_knows_the_published_files() -> None:
    assert KNOWN_MODELS["medgemma-gguf"].runs_as == "llamacpp"
    assert "smollm2" not in KNOWN_MODELS
    assert isinstance(open_folder(Path("nowhere"), MEDGEMMA_GGUF), GgufFolder)
