"""Which engines a profile takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.engines import filing_of, generator_of, language_model_of, model_folder, recognizer_of, who_works
from assistant.settings import Settings, load_settings
from pipelines.errors import UsageProblem
from pipelines.weights.catalogue import LANGUAGE_MODEL
from tests.support.tiny_medasr import build_random
from tests.support.tiny_medgemma import shared


@pytest.fixture
def nothing(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, models_dir=tmp_path / "models")


@pytest.fixture
def both(tmp_path: Path, nothing: Settings) -> Settings:
    return nothing.model_copy(update={"medasr": build_random(tmp_path / "medasr"), "medgemma": shared()})


def names(settings: Settings) -> tuple[str, str]:
    return recognizer_of(settings).name, generator_of(settings).name


def of(settings: Settings, **changed: str) -> Settings:
    return settings.model_copy(update=changed)


def test_auto_takes_what_is_there_and_says_so(nothing: Settings, both: Settings) -> None:
    assert names(nothing) == ("whisper", "medgemma")
    assert not generator_of(nothing).available().ready
    assert "medgemma (not ready: is not installed)" in who_works(nothing)
    assert names(both) == ("medasr", "medgemma")
    assert who_works(both) == "profile auto: speech by medasr, language by medgemma"


def test_embedded_leaves_them_alone(both: Settings) -> None:
    assert names(of(both, profile="embedded")) == ("whisper", "none")
    assert not generator_of(of(both, profile="embedded")).available().ready


def test_medgemma_wants_both_models_and_takes_no_other(nothing: Settings) -> None:
    settings = of(nothing, profile="medgemma")
    assert names(settings) == ("medasr", "medgemma")
    assert not recognizer_of(settings).available().ready


def test_engines_by_name(both: Settings) -> None:
    assert names(of(both, profile="whisper")) == ("whisper", "medgemma")
    assert names(of(both, profile="whisper,medgemma")) == ("whisper", "medgemma")
    assert names(of(both, recognizer="whisper")) == ("whisper", "medgemma")


@pytest.mark.parametrize("name", ["", "gpt", "whisper,medasr", "medasr,gpt", "auto,whisper"])
def test_what_is_no_profile_is_refused(name: str, both: Settings) -> None:
    with pytest.raises(UsageProblem, match="auto, embedded, medgemma"):
        recognizer_of(of(both, profile=name))


@pytest.mark.parametrize("kind", ["recognizer", "generator"])
def test_an_engine_that_is_none_is_refused(kind: str, both: Settings) -> None:
    with pytest.raises(UsageProblem, match="choose one of"):
        names(of(both, **{kind: "gpt"}))


def test_who_files_a_note(nothing: Settings) -> None:
    assert filing_of(nothing) == "wording"
    assert filing_of(of(nothing, profile="medgemma")) == "model"
    assert filing_of(of(nothing, profile="medgemma", filing="wording")) == "wording"
    assert filing_of(of(nothing, filing="model")) == "model"


def test_a_folder_of_the_users_comes_first(both: Settings, nothing: Settings) -> None:
    assert model_folder("medgemma", both).path == shared()
    assert model_folder("medgemma", nothing).path == nothing.models_dir / "medgemma"


def test_a_folder_that_a_setting_names_in_vain_is_not_mended_by_pulling(nothing: Settings, tmp_path: Path) -> None:
    at = generator_of(nothing.model_copy(update={"medgemma": tmp_path / "nowhere"})).available()
    assert at.detail == "is not in the folder that ASSISTANT_MEDGEMMA names"
    assert at.remedy == "correct ASSISTANT_MEDGEMMA or unset it"


def test_the_language_model_beside_medasr_is_taken_unless_another_or_none_is_named(
    nothing: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = nothing.models_dir / "medasr" / LANGUAGE_MODEL
    assert language_model_of(nothing) is None
    beside.parent.mkdir(parents=True)
    beside.write_bytes(b"")
    assert language_model_of(nothing) == beside
    for named, taken in (("none", None), ("./none", Path("none")), ("own.arpa", Path("own.arpa"))):
        monkeypatch.setenv("ASSISTANT_LANGUAGE_MODEL", named)
        assert language_model_of(load_settings(models_dir=nothing.models_dir)) == taken
