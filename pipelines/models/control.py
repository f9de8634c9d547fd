"""A tokenizer's control tokens: what no text may ever become, and what no answer may ever show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

#: Elements of HTML that Gemma's vocabulary holds as added tokens: ordinary content.
_MARKUP: Final = re.compile(
    "</?(?:a|b|blockquote|br|caption|code|div|em|h[1-6]|i|img|kbd|li|ol|p|pre|s|span|strong|sub|sup|table|tbody|td"
    "|tfoot|th|thead|tr|u|ul)>"
)
#: Gemma's vocabulary holds runs of spaces as runs of this sign.
_SPACE: Final = "▁"


@dataclass(frozen=True)
class ControlTokens:
    """The control tokens as they are written, such as ``<start_of_turn>``."""

    texts: frozenset[str]

    @classmethod
    def of(cls, tokenizer: Any) -> ControlTokens:
        """Every token that was added to the vocabulary, flagged special or not, but for white space and HTML."""
        flagged = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
        flagged.update(tokenizer.all_special_tokens)
        plain = {token.content for token in tokenizer.added_tokens_decoder.values()} - flagged
        found = flagged | {text for text in plain if not _MARKUP.fullmatch(text)}
        return cls(frozenset(text for text in found if len(text.strip().strip(_SPACE)) > 1))

    def defused(self, text: str) -> str:
        """See `defused`."""
        return defused(text, self._pattern)

    def removed(self, text: str) -> str:
        """See `removed`."""
        return removed(text, self._pattern)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.texts, key=lambda text: (-len(text), text))
        return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def defused(text: str, control: re.Pattern[str]) -> str:
    """The text as data: a space after the first character of whatever would be read as a control token."""
    while (safe := control.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)) != text:
        text = safe
    return text


def removed(text: str, control: re.Pattern[str]) -> str:
    """The text without control tokens, also those that come about by taking others out."""
    while (rest := control.sub("", text)) != text:
        text = rest
    return text
