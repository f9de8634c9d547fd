"""A KenLM n-gram over MedASR's own pieces, in the form in which Google makes and ships it: every SentencePiece piece is
one word of the language model, with ``#`` for the mark of a space. ARPA text and KenLM's binary form both do."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from pipelines.errors import ModelNeeded
from pipelines.speech.ctc import Alphabet
from pipelines.weights.hashes import sha256_of
from pipelines.weights.passport import Passport, read_passport

#: Rare pieces may be missing from the text that a language model was counted from.
LEAST_SHARE: Final = 0.9
_BINARY: Final = b"mmap lm http://kheafield.com/code"
#: After the test values and the fixed part of the header: how many words there are.
_WORD_COUNT: Final = struct.Struct("<108xQ")
_PACKED: Final = {b"\x1f\x8b": "gzip", b"\xfd7zXZ\0": "xz", b"BZh": "bzip2", b"PK\x03\x04": "zip"}
#: Every language model has it, so it tells nothing.
_UNKNOWN: Final = "<unk>"
#: An alphabet has some hundred pieces of a few letters; the words of other models would not fit in here.
_MOST_VOCABULARY_BYTES: Final = 1 << 20
_LONGEST_LINE: Final = 1 << 12
_REMEDY: Final = "name one made for this checkpoint in ASSISTANT_LANGUAGE_MODEL, or the word none"


def lm_word(piece: str) -> str:
    """How a piece of the alphabet is written as a word of the language model."""
    return piece.replace("▁", "#")


class LanguageModel:
    """A language model that belongs to an alphabet. Opening reads its words, not its n-grams.

    Args:
        path: an ARPA file or a KenLM binary, not packed.
        alphabet: of the network whose posteriors it is to weigh.

    Raises:
        ModelNeeded: no such file, none of these formats, damaged, or made for other pieces.
    """

    def __init__(self, path: Path, alphabet: Alphabet) -> None:
        self.path = path
        with self._reading() as file:
            head = file.read(len(_BINARY))
            packed = next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)
            if packed is not None:
                raise self.unusable(f"is packed ({packed})", "unpack it first")
            self.is_binary = head == _BINARY
            file.seek(0)
            found = frozenset(self._binary_words(file) if self.is_binary else self._arpa_words(file))
        wanted = {lm_word(piece) for id_, piece in enumerate(alphabet.pieces) if piece and alphabet.writes(id_)}
        wanted -= {_UNKNOWN}
        known = wanted & found
        if len(known) < LEAST_SHARE * len(wanted):
            raise self.unusable(f"is a language model made for other pieces: it knows {len(known)} of {len(wanted)}")
        self.words: tuple[str, ...] = tuple(sorted(known))
        """The alphabet's pieces that it knows, as its words."""
        self._require_as_installed()

    @property
    def sha256(self) -> str:
        """Of the file. Read once, or never where the passport of its folder states it for this size and time."""
        passport = self._passport()
        stated = passport.files.get(self.path.name) if passport else None
        stat = self.path.stat()
        if stated is not None and (stated.size, stated.modified_ns) == (stat.st_size, stat.st_mtime_ns):
            return stated.sha256
        return sha256_of(self.path)

    def _require_as_installed(self) -> None:
        """Its bytes are read only where size or time are not those of the installed file."""
        passport = self._passport()
        stated = passport.files.get(self.path.name) if passport else None
        if passport is not None and stated is not None and self.sha256 != stated.sha256:
            raise self.unusable(
                "is damaged (SHA-256 differs)",
                f"run: assistant models pull {passport.model}  (or again: assistant models import DIR)",
            )

    def _passport(self) -> Passport | None:
        try:
            return read_passport(self.path.parent)
        except ValueError:
            return None

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Around what gives the file to KenLM: its complaints become one line, its progress bar is not shown.

        Raises:
            ModelNeeded: KenLM cannot use the file.
        """
        try:
            with _nothing_on_stderr(self.is_binary):
                yield
        except (ValueError, OSError, RuntimeError) as error:
            raise self.unusable(f"is damaged ({_reason(error)})") from error

    def unusable(self, problem: str, remedy: str = _REMEDY) -> ModelNeeded:
        return ModelNeeded(self.path.name, problem, remedy)

    @contextmanager
    def _reading(self) -> Iterator[BinaryIO]:
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            reason = "is not there" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
            raise self.unusable(reason) from None

    def _arpa_words(self, file: BinaryIO) -> Iterator[str]:
        """The words of the section that comes first, as bytes come in."""
        lines = _lines(file)
        if next(lines, None) != b"\\data\\":
            raise self.unusable("is neither an ARPA file nor a KenLM binary")
        if b"\\1-grams:" not in lines:
            raise self.unusable("is damaged (it breaks off before its words)")
        read = 0
        for line in lines:
            if line.startswith(b"\\"):
                return
            fields = line.split()
            if len(fields) not in (2, 3):
                raise self.unusable("is damaged (its list of words does not read as one)")
            read += len(line)
            if read > _MOST_VOCABULARY_BYTES:
                return
            yield fields[1].decode("utf-8", "replace")
        raise self.unusable("is damaged (it breaks off among its words)")

    def _binary_words(self, file: BinaryIO) -> Iterator[str]:
        """The words at the end of the file: each ends with a zero byte, the first is the unknown word."""
        head = file.read(_WORD_COUNT.size)
        stated = _WORD_COUNT.unpack(head)[0] if len(head) == _WORD_COUNT.size else 0
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _MOST_VOCABULARY_BYTES))
        tail = file.read()
        start = tail.rfind(f"{_UNKNOWN}\0".encode())
        if start < 0 or not tail.endswith(b"\0"):
            reason = "breaks off, or was made without its words, or has more words than there are pieces"
            raise self.unusable(f"does not end with the words that it knows: it {reason}")
        words = tail[start:-1].split(b"\0")
        if len(words) != stated:
            raise self.unusable(f"is damaged (it holds {len(words)} of its {stated} words)")
        for word in words:
            yield word.decode("utf-8", "replace")


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Those that are not empty, without white space about them; what is longer than any line comes in parts."""
    while line := file.readline(_LONGEST_LINE):
        if stripped := line.strip():
            yield stripped


def _reason(error: Exception) -> str:
    """What KenLM complains of, without the places in its source that it names."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = lines[1] if len(lines) > 1 and "threw" in lines[0] else lines[0].rpartition(": ")[2]
    return "".join(char if char.isprintable() else "?" for char in said)[:120].strip() or type(error).__name__


@contextmanager
def _nothing_on_stderr(as_it_is: bool) -> Iterator[None]:
    """KenLM draws a progress bar on the process's standard error while it reads ARPA, and cannot be told not to."""
    if as_it_is:
        yield
        return
    before, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nothing)
