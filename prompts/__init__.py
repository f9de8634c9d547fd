"""Versioned prompt files and their loader. A prompt is named in the log by name, version and SHA-256.

A file ``NAME.md`` is TOML between two lines of ``+++``, then a Jinja template. Files in a folder of the user's own come
before the package's of the same name, or of the same task and specialty.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import ProductError, UsageProblem

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from prompts.front_matter import Order


@dataclass(frozen=True)
class Prompt:
    """``task`` and ``specialty`` are names of a task and of an attachment kind; without a specialty it is for all.

    ``budget`` is the greatest number of tokens of the answer, ``order`` says where the images go, ``body`` is the
    template, ``sha256`` that of the whole file, and ``path`` is there only for a file of the user's own.
    """

    name: str
    version: int
    task: str | None
    specialty: str | None
    budget: int
    thinking: bool
    order: Order
    system: str | None
    body: str
    sha256: str
    path: Path | None = field(default=None, compare=False)

    @property
    def identity(self) -> str:
        """As the log names it."""
        return f"{self.name}@{self.version} {self.sha256}"

    def render(self, **values: object) -> str:
        """The text of the prompt. What the values hold is data: template marks in them are written as they are.

        Raises:
            ProductError: the template needs another value, leaves one of these out, or cannot be carried out.
            UsageProblem: the same, of a file of the user's own.
        """
        from jinja2 import meta

        environment = _environment()
        used = meta.find_undeclared_variables(environment.parse(self.body))
        if wanting := sorted(used - values.keys()):
            raise _problem(self.name, self.path, f"`{wanting[0]}` is not among its values ({', '.join(values)})")
        # A template that forgets the question would ask the model nothing, and get an answer all the same.
        if idle := sorted(values.keys() - used):
            raise _problem(self.name, self.path, f"never writes its value `{idle[0]}`")
        try:
            return environment.from_string(self.body).render(values)
        except Exception as error:  # whatever a template can do
            # Only the error's name is told, and it is not chained: its message may quote a value, patient text.
            raise _problem(
                self.name, self.path, f"cannot be rendered: {type(error).__name__} in line {_line(error)} of its text"
            ) from None


def prompts(folder: Path | None = None) -> list[str]:
    """The names of all prompts, those of the user's own ``folder`` included.

    Raises:
        UsageProblem: the folder cannot be read.
    """
    return sorted({*_shipped(), *_own(folder)})


def load_prompt(name: str, folder: Path | None = None) -> Prompt:
    """The prompt in ``NAME.md``, from ``folder`` if it is there.

    Raises:
        ProductError: the package's file is missing or broken.
        UsageProblem: the user's own folder or file is.
    """
    path = _own(folder).get(name)
    if path is None:
        if name not in _shipped():
            raise _problem(name, None, "is not there")
        return _parsed(name, _package().joinpath(f"{name}.md").read_bytes(), None)
    try:
        own = _parsed(name, path.read_bytes(), path)
    except OSError as error:
        raise _problem(name, path, f"cannot be read ({error.strerror})") from error
    if name in _shipped():
        replaced = load_prompt(name)
        for key in ("task", "specialty"):
            if getattr(own, key) != (needed := getattr(replaced, key)):
                raise _problem(name, path, f"`{key}` must be {needed or 'left out'} in a file of this name")
    return own


def prompt_for(task: str, specialty: str | None = None, folder: Path | None = None) -> Prompt:
    """The prompt of a task for one kind of attachment, else the task's prompt for all.

    Raises:
        ProductError: there is none, or one of the package's files is broken.
        UsageProblem: one of the user's own files is broken, or two are for the same.
    """
    known = list(_for_task(task, folder))
    for wanted in (specialty, None):
        found = [prompt for prompt in known if (prompt.task, prompt.specialty) == (task, wanted)]
        own = [prompt for prompt in found if prompt.path is not None]
        if len(own) > 1:
            raise _problem(own[1].name, own[1].path, f"is for the same task and specialty as {own[0].name}.md")
        if found:
            return (own or found)[0]
    raise ProductError(f"prompts for {task}", "there are none", "reinstall this version")


def _for_task(task: str, folder: Path | None) -> Iterator[Prompt]:
    """What is broken or lies about in the user's folder for other tasks is no matter here."""
    shipped = [load_prompt(name) for name in sorted(_shipped())]
    yield from (load_prompt(prompt.name, folder) for prompt in shipped if prompt.task == task)
    for name, path in _own(folder).items():
        if name not in _shipped() and _speaks_of(path, task):
            yield load_prompt(name, folder)


def _speaks_of(path: Path, task: str) -> bool:
    try:
        return task.encode() in path.read_bytes()
    except OSError:
        return True


def _package() -> Path:
    return Path(__file__).parent


def _shipped() -> frozenset[str]:
    return frozenset(path.stem for path in _package().glob("*.md"))


def _own(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    if not folder.is_dir():
        raise UsageProblem(str(folder), "is no folder", "name the folder that holds your prompt files")
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UsageProblem(str(folder), f"cannot be read ({error.strerror})", "make it readable") from error
    return {path.stem: path for path in paths if path.suffix == ".md" and path.name[0] != "." and path.stem != "README"}


def _parsed(name: str, content: bytes, path: Path | None) -> Prompt:
    from jinja2 import TemplateSyntaxError

    from prompts.front_matter import parse

    try:
        matter, body = parse(name, content)
        _environment().from_string(body)
    except TemplateSyntaxError as error:
        raise _problem(name, path, f"line {error.lineno} of its text: {error.message}") from error
    except ValueError as error:
        raise _problem(name, path, str(error)) from error
    return Prompt(**dict(matter), body=body, sha256=hashlib.sha256(content).hexdigest(), path=path)


def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals.clear()
    return environment


def _line(error: Exception) -> int:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == "<template>"]
    return lines[-1] if lines and lines[-1] else 1


def _problem(name: str, path: Path | None, problem: str) -> ProductError:
    one_line = " ".join(problem.split())
    if path is None:
        return ProductError(f"prompts/{name}.md", one_line, "reinstall this version")
    return UsageProblem(str(path), one_line, "mend the file, or move it away to use the package's own")
