"""Prompt files: named, versioned, hashed."""

from __future__ import annotations

from importlib import resources

import pytest

from pipelines.errors import ProductError
from prompts import load_prompt


def prompt_names() -> list[str]:
    return [file.name.removesuffix(".md") for file in resources.files("prompts").iterdir() if file.name.endswith(".md")]


@pytest.mark.parametrize("name", prompt_names())
def test_every_prompt_file_loads_under_its_own_name(name: str) -> None:
    prompt = load_prompt(name)
    assert prompt.name == name
    assert prompt.version >= 1
    assert prompt.sha256 in prompt.identity
    assert "+++" not in prompt.body


def test_a_missing_prompt_is_named() -> None:
    with pytest.raises(ProductError, match=r"prompts/sonnet\.md"):
        load_prompt("sonnet")
