"""What whoever waits for a call is told while it is made: how far it is, and the answer as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from pipelines.errors import Cancelled
from pipelines.models import thinking
from pipelines.models.generator import Following

#: A header that opens a trace even where its marker was not written out, or its beginning: nothing is told before it
#: can be that no more.
_HEADER: Final = re.compile(r"\s*(?:|t|th|tho|thou|thoug|though|thought[ \t]*)")


class Telling:
    """Tells one follower of one call.

    Args:
        following: who is told.
        budget: tokens that may be written.
        clean: text without markers.
    """

    def __init__(self, following: Following, budget: int, clean: Callable[[str], str]) -> None:
        self._following = following
        self._budget = budget
        self._clean = clean
        self._share = 0.0
        self._told = ""

    def pause(self) -> None:
        """A moment at which the call can be ended.

        Raises:
            Cancelled: it was.
        """
        if self._following.cancelled():
            raise Cancelled

    def extend(self, budget: int) -> None:
        """So many more tokens may be written."""
        self._budget += budget

    def used(self, tokens: int) -> None:
        """So many were generated in all."""
        self._tell_share(tokens / self._budget)

    def stands(self, raw: str) -> None:
        """All that was generated so far, markers included."""
        if self._following.text is None or _HEADER.fullmatch(raw):
            return
        text = self._clean(thinking.read(raw).answer or "").strip()
        if len(text) > len(self._told):
            self._told = text
            self._following.text(text)

    def finish(self) -> None:
        self._tell_share(1.0)

    def _tell_share(self, share: float) -> None:
        if self._following.progress is not None and share > self._share:
            self._share = min(share, 1.0)
            self._following.progress(self._share)


class TokenTelling(Telling):
    """For whoever writes token by token. Arguments as `Telling`.

    Args:
        decode: token ids to text, markers included.
    """

    def __init__(
        self,
        following: Following,
        budget: int,
        clean: Callable[[str], str],
        decode: Callable[[Sequence[int]], str],
    ) -> None:
        super().__init__(following, budget, clean)
        self._spent = 0
        self._wanted = following.text is not None
        self._text = GrowingText(decode)

    def start_from(self, ids: Sequence[int]) -> None:
        """What stands of the answer already, instead of what was written until now."""
        self._text.clear()
        self._text.add(ids)

    def written(self, ids: Sequence[int]) -> None:
        """The next tokens."""
        self._spent += len(ids)
        self.used(self._spent)
        if self._wanted:
            self._text.add(ids)
            self.stands(self._text.whole)


class GrowingText:
    """The text of tokens that come one by one, at the cost of decoding the last few of them.

    A character that is written in several tokens appears with the last of them.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self.clear()

    def clear(self) -> None:
        self.whole = ""
        self._ids: list[int] = []
        #: Tokens before it are done with; those up to `_read` are in `whole`, and are decoded again for their spaces.
        self._from = 0
        self._read = 0

    def add(self, ids: Sequence[int]) -> None:
        self._ids += ids
        old = self._decode(self._ids[self._from : self._read])
        new = self._decode(self._ids[self._from :])
        if len(new) > len(old) and not new.endswith("\N{REPLACEMENT CHARACTER}"):
            self.whole += new[len(old) :]
            self._from, self._read = self._read, len(self._ids)
