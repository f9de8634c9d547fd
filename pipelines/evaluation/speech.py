"""How well speech is heard: figures over recordings whose words are known (docs: `assistant evaluate speech`).

Words are compared after the English normalisation published with Whisper, under which number words and digits are
equal.

* ``wer``: substitutions, deletions and insertions ÷ reference words, over all recordings in which something is said.
* ``drug_wer``, ``term_wer``: over the reference words that belong to a listed drug or term, those aligned to another
  word or to none, plus the words put in the middle of one ÷ the number of such words.
* ``written_accuracy``: 1 - word errors of the formatted text ÷ words of ``written``, at least 0; case and punctuation
  count.
* ``invented_term_rate``: terms of the lexicon, and drugs and terms that the file lists, that were put out where the
  recording's reference does not hold them ÷ all that were put out.
* ``words_in_silence``: words put out for recordings in which nothing is said.
* ``real_time_factor``: seconds spent reading and recognising ÷ seconds of sound.
* ``seconds``, ``drug_mentions``: how much was heard, and how many mentions of listed drugs were said in it.

A figure without anything to count is None. A recording that cannot be read is a failure and counts as heard empty.
"""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pipelines.errors import BadInput
from pipelines.speech.audio import NothingToHear, inspect_recording
from pipelines.speech.live import Writing
from pipelines.speech.recognizer import Progress, Recognizer
from pipelines.speech.transcribe import transcribe

_AUDIO_SUFFIXES: Final = frozenset(
    {".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mp4", ".webm", ".aac", ".aiff", ".aif"}
)

Words = list[str]


@dataclass(frozen=True)
class SpeechCase:
    """One recording and what is said in it."""

    id: str
    audio: Path
    text: str | None
    """As spoken; empty for silence; None where it is not known, and only failures and times are counted."""
    written: str | None = None
    drugs: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    condition: str = "all"


def read_cases(data: Path) -> tuple[SpeechCase, ...]:
    """Read a JSON-lines file, or a folder whose ``transcripts.json`` files (at any depth) map file names to texts.

    In a folder, recordings without a text are cases too, and ``condition`` is the name of the subfolder.

    Raises:
        BadInput: there is no such data, or a line or file of it cannot be understood.
    """
    if not data.exists():
        raise BadInput(data.name, "there is no such file or folder", "check the path given with --data")
    cases = tuple(_cases_of_folder(data) if data.is_dir() else _cases_of_lines(data))
    if not cases:
        raise BadInput(data.name, "holds no recordings", "give a JSON-lines file or a folder with transcripts.json")
    return cases


def evaluate(
    cases: Iterable[SpeechCase],
    recognizer: Recognizer,
    writing: Writing | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Transcribe every case and count.

    Keys as the module says, and ``n``, ``engines``, ``failures``, ``by_condition``.

    Args:
        writing: the lexicon that the engine may expect, and how what was heard is written.

    Raises:
        ModelNeeded: the recogniser has no usable weights.
    """
    cases = tuple(cases)
    writing = writing or Writing()
    normalise = _normaliser()
    names = [name for case in cases for name in (*case.drugs, *case.terms)]
    names += [entry.phrase for entry in writing.lexicon.entries]
    listed = _Listed(tuple(normalise(name)) for name in names)
    overall = _Tally()
    conditions: dict[str, _Tally] = defaultdict(_Tally)
    failures = []
    for done, case in enumerate(cases, 1):
        heard = _hear(case, recognizer, writing)
        if progress:
            progress(done / len(cases))
        for tally in (overall, conditions[case.condition]):
            tally.add(case, heard, listed, normalise)
        if heard.error is not None:
            failures.append({"id": case.id, "expected": case.text, "came": None, "error": heard.error})
        elif case.text is not None and normalise(case.text) != normalise(heard.raw):
            failures.append({"id": case.id, "expected": case.text, "came": heard.raw})
    return {
        **overall.figures(),
        "n": len(cases),
        "engines": [recognizer.engine().model_dump(mode="json")],
        "failures": failures,
        "by_condition": {name: {"n": tally.cases, **tally.figures()} for name, tally in sorted(conditions.items())},
    }


@dataclass(frozen=True)
class _Heard:
    raw: str = ""
    text: str = ""
    seconds: float = 0.0
    """Of sound."""
    spent: float = 0.0
    error: str | None = None


class _Listed:
    """Phrases by their first word, so that thousands of them are found in one pass."""

    def __init__(self, phrases: Iterable[tuple[str, ...]]) -> None:
        self._by_first: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for phrase in phrases:
            if phrase:
                self._by_first[phrase[0]].add(phrase)

    def count(self, words: Words) -> Counter[tuple[str, ...]]:
        """How often each phrase stands in ``words``."""
        found: Counter[tuple[str, ...]] = Counter()
        for at, word in enumerate(words):
            for phrase in self._by_first.get(word, ()):
                if tuple(words[at : at + len(phrase)]) == phrase:
                    found[phrase] += 1
        return found


def _hear(case: SpeechCase, recognizer: Recognizer, writing: Writing) -> _Heard:
    started = time.perf_counter()
    seconds = 0.0
    try:
        recording = inspect_recording(case.audio, case.id, file_sha256="", origin="file")
        seconds = recording.seconds
        transcript, _ = transcribe(recording, case.audio, recognizer, writing=writing)
    except NothingToHear as error:
        # Silence that is refused as silence is what a reference without words asks for.
        said = None if case.text == "" else str(error)
        return _Heard(seconds=seconds, spent=time.perf_counter() - started, error=said)
    except BadInput as error:
        return _Heard(error=str(error))
    return _Heard(transcript.raw, transcript.text, seconds, time.perf_counter() - started)


@dataclass
class _Count:
    errors: int = 0
    of: int = 0

    def add(self, errors: int, of: int) -> None:
        self.errors += errors
        self.of += of

    def rate(self) -> float | None:
        return self.errors / self.of if self.of else None


@dataclass
class _Tally:
    cases: int = 0
    words: _Count = field(default_factory=_Count)
    drugs: _Count = field(default_factory=_Count)
    terms: _Count = field(default_factory=_Count)
    written: _Count = field(default_factory=_Count)
    invented: _Count = field(default_factory=_Count)
    silent: int = 0
    in_silence: int = 0
    seconds: float = 0.0
    spent: float = 0.0
    drug_mentions: int = 0

    def add(
        self,
        case: SpeechCase,
        heard: _Heard,
        listed: _Listed,
        normalise: Callable[[str], Words],
    ) -> None:
        self.cases += 1
        self.seconds += heard.seconds
        self.spent += heard.spent
        if case.text is None:
            return
        reference, hypothesis = normalise(case.text), normalise(heard.raw)
        if not reference:
            self.silent += 1
            self.in_silence += len(hypothesis)
        else:
            alignment = _Alignment(reference, hypothesis)
            self.words.add(alignment.errors, len(reference))
            self.drugs.add(*alignment.errors_on(normalise(name) for name in case.drugs))
            self.drug_mentions += sum(len(_occurrences(normalise(name), reference)) for name in case.drugs)
            self.terms.add(*alignment.errors_on(normalise(name) for name in case.terms))
        if case.written:
            words = case.written.split()
            self.written.add(_Alignment(words, heard.text.split()).errors, len(words))
        said = listed.count(reference)
        for term, out in listed.count(hypothesis).items():
            self.invented.add(max(0, out - said[term]), out)

    def figures(self) -> dict[str, Any]:
        written = self.written.rate()
        return {
            "wer": self.words.rate(),
            "drug_wer": self.drugs.rate(),
            "term_wer": self.terms.rate(),
            "written_accuracy": None if written is None else max(0.0, 1 - written),
            "invented_term_rate": self.invented.rate(),
            "words_in_silence": self.in_silence if self.silent else None,
            "real_time_factor": self.spent / self.seconds if self.seconds else None,
            "seconds": self.seconds,
            "drug_mentions": self.drug_mentions,
        }


class _Alignment:
    """Which reference words came out wrong, and where words were put in."""

    def __init__(self, reference: Words, hypothesis: Words) -> None:
        self.reference = reference
        self.wrong: set[int] = set()
        self.inserted: dict[int, int] = defaultdict(int)
        """Words put in before the reference word at this index."""
        if not hypothesis:
            self.wrong = set(range(len(reference)))
            return
        import jiwer

        # Joined by a space, since jiwer splits at spaces; neither side's words hold any.
        for chunk in jiwer.process_words(" ".join(reference), " ".join(hypothesis)).alignments[0]:
            if chunk.type in ("substitute", "delete"):
                self.wrong.update(range(chunk.ref_start_idx, chunk.ref_end_idx))
            elif chunk.type == "insert":
                self.inserted[chunk.ref_start_idx] += chunk.hyp_end_idx - chunk.hyp_start_idx

    @property
    def errors(self) -> int:
        return len(self.wrong) + sum(self.inserted.values())

    def errors_on(self, names: Iterable[Words]) -> tuple[int, int]:
        """Errors on the reference words of these names, and how many such words there are."""
        words: set[int] = set()
        seams: set[int] = set()
        for name in names:
            for start in _occurrences(name, self.reference):
                words.update(range(start, start + len(name)))
                seams.update(range(start + 1, start + len(name)))
        return len(self.wrong & words) + sum(self.inserted.get(seam, 0) for seam in seams), len(words)


def _occurrences(name: Words, words: Words) -> list[int]:
    """Where ``name`` starts in ``words``."""
    if not name:
        return []
    return [start for start in range(len(words) - len(name) + 1) if words[start : start + len(name)] == name]


def _normaliser() -> Callable[[str], Words]:
    from whisper_normalizer.english import EnglishTextNormalizer

    english = EnglishTextNormalizer()
    return lambda text: english(text).split()


def _cases_of_lines(data: Path) -> Iterable[SpeechCase]:
    for number, line in enumerate(data.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield SpeechCase(
                id=str(row.get("id", row["audio"])),
                audio=data.parent / row["audio"],
                text=row["text"],
                written=row.get("written"),
                drugs=tuple(row.get("drugs") or ()),
                terms=tuple(row.get("terms") or ()),
                condition=row.get("condition") or "all",
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                f"{data.name} line {number}",
                f"is not a speech case ({type(error).__name__})",
                'write {"audio": …, "text": …} on it',
            ) from error


def _cases_of_folder(data: Path) -> Iterable[SpeechCase]:
    texts: dict[Path, str] = {}
    for file in sorted(data.rglob("transcripts.json")):
        try:
            entries = json.loads(file.read_text(encoding="utf-8"))
            texts.update(
                {
                    file.parent / name: entry if isinstance(entry, str) else entry["text"]
                    for name, entry in entries.items()
                }
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(
                str(file.relative_to(data)),
                f"does not map file names to texts ({type(error).__name__})",
                'write {"name.wav": "text", …} in it',
            ) from error
    found = {path for path in data.rglob("*") if path.is_file() and path.suffix.lower() in _AUDIO_SUFFIXES}
    for path in sorted(found | set(texts)):
        place = path.relative_to(data)
        yield SpeechCase(str(place), path, texts.get(path), condition=str(place.parent) if place.parent.name else "all")
