"""Makes the picture in the README from a real run of the samples: python docs/picture.py"""

from __future__ import annotations

import re
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console

from assistant.cli.output import print_table
from assistant.intake import Given
from assistant.manifest import read_manifest
from assistant.opening import open_runner
from assistant.settings import Settings

SHOWN = ("cardiology-clinic", "chest-film-report", "question-potassium", "question-calcium", "question-film", "unclear")


def _settings(scratch: Path) -> Settings:
    """The embedded engines: what everybody sees."""
    return Settings(data_dir=scratch, models_dir=scratch)


def main() -> None:
    work = [line for line in read_manifest(Path("samples/manifest.jsonl")) if isinstance(line, Given)]
    shown = [given for given in work if given.audio is not None and given.audio.stem in SHOWN]
    with (
        tempfile.TemporaryDirectory() as scratch,
        open_runner(Settings(data_dir=Path(scratch), models_dir=Path(scratch))) as runner,
    ):
        outcomes = [runner.submit(given) for given in shown]
        console = Console(record=True, width=130, file=StringIO(), force_terminal=True)
        print_table(outcomes, console)
    # Rich names a font on a server; the picture should ask nobody.
    picture = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.DOTALL)
    Path("docs/images/demo.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
