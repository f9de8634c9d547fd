"""A prompt that is longer than a model takes: the numbers, and how many of its pictures or lines would fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from pipelines.errors import BadInput
from pipelines.models.generator import Ask, Generation

A = TypeVar("A")

_REMEDY: Final = "give less text or fewer pictures"


class TooLong(BadInput):
    """An ask and its answer do not fit into a model's context. Raised before any picture is opened.

    Args:
        engine: as it is named to the user.
        ask: what does not fit.
        prompt_tokens: of the whole prompt.
        image_tokens: those of them that stand for pictures.
        output_tokens: that are kept for the answer.
        context_tokens: prompt and output together.
        about: whether ``prompt_tokens`` is an estimate.
        remedy: what to do besides giving less.
    """

    def __init__(
        self,
        engine: str,
        ask: Ask,
        prompt_tokens: int,
        image_tokens: int,
        output_tokens: int,
        context_tokens: int,
        *,
        about: bool = False,
        remedy: str | None = None,
    ) -> None:
        super().__init__(
            "request",
            f"is too long for {engine}: {'about ' if about else ''}{prompt_tokens} tokens ({image_tokens} of them for"
            f" {len(ask.frames)} pictures) and {output_tokens} for the output, of {context_tokens} together",
            f"{_REMEDY}, or {remedy}" if remedy else _REMEDY,
        )
        self.pictures = len(ask.frames)
        words = prompt_tokens - image_tokens
        each = image_tokens / self.pictures if self.pictures else 0.0
        room = context_tokens - output_tokens - words
        #: So many of its pictures fit with all of its text, 0 where the text alone is too long. Labels of single
        #: pictures leave with them, so it may be a few less than could be.
        self.pictures_that_fit = min(self.pictures, max(0, int(room / each))) if each else 0
        #: So much of its text fits with all of its pictures, from 0 to 1.
        self.share_that_fits = min(1.0, max(0.0, (room - image_tokens) / words + 1)) if words else 0.0


def within(
    count: int, make: Callable[[Sequence[int]], Ask], generate: Callable[[Ask], Generation]
) -> tuple[tuple[int, ...], Generation]:
    """Ask about all of a row of pictures, or, where they are too many, about as many as fit, evenly spread.

    For tasks alone whose pictures are samples of one thing, as slices are. Whoever asks says in the result what was
    left out.

    Args:
        count: of the row.
        make: the ask about the pictures at these places, in order.
        generate: raises `TooLong`.

    Returns:
        The places that were shown, and what came.

    Raises:
        TooLong: the text alone is too long.
    """
    places = tuple(range(count))
    while True:
        try:
            return places, generate(make(places))
        except TooLong as problem:
            fitting = min(problem.pictures_that_fit, len(places) - 1)
            if fitting < 1:
                raise
            places = evenly(count, fitting)


def as_many(count: int, ask: Callable[[int], A]) -> tuple[int, A]:
    """Ask with all of some lines, or, where they are too long, with as many of the first of them as fit.

    Whoever asks puts what matters most first, and says in the result what was left out.

    Args:
        count: of the lines.
        ask: asks with so many of them; raises `TooLong`.

    Returns:
        How many were shown, and what came.

    Raises:
        TooLong: not even one line fits.
    """
    shown = count
    while True:
        try:
            return shown, ask(shown)
        except TooLong as problem:
            # Lines differ in length, and what stands around them cannot be cut: always a good deal less.
            fitting = min(int(shown * problem.share_that_fits * 0.95), shown - 1)
            if fitting < 1 and shown <= 1:
                raise
            shown = max(1, fitting)


def evenly(count: int, most: int) -> tuple[int, ...]:
    """At most ``most`` of ``count`` places, evenly spread, the first and the last among them where there are two."""
    if most >= count:
        return tuple(range(count))
    if most == 1:
        return (count // 2,)
    return tuple(round(place * (count - 1) / (most - 1)) for place in range(most))
