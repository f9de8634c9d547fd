"""Every error a user may meet: one line that names the input and the remedy, and the exit code it maps to.

Messages never carry patient text: the subject is a file name, an id or a setting.
"""

from __future__ import annotations

from typing import ClassVar, Final

DONE: Final = 0
OUR_FAULT: Final = 1
USAGE: Final = 2
BAD_INPUT: Final = 3
MODEL_NEEDED: Final = 4
PERSON_NEEDED: Final = 5
VERIFICATION_FAILED: Final = 6

#: A batch returns the first of these that any of its runs returned (design: exit codes).
BATCH_ORDER: Final = (OUR_FAULT, BAD_INPUT, VERIFICATION_FAILED, MODEL_NEEDED, PERSON_NEEDED)


class ProductError(Exception):
    """Base of all errors that are meant to be read by a person.

    Args:
        subject: what the error is about: a file name, a setting, an id. Never patient text.
        problem: what is wrong with it, in a few words.
        remedy: what to do about it, as an instruction.
    """

    exit_code: ClassVar[int] = OUR_FAULT

    def __init__(self, subject: str, problem: str, remedy: str) -> None:
        super().__init__(subject, problem, remedy)
        self.subject = subject
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.subject}: {self.problem}; {self.remedy}"


class UsageProblem(ProductError):
    """The command line or a setting cannot be obeyed as given."""

    exit_code = USAGE


class BadInput(ProductError):
    """A recording, attachment or data file cannot be used as it is."""

    exit_code = BAD_INPUT


class ModelNeeded(ProductError):
    """No usable engine is installed for what is asked; the run waits."""

    exit_code = MODEL_NEEDED


class Cancelled(Exception):
    """Whoever waited for it has ended it. Nothing of it is used."""


class NoAnswer(ProductError):
    """A model was asked and came to nothing that may be shown."""


class PersonNeeded(ProductError):
    """Only a person can decide what happens next; the run waits."""

    exit_code = PERSON_NEEDED


class VerificationFailed(ProductError):
    """A hash, a chain or a baseline does not hold."""

    exit_code = VERIFICATION_FAILED


class StorageProblem(ProductError):
    """The data folder or the log cannot take a write: full, read-only, locked."""

    exit_code = OUR_FAULT


def batch_exit_code(codes: list[int]) -> int:
    """The exit code of a batch from those of its runs (design: first present of 1, 3, 6, 4, 5)."""
    return next((code for code in BATCH_ORDER if code in codes), DONE)
