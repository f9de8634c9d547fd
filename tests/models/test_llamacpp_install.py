"""MedGemma as GGUF comes to its place and to its engine: imported, pulled, named by a setting."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.engines import engine_table, generator_named, generator_of, model_folder
from assistant.models.checking import verify_files
from assistant.models.importing import import_folder
from assistant.models.pulling import pull
from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from assistant.settings import Settings, load_settings
from pipelines.errors import BadInput, UsageProblem
from pipelines.models.generator import Generator
from pipelines.weights import catalogue
from pipelines.weights.catalogue import MEDGEMMA_GGUF
from pipelines.weights.gguf_folder import GgufFolder
from tests.support import hub_server
from tests.support.hub_server import Hub
from tests.support.local_server import serve
from tests.support.small_model import small_gguf
from tests.support.tiny_gguf import MMPROJ, MODEL, tiny_gguf

#: llama.cpp lives in the process, and can end it: its tests share one with few others.
pytestmark = pytest.mark.alone

PUBLISHED = tuple(MEDGEMMA_GGUF.published)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", models_dir=tmp_path / "models", generator="llamacpp")


def _ready(settings: Settings) -> Generator:
    generator = generator_of(settings)
    assert generator.name == "llamacpp"
    assert generator.available().ready
    return generator


def test_a_folder_is_imported_and_runs(settings: Settings, log: SessionLog) -> None:
    given = tiny_gguf()
    passport, already = import_folder(given, settings.models_dir, log)
    assert not already
    assert set(passport.files) == {MODEL, MMPROJ}
    engine = _ready(settings).engine()
    assert engine.model is not None
    assert engine.model.startswith("local:")
    assert engine.weights_sha256 == GgufFolder(given, MEDGEMMA_GGUF).weights_sha256()
    (event,) = log.payloads("model-imported")
    assert event["weights_sha256"] == engine.weights_sha256
    assert event["files"] == {name: stored.sha256 for name, stored in passport.files.items()}
    assert verify_files(model_folder("medgemma-gguf", settings)) == (event["files"], True)
    assert import_folder(given, settings.models_dir, log).already


def test_what_llama_cpp_could_not_load_is_not_imported(settings: Settings, log: SessionLog, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(small_gguf(), other)
    with pytest.raises(BadInput, match="is of llama; medgemma-gguf is gemma3"):
        import_folder(other, settings.models_dir, log)
    assert log.payloads("model-imported") == ()


def test_the_published_two_files_of_many_are_pulled(
    settings: Settings, log: SessionLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_server, "LARGE", (*hub_server.LARGE, "*.gguf"))
    repository = tmp_path / "repository"
    repository.mkdir()
    for name, source in zip(PUBLISHED, (MODEL, MMPROJ), strict=True):
        shutil.copy(tiny_gguf() / source, repository / name)
    for name in ("medgemma-1.5-4b-it-BF16.gguf", "config.json", "imatrix_unsloth.gguf_file"):
        (repository / name).write_text("another")
    (repository / "README.md").write_text("---\nlicense: other\n---\nA card.\n")
    hub = Hub(repository, MEDGEMMA_GGUF.repository, MEDGEMMA_GGUF.revision)
    with serve(hub):
        passport = pull(
            MEDGEMMA_GGUF,
            settings.models_dir,
            log,
            Outbound(log),
            accept=lambda _: True,
            progress=lambda *_: None,
            endpoint=hub.endpoint,
            pauses=(),
        )
    assert set(passport.files) == {*PUBLISHED, "README.md"}
    assert set(catalogue.MEDGEMMA_GGUF.published) == set(PUBLISHED)
    engine = _ready(settings).engine()
    assert (engine.model, engine.revision) == (MEDGEMMA_GGUF.repository, MEDGEMMA_GGUF.revision)


def test_settings_name_a_folder_or_a_file(settings: Settings) -> None:
    for named in (tiny_gguf(), tiny_gguf() / MODEL):
        generator = _ready(settings.model_copy(update={"llamacpp": named, "llamacpp_context": 512}))
        assert generator.capabilities().images
        assert generator.capabilities().context_tokens == 512
    missing = settings.model_copy(update={"llamacpp": Path("nowhere")})
    assert generator_of(missing).available().detail == "is not where ASSISTANT_LLAMACPP says"
    assert generator_of(missing).available().remedy == "correct ASSISTANT_LLAMACPP or unset it"
    with pytest.raises(UsageProblem, match="ASSISTANT_LLAMACPP_CONTEXT"):
        load_settings(llamacpp_context=10)


def test_it_works_only_where_it_is_named(settings: Settings, log: SessionLog) -> None:
    import_folder(tiny_gguf(), settings.models_dir, log)
    lines = {line.name: line for line in engine_table(settings.model_copy(update={"generator": None}))}
    assert lines["llamacpp"].availability.ready
    assert not lines["llamacpp"].taken
    assert generator_named("llamacpp", settings) is not None
    assert generator_named("smollm2", settings) is None
