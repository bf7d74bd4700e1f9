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
        parts += [term.weight, term.argument] if term.link.is_any else [term.weight, term.loss]
    found = {each.expression: each for part in parts for each in _conditions(part)}
    return tuple(found.values())


def _conditions(node: Expression) -> Iterable[Condition]:
    try:
        reading = read((node,))
    except OutsideClassError:
        under = [each.denominator for each in unfold(node).walk() if isinstance(each, tree.Div)]
        return [Condition(each, "") for each in under if not each.positive]
    return conditions(reading.denominators, reading.forms[0].atoms)
