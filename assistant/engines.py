"""The engines that the settings name, made once per process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeVar

from assistant.profiles import Profile, profile_named
from assistant.settings import Settings
from pipelines.errors import UsageProblem
from pipelines.records import Availability, TaskName, Value

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.models.classifier import ImageClassifier
    from pipelines.models.generator import Generator
    from pipelines.speech.decoding import Decoding
    from pipelines.speech.live import Writing
    from pipelines.speech.recognizer import Recognizer
    from pipelines.weights.folder import ModelFolder
    from pipelines.weights.gguf_folder import GgufFolder


class _Available(Protocol):
    def available(self) -> Availability: ...


SPEECH: Final = "speech to text"
LANGUAGE: Final = "language and images"
PICTURES: Final = "kinds of pictures"
#: The one engine that sends what is said elsewhere.
REMOTE: Final = "remote"
#: The one that sends what is asked there.
SERVER: Final = "openai"

E = TypeVar("E", bound=_Available)


def recognizer_of(settings: Settings) -> Recognizer:
    """The speech engine that the settings name; loads nothing yet.

    Raises:
        UsageProblem: no engine has that name.
    """
    wanted = (settings.recognizer,) if settings.recognizer else profile_of(settings).recognizers
    return _first_ready(wanted, _recognizers(settings), "a speech engine")


def generator_of(settings: Settings) -> Generator:
    """The language engine that the settings name, or one that says that there is none; loads nothing yet.

    Raises:
        UsageProblem: no engine has that name, or the adapter that the settings name cannot be laid on it.
    """
    wanted = (settings.generator,) if settings.generator else profile_of(settings).generators
    if not wanted:
        from pipelines.models.absent import NoGenerator

        return NoGenerator()
    taken = _first_ready(wanted, _generators(settings), "a language engine")
    if settings.adapter is not None:
        from pipelines.weights.catalogue import MEDGEMMAS

        # An answer without it would pass for one with it.
        if taken.name not in {model.name for model in MEDGEMMAS}:
            raise UsageProblem(
                "adapter", f"cannot be laid on {taken.name}", "take medgemma, or unset ASSISTANT_ADAPTER"
            )
    return taken


def classifier_of(settings: Settings) -> ImageClassifier:
    """What tells kinds of pictures apart; it works where it is installed, whatever the profile. Loads nothing yet."""
    return next(iter(_classifiers(settings).values()))()


def recognizer_named(name: str, settings: Settings) -> Recognizer | None:
    """The speech engine of this name, whatever the profile says; None where there is none."""
    make = _recognizers(settings).get(name)
    return make() if make else None


def generator_named(name: str, settings: Settings) -> Generator | None:
    """The language engine of this name, whatever the profile says; None where there is none."""
    make = _generators(settings).get(name)
    return make() if make else None


def classifier_named(name: str, settings: Settings) -> ImageClassifier | None:
    """The image classifier of this name; None where there is none."""
    make = _classifiers(settings).get(name)
    return make() if make else None


def writing_of(settings: Settings) -> Writing:
    """How what is heard is written: the user's lexicon and the built-in one, and the forms."""
    from assistant.lexicon import load_lexicon
    from pipelines.speech.live import Writing

    return Writing(lexicon=load_lexicon(settings.data_dir), forms=settings.written_forms)


def filing_of(settings: Settings) -> Literal["wording", "model"]:
    """Who files dictated sentences that stand under no spoken heading."""
    return profile_of(settings).filing if settings.filing == "profile" else settings.filing


def profile_of(settings: Settings) -> Profile:
    return profile_named(settings.profile, tuple(_recognizers(settings)), tuple(_generators(settings)))


def model_folder(name: str, settings: Settings) -> ModelFolder:
    """Where the settings say that a model of the catalogue lies, whether or not it is there."""
    from pipelines.weights.catalogue import KNOWN_MODELS
    from pipelines.weights.gguf_folder import open_folder

    if name == "medgemma-gguf":
        return gguf_folder(settings)
    named = {"medasr": settings.medasr, "medgemma": settings.medgemma, "medsiglip": settings.medsiglip}.get(name)
    if named is not None:
        return open_folder(named, KNOWN_MODELS[name], f"ASSISTANT_{name.upper()}")
    return open_folder(settings.models_dir / name, KNOWN_MODELS[name])


def gguf_folder(settings: Settings) -> GgufFolder:
    """Where the settings say that MedGemma as GGUF lies, whether or not it is there."""
    from pipelines.weights.catalogue import MEDGEMMA_GGUF
    from pipelines.weights.gguf_folder import GgufFolder

    if settings.llamacpp is not None:
        return GgufFolder(settings.llamacpp.expanduser(), MEDGEMMA_GGUF, "ASSISTANT_LLAMACPP")
    return GgufFolder(settings.models_dir / MEDGEMMA_GGUF.name, MEDGEMMA_GGUF)


def has_appeared(needs: str, settings: Settings) -> bool:
    """Whether what a paused run waits for is here now. A person never is: only an answer lets those runs go on."""
    from pipelines.tasks.served import served_tasks

    kind, _, name = needs.partition(":")
    match kind:
        case "recognizer":
            return recognizer_of(settings).available().ready
        case "generator":
            return generator_of(settings).available().ready
        case "task":
            return TaskName(name) in served_tasks()
    return False


class EngineLine(Value):
    """One engine as ``assistant models list`` shows it."""

    name: str
    does: str
    taken: bool
    """Whether the profile gives it its work."""
    availability: Availability


def engine_table(settings: Settings) -> tuple[EngineLine, ...]:
    """Every engine that this version knows."""
    return tuple(_engine_lines(settings))


class Engines(NamedTuple):
    """Every engine that this version knows, by name, each made when called."""

    recognizers: Mapping[str, Callable[[], Recognizer]]
    generators: Mapping[str, Callable[[], Generator]]
    classifiers: Mapping[str, Callable[[], ImageClassifier]]


def all_engines(settings: Settings) -> Engines:
    return Engines(_recognizers(settings), _generators(settings), _classifiers(settings))


def who_works(settings: Settings) -> str:
    """One line about what the profile took, for the user."""
    recognizer, generator = recognizer_of(settings), generator_of(settings)
    parts = []
    for does, engine in (("speech", recognizer), ("language", generator)):
        at = engine.available()
        state = "" if at.ready else f" (not ready: {at.detail})"
        parts.append(f"{does} by {engine.name}{state}")
    classifier = classifier_of(settings)
    if classifier.available().ready:
        parts.append(f"{PICTURES} by {classifier.name}")
    return f"profile {settings.profile}: {', '.join(parts)}"


def _engine_lines(settings: Settings) -> Iterator[EngineLine]:
    from pipelines.weights.catalogue import KNOWN_MODELS

    taken = {recognizer_of(settings).name, generator_of(settings).name, classifier_of(settings).name}
    tables: tuple[tuple[str, Mapping[str, Callable[[], _Available]]], ...] = (
        (SPEECH, _recognizers(settings)),
        (LANGUAGE, _generators(settings)),
        (PICTURES, _classifiers(settings)),
    )
    for does, engines in tables:
        for name, make in engines.items():
            # The catalogue knows of a model whether it sees.
            own = KNOWN_MODELS[name].does if name in KNOWN_MODELS else does
            yield EngineLine(name=name, does=own, taken=name in taken, availability=make().available())


def _first_ready(names: tuple[str, ...], engines: Mapping[str, Callable[[], E]], what: str) -> E:
    for name in names:
        if name not in engines:
            raise UsageProblem(name, f"is not {what}", f"choose one of: {', '.join(engines)}")
        engine = engines[name]()
        if engine.available().ready:
            return engine
    return engine


def _recognizers(settings: Settings) -> Mapping[str, Callable[[], Recognizer]]:
    from pipelines.speech.registry import recognizers

    return recognizers(
        cache_dir=settings.cache_dir,
        threads=settings.threads,
        medasr=model_folder("medasr", settings),
        models_dir=settings.models_dir,
        decoding=_decoding(settings),
        device=settings.device,
        remote=lambda: _remote(settings),
    )


def _remote(settings: Settings) -> Recognizer:
    """The engine on another machine. Every piece that it sends is in the log of the data folder before it is sent."""
    from assistant.outbound import FolderOutbound
    from pipelines.speech.remote import RemoteRecognizer

    key = settings.remote_speech_key
    return RemoteRecognizer(
        FolderOutbound(settings.data_dir, settings.lock_timeout),
        settings.remote_speech_url,
        settings.remote_speech_model,
        key.get_secret_value() if key else None,
        settings.remote_speech_timeout,
        settings.remote_speech_retries,
    )


def _decoding(settings: Settings) -> Decoding:
    """How MedASR's tokens are found."""
    from pipelines.speech.decoding import Decoding

    return Decoding(
        language_model=language_model_of(settings),
        width=settings.beam_width,
        alpha=settings.language_model_weight,
        beta=settings.piece_bonus,
        hot_words=settings.hot_words,
    )


def language_model_of(settings: Settings) -> Path | None:
    """The one that is named, else Google's own where it lies beside the weights."""
    from pipelines.weights.catalogue import LANGUAGE_MODEL

    if settings.language_model == "none":
        return None
    beside = model_folder("medasr", settings).path / LANGUAGE_MODEL
    return settings.language_model or (beside if beside.is_file() else None)


def _generators(settings: Settings) -> Mapping[str, Callable[[], Generator]]:
    from pipelines.models.registry import generators
    from pipelines.weights.catalogue import MEDGEMMAS

    return generators(
        medgemma=model_folder("medgemma", settings),
        variants=[model_folder(model.name, settings) for model in MEDGEMMAS[1:]],
        threads=settings.threads,
        device=settings.device,
        dtype=settings.dtype,
        quantize=settings.quantize,
        adapter=settings.adapter,
        kept_bytes=int(settings.prefix_cache_gb * 1e9),
        llamacpp=gguf_folder(settings),
        llamacpp_context=settings.llamacpp_context,
        openai=lambda: _openai(settings),
    )


def _openai(settings: Settings) -> Generator:
    """The engine behind a server. Whatever it sends is in the log of the data folder before it is sent."""
    from assistant.outbound import FolderOutbound
    from assistant.secrets import server_key
    from pipelines.addresses import host_of
    from pipelines.models.openai.generator import OpenAIGenerator

    url = settings.openai_url
    return OpenAIGenerator(
        FolderOutbound(settings.data_dir, settings.lock_timeout),
        url,
        settings.openai_model,
        lambda: server_key(settings.openai_key, host_of(url or "")),
        timeout=settings.openai_timeout,
        retries=settings.openai_retries,
        context=settings.openai_context,
        images=settings.openai_images,
        picture_tokens=settings.openai_picture_tokens,
        structured=settings.openai_structured,
        off_machine=settings.openai_off_machine,
        parallel=settings.openai_parallel,
    )


def _classifiers(settings: Settings) -> Mapping[str, Callable[[], ImageClassifier]]:
    from pipelines.models.registry import classifiers

    return classifiers(
        medsiglip=model_folder("medsiglip", settings),
        threads=settings.threads,
        device=settings.device,
        dtype=settings.dtype,
    )
