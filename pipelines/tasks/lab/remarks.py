"""What stands in the columns of a table and is no result: sentences, labels, lines about the report itself."""

from __future__ import annotations

import re
from typing import Final

from pipelines.evidence.documents.header import is_label
from pipelines.tasks.lab.analytes import known_name
from pipelines.tasks.lab.flags import is_word
from pipelines.tasks.lab.found import Found
from pipelines.tasks.lab.numbers import DATE
from pipelines.tasks.lab.ranges import is_range
from pipelines.tasks.lab.titles import is_prose
from pipelines.tasks.lab.units import is_unit

_ALONE: Final = 4
"""Words: a result is shorter where nothing else stands in its row."""
_SENTENCE: Final = 7
"""Words: what is measured and what was found are fewer, unless the name is one that is known."""
_ADDRESS: Final = re.compile(r"@|\bwww\.|\.(?:org|com|net|edu|gov)\b", re.IGNORECASE)


def is_remark(found: Found, name: str, printed: str, *, worded: bool) -> bool:
    """Whether a row says something that is no result.

    Args:
        printed: what stands in the column of results.
        worded: whether that is no number.
    """
    alone = not {"unit", "reference", "flag", "low", "high"} & set(found.cells)
    if alone and ((worded and len(printed.split()) >= _ALONE) or (is_label(name) and ":" not in name)):
        return True
    if worded and not is_word(printed.rstrip(".")) and (printed.endswith(".") or _ADDRESS.search(printed)):
        return True
    if known_name(name) or is_unit(found.text("unit")) or is_range(found.text("reference")):
        return False
    words = 0 if is_word(printed) else len(name.split()) + (len(printed.split()) if worded else 0)
    return words >= _SENTENCE or is_prose(name) or DATE.search(name) is not None
