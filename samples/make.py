"""Makes the samples again from texts.toml, record.py, film.py and phantom.py.

    python -m samples.make                  everything
    python -m samples.make --no-speech      everything but the recordings; needs no voice
    python -m samples.make question-a1c …   these recordings, and everything but the others

What it needs is in requirements.txt, for an environment of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from samples import film, phantom, record, speech
from samples.texts import FOLDER, Sample, manifest, read_samples, references

SETUP: Final = (
    "python3.11 -m venv build/samples && build/samples/bin/pip install -r samples/requirements.txt"
    " && build/samples/bin/python -m samples.make"
)
MANIFEST: Final = FOLDER / "manifest.jsonl"
REFERENCES: Final = FOLDER / "references.jsonl"
RECORD: Final = FOLDER / "records" / "sampleworth.json"
FILM: Final = FOLDER / "images" / "film.png"
PHANTOM: Final = FOLDER / "images" / "phantom"


def made() -> tuple[Path, ...]:
    """Every file that is made here."""
    slices = [PHANTOM / f"slice-{number:02}.dcm" for number in range(1, phantom.SLICES + 1)]
    return (MANIFEST, REFERENCES, RECORD, FILM, *slices, *(FOLDER / sample.audio for sample in read_samples()))


def main(arguments: Sequence[str]) -> int:
    """Make what ``arguments`` name; 2 for a name that is none, 1 where a tool is missing."""
    samples = read_samples()
    names = [argument for argument in arguments if argument != "--no-speech"]
    if unknown := set(names) - {sample.name for sample in samples}:
        print(f"{', '.join(sorted(unknown))}: no such sample in texts.toml", file=sys.stderr)
        return 2
    MANIFEST.write_text(manifest(samples), encoding="utf-8")
    REFERENCES.write_text(references(samples), encoding="utf-8")
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_bytes(record.as_json())
    FILM.parent.mkdir(exist_ok=True)
    try:
        film.draw(FILM)
        phantom.write(PHANTOM)
        if "--no-speech" not in arguments:
            _speak([sample for sample in samples if not names or sample.name in names])
    except ImportError as missing:
        print(f"{missing.name} is missing; set up what makes samples: {SETUP}", file=sys.stderr)
        return 1
    return 0


def _speak(samples: Sequence[Sample]) -> None:
    for sample in samples:
        condition = speech.CONDITIONS[sample.condition]
        seconds = speech.speak(sample.name, sample.text, condition, FOLDER / sample.audio)
        print(f"{sample.audio}  {seconds:.1f} s")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
