"""The task `chest-xray-comparison`: which film is the earlier one, and that the model is shown it first."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.sequence import Sequence

from assistant.intake import Given, GivenAttachment
from assistant.runner import Runner
from pipelines.errors import DONE, MODEL_NEEDED, PERSON_NEEDED
from pipelines.evidence.taken import Taken, View, taken_of
from pipelines.models.generator import Words
from pipelines.records import Attachment, ImageCitation, Kind, TaskName
from pipelines.tasks.imaging.film_order import Film, Order, Unknown, ordered
from tests.support.engines import ScriptedGenerator
from tests.support.opening import result_of
from tests.support.pictures import PictureStore, attached, write_dicom

ASKED = "compare these two films"
ANSWER = "The effusion is smaller. Image 2 shows a new line."


def film(
    name: str, day: str | None = None, time: str | None = None, study: str | None = None, view: View | None = None
) -> Film:
    attachment = Attachment(
        sha256=name, name=name, media_type="application/dicom", size=1, kind=Kind.CHEST_XRAY, kind_from="header"
    )
    return Film(attachment, Taken(date=day, time=time, study=study, view=view))


def told(films: list[Film], text: str = ASKED, chosen: int | None = None) -> tuple[str, str | None, str | None, str]:
    order = ordered(films, text, chosen)
    assert isinstance(order, Order), order
    return order.prior.name, order.prior_date, order.current_date, order.source


UNDATED = [film("000"), film("001")]


@pytest.mark.parametrize("turned", [False, True])
def test_dates_order_films_whatever_they_are_called_and_however_they_are_given(turned: bool) -> None:
    films = [film("00000003_000", "2021-06-02"), film("00000003_001", "2014-01-31")]
    assert told(films[::-1] if turned else films) == ("00000003_001", "2014-01-31", "2021-06-02", "header")


def test_on_one_day_times_order_them_and_are_told() -> None:
    films = [film("a", "2021-06-02", "14:05:00"), film("b", "2021-06-02", "08:30:00")]
    assert told(films) == ("b", "2021-06-02 08:30:00", "2021-06-02 14:05:00", "header")


@pytest.mark.parametrize(
    "films",
    [
        UNDATED,
        [film("000", "2014-01-31"), film("001")],
        [film("000", "2014-01-31"), film("001", "2014-01-31")],
        [film("000", "2014-01-31", "08:00:00"), film("001", "2014-01-31")],
        [film("000", "2014-01-31", "08:00:00"), film("001", "2014-01-31", "08:00:00")],
    ],
)
def test_what_no_date_orders_is_asked(films: list[Film]) -> None:
    order = ordered(films, ASKED, None)
    assert isinstance(order, Unknown)
    assert "1: 000" in order.question
    assert "2: 001" in order.question
    assert order.by_number
    assert told(films, chosen=2)[0] == "001"
    assert told(films, "the first one is the old film")[::3] == ("000", "words")


@pytest.mark.parametrize(
    ("text", "prior"),
    [
        ("the first one is the old film", 0),
        ("The first film is the prior, compare them.", 0),
        ("first prior, then current", 0),
        ("the second image is the current one", 0),
        ("compare them, oldest first", 0),
        ("the older x-ray comes first", 0),
        ("they are in chronological order", 0),
        ("the 2nd is today's film", 0),
        ("the second one is the baseline", 1),
        ("the second one was the previous chest film", 1),
        ("newest first", 1),
        ("the first is the follow-up", 1),
        ("the current film is the first one", 1),
        ("the first is from 2014-01-31 and the second from 2021-06-02", 0),
        ("the first is from March 3, 2021, the second was taken 4 May 2019", 1),
        ("first one 2021, second one 2019", 1),
    ],
)
def test_words_order_films_without_dates(text: str, prior: int) -> None:
    assert told(UNDATED, text)[::3] == (UNDATED[prior].attachment.name, "words")


@pytest.mark.parametrize(
    "text",
    [
        ASKED,
        "what has changed since the prior film",
        "is the effusion on the first film larger than before",
        "the first is old and the second is old",
        "the first one is not the old film",
        "the first is from 2019 and the second from March 2019",
        "compare the old with the new one",
    ],
)
def test_words_that_do_not_say_it_are_not_taken_for_it(text: str) -> None:
    assert isinstance(ordered(UNDATED, text, None), Unknown)


def test_dates_that_were_said_are_told() -> None:
    text = "the first is from March 3, 2021 and the second from May 2019"
    assert told(UNDATED, text) == ("001", "2019-05", "2021-03-03", "words")


def test_a_date_is_that_of_the_film_that_is_named_last_before_it() -> None:
    assert told(UNDATED, "the first is old and the second from 2021") == ("000", None, "2021", "words")


def test_words_against_dates_are_asked_about() -> None:
    films = [film("a", "2021-06-02"), film("b", "2014-01-31")]
    order = ordered(films, "the first one is the old film", None)
    assert isinstance(order, Unknown)
    assert "disagree" in order.question
    assert told(films, "the first one is the old film", 1) == ("a", "2021-06-02", "2014-01-31", "user")


def test_of_many_the_latest_two_unless_another_is_asked_for() -> None:
    films = [film(day, day) for day in ("2021-06-02", "2014-01-31", "2019-03-01")]
    assert told(films)[:3] == ("2019-03-01", "2019-03-01", "2021-06-02")
    assert told(films, "compare with the oldest film")[0] == "2014-01-31"
    assert told(films, "compare with the film of 2014-01-31")[0] == "2014-01-31"
    order = ordered(films, ASKED, None)
    assert isinstance(order, Order)
    assert [one.attachment.name for one in order.left_out] == ["2014-01-31"]


@pytest.mark.parametrize(
    "days", [("2021-06-02", "2014-01-31", None), ("2021-06-02", "2021-06-02", "2014-01-31"), (None, None, None)]
)
def test_of_many_that_cannot_be_told_apart_a_person_takes_some_out(days: tuple[str | None, ...]) -> None:
    order = ordered([film(str(n), day) for n, day in enumerate(days)], "the first one is the old film", None)
    assert isinstance(order, Unknown)
    assert not order.by_number


NOW = [film("now frontal", "2021-06-02", "09:00:00", "9", "frontal")]
NOW += [film("now lateral", "2021-06-02", "09:00:00", "9", "lateral")]
THEN = [film("then frontal", "2019-03-01", "10:00:00", "5", "frontal")]
THEN += [film("then lateral", "2019-03-01", "10:00:00", "5", "lateral")]
OLDEST = film("oldest frontal", "2014-01-31", "11:00:00", "2", "frontal")


def paired(*films: Film, text: str = ASKED) -> tuple[str, str, list[str]]:
    """The two that are compared, and the others; the same however they are given."""
    found = set()
    for row in permutations(films):
        order = ordered(row, text, None)
        assert isinstance(order, Order), order
        left_out = sorted(one.attachment.name for one in order.left_out)
        found.add((order.prior.name, order.current.name, *left_out))
    [(prior, current, *left_out)] = found
    return prior, current, left_out


def test_of_examinations_with_two_views_the_frontal_films_are_compared() -> None:
    assert paired(*NOW, *THEN) == ("then frontal", "now frontal", ["now lateral", "then lateral"])
    assert paired(*NOW, THEN[0]) == ("then frontal", "now frontal", ["now lateral"])
    assert paired(*NOW, *THEN, OLDEST, text="with the film of 2014-01-31")[:2] == ("oldest frontal", "now frontal")
    assert paired(*NOW, *THEN, OLDEST, text="with the oldest film")[:2] == ("oldest frontal", "now frontal")


def test_lateral_films_are_compared_where_there_is_no_frontal_one_to_compare_with() -> None:
    assert paired(*NOW, THEN[1]) == ("then lateral", "now lateral", ["now frontal"])
    assert paired(NOW[1], *THEN) == ("then lateral", "now lateral", ["then frontal"])
    assert paired(*NOW, THEN[1], OLDEST, text="with the film of 2019-03-01")[:2] == ("then lateral", "now lateral")
    assert paired(*NOW, THEN[1], OLDEST)[:2] == ("oldest frontal", "now frontal")


def test_the_latest_examination_is_never_passed_over_for_its_view() -> None:
    assert paired(NOW[1], THEN[0], OLDEST) == ("then frontal", "now lateral", ["oldest frontal"])


def test_two_films_of_one_examination_are_not_earlier_and_later() -> None:
    again = film("now again", "2021-06-02", "09:05:00", "9", "frontal")
    assert paired(NOW[0], again, THEN[0]) == ("then frontal", "now again", ["now frontal"])


@pytest.mark.parametrize(
    "films",
    [
        [*NOW, film("then", "2019-03-01", "10:00:00", "5")],
        [*NOW, *(film(one.attachment.name, "2019-03-01", "10:00:00", "5") for one in THEN)],
        [*NOW, film("now again", "2021-06-02", "09:00:00", "9", "frontal"), *THEN],
        [*NOW, *THEN, film("then again", "2019-03-01", "10:00:00", "5", "frontal")],
    ],
)
def test_what_views_do_not_pair_is_asked_with_the_views_that_are_known(films: list[Film]) -> None:
    order = ordered(films, ASKED, None)
    assert isinstance(order, Unknown)
    assert "1: now frontal (2021-06-02, frontal); 2: now lateral (2021-06-02, lateral)" in order.question


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize(
    ("elements", "view"),
    [
        ({"ViewPosition": "PA"}, "frontal"),
        ({"ViewPosition": "ap"}, "frontal"),
        ({"ViewPosition": "LL"}, "lateral"),
        ({"ViewPosition": "LATERAL"}, "lateral"),
        ({"ViewPosition": "LLD", "PatientOrientation": ["L", "F"]}, None),
        ({"ViewPosition": "RLO"}, None),
        ({"PatientOrientation": ["L", "F"]}, "frontal"),
        ({"PatientOrientation": ["P", "F"]}, "lateral"),
        ({"PatientOrientation": ["PL", "F"]}, None),
        ({"PatientOrientation": ["F", "L"]}, None),
        ({"ViewPosition": "", "code": "postero-anterior"}, "frontal"),
        ({"ViewPosition": "LATERAL", "code": "left lateral"}, "lateral"),
        ({"ViewPosition": "PA", "code": "lateral"}, None),
        ({"SeriesDescription": "Chest lateral"}, None),
        ({}, None),
    ],
)
def test_from_which_side_a_film_was_taken(tmp_path: Path, elements: dict[str, object], view: View | None) -> None:
    if code := elements.pop("code", None):
        item = Dataset()
        item.CodeMeaning = code
        elements["ViewCodeSequence"] = Sequence([item])
    path = write_dicom(tmp_path / "x.dcm", np.zeros((40, 40), np.uint8), **elements)
    assert taken_of(attached(path), PictureStore()).view == view


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize(
    ("elements", "date", "time"),
    [
        ({"StudyDate": "20190301", "StudyTime": "083015.123", "ContentDate": "20200101"}, "2019-03-01", "08:30:15"),
        ({"StudyDate": "2019.03.01"}, "2019-03-01", None),
        ({"StudyDate": "", "AcquisitionDate": "20190301", "AcquisitionTime": "0830"}, "2019-03-01", "08:30:00"),
        ({"StudyDate": "20190301", "StudyTime": "late"}, "2019-03-01", None),
    ],
)
def test_when_a_film_was_taken(tmp_path: Path, elements: dict[str, str], date: str, time: str | None) -> None:
    path = write_dicom(tmp_path / "x.dcm", np.zeros((40, 40), np.uint8), StudyInstanceUID="1.2.3", **elements)
    taken = taken_of(attached(path), PictureStore())
    assert (taken.date, taken.time, taken.study) == (date, time, "1.2.3")


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
@pytest.mark.parametrize("day", ["20191301", "unknown", "19", "20190301-20200101"])
def test_a_date_that_is_none_is_not_read(tmp_path: Path, day: str) -> None:
    path = write_dicom(tmp_path / "x.dcm", np.zeros((40, 40), np.uint8), StudyDate=day)
    assert taken_of(attached(path), PictureStore()).date is None


def written(tmp_path: Path, name: str, shade: int, day: str | None = None, **elements: object) -> Path:
    values = np.full((80, 60), shade, np.uint8)
    about = {"BodyPartExamined": "CHEST", "StudyDate": day, "SOPInstanceUID": f"1.2.{shade}", **elements}
    return write_dicom(tmp_path / name, values, **about)


def comparing(*films: Path, text: str = ASKED) -> Given:
    given = tuple(GivenAttachment(film) for film in films)
    return Given(text=text, task=TaskName.CHEST_XRAY_COMPARISON, attachments=given)


def shades(runner: Runner, frames: tuple[str, ...]) -> list[int]:
    """The middle of each frame."""
    found = []
    for frame in frames:
        with Image.open(runner.log.store.path(frame)) as picture:
            found.append(int(np.asarray(picture.convert("L"))[40, 40]))
    return found


def test_the_model_is_shown_the_prior_film_first_and_the_dates_are_told(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    now = written(tmp_path, "a_000.dcm", 200, "20210602", StudyDescription="PNEUMONIA ZEBRAFINCH")
    then = written(tmp_path, "b_001.dcm", 100, "20190301")
    done = runner.submit(comparing(now, then))
    assert done.exit_code == DONE, done.view.error
    [ask] = generator.asks
    assert [part.kind for part in ask.parts] == ["image", "image", "text"]
    assert shades(runner, ask.frames) == [100, 200]
    text = ask.parts[-1]
    assert isinstance(text, Words)
    for hidden in ("ZEBRAFINCH", "PNEUMONIA", "Testcase", "p1", "a_000", "2019", "2021"):
        assert hidden not in text.text
    result = result_of(done)
    assert [frame["label"] for frame in result.data["frames"]] == ["prior, 2019-03-01", "current, 2021-06-02"]
    assert (
        "Compared: b_001.dcm (2019-03-01) as the prior film with a_000.dcm (2021-06-02) as the current one, by the "
        "dates in their files." in (result.message or "")
    )
    both, second = (statement.citations for statement in result.statements)
    labels = [citation.label for citation in both if isinstance(citation, ImageCitation)]
    assert labels == ["prior, 2019-03-01", "current, 2021-06-02"]
    assert [citation.frame for citation in second if isinstance(citation, ImageCitation)] == [ask.frames[1]]
    assert {check.verdict for check in done.view.checks} == {"supported", "not-checkable"}
    assert runner.log.verify().ok


def test_two_examinations_of_two_views_each_are_compared_by_their_frontal_films(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    days, views = {"20210602": 200, "20190301": 100}, {"LL": 20, "PA": 0}
    films = [
        written(tmp_path, f"{day}-{view}.dcm", shade + more, day, ViewPosition=view, StudyInstanceUID=f"1.9.{day}")
        for day, shade in days.items()
        for view, more in views.items()
    ]
    done = runner.submit(comparing(*films))
    assert done.exit_code == DONE, done.view.error
    assert shades(runner, generator.asks[0].frames) == [100, 200]
    result = result_of(done)
    assert [result.data[which]["view"] for which in ("prior", "current")] == ["frontal", "frontal"]
    assert "Not compared: 20190301-LL.dcm (2019-03-01, lateral), 20210602-LL.dcm (2021-06-02, lateral)." in (
        result.message or ""
    )
    assert "different sides" not in (result.message or "")


def test_films_of_different_views_are_compared_and_that_is_said(runner: Runner, tmp_path: Path) -> None:
    then = written(tmp_path, "then.dcm", 100, "20190301", ViewPosition="PA")
    now = written(tmp_path, "now.dcm", 200, "20210602", ViewPosition="LATERAL")
    message = result_of(runner.submit(comparing(now, then))).message or ""
    assert "taken from different sides: the prior film is frontal, the current one lateral." in message


def test_of_a_scan_of_several_pages_it_is_said_that_the_first_was_compared(runner: Runner, tmp_path: Path) -> None:
    pages = [Image.new("L", (60, 80), 90 * n) for n in range(2)]
    pages[0].save(tmp_path / "old.tiff", save_all=True, append_images=pages[1:])
    pages[1].save(tmp_path / "new.png")
    attachments = tuple(GivenAttachment(tmp_path / name, Kind.CHEST_XRAY) for name in ("old.tiff", "new.png"))
    text = "the first one is the old film"
    done = runner.submit(Given(text=text, task=TaskName.CHEST_XRAY_COMPARISON, attachments=attachments))
    assert "old.tiff: first of 2 pages taken." in (result_of(done).message or "")


def test_without_dates_a_person_says_it_and_the_run_goes_on(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    one, other = written(tmp_path, "one.dcm", 200), written(tmp_path, "other.dcm", 100)
    asked = runner.submit(comparing(one, other))
    assert asked.exit_code == PERSON_NEEDED
    message = result_of(asked).message or ""
    assert "Which film is the prior one? 1: one.dcm (no date in its file); 2: other.dcm" in message
    assert f"assistant resume {asked.view.id} --series N" in message
    assert generator.asks == []
    again = runner.resume(asked.view.id, series=3)
    assert again.exit_code == PERSON_NEEDED
    told = result_of(again).message or ""
    assert told.startswith("There is no number 3, only 1 to 2. Which film is the prior one?")
    done = runner.resume(asked.view.id, series=2)
    assert done.exit_code == DONE, done.view.error
    assert shades(runner, generator.asks[0].frames) == [100, 200]
    result = result_of(done)
    assert (result.data["order_from"], result.data["chosen_series"]) == ("user", 2)
    assert "date not known" in (result.message or "")


def test_a_choice_among_other_films_is_none_among_these(
    runner: Runner, generator: ScriptedGenerator, tmp_path: Path
) -> None:
    one, other, third = (written(tmp_path, f"{shade}.dcm", shade) for shade in (200, 100, 50))
    generator.ready = False
    run = runner.submit(comparing(one, other)).view.id
    assert runner.resume(run, series=2).exit_code == MODEL_NEEDED
    asked = runner.resume(run, without=(one.name,), attach=(GivenAttachment(third),))
    assert asked.exit_code == PERSON_NEEDED
    assert "Which film is the prior one? 1: 100.dcm" in (result_of(asked).message or "")
    generator.ready = True
    assert runner.resume(run, series=2).exit_code == DONE
    assert shades(runner, generator.asks[0].frames) == [50, 100]


def test_the_order_can_be_said_with_the_request(runner: Runner, generator: ScriptedGenerator, tmp_path: Path) -> None:
    one, other = written(tmp_path, "one.dcm", 200), written(tmp_path, "other.dcm", 100)
    assert runner.submit(comparing(one, other, text="the second one is the old film")).exit_code == DONE
    assert shades(runner, generator.asks[0].frames) == [100, 200]


def test_one_film_is_not_compared(runner: Runner, generator: ScriptedGenerator, tmp_path: Path) -> None:
    asked = runner.submit(comparing(written(tmp_path, "one.dcm", 200)))
    assert asked.exit_code == PERSON_NEEDED
    assert (result_of(asked).message or "").startswith("No second chest film is attached (one.dcm is chest-xray).")
    assert generator.asks == []
