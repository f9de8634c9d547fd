"""One typed settings object: defaults, then ``ASSISTANT_…`` in the environment, then the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.errors import UsageProblem
from pipelines.speech.weights import default_cache_dir


def _user_data_dir() -> Path:
    from platformdirs import user_data_path

    return user_data_path("clinical-assistant", appauthor=False)


def _models_dir() -> Path:
    return _user_data_dir() / "models"


class Settings(BaseSettings):
    """Every setting of the product."""

    model_config = SettingsConfigDict(env_prefix="ASSISTANT_", frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=_user_data_dir)
    """Where the session log, its files and the graph's checkpoints lie."""
    cache_dir: Path = Field(default_factory=default_cache_dir)
    """Where joined model weights lie: can be deleted at any time."""
    models_dir: Path = Field(default_factory=_models_dir)
    """Where pulled and imported models lie, shared by all data folders."""
    profile: str = "auto"
    """Which engines do the work: a profile, or engines by name with commas between them."""
    recognizer: str | None = None
    """Name of the speech engine, instead of the profile's."""
    generator: str | None = None
    """Name of the language engine, instead of the profile's."""
    medasr: Path | None = None
    """A folder with MedASR, instead of the one in ``models_dir``."""
    medgemma: Path | None = None
    """A folder with MedGemma, instead of the one in ``models_dir``."""
    medsiglip: Path | None = None
    """A folder with MedSigLIP, instead of the one in ``models_dir``."""
    llamacpp: Path | None = None
    """A folder with MedGemma as GGUF and its mmproj, or the GGUF file, instead of the one in ``models_dir``."""
    llamacpp_context: int = Field(default=8192, ge=256)
    """Tokens of prompt and output together that the engine ``llamacpp`` keeps memory for."""
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$")
    """Where MedASR, MedGemma and MedSigLIP run: ``auto`` is a graphics processor where there is one."""
    dtype: str = "auto"
    """Number format of MedGemma and MedSigLIP: ``bfloat16``, ``float32``, or for MedGemma the first where the device
    has it, for MedSigLIP the second."""
    quantize: Literal["none", "int8", "4bit"] = "none"
    """How the matrices of MedGemma's layers are held: as they are, one byte a number, or half a byte."""
    adapter: Path | None = None
    """A folder with a LoRA adapter to lay on MedGemma."""
    prefix_cache_gb: float = Field(default=2.0, ge=0)
    """Memory for what MedGemma has read of studies and records, so that a further question does not pay for it."""
    language_model: Path | Literal["none"] | None = None
    """A KenLM file over MedASR's own pieces for its beam search, or ``none``; unless set, ``lm_6.kenlm`` beside its
    weights."""
    beam_width: int = Field(default=8, ge=1)
    """Of MedASR's beam search."""
    language_model_weight: float = Field(default=0.5, ge=0)
    """How much the language model counts against what was heard."""
    piece_bonus: float = 1.5
    """What each written piece is worth by itself, against a language model's liking for short texts."""
    hot_words: bool = False
    """Whether MedASR's beam search favours terms of the lexicon, which can write words that nobody spoke."""
    remote_speech_url: str | None = None
    """Address of a transcription server, for the speech engine ``remote``, which no profile takes by itself."""
    remote_speech_model: str | None = None
    """The name by which that server knows its model."""
    remote_speech_key: SecretStr | None = None
    """Your key there, where it wants one."""
    remote_speech_timeout: float = Field(default=60.0, gt=0)
    """Seconds for one piece of at most 25 s."""
    remote_speech_retries: int = Field(default=2, ge=0, le=10)
    """Further attempts at a piece where it does not answer or is out of order."""
    openai_url: str | None = None
    """Address of a chat server, for the language engine ``openai``, which no profile takes by itself."""
    openai_model: str | None = None
    """The name by which that server knows its model; empty where it has one only (Vertex Model Garden)."""
    openai_key: SecretStr | None = None
    """Your key there, where it wants one; else the one that the system's keyring has for its host."""
    openai_off_machine: bool = False
    """Whether that server may be another machine: the text and pictures of a run are then sent there."""
    openai_timeout: float = Field(default=600.0, gt=0)
    """Seconds for one answer."""
    openai_retries: int = Field(default=2, ge=0, le=10)
    """Further attempts where it does not answer whole or is out of order."""
    openai_context: int | None = Field(default=None, ge=256)
    """Tokens of prompt and output together that it takes, where it does not tell; 8,192 unless set."""
    openai_structured: Literal["enforced", "json", "asked"] = "enforced"
    """What it is taken to make of a JSON schema until it is known better: nothing else is written, some JSON is, or it
    is asked for in words."""
    openai_images: bool = True
    """Whether its model takes pictures."""
    openai_picture_tokens: int = Field(default=258, ge=1)
    """Tokens for which a picture counts where the length of a prompt is estimated; Gemma 3's unless set."""
    openai_parallel: int = Field(default=1, ge=1, le=64)
    """Calls at once."""
    fhir_url: str | None = None
    """Base address of the FHIR server for which the token, user or client below is; none goes to another."""
    fhir_token: SecretStr | None = None
    """Your token there; else the one that the system's keyring has for its host."""
    fhir_user: SecretStr | None = None
    """Your name there (HTTP Basic), instead of a token."""
    fhir_password: SecretStr | None = None
    """That user's password; else the one that the system's keyring has for him at its host."""
    fhir_client_id: str | None = None
    """By which this program is registered there for SMART backend services, instead of a token."""
    fhir_private_key: Path | None = None
    """The file of that client's private key (PEM): RSA, or EC on P-384."""
    fhir_key_id: str | None = None
    """By which the server knows the public key, where it knows several."""
    fhir_scope: str | None = None
    """What that client may read; everything that it may unless set."""
    fhir_timeout: float = Field(default=60.0, gt=0)
    """Seconds for one answer of a FHIR server."""
    fhir_retries: int = Field(default=2, ge=0, le=10)
    """Further attempts where it does not answer whole or has too much to do."""
    dicomweb_url: str | None = None
    """Base address of the DICOMweb archive for which the token or user below is; neither goes to another."""
    dicomweb_token: SecretStr | None = None
    """Your token there; else the one that the system's keyring has for its host."""
    dicomweb_user: SecretStr | None = None
    """Your name there (HTTP Basic), instead of a token."""
    dicomweb_password: SecretStr | None = None
    """That user's password; else the one that the system's keyring has for him at its host."""
    dicomweb_timeout: float = Field(default=60.0, gt=0)
    """Seconds for a list of such an archive, and that it may be silent while images come."""
    dicomweb_retries: int = Field(default=2, ge=0, le=10)
    """Further attempts where it does not answer whole or has too much to do."""
    written_forms: bool = True
    """Whether numbers, doses, dates and the like are written as clinicians write them."""
    filing: Literal["profile", "wording", "model"] = "profile"
    """Who files dictated sentences that stand under no spoken heading; the profile says unless set."""
    draft: Literal["none", "impression", "summary"] = "none"
    """What a model drafts of every dictated note, apart from it; without a model the note is done without."""
    templates_dir: Path | None = None
    """Own note templates and macros, instead of ``templates`` in ``data_dir``."""
    prompts_dir: Path | None = None
    """Own prompt files: one with a shipped prompt's name is used instead of it."""
    threads: int = Field(default=2, ge=1)
    """CPU threads of an engine."""
    allow_tracing: bool = False
    """Whether the tracing of libraries (LangSmith) may send run inputs away when their own variables ask for it."""
    database_url: str | None = None
    """Refused unless it is SQLite's file in ``data_dir``: other databases are not supported yet."""
    debug: bool = False
    """Let internal errors through with their traceback, which may hold patient text."""
    microphone_patience: float = Field(default=20.0, ge=0)
    """Seconds that a microphone which is gone is waited for."""
    lock_timeout: float = Field(default=5.0, gt=0)
    """Seconds to wait for another process to let go of the log."""

    @property
    def templates_folder(self) -> Path:
        """Where the user's own note templates and macros lie; it need not be there."""
        return self.templates_dir or self.data_dir / "templates"


def load_settings(**given: Any) -> Settings:
    """Settings with what the command line gave on top.

    Raises:
        UsageProblem: a value that cannot be.
    """
    from pydantic import ValidationError

    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as invalid:
        error = invalid.errors()[0]
        name = "_".join(map(str, error["loc"]))
        raise UsageProblem(f"ASSISTANT_{name.upper()}", error["msg"].lower(), "see docs/settings.md") from None
    if settings.database_url is not None:
        scheme = settings.database_url.split(":", 1)[0]
        raise UsageProblem(
            "ASSISTANT_DATABASE_URL", f"{scheme} is not supported", "unset it: the log is an SQLite file in --data-dir"
        )
    return settings
