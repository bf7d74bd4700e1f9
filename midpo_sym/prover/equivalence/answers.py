"""What is said of two losses: how they are related, and the answers to three questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sympy

from midpo_sym.judges.witness import Witness
from midpo_sym.kernel.theorem import Theorem
from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.symbolic import to_sympy
from midpo_sym.language.tree import Expression
from midpo_sym.prover.equivalence.changes import Changes
from midpo_sym.prover.equivalence.sides import Side
from midpo_sym.prover.verdict import Condition

if TYPE_CHECKING:
    from midpo_sym.prover.derivation.difference import Difference

ONE, ZERO = tree.Number(1), tree.Number(0)

# How two losses are related, from the closest on.
SAME = "same"
UP_TO = "same up to a substitution"
LINK = "same argument under another link"
WITH_ONE = "related with 1 in the place of a model"
SPECIAL_LEFT = "A is a special case of B"
SPECIAL_RIGHT = "B is a special case of A"
COMMON = "a special case in common"

# What is said of losses whose values are the same, and of whose gradients that is not proved.
IN_VALUE = {
    "differs": "same value, other gradient",
    "undecided": "same value, gradient undecided",
}


@dataclass(frozen=True)
class Answer:
    """What is said of the value, the gradient or the logged reward.

    Attributes:
        of: `value`, `gradient` or `reward`.
        says: `same`, `differs` or `undecided`.
        theorems: that prove it, if it is the same.
        witness: a point that shows it, if it differs.
        what: what is compared, if it differs: `loss`, `argument`, `reward of y_w`, ...
        sides: the two expressions that are evaluated there.
        conditions: what must not be zero, if it is the same.
        reason: why it is undecided.
    """

    of: str
    says: str
    theorems: tuple[Theorem, ...] = ()
    witness: Witness | None = None
    what: str = "loss"
    sides: tuple[Expression, Expression] | None = None
    conditions: tuple[Condition, ...] = ()
    reason: str = ""


NOT_ASKED = Answer("", "undecided", reason="it was not asked")


@dataclass(frozen=True)
class Relation:
    """left = factor × right + offset once both are changed, proved by the kernel.

    Attributes:
        kind: a row of the words above.
        changes: what is put in the place of what.
        back: the substitution the other way, if there is one: B's numbers give A's.
        back_conditions: what must not be zero for that one.
        factor: a positive number, free of pair and responses, unless `changes.where` says which
            pairs it is about.
        offset: a number, likewise.
        of: `loss`; or `argument`, if it is about what goes into the links.
        value: the theorem about the values.
        gradient: the answer about the gradients, under the same changes.
        reward: the answer about the logged rewards.
        back_scales: what weights and data of B are multiplied by in the place of A's, the other
            way.
    """

    kind: str
    changes: Changes
    factor: Expression
    offset: Expression
    of: str
    value: Answer
    gradient: Answer
    reward: Answer
    back: Mapping[str, Expression] | None = None
    back_conditions: tuple[Condition, ...] = ()
    back_scales: Mapping[str, Expression] = field(default_factory=dict)

    @property
    def is_trivial(self) -> bool:
        """Return whether nothing but names that are the same is identified."""
        return self.kind == SAME and (self.factor, self.offset) == (ONE, ZERO)


@dataclass(frozen=True, repr=False)
class Comparison:
    """What came out of comparing two losses.

    Attributes:
        left: A.
        right: B.
        relations: what is proved; the closest first, those on a subset of the pairs last.
        identified: the changes under which the answers below are given: those of the closest
            relation, or names that are the same.
        value: the answer about the values.
        gradient: the answer about the gradients.
        reward: the answer about the logged rewards.
        residual: left minus right under `identified`, of the arguments if both have the same link;
            None if it is zero, not expressible, or too long to be read.
        of_arguments: whether the residual is one of arguments.
        seconds: how long it took.
    """

    left: Side
    right: Side
    relations: tuple[Relation, ...]
    identified: Changes
    value: Answer
    gradient: Answer
    reward: Answer
    residual: Expression | None = None
    of_arguments: bool = False
    seconds: float = field(default=0.0, compare=False)

    def __repr__(self) -> str:
        """Say what came out, in a line."""
        return f"<Comparison {self.left.id}, {self.right.id}: {self.verdict}>"

    @property
    def sides(self) -> tuple[Expression, Expression]:
        """Return both losses, as they are compared: with what is identified put in."""
        left, right = (
            self.identified.of(side.label, side.loss) for side in (self.left, self.right)
        )
        return left, right

    def to_sympy(self) -> Any:
        """Return A = B, as they are compared, as an unevaluated equation of SymPy."""
        left, right = map(to_sympy, self.sides)
        return sympy.Eq(left, right, evaluate=False)

    def _repr_latex_(self) -> str:
        """Show the verdict and both losses in a notebook."""
        symbols = {**self.left.symbols, **self.right.symbols}
        left, right = (to_latex(side, symbols) for side in self.sides)
        relation = {"same": "=", "differs": r"\neq"}.get(self.value.says, r"\overset{?}{=}")
        verdict = rf"\textbf{{{self.verdict}}}\colon\quad "
        return rf"$\displaystyle {verdict}{left} \;{relation}\; {right}$"

    @cached_property
    def steps(self) -> tuple[Difference, ...]:
        """Return the derivation of each relation, and of the residual."""
        from midpo_sym.prover.derivation.difference import (  # noqa: PLC0415 - it reads comparisons
            differences,
        )

        return differences(self)

    @property
    def closest(self) -> Relation | None:
        """Return the closest relation on all pairs, if there is one."""
        return next((each for each in self.relations if not each.changes.where), None)

    @property
    def verdict(self) -> str:
        """Return `same`, `same up to`, or what keeps them apart.

        That is `same value, other gradient`, `same value, gradient undecided`, `same on a subset`,
        `differs` or `undecided`.
        """
        closest = self.closest
        if closest is not None and closest.kind in (SAME, UP_TO):
            if closest.gradient.says != "same":
                return IN_VALUE[closest.gradient.says]
            return "same" if closest.is_trivial else "same up to"
        if any(each.of == "loss" and each.kind != WITH_ONE for each in self.relations):
            return "same on a subset"
        return "undecided" if self.value.says == "undecided" else "differs"
