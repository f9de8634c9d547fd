"""What a model said of pictures, held against its own answer and against the pictures that it was shown. Whether it is
so cannot be told from pictures by rule; that stays `not-checkable`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pipelines.checks.generated import check as check_generated
from pipelines.evidence.frames import Frame
from pipelines.ports import Store
from pipelines.records import Check, ImageCitation, Result, Statement

_ESCAPED: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_BLANKS: Final = "nrtbf"
#: In names of keys, as in box_2d, are none.
_NUMBER: Final = re.compile(r"(?<![\w.])[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?!\w)")


def check(result: Result, store: Store) -> tuple[Check, ...]:
    """The checks of all statements, in their order.

    * aspect ``as-generated``: its words stand in the answer, after those of the statement before it; of a statement
      about a box its label and its four numbers do.
    * aspect ``shown``: the pictures that it cites are those that were shown, and still there; of a sentence that names
      slices, patches or images by numbers, just those. One that names a number which was not shown is ``unsupported``.
    * aspect ``box``, of a statement about one: it lies in the picture where the four numbers of the answer put it.
    * aspect ``content``: ``not-checkable``.
    """
    frames = [Frame.model_validate(frame) for frame in result.data["frames"]]
    sheet = str(result.data["contact_sheet"])
    boxes: dict[int, Mapping[str, Any]] = {box["statement"]: box for box in result.data.get("boxes", ())}
    answer = str(result.data["answer"])
    sentences = [index for index in range(len(result.statements)) if index not in boxes]
    said = check_generated([result.statements[index] for index in sentences], answer, store)
    words = {sentences[each.statement]: each for each in said if each.aspect == "as-generated"}
    checks: list[Check] = []
    for index, statement in enumerate(result.statements):
        if index in boxes:
            checks += _box_checks(index, statement, boxes[index], frames, answer)
        else:
            checks.append(words[index].model_copy(update={"statement": index}))
        checks.append(_shown(index, statement, frames, sheet, store, named=index not in boxes))
        checks.append(_verdict(index, statement, "not-checkable", "content"))
    return tuple(checks)


def _shown(
    index: int, statement: Statement, frames: Sequence[Frame], sheet: str, store: Store, *, named: bool
) -> Check:
    """``named`` is whether its words may name pictures by their numbers; the label of a box does not."""
    from pipelines.tasks.imaging.shown import numbers_in

    shown = {(frame.attachment, frame.sha256) for frame in frames}
    shown |= {(frame.attachment, sheet) for frame in frames}
    cited = [citation for citation in statement.citations if isinstance(citation, ImageCitation)]
    if not cited or any((one.attachment, one.frame) not in shown or not store.has(one.frame) for one in cited):
        return _verdict(index, statement, "contradicted", "shown")
    numbers = numbers_in(statement.text) if named else ()
    by_number = {frame.number if frame.number is not None else n: frame.sha256 for n, frame in enumerate(frames, 1)}
    if not by_number.keys() >= set(numbers):
        return _verdict(index, statement, "unsupported", "shown")
    sound = not numbers or {one.frame for one in cited} == {by_number[number] for number in numbers}
    return _verdict(index, statement, "supported" if sound else "contradicted", "shown")


def _box_checks(
    index: int, statement: Statement, box: Mapping[str, Any], frames: Sequence[Frame], answer: str
) -> Iterator[Check]:
    label = str(box["label"])
    as_generated = label in statement.text and _stands(label, answer) and _follow(box["box_2d"], answer)
    yield _verdict(index, statement, "supported" if as_generated else "contradicted", "as-generated")
    cited = next((one for one in statement.citations if isinstance(one, ImageCitation) and one.box is not None), None)
    frame = next((one for one in frames if cited is not None and one.sha256 == cited.frame), None)
    placed = cited is not None and frame is not None and list(cited.box or ()) == list(box["box"])
    sound = placed and frame is not None and _is_there(box["box"], box["box_2d"], frame)
    yield _verdict(index, statement, "supported" if sound else "contradicted", "box")


def _stands(label: str, answer: str) -> bool:
    """JSON may write letters as escapes, and hold more spaces than are shown. Backslashes that are letters themselves
    count for nothing: not all that write boxes double them."""
    plain = _ESCAPED.sub(_unescaped, answer).encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    said, shown = (" ".join(text.replace("\\", "").split()) for text in (plain, label))
    return shown in said


def _unescaped(found: re.Match[str]) -> str:
    if found[1]:
        return chr(int(found[1], 16))
    return " " if found[2] in _BLANKS else found[2]


def _follow(numbers: Sequence[float], answer: str) -> bool:
    """Whether they stand in the answer one after the other, with no other number between them."""
    said = [float(number) for number in _NUMBER.findall(answer)]
    return any(said[at : at + len(numbers)] == list(numbers) for at in range(len(said)))


def _is_there(box: Sequence[int], box_2d: Sequence[float], frame: Frame) -> bool:
    """By the rule of the prompt, independently of how the task reckons: thousandths of the padded square, whose side is
    the longer one of the picture, which is in its middle. Within a pixel of the picture or of the frame."""
    width, height = frame.source_width, frame.source_height
    side = max(width, height)
    tops, lefts = sorted((box_2d[0], box_2d[2])), sorted((box_2d[1], box_2d[3]))
    wanted = (
        min(max(lefts[0] * side / 1000 - (side - width) / 2, 0), width),
        min(max(tops[0] * side / 1000 - (side - height) / 2, 0), height),
        min(max(lefts[1] * side / 1000 - (side - width) / 2, 0), width),
        min(max(tops[1] * side / 1000 - (side - height) / 2, 0), height),
    )
    within = 0 <= box[0] < box[2] <= width and 0 <= box[1] < box[3] <= height
    allowed = 1 + side / frame.width
    return within and all(abs(one - other) <= allowed for one, other in zip(box, wanted, strict=True))


def _verdict(index: int, statement: Statement, verdict: str, aspect: str) -> Check:
    told = {"statement": index, "verdict": verdict, "aspect": aspect, "statement_text": statement.text}
    return Check.model_validate(told)
