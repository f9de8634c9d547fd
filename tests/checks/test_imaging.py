"""What is said of pictures, held against the answer and against what was shown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.checks.imaging import check
from pipelines.evidence.frames import Frame
from pipelines.records import ImageCitation, Result, Statement, Status
from pipelines.tasks.imaging.boxes import marks_in
from pipelines.text.answers import statements_of
from tests.support.pictures import PictureStore

ATTACHED = "a" * 64


class HoldingStore(PictureStore):
    def has(self, sha256: str) -> bool:
        return sha256 in self.held


STORE = HoldingStore()
FRAMES = [
    Frame(
        sha256=STORE.put(b"%d" % n), attachment=ATTACHED, width=400, height=400, source_width=400, source_height=200,
        left=0, top=100, steps=(), number=n, label=f"SLICE {n}",
    )
    for n in range(1, 4)
]  # fmt: skip
SHEET = STORE.put(b"sheet")
EVERYTHING = ImageCitation(attachment=ATTACHED, frame=SHEET)


def verdicts(*statements: Statement, answer: str | None = None, **data: Any) -> list[tuple[int, str, str]]:
    shown = {"frames": [frame.model_dump(mode="json") for frame in FRAMES], "contact_sheet": SHEET}
    said = " ".join(one.text for one in statements) if answer is None else answer
    result = Result(task=None, status=Status.DRAFT, statements=statements, data={"answer": said, **shown, **data})
    return [
        (each.statement, each.aspect, each.verdict) for each in check(result, STORE) if each.verdict != "not-checkable"
    ]


def said(text: str, *citations: ImageCitation) -> Statement:
    return Statement(text=text, origin="generated", citations=citations or (EVERYTHING,))


SUPPORTED = [(0, "as-generated", "supported"), (0, "shown", "supported")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Clear.", ()),
        ("Seen on slice 2.", (2,)),
        ("Seen on slices 1 to 3.", (1, 3)),
        ("In 12 of all slices.", ()),
        ("Slice thickness 5 mm.", ()),
        ("A patch 7 mm wide.", ()),
        ("A patch 7 x 9 cm, an image 80% black.", ()),
        ("Slices 2.5 mm apart, best seen on slice 2.", (2,)),
    ],
)
def test_what_was_said_of_what_was_shown(text: str, shown: tuple[int, ...]) -> None:
    cited = [ImageCitation(attachment=ATTACHED, frame=FRAMES[number - 1].sha256) for number in shown]
    assert verdicts(said(text, *cited)) == SUPPORTED


@pytest.mark.parametrize("number", [1, 3])
def test_a_citation_of_another_slice_than_the_named_one_is_our_fault(number: int) -> None:
    another = ImageCitation(attachment=ATTACHED, frame=FRAMES[number - 1].sha256)
    assert (0, "shown", "contradicted") in verdicts(said("Seen on slice 2.", another))
    assert (0, "shown", "contradicted") in verdicts(said("Seen on slice 2."))


@pytest.mark.parametrize(
    "text", ["Seen on slice 4.", "Slices 2-7 are clear.", "On image 12.", "In patches 1, 3 and 9."]
)
def test_a_picture_that_was_not_shown_supports_nothing(text: str) -> None:
    assert verdicts(said(text)) == [(0, "as-generated", "supported"), (0, "shown", "unsupported")]


@pytest.mark.parametrize(
    "citations",
    [
        (ImageCitation(attachment=ATTACHED, frame=STORE.put(b"another")),),
        (ImageCitation(attachment="b" * 64, frame=FRAMES[0].sha256),),
        (EVERYTHING, ImageCitation(attachment=ATTACHED, frame="c" * 64)),
    ],
)
def test_a_citation_of_what_was_not_shown_is_our_fault(citations: tuple[ImageCitation, ...]) -> None:
    assert (0, "shown", "contradicted") in verdicts(said("Clear.", *citations))


def test_a_statement_without_a_picture_is_our_fault() -> None:
    bare = Statement(text="Clear.", origin="generated")
    assert verdicts(bare) == [(0, "as-generated", "supported"), (0, "shown", "contradicted")]


def test_words_that_were_not_generated_are_our_fault() -> None:
    assert verdicts(said("Clear."), said("A nodule."), answer="A nodule. Clear.") == [
        *SUPPORTED,
        (1, "as-generated", "contradicted"),
        (1, "shown", "supported"),
    ]


#: Of a picture of 400 x 200 in a square of 400: rows 500 and 750 thousandths are 200 and 300 of the square.
BOX = (40, 100, 200, 200)
BOX_2D = [500.0, 100.0, 750.0, 500.0]
GENERATED = 'It is there. [{"box_2d": [500, 100, 750, 500], "label": "left\\u00a0lung \\"x\\""}]'


def boxed(
    box: tuple[int, int, int, int] = BOX,
    box_2d: list[float] = BOX_2D,
    label: str = 'left lung "x"',
    cited: tuple[int, int, int, int] | None = None,
    answer: str = GENERATED,
) -> list[tuple[int, str, str]]:
    citation = ImageCitation(attachment=ATTACHED, frame=FRAMES[1].sha256, box=cited or box)
    statements = (said("It is there."), said(f"{label}: approximate region.", citation))
    value = {"label": label, "box": list(box), "box_2d": box_2d, "statement": 1}
    return [one for one in verdicts(*statements, answer=answer, boxes=[value]) if one[0] == 1]


def test_a_box_as_it_was_generated() -> None:
    assert boxed() == [(1, "as-generated", "supported"), (1, "box", "supported"), (1, "shown", "supported")]
    assert boxed(box=(41, 101, 200, 199))[1] == (1, "box", "supported"), "a pixel is lost to rounding"


@pytest.mark.parametrize(
    ("changed", "aspect"),
    [
        ({"label": "right lung"}, "as-generated"),
        ({"box_2d": [500.0, 100.0, 750.0, 501.0]}, "as-generated"),
        ({"answer": 'It is there. "left lung \\"x\\"" 500 100 2 750 500'}, "as-generated"),
        ({"box": (40, 105, 200, 200)}, "box"),
        ({"box": (100, 40, 200, 200)}, "box"),
        ({"box": (40, 200, 200, 300)}, "box"),
        ({"box": (200, 100, 40, 200)}, "box"),
        ({"cited": (40, 100, 200, 201)}, "box"),
    ],
)
def test_any_other_box_is_our_fault(changed: dict[str, Any], aspect: str) -> None:
    assert (1, aspect, "contradicted") in boxed(**changed)


BOXES = (
    '{"box_2d": [300, 40, 700, 800], "label": "heart"}',
    '{"box_2d": [710, 900, 300, -5.5], "label": "l\\u00fcng\\n \\"x\\""}',
    "{'box_2d': [250, 0, 750, 1000.0], 'label': 'x'}",
    "{'box_2d': [250., .5, 750, 1e2], 'label': 'left\\lung'}",
    '{"box_2d": [250, 10, 750, 100], "label": "left\\\\lung $\\\\text{a}$ \\/ \\\\\\" z"}',
    "[[400, 450, 700, 800]]",
    '{"box_2d": "[400, 450, 700, 8e2]"}',
    '{"box_2d": [1, 2',
)
MARKS = '[ ] { } " , . [] ** # - ``` Final_Answer: ```json The_heart is_large 12 [1,_2] (a) Boxes: |_a_|_b_|'.split()
pieces = st.sampled_from([*BOXES, *(mark.replace("_", " ") for mark in MARKS), ", ", ". ", "\n", "\n\n", " "])


@given(st.lists(pieces, max_size=30).map("".join))
def test_what_is_made_of_an_answer_never_contradicts_it(answer: str) -> None:
    """Or a run with a sound answer would be withheld."""
    frame = FRAMES[1]
    marks = marks_in(answer, frame)
    statements = [said(piece.text) for piece in statements_of(marks.prose)]
    values = []
    for region in marks.regions:
        citation = ImageCitation(attachment=ATTACHED, frame=frame.sha256, box=region.box)
        values.append({"label": region.label, "box": region.box, "box_2d": region.box_2d, "statement": len(statements)})
        statements.append(said(f"{region.label}: approximate region.", citation))
    assert "contradicted" not in {verdict for _, _, verdict in verdicts(*statements, answer=answer, boxes=values)}
