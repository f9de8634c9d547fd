"""Reading case files, which every evaluation shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import BadInput
from pipelines.evaluation.data import as_model, read_cases
from pipelines.evaluation.formatting import FormattingCase


def test_cases_know_their_place(tmp_path: Path) -> None:
    data = tmp_path / "cases.jsonl"
    data.write_bytes('\ufeff{"audio": "one.wav"}\r\n\n  \n{"audio": "/elsewhere/two.wav"}'.encode())
    one, two = read_cases(data)
    assert one == {"audio": "one.wav"}
    assert (one.line, two.line) == (1, 4)
    assert one.path(one["audio"]) == tmp_path / "one.wav"
    assert two.path(two["audio"]) == Path("/elsewhere/two.wav")


def test_a_line_separator_within_a_string_ends_no_line(tmp_path: Path) -> None:
    data = tmp_path / "cases.jsonl"
    data.write_text('{"raw": "a\u2028b\x85"}\n', encoding="utf-8")
    assert read_cases(data) == [{"raw": "a\u2028b\x85"}]


def test_a_folder_is_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"id": 2}\n')
    (tmp_path / "a.jsonl").write_text('{"id": 1}\n')
    (tmp_path / "notes.txt").write_text("not a case\n")
    assert [case["id"] for case in read_cases(tmp_path)] == [1, 2]


@pytest.mark.parametrize("content", [None, b"", b"\n \n", b'{"id": "\xff"}\n'])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    data = tmp_path / "cases.jsonl"
    if content is not None:
        data.write_bytes(content)
    with pytest.raises(BadInput, match=r"cases\.jsonl"):
        read_cases(data)


def test_a_folder_without_cases_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no cases"):
        read_cases(tmp_path)


def test_cases_from_no_file_are_named_by_number() -> None:
    good = {"id": "1", "raw": "", "expected": ""}
    with pytest.raises(BadInput, match=r"^case 2: key 'raw'"):
        as_model([good, {"id": "2"}], FormattingCase)
