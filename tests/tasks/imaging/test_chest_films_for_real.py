"""Chest films through whole runs with MedGemma's real classes: what it is shown, token by token, and what becomes of
what it says."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.confirmations import RESEARCH_USE, confirm
from assistant.intake import Given, GivenAttachment
from assistant.opening import open_runner
from assistant.runner import Runner
from assistant.sessions.views import RunView
from assistant.settings import Settings
from pipelines.errors import DONE, OUR_FAULT
from pipelines.models.generator import Ask, Words
from pipelines.models.medgemma.checkpoint import Checkpoint, load
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.turn import prompt_of
from pipelines.records import Result, TaskName
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.support.pictures import write_dicom
from tests.support.tiny_medgemma import IMAGE_TOKENS, shared
from tests.support.tiny_medgemma_training import ANSWER, MARKED, Behaviour

pytestmark = pytest.mark.long

Working = Callable[[Behaviour], Any]


@pytest.fixture
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Working:
    """Opens a runner with a tiny MedGemma that behaves so, whatever it is asked."""

    @contextmanager
    def opened(behaviour: Behaviour) -> Iterator[Runner]:
        generator = MedGemma(ModelFolder(shared(behaviour), MEDGEMMA), threads=1, device="cpu", dtype="float32")
        monkeypatch.setattr("assistant.engines.generator_of", lambda _: generator)
        with open_runner(Settings(data_dir=tmp_path / "data"), generator=generator) as runner:
            confirm(runner.log, RESEARCH_USE)
            yield runner

    return opened


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return load(ModelFolder(shared("answers"), MEDGEMMA), 1, "cpu", "float32", "0", "test")


def film(tmp_path: Path, day: str, view: int = 0) -> Path:
    """400 wide, 500 high, lighter to the right."""
    values = np.tile(np.linspace(20 + view, 220, 400).astype(np.uint8), (500, 1))
    about = {"BodyPartExamined": "CHEST", "StudyDate": day, "StudyInstanceUID": f"1.2.{day}"}
    return write_dicom(tmp_path / f"{day}-{view}.dcm", values, **about, SOPInstanceUID=f"1.3.{day}.{view}")


def asked(runner: Runner, view: RunView) -> Ask:
    """What the log keeps of the one call."""
    [exchange] = runner.log.exchanges(view.id)
    return exchange.ask


def run(runner: Runner, task: TaskName, *films: Path, code: int = DONE) -> tuple[RunView, Result]:
    given = Given(text="compare and report", task=task, attachments=tuple(map(GivenAttachment, films)))
    done = runner.submit(given)
    assert done.exit_code == code, done.view.error
    assert done.view.result is not None
    return done.view, done.view.result


def direct(checkpoint: Checkpoint, ask: Ask, store: Any) -> tuple[list[int], list[int]]:
    """Ids and token types as the checkpoint's own processor and chat template make them."""
    content: list[dict[str, Any]] = []
    for part in ask.parts:
        if isinstance(part, Words):
            content.append({"type": "text", "text": part.text})
        else:
            content.append({"type": "image", "image": Image.open(io.BytesIO(store.get(part.frame)))})
    messages = [
        {"role": "system", "content": [{"type": "text", "text": ask.system}]},
        {"role": "user", "content": content},
    ]
    made = checkpoint.processor.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True
    )
    return list(made["input_ids"][0]), list(made["token_type_ids"][0])


@pytest.mark.parametrize(
    ("task", "days", "shown"),
    [
        (TaskName.CHEST_XRAY_COMPARISON, ("20210602", "20190301"), ["prior, 2019-03-01", "current, 2021-06-02"]),
        (TaskName.CHEST_XRAY_REPORT, ("20210602",), [None]),
        (TaskName.CHEST_XRAY_REPORT, ("20210602", "20210602"), ["image 1", "image 2"]),
        (TaskName.IMAGE_QUESTION, ("20210602", "20190301"), ["image 1", "image 2"]),
    ],
)
def test_films_come_first_in_their_order_as_the_processor_counts_them(
    working: Working, checkpoint: Checkpoint, tmp_path: Path, task: TaskName, days: tuple[str, ...], shown: list[Any]
) -> None:
    with working("answers") as runner:
        view, result = run(runner, task, *(film(tmp_path, day, n) for n, day in enumerate(days)))
        assert " ".join(one.text for one in result.statements) == ANSWER
        assert [frame["label"] for frame in result.data["frames"]] == shown
        ask = asked(runner, view)
        ids, types = direct(checkpoint, ask, runner.log.store)
    count = len(days)
    assert [part.kind for part in ask.parts] == ["image"] * count + ["text"]
    assert [frame["sha256"] for frame in result.data["frames"]] == list(ask.frames)
    prompt = prompt_of(checkpoint, ask)
    assert (list(prompt.ids), list(prompt.types)) == (ids, types)
    tokenizer = checkpoint.tokenizer
    assert types == [int(token == tokenizer.image_token_id) for token in ids]
    assert sum(types) == count * IMAGE_TOKENS
    starts = [n for n, token in enumerate(ids) if token == tokenizer.boi_token_id]
    assert len(starts) == count
    for start in starts:
        assert types[start : start + IMAGE_TOKENS + 2] == [0, *[1] * IMAGE_TOKENS, 0]
    before, after = checkpoint.decode(ids[: starts[0]]), checkpoint.decode(ids[starts[-1] + IMAGE_TOKENS + 2 :])
    assert before.startswith(f"<bos><start_of_turn>user\n{ask.system}")
    assert "compare and report" in after
    assert after.endswith("<end_of_turn>\n<start_of_turn>model\n")
    [call] = view.model_calls
    assert (call.prompt_tokens, call.finish_reason) == (len(ids), "stop")


def test_a_marked_film_from_the_model_to_the_overlay(working: Working, tmp_path: Path) -> None:
    """400 x 500 in a square of 500, 50 columns of it before the film: [210, 340, 765, 898] begins at 340 thousandths of
    500, which is 170 of the square and 120 of the film."""
    with working("marks") as runner:
        view, result = run(runner, TaskName.ANATOMY_LOCALIZATION, film(tmp_path, "20210602"))
        [box] = result.data["boxes"]
        assert (box["label"], box["box"]) == ("heart", [120, 105, 399, 382])
        assert result.data["answer"] == MARKED
        assert [one.text for one in result.statements] == [
            "Seen.",
            "heart: approximate region, x 120 to 399, y 105 to 382 in pixels of the film.",
        ]
        assert {check.verdict for check in view.checks} == {"supported", "not-checkable"}
        with Image.open(runner.log.store.path(result.data["overlays"][0]["sha256"])) as overlay:
            assert overlay.size == (400, 500)
        assert runner.log.verify().ok


def test_prose_marks_nothing(working: Working, tmp_path: Path) -> None:
    with working("answers") as runner:
        _, result = run(runner, TaskName.ANATOMY_LOCALIZATION, film(tmp_path, "20210602"), code=OUR_FAULT)
        assert "gave no box that can be used" in (result.message or "")
        assert result.statements == ()
