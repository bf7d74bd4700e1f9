"""How formulas stand in a sentence: the same words around Unicode and around LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from midpo_sym.language.printing.mathematics import index_latex, to_latex, to_unicode
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.tree import Expression

Symbols = Mapping[str, Symbol]


@dataclass(frozen=True, slots=True)
class Notation:
    """A way to write formulas and what stands between them.

    Attributes:
        show: writes an expression.
        index: writes an index.
        math: writes a formula into a sentence.
        words: writes words between two formulas.
        unequal: the sign ≠.
        sum: the sign of a sum over an index.
        domains: what a domain asks for; a real number is asked for nothing.
    """

    show: Callable[[Expression, Symbols], str]
    index: Callable[[str], str]
    math: str
    words: str
    unequal: str
    sum: str
    domains: Mapping[str, str]

    def never_zero(self, node: Expression, symbols: Symbols) -> str:
        """Return that something is not zero, as a formula."""
        return f"{self.show(node, symbols)} {self.unequal} 0"


DOMAINS_UNICODE = {
    "positive": "> 0",
    "nonnegative": "≥ 0",
    "unit": "∈ [0, 1]",
    "open unit": "∈ (0, 1)",
}
DOMAINS_LATEX = {
    "positive": "> 0",
    "nonnegative": r"\ge 0",
    "unit": r"\in [0, 1]",
    "open unit": r"\in (0, 1)",
}

UNICODE = Notation(to_unicode, str, "{}", " {} ", "≠", "Σ_{}", DOMAINS_UNICODE)
LATEX = Notation(to_latex, index_latex, "${}$", " {} ", r"\neq", r"\sum_{{{}}}", DOMAINS_LATEX)
