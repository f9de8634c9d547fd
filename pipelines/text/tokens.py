"""Text as the words, numerals and marks that the grammars of written forms read, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)?|(?<![^\s(])\.[0-9]+"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*|\S"
)
_SENTENCE_ENDS: Final = frozenset(".?!:;")
_OPENERS: Final = frozenset("([\"'“‘")
_CLOSERS: Final = frozenset(".,;:?!)]\"'”’…")


class Token(NamedTuple):
    """``text[start:end]``.

    ``key`` is in lower case. ``glue`` is what stands before it, back to the token before: ``" "`` for spaces, ``"-"``
    for one hyphen between two letters or digits, ``"\\n"`` where a line ends, ``""`` for nothing.
    """

    start: int
    end: int
    key: str
    glue: str


END: Final = Token(-1, -1, "", "\n")
"""What stands before the first and after the last token: it is near to nothing."""


class Tokens:
    """The tokens of one text. Any index may be asked for; outside there is `END`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = _tokens(text)
        self._length = len(self._tokens)

    def __len__(self) -> int:
        return len(self._tokens)

    def __iter__(self) -> Iterator[Token]:
        return iter(self._tokens)

    def __getitem__(self, index: int) -> Token:
        return self._tokens[index] if 0 <= index < self._length else END

    def said(self, index: int) -> str:
        """The token as it stands in the text."""
        token = self[index]
        return self.text[token.start : token.end] if token is not END else ""

    def key(self, index: int) -> str:
        """The token's key if only spaces stand before it, else nothing."""
        token = self[index]
        return token.key if token.glue == " " else ""

    def joined(self, index: int) -> str:
        """The token's key if spaces or one hyphen stand before it, else nothing."""
        token = self[index]
        return token.key if token.glue in (" ", "-") else ""

    def follows(self, index: int, words: Sequence[str]) -> bool:
        """Whether ``words`` stand from ``index`` on, each with only spaces before it."""
        return all(self.key(index + n) == word for n, word in enumerate(words))

    def before(self, index: int) -> str:
        """Key of the word before ``index``, if only spaces or a hyphen stand between."""
        return self[index - 1].key if self[index].glue in (" ", "-") else ""

    def free(self, start: int, end: int) -> bool:
        """Whether nothing sticks to ``start`` to ``end``: no hyphen, no letter, no mark but those around a sentence."""
        before, after = self[start], self[end]
        loose = before.glue in (" ", "\n") or start == 0 or (before.glue == "" and self[start - 1].key in _OPENERS)
        # "Seven.5" would become another number.
        figure = self[end + 1].glue == "" and self[end + 1].key[:1].isdecimal()
        return loose and (after.glue in (" ", "\n") or (after.key in _CLOSERS and not figure))

    def opens_sentence(self, index: int) -> bool:
        """Whether a sentence, a line or the text begins with the token."""
        return self[index].glue == "\n" or index == 0 or self[index - 1].key in _SENTENCE_ENDS

    def near(self, index: int, words: frozenset[str], *, back: int = 8, ahead: int = 6) -> bool:
        """Whether one of ``words`` stands close to ``index``, in the same sentence."""
        for at in range(index - 1, index - 1 - back, -1):
            key = self[at].key
            if key in words:
                return True
            if key in ("", ".", "?", "!"):
                break
        for at in range(index, index + ahead):
            key = self[at].key
            if key in words:
                return True
            if key in ("", ".", "?", "!"):
                break
        return False


class Found(NamedTuple):
    """The tokens up to ``end`` (exclusive) mean ``text``."""

    end: int
    text: str
    kind: str


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    done = 0
    hyphen: Token | None = None
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        gap = text[done:start]
        glue = ("\n" if "\n" in gap or "\r" in gap else " ") if gap else ""
        token = Token(start, end, match.group().lower(), glue)
        if hyphen is not None and not glue and token.key[0].isalnum():
            token = token._replace(glue="-")
        elif hyphen is not None:
            tokens.append(hyphen)
        # Held back until it is known what follows it.
        loose = token.key == "-" and not glue and tokens and tokens[-1].end == start and tokens[-1].key[-1].isalnum()
        hyphen = token if loose else None
        if not loose:
            tokens.append(token)
        done = end
    if hyphen is not None:
        tokens.append(hyphen)
    return tokens
