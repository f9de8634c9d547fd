"""Profiles: which engines do the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from pipelines.errors import UsageProblem


@dataclass(frozen=True)
class Profile:
    """Engines by name, the wanted ones first: the first that can work here is taken, else the last."""

    name: str
    recognizers: tuple[str, ...]
    generators: tuple[str, ...]
    """Empty: no language model, what only one could answer waits."""
    filing: Literal["wording", "model"]
    """Who files dictated sentences that stand under no spoken heading. ``wording`` is instant and measured."""


AUTO: Final = Profile("auto", ("medasr", "whisper"), ("medgemma",), "wording")
PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            AUTO,
            Profile("embedded", ("whisper",), (), "wording"),
            Profile("medgemma", ("medasr",), ("medgemma",), "model"),
        )
    }
)


def profile_named(name: str, recognizers: tuple[str, ...], generators: tuple[str, ...]) -> Profile:
    """A profile by its name, or one made of engines by name with commas between them; the rest is as in ``auto``.

    Args:
        recognizers: names of the speech engines that there are.
        generators: names of the language engines that there are.

    Raises:
        UsageProblem: neither a profile nor engines.
    """
    if name in PROFILES:
        return PROFILES[name]
    wanted = [part.strip() for part in name.split(",")]
    speech = tuple(part for part in wanted if part in recognizers)
    language = tuple(part for part in wanted if part in generators)
    if len(speech) + len(language) < len(wanted) or len(speech) > 1 or len(language) > 1:
        raise UsageProblem(
            f"profile {name}",
            "is neither a profile nor one engine of each kind",
            f"use one of {', '.join(PROFILES)}, or engines: {', '.join((*recognizers, *generators))}",
        )
    return Profile(name, speech or AUTO.recognizers, language or AUTO.generators, AUTO.filing)
