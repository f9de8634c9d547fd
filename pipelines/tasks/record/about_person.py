"""Questions about the patient's person, relatives, and who and what belongs to the patient's care."""

from __future__ import annotations

import re
from typing import Final

from pipelines.evidence.records.resource import Element, items
from pipelines.tasks.record import grammar, meaning
from pipelines.tasks.record.asked import Asked
from pipelines.tasks.record.family import family_answer
from pipelines.tasks.record.person import person_answer
from pipelines.tasks.record.sentences import Answer, absent, looked_up, plain_day

#: "The daughter wants to know": asked by her, not after her.
_ONLY_ASKS: Final = re.compile(
    rf"\b(?:{'|'.join(sorted(meaning.KIN))}) (?:\w+ ){{0,2}}?(?:ask|asks|asking|asked|wants?|wonders?|wondering)\b"
)
_HISTORY: Final = ("medical history", "family history", "history", "run", "runs", "diagnosed", "ever")


def about_family(asked: Asked) -> list[Answer] | None:
    """Conditions of relatives."""
    words = asked.words
    kin = [word for word in words.all if word in meaning.KIN]
    if not words.take(*meaning.KIN) or _ONLY_ASKS.search(" ".join(words.all)):
        return None
    history = words.take(*_HISTORY)
    wanted = words.take_terms("condition")
    words.take(*grammar.CONDITION, *grammar.ONSET)
    phrase = words.rest(meaning.FILLER)
    if asked.period or len(phrase) > 3 or (phrase and wanted) or not (history or wanted or phrase):
        return None
    if not wanted and not history and not asked.yes_no:
        return None
    return [family_answer(asked.record, kin, wanted, phrase)]


def about_person(asked: Asked) -> list[Answer] | None:
    words = asked.words
    fields = [field for field, spoken in grammar.PERSON.items() if words.take(*spoken)]
    if "number" in words.all and words.take("ring", "call", "dial", "reach", "contact") and "phone" not in fields:
        fields.append("phone")
    if asked.where and "birth" in fields:
        return None
    words.take(
        "whether",
        "plus",
        "where",
        "live",
        "lives",
        "reside",
        "resides",
        "call",
        "pass",
        "passed",
        "street",
        "number",
        "alive",
        "administrative",
        "status",
        "home",
        "reach",
        "contact",
        "patient",
        "day",
        "legal",
        "best",
        "resident",
    )
    if not fields or asked.left() or asked.period or "many" in words.all:
        return None
    if "age" in fields and "birth" in fields:
        fields.remove("birth")
    if "name" in fields and len(fields) > 1 and "provider" in fields:
        fields.remove("name")
    return [person_answer(asked.record, fields, asked.today)]


def about_care(asked: Asked) -> list[Answer] | None:
    """Care teams, care plans and goals, those that are active unless others are asked for."""
    words = asked.words
    kinds = [kind for kind, spoken in grammar.CARE.items() if words.take(*spoken)]
    past = words.take(*grammar.PAST)
    words.take(*grammar.ACTIVE, *grammar.ALL, "who", "members", "treatment")
    if len(kinds) != 1 or asked.left() or asked.period:
        return None
    return [_care(asked, kinds[0], past)]


_NOUNS: Final = {"CareTeam": "Care team", "CarePlan": "Care plan", "Goal": "Goal"}


def _care(asked: Asked, kind: str, past: bool) -> Answer:
    record, noun = asked.record, _NOUNS[kind]
    statements, names = [], []
    for resource in record.of_type(kind):
        status = resource.element("status", "lifecycleStatus")
        going_on = status is None or status.value in {"active", "accepted", "in-progress"}
        if going_on is past:
            continue
        named: list[Element | None] = [
            resource.element("name", "title", "description.text"),
            resource.name("category[0]"),
        ]
        if kind == "CareTeam":
            members = range(len(items(resource.raw.get("participant"))))
            named = [resource.element(f"participant[{n}].member.display") for n in members]
        shown = [each for each in named if each]
        shown = shown if kind == "CareTeam" else shown[:1]
        since = resource.element("period.start", "startDate")
        if not shown:
            continue
        dated = f", since {plain_day(since)}" if since else ""
        text = f"{noun}: {', '.join(map(str, shown))}{f', {status}' if status else ''}{dated}."
        statements.append(looked_up(record, text, (*shown, status, since)))
        names += [each.value for each in shown]
    label = f"{noun.lower()}s"
    if not statements:
        return absent(record, f"{noun}s: none recorded in this record.", label, label)
    about = {"question_kind": label.replace(" ", "-"), "found": True, "looked_for": label}
    return Answer(tuple(statements), about | {"names": list(dict.fromkeys(names)), "count": len(statements)})
