"""What stops a build."""

from __future__ import annotations

from dataclasses import dataclass


class SiteError(Exception):
    """The website cannot be built, and the message says why."""


@dataclass(eq=False)
class FormulaError(SiteError):
    """A formula that the renderer of mathematics does not understand.

    Attributes:
        formula: the LaTeX.
        detail: what the renderer says of it.
        file: the page or specification it stands in; "" if that is not known.
    """

    formula: str
    detail: str
    file: str = ""

    def __str__(self) -> str:
        """Say file, formula, and what is wrong."""
        where = f"{self.file}: " if self.file else ""
        return (
            f"{where}a formula cannot be rendered: {self.detail}\n"
            f"  read:    {self.formula}\n"
            "  allowed: the LaTeX of amsmath that math-core knows\n"
            "  cure:    write it with another command"
        )


class UnexpectedVerdictError(SiteError):
    """A claim comes out otherwise than its specification expects."""
