"""What was said and what is attached -> one task, or a question back to the user."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pipelines.records import Decision, Kind, TaskName
from pipelines.routing.features import features, words_of
from pipelines.routing.fit import inferred, is_possible
from pipelines.routing.model import CLASSES, UNCLEAR, Model
from pipelines.routing.question import question
from pipelines.routing.vectors import Vectors

#: A task that is less likely than this is asked back (chosen on held-out authors: docs/routing.md).
_THRESHOLD: Final = 0.65

#: Tasks at least this likely are offered to the user and to the tie-breaker.
_LIKELY: Final = 0.08

_FILLERS: Final = re.compile(
    r"(?:u+h+m*|u+m+|er+m?|a+h|o+h|h*m+|mhm|eh|ok(?:ay)?|yeah|yes|no|right|well|so|and|the|a|hello|hi|hey|thanks?|you|"
    r"please|bye|\[\]|\{[^}]*\})"
)

#: What each task does, in full, for whoever breaks a tie.
DESCRIPTIONS: Final[Mapping[TaskName, str]] = {
    TaskName.DICTATION_NOTE: "The text states findings, history or a plan; file it as a note, adding nothing.",
    TaskName.CLINICAL_QUESTION: "A question of general medical knowledge, not about this patient's record or images.",
    TaskName.RECORD_QUESTION: "Facts, dates, counts, trends or lists from the patient's record.",
    TaskName.RECORD_SUMMARY: "An overview, handover, timeline or history of the patient from the record.",
    TaskName.LAB_REPORT: "Values, flags or a transcription of the attached lab sheet.",
    TaskName.IMAGE_QUESTION: "One narrow question about a single image, or any reading of an image that is not a "
    "chest film.",
    TaskName.CHEST_XRAY_REPORT: "A read or full report of one chest film.",
    TaskName.CHEST_XRAY_COMPARISON: "What has changed between two or more chest films.",
    TaskName.ANATOMY_LOCALIZATION: "Where something is on a chest film: mark, outline, box or trace it.",
    TaskName.CT_VOLUME: "Any question, read, summary or location on an attached CT.",
    TaskName.MRI_VOLUME: "Any question, read, summary or location on an attached MR.",
    TaskName.SLIDE_REVIEW: "Any question, read, summary or location on an attached whole slide.",
}


class TieBreaker(Protocol):
    """Chooses where the words alone leave doubt."""

    def choose(self, text: str, kinds: Sequence[Kind], candidates: Mapping[TaskName, str]) -> TaskName | None:
        """One of ``candidates`` (task -> what it does, likeliest first), or None: the user is asked."""
        ...


@dataclass(frozen=True)
class Router:
    """Decides by words and attachment kinds; the same answer for the same request."""

    model: Model
    vectors: Vectors

    @classmethod
    def load(cls, weights: Path | None = None) -> Router:
        """A router with the weights of the package, or those of a file.

        Raises:
            BadInput: there are no usable weights.
        """
        return cls(Model.read(weights), Vectors.read())

    def decide(self, text: str, kinds: Sequence[Kind], tie_breaker: TieBreaker | None = None) -> Decision:
        """The task that is asked for, or ``task`` None with a question to the user.

        ``tie_breaker`` is asked only where the words alone leave doubt.
        """
        kinds = tuple(Kind(kind) for kind in kinds)
        words = words_of(text)
        if all(_FILLERS.fullmatch(word) for word in words):
            return Decision(task=None, by="words", confidence=1.0, question=question(()))
        raw = self.model.probabilities(features(text, sorted(kinds), self.vectors, self.model.tagger))
        possible = [name == CLASSES[UNCLEAR] or is_possible(TaskName(name), kinds) for name in CLASSES]
        impossible = {TaskName(CLASSES[i]): raw[i] for i in range(UNCLEAR) if not possible[i]}
        scores = {CLASSES[i]: float(raw[i]) for i in range(len(CLASSES)) if possible[i]}
        scores[CLASSES[UNCLEAR]] += float(sum(impossible.values()))
        tasks = sorted((TaskName(name) for name in scores if name != CLASSES[UNCLEAR]), key=lambda t: -scores[t])
        best = tasks[0]
        shown = {name: round(score, 4) for name, score in scores.items()}
        if scores[best] >= _THRESHOLD:
            return self._chosen(best, "words", words, kinds, shown)
        likely = [task for task in tasks if scores[task] >= _LIKELY][:3]
        if tie_breaker is not None and likely:
            choice = tie_breaker.choose(text, kinds, {task: DESCRIPTIONS[task] for task in likely})
            if choice in likely:
                return self._chosen(choice, "generator", words, kinds, shown)
        wanting = max(impossible, key=impossible.__getitem__, default=None)
        missing = wanting if wanting is not None and impossible[wanting] > scores[best] else None
        return Decision(
            task=None,
            by="words",
            confidence=1.0 - scores[best],
            scores=shown,
            question=question(likely or tasks[:2], missing),
        )

    def _chosen(
        self, task: TaskName, by: str, words: Sequence[str], kinds: tuple[Kind, ...], scores: dict[str, float]
    ) -> Decision:
        return Decision.model_validate(
            {
                "task": task,
                "by": by,
                "confidence": scores[task],
                "scores": scores,
                "inferred_kinds": inferred(task, " ".join(words), kinds),
            }
        )
