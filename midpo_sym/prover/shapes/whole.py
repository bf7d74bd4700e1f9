"""What a whole loss asks besides its arguments.

The verdict on an argument is silent about the link and the weight around it, and about what is
added: these may divide by something that has to differ from zero.
"""

from __future__ import annotations

from collections.abc import Iterable

from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.responses import read
from midpo_sym.language import tree
from midpo_sym.language.objective import Objective
from midpo_sym.language.substitute import unfold
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import conditions
from midpo_sym.prover.verdict import Condition

_TRIES = 200  # points among which one is looked for that tells two gradients apart


def denominators_of(target: Objective) -> tuple[Condition, ...]:
    """Return what must not be zero for a loss to be a number.

    Raises:
        ZeroDenominatorError: it divides by something that is always zero.
    """
    parts: list[Expression] = [*target.additive]
    for term in target.terms:
        # Under a link that divides by nothing, what is divided by stands in the argument.
        alone = term.link.is_any or not _divides(term.link.body)
        parts += [term.weight, term.argument if alone else term.loss]
    found = {each.expression: each for part in parts for each in _conditions(part)}
    return tuple(found.values())


def _divides(node: Expression) -> bool:
    """Return whether something is divided by in an expression, if only by a negative power."""
    return any(
        isinstance(each, tree.Div)
        or (isinstance(each, tree.Pow) and not isinstance(each.exponent, tree.Number))
        for each in unfold(node).walk()
    )


def _conditions(node: Expression) -> Iterable[Condition]:
    try:
        reading = read((node,))
    except OutsideClassError:
        under = [each.denominator for each in unfold(node).walk() if isinstance(each, tree.Div)]
        return [Condition(each, "") for each in under if not each.positive]
    return conditions(reading.denominators, reading.forms[0].atoms)
