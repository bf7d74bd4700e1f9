"""What is minimised: a sum of weighted terms, each a link applied to an argument, and more terms.

An argument may speak of both responses of a pair, of one of them, or of one response y with a label
(`by_label`): data without pairs need no type of their own. A constant score against which a
response is measured is an argument like any other.
"""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language import tree
from midpo_sym.language.links import LINKS, Link
from midpo_sym.language.tree import Expression

_ONE = tree.Number(1)


class ShapeError(ValueError):
    """A loss has a shape that cannot be taken where one term is wanted; says which."""


@dataclass(frozen=True, slots=True)
class Term:
    """weight × link(argument).

    Attributes:
        link: the outer function.
        argument: what goes into it.
        weight: what it is multiplied by.
    """

    link: Link
    argument: Expression
    weight: Expression = _ONE

    @property
    def loss(self) -> Expression:
        """Return the term as one expression."""
        loss = self.link.of(self.argument)
        return loss if self.weight == _ONE else tree.mul(self.weight, loss)


@dataclass(frozen=True, slots=True)
class Objective:
    """Σ weight × link(argument) + additive terms: the loss of one pair, or of one response.

    Attributes:
        terms: the weighted terms, in order; one at least, unless there are additive ones.
        additive: what is added to them as it stands, such as −log π(y_w).
    """

    terms: tuple[Term, ...]
    additive: tuple[Expression, ...] = ()

    def __post_init__(self) -> None:
        """Check that there is something.

        Raises:
            ValueError: there is nothing.
        """
        if not self.terms and not self.additive:
            message = "an objective of no terms"
            raise ValueError(message)

    @staticmethod
    def of(link: str, argument: Expression) -> Objective:
        """Return the objective of one term, by the name of its link."""
        return Objective((Term(LINKS[link], argument),))

    @property
    def loss(self) -> Expression:
        """Return the objective as one expression."""
        return tree.total([*(term.loss for term in self.terms), *self.additive])

    @property
    def is_one_term(self) -> bool:
        """Return whether it is one term of weight one, with nothing added."""
        return len(self.terms) == 1 and not self.additive and self.terms[0].weight == _ONE

    def only_term(self) -> Term:
        """Return the one term that it is.

        Raises:
            ShapeError: it is more than that.
        """
        if self.is_one_term:
            return self.terms[0]
        parts = [f"{len(self.terms)} weighted terms"] if self.terms else []
        parts += [f"{len(self.additive)} additive terms"] if self.additive else []
        message = f"a loss of one term is wanted here, and this one has {' and '.join(parts)}"
        raise ShapeError(message)

    def as_term(self) -> Term:
        """Return one term under a named link that has the same value.

        That is the term itself, or the whole objective under the identity.
        """
        if self.is_one_term and self.terms[0].link.is_named:
            return self.terms[0]
        return Term(LINKS["identity"], tree.Neg(self.loss))
