"""Trains the router: ``python -m pipelines.routing.train [--data DIR] [--out FILE]``.

Prints figures on held-out authors and specialties, then trains on everything and writes the weights.
"""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import orjson

from pipelines.errors import BadInput, ProductError
from pipelines.records import Kind
from pipelines.routing.augment import Utterance, augmented
from pipelines.routing.features import SIZE, features
from pipelines.routing.held_out import Outcome, figures, leave_out
from pipelines.routing.model import CLASSES, Model
from pipelines.routing.router import Router
from pipelines.routing.vectors import Vectors

#: Of the support vector machines, and what turns their margins into logits (both chosen on held-out authors).
_C: Final = 0.3
_SHARPNESS: Final = 4.0

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
                rows.append(Utterance(row["text"], kinds, CLASSES[CLASSES.index(row["task"])], row["author"], row["specialty"]))
            except (ValueError, KeyError, TypeError) as error:
                raise BadInput(
                    f"{file.name} line {number}",
                    "is not an utterance",
                    "write text, attachments, task, specialty and author on it",
                ) from error
    if not rows:
        raise BadInput(folder.name, "holds no utterances", "give a folder of JSON-lines files with --data")
    return rows


def fit(rows: Sequence[Utterance], vectors: Vectors) -> Router:
    """A router trained on these rows and their variants; the same rows give the same weights."""
    from scipy.sparse import csr_matrix
    from sklearn.svm import LinearSVC

    starts, places, weights, labels = [0], [], [], []
    for row in dict.fromkeys(augmented(rows)):
        found = features(row.text, row.attachments, vectors)
        places.extend(found)
        weights.extend(found.values())
        starts.append(len(places))
        labels.append(CLASSES.index(row.task))
    data = np.array(weights, np.float32), np.array(places, np.int32), np.array(starts, np.int32)
    machine = LinearSVC(C=_C, random_state=0).fit(csr_matrix(data, shape=(len(labels), SIZE)), labels)
    missing = set(range(len(CLASSES))) - set(machine.classes_.tolist())
    if missing:
        name = CLASSES[min(missing)]
        raise BadInput("the utterances", f"hold none for {name}", "add some for every task")
    return Router(Model.of_floats(machine.coef_, machine.intercept_, _SHARPNESS), vectors)


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
        # The extra files were written after looking at errors on the authors, so authors are held out without them.
        authors = [row for row in rows if not row.author.startswith("extra")]
        _report("author", leave_out(authors, lambda row: row.author, lambda some: fit(some, vectors)))
        _report("specialty", leave_out(authors, _specialty_fold, lambda some: fit(some, vectors)))
        fit(rows, vectors).model.save(options.out)
    except ProductError as error:
        _say(str(error))
        return error.exit_code
    _say(f"{len(rows)} utterances, {options.out.name} written, {time.perf_counter() - started:.0f} s")
    return 0


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
