"""Where templates and macros come from: the shipped ones, and the files in a folder of the user's own.

A file in the folder comes before the shipped one of the same name. A file with ``sections`` is a template; one with
``macros`` alone serves every template.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from pipelines.errors import BadInput, UsageProblem
from pipelines.tasks.note.template import Macro, Template, heading_phrase
from pipelines.tasks.note.template_file import parse_macros, parse_template

_SHIPPED: Final = ("soap", "radiology-report", "discharge-summary", "consult-letter")
MOST_BYTES: Final = 1_000_000
"""More is no template."""


def templates(folder: Path | None = None) -> list[str]:
    """The names of the shipped templates, then those of the files in the user's ``folder`` that are others."""
    return [*_SHIPPED, *(name for name, path in own_files(folder).items() if name not in _SHIPPED and _is_one(path))]


def load_template(name_or_path: str, folder: Path | None = None) -> Template:
    """A template by name, the user's own in ``folder`` first, or by the path of its ``.toml`` file.

    Raises:
        UsageProblem: neither a known name nor a file.
        BadInput: the file is not a template.
    """
    path = own_files(folder).get(name_or_path)
    if path is None:
        if name_or_path in _SHIPPED:
            return _shipped(name_or_path)
        path = Path(name_or_path)
        if path.suffix != ".toml" or not path.is_file():
            known = ", ".join(templates(folder))
            raise UsageProblem(
                f"template {name_or_path}", "no such template", f"choose one of {known}, or give a .toml file"
            )
    return parse_template(path.stem, read_file(path))


def macros_for(template: Template, folder: Path | None = None) -> dict[str, Macro]:
    """The macros that can be called for in a note of this template, by every name (as ``heading_phrase`` writes it).

    The template's own come before the user's other ones, and those before the shipped; one that is made for this
    template before one that is for all. A file of the user's that is broken has none: `assistant templates list` says
    so, and a note never waits for it.
    """
    found: dict[str, Macro] = {}
    own = tuple(macro for path in own_files(folder).values() for macro in _macros_or_none(path))
    for macros in (template.macros, own, _shipped_macros()):
        fitting = [macro for macro in macros if not macro.templates or template.name in macro.templates]
        for macro in sorted(fitting, key=lambda macro: not macro.templates):
            for phrase in macro.phrases:
                found.setdefault(phrase, macro)
    return found


def template_called(words: str, folder: Path | None = None) -> str | None:
    """The template with this name or title, as spoken; None where there is none."""
    wanted = heading_phrase(words)
    for name in templates(folder):
        if wanted in (heading_phrase(name), heading_phrase(load_template(name, folder).title)):
            return name
    return None


def own_files(folder: Path | None) -> dict[str, Path]:
    """The ``.toml`` files of the user's folder by name, in order; none where the folder is not there."""
    if folder is None or not folder.is_dir():
        return {}
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UsageProblem(str(folder), f"cannot be read ({error.strerror})", "make it readable") from error
    return {path.stem: path for path in paths if path.suffix == ".toml" and path.is_file() and path.name[0] != "."}


def read_file(path: Path) -> bytes:
    """The bytes of a template file.

    Raises:
        BadInput: it cannot be read, or is far too large.
    """
    try:
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(path.name, f"cannot be read ({error.strerror})", "give a template file you may read") from error
    if len(data) > MOST_BYTES:
        raise BadInput(path.name, "is too large for a template", "give a TOML file of headings and texts")
    return data


@cache
def _shipped(name: str) -> Template:
    return parse_template(name, _shipped_bytes(name))


@cache
def _shipped_macros() -> tuple[Macro, ...]:
    return parse_macros("macros", _shipped_bytes("macros"))


def _shipped_bytes(name: str) -> bytes:
    return resources.files("pipelines.tasks.note").joinpath("shipped", f"{name}.toml").read_bytes()


def _is_one(path: Path) -> bool:
    try:
        parse_template(path.stem, read_file(path))
    except BadInput:
        return False
    return True


def _macros_or_none(path: Path) -> tuple[Macro, ...]:
    try:
        return parse_macros(path.stem, read_file(path))
    except BadInput:
        return ()
