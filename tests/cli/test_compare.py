"""``assistant compare`` and ``assistant replay --run`` as a user calls them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import prompts
from pipelines.errors import DONE, MODEL_NEEDED, USAGE, VERIFICATION_FAILED
from tests.cli.conftest import Call
from tests.support.engines import DICTATION, ScriptedGenerator, ScriptedRecognizer
from tests.support.sounds import write_tone

QUESTION = ("ask", "what is the usual dose of amoxicillin in adults", "--task", "clinical-question", "--json")
ADVICE = "There is no allergy. Give 5 mg to the left arm. Wait."


@pytest.fixture
def speaker(monkeypatch: pytest.MonkeyPatch) -> ScriptedGenerator:
    """Every command asks this, by whatever name."""
    generator = ScriptedGenerator(answer=ADVICE)
    monkeypatch.setattr("assistant.opening.generator_of", lambda _: generator)
    monkeypatch.setattr("assistant.engines.generator_of", lambda _: generator)
    return generator


def asked(call: Call) -> str:
    [run] = call(*QUESTION).objects
    return str(run["run"])


def alerts(rows: Any) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["before"], one["after"]) for row in rows for one in row["alerts"]]


def test_what_changed_is_shown_side_by_side(call: Call, speaker: ScriptedGenerator) -> None:
    run = asked(call)
    speaker.answer = "There is an allergy. Give 50 mg to the right arm. Wait. Call a doctor."
    done = call("compare", run, "--with", "medgemma")
    assert done.code == DONE
    lines = done.out.splitlines()
    for part in (
        "There is [-no-] allergy.",
        "There is {+an+} allergy.",
        "! negation: no -> nothing",
        "! number: 5 -> 50",
        "! side: left -> right",
        "1 statement is the same",
        "Call a doctor.",
    ):
        assert any(part in line for line in lines), part
    assert "1 compared: 0 identical, 1 not" in done.err
    assert call("log", "verify").code == DONE


def test_the_same_as_json(call: Call, speaker: ScriptedGenerator) -> None:
    run = asked(call)
    speaker.answer = "There is an allergy. Give 50 mg to the right arm. Wait."
    [one] = call("compare", run, "--with", "medgemma", "--json").objects
    assert one["counts"] == {"same": 1, "moved": 0, "changed": 2, "dropped": 0, "added": 0}
    found = [("negation", "no", ""), ("number", "5", "50"), ("side", "left", "right")]
    assert alerts(one["rows"]) == found
    assert (one["identical"], one["waits"], one["alerts"], one["from_before"]) == (False, False, 3, False)
    assert one["before"]["run"] == run  # type: ignore[index]
    assert one["after"]["run"] != run  # type: ignore[index]


def test_past_runs_stay_what_they_are_and_are_found(call: Call, speaker: ScriptedGenerator) -> None:
    run = asked(call)
    speaker.answer = "Wait."
    call("compare", run, "--with", "medgemma")
    [again] = call(*QUESTION).objects
    assert (again["run"], again["worked"]) == (run, False)
    [shown] = call("log", "show", run, "--json").objects
    assert shown["result"]["data"]["answer"] == ADVICE  # type: ignore[index]


def test_the_same_comparison_asks_once(call: Call, speaker: ScriptedGenerator) -> None:
    run = asked(call)
    first = call("compare", run, "--with", "medgemma", "--json").objects[0]
    second = call("compare", run, "--with", "medgemma", "--json").objects[0]
    assert (first["from_before"], second["from_before"]) == (False, True)
    assert first["identical"] is second["identical"] is True
    assert len(speaker.asks) == 2
    third = call("compare", run, "--with", "medgemma", "--again", "--json").objects[0]
    assert third["from_before"] is False
    speaker.name = "another"
    fourth = call("compare", run, "--with", "medgemma", "--json").objects[0]
    assert fourth["from_before"] is False
    assert len(speaker.asks) == 4


def test_a_comparison_that_was_stopped_goes_on(
    call: Call, speaker: ScriptedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = asked(call)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as stopping:
        stopping.setattr(speaker, "generate", stopped)
        assert call("compare", run, "--with", "medgemma").code == 130
    [one] = call("compare", run, "--with", "medgemma", "--json").objects
    assert (one["identical"], one["from_before"]) == (True, False)
    assert len(call("log", "list", "--json").objects) == 2


def test_other_prompts(call: Call, speaker: ScriptedGenerator, tmp_path: Path) -> None:
    run = asked(call)
    own = tmp_path / "prompts"
    own.mkdir()
    shipped = (Path(prompts.__file__).parent / "clinical-question.md").read_text()
    (own / "clinical-question.md").write_text(re.sub(r"version = \d+", "version = 77", shipped))
    [one] = call("compare", run, "--prompts", own, "--json").objects
    assert speaker.asks[-1].prompt.startswith("clinical-question@77 ")
    assert [str(one[side]["prompts"]).count("@77") for side in ("before", "after")] == [0, 1]  # type: ignore[index]
    missing = call("compare", run, "--prompts", tmp_path / "gone")
    assert missing.code == USAGE
    assert "is no folder" in missing.problems[0]


def test_a_recording_is_heard_anew_only_with_another_speech_engine(
    call: Call, speaker: ScriptedGenerator, ears: ScriptedRecognizer, tmp_path: Path
) -> None:
    tone = write_tone(tmp_path / "visit.wav", 2.0)
    run = str(call("replay", tone, "--task", "dictation-note", "--json").objects[0]["run"])
    ears.texts = (DICTATION.replace("81", "18").replace("clear", "clean"),)
    [kept] = call("compare", run, "--with", "medgemma", "--json").objects
    assert (kept["identical"], kept["heard"], ears.asked) == (True, None, 1)
    [anew] = call("compare", run, "--with", "whisper", "--json").objects
    assert ears.asked == 2
    assert anew["heard"]["changed_words"] == 2  # type: ignore[index]
    assert alerts([anew["heard"]]) == [("number", "81", "18")]
    assert anew["counts"] == {"same": 2, "moved": 0, "changed": 2, "dropped": 0, "added": 0}
    shown = call("compare", run, "--with", "whisper").out
    assert "heard otherwise, 2 words" in shown
    assert "aspirin [-81-] {+18+} mg" in shown


def test_runs_are_chosen_by_task_session_and_day_without_their_repetitions(
    call: Call, speaker: ScriptedGenerator, tmp_path: Path
) -> None:
    run = asked(call)
    call("ask", "note this", "--task", "dictation-note", "--session", "ward")
    for _ in range(2):
        of_task = call("compare", "--task", "clinical-question", "--with", "medgemma", "--json").objects
        assert [one["before"]["run"] for one in of_task] == [run]  # type: ignore[index]
    assert len(call("compare", "--since", "2020-01-01", "--with", "medgemma", "--json").objects) == 2
    [ward] = call("compare", "--session", "ward", "--with", "medgemma", "--json").objects
    assert ward["before"]["task"] == "dictation-note"  # type: ignore[index]
    none = call("compare", "--since", "2999-01-01", "--with", "medgemma")
    assert (none.code, none.problems) == (
        USAGE,
        ["assistant: compare: no run is chosen so; assistant log list shows what there is"],
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("RUN",), "with what is not said"),
        (("--with", "medgemma"), "no run is named"),
        (("RUN", "--task", "clinical-question", "--with", "medgemma"), "runs are named and chosen"),
        (("RUN", "--with", "nosuch"), "is neither a profile nor one engine of each kind"),
        (("01NOSUCH", "--with", "medgemma"), "no such run"),
        (("--since", "yesterday", "--with", "medgemma"), "is no day"),
    ],
)
def test_what_cannot_be_compared(
    call: Call, speaker: ScriptedGenerator, arguments: tuple[str, ...], problem: str
) -> None:
    run = asked(call)
    done = call("compare", *(run if one == "RUN" else one for one in arguments))
    assert done.code == USAGE
    assert problem in done.problems[0]
    assert len(call("log", "list", "--json").objects) == 1


def test_without_the_engine_nothing_is_started(call: Call, ears: ScriptedRecognizer) -> None:
    [run] = call("ask", "note this", "--task", "dictation-note", "--json").objects
    done = call("compare", run["run"], "--with", "medgemma")
    assert done.code == MODEL_NEEDED
    assert done.problems == ["assistant: medgemma: is not installed; run: assistant models pull medgemma  "
                             "(or: assistant models import DIR)"]  # fmt: skip
    assert len(call("log", "list", "--json").objects) == 1


def test_a_run_that_waits_now_is_said_to(call: Call, speaker: ScriptedGenerator, tmp_path: Path) -> None:
    run = asked(call)
    speaker.ready = False
    own = tmp_path / "prompts"
    own.mkdir()
    done = call("compare", run, "--prompts", own)
    assert done.code == MODEL_NEEDED
    assert "paused now: needs generator" in done.out
    assert "1 without a result now" in done.err
    speaker.ready = True
    assert call("compare", run, "--prompts", own, "--json").objects[0]["identical"] is True


def test_that_a_model_came_to_no_answer_is_a_finding(call: Call, speaker: ScriptedGenerator) -> None:
    run = asked(call)
    speaker.finish_reason = "length"
    done = call("compare", run, "--with", "medgemma")
    assert done.code == DONE
    assert "answers ended with stop before, length after" in done.out
    assert "was cut off" in done.out


def test_what_a_model_says_is_shown_and_never_obeyed(call: Call, speaker: ScriptedGenerator, tmp_path: Path) -> None:
    run = asked(call)
    speaker.answer = "There is [bold red]no[/] \x1b[2Jallergy \u202e.<script>alert(1)</script>"
    page = tmp_path / "page.html"
    done = call("compare", run, "--with", "medgemma", "--html", page)
    assert done.code == DONE
    assert "[bold red]" in done.out.replace("{+", "").replace("+}", "")
    assert not re.search("[\x1b\u202e]", done.out)
    html = page.read_text()
    assert "<script>" not in html
    assert "&lt;" in html
    assert "http" not in re.sub(r"<!DOCTYPE[^>]*>", "", html)
    assert call("compare", run, "--with", "medgemma", "--html", page).code == USAGE


def test_a_past_run_is_repeated_from_its_log(call: Call, speaker: ScriptedGenerator) -> None:
    run = asked(call)
    same = call("replay", "--run", run)
    assert same.code == DONE
    assert same.out.startswith(f"identical  {run}: 3 statements")
    speaker.answer = ADVICE.replace("left", "right")
    other = call("replay", "--run", run[:20], "--run", run)
    assert other.code == VERIFICATION_FAILED
    assert (
        f"differs    {run}: first in its question 1 (clinical-question), text; 2 of 3 statements the same" in other.out
    )
    assert "Give 5 mg to the right arm." in other.out
    assert "nothing that is recorded explains it" in other.out
    assert "2 in all: 0 identical, 2 not" in other.err
    [found] = call("replay", "--run", run, "--json").objects
    assert (found["outcome"], found["exit_code"]) == ("differs", VERIFICATION_FAILED)
    assert found["difference"]["what"] == "text"  # type: ignore[index]


def test_a_past_run_takes_nothing_else(call: Call, speaker: ScriptedGenerator, tmp_path: Path) -> None:
    run = asked(call)
    assert call("replay", tmp_path, "--run", run).code == USAGE
    assert call("replay", "--run", run, "--patient", "p1").code == USAGE
    speaker.ready = False
    done = call("replay", "--run", run, "--json")
    assert done.code == MODEL_NEEDED
    assert done.objects[0]["outcome"] is None
    assert "1 not repeated" in done.err
