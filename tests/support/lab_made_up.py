"""Laboratory reports that nobody ever had: patients, laboratories and values are made up."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

#: By panel: test, unit, low, high, decimals; None where there is no limit on that side.
_TESTS: Final[dict[str, list[tuple[str, str, float | None, float | None, int]]]] = {
    "Basic Metabolic Panel": [
        ("Glucose", "mg/dL", 70, 99, 0),
        ("Urea Nitrogen (BUN)", "mg/dL", 7, 20, 0),
        ("Creatinine", "mg/dL", 0.6, 1.2, 2),
        ("Sodium", "mmol/L", 135, 145, 0),
        ("Potassium", "mmol/L", 3.5, 5.1, 1),
        ("Chloride", "mmol/L", 98, 107, 0),
        ("Carbon Dioxide", "mmol/L", 22, 29, 0),
        ("Calcium", "mg/dL", 8.6, 10.2, 1),
    ],
    "Complete Blood Count": [
        ("White Blood Cell Count", "10^3/uL", 4.0, 11.0, 1),
        ("Red Blood Cell Count", "10^6/uL", 4.2, 5.8, 2),
        ("Hemoglobin", "g/dL", 12.0, 16.0, 1),
        ("Hematocrit", "%", 36.0, 48.0, 1),
        ("MCV", "fL", 80, 100, 1),
        ("MCH", "pg", 27.0, 33.0, 1),
        ("MCHC", "g/dL", 32.0, 36.0, 1),
        ("Platelet Count", "10^3/uL", 150, 400, 0),
        ("Mean Platelet Volume", "fL", 7.5, 11.5, 1),
        ("Neutrophils, Absolute", "10^3/uL", 1.8, 7.7, 2),
    ],
    "Lipid Panel": [
        ("Cholesterol, Total", "mg/dL", None, 200, 0),
        ("Triglycerides", "mg/dL", None, 150, 0),
        ("HDL Cholesterol", "mg/dL", 40, None, 0),
        ("LDL Cholesterol (Calculated)", "mg/dL", None, 100, 0),
    ],
    "Liver Function Tests": [
        ("Alanine Aminotransferase (ALT)", "U/L", 7, 56, 0),
        ("Aspartate Aminotransferase (AST)", "U/L", 10, 40, 0),
        ("Alkaline Phosphatase", "U/L", 44, 147, 0),
        ("Bilirubin, Total", "mg/dL", 0.1, 1.2, 1),
        ("Albumin", "g/dL", 3.5, 5.0, 1),
        ("Total Protein", "g/dL", 6.0, 8.3, 1),
    ],
    "Thyroid Studies": [
        ("Thyroid Stimulating Hormone (TSH)", "mIU/L", 0.4, 4.0, 2),
        ("Free T4", "ng/dL", 0.8, 1.8, 2),
    ],
    "Inflammation": [("C-Reactive Protein", "mg/L", None, 5.0, 1), ("Ferritin", "ng/mL", 15, 150, 0)],
}
_TEXTS: Final = [
    ("Hepatitis B Surface Antigen", "Non-reactive", "Non-reactive"),
    ("HIV 1/2 Antibody", "Negative", "Negative"),
    ("Urine Nitrite", "Positive", "Negative"),
]
_FIRST: Final = "Amara Bengt Chiara Dilek Esteban Fatima Grete Hamid Ines Jorge Kofi Lena Maja Noor Otto".split()
_LAST: Final = (
    "Abara Brandvold Castellano Demir Eriksen Farouk Giordano Hollis Ivarsson Jensen Koroma Lindqvist".split()
)
_LABS: Final = [
    "Northfield Clinical Laboratory",
    "Harbour Diagnostics",
    "St. Brigid Hospital Pathology",
    "Alder Creek Medical Laboratories",
]


@dataclass
class Result:
    panel: str
    name: str
    printed: str
    value: float | None
    unit: str
    low: float | None
    high: float | None
    decimals: int = 0
    text_range: str | None = None
    flag: str | None = None
    previous: str = ""
    page: int = 1

    @property
    def range_text(self) -> str:
        if self.text_range is not None:
            return self.text_range
        low, high = self.limits
        if low and high:
            return f"{low}-{high}"
        return f"<{high}" if high else f">{low}" if low else ""

    @property
    def limits(self) -> tuple[str, str]:
        """Low and high as they are printed; nothing where there is no limit on that side."""
        low, high = ("" if limit is None else f"{limit:.{self.decimals}f}" for limit in (self.low, self.high))
        return low, high


@dataclass
class Report:
    name: str
    birth: str
    sex: str
    id: str
    collected: str
    laboratory: str
    results: list[Result]
    pages: int = 1

    def truth(self) -> dict[str, Any]:
        return {
            "patient": {"name": self.name, "dob": self.birth, "sex": self.sex, "id": self.id},
            "collected": self.collected,
            "laboratory": self.laboratory,
            "results": [
                {
                    "panel": r.panel, "name": r.name, "code": None, "value": r.value, "value_printed": r.printed,
                    "unit": r.unit or None, "ref_low": r.low, "ref_high": r.high, "flag": r.flag, "page": r.page,
                }
                for r in self.results
            ],
            "pages": self.pages,
            "images_show_page": 1,
        }  # fmt: skip


def made_up(seed: int, panels: int = 3) -> Report:
    """A report with values mostly within their ranges."""
    rng = random.Random(seed)
    results: list[Result] = []
    for panel in rng.sample(sorted(_TESTS), panels):
        for name, unit, low, high, decimals in _TESTS[panel]:
            value = _value(rng, low, high)
            printed = f"{value:.{decimals}f}"
            flag = None
            if rng.random() < 0.05 and low is None:
                printed = f"<{printed}"
            number = float(printed.lstrip("<>"))
            if low is not None and number < low:
                flag = "L"
            if high is not None and number > high and not printed.startswith("<"):
                flag = "H"
            previous = f"{_value(rng, low, high):.{decimals}f}"
            results.append(Result(panel, name, printed, number, unit, low, high, decimals, None, flag, previous))
    for name, text, normal in rng.sample(_TEXTS, 2):
        flag = None if text == normal else "A"
        results.append(Result("Serology", name, text, None, "", None, None, 0, normal, flag, normal))
    return Report(
        name=f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
        birth=f"{rng.randint(1935, 1999)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        sex=rng.choice(["female", "male"]),
        id=f"{rng.randint(10**6, 10**7 - 1)}",
        collected=f"{rng.randint(2019, 2025)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
        laboratory=rng.choice(_LABS),
        results=results,
    )


def _value(rng: random.Random, low: float | None, high: float | None) -> float:
    bottom = low if low is not None else (high or 1) * 0.3
    top = high if high is not None else bottom * 2
    width = top - bottom
    return max(0.01, rng.uniform(bottom - 0.25 * width, top + 0.25 * width))
