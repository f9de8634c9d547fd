"""What the record holds of the patient's relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipelines.evidence.records.record import Record
from pipelines.evidence.records.resource import Element, items
from pipelines.tasks.record.sentences import Answer, absent, looked_up, not_recorded
from pipelines.tasks.record.words import Term, same_words, tokens

#: Relatives by the words for them, and the words that a recorded relationship holds.
_RELATION: Final = {
    "mother": "mother", "mom": "mother", "mum": "mother", "father": "father", "dad": "father", "brother": "brother",
    "sister": "sister", "son": "son", "daughter": "daughter", "wife": "wife", "husband": "husband", "aunt": "aunt",
    "uncle": "uncle", "cousin": "cousin", "grandmother": "grandmother", "grandfather": "grandfather",
}  # fmt: skip


def family_answer(record: Record, kin: Sequence[str], wanted: Sequence[Term], phrase: Sequence[str]) -> Answer:
    """The conditions of the relatives asked after (all of them where only the family is), or of those of a name."""
    entries = [
        (relation, name)
        for resource in record.of_type("FamilyMemberHistory")
        if (relation := resource.name("relationship")) is not None
        for n in range(len(items(resource.raw.get("condition"))))
        if (name := resource.name(f"condition[{n}].code")) is not None
    ]
    if not entries:
        return absent(record, "Family history: none recorded in this record.", "family-history", "family history")
    who = {_RELATION[word] for word in kin if word in _RELATION}
    found = [
        (relation, name)
        for relation, name in entries
        if (not who or who & set(tokens(relation.value))) and _means(name, wanted, phrase)
    ]
    if not found:
        what = " and ".join(term.name for term in wanted) or " ".join(phrase)
        looked_for = " ".join(filter(None, (what, f"({', '.join(sorted(who))})" if who else ""))) or "relatives"
        cited = [each for entry in entries for each in entry]
        return not_recorded(record, "family history of {}", looked_for, "family-history", cited=cited)
    return Answer(
        tuple(looked_up(record, f"Family history: {relation}, {name}.", (relation, name)) for relation, name in found),
        {
            "question_kind": "family-history",
            "found": True,
            "affirmed": True,
            "names": list(dict.fromkeys(name.value for _, name in found)),
            "entries": [{"relation": relation.value, "condition": name.value} for relation, name in found],
        },
    )


def _means(name: Element, wanted: Sequence[Term], phrase: Sequence[str]) -> bool:
    if not wanted and not phrase:
        return True
    looked = [list(words) for term in wanted for words in term.named] or [list(phrase)]
    return any(same_words(words, tokens(name.value)) for words in looked)
