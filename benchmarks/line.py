"""The one line that every benchmark prints."""

from __future__ import annotations

import json
from typing import Any


def print_line(name: str, figures: dict[str, Any], ratio: float, goal: str, *, met: bool) -> None:
    """``ratio`` compares two figures of this same run; ``goal`` says what was asked for."""
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in figures.items()}
    print(json.dumps({"name": name, "figures": rounded, "ratio": round(ratio, 3), "goal": goal, "met": met}))
