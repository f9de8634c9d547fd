"""Words that decide what a number beside them means."""

from __future__ import annotations

from typing import Final

#: A number before these counts time.
TIMES: Final = frozenset(
    "second seconds minute minutes hour hours day days night nights week weeks month months year years".split()
)
#: "One" before these is a number; before anything else it is mostly a pronoun.
COUNTED: Final = frozenset(
    """
    minute hour week month year o'clock tablet tab capsule pill puff drop spray ampoule ampule vial patch sachet lozenge
    suppository teaspoon tablespoon pack spoonful
    """.split()
)
#: After these a number is a name: "type one", "day two".
LABELS: Final = frozenset("type day grade stage class phase category level dose cycle visit para gravida ecog".split())
#: What may follow a sentence part that is complete.
FUNCTION_WORDS: Final = frozenset(
    """
    a about after although and as at because before but by due during for from has have he her his i if in into is it of
    on or patient she showed since so that the then there they this to today tonight until was we were when where which
    while who with without yesterday
    """.split()
)
