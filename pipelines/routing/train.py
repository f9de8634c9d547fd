"""Trains the router: ``python -m pipelines.routing.train [--data DIR] [--out FILE]``.

Prints figures on held-out authors and specialties, then trains on everything and writes the weights.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from pipelines.errors import BadInput, ProductError
from pipelines.records import Kind
from pipelines.routing.augment import AS_WRITTEN, augmented
from pipelines.routing.features import SIZE, features
from pipelines.routing.fit_spans import fit_tagger
from pipelines.routing.frames import Frames, read_frames
from pipelines.routing.held_out import Outcome, figures, leave_out
from pipelines.routing.model import CLASSES, Model
from pipelines.routing.router import Router
from pipelines.routing.spans import Tagger
from pipelines.routing.utterance import Utterance
from pipelines.routing.vectors import Vectors

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

#: Of the support vector machines, and what turns their margins into logits (both chosen on held-out authors).
_C: Final = 0.3
_SHARPNESS: Final = 5.0

_FOLDS: Final = 5
_HERE: Final = Path(__file__).parent


def read_utterances(folder: Path) -> list[Utterance]:
    """All lines of the ``*.jsonl`` files of a folder.

    Raises:
        BadInput: there are none, or a line is not an utterance.
    """
    rows = []
    for file in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(file.read_bytes().splitlines(), start=1):
            try:
                row = orjson.loads(line)
                kinds = tuple(Kind(name) for name in row["attachments"])
                rows.append(
                    Utterance(row["text"], kinds, CLASSES[CLASSES.index(row["task"])], row["author"], row["specialty"])
                )
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{file.name} line {number}",
                    "is not an utterance",
                    "write text, attachments, task, specialty and author on it",
                ) from error
    if not rows:
        raise BadInput(folder.name, "holds no utterances", "give a folder of JSON-lines files with --data")
    return rows


@dataclass(frozen=True)
class Examples:
    """Utterances and their variants as features; row ``i`` of each belongs together."""

    rows: tuple[Utterance, ...]
    matrix: csr_matrix
    """(examples, SIZE)."""
    importance: NDArray[np.float64]
    """(examples,)."""
    tagger: Tagger
    """Of which the features were made."""

    def fit(self, keep: Callable[[Utterance], bool], vectors: Vectors) -> Router:
        """A router trained on the examples to ``keep``; the same examples give the same weights.

        Raises:
            BadInput: a task has no example.
        """
        from sklearn.svm import LinearSVC

        kept = [at for at, row in enumerate(self.rows) if keep(row)]
        labels = [CLASSES.index(self.rows[at].task) for at in kept]
        written = {CLASSES.index(self.rows[at].task) for at in kept if self.importance[at] == AS_WRITTEN}
        missing = set(range(len(CLASSES))) - written
        if missing:
            name = CLASSES[min(missing)]
            raise BadInput("the utterances", f"hold none for {name}", "add some for every task and for unclear")
        machine = LinearSVC(C=_C, random_state=0)
        machine.fit(self.matrix[kept], labels, sample_weight=self.importance[kept])
        return Router(Model.of_floats(machine.coef_, machine.intercept_, _SHARPNESS, self.tagger), vectors)


def examples_of(utterances: Sequence[Utterance], frames: Frames, tagger: Tagger, vectors: Vectors) -> Examples:
    """The features of the utterances and of their variants."""
    from scipy.sparse import csr_matrix

    starts, places, weights, rows, importance = [0], [], [], [], []
    for row, counts in augmented(utterances, frames):
        found = features(row.text, row.attachments, vectors, tagger)
        places.append(np.fromiter(found.keys(), np.int32, len(found)))
        weights.append(np.fromiter(found.values(), np.float32, len(found)))
        starts.append(starts[-1] + len(found))
        rows.append(row)
        importance.append(counts)
    data = np.concatenate(weights), np.concatenate(places), np.array(starts, np.int32)
    return Examples(tuple(rows), csr_matrix(data, shape=(len(rows), SIZE)), np.array(importance), tagger)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, say how well it does on what it was not trained on, and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.routing.train", description=__doc__)
    parser.add_argument("--data", type=Path, default=_HERE / "utterances", help="folder of utterance files")
    parser.add_argument("--out", type=Path, default=_HERE / "weights.npz", help="where the weights go")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    try:
        rows = read_utterances(options.data)
        vectors = Vectors.read()
        frames = read_frames(_HERE / "utterances" / "frames.toml")
        tagger = fit_tagger(frames, [row for row in rows if _is_extra(row)] or rows)
        examples = examples_of(rows, frames, tagger, vectors)
        for what, group in (("author", _author), ("specialty", _specialty_fold)):
            _report(what, _held_out(rows, examples, group, vectors))
        examples.fit(lambda _: True, vectors).model.save(options.out)
    except ProductError as error:
        _say(str(error))
        return error.exit_code
    _say(f"{len(rows)} utterances, {options.out.name} written, {time.perf_counter() - started:.0f} s")
    return 0


def _held_out(
    rows: Sequence[Utterance], examples: Examples, group: Callable[[Utterance], str], vectors: Vectors
) -> dict[str, list[Outcome]]:
    """The extra files were written after a look at errors on the authors: they have no part in this."""

    def fit_without(name: str) -> Router:
        return examples.fit(lambda row: not _is_extra(row) and group(row) != name, vectors)

    return leave_out([row for row in rows if not _is_extra(row)], group, fit_without)


def _is_extra(row: Utterance) -> bool:
    return row.author.startswith("extra")


def _author(row: Utterance) -> str:
    return row.author


def _specialty_fold(row: Utterance) -> str:
    return f"fold {zlib.crc32(row.specialty.encode()) % _FOLDS + 1}"


def _report(what: str, came: dict[str, list[Outcome]]) -> None:
    _say(f"held out by {what}:")
    for name, some in came.items():
        _say(f"  {name:12} {figures(some)}")
    _say(f"  {'all':12} {figures([one for some in came.values() for one in some])}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
