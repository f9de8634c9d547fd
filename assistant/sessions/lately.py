"""What was lately written or read, so that a run under way does not fetch its own words again and again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TypeVar

from pipelines.records import Value

V = TypeVar("V", bound=Value)


class Lately:
    """The values that were last written or read. They are immutable and named by digest, so none can be stale."""

    _MOST = 64

    def __init__(self) -> None:
        self._values: OrderedDict[str, Value] = OrderedDict()

    def keep(self, digest: str, value: Value) -> None:
        self._values[digest] = value
        self._values.move_to_end(digest)
        if len(self._values) > self._MOST:
            self._values.popitem(last=False)

    def find(self, digest: str, kind: type[V]) -> V | None:
        value = self._values.get(digest)
        return value if isinstance(value, kind) else None
