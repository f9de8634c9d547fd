"""What a prompt file says about itself before its text."""

from __future__ import annotations

import re
import tomllib
from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field, StrictBool, StrictInt, StrictStr, ValidationError, model_validator

from pipelines.records import Kind, TaskName, Value

_FENCES: Final = re.compile(r"\A\+\+\+[ \t]*\n(?P<front>.*?)^\+\+\+[ \t]*\n(?P<body>.*)\Z", re.DOTALL | re.MULTILINE)
# Turns are built from the parts of an ask. A marker within a text could only be an attempt to forge one.
_MARKER: Final = re.compile(
    r"<(?:(?:start|end)_of_(?:turn|image)|image_soft_token|bos|eos|pad|unk|mask|unused\d+|\|[^|>]*\|)>"
)

Order = Literal["images-first", "text-first", "images-between"]
"""Where images go: before the text, behind it, or each with its label where the text has ``{{ pictures_here }}``."""
_PLACE: Final = "pictures_here"

#: What is wrong with a value, by pydantic's name of it, where pydantic's own words say more than that.
_PROBLEMS: Final = {
    "missing": "the key `{key}` is missing",
    "extra_forbidden": "there is no key `{key}`",
}


class FrontMatter(Value):
    """The keys between the two lines of ``+++``. ``task``, ``specialty`` and ``system`` may be left out."""

    name: Annotated[StrictStr, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    version: Annotated[StrictInt, Field(ge=1)]
    task: TaskName | None = None
    specialty: Kind | None = None
    budget: Annotated[StrictInt, Field(gt=0)]
    thinking: StrictBool
    order: Order
    system: Annotated[StrictStr, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _a_specialty_is_one_of_a_task(self) -> FrontMatter:
        if self.specialty is not None and self.task is None:
            raise ValueError("`specialty` needs a `task`")
        return self


class Parts(NamedTuple):
    """A prompt file taken apart."""

    matter: FrontMatter
    body: str


def parse(name: str, content: bytes) -> Parts:
    """Take the file ``NAME.md`` apart.

    Raises:
        ValueError: in one line, what is wrong with it.
    """
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8 text") from error
    parts = _FENCES.match(text)
    if parts is None:
        raise ValueError("does not begin with front matter between two lines of +++")
    try:
        matter = FrontMatter.model_validate(tomllib.loads(parts["front"]))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"front matter is not TOML: {error}") from error
    except ValidationError as error:
        raise ValueError(_told(error)) from error
    if matter.name != name:
        raise ValueError(f"`name` is not {name}, as the file's is")
    body = parts["body"].strip("\n").rstrip()
    if not body.strip():
        raise ValueError("has no text after its front matter")
    if body.count(_PLACE) != (1 if matter.order == "images-between" else 0):
        raise ValueError(f"`order`: images-between goes with {{{{ {_PLACE} }}}}, once in the text, and no other does")
    if marker := _MARKER.search(f"{text}\n{matter.system}"):
        raise ValueError(f"holds the chat marker {marker.group()}")
    return Parts(matter, body + "\n")


def _told(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] in _PROBLEMS:
        return _PROBLEMS[first["type"]].format(key=key)
    message = first["msg"].removeprefix("Value error, ")
    return f"`{key}`: {message[0].lower()}{message[1:]}" if key else message
