"""``assistant lexicon`` as its user calls it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import BAD_INPUT, DONE, USAGE
from pipelines.text.lexicon_builtin import builtin
from tests.cli.conftest import Call


def test_add_list_and_remove(call: Call) -> None:
    added = call("lexicon", "add", "Zygon stent", "--sounds-like", "sigh gone stent", "--category", "device")
    assert (added.code, added.err) == (DONE, "1 added\n")
    assert call("lexicon", "list", "--json").objects == [
        {
            "phrase": "Zygon stent",
            "sounds_like": ["sigh gone stent"],
            "category": "device",
            "replacement": None,
            "own": True,
        }
    ]
    shown = call("lexicon", "list").out
    assert all(word in shown for word in ("Zygon stent", "sigh gone stent", "device", "replaced by"))
    assert call("lexicon", "remove", "zygon stent").code == DONE
    nothing = call("lexicon", "list")
    assert (nothing.out, nothing.err) == ("", "no entries of your own; --all shows the built-in ones\n")


def test_all_shows_the_builtin_entries_too_by_category(call: Call) -> None:
    call("lexicon", "add", "Zygon", "--category", "drug")
    shown = call("lexicon", "list", "--all", "--json").objects
    assert shown[0]["phrase"] == "Zygon"
    assert len(shown) == len(builtin()) + 1
    drugs = call("lexicon", "list", "--all", "--category", "drug", "--json").objects
    assert {one["category"] for one in drugs} == {"drug"}
    assert len(drugs) < len(shown)


def test_the_same_phrase_again_is_merged_and_said(call: Call) -> None:
    call("lexicon", "add", "Zygon", "--sounds-like", "sigh gone")
    again = call("lexicon", "add", "zygon", "--sounds-like", "zee gone", "--replace-with", "Zygon stent")
    assert again.err == "0 added, 1 merged with an entry of the same phrase\n"
    [entry] = call("lexicon", "list", "--json").objects
    assert (entry["sounds_like"], entry["replacement"]) == (["sigh gone", "zee gone"], "Zygon stent")


def test_export_and_import_bring_every_entry_over(call: Call, tmp_path: Path) -> None:
    call("lexicon", "add", "=cmd()", "--sounds-like", "@at", "--sounds-like", "b; c", "--replace-with", 'a "b", c')
    call("lexicon", "add", "Kowalczyk")
    before = call("lexicon", "list", "--json").objects
    file = tmp_path / "own.csv"
    assert call("lexicon", "export", file).code == DONE
    assert call("lexicon", "export").out.encode() == file.read_bytes()
    for entry in before:
        call("lexicon", "remove", entry["phrase"])
    imported = call("lexicon", "import", file)
    assert (imported.code, imported.err) == (DONE, "2 added\n")
    assert call("lexicon", "list", "--json").objects == before


def test_duplicates_within_a_file_and_with_what_is_there_are_counted(call: Call, tmp_path: Path) -> None:
    call("lexicon", "add", "Zygon")
    file = tmp_path / "own.csv"
    file.write_text("phrase\nZYGON\nother\nOther\nthird\n")
    assert call("lexicon", "import", file).err == "2 added, 2 merged with an entry of the same phrase\n"


def test_an_everyday_word_with_a_replacement_is_warned_of(call: Call, tmp_path: Path) -> None:
    warned = call("lexicon", "add", "the", "--replace-with", "teh")
    assert warned.code == DONE
    assert "warning: everyday words will be replaced wherever they are said: the\n" in warned.err
    assert "warning" not in call("lexicon", "add", "with").err
    assert "warning" not in call("lexicon", "add", "zygonize", "--replace-with", "zygon").err
    file = tmp_path / "own.csv"
    file.write_text("phrase,replacement\n" + "".join(f"{word},x\n" for word in "is was are were has had".split()))
    assert call("lexicon", "import", file).err.count("warning") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", ""),
        ("add", "  "),
        ("add", "..."),
        ("add", "a\x1b[31mred"),
        ("add", "two\nlines"),
        ("add", "x" * 10_000),
        ("add", "right\u202eleft"),
        ("add", "{period}"),
        ("add", "Zygon", "--replace-with", "{new paragraph}"),
        ("add", "Zygon", "--replace-with", "[FINDINGS]"),
        ("add", "Zygon", "--replace-with", ""),
        ("add", "Zygon", "--sounds-like", "a\tb"),
        ("add", "Zygon", "--category", "gadget"),
        ("remove", "nobody"),
        ("import", "/nowhere/own.csv"),
        ("import", "."),
        ("export", "/nowhere/own.csv"),
    ],
)
def test_bad_input_is_one_line_and_nothing_changes(call: Call, arguments: tuple[str, ...]) -> None:
    call("lexicon", "add", "kept")
    before = call("lexicon", "list", "--json").out
    refused = call("lexicon", *arguments)
    assert refused.code == BAD_INPUT
    [line] = refused.err.splitlines()
    assert line.startswith("assistant: ")
    assert line.isprintable()
    assert "; " in line, "no remedy named"
    assert call("lexicon", "list", "--json").out == before


def test_one_bad_row_of_a_file_adds_none_of_it(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("phrase,replacement\ngood,fine\nbad,{period}\n")
    refused = call("lexicon", "import", file)
    assert refused.code == BAD_INPUT
    assert refused.problems == [
        "assistant: own.csv line 3, the replacement: holds a brace or bracket, which would read as a spoken command; "
        "leave them out"
    ]
    assert call("lexicon", "list", "--json").out == ""


def test_an_unknown_category_to_list_is_usage(call: Call) -> None:
    assert call("lexicon", "list", "--category", "gadget").code == USAGE


def test_the_log_tells_of_changes_without_their_words_and_still_verifies(call: Call, data_dir: Path) -> None:
    call("lexicon", "add", "Kowalczyk", "--replace-with", "Doctor Kowalczyk")
    call("lexicon", "remove", "Kowalczyk")
    assert call("log", "verify").code == DONE
    left = b"".join(file.read_bytes() for file in data_dir.rglob("*") if file.is_file())
    assert b"lexicon-changed" in left
    assert b"Kowalczyk" not in left


def test_markup_in_a_phrase_is_shown_as_it_is(call: Call) -> None:
    call("lexicon", "add", "C. diff (toxin)", "--sounds-like", ":smile: sound")
    assert ":smile: sound" in call("lexicon", "list").out
