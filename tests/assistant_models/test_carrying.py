"""A model for a machine without network: found in what another machine has, under the same terms and checks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assistant.models.carrying import carry_in, find
from assistant.models.importing import Imported, import_folder
from assistant.models.pulling import installed
from assistant.models.terms import ACCEPTED, Terms
from assistant.sessions import SessionLog
from pipelines.errors import BadInput, PersonNeeded
from pipelines.weights.catalogue import MEDASR, MEDGEMMA, MEDGEMMA_1_4B, MEDGEMMA_27B, MEDGEMMA_27B_TEXT, KnownModel
from pipelines.weights.folder import PASSPORT, ModelFolder
from pipelines.weights.passport import describe, read_passport, write_passport
from tests.support.pulling import CARD
from tests.support.tiny_medgemma import build_text_only, shared

CACHED = "models--google--medgemma-1.5-4b-it"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A USB stick."""
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def put(folder: Path) -> Path:
    """MedGemma as the hub lays it out."""
    shutil.copytree(shared(), folder)
    (folder / "README.md").write_text(CARD)
    (folder / "LICENSE").write_text("Use it for good.\n")
    return folder


def carried(model: KnownModel, source: Path, models: Path, log: SessionLog, *, accepted: bool = True) -> Imported:
    return carry_in(model, source, models, log, accept=lambda terms: accepted, progress=lambda what, share: None)


@pytest.mark.parametrize(
    "place",
    [
        ".",
        "medgemma",
        "medgemma-1.5-4b-it",
        "google/medgemma-1.5-4b-it",
        f"{CACHED}/snapshots/{MEDGEMMA.revision}",
        f"hub/{CACHED}/snapshots/{MEDGEMMA.revision}",
        f"{CACHED}/snapshots/another",
    ],
)
def test_it_is_found_where_the_tools_put_it(place: str, stick: Path, models: Path, log: SessionLog) -> None:
    stick.rmdir()
    folder = put(stick / place)
    assert find(MEDGEMMA, stick).samefile(folder)
    passport, already = carried(MEDGEMMA, stick, models, log)
    assert not already
    assert passport.source == "import"
    # That the folder is called so proves nothing.
    assert passport.revision is None
    ModelFolder(models / "medgemma", MEDGEMMA).require()
    assert carried(MEDGEMMA, stick, models, log).already


def test_the_pinned_revision_goes_before_others(stick: Path) -> None:
    for revision in ("0" * 40, MEDGEMMA.revision, "f" * 40):
        put(stick / CACHED / "snapshots" / revision)
    assert find(MEDGEMMA, stick).name == MEDGEMMA.revision


def test_a_cache_of_links_is_copied_whole(stick: Path, models: Path, log: SessionLog) -> None:
    snapshot = put(stick / CACHED / "snapshots" / MEDGEMMA.revision)
    (stick / CACHED / "blobs").mkdir()
    for number, file in enumerate(sorted(snapshot.iterdir())):
        blob = file.rename(stick / CACHED / "blobs" / str(number))
        file.symlink_to(blob)
    carried(MEDGEMMA, stick, models, log)
    assert not any(path.is_symlink() for path in (models / "medgemma").iterdir())


def test_terms_are_shown_and_accepted_as_by_pull(stick: Path, models: Path, log: SessionLog) -> None:
    put(stick / "medgemma")
    seen: list[Terms] = []

    def accept(terms: Terms) -> bool:
        seen.append(terms)
        return len(seen) > 1

    def try_it() -> Imported:
        return carry_in(MEDGEMMA, stick, models, log, accept=accept, progress=lambda what, share: None)

    with pytest.raises(PersonNeeded, match="its terms are not accepted"):
        try_it()
    assert not models.exists()
    try_it()
    try_it()
    assert len(seen) == 2
    assert "you agree to the terms" in seen[0].shown()
    assert "Use it for good." in seen[0].shown()
    [event] = log.payloads(ACCEPTED)
    assert event["model"] == "medgemma"


def pulled(folder: Path, model: KnownModel = MEDGEMMA, revision: str | None = None) -> Path:
    """A folder as `assistant models pull` leaves it."""
    put(folder)
    write_passport(folder, describe(folder, model.name, "hub", model.repository, revision or model.revision))
    return folder


def test_what_was_pulled_on_another_machine_keeps_its_origin(stick: Path, models: Path, log: SessionLog) -> None:
    source = pulled(stick / "medgemma")
    passport, _ = carried(MEDGEMMA, stick, models, log)
    assert (passport.source, passport.revision) == ("hub", MEDGEMMA.revision)
    assert {path.name for path in (models / "medgemma").iterdir()} == {path.name for path in source.iterdir()}
    assert ModelFolder(models / "medgemma", MEDGEMMA).verified
    assert installed(MEDGEMMA, models) == passport == read_passport(models / "medgemma")
    # Importing it by its folder is the same.
    assert import_folder(source, models, log).already


def test_a_byte_that_changed_on_the_way_is_noticed(stick: Path, models: Path, log: SessionLog) -> None:
    weights = pulled(stick / "medgemma") / "model.safetensors"
    data = weights.read_bytes()
    weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BadInput, match=r"medgemma/model.safetensors: is damaged \(it is not what was pulled"):
        carried(MEDGEMMA, stick, models, log)
    assert not (models / "medgemma").exists()
    assert log.payloads("model-imported") == ()


@pytest.mark.parametrize("passport", ["{}", None])
def test_a_passport_of_another_revision_claims_nothing(
    passport: str | None, stick: Path, models: Path, log: SessionLog
) -> None:
    source = pulled(stick / "medgemma", revision="0" * 40)
    if passport is not None:
        (source / PASSPORT).write_text(passport)
        with pytest.raises(BadInput, match="is damaged"):
            carried(MEDGEMMA, stick, models, log)
        return
    assert carried(MEDGEMMA, stick, models, log).passport.revision is None


def test_what_is_not_there_or_another_model(stick: Path, models: Path, log: SessionLog, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nowhere: there is no such folder"):
        carried(MEDGEMMA, tmp_path / "nowhere", models, log)
    with pytest.raises(BadInput, match=r"stick: holds no medgemma; give the folder of google/medgemma-1\.5-4b-it"):
        carried(MEDGEMMA, stick, models, log)
    put(stick / "medasr")
    with pytest.raises(BadInput, match=r"is of Gemma3ForConditionalGeneration, .*; medasr is LasrForCTC"):
        carried(MEDASR, stick, models, log)
    put(stick / "medgemma-27b-text")
    with pytest.raises(BadInput, match="medgemma-27b-text is Gemma3ForCausalLM"):
        carried(MEDGEMMA_27B_TEXT, stick, models, log)


@pytest.mark.parametrize(
    ("place", "model"),
    [
        ("some-folder", MEDGEMMA),
        ("medgemma-1.5-4b-it", MEDGEMMA),
        ("medgemma-4b-it", MEDGEMMA_1_4B),
        ("models--google--medgemma-4b-it/snapshots/abc", MEDGEMMA_1_4B),
        ("medgemma-27b-it", MEDGEMMA_27B),
    ],
)
def test_import_tells_models_of_one_type_by_their_folders(
    place: str, model: KnownModel, stick: Path, models: Path, log: SessionLog
) -> None:
    source = put(stick / place)
    assert import_folder(source, models, log).passport.model == model.name
    assert import_folder(source, models, log, model=MEDGEMMA_27B).passport.model == "medgemma-27b"


def test_import_goes_by_the_passport_before_the_name(stick: Path, models: Path, log: SessionLog) -> None:
    pulled(stick / "medgemma-4b-it", MEDGEMMA_27B)
    assert import_folder(stick / "medgemma-4b-it", models, log).passport.model == "medgemma-27b"
    text = build_text_only(stick / "text")
    assert import_folder(text, models, log).passport.model == "medgemma-27b-text"
