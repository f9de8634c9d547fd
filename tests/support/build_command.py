"""``python -m … DIR`` of the checkpoints that are built for trials by hand."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def build_command(description: str | None, build: Callable[[Path], object]) -> None:
    """Build into the folder that the command line names."""
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    build(parser.parse_args().folder)
