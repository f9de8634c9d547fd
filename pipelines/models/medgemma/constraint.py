"""Holds what is written to a JSON schema, token by token: nothing else can be written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.errors import UsageProblem
from pipelines.models.control import ControlTokens
from pipelines.models.schema import closed

if TYPE_CHECKING:
    from llguidance import LLMatcher, LLTokenizer
    from llguidance._lib import JsonCompileOptions

    from pipelines.models.medgemma.checkpoint import Checkpoint

#: One space after comma and colon and none elsewhere: the form models know best, without white space that has no end,
#: and with names that follow of themselves: see `SchemaConstraint.forced`.
_FORM: Final[JsonCompileOptions] = {
    "whitespace_flexible": False,
    "item_separator": ", ",
    "key_separator": ": ",
    # Letters stand for themselves, control characters cannot be written.
    "json_allowed_escapes": '"\\nt',
    # Alternatives that may overlap: pydantic tells afterwards.
    "coerce_one_of": True,
}


def schema_constraint(checkpoint: Checkpoint, schema: Mapping[str, Any]) -> SchemaConstraint:
    """Holds one answer of ``checkpoint`` to ``schema``; see `SchemaConstraints.of`."""
    return checkpoint.constraints.of(schema)


class SchemaConstraints:
    """Makes constraints for one tokenizer and keeps what is costly: the tokenizer's trie (seconds), compiled schemas.

    Args:
        tokenizer: ``PreTrainedTokenizerFast``.
        logits: so many scores the model gives; those behind the tokenizer's vocabulary are never allowed.
        end: the token that ends the turn, allowed where the JSON is whole.
    """

    def __init__(self, tokenizer: Any, logits: int, end: int) -> None:
        self._tokenizer = tokenizer
        self._logits = logits
        self._end = end
        self._compiled: dict[str, LLMatcher] = {}

    def of(self, schema: Mapping[str, Any]) -> SchemaConstraint:
        """A constraint at its beginning: one JSON value of ``schema`` in the order of its properties, as `closed`.

        Raises:
            UsageProblem: the schema says what cannot be enforced, or contradicts itself.
        """
        from llguidance import LLMatcher

        key = json.dumps(closed(schema))
        if key not in self._compiled:
            grammar = LLMatcher.grammar_from_json_schema(key, overrides=_FORM)
            matcher = LLMatcher(self._trie, grammar, log_level=0)
            if matcher.is_error():
                problem = matcher.get_error().partition("\n")[0][:120]
                raise UsageProblem("JSON schema", f"cannot be enforced ({problem})", "simplify it")
            self._compiled[key] = matcher
        return SchemaConstraint(self._compiled[key].deep_copy(), self._logits, self._usable, self._end)

    @cached_property
    def _trie(self) -> LLTokenizer:
        from llguidance.hf import from_tokenizer

        return from_tokenizer(self._tokenizer, n_vocab=self._logits, eos_token=self._end)

    @cached_property
    def _usable(self) -> NDArray[np.uint8]:
        """A bit for each token that may ever be written: no control token, flagged special or not, but the end."""
        usable = np.zeros(-(-self._logits // 32) * 32, dtype=np.uint8)
        usable[: self._logits] = 1
        control = ControlTokens.of(self._tokenizer).texts
        added = self._tokenizer.added_tokens_decoder
        usable[[index for index, token in added.items() if token.content in control]] = 0
        usable[self._end] = 1
        return np.packbits(usable, bitorder="little")


class SchemaConstraint:
    """What may be written in one call: a `pipelines.models.medgemma.writing.Constraint`."""

    def __init__(self, matcher: LLMatcher, logits: int, usable: NDArray[np.uint8], end: int) -> None:
        self._matcher = matcher
        self._logits = logits
        self._usable = usable
        self._end = end
        self._ended = False

    def mask(self, scores: Any) -> None:
        """Set the scores, [logits] or [1, logits], of what may not follow to minus infinity, in place.

        What may follow is worked out on the CPU, beside whatever the device still does.

        Raises:
            UsageProblem: the schema asks too much of the grammar at this place.
        """
        import torch

        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        if self._matcher.is_error():
            raise UsageProblem("JSON schema", "is too complex to hold a model to", "simplify it")
        # There may be more bits than scores.
        usable = bits[: len(self._usable)] & self._usable
        forbidden = np.unpackbits(~usable, count=self._logits, bitorder="little").view(np.bool_)
        scores.masked_fill_(torch.from_numpy(forbidden).to(scores.device), float("-inf"))

    def take(self, token: int) -> None:
        """The token that was written, one that `mask` left."""
        if self._ended or not self._matcher.consume_token(token):
            raise ValueError("this token may not follow")
        self._ended = token == self._end

    def forced(self) -> list[int]:
        """Tokens that follow whatever the scores are, such as a property's name; often none. Not taken yet."""
        if self._matcher.is_stopped():
            return [] if self._ended else [self._end]
        return self._matcher.compute_ff_tokens()

    @property
    def over(self) -> bool:
        """Whether the JSON is whole: nothing may follow but the end of the turn."""
        return self._ended or self._matcher.is_stopped()
