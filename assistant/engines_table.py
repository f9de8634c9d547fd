"""The table of engines and of what each can do, from the engines themselves: none need be installed.

``python -m assistant.engines_table README.md`` writes it anew between the two marks in that file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.errors import UsageProblem

if TYPE_CHECKING:
    from assistant.settings import Settings
    from pipelines.models.generator import Generator
    from pipelines.weights.catalogue import KnownModel

BEGIN: Final = "<!-- engines: python -m assistant.engines_table README.md -->"
END: Final = "<!-- /engines -->"
_LANGUAGE: Final = (
    "language engine", "runs", "pictures", "JSON by schema", "choices", "draws by seed", "text as it is written",
    "keeps what questions share", "tokens", "fewer bits, LoRA", "to get it",
)  # fmt: skip
_OTHERS: Final = ("engine", "does", "to get it")
_STRUCTURED: Final = {"enforced": "enforced", "json": "some JSON", "asked": "asked for"}
#: What no catalogue says of how an engine is had.
_WAYS: Final = {
    "whisper": "embedded",
    "medasr-reference": "`assistant models pull medasr`",
    "medasr-int8": "`assistant models prepare medasr --int8`, then measured",
    "remote": "`ASSISTANT_RECOGNIZER=remote` and its address; **what is said is sent there**",
    "openai": "`ASSISTANT_GENERATOR=openai` and its address; **what is asked is sent there**",
    "llamacpp": "`pip install 'clinical-assistant[llamacpp]'`, `assistant models pull medgemma-gguf`",
}
_SERVED: Final = "as the server"


def markdown() -> str:
    """Both tables."""
    return "\n\n".join("\n".join(_lines(rows)) for rows in (_language_rows(), _other_rows()))


def written_into(text: str) -> str:
    """``text`` with the tables between its marks.

    Raises:
        UsageProblem: the marks are not there.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UsageProblem("the file", "has no marks for the table", f"put {BEGIN} and {END} into it")
    return f"{before}{BEGIN}\n\n{markdown()}\n\n{END}{after}"


def _lines(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if number == 0:
            yield "|" + "---|" * len(row)


def _language_rows() -> Iterator[tuple[str, ...]]:
    from assistant.engines import all_engines

    yield _LANGUAGE
    for name, make in all_engines(_untouched()).generators.items():
        yield (f"`{name}`", *_language_row(name, make()))


def _language_row(name: str, engine: Generator) -> Iterator[str]:
    from pipelines.models.medgemma.generator import MedGemma
    from pipelines.weights.catalogue import GGUF

    can, model = engine.capabilities(), _model_of(name)
    served = can.prefix == "by server"
    yield f"[{model.repository}](https://huggingface.co/{model.repository})" if model else "what its server has"
    with_projector = model is not None and model.model_type == GGUF
    yield _SERVED if served else "with its mmproj" if with_projector else _yes(can.images)
    yield "found at the first call" if served else _STRUCTURED[can.structured]
    yield "where JSON is enforced" if served else _yes(can.choices)
    yield "found at the first call" if served else _yes(can.sampling)
    yield _yes(can.streaming)
    yield {"kept": "yes", "by server": "the server may", "none": "no"}[can.prefix]
    yield _SERVED if served else f"{can.context_tokens:,}"
    yield "int8, 4bit; LoRA" if isinstance(engine, MedGemma) else _SERVED if served else "as its file"
    yield _way(name)


def _other_rows() -> Iterator[tuple[str, ...]]:
    from assistant.engines import PICTURES, SPEECH, all_engines

    yield _OTHERS
    engines_of = all_engines(_untouched())
    for does, engines in ((SPEECH, engines_of.recognizers), (PICTURES, engines_of.classifiers)):
        for name in engines:
            yield f"`{name}`", does, _way(name)


def _untouched() -> Settings:
    """Settings as they are where nobody has set any and nothing is installed."""
    from assistant.settings import Settings

    return Settings.model_construct(models_dir=Path("/nowhere/models"), data_dir=Path("/nowhere"))


def _model_of(name: str) -> KnownModel | None:
    from pipelines.weights.catalogue import KNOWN_MODELS

    return next((model for model in KNOWN_MODELS.values() if name in (model.runs_as, model.name)), None)


def _way(name: str) -> str:
    model = _model_of(name)
    if name in _WAYS or model is None:
        return _WAYS[name]
    return f"`assistant models pull {name}`, {model.download_bytes / 1e9:.1f} GB"


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


def main() -> None:
    [file] = sys.argv[1:]
    path = Path(file)
    path.write_text(written_into(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
