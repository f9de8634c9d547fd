"""What whoever waits for a call is told while it is made: how far it is, and the answer as it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.errors import Cancelled
from pipelines.models import thinking
from pipelines.models.generator import Following

#: Opens a trace even where its marker was not decoded: until it cannot be that any more, nothing is told.
_HEADER = "thought"


class Telling:
    """Tells one follower of one call.

    Args:
        following: who is told.
        budget: tokens that may be written.
        decode: token ids to text, markers included.
        clean: text without markers.
    """

    def __init__(
        self,
        following: Following,
        budget: int,
        decode: Callable[[Sequence[int]], str],
        clean: Callable[[str], str],
    ) -> None:
        self._following = following
        self._budget = budget
        self._used = 0
        self._share = 0.0
        self._text = GrowingText(decode)
        self._clean = clean
        self._told = ""

    def pause(self) -> None:
        """A moment at which the call can be ended.

        Raises:
            Cancelled: it was.
        """
        if self._following.cancelled():
            raise Cancelled

    def extend(self, budget: int) -> None:
        self._budget += budget

    def start_from(self, ids: Sequence[int]) -> None:
        """What stands of the answer already, instead of what was written until now."""
        self._text.clear()
        self._text.add(ids)

    def written(self, ids: Sequence[int]) -> None:
        """The next tokens."""
        self._used += len(ids)
        self._tell_share(self._used / self._budget)
        if self._following.text is not None:
            self._text.add(ids)
            self._tell_text(self._following.text)

    def finish(self) -> None:
        self._tell_share(1.0)

    def _tell_share(self, share: float) -> None:
        if self._following.progress is not None and share > self._share:
            self._share = min(share, 1.0)
            self._following.progress(self._share)

    def _tell_text(self, tell: Callable[[str], None]) -> None:
        raw = self._text.whole
        if _HEADER.startswith(raw.strip()[: len(_HEADER)]):
            return
        answer = thinking.read(raw).answer
        text = self._clean(answer or "").strip()
        if len(text) > len(self._told):
            self._told = text
            tell(text)


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
