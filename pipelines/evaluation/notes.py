"""How well dictated notes are filed: figures over transcripts whose filing is known (docs: `assistant evaluate notes`).

A line of the data is ``{"id", "transcript", "template", "expected": {section: [sentences]}}``.

* ``sentence_accuracy``: expected sentences that stand in their section ÷ expected sentences. A sentence stands there
  where its words follow one another in what is filed there, wherever the filing cuts; no filed word answers for two.
* ``words_lost``, ``words_added``: words (with their number of times) that the expected note holds and the filed one
  does not, and the reverse, wherever they stand; a count over all cases. Words that were said to announce a section
  are neither.
* ``heading_words_kept``: those of them that stand in the filed note and not in the expected one: labels ("family
  history"), and what else a line names as ``"headings": [phrase]``.

Words are runs of letters and digits, lower case; marks, hyphens and apostrophes only part them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from pipelines.evaluation.data import as_model
from pipelines.records import Engine, Transcript, Value
from pipelines.tasks.note.calls import calls_for
from pipelines.tasks.note.choosing import choose_template
from pipelines.tasks.note.filed import file_note
from pipelines.tasks.note.templates import load_template

_WORD: Final = re.compile(r"[^\W_]+")

Words = tuple[str, ...]


class NoteCase(Value):
    """One dictated note. Without a ``template`` the one that its wording chooses is used."""

    id: Annotated[str, Field(coerce_numbers_to_str=True)]
    transcript: str
    expected: dict[str, tuple[str, ...]]
    template: str | None = None
    headings: tuple[str, ...] = ()
    """What is said only to announce a section."""


def evaluate(cases: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The figures, with ``n``, ``engines`` and ``failures`` (``{"id", "expected", "got"}``, one a sentence that is
    not where it belongs; ``got`` is the section it was filed under, or None).

    ``by_template`` gives ``n`` and ``sentence_accuracy`` of each template. An accuracy without any expected sentence
    is None.

    Raises:
        BadInput: a case is not one.
        UsageProblem: a case names an unknown template.
    """
    expected_count: Counter[str] = Counter()
    found_count: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    lost = added = kept = 0
    failures: list[dict[str, Any]] = []
    engines: set[str] = set()
    for case in as_model(cases, NoteCase):
        template = load_template(case.template or choose_template(case.transcript))
        engine = Engine(name="filing", version=f"{template.name}@{template.version}", revision=template.sha256)
        typed = Engine(name="typed", version="1")
        dictated = Transcript(recording=None, raw=case.transcript, text=case.transcript, engine=typed)
        filed = file_note(dictated, template, read_call=calls_for(template))
        got: dict[str, Words] = {}
        for statement in filed.statements:
            got[statement.section or ""] = got.get(statement.section or "", ()) + _words(statement.text)
        misplaced = tuple(_misplaced(case.expected, got))
        total = sum(len(sentences) for sentences in case.expected.values())
        notes[template.name] += 1
        expected_count[template.name] += total
        found_count[template.name] += total - len(misplaced)
        engines.add(engine.model_dump_json())
        failures += [{"id": case.id, **failure} for failure in misplaced]
        wanted_words = _counted(one for sentences in case.expected.values() for one in sentences)
        filed_words = Counter(word for words in got.values() for word in words)
        more = filed_words - wanted_words
        labels = [case.transcript[place["start"] : place["end"]] for place in filed.data.get("labels", ())]
        announced = _counted(case.headings) | _counted(labels)
        lost += (wanted_words - filed_words).total()
        added += (more - announced).total()
        kept += (more & announced).total()
    return {
        "sentence_accuracy": _rate(found_count.total(), expected_count.total()),
        "words_lost": lost,
        "words_added": added,
        "heading_words_kept": kept,
        "n": notes.total(),
        "engines": [Engine.model_validate_json(engine).model_dump(mode="json") for engine in sorted(engines)],
        "failures": failures,
        "by_template": {
            name: {"n": notes[name], "sentence_accuracy": _rate(found_count[name], expected_count[name])}
            for name in sorted(notes)
        },
    }


def _misplaced(expected: Mapping[str, tuple[str, ...]], got: Mapping[str, Words]) -> Iterator[dict[str, Any]]:
    left = {section: list[str | None](words) for section, words in got.items()}
    missing: list[tuple[str, str]] = []
    # The longest first: "rest" is not to be taken out of "rest at home".
    wanted = [(section, sentence) for section, sentences in expected.items() for sentence in sentences]
    for section, sentence in sorted(wanted, key=lambda one: -len(_words(one[1]))):
        if not _take(left.get(section, []), _words(sentence)):
            missing.append((section, sentence))
    for section, sentence in missing:
        other = next((place for place, words in left.items() if _take(words, _words(sentence))), None)
        yield {"expected": {"section": section, "sentence": sentence}, "got": other}


def _take(left: list[str | None], words: Words) -> bool:
    """Use the words up where they follow one another among those that are left."""
    for start in range(len(left) - len(words) + 1):
        if tuple(left[start : start + len(words)]) == words:
            left[start : start + len(words)] = [None] * len(words)
            return True
    return False


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in _words(text))


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.lower()))


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
