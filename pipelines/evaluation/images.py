"""How well questions about images are answered (docs: `assistant evaluate images`).

A line of the data is ``{"image": [...], "question", "answer", "kind"}``. The model is asked as the task asks it, and to
begin with the answer alone. What is scored is what it begins with, its first sentence.

* ``closed``: yes or no, or one of the choices that the question gives. ``accuracy``: right ÷ closed questions.
* ``open``: a few words. ``token_f1``: the mean over open questions of the F1 of words in common, as SQuAD scores it:
  small letters, no punctuation, no articles.
* ``labels``: which of the labels that occur in the data apply; ``answer`` is a list. ``macro_f1``: the F1 of each label
  over these questions, and the mean of those.

A figure is None where there is no question of its kind. A question that came to no answer counts as wrong.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.errors import BadInput
from pipelines.evaluation.data import as_model
from pipelines.evaluation.pictures import (
    NOT_FINISHED,
    Pictures,
    Progress,
    id_in,
    mean,
    path_in,
    require_there,
    required,
)
from pipelines.models.generator import Generator
from pipelines.records import TaskName
from pipelines.tasks.image_question import kind_of_all
from pipelines.text.answers import statements_of

_FORMS: Final = {
    "closed": "Begin with the answer alone: yes or no, or the choice that is right.",
    "open": "Begin with the answer alone, in as few words as possible.",
    "labels": "Choose from: {labels}. Begin with all that apply, separated by commas, or with none.",
}
_ARTICLES: Final = re.compile(r"\b(?:a|an|the)\b")
_NO_PUNCTUATION: Final = str.maketrans("", "", string.punctuation)
_YES_OR_NO: Final = re.compile(r"\b(yes|no)\b", re.IGNORECASE)
_SEGMENTS: Final = re.compile(r"[,;:.]|\band\b|\bbut\b|(?=\bwithout\b)", re.IGNORECASE)
_DENIED: Final = re.compile(r"\b(?:no|not|without|absent|negative|nor|neither)\b", re.IGNORECASE)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class ImageCase(BaseModel):
    """One question and its answer."""

    model_config = ConfigDict(frozen=True)

    image: Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
    question: str
    answer: str | tuple[str, ...]
    kind: Literal["closed", "open", "labels"]

    @property
    def labels(self) -> tuple[str, ...]:
        """Of a question for labels; in text they are separated by commas, semicolons or bars."""
        parts = re.split(r"[,;|]", self.answer) if isinstance(self.answer, str) else self.answer
        return tuple(label.strip() for label in parts if label.strip())


def evaluate(
    cases: Iterable[Mapping[str, Any]],
    generator: Generator,
    prompts: Path | None = None,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """The figures, with ``n``, ``engines`` and ``failures`` (``{"id", "kind", "expected", "got"}``: closed questions
    that are not right, open ones without a word in common, and labels that are not exactly the true ones).

    Raises:
        BadInput: a case is not one, or one of its images cannot be read.
        ModelNeeded: the engine is not ready.
    """
    given = list(cases)
    checked = as_model(given, ImageCase)
    for n, (raw, case) in enumerate(zip(given, checked, strict=True), start=1):
        if case.kind != "labels" and not isinstance(case.answer, str):
            raise BadInput(id_in(raw, n), f"has a list as answer, and is {case.kind}", "write the answer as text")
    require_there(path_in(raw, name) for raw, case in zip(given, checked, strict=True) for name in case.image)
    required(generator)
    labels = list(dict.fromkeys(label for case in checked if case.kind == "labels" for label in case.labels))
    closed: list[bool] = []
    tokens: list[float] = []
    sets: list[tuple[frozenset[str], frozenset[str]]] = []
    failures: list[dict[str, Any]] = []
    for n, (raw, case) in enumerate(zip(given, checked, strict=True), start=1):
        said, stopped = _said(raw, case, labels, generator, prompts)
        got: Any = said or stopped
        if case.kind == "closed":
            closed.append(is_right(str(case.answer), said))
            right = closed[-1]
        elif case.kind == "open":
            tokens.append(token_f1(str(case.answer), said))
            right = tokens[-1] > 0
        else:
            named = labels_in(said, labels)
            sets.append((frozenset(case.labels), named))
            right, got = sets[-1][0] == named, sorted(named) if said else stopped
        if not right:
            failures.append({"id": id_in(raw, n), "kind": case.kind, "expected": case.answer, "got": got})
        progress(n / len(given))
    return {
        "accuracy": mean(closed),
        "token_f1": mean(tokens),
        "macro_f1": macro_f1(sets),
        "n": len(checked),
        "n_closed": len(closed),
        "n_open": len(tokens),
        "n_labels": len(sets),
        "engines": [generator.name],
        "failures": failures,
    }


def is_right(expected: str, said: str) -> bool:
    """Whether what was said begins with the expected answer; of yes and no the first word of the two counts."""
    if expected.strip().lower() in ("yes", "no"):
        found = _YES_OR_NO.search(said)
        return found is not None and found[1].lower() == expected.strip().lower()
    if len(bare := expected.strip(" ().")) == 1:
        # "A nodule" names no choice.
        ends = r"[^\w\s]|\s*$" if bare in "aA" else r"\W|$"
        return re.match(rf"\W*{re.escape(bare)}(?:{ends})", said, re.IGNORECASE) is not None
    wanted, got = normalised(expected), normalised(said)
    return bool(wanted) and f"{got} ".startswith(f"{wanted} ")


def normalised(text: str) -> str:
    """As SQuAD's scorer has it."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split())


def token_f1(expected: str, said: str) -> float:
    """F1 of the words in common, each as often as both have it."""
    wanted, got = normalised(expected).split(), normalised(said).split()
    if not wanted or not got:
        return float(wanted == got)
    common = sum((Counter(wanted) & Counter(got)).values())
    return 2 * common / (len(wanted) + len(got))


def labels_in(said: str, labels: Sequence[str]) -> frozenset[str]:
    """The labels that are named and not denied; of one that holds another only the longer."""
    found = set()
    for segment in _SEGMENTS.split(said.replace("_", " ")):
        words = f" {normalised(segment)} "
        named = [label for label in labels if f" {_plain(label)} " in words]
        named = [one for one in named if not any(one != other and _plain(one) in _plain(other) for other in named)]
        rest = words
        for label in named:
            rest = rest.replace(_plain(label), " ")
        if not _DENIED.search(rest):
            found.update(named)
    return frozenset(found)


def macro_f1(sets: Sequence[tuple[frozenset[str], frozenset[str]]]) -> float | None:
    """The mean of the labels' F1, over all that are true or were named anywhere.

    Args:
        sets: of each question the true labels and those that were named.
    """
    every = sorted({label for true, named in sets for label in (*true, *named)})
    scores = []
    for label in every:
        both = sum(label in true and label in named for true, named in sets)
        each = sum((label in true) + (label in named) for true, named in sets)
        scores.append(2 * both / each)
    return mean(scores)


def _plain(label: str) -> str:
    return normalised(label.replace("_", " "))


def _said(
    raw: object, case: ImageCase, labels: Sequence[str], generator: Generator, prompts: Path | None
) -> tuple[str, str]:
    """What the answer begins with; and in its place, where there is none, why."""
    from pipelines.tasks.asking import ask_of
    from prompts import prompt_for

    pictures = Pictures()
    images = [pictures.attach(path_in(raw, name)) for name in case.image]
    frames = [frame.sha256 for image in images for frame in pictures.frames(image)]
    kind = kind_of_all(images)
    prompt = prompt_for(TaskName.IMAGE_QUESTION.value, kind.value if kind else None, prompts)
    form = _FORMS[case.kind].format(labels=", ".join(label.replace("_", " ") for label in labels))
    generation = pictures.ask(generator, ask_of(prompt, frames, question=f"{case.question} {form}"))
    if generation.finish_reason != "stop":
        return "", f"{NOT_FINISHED} ({generation.finish_reason})"
    pieces = [piece.text for piece in statements_of(generation.text)]
    known = {_plain(label) for label in labels}
    begun = [piece for n, piece in enumerate(pieces) if n == 0 or all(_plain(p) in known for p in pieces[1 : n + 1])]
    return ", ".join(begun if case.kind == "labels" else pieces[:1]), ""
