"""The gradient of a loss, as an expression that has it."""

from __future__ import annotations

from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide_gradient
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression
from midpo_sym.prover.refutation import residual_of_gradient
from midpo_sym.spec.model import Statement


def gradient_of(statement: Statement) -> Expression | None:
    """Return Σ_a sg(k_a) a over the policy's atoms a: its gradient is that of the argument.

    None if the argument is outside the class, or if the kernel does not confirm what was found.
    """
    try:
        found = residual_of_gradient(decide_gradient(statement.argument, tree.Number(0)))
        if found is None:
            return None
        if isinstance(found, tree.Add):
            found = tree.total([_signed(term) for term in found.terms])
        answer = decide_gradient(statement.argument, found).answer
    except (OutsideClassError, ZeroDenominatorError):
        return None
    return found if answer is Answer.EQUAL else None


def _signed(term: Expression) -> Expression:
    """Return a term with the sign of its coefficient in front, also if it is in a sum."""
    match term:
        case tree.TokenSum(
            response=response, body=tree.Mul(factors=(tree.Neg(body=coefficient), *rest))
        ):
            return tree.Neg(tree.TokenSum(response, tree.product([coefficient, *rest])))
    return term
