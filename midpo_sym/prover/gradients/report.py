"""The gradient of a specification's loss, with all that is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.printing.symbolic import to_sympy
from midpo_sym.language.tree import Expression
from midpo_sym.prover.gradients.chain_rule import ChainRule, Flow, flows_from, switch_symbols
from midpo_sym.prover.gradients.gradient import (
    Coefficient,
    Gradient,
    Line,
    gradient_of,
    surrogate,
)
from midpo_sym.prover.gradients.motion import Motion, motions
from midpo_sym.prover.gradients.products import ONE
from midpo_sym.session import Session, remembering
from midpo_sym.spec.model import Claim, Derivation


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule of differentiation at one node: a line that the kernel has proved.

    Attributes:
        law: its name, a key of `LAWS_OF_DERIVATIVES`.
        line: what it says there.
    """

    law: str
    line: Line


@dataclass(frozen=True, repr=False)
class GradientResult:
    """The gradient of a loss, as `midpo prove --gradient` prints it.

    Attributes:
        derivation: the specification it is from.
        claim: the claim whose loss it is of; None for [loss] itself.
        gradient: the coefficients, or why they are undecided.
        session: remembers what is computed for the properties below.
    """

    derivation: Derivation
    claim: Claim | None
    gradient: Gradient
    session: Session = field(default_factory=Session, compare=False)

    def __repr__(self) -> str:
        """Say what came out, in a line."""
        return f"<GradientResult {self.id}: {self.status}>"

    @property
    def id(self) -> str:
        """Return the id of the derivation, and of the claim if there is one."""
        return f"{self.derivation.id}/{self.claim.id}" if self.claim else self.derivation.id

    @property
    def status(self) -> str:
        """Return `proved` or `undecided`."""
        return "proved" if self.gradient.is_proved else "undecided"

    @property
    def symbols(self) -> Mapping[str, Symbol]:
        """Return how each declared name is printed."""
        return self.derivation.symbols

    @property
    def coefficients(self) -> tuple[Coefficient, ...]:
        """Return what stands before each coordinate; nothing if that is undecided."""
        return self.gradient.coefficients

    @property
    def definitions(self) -> tuple[tree.Defined, ...]:
        """Return the other names in the loss, such as those that the claim gives a value."""
        known = {each.name for each in self.gradient.names}
        found: dict[str, tree.Defined] = {}
        for node in self.gradient.loss.walk():
            if isinstance(node, tree.Defined) and node.name not in known:
                found.setdefault(node.name, node)
        return tuple(found.values())

    @property
    def assumed(self) -> tuple[Expression, ...]:
        """Return what has to be assumed not to be zero: what a domain gives is not among it."""
        return tuple(each.expression for each in self.gradient.conditions if not each.given_by)

    @cached_property
    def motions(self) -> tuple[Motion, ...]:
        """Return when log π(y_w) and log π(y_l) fall; none where that goes by the token."""
        with remembering(self.session):
            return motions(self.gradient)

    def rules(self, line: Line) -> Iterator[RuleLine]:
        """Yield the rules of differentiation behind a line, each proved by the kernel."""
        stops = self.gradient.names if line.before == self.gradient.loss else ()
        body = line.before.body if isinstance(line.before, tree.Defined) else line.before
        trace: list[ChainRule] = []
        with remembering(self.session):
            flows_from(body, stops, trace)
            for each in trace:
                found = proved_rule(each)
                if found:
                    yield RuleLine(each.law, found)

    def to_sympy(self) -> dict[Any, Any]:
        """Return each coefficient as a SymPy expression, by the coordinate that it stands before.

        Names that the coefficients use, such as m, are written out.
        """
        return {to_sympy(c.coordinate): to_sympy(c.value) for c in self.coefficients}

    def _repr_latex_(self) -> str:
        """Show the gradient in a notebook."""
        rows = [
            rf"\frac{{\partial L}}{{\partial {to_latex(each.coordinate, self.symbols)}}}"
            f" &= {self._latex(each.value)}"
            for each in self.gradient.coefficients
        ]
        rows += [
            f"{to_latex(each, self.symbols)} &:= {to_latex(each.body, self.symbols)}"
            for each in self.gradient.names
            if rows
        ]
        body = r" \\ ".join(rows) or rf"\text{{{self.status}}}"
        return rf"$\displaystyle \begin{{aligned}}{body}\end{{aligned}}$"

    def _latex(self, node: Expression) -> str:
        return to_latex(node, {**self.symbols, **switch_symbols(node, self.symbols)})


def gradient_result(
    derivation: Derivation, claim: Claim | None = None, *, work: int = 1
) -> GradientResult:
    """Return the gradient of the loss of a claim, or of [loss].

    Args:
        derivation: the specification.
        claim: one of its claims; None for [loss] itself.
        work: how many times the usual limit of work the kernel may take.

    Raises:
        DisagreementError: the kernel proves it, and finite differences contradict it.
        ZeroDenominatorError: the loss divides by something that is always zero.
    """
    statement = claim.statement if claim else derivation.statement
    names = {each.name for each in derivation.declarations}
    taken = names | {each.symbol.unicode for each in derivation.declarations}
    with remembering() as session:
        found = gradient_of(statement.target, tuple(sorted(taken)), work=work)
        return GradientResult(derivation, claim, found, session)


def proved_rule(rule: ChainRule) -> Line | None:
    """Return a rule at a node as a line, if the kernel has a theorem of it.

    Of a node of one token, both sides are summed over the tokens.
    """
    tokens = tree.token_responses(rule.node)
    before: Expression = rule.node
    flows = [Flow(factor, ONE, child, "") for factor, child in rule.parts]
    if tokens:
        response = min(tokens)
        before = tree.TokenSum(response, rule.node)
        flows = [Flow(ONE, factor, child, response) for factor, child in rule.parts]
    try:
        theorem = decide_gradient(before, surrogate(flows)).theorem
    except (OutsideClassError, ZeroDenominatorError, ValueError):
        return None
    return Line(before, tuple(flows), theorem) if theorem else None
