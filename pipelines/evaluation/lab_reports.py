"""`evaluate lab-reports`: rows read from PDFs and pictures of laboratory reports, held against what stands in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError
from rapidfuzz import fuzz

from pipelines.errors import BadInput
from pipelines.records import Engine
from pipelines.tasks.lab.flags import printed_flag
from pipelines.tasks.lab.rows import Cell, LabReport, Row
from pipelines.tasks.lab.units import same_unit

FIELDS: Final = ("panel", "test", "value", "unit", "ref_low", "ref_high", "flag")
_NUMBERS: Final[dict[str, Cell]] = {"value": "value", "ref_low": "reference", "ref_high": "reference"}
_REPORTS: Final = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff")
_SAME_NAME: Final = 80
"""Of 100: names this alike are of one row; whether they are equal is a field of its own."""
_COMPARATOR: Final = re.compile(r"^\s*(<=|>=|[<>≤≥])")


class TrueRow(BaseModel):
    """A result as it is printed; ``value`` is None where it is no number."""

    model_config = ConfigDict(extra="ignore")

    name: str
    panel: str | None = None
    value: Decimal | None = None
    value_printed: str
    unit: str | None = None
    ref_low: Decimal | None = None
    ref_high: Decimal | None = None
    flag: str | None = None
    page: int = 1


class Truth(BaseModel):
    """A file NAME.truth.json."""

    model_config = ConfigDict(extra="ignore")

    results: list[TrueRow]
    images_show_page: int | None = None
    """The only page that pictures of the report show; None where they show all."""


@dataclass(frozen=True)
class Reading:
    """What was made of one file."""

    report: LabReport
    kind: str
    """``text`` or ``image``: where its words stand."""
    engines: tuple[Engine, ...] = ()


Reader = Callable[[bytes, str], Reading]


@dataclass
class _Count:
    files: int = 0
    rows: int = 0
    exact: int = 0
    numbers: int = 0
    silent: int = 0
    doubted: int = 0
    right: Counter[str] = field(default_factory=Counter)
    given: Counter[str] = field(default_factory=Counter)
    wanted: Counter[str] = field(default_factory=Counter)

    def figures(self) -> dict[str, Any]:
        by_field = {name: f1 for name in FIELDS if (f1 := self._f1([name])) is not None}
        return {
            "field_macro_f1": sum(by_field.values()) / len(by_field) if by_field else None,
            "field_micro_f1": self._f1(FIELDS),
            "exact_rows": self.exact / self.rows if self.rows else None,
            "silent_wrong_numbers": self.silent,
            "numbers": self.numbers,
            "doubted_numbers": self.doubted,
            "rows": self.rows,
            "n": self.files,
            "by_field": by_field,
        }

    def _f1(self, names: Sequence[str]) -> float | None:
        given, wanted = (sum(count[name] for name in names) for count in (self.given, self.wanted))
        return 2 * sum(self.right[name] for name in names) / (given + wanted) if given + wanted else None


def evaluate(folder: Path, read: Reader, progress: Callable[[float], None] = lambda _: None) -> dict[str, Any]:
    """The figures over all NAME.pdf, .png, .jpg, .tif with a NAME.truth.json beside them, and the same by ``text`` and
    ``image``.

    ``field_…_f1`` is over panel, test, value with its comparator, unit, lower and upper limit, and printed flag.
    ``silent_wrong_numbers`` counts values and limits that are given, are not what is printed, and bear no doubt; all
    numbers of rows that do not exist are among them. ``doubted_numbers`` counts those that bear one.

    Raises:
        BadInput: there are no such files, or a truth is not one.
        ModelNeeded: pictures are to be read, and the models for that are missing.
    """
    cases = [(truth, report) for truth in sorted(folder.glob("*.truth.json")) for report in _reports(truth)]
    if not cases:
        raise BadInput(
            str(folder), "holds no reports", "give a folder with NAME.truth.json beside NAME.pdf or NAME.png"
        )
    whole, by_kind = _Count(), dict[str, _Count]()
    failures: list[dict[str, Any]] = []
    engines: dict[str, Engine] = {}
    for at, (truth_file, file) in enumerate(cases):
        truth = _truth(truth_file)
        reading = read(file.read_bytes(), file.name)
        engines |= {engine.digest(): engine for engine in reading.engines}
        wanted = [
            row for row in truth.results if file.suffix == ".pdf" or row.page == (truth.images_show_page or row.page)
        ]
        counts = (whole, by_kind.setdefault(reading.kind, _Count()))
        for count in counts:
            count.files += 1
        failures += _compared(file.name, wanted, reading.report.rows, counts)
        progress((at + 1) / len(cases))
    return {
        **whole.figures(),
        "by_kind": {kind: count.figures() for kind, count in sorted(by_kind.items())},
        "engines": [engine.model_dump(mode="json") for engine in engines.values()],
        "failures": failures,
    }


def _reports(truth: Path) -> Iterator[Path]:
    name = truth.name.removesuffix(".truth.json")
    for suffix in _REPORTS:
        for file in (truth.with_name(name + suffix), truth.with_name(name + suffix.upper())):
            if file.is_file():
                yield file


def _truth(file: Path) -> Truth:
    try:
        return Truth.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(map(str, first["loc"])) or "all of it"
        raise BadInput(str(file), f"key {key!r} is wrong ({first['type']})", "see docs/evaluation.md") from None


def _compared(
    file: str, wanted: Sequence[TrueRow], got: Sequence[Row], counts: Sequence[_Count]
) -> Iterator[dict[str, Any]]:
    pairs = _paired(wanted, got)
    for true, row in pairs:
        want, have = _true_fields(true), _fields(row)
        wrong = [name for name in FIELDS if not _same(name, want.get(name), have.get(name))]
        for count in counts:
            count.rows += true is not None
            count.exact += true is not None and not wrong
            for name in FIELDS:
                count.wanted[name] += want.get(name) is not None
                count.given[name] += have.get(name) is not None
                count.right[name] += want.get(name) is not None and name not in wrong
            if row is not None:
                for name, cell in _NUMBERS.items():
                    if _is_number(name, have.get(name)):
                        count.numbers += 1
                        count.doubted += row.doubted(cell)
                        count.silent += name in wrong and not row.doubted(cell)
        if wrong:
            yield {
                "id": file,
                "row": true.name if true else None,
                "expected": {name: _shown(want.get(name)) for name in wrong} if true else None,
                "got": {name: _shown(have.get(name)) for name in wrong} if row else None,
                "doubts": [doubt.why for doubt in row.doubts] if row else [],
            }


def _paired(wanted: Sequence[TrueRow], got: Sequence[Row]) -> list[tuple[TrueRow | None, Row | None]]:
    """Each true row with the row of its name: equal names first, then alike ones, of several the first in order."""
    left = list(got)
    found: dict[int, Row] = {}
    for least in (100, 95, _SAME_NAME):
        for at, true in enumerate(wanted):
            if at in found:
                continue
            scores = [(_alike(true, row), -n) for n, row in enumerate(left)]
            score, n = max(scores, default=(0.0, 0))
            if score >= least:
                found[at] = left.pop(-n)
    pairs: list[tuple[TrueRow | None, Row | None]] = [(true, found.get(at)) for at, true in enumerate(wanted)]
    return [*pairs, *((None, row) for row in left)]


def _alike(true: TrueRow, row: Row) -> float:
    """How alike the names are, of 100; of equal ones that in the same panel comes first."""
    name = fuzz.ratio(_plain(true.name), _plain(row.test))
    return name + (0.5 if _plain(true.panel or "") == _plain(row.panel or "") else 0)


def _true_fields(true: TrueRow | None) -> dict[str, Any]:
    if true is None:
        return {}
    comparator = _COMPARATOR.match(true.value_printed)
    value: Any = (comparator[1] if comparator else "", true.value) if true.value is not None else true.value_printed
    return {
        "panel": true.panel or None,
        "test": true.name,
        "value": value,
        "unit": true.unit or None,
        "ref_low": true.ref_low,
        "ref_high": true.ref_high,
        "flag": printed_flag(true.flag) if true.flag else None,
    }


def _fields(row: Row | None) -> dict[str, Any]:
    if row is None:
        return {}
    limits = row.reference.limits if row.reference else None
    number = row.number
    return {
        "panel": row.panel,
        "test": row.test,
        "value": (row.comparator or "", number) if number is not None else row.text,
        "unit": row.unit,
        "ref_low": Decimal(limits.low) if limits and limits.low is not None else None,
        "ref_high": Decimal(limits.high) if limits and limits.high is not None else None,
        "flag": row.flag,
    }


def _same(name: str, want: Any, have: Any) -> bool:
    if want is None or have is None:
        return want is have
    if name == "unit":
        return same_unit(want, have)
    if isinstance(want, str) and isinstance(have, str):
        return _plain(want) == _plain(have)
    if isinstance(want, tuple) and isinstance(have, tuple):
        signs = {"≤": "<=", "≥": ">="}
        return bool(signs.get(want[0], want[0]) == have[0] and want[1] == have[1])
    return bool(want == have)


def _is_number(name: str, value: Any) -> bool:
    return isinstance(value, tuple if name == "value" else Decimal)


def _shown(value: Any) -> str | None:
    return None if value is None else f"{value[0]}{value[1]}" if isinstance(value, tuple) else str(value)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
