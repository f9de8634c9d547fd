"""What people say around a wish, with slots for the wishes: order, no order, set aside, irrelevant, anecdote."""

from __future__ import annotations

import random
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pipelines.errors import BadInput
from pipelines.records import Kind, TaskName
from pipelines.routing.cues import named
from pipelines.routing.lexicon import SHAPES
from pipelines.routing.spans import Tag
from pipelines.routing.utterance import UNCLEAR, Utterance

_SLOT: Final = re.compile(r"\{(first|later|one|other|wish|aside|want)(_np|_ing)?\}")
_LONGEST: Final = 16
_LONGEST_NOUN: Final = 8

#: Which of these frames are tried, and how often, for a wish.
_CHOICE: Final = {"ordered": 9, "unordered": 4, "set_aside": 6, "asides": 4}
_CHOICE_GENERAL: Final = {"ordered": 5, "unordered": 3, "irrelevant": 10, "asides": 3}

#: What the words around the slots are, for each sort of frame. Anecdotes have no words of their own to be known by.
_AROUND: Final = {
    "ordered": Tag.AROUND,
    "unordered": Tag.AROUND,
    "asides": Tag.WISH,
    "set_aside": Tag.ASIDE,
    "irrelevant": Tag.ASIDE,
}
_FILMS: Final = frozenset({Kind.CHEST_XRAY, Kind.RADIOGRAPH})
_PHOTOGRAPHS: Final = frozenset({Kind.DERMATOLOGY, Kind.FUNDUS, Kind.HISTOPATHOLOGY_PATCH, Kind.RADIOGRAPH})

Piece = tuple[str, Tag]


@dataclass(frozen=True)
class Framed:
    """A request made from a frame, and what each piece of its text is."""

    utterance: Utterance
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Frames:
    """The frames of some groups, with the phrases and names of the same groups."""

    texts: Mapping[str, tuple[str, ...]]
    """Sort of frame -> frames."""
    phrases: Mapping[str, tuple[Utterance, ...]]
    """``_np`` or ``_ing`` -> wishes in that form."""
    names: Mapping[Kind, tuple[str, ...]]
    talk: tuple[str, ...]
    """Said to others, not to the assistant."""

    def around(self, wish: Utterance, peers: Sequence[Utterance], rng: random.Random) -> Framed | None:
        """The wish in a frame drawn by ``rng``, perhaps with one of its peers; None where they do not go together."""
        choice = _CHOICE_GENERAL if wish.task == TaskName.CLINICAL_QUESTION else _CHOICE
        sort = rng.choices(tuple(choice), tuple(choice.values()))[0]
        frame = rng.choice(self.texts[sort])
        if sort in ("ordered", "unordered"):
            return self._two(frame, sort, wish, peers, rng)
        if sort == "asides":
            return _filled(frame, {"wish": wish}, {}, sort, wish.attachments, wish.task)
        return self._one(frame, sort, wish, rng)

    def overheard(self, like: Utterance, rng: random.Random) -> Framed:
        """Talk to others beside the attachments of a request: unclear (rule 9)."""
        text = rng.choice(self.talk)
        return Framed(
            Utterance(text, like.attachments, UNCLEAR, like.author, like.specialty),
            ((text, Tag.WISH),),
        )

    def _two(
        self, frame: str, sort: str, wish: Utterance, peers: Sequence[Utterance], rng: random.Random
    ) -> Framed | None:
        slots = [(name, form) for name, form in _SLOT.findall(frame)]
        given = [wish, rng.choice(peers)]
        rng.shuffle(given)
        fillers = {
            name: one if _has_form(one, form) else rng.choice(self.phrases[form])
            for (name, form), one in zip(slots, given, strict=True)
        }
        main, other = (fillers[name] for name in (("first", "later") if sort == "ordered" else ("one", "other")))
        if main.task == other.task or main.text.lower() == other.text.lower():
            return None
        counts = Counter(main.attachments) | Counter(other.attachments)
        both = tuple(counts.elements())
        if sort == "unordered":
            return _filled(frame, fillers, {}, sort, both, UNCLEAR, wish)
        if any(counts[kind] != count for kind, count in Counter(main.attachments).items()):
            return None
        if not _tells(main, both):
            return None
        return _filled(frame, fillers, {}, sort, both, main.task, wish)

    def _one(self, frame: str, sort: str, wish: Utterance, rng: random.Random) -> Framed | None:
        said = set(named(wish.text.lower()))
        others = [kind for kind in self.names if kind not in wish.attachments and kind.value not in said]
        if sort == "set_aside" and (not wish.attachments or len(wish.attachments) > 1):
            return None
        kind = rng.choice(others)
        if sort == "set_aside" and _clash(wish.attachments[0], kind):
            return None
        names = {"aside": rng.choice(self.names[kind])}
        if "{want}" in frame:
            names["want"] = rng.choice(self.names.get(wish.attachments[0], ("picture",)))
        elif sort == "set_aside" and "{aside}" not in frame:
            return None
        return _filled(frame, {"wish": wish}, names, sort, (*wish.attachments, kind), wish.task)


def read_frames(file: Path, groups: Collection[str] = ("a", "b", "c")) -> Frames:
    """The frames of the groups.

    Raises:
        BadInput: the file is no file of frames.
    """
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        chosen = [content[group] for group in groups]
        return Frames(
            {sort: tuple(frame for group in chosen for frame in group[sort]) for sort in _AROUND},
            {
                form: tuple(
                    _phrase(task, text) for group in chosen for task, texts in group[form[1:]].items() for text in texts
                )
                for form in ("_np", "_ing")
            },
            {Kind(kind): tuple(n for group in chosen for n in group["names"][kind]) for kind in chosen[0]["names"]},
            tuple(text for group in chosen for text in group["talk"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(file.name, "holds no frames", "take the file that comes with the source") from error


def is_wish(row: Utterance) -> bool:
    """Whether it is one wish, short enough for a slot."""
    return (
        row.task not in (UNCLEAR, TaskName.DICTATION_NOTE)
        and len(set(row.attachments)) <= 1
        and 0 < len(row.text.split()) <= _LONGEST
    )


_ATTACHED: Final = {
    "clinical-question": (),
    "record-question": (Kind.FHIR_RECORD,),
    "record-summary": (Kind.FHIR_RECORD,),
    "lab-report": (Kind.LAB_REPORT,),
    "chest-xray-report": (Kind.CHEST_XRAY,),
    "chest-xray-comparison": (Kind.CHEST_XRAY, Kind.CHEST_XRAY),
    "anatomy-localization": (Kind.CHEST_XRAY,),
    "ct-volume": (Kind.CT_SERIES,),
    "mri-volume": (Kind.MR_SERIES,),
    "slide-review": (Kind.WHOLE_SLIDE,),
}


def _phrase(task: str, text: str) -> Utterance:
    """``task`` is a task's name, followed by the attachment's kind for image questions."""
    name, _, kind = task.partition(" ")
    return Utterance(text, (Kind(kind),) if kind else _ATTACHED[name], TaskName(name).value, "frames", "")


def _has_form(one: Utterance, form: str) -> bool:
    if form == "_ing":
        return False
    if not form:
        return True
    words = one.text.lower()
    shaped = any(SHAPES[shape].search(words) for shape in ("wh", "yes-no", "imperative", "please", "where"))
    return not shaped and len(words.split()) <= _LONGEST_NOUN and not re.search(r"[.?!,:].", words)


def _tells(one: Utterance, attached: Sequence[Kind]) -> bool:
    """Whether the wish itself says which attachment it is about, where others would fit as well."""
    rest = [kind for kind in attached if kind not in one.attachments]
    if not any(_fits_too(kind) for kind in rest) or not one.attachments:
        return True
    return bool({one.attachments[0].value, "film", "bone"} & set(named(one.text.lower())))


def _fits_too(kind: Kind) -> bool:
    return kind not in (Kind.FHIR_RECORD, Kind.LAB_REPORT)


def _clash(wanted: Kind, aside: Kind) -> bool:
    """Kinds whose names are so near that setting one aside says nothing."""
    pair = {wanted, aside}
    return pair <= _FILMS or pair <= {Kind.HISTOPATHOLOGY_PATCH, Kind.WHOLE_SLIDE}


def _filled(
    frame: str,
    fillers: Mapping[str, Utterance],
    names: Mapping[str, str],
    sort: str,
    attached: tuple[Kind, ...],
    task: str,
    owner: Utterance | None = None,
) -> Framed:
    pieces: list[Piece] = []
    at = 0
    for slot in _SLOT.finditer(frame):
        pieces.append((frame[at : slot.start()], _AROUND[sort]))
        at = slot.end()
        name = slot[1]
        if name in names:
            pieces.append((names[name], Tag.WISH if name == "want" else _AROUND[sort]))
            continue
        text, after = fillers[name].text.strip(), frame[at:]
        if re.match(r"\s+[a-z{]|\S", after):
            text = re.sub(r"[?.!]+$", "", text)
        elif after and text[-1:] not in ".?!":
            text += "."
        pieces.append((text, Tag.ASIDE if name == "later" else Tag.WISH))
    pieces.append((frame[at:], _AROUND[sort]))
    of = owner or next(iter(fillers.values()))
    kept = tuple((text, tag) for text, tag in pieces if text)
    whole = "".join(text for text, _ in kept)
    return Framed(Utterance(whole, attached, task, of.author, of.specialty), kept)
