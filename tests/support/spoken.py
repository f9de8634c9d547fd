"""Sentences spoken for tests, in tests/data/decoys: ordinary ones that sound like terms, and one that holds terms.

Made with ``python -m tests.support.spoken`` in an environment with samples/requirements.txt; read by anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[1] / "data" / "decoys"
#: By the name of the file; what they sound like is never said in them.
DECOYS: Final = {
    "met-four-men": "He met four men at the station, and they walked home together.",
    "listen-april": "Listen, April is the best month to visit the coast.",
    "nine-by-nine": "Create a nine by nine grid, and write one number in each square.",
}
DICTATION: Final = {
    "spironolactone": "I would add spironolactone twenty five milligrams, and check the potassium in one week.",
}


def recording(name: str) -> Path:
    return FOLDER / f"{name}.flac"


def main() -> None:
    from samples.speech import CONDITIONS, speak

    for name, text in {**DECOYS, **DICTATION}.items():
        speak(name, text, CONDITIONS["quiet"], recording(name))


if __name__ == "__main__":
    main()
