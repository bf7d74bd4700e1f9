"""Branches: which of two numbers is larger, on one path through code and formula.

A comparison of what depends on the inputs has two outcomes. Each path takes one; all are taken in
turn, whatever the numbers are that the code happens to be run with. What the declared domains
decide takes one outcome only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import ClassVar

from midpo_sym.code.tracing.algebra import (
    INFINITY,
    LESS,
    NO_NUMBERS,
    NOT_A_NUMBER,
    ZERO,
    NotReadableError,
    log,
    minus,
    negative,
    number,
    rational,
    times,
)
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.kernel.forms import OutsideClassError, ZeroDenominatorError
from midpo_sym.kernel.theorem import Answer, decide
from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

BACKWARD = "the backward pass"  # where derivatives are computed
MAX_BRANCHES = 32  # on one path
_NEAR = 1e-9
_LARGEST = 100  # denominator of a factor between two differences
_OPEN = {"positive": (0.0, math.inf), "open unit": (0.0, 1.0)}
_CLOSED = {"nonnegative": (0.0, math.inf), "unit": (0.0, 1.0)}

Point = Mapping[str, float]
Bounds = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Branch:
    """A difference that is above or below zero on a path.

    Attributes:
        difference: what is compared with zero.
        above: whether it is above.
        where: the line of the code, or "" if it is the formula's.
        jumps: whether the code compares, so that it may do something else at zero.
    """

    difference: Expression
    above: bool
    where: str
    jumps: bool


@dataclass
class Signs:
    """The branches of one path.

    Attributes:
        points: two points at which comparisons are recognised; the path goes by the first one.
        forced: the outcomes of the first branches.
        branches: those that were met, in order.
        edges: what code compares with zero that is never on one side of it, but may be zero.
        where: the line of the code that is at work.
        of_formula: whether no path is taken: the value is read as one formula, without derivatives.
    """

    of_formula: ClassVar[bool] = False

    points: tuple[Point, Point]
    forced: tuple[bool, ...] = ()
    branches: list[Branch] = field(default_factory=list)
    edges: list[Expression] = field(default_factory=list)
    where: str = ""

    def sign(self, difference: Expression, *, jumps: bool = False) -> int:
        """Return 1, 0 or -1: the sign of a difference on this path.

        Args:
            difference: an expression of the inputs.
            jumps: whether the code may do something else at zero than on both sides.

        Raises:
            NotReadableError: there are too many branches.
        """
        value = rational(difference)
        if value is not None:
            return (value > 0) - (value < 0)
        low, high = bounds(difference)
        jumps = jumps and self.where != BACKWARD  # a step there is a kink of the value
        if low >= 0 or high <= 0:
            if jumps and not _off_zero(difference, low, high) and difference not in self.edges:
                self.edges.append(difference)
            return 1 if low >= 0 else -1
        here = [value_at(difference, point) for point in self.points]
        if all(abs(each) <= _NEAR for each in here) and _equal(difference, ZERO):
            return 0
        for k, branch in enumerate(self.branches):
            relation = self._relation(difference, branch.difference)
            if relation:
                if jumps and not branch.jumps:
                    self.branches[k] = replace(branch, jumps=True, where=self.where)
                return relation if branch.above else -relation
        if len(self.branches) == MAX_BRANCHES:
            raise NotReadableError(f"more than {MAX_BRANCHES} branches")
        taken = len(self.branches)
        above = self.forced[taken] if taken < len(self.forced) else here[0] > 0
        self.branches.append(Branch(difference, above, self.where, jumps))
        return 1 if above else -1

    def larger(self, a: Expression, b: Expression) -> Expression:
        """Return the larger of two."""
        return a if self.sign(minus(a, b)) >= 0 else b

    def smaller(self, a: Expression, b: Expression) -> Expression:
        """Return the smaller of two."""
        return b if self.sign(minus(a, b)) >= 0 else a

    def size(self, a: Expression) -> Expression:
        """Return the absolute value."""
        return a if self.sign(a) >= 0 else negative(a)

    def holds(self, relation: str, a: Expression, b: Expression) -> bool:
        """Return whether a comparison of the code holds.

        Args:
            relation: `eq`, `ne`, `lt`, `le`, `gt` or `ge`.
            a: its left side.
            b: its right side.
        """
        if a in NO_NUMBERS or b in NO_NUMBERS:
            return _with_infinity(relation, a, b)
        difference = minus(b, a) if relation in ("lt", "le") else minus(a, b)
        if relation in ("ge", "le") and bounds(difference)[0] >= 0:
            return True
        sign = self.sign(difference, jumps=True)
        match relation:
            case "eq":
                return sign == 0
            case "ne":
                return sign != 0
            case "ge" | "le":
                return sign >= 0
        return sign > 0

    def alternatives(self) -> list[tuple[bool, ...]]:
        """Return the beginnings of the paths that branch off this one, after what was forced."""
        taken = [branch.above for branch in self.branches]
        return [(*taken[:k], not taken[k]) for k in range(len(self.forced), len(taken))]

    def fits(self, point: Point) -> bool:
        """Return whether a point is on this path, away from where branches meet."""
        for branch in self.branches:
            value = value_at(branch.difference, point)
            if not abs(value) > _NEAR or (value > 0) is not branch.above:  # NaN is on no path
                return False
        return True

    def _relation(self, difference: Expression, known: Expression) -> int:
        """Return 1 if a difference has the sign of a known one, -1 if the other, 0 if neither.

        A multiple has the same sign, or the other; a difference of what is positive has that of
        the logarithms.
        """
        forms = [(difference, known)]
        logarithms = _of_logarithms(difference), _of_logarithms(known)
        if logarithms != forms[0]:
            forms.append(logarithms)
        for one, other in forms:
            factor = self._factor(one, other)
            if factor and _equal(one, times(number(factor), other)):
                return 1 if factor > 0 else -1
        return 0

    def _factor(self, one: Expression, other: Expression) -> Fraction | None:
        """Return the short quotient that one is of another at both points, if it is.

        Where both are zero, the point says nothing.
        """
        ratios = []
        for point in self.points:
            above, below = value_at(one, point), value_at(other, point)
            if abs(above) <= _NEAR and abs(below) <= _NEAR:
                continue
            if not (abs(above) > _NEAR and abs(below) > _NEAR):  # NaN is not, either
                return None
            ratios.append(above / below)
        if not ratios:
            return None
        factor = Fraction(ratios[0]).limit_denominator(_LARGEST)
        same = all(abs(each - factor) <= _NEAR * (1 + abs(factor)) for each in ratios)
        return factor if same else None


@dataclass
class Unbranched(Signs):
    """No path: the larger of two is a maximum, and what compares cannot be read."""

    of_formula: ClassVar[bool] = True

    def sign(self, difference: Expression, *, jumps: bool = False) -> int:
        """Return 1, 0 or -1, where the domains decide it.

        Raises:
            NotReadableError: they do not.
        """
        low, high = bounds(difference)
        if rational(difference) is None and low < 0 < high:
            raise NotReadableError("a branch")
        return super().sign(difference, jumps=jumps)

    def larger(self, a: Expression, b: Expression) -> Expression:
        """Return the larger of two, as a maximum unless the domains decide it."""
        low, high = bounds(minus(a, b))
        return tree.Max(a, b) if low < 0 < high else super().larger(a, b)

    def smaller(self, a: Expression, b: Expression) -> Expression:
        """Return the smaller of two, as minus a maximum."""
        return negative(self.larger(negative(a), negative(b)))

    def size(self, a: Expression) -> Expression:
        """Return the absolute value, as a maximum."""
        return self.larger(a, negative(a))


def _of_logarithms(difference: Expression) -> Expression:
    """Return log p - log q for a difference p - q of what is positive by its form."""
    match difference:
        case (
            tree.Add(terms=(tree.Neg(body=below), above))
            | tree.Add(terms=(above, tree.Neg(body=below)))
        ) if above.positive and below.positive:
            return minus(log(above), log(below))
    return difference


def _with_infinity(relation: str, a: Expression, b: Expression) -> bool:
    """Return whether a comparison with an infinity holds; nothing holds of what is no number."""
    if NOT_A_NUMBER in (a, b):
        return relation == "ne"
    left, right = (1 if each == INFINITY else -1 if each == LESS else 0 for each in (a, b))
    return {
        "eq": left == right,
        "ne": left != right,
        "lt": left < right,
        "le": left <= right,
        "gt": left > right,
        "ge": left >= right,
    }[relation]


def is_off_zero(node: Expression) -> bool:
    """Return whether an expression is never zero, by its form and the domains of its inputs."""
    return _off_zero(node, *bounds(node))


def bounds(node: Expression) -> Bounds:  # noqa: PLR0911 - one case for each kind of node
    """Return two numbers between which an expression lies in the domains of its inputs."""
    match node:
        case tree.Parameter(name=name) if name.startswith("_length_"):
            return 1.0, math.inf  # of tokens of a response
        case tree.Parameter(domain=domain):
            return _OPEN.get(domain) or _CLOSED.get(domain) or (-math.inf, math.inf)
        case tree.Number(value=value):
            return float(value), float(value)
        case tree.Neg(body=body):
            low, high = bounds(body)
            return -high, -low
        case tree.Add(terms=terms):
            ends = [bounds(each) for each in terms]
            return sum(low for low, _ in ends), sum(high for _, high in ends)
        case tree.Log(body=body):
            return (-math.inf, 0.0) if body.below_one else (-math.inf, math.inf)
        case tree.Exp(body=body):
            return 0.0, 1.0 if bounds(body)[1] <= 0 else math.inf
        case tree.Mul():  # what is a factor twice says nothing of the sign
            odd = [each for each, times_ in Counter(_factors(node)).items() if times_ % 2]
            return _signed([bounds(each) for each in odd])
        case tree.Div(numerator=above, denominator=below):
            return _signed([bounds(above), bounds(below)])
    return (0.0, math.inf) if node.positive else (-math.inf, math.inf)


def _factors(node: Expression) -> Iterator[Expression]:
    """Yield the factors of a product, and those of products among them."""
    if isinstance(node, tree.Mul):
        for each in node.factors:
            yield from _factors(each)
    else:
        yield node


def _off_zero(node: Expression, low: float, high: float) -> bool:
    """Return whether an expression between two bounds is never zero, by its form."""
    if low > 0 or high < 0 or node.positive:
        return True
    match node:
        case tree.Neg(body=body):
            return _off_zero(body, *bounds(body))
        case tree.Log(body=body):
            return body.below_one
    return False


def _signed(ends: list[Bounds]) -> Bounds:
    """Return the sign of a product, as bounds."""
    below = 0
    for low, high in ends:
        if high <= 0:
            below += 1
        elif low < 0:
            return -math.inf, math.inf
    return (-math.inf, 0.0) if below % 2 else (0.0, math.inf)


def _equal(a: Expression, b: Expression) -> bool:
    try:
        return decide(a, b).answer is Answer.EQUAL
    except (OutsideClassError, ZeroDenominatorError):
        return False
