"""Figures kept from an earlier evaluation, so that a later one can be told to be worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from pipelines.errors import BadInput, StorageProblem

HIGHER_IS_BETTER: Final = frozenset(
    {
        "accuracy",
        "exact_rows",
        "field_macro_f1",
        "field_micro_f1",
        "found_rate",
        "macro_f1",
        "mean_iou",
        "sentence_accuracy",
        "token_f1",
        "unclear_recall",
        "written_accuracy",
    }
)
LOWER_IS_BETTER: Final = frozenset(
    {
        "asked_back_rate",
        "drug_wer",
        "fabricated",
        "false_alarm_rate",
        "invented_term_rate",
        "real_time_factor",
        "silent_pass_rate",
        "silent_wrong_numbers",
        "term_wer",
        "unclear_misrouted_rate",
        "wer",
        "words_added",
        "words_in_silence",
        "words_lost",
        "wrong_route_rate",
    }
)
#: A figure that is a time differs from run to run; it is worse only beyond this fraction of what it was.
ALLOWANCE: Final = {"real_time_factor": 0.5}
_KNOWN: Final = HIGHER_IS_BETTER | LOWER_IS_BETTER
_ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Worse:
    """A figure that was better in the baseline. ``now`` is None where it could no longer be measured."""

    figure: str
    """The key; within a breakdown, the path to it: ``by_condition/noisy/wer``."""
    before: float
    now: float | None

    def __str__(self) -> str:
        now = "not measured" if self.now is None else f"{self.now:.4f}"
        return f"{self.figure}: {now}, was {self.before:.4f}"


def compare_or_write(path: Path, figures: Mapping[str, Any]) -> list[Worse]:
    """Compare ``figures`` with the baseline at ``path``, or write them there if there is none (and return []).

    Only keys with a known better direction count, at any depth; a breakdown is compared group by group. Failures and
    counts are neither written nor compared, so a baseline holds no patient text.

    Raises:
        BadInput: the file at ``path`` is not a baseline.
        StorageProblem: it cannot be written.
    """
    now = dict(_figures(figures))
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        _write(path, now)
        return []
    except OSError as error:
        raise _not_a_baseline(path, f"cannot be read ({error.strerror})") from None
    return [
        Worse(name, before, now.get(name))
        for name, before in _read(path, content).items()
        if _is_worse(name, before, now.get(name))
    ]


def _figures(figures: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, float]]:
    for key, value in figures.items():
        if isinstance(value, Mapping):
            yield from _figures(value, f"{path}{key}/")
        elif key in _KNOWN and isinstance(value, int | float):
            yield f"{path}{key}", float(value)


def _key(name: str) -> str:
    return name.rpartition("/")[2]


def _is_worse(name: str, before: float, now: float | None) -> bool:
    if now is None:
        return True
    key = _key(name)
    loss = before - now if key in HIGHER_IS_BETTER else now - before
    return loss > _ROUNDING + ALLOWANCE.get(key, 0) * abs(before)


def _read(path: Path, content: bytes) -> dict[str, float]:
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise _not_a_baseline(path, "not JSON") from None
    if not isinstance(value, dict):
        raise _not_a_baseline(path, "not a JSON object")
    if not all(_key(name) in _KNOWN and isinstance(figure, int | float) for name, figure in value.items()):
        raise _not_a_baseline(path, "holds other things than figures")
    return {name: float(figure) for name, figure in value.items()}


def _not_a_baseline(path: Path, problem: str) -> BadInput:
    return BadInput(str(path), problem, "name a baseline written by this command, or a new file")


def _write(path: Path, figures: dict[str, float]) -> None:
    content = orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
    unfinished = path.with_name(f"{path.name}.part")
    try:
        # By way of another name: a baseline cut short would let everything pass.
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError as error:
        raise StorageProblem(
            str(path), f"cannot be written ({error.strerror})", "give a file in a folder that exists and is writable"
        ) from None
