"""Constrained choices as JSON: an object with one property for each slot, which is one of the slot's options."""

from __future__ import annotations

import json
from typing import Any, Final

from pipelines.models.choices import lines_of, require_lines
from pipelines.models.generator import Slot

#: Of a name of a property: a lead may be a whole sentence.
_LONGEST_NAME: Final = 60


class JsonChoices:
    """The choices of some slots.

    Raises:
        UsageProblem: there are none, or an option is more than one line.
    """

    def __init__(self, slots: tuple[Slot, ...]) -> None:
        require_lines(slots)
        self._slots = slots
        self._names = _names(slots)

    @property
    def schema(self) -> dict[str, Any]:
        options = [list(dict.fromkeys(slot.options)) for slot in self._slots]
        return {
            "type": "object",
            "properties": {name: {"type": "string", "enum": of} for name, of in zip(self._names, options, strict=True)},
            "required": list(self._names),
            "additionalProperties": False,
        }

    @property
    def most_tokens(self) -> int:
        """No tokenizer makes more of the longest choices, with as much white space again."""
        longest = [max(slot.options, key=len) for slot in self._slots]
        return 2 * len(json.dumps(dict(zip(self._names, longest, strict=True))).encode()) + 64

    def chosen(self, text: str) -> tuple[str, ...] | None:
        """One option of each slot; None where the text does not say that."""
        said = read_object(text)
        if said is None or set(said) != set(self._names):
            return None
        chosen = tuple(said[name] for name in self._names)
        fits = all(option in slot.options for option, slot in zip(chosen, self._slots, strict=True))
        return chosen if fits else None

    def lines(self, chosen: tuple[str, ...]) -> str:
        """The chosen options behind their leads, as text."""
        return lines_of(self._slots, chosen)


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object that a text is, if it is one."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def keeps_to(text: str, schema: dict[str, Any], whole: bool) -> bool:
    """Whether a text is an object with the properties of a schema in their order, as far as its top level goes.

    Args:
        whole: else only its beginning was written.
    """
    if not whole:
        return not text or text.startswith("{")
    said = read_object(text)
    if said is None:
        return False
    known = list(schema.get("properties", {}))
    if not known:
        return True
    ordered = [name for name in known if name in said]
    return [name for name in said if name in known] == ordered and set(schema.get("required", ())) <= set(said)


def _names(slots: tuple[Slot, ...]) -> tuple[str, ...]:
    """What each choice is about: its lead, as far as there is one and no other has it."""
    names: list[str] = []
    for slot in slots:
        lead = " ".join(slot.lead.split()).rstrip(":=- ")[:_LONGEST_NAME] or "choice"
        name, number = lead, 2
        while name in names:
            name, number = f"{lead} {number}", number + 1
        names.append(name)
    return tuple(names)
