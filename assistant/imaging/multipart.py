"""A multipart body (RFC 2046, 5.1.1) read while it arrives: each part in pieces, none of them held."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

#: Of the head of one part; DICOMweb's are below 300 bytes.
MOST_HEAD_BYTES: Final = 1 << 14
#: Of what may follow a boundary on its line, and of what may stand before the first.
_MOST_PADDING: Final = 1 << 10
_LINE_END: Final = b"\r\n"
_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_PARAMETER: Final = re.compile(
    rf'\s*;\s*(?P<name>{_TOKEN})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s";]+))'
)
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


class NotWhole(Exception):
    """The body ends before its last boundary."""


class NotMultipart(Exception):
    """It is no such body."""


@dataclass(frozen=True)
class Part:
    """One part whose head is here."""

    headers: Mapping[str, str]
    """Names in lower case."""
    blocks: Iterator[bytes] = field(repr=False)
    """Its bytes as they arrive, read once, before the next part is asked for. Raises `NotWhole`."""


def media_type(header: str) -> tuple[str, dict[str, str]]:
    """The type that a Content-Type names, in lower case, and its parameters, names in lower case."""
    kind, separator, _ = header.partition(";")
    parameters = {}
    for found in _PARAMETER.finditer(header, len(kind)) if separator else ():
        quoted = found["quoted"]
        value = found["plain"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        parameters[found["name"].lower()] = value
    return kind.strip().lower(), parameters


def boundary_of(parameters: Mapping[str, str]) -> bytes:
    """What stands between the parts.

    Raises:
        NotMultipart: there is none that can be.
    """
    given = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(given):
        raise NotMultipart
    return given.encode()


def parts(blocks: Iterable[bytes], boundary: bytes) -> Iterator[Part]:
    """Each part in its order. What is left unread of one is passed over when the next is asked for.

    At most one block and a boundary of the body are held at a time.

    Raises:
        NotWhole: it ends before its last boundary.
        NotMultipart: it does not begin with a boundary, or the head of a part is none.
    """
    body = _Body(blocks, _LINE_END + b"--" + boundary)
    for _ in body.to_delimiter(_MOST_PADDING):
        pass
    while body.another_follows():
        part = Part(_head(body), _content(body))
        yield part
        for _ in part.blocks:
            pass


class _Body:
    def __init__(self, blocks: Iterable[bytes], delimiter: bytes) -> None:
        self._blocks = iter(blocks)
        self._delimiter = delimiter
        self._held = b""
        self.give_line_end()

    def give_line_end(self) -> None:
        """Let a delimiter begin here: its own line end is what opened the body, or what ended a head."""
        self._held = _LINE_END + self._held

    def to_delimiter(self, most: int | None) -> Iterator[bytes]:
        """What comes before the next delimiter, which is passed.

        Raises:
            NotMultipart: more than ``most`` bytes come before it.
        """
        taken = 0
        while (at := self._held.find(self._delimiter)) < 0:
            # Its last bytes may be the beginning of a delimiter.
            sure = max(0, len(self._held) - len(self._delimiter) + 1)
            if sure:
                piece, self._held = self._held[:sure], self._held[sure:]
                taken += len(piece)
                if most is not None and taken > most:
                    raise NotMultipart
                yield piece
            self._more()
        piece, self._held = self._held[:at], self._held[at + len(self._delimiter) :]
        if piece:
            yield piece

    def another_follows(self) -> bool:
        """Behind a delimiter: whether it opens a part, which then follows, or is the last.

        Raises:
            NotMultipart: it is neither.
        """
        while len(self._held) < 2:
            self._more()
        if self._held.startswith(b"--"):
            return False
        if self.to_line_end(_MOST_PADDING).strip(b" \t"):
            raise NotMultipart
        return True

    def to_line_end(self, most: int) -> bytes:
        """The rest of the line, without its end, which is passed."""
        while (at := self._held.find(_LINE_END)) < 0:
            if len(self._held) > most:
                raise NotMultipart
            self._more()
        line, self._held = self._held[:at], self._held[at + len(_LINE_END) :]
        return line

    def _more(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            raise NotWhole
        self._held += block


def _head(body: _Body) -> dict[str, str]:
    lines: list[str] = []
    left = MOST_HEAD_BYTES
    while line := body.to_line_end(left):
        left -= len(line) + len(_LINE_END)
        if left < 0:
            raise NotMultipart
        # A line that begins with space goes on with the one before (RFC 822, 3.1.1).
        if lines and line[:1] in b" \t":
            lines[-1] += line.decode("latin-1")
        else:
            lines.append(line.decode("latin-1"))
    fields = [line.partition(":") for line in lines]
    if not all(separator for _, separator, _ in fields):
        raise NotMultipart
    return {name.strip().lower(): value.strip() for name, _, value in fields}


def _content(body: _Body) -> Iterator[bytes]:
    body.give_line_end()
    surplus = len(_LINE_END)
    for piece in body.to_delimiter(None):
        rest = piece[surplus:]
        surplus -= min(surplus, len(piece))
        if rest:
            yield rest
