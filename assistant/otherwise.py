"""With what a past run is done otherwise: the settings of a comparison, and the name by which it is known again."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from pipelines.errors import ModelNeeded, UsageProblem

if TYPE_CHECKING:
    from pathlib import Path

    from assistant.past import PastRun
    from assistant.runner import Runner
    from assistant.settings import Settings

#: Settings that decide nothing about an outcome, or are told by what they lead to.
_NOT_OF_THE_WORK: Final = frozenset({"data_dir", "cache_dir", "models_dir", "prompts_dir", "debug", "lock_timeout"})


def settings_with(settings: Settings, engine: str | None, prompts: Path | None) -> tuple[Settings, bool]:
    """The settings of a comparison, and whether recordings are heard anew in it.

    Args:
        engine: a speech engine, a language engine, or a profile (or engines by name with commas) for both.
        prompts: a folder with prompt files.

    Raises:
        ModelNeeded: the engine is not ready.
        UsageProblem: there is no such engine or profile, or no such folder.
    """
    from assistant.engines import generator_named, generator_of, profile_of, recognizer_named, recognizer_of
    from assistant.profiles import AUTO

    changed: dict[str, Any] = {"prompts_dir": prompts} if prompts else {}
    speech = language = False
    if engine is not None:
        speech = recognizer_named(engine, settings) is not None
        language = generator_named(engine, settings) is not None
        if speech:
            changed["recognizer"] = engine
        elif language:
            changed["generator"] = engine
        else:
            changed |= {"profile": engine, "recognizer": None, "generator": None}
    with_it = settings.model_copy(update=changed)
    if engine is not None and not (speech or language):
        # ``auto`` does without what is not there.
        speech, language = True, bool(profile_of(with_it).generators) and engine != AUTO.name
    if prompts is not None:
        _prompt_files(prompts)
    for named, of in ((speech, recognizer_of), (language, generator_of)):
        if named and not (at := of(with_it)).available().ready:
            state = at.available()
            raise ModelNeeded(at.name, state.detail, state.remedy or "see: assistant models list")
    return with_it, speech


def comparison_key(runner: Runner, settings: Settings, past: PastRun, *, hear: bool) -> str:
    """Names the comparison: everything that decides how the repetition comes out."""
    import orjson

    from assistant import __version__
    from assistant.engines import writing_of

    transcript = past.view.transcript
    ready = runner.generator.available().ready
    work = {
        "compares": past.view.id,
        "request": past.view.request.digest(),
        "answer": past.answer(),
        "heard": None if hear or transcript is None else transcript.digest(),
        "speech": [runner.recognizer.engine().digest(), writing_of(settings).lexicon.digest] if hear else None,
        "language": runner.generator.engine().digest() if ready else runner.generator.name,
        "prompts": _prompt_files(settings.prompts_dir),
        "settings": settings.model_dump(mode="json", exclude=set(_NOT_OF_THE_WORK)),
        "version": __version__,
    }
    return hashlib.sha256(orjson.dumps(work, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _prompt_files(folder: Path | None) -> dict[str, str]:
    """The shipped prompts and the user's own files, by name, with their SHA-256.

    Raises:
        UsageProblem: the folder is not there or cannot be read.
    """
    from prompts import load_prompt, prompts

    prompts(folder)
    shipped = {name: load_prompt(name).sha256 for name in prompts()}
    if folder is None:
        return shipped
    try:
        own = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.md"))}
    except OSError as error:
        raise UsageProblem(str(folder), f"cannot be read ({error.strerror})", "make its files readable") from error
    return shipped | own
