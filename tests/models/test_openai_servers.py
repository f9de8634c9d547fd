"""The engine behind a server, against real ones on this machine: llama.cpp's own, and ``transformers serve``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.outbound import Outbound
from assistant.sessions import SessionLog
from pipelines.errors import BadInput
from pipelines.models.generator import Generator, Slot
from pipelines.models.medgemma.generator import MedGemma
from pipelines.models.openai.generator import OpenAIGenerator
from pipelines.weights.catalogue import MEDGEMMA
from pipelines.weights.folder import ModelFolder
from tests.models.generator_conformance import QUESTION, SCHEMA, GeneratorConformance, Pictures, an_ask
from tests.support.small_model import small_gguf
from tests.support.tiny_medgemma import shared
from tests.support.transformers_server import serve

CONTEXT = 2048


@pytest.fixture(scope="module")
def outbound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outbound]:
    with SessionLog.open(tmp_path_factory.mktemp("openai") / "data") as log:
        yield Outbound(log)


@pytest.fixture(scope="module")
def llama_server() -> Iterator[str]:
    """The address of llama.cpp's HTTP server with a real small model, in this process, on one thread."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(small_gguf())
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.warmup = False
    parameters.verbosity = -1
    parameters.port = 0
    server = xllamacpp.Server(parameters)
    yield server.listening_address
    del server


@pytest.mark.long
class TestLlamaServerConformance(GeneratorConformance):
    knows_weights = False

    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls, llama_server: str, outbound: Outbound) -> Generator:
        return OpenAIGenerator(outbound, llama_server, "SmolLM2-135M-Instruct.Q4_1", images=False, retries=0)


@pytest.fixture(scope="module")
def transformers_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``transformers serve`` with a tiny checkpoint of MedGemma's classes."""
    with serve(shared("answers"), tmp_path_factory.mktemp("serve") / "log") as address:
        yield address


@pytest.mark.long
class TestTransformersServeConformance(GeneratorConformance):
    """It passes over ``response_format`` and ``stream_options`` in silence, and never marks the end of a stream."""

    knows_weights = False

    @pytest.fixture(scope="class")
    @classmethod
    def generator(cls, transformers_server: str, outbound: Outbound) -> Generator:
        made = OpenAIGenerator(outbound, transformers_server, str(shared("answers")), context=4096, retries=0)
        made.generate(an_ask(QUESTION, json_schema=SCHEMA), Pictures())
        return made

    def test_that_it_holds_to_no_schema_was_found_out(self, generator: Generator) -> None:
        able = generator.capabilities()
        assert (able.structured, able.choices) == ("asked", False)
        with pytest.raises(BadInput, match="does not hold its answers to a JSON schema"):
            generator.choose(an_ask(QUESTION), (Slot(options=("yes", "no")),), Pictures())

    def test_it_says_what_the_same_weights_say_in_process(self, generator: Generator) -> None:
        """With a picture, which crosses the wire as it is."""
        pictures = Pictures()
        ask = an_ask(pictures.add(1), QUESTION, system="You are a careful reader.")
        here = MedGemma(ModelFolder(shared("answers"), MEDGEMMA), threads=1, device="cpu", dtype="float32")
        one, other = generator.generate(ask, pictures), here.generate(ask, pictures)
        assert (one.text, one.prompt_tokens) == (other.text, other.prompt_tokens)
