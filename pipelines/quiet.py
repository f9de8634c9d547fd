"""Keeps libraries from telling their makers that they were used (design, rule 7)."""

from __future__ import annotations

import os


def silence_telemetry() -> None:
    """Call before onnxruntime, huggingface_hub or what brings them is imported.

    onnxruntime reports to its maker from its Linux builds since 1.29, and keeps an id of the machine in the user's
    cache folder; it reads its variable once, when it is loaded.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["DO_NOT_TRACK"] = "1"
