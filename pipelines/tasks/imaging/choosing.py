"""Which of several volumes is meant: the user's number, his words, or the only one that fits the task best."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from pipelines.evidence.volumes.volume import About, Plane

_NUMBERED: Final = re.compile(r"\bseries (?:number |no\.? ?)?(\d{1,4})\b", re.I)
_WORD: Final = re.compile(r"[a-z]+\d*|\d+", re.I)
#: Said of a series and of nothing else in a question: what is measured, when, in which plane, in which window. "Space"
#: is a sequence too, but more often a place.
_TELLING: Final = frozenset(
    "t1 t2 t2star flair stir dwi adc swi gre tof mra mrv pd mprage vibe perfusion diffusion localizer"
    " arterial venous portal delayed nonenhanced native plain contrast precontrast postcontrast angio"
    " axial coronal sagittal bone lung soft thin".split()
)
_SAME: Final = {"native": "plain", "nonenhanced": "plain", "tra": "axial", "ax": "axial", "cor": "coronal"} | {
    "sag": "sagittal",
    "fse": "t2",
    "dixon": "vibe",
    "ven": "venous",
    "art": "arterial",
    "post": "postcontrast",
    "pre": "precontrast",
}
_FEWEST_SLICES: Final = 5


class Choice(NamedTuple):
    """``place`` in the row of volumes, None where a person has to say; ``why`` one was taken, as a whole sentence."""

    place: int | None
    why: str | None = None


def choose(abouts: Sequence[About], question: str, given: int | None) -> Choice:
    """The volume that is meant.

    Args:
        abouts: of all volumes, in the order of their numbers.
        given: the number that the user chose, from 1.
    """
    if len(abouts) == 1:
        return Choice(0)
    if given is not None:
        there = 1 <= given <= len(abouts)
        return Choice(given - 1, _taken(abouts, given - 1, "as you chose")) if there else Choice(None)
    named = [int(number) for number in _NUMBERED.findall(question)]
    if len(named) == 1 and 1 <= named[0] <= len(abouts):
        return Choice(named[0] - 1, _taken(abouts, named[0] - 1, "the number that was asked for"))
    places = _by_words(abouts, question) or range(len(abouts))
    if len(places) == 1:
        return Choice(places[0], _taken(abouts, places[0], "the only one that fits the words"))
    real = [place for place in places if abouts[place].slices >= _FEWEST_SLICES]
    if len(real) == 1:
        return Choice(real[0], _taken(abouts, real[0], f"the only one of {_FEWEST_SLICES} slices or more"))
    axial = [place for place in real if abouts[place].plane == "axial"]
    if len(axial) == 1 and all(abouts[place].modality == "CT" for place in places):
        return Choice(axial[0], _taken(abouts, axial[0], "the only axial one"))
    return Choice(None)


def listed(abouts: Iterable[About]) -> str:
    """The volumes by number, as a person may choose among them."""
    return "; ".join(f"{number}: {described(about)}" for number, about in enumerate(abouts, 1))


def described(about: About) -> str:
    """A volume in a few words, its header's own name for it included: for the user, never for the model."""
    name = f" \u201c{about.description}\u201d" if about.description else ""
    plane: Plane | str = about.plane if about.plane != "unknown" else "unordered"
    modality = about.modality if about.modality != "unknown" else "volume"
    return f"{modality}{name}, {about.slices} {plane} slices of {about.columns} x {about.rows}"


def _taken(abouts: Sequence[About], place: int, reason: str) -> str:
    return f"Of {len(abouts)} volumes number {place + 1} was shown ({described(abouts[place])}): {reason}."


def _by_words(abouts: Sequence[About], question: str) -> list[int]:
    """Those whose plane or own name has most of the telling words of the question."""
    asked = _words(question) & _TELLING
    if not asked:
        return []
    scores = [len(asked & (_words(about.description or "") | {about.plane})) for about in abouts]
    most = max(scores)
    return [place for place, score in enumerate(scores) if score == most] if most else []


def _words(text: str) -> set[str]:
    words = {word.lower() for word in _WORD.findall(text)}
    return words | {_SAME[word] for word in words if word in _SAME}
