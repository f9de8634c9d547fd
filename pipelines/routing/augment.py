"""More training requests from one: said differently, with other attachments, or with the needed one missing."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from pipelines.records import Kind, TaskName
from pipelines.routing.cues import named
from pipelines.routing.fit import NEEDS, is_possible
from pipelines.routing.frames import Frames, is_wish
from pipelines.routing.lexicon import FUNCTION
from pipelines.routing.utterance import UNCLEAR, Utterance

#: What a row counts for, a variant of it, and a wish in a frame (chosen on held-out authors and frames).
AS_WRITTEN, _VARIANT, _IN_FRAME = 2.0, 0.2, 0.12

_FILLERS: Final = ("um", "uh", "er", "so", "okay", "right", "well", "please", "hi", "now", "and", "hm", "yeah")
_SMALL: Final = frozenset({"the", "a", "an", "of", "to", "for", "please", "me", "on", "in", "it", "this"})
#: Fewer words than these may be about whatever is attached.
_TELLING: Final = 6
_CONFUSIONS: Final = (
    ("x-ray", "x ray"),
    ("x ray", "ex ray"),
    ("x-ray", "xray"),
    ("CT", "see tee"),
    ("CT", "c t"),
    ("MRI", "m r i"),
    ("MRI", "em are eye"),
    ("chest", "chess"),
    ("film", "filum"),
    ("effusion", "a fusion"),
    ("pneumothorax", "new mow thorax"),
    ("pneumonia", "new monia"),
    ("compare", "come pair"),
    ("slide", "side"),
    ("record", "recorder"),
    ("lesion", "legion"),
    ("tube", "two"),
    ("where", "wear"),
    ("two", "to"),
    ("carina", "careena"),
    ("summary", "some mary"),
    ("summarise", "some a rise"),
    ("creatinine", "create a nine"),
    ("potassium", "pot ass ium"),
    ("haemoglobin", "he mo globin"),
    ("fundus", "fun dis"),
    ("radiograph", "radio graph"),
    ("outline", "out line"),
    ("label", "table"),
)


def spoken(text: str, rng: random.Random) -> str:
    """The same words as another recogniser or speaker might give them."""
    if rng.random() < 0.5:
        text = re.sub(r"[?.,!;:]", "", text).lower()
    if rng.random() < 0.25:
        for right, heard in rng.sample(_CONFUSIONS, len(_CONFUSIONS)):
            if right in text and rng.random() < 0.7:
                text = text.replace(right, heard)
                break
    words = text.split()
    if words and rng.random() < 0.35:
        words.insert(0 if rng.random() < 0.7 else rng.randrange(len(words) + 1), rng.choice(_FILLERS))
    if len(words) > 4 and rng.random() < 0.3:
        words = [word for word in words if word.lower() not in _SMALL or rng.random() < 0.6]
    if len(words) > 4 and rng.random() < 0.2:
        at = rng.randrange(len(words))
        words[at] = _slip(words[at], rng)
    return " ".join(words)


def _slip(word: str, rng: random.Random) -> str:
    """One letter lost, or the word split, as recognisers do."""
    if len(word) < 5:
        return word
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1 :] if rng.random() < 0.5 else f"{word[:at]} {word[at:]}"


def without_what_is_needed(one: Utterance, rng: random.Random) -> Utterance | None:
    """The same words without the thing they are about: unclear (rule 9)."""
    if one.task not in set(TaskName) or TaskName(one.task) not in NEEDS:
        return None
    task = TaskName(one.task)
    fitting, _ = NEEDS[task]
    rest = tuple(kind for kind in one.attachments if kind not in fitting)
    if task in (TaskName.RECORD_QUESTION, TaskName.RECORD_SUMMARY) and rest:
        return None
    if task is TaskName.CHEST_XRAY_COMPARISON and rng.random() < 0.5:
        rest = (*rest, next(kind for kind in one.attachments if kind in fitting))
        if not re.search(r"compar|previous|prior|both|two|chang|last|yesterday|films|rays", one.text.lower()):
            return None
    if not rest and rng.random() < 0.5:
        other = rng.choice(tuple(_contradicting(task, named(one.text.lower()))) or (None,))
        rest = () if other is None else (other,)
    return replace(one, attachments=rest, task=UNCLEAR)


def _contradicting(task: TaskName, names: Sequence[str]) -> Iterator[Kind]:
    """Kinds that cannot be what the words are about."""
    if task in (TaskName.RECORD_QUESTION, TaskName.RECORD_SUMMARY):
        if "fhir-record" in names:
            yield from (Kind.CHEST_XRAY, Kind.CT_SERIES, Kind.MR_SERIES, Kind.WHOLE_SLIDE, Kind.DERMATOLOGY)
        return
    if task is TaskName.LAB_REPORT:
        yield from (Kind.CHEST_XRAY, Kind.CT_SERIES, Kind.DERMATOLOGY, Kind.MR_SERIES, Kind.FUNDUS, Kind.WHOLE_SLIDE)
        return
    yield Kind.LAB_REPORT
    said = {
        TaskName.CHEST_XRAY_REPORT: "film",
        TaskName.CHEST_XRAY_COMPARISON: "film",
        TaskName.ANATOMY_LOCALIZATION: "film",
        TaskName.CT_VOLUME: "ct-series",
        TaskName.MRI_VOLUME: "mr-series",
        TaskName.SLIDE_REVIEW: "whole-slide",
    }.get(task)
    if said in names:
        for kind in (Kind.FHIR_RECORD, Kind.CT_SERIES, Kind.MR_SERIES, Kind.WHOLE_SLIDE, Kind.FUNDUS, Kind.DERMATOLOGY):
            if not is_possible(task, (kind,)):
                yield kind


def filed_with(one: Utterance, rng: random.Random) -> Utterance | None:
    """A dictation stays one whatever is attached (rule 2)."""
    if one.task != TaskName.DICTATION_NOTE or len(one.text.split()) < _TELLING:
        return None
    return replace(one, attachments=rng.choice(_PLACES))


_AND: Final = (
    "and",
    "and",
    "and also",
    "plus",
    "also",
    ", and",
    "as well as",
    "and i need",
    "and tell me",
    ". And",
    "&",
)
_ORDERED: Final = (
    "first {0}, then {1}",
    "{0} first and then {1}",
    "{0}, {1} can wait",
    "before {1}, {0}",
    "start with {0}, after that {1}",
    "{0}. later {1}",
    "{1} later on but first {0}",
    "most urgent is {0}, afterwards {1}",
    "{0} now, then {1}",
)
_LONGEST: Final = 16


def joined(one: Utterance, other: Utterance, rng: random.Random) -> Utterance | None:
    """Two wishes in one breath: unclear unless they are one task or an order is stated (rule 8)."""
    tasks = {one.task, other.task}
    if UNCLEAR in tasks or TaskName.DICTATION_NOTE in tasks or one.text == other.text:
        return None
    if max(len(one.text.split()), len(other.text.split())) > _LONGEST or not one.text or not other.text:
        return None
    first, second = (re.sub(r"[?.!]+$", "", x.text).strip() for x in (one, other))
    second = second[:1].lower() + second[1:]
    both = _union(one.attachments, other.attachments)
    if len(tasks) == 1:
        if one.attachments != other.attachments or one.task == TaskName.IMAGE_QUESTION:
            return None
        return replace(one, text=f"{first} {rng.choice(_AND)} {second}")
    if rng.random() < 0.6:
        return replace(one, text=f"{first} {rng.choice(_AND)} {second}", attachments=both, task=UNCLEAR)
    if both != one.attachments and set(other.attachments) - {Kind.FHIR_RECORD, Kind.LAB_REPORT}:
        own = {kind.value for kind in one.attachments} | {"film"}
        if not own & set(named(one.text.lower())):
            return None
    first = first[:1].lower() + first[1:]
    return replace(one, text=rng.choice(_ORDERED).format(first, second), attachments=both)


def _union(one: tuple[Kind, ...], other: tuple[Kind, ...]) -> tuple[Kind, ...]:
    return (*one, *(kind for kind in other if kind not in one))


_ORDER: Final = re.compile(
    r"\b(?:order|book|call|phone|ring|page|bleep|text|email|send|play|remind|schedule|print|turn|reset|prescribe|taxi|"
    r"weather|lunch|music|translate)\b"
)


def elsewhere(one: Utterance, rng: random.Random) -> Utterance | None:
    """An order or a noise stays unclear whatever is attached."""
    words = re.sub(r"[^a-z' ]", "", one.text.lower()).split()
    order = _ORDER.search(one.text.lower()) and not set(named(one.text.lower())) - {"fhir-record", "document"}
    if one.task != UNCLEAR or not (order or all(word in FUNCTION for word in words)):
        return None
    return replace(one, attachments=rng.choice(_PLACES))


_PLACES: Final = (*((kind,) for kind in Kind), (), (Kind.CHEST_XRAY, Kind.CHEST_XRAY))


def augmented(rows: Sequence[Utterance], frames: Frames, seed: int = 7) -> Iterator[tuple[Utterance, float]]:
    """Every row, and its variants, and what each counts for.

    Two wishes are joined within one author and specialty only, so that either can be held out.
    """
    peers: dict[tuple[str, str], list[Utterance]] = defaultdict(list)
    for one in rows:
        peers[one.author, one.specialty].append(one)
    seen: set[Utterance] = set()
    for one in dict.fromkeys(rows):
        seen.add(one)
        yield one, AS_WRITTEN
    for one in rows:
        rng = random.Random(f"{seed} {one.text} {one.attachments}")
        for variant, importance in _variants(one, peers[one.author, one.specialty], frames, rng):
            said = replace(variant, text=spoken(variant.text, rng))
            if said not in seen:
                seen.add(said)
                yield said, importance


#: How many frames are tried around each wish (chosen on held-out frames).
_FRAMED: Final = 2
_OVERHEARD: Final = 0.04


def framed(one: Utterance, peers: Sequence[Utterance], frames: Frames, rng: random.Random) -> Iterator[Utterance]:
    """The wish with what people say around it; now and then talk that is not meant for the assistant."""
    if not is_wish(one):
        return
    others = [peer for peer in peers if is_wish(peer)]
    for _ in range(_FRAMED):
        made = frames.around(one, others, rng)
        if made is not None:
            yield made.utterance
    if rng.random() < _OVERHEARD:
        yield frames.overheard(one, rng).utterance


def _variants(
    one: Utterance, peers: Sequence[Utterance], frames: Frames, rng: random.Random
) -> Iterator[tuple[Utterance, float]]:
    yield one, _VARIANT
    for made in framed(one, peers, frames, rng):
        yield made, _IN_FRAME
    for share, other in (
        (0.35, without_what_is_needed(one, rng)),
        (0.6, elsewhere(one, rng)),
        (0.8, filed_with(one, rng)),
        (0.5, joined(one, rng.choice(peers), rng)),
    ):
        if other is not None and rng.random() < share:
            yield other, _VARIANT
