"""The terms are shown and accepted before any weights are fetched."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from pipelines.errors import ModelNeeded, PersonNeeded
from pipelines.weights.catalogue import MEDASR
from tests.support.hub_server import Hub
from tests.support.pulling import WEIGHTS, Puller


def test_the_terms_are_shown_whole_before_any_weights(puller: Puller, hub: Hub) -> None:
    puller.accepts = False
    line = puller.fails(PersonNeeded)
    assert "assistant models pull medasr --accept-licence" in line
    assert "https://developers.google.com/health-ai-developer-foundations/terms" in line
    (terms,) = puller.shown
    assert terms.licence == "health-ai-developer-foundations"
    assert "you agree to the terms[2J of use." in terms.shown()
    assert "LICENSE:\nUse it for good." in terms.shown()
    assert hub.fetched() == {"README.md", "LICENSE"}
    assert puller.log.payloads("licence-accepted") == ()


def test_acceptance_is_recorded_before_any_weights_and_not_asked_twice(puller: Puller, hub: Hub) -> None:
    hub.drop_after[WEIGHTS] = 0
    puller.fails(ModelNeeded)
    (record,) = puller.log.payloads("licence-accepted")
    (terms,) = puller.shown
    assert record == {
        "model": "medasr",
        "repository": MEDASR.repository,
        "revision": MEDASR.revision,
        "licence": "health-ai-developer-foundations",
        "text_sha256": hashlib.sha256(terms.shown().encode()).hexdigest(),
        "user": record["user"],
    }
    puller()
    assert len(puller.shown) == len(puller.log.payloads("licence-accepted")) == 1


def test_other_words_or_another_user_are_asked_anew(
    puller: Puller, hub: Hub, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.folder = Path(shutil.copytree(repository, tmp_path / "changed"))
    for change in (
        lambda: None,
        lambda: (hub.folder / "LICENSE").write_text("Use it for nothing.\n"),
        lambda: monkeypatch.setattr("assistant.models.terms.user_name", lambda: "somebody else"),
    ):
        change()
        shutil.rmtree(puller.models, ignore_errors=True)
        puller()
    assert len(puller.shown) == 3
    assert puller.log.payloads("licence-accepted")[-1]["user"] == "somebody else"


@pytest.mark.parametrize(
    "card",
    ["# No front matter\n", "---\n- a list\n---\n", "---\na: [\n---\n", "---\nno end\n", "---\nday: 2026-13-45\n---\n"],
)
def test_a_card_that_says_nothing_leaves_the_catalogues_terms(
    puller: Puller, hub: Hub, repository: Path, tmp_path: Path, card: str
) -> None:
    hub.folder = Path(shutil.copytree(repository, tmp_path / "changed"))
    (hub.folder / "README.md").write_text(card)
    puller()
    assert (puller.shown[0].licence, puller.shown[0].link) == (MEDASR.licence, MEDASR.licence_url)
