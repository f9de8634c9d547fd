"""The figures, on sounds whose words a written-down engine gives: only the counting is under test."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import BadInput
from pipelines.evaluation.speech import SpeechCase, evaluate, read_cases
from pipelines.records import Availability, Engine, Segment
from pipelines.speech.decode import Samples
from pipelines.speech.live import Writing
from pipelines.speech.recognizer import ByListening, Heard, SoFar
from pipelines.text.lexicon import Entry, Lexicon
from tests.speech.sounds import tone, write


class WrittenDown(ByListening):
    """A recogniser that tells recordings apart by their length in tenths of a second."""

    name = "written-down"
    minimum_seconds = 0.1

    def __init__(self, lines: dict[int, str]) -> None:
        self.lines = lines

    def available(self) -> Availability:
        return Availability(ready=True, detail="always")

    def engine(self) -> Engine:
        return Engine(name=self.name, version="1")

    def libraries(self) -> dict[str, str]:
        return {}

    def listen(self, lexicon: Lexicon | None = None) -> Reading:
        return Reading(self.lines)


class Reading:
    def __init__(self, lines: dict[int, str]) -> None:
        self.lines = lines
        self.samples = 0

    def hear(self, samples: Samples) -> None:
        self.samples += len(samples)

    def so_far(self) -> SoFar:
        return SoFar("", "")

    def finish(self) -> Heard:
        raw = self.lines[round(self.samples / 1_600)]
        return Heard(raw=raw, segments=(Segment(start=0, end=0, words=()),), finish_reason="stop", seconds=0.1)


def case(folder: Path, tenths: int, text: str | None, **more: object) -> SpeechCase:
    path = write(folder / f"{tenths}.wav", tone(16_000, seconds=tenths / 10), 16_000)
    return SpeechCase(id=str(tenths), audio=path, text=text, **more)  # type: ignore[arg-type]


def test_numbers_are_equal_in_words_and_digits(tmp_path: Path) -> None:
    figures = evaluate(
        [case(tmp_path, 5, "give forty milligrams twice")], WrittenDown({5: "Give 40 milligrams, twice."})
    )
    assert figures["wer"] == 0
    assert figures["failures"] == []
    assert figures["engines"] == [Engine(name="written-down", version="1").model_dump(mode="json")]


def test_words_are_pooled_over_recordings(tmp_path: Path) -> None:
    cases = [case(tmp_path, 5, "the heart is normal"), case(tmp_path, 6, "clear")]
    figures = evaluate(cases, WrittenDown({5: "the heart is normal", 6: "near"}))
    assert figures["wer"] == pytest.approx(1 / 5)
    assert figures["failures"] == [{"id": "6", "expected": "clear", "came": "near"}]
    assert figures["n"] == 2


def test_errors_on_drugs_and_terms_are_counted_on_their_words_alone(tmp_path: Path) -> None:
    figures = evaluate(
        [
            case(
                tmp_path,
                5,
                "start sacubitril valsartan for the heart failure today",
                drugs=("sacubitril valsartan",),
                terms=("heart failure",),
            )
        ],
        WrittenDown({5: "begin sacubitril with balsartan for the heart failure today"}),
    )
    # One word put between the two of the drug and one wrong; nothing wrong on the term.
    assert figures["drug_wer"] == pytest.approx(2 / 2)
    assert figures["term_wer"] == 0
    assert figures["wer"] == pytest.approx(3 / 8)


def test_invented_terms_are_those_that_the_reference_does_not_hold(tmp_path: Path) -> None:
    cases = [
        case(tmp_path, 5, "on metformin", drugs=("metformin",)),
        case(tmp_path, 6, "no new drugs"),
    ]
    figures = evaluate(cases, WrittenDown({5: "on metformin", 6: "metformin drugs"}))
    assert figures["invented_term_rate"] == pytest.approx(1 / 2)


def test_terms_of_the_lexicon_count_as_invented_also_where_the_file_does_not_list_them(tmp_path: Path) -> None:
    writing = Writing(lexicon=Lexicon((Entry("metformin"), Entry("heart failure"), Entry("Heart"))))
    cases = [case(tmp_path, 5, "he met four men of good heart"), case(tmp_path, 6, "heart failure")]
    engine = WrittenDown({5: "he metformin of good heart", 6: "heart failure"})
    figures = evaluate(cases, engine, writing)
    # Put out: metformin, heart, and heart within heart failure, heart failure. Only the first was not said.
    assert figures["invented_term_rate"] == pytest.approx(1 / 4)
    assert figures["drug_mentions"] == 0
    assert figures["seconds"] == pytest.approx(1.1)


def test_written_text_is_held_to_case_and_punctuation(tmp_path: Path) -> None:
    figures = evaluate(
        [case(tmp_path, 5, "chest clear period", written="Chest clear. Good day.")],
        WrittenDown({5: "chest clear {period} good day."}),
    )
    assert figures["written_accuracy"] == 1.0


def test_silence_counts_words_and_is_no_failure(tmp_path: Path) -> None:
    path = write(tmp_path / "silent.wav", np.zeros((16_000, 1), np.float32), 16_000)
    silent = SpeechCase(id="silent", audio=path, text="")
    hissing = case(tmp_path, 5, "", condition="hiss")
    figures = evaluate([silent, hissing], WrittenDown({5: "thank you"}))
    assert figures["words_in_silence"] == 2
    assert figures["wer"] is None
    assert [failure["id"] for failure in figures["failures"]] == ["5"]
    assert figures["by_condition"]["hiss"]["words_in_silence"] == 2
    assert figures["by_condition"]["all"]["words_in_silence"] == 0


def test_a_broken_recording_is_a_failure_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "broken.wav").write_text("not sound")
    broken = SpeechCase(id="broken", audio=tmp_path / "broken.wav", text="one two")
    figures = evaluate([broken, case(tmp_path, 5, "three four")], WrittenDown({5: "three four"}))
    assert figures["wer"] == pytest.approx(1 / 2)
    (failure,) = figures["failures"]
    assert failure["id"] == "broken"
    assert "not a sound file" in failure["error"]
    assert figures["real_time_factor"] > 0


def test_lines_are_read_with_their_lists_and_condition(tmp_path: Path) -> None:
    line = {"audio": "a.wav", "text": "x", "written": "X.", "drugs": ["d"], "terms": ["t"], "condition": "noisy"}
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(line) + "\n\n" + json.dumps({"audio": "b.wav", "text": ""}) + "\n")
    first, second = read_cases(data)
    assert first == SpeechCase("a.wav", tmp_path / "a.wav", "x", "X.", ("d",), ("t",), "noisy")
    assert (second.text, second.condition) == ("", "all")


def test_a_folder_is_read_at_any_depth_with_what_has_no_text(tmp_path: Path) -> None:
    sub = tmp_path / "sub"
    sub.mkdir()
    (tmp_path / "transcripts.json").write_text('{"a.wav": "alpha"}')
    (sub / "transcripts.json").write_text('{"b.wav": {"text": "beta", "voice": "x"}}')
    for path in (tmp_path / "a.wav", sub / "b.wav", sub / "c.FLAC"):
        path.touch()
    found = {(case.id, case.text, case.condition) for case in read_cases(tmp_path)}
    assert found == {("a.wav", "alpha", "all"), ("sub/b.wav", "beta", "sub"), ("sub/c.FLAC", None, "sub")}


@pytest.mark.parametrize("content", ["{", "[]", '{"audio": "a.wav"}', "3"])
def test_a_line_that_is_no_case_is_named(tmp_path: Path, content: str) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text('{"audio": "a.wav", "text": "x"}\n' + content)
    with pytest.raises(BadInput, match=r"^data\.jsonl line 2: "):
        read_cases(data)


def test_no_data_at_all(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        read_cases(tmp_path / "none.jsonl")
    with pytest.raises(BadInput, match="holds no recordings"):
        read_cases(tmp_path)
    (tmp_path / "transcripts.json").write_text("[1]")
    with pytest.raises(BadInput, match="does not map file names to texts"):
        read_cases(tmp_path)
