"""Why no file is generated; each error is a sentence for the user."""

from __future__ import annotations


class NotGeneratedError(Exception):
    """There is no file for a specification; says why."""


class NotProvedError(NotGeneratedError):
    """The statement is not proved: there is nothing to generate; says why."""


class NotExpressibleError(NotGeneratedError):
    """The statement is proved, but this generator has no code for it, or cannot check the code."""


class WrongCodeError(NotGeneratedError):
    """The generated code computes something else than its specification says; has the numbers."""
