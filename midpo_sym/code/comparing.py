"""What code computes against what a specification says, on all paths through both.

The code is run on variables, once for each path; what comes out is an expression without branches,
and so is the specification on that path. Whether the two are equal the kernel decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import reduce

from midpo_sym.code.inputs.instance import Atom, Batch, pairs_of, renamed
from midpo_sym.code.inputs.tensors import Input
from midpo_sym.code.running import Output, Run
from midpo_sym.code.tracing.algebra import (
    ONE,
    ZERO,
    NotReadableError,
    minus,
    negative,
    number,
    over,
    plus,
    rational,
    times,
    total,
)
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.code.tracing.signs import Point, Signs, is_off_zero
from midpo_sym.code.tracing.slopes import on_path, slope
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language import tree
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.conditions import conditions
from midpo_sym.session import remembered

_APART = 1e-6  # relative
_PLACE = re.compile(r"_(w|l|wl)\d+((?:_\d+(?:_v\d+)?)?)$")  # at the end of the name of a variable


@dataclass(frozen=True, slots=True)
class Targets:
    """What a specification says of each pair of a batch.

    Attributes:
        loss: the losses.
        rewards: those of chosen and rejected responses, by the names of outputs.
    """

    loss: tuple[Expression, ...]
    rewards: Mapping[str, tuple[Expression, ...]]


@dataclass
class Comparison:
    """Compares the results of a run with a specification.

    Attributes:
        batch: the variables.
        targets: what the specification says.
        given: what the tensors stand for.
        points: at which expressions are told apart by their numbers.
        stacked: whether chosen and rejected responses are rows of one tensor.
        conditions: what must not be zero, of all that was proved.
    """

    batch: Batch
    targets: Targets
    given: Sequence[Input]
    points: Sequence[Point]
    stacked: bool = False
    conditions: dict[str, None] = field(default_factory=dict)

    def value(self, output: Output, wanted: Sequence[Expression], signs: Signs) -> str | None:
        """Return how an output is reduced if it is what is wanted, and None if that is not proved.

        Args:
            output: of the code.
            wanted: of each pair.
            signs: the path.
        """
        here = [on_path(each, signs, value=True) for each in wanted]
        if not output.scalar:
            found = output.elements
            if self.stacked and len(found) == 2 * len(here):
                found = tuple(map(plus, found[: len(here)], found[len(here) :]))
            same = len(found) == len(here) and all(map(self.equal, found, here))
            return "none" if same else None
        node, atoms, pairs = output.elements[0], self.batch.atoms, self.batch.pairs
        for reduction, factor in factors(pairs, stacked=self.stacked).items():
            # The same in each batch, so that one proof serves for all.
            parts = separated(node, atoms, pairs, factor=1 / factor)
            scaled = [times(number(factor), each) for each in here]
            if parts is None:
                if self.equal(node, total(scaled)):
                    return reduction
            elif all(map(self.equal, parts, here)) or self.equal(
                node,
                total(scaled),  # a number may be of another pair's share
            ):
                return reduction
        return None

    def gradient(self, run: Run, reduction: str, signs: Signs) -> tree.Parameter | None:
        """Return None if the gradient is the specification's, or else a variable it is not by.

        Args:
            run: of the code.
            reduction: of the losses.
            signs: the path.
        """
        whole = number(factors(self.batch.pairs, stacked=True).get(reduction, Fraction(1)))
        shares = [whole] * self.batch.pairs if run.outputs["loss"].scalar else self.batch.shares()
        losses = [on_path(each, signs, value=False) for each in self.targets.loss]
        for atom in [*self.batch.trained()]:
            wanted: Expression = ZERO
            if atom.pair:
                try:
                    of_pair = derivative(losses[atom.pair - 1], atom, self.batch)
                except NotReadableError:
                    return atom.parameter
                wanted = times(shares[atom.pair - 1], of_pair)
            if not self.equal(self.flow(run, atom), wanted):
                return atom.parameter
        return None

    def flow(self, run: Run, atom: Atom) -> Expression:
        """Return the derivative that code has by a variable, through all of its arguments."""
        found: Expression = ZERO
        for each in self.given:
            if each.bound.name not in run.slopes:
                continue
            derivatives = run.slopes[each.bound.name].elements
            for element, derivative in zip(each.elements, derivatives, strict=True):
                if rational(derivative) == 0:
                    continue
                moved = slope(element, atom.parameter, logarithmic=atom.is_probability)
                found = plus(found, times(moved, derivative))
        return found

    def equal(self, left: Expression, right: Expression) -> bool:
        """Return whether the kernel proves two expressions equal.

        Pairs are alike: what was proved of one holds of another, renamed.
        """
        if left == right:
            return True
        if self._seen_apart(left, right):
            return False
        names = self._first_names(left, right)
        needs = _decided(renamed(left, names), renamed(right, names))
        self.conditions |= dict.fromkeys(needs or ())
        return needs is not None

    def _seen_apart(self, left: Expression, right: Expression) -> bool:
        """Return whether numbers tell two expressions apart, so that nothing need be proved."""
        for point in self.points:
            one, other = value_at(left, point), value_at(right, point)
            if abs(one - other) > _APART * (1 + abs(one) + abs(other)):
                return True
        return False

    def _first_names(self, left: Expression, right: Expression) -> dict[str, str]:
        pairs = pairs_of(left, self.batch.atoms) | pairs_of(right, self.batch.atoms)
        if len(pairs) != 1:
            return {}
        (pair,) = pairs
        first = self.batch.like(pair)
        return {
            name: _PLACE.sub(rf"_\g<1>{first}\g<2>", name)
            for name, atom in self.batch.atoms.items()
            if atom.pair == pair
        }


@remembered(4096)  # pairs are alike, and so are a function and its module
def _decided(left: Expression, right: Expression) -> tuple[str, ...] | None:
    """Return what must not be zero if two expressions are proved equal; None if they are not."""
    try:
        decision = decide(left, right)
    except (OutsideClassError, ZeroDenominatorError):
        return None
    if decision.theorem is None or decision.answer is not Answer.EQUAL:
        return None
    if all(is_off_zero(each.node) for each in decision.theorem.denominators):
        return ()
    found = conditions(decision.theorem.denominators, decision.difference.atoms)
    return tuple(
        to_text(each.expression)
        for each in found
        if not each.given_by and not is_off_zero(each.expression)
    )


def derivative(loss: Expression, atom: Atom, batch: Batch) -> Expression:
    """Return the derivative of a loss by a variable as code has it.

    That is the logarithm of a probability, or the logit of a word, which moves them all: by it,
    log p_v has the derivative 1[v = u] - p_u.
    """
    own = slope(loss, atom.parameter, logarithmic=atom.is_probability)
    if not atom.group:
        return own
    siblings = batch.siblings(atom)
    all_of_them = total([slope(loss, each.parameter, logarithmic=True) for each in siblings])
    return minus(own, times(atom.parameter, all_of_them))


def factors(pairs: int, *, stacked: bool) -> dict[str, Fraction]:
    """Return what a sum over a batch may be multiplied by, by what people call it.

    Args:
        pairs: in the batch.
        stacked: whether there are responses, twice as many, to take a mean over.
    """
    found = {"mean": Fraction(1, pairs), "sum": Fraction(1)}
    return {**found, "mean over responses": Fraction(1, 2 * pairs)} if stacked else found


def separated(
    node: Expression,
    atoms: Mapping[str, Atom],
    pairs: int,
    *,
    factor: Fraction = Fraction(1),
    deeply: bool = False,
) -> list[Expression] | None:
    """Return the parts of a sum over a batch, one for each pair; None if pairs are coupled.

    What is of no pair is shared out evenly.

    Args:
        node: the sum.
        atoms: the variables.
        pairs: in the batch.
        factor: what the sum is multiplied by.
        deeply: whether sums of one pair are taken apart as well: then numbers that every pair has
            are its own, however they were added up.
    """
    parts: list[Expression] = [ZERO] * pairs
    shared: Expression = ZERO

    def add_up(term: Expression, factor: Expression) -> bool:
        nonlocal shared
        match term:
            case tree.Neg(body=body):
                return add_up(body, negative(factor))
            case tree.Mul(factors=factors):
                of_pairs = [each for each in factors if pairs_of(each, atoms)]
                rest = [each for each in factors if each not in of_pairs]
                if rest and len(of_pairs) <= 1:
                    inner = tree.product(of_pairs) if of_pairs else ONE
                    return add_up(inner, reduce(times, rest, factor))
            case tree.Div(numerator=above, denominator=below) if not pairs_of(below, atoms):
                if above != ONE:
                    return add_up(above, over(factor, below))
        if deeply and isinstance(term, tree.Add):
            return all(add_up(each, factor) for each in term.terms)
        found = pairs_of(term, atoms)
        if len(found) == 1:
            pair = found.pop() - 1
            parts[pair] = plus(parts[pair], times(factor, term))
            return True
        if not found:
            shared = plus(shared, times(factor, term))
            return True
        if isinstance(term, tree.Add):
            return all(add_up(each, factor) for each in term.terms)
        return False

    if not add_up(node, number(factor)):
        return None
    each = over(shared, number(pairs))
    return [plus(part, each) for part in parts]


def couples(output: Output, atoms: Mapping[str, Atom], pairs: int) -> bool:
    """Return whether what is computed of a pair depends on other pairs."""
    if output.scalar:
        return separated(output.elements[0], atoms, pairs) is None
    return any(
        pairs_of(element, atoms) - {k % pairs + 1} for k, element in enumerate(output.elements)
    )
