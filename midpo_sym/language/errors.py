"""Errors of the language: what was read, what is allowed, and the cure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Advice:
    """The part of an error that helps to mend it.

    Attributes:
        read: the offending text, as the author wrote it.
        allowed: what could stand there.
        cure: what to do.
        instead: what can stand where the fault is, if putting it there is the whole cure.
    """

    read: str = ""
    allowed: str = ""
    cure: str = ""
    instead: str = ""


@dataclass(eq=False)
class LanguageError(Exception):
    """An expression breaks a rule of the language.

    Attributes:
        message: the rule that is broken.
        offset: where in the expression, in characters from 0.
        length: how many characters are at fault.
        advice: what was read, what is allowed, the cure.
    """

    message: str
    offset: int = 0
    length: int = 1
    advice: Advice = field(default_factory=Advice)

    def __str__(self) -> str:
        """Say everything on one line."""
        parts = [self.message]
        if self.advice.read:
            parts.append(f"read: {self.advice.read}")
        if self.advice.allowed:
            parts.append(f"allowed: {self.advice.allowed}")
        if self.advice.cure:
            parts.append(f"cure: {self.advice.cure}")
        return "; ".join(parts)
