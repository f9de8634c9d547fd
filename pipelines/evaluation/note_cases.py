"""Dictations made from written notes, for ``assistant evaluate notes``: headings spoken, paraphrased, and removed.

Reads a folder with ``aci_bench_*.json`` (ACI-Bench: ``{"data": [{"file", "tgt"}]}``) and ``primock57_notes/*.json``
(PriMock57: ``{"day", "consultation", "note"}``), which are not part of this project, and writes six files of cases:
``SPLIT-VARIANT.jsonl``. Every second note is for development and the others are for reporting; the paraphrases come
from other speakers in each half (``note_case_styles.toml``).

The words of the notes are left as they are. What goes is what only paper has (bullets); a line without a mark at its
end gets a full stop. Where a sentence belongs is what the note itself says: its heading, or within "assessment and
plan" the label of its line.

``python -m pipelines.evaluation.note_cases FOLDER OUT``
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from pipelines.errors import BadInput
from pipelines.text.sentences import split

VARIANTS: Final = ("spoken", "paraphrased", "removed")
SPLITS: Final = ("development", "report")

# The headings of these notes: their usual name, and the section of a SOAP note that they belong to.
_HEADINGS: Final = {
    "chief complaint": ("chief complaint", "subjective"),
    "cc": ("chief complaint", "subjective"),
    "history of present illness": ("history of present illness", "subjective"),
    "hpi": ("history of present illness", "subjective"),
    "current medications": ("medications", "subjective"),
    "medications": ("medications", "subjective"),
    "past medical history": ("past medical history", "subjective"),
    "medical history": ("past medical history", "subjective"),
    "past history": ("past medical history", "subjective"),
    "past surgical history": ("surgical history", "subjective"),
    "birth history": ("birth history", "subjective"),
    "family history": ("family history", "subjective"),
    "social history": ("social history", "subjective"),
    "review of systems": ("review of systems", "subjective"),
    "vitals": ("vitals", "objective"),
    "vitals reviewed": ("vitals", "objective"),
    "physical exam": ("physical exam", "objective"),
    "physical examination": ("physical exam", "objective"),
    "exam": ("physical exam", "objective"),
    "results": ("results", "objective"),
    "assessment": ("assessment", "assessment"),
    "impression": ("assessment", "assessment"),
    "assessment and plan": ("assessment and plan", ""),
    "plan": ("plan", "plan"),
    "instructions": ("instructions", "plan"),
    # PriMock57's short forms, as they are read out.
    "pmh": ("past medical history", "subjective"),
    "psh": ("surgical history", "subjective"),
    "dh": ("drug history", "subjective"),
    "dhx": ("drug history", "subjective"),
    "fh": ("family history", "subjective"),
    "sh": ("social history", "subjective"),
    "ice": ("ideas, concerns and expectations", "subjective"),
    "imp": ("impression", "assessment"),
}
_READ_OUT: Final = frozenset({"cc", "hpi", "pmh", "psh", "dh", "dhx", "fh", "sh", "ice", "imp"})
_USUAL: Final = {"impression": "assessment", "drug history": "medications"}
"""Headings that a style's words for another one serve as well."""
_PLANNING: Final = (
    "medical treatment", "additional testing", "patient education and counseling", "specialist referrals",
    "patient agreements",
)  # fmt: skip
_LINE_HEADING: Final = re.compile(r"(?P<name>[A-Z][A-Z &]+?)\s*:?\s*$")
_SHORT_HEADING: Final = re.compile(r"(?P<name>PMH|PSH|DHx?|FH|SH|ICE|Imp|Plan)\s*(?::|-(?=\s))\s*(?P<rest>.*)$")
_RUN_ON: Final = re.compile(r"\s-\s(?=[A-Z][a-z]+ [A-Z][a-z]+:)")
_PAPER: Final = re.compile(r"^(?:[•\-*]\s*|\d{1,2}[.)]\s+)")
_ENDED: Final = re.compile(r"[.!?:][\"'”’)]*$")


@dataclass(frozen=True)
class Passage:
    """What stands under one heading: ``lines`` with the section of each."""

    heading: str | None
    """As it is said aloud; None before the first."""
    usual: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Note:
    id: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True)
class Style:
    """How one speaker announces what comes: by a form around the heading, or by words of their own."""

    name: str
    between: str
    form: str = "{Heading}. "
    says: tuple[tuple[str, str], ...] = ()

    def announce(self, passage: Passage) -> str:
        if passage.heading is None:
            return ""
        own = dict(self.says).get(_USUAL.get(passage.usual, passage.usual))
        if own is not None:
            return f"{own} "
        said = passage.heading
        return self.form.format(heading=said, Heading=said[0].upper() + said[1:], HEADING=said.upper())


def read_notes(folder: Path) -> list[Note]:
    """The notes of both collections, in the order of their names.

    Raises:
        BadInput: the folder holds neither, or a file is not what its name says.
    """
    notes: list[Note] = []
    for path in (*sorted(folder.glob("aci_bench_*.json")), *sorted(folder.glob("primock57_notes/*.json"))):
        try:
            data = json.loads(path.read_text("utf-8"))
            if "data" in data:
                notes += [_note(str(one["file"]), str(one["tgt"])) for one in data["data"]]
            else:
                notes.append(_note(f"primock57-{data['day']}-{data['consultation']}", str(data["note"])))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(path.name, "does not hold notes as its name says", "fetch it again") from error
    if not notes:
        raise BadInput(str(folder), "holds no notes", "name the folder with aci_bench_*.json and primock57_notes/")
    return notes


def cases(notes: Sequence[Note], variant: str, split_name: str) -> Iterator[dict[str, Any]]:
    """The lines of one file. The styles take turns."""
    held_out = split_name == "report"
    chosen = [note for index, note in enumerate(notes) if index % 2 == held_out]
    styles = [Style("removed", " ")] if variant == "removed" else _styles(variant, held_out)
    for index, note in enumerate(chosen):
        yield _case(note, styles[index % len(styles)], variant)


def _styles(variant: str, held_out: bool) -> list[Style]:
    text = resources.files("pipelines.evaluation").joinpath("note_case_styles.toml").read_text("utf-8")
    return [
        Style(one["name"], one["between"], one.get("form", "{Heading}. "), tuple(one.get("says", {}).items()))
        for one in tomllib.loads(text)[variant]
        if variant == "spoken" or one.get("held_out", False) == held_out
    ]


def _case(note: Note, style: Style, variant: str) -> dict[str, Any]:
    expected: dict[str, list[str]] = {"subjective": [], "objective": [], "assessment": [], "plan": []}
    announced: list[str] = []
    said: list[str] = []
    for passage in note.passages:
        heading = "" if variant == "removed" else style.announce(passage)
        announced += [heading.strip()] if heading else []
        said.append(heading + " ".join(line for line, _ in passage.lines))
        for line, section in passage.lines:
            expected[section] += [line[start:end] for start, end in split(line)]
    return {
        "id": f"{note.id}/{variant}/{style.name}",
        "transcript": style.between.join(said),
        "template": "soap",
        "headings": announced,
        "expected": {section: sentences for section, sentences in expected.items() if sentences},
    }


def _note(name: str, text: str) -> Note:
    passages: list[Passage] = []
    heading, usual, section = None, "", "subjective"
    lines: list[tuple[str, str]] = []
    for raw in text.splitlines():
        line = raw.strip()
        found = _heading(line)
        if found is not None:
            if lines:
                passages.append(Passage(heading, usual, tuple(lines)))
            name_said, rest = found
            usual, section = _HEADINGS[name_said]
            heading, lines = usual if name_said in _READ_OUT else name_said, []
            line = rest
        for item in _RUN_ON.split(line):
            if words := _PAPER.sub("", item).strip(" ,;"):
                lines.append((words if _ENDED.search(words) else f"{words}.", section or _of_both(words)))
    return Note(name, (*passages, Passage(heading, usual, tuple(lines))))


def _heading(line: str) -> tuple[str, str] | None:
    if (match := _LINE_HEADING.fullmatch(line)) and match["name"].lower() in _HEADINGS:
        return match["name"].lower(), ""
    if match := _SHORT_HEADING.match(line):
        return match["name"].lower(), match["rest"]
    return None


def _of_both(line: str) -> str:
    """Where a line under "assessment and plan" belongs: by its label, else it names or reasons about a problem."""
    label = line.partition(":")[0].lower()
    return "plan" if label in _PLANNING else "assessment"


def main(folder: Path, out: Path) -> None:
    notes = read_notes(folder)
    out.mkdir(parents=True, exist_ok=True)
    for split_name in SPLITS:
        for variant in VARIANTS:
            lines = [json.dumps(case, ensure_ascii=False) for case in cases(notes, variant, split_name)]
            (out / f"{split_name}-{variant}.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
