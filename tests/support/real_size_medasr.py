"""A checkpoint of MedASR's real architecture and size (105 M parameters, 421 MB) with random weights, for benchmarks.

python -m tests.support.real_size_medasr DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.support.tiny_medasr import liven, save


def build(folder: Path, seed: int = 0) -> Path:
    """What it hears is gibberish, and what it costs is what MedASR costs: every width is the published one."""
    import torch
    from transformers import LasrCTCConfig, LasrForCTC

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LasrForCTC(LasrCTCConfig()).eval()
    liven(model)
    save(folder, model)
    return folder


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    build(parser.parse_args().folder)


if __name__ == "__main__":
    _main()
