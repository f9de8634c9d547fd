"""What a microphone may do to its user, each as one line."""

from __future__ import annotations

from pipelines.errors import USAGE, ProductError


class MicrophoneProblem(ProductError):
    """There is no microphone that could be used as asked."""

    exit_code = USAGE


class MicrophoneTaken(MicrophoneProblem):
    """The device is there and does not let itself be opened."""
