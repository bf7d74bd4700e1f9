"""The theory's expressions on small finite problems, in numbers.

Every formula is taken literally, on sets of two or three elements with random rational values
that satisfy the hypotheses. In interval arithmetic the result is an enclosure: two that do not
meet prove that the values differ. Derivatives are taken in dual numbers: of what the kernel knows,
the rules of differentiation included, nothing is used here.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import mpmath

from midpo_sym.judges import duals
from midpo_sym.judges.duals import Dual
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression

DIGITS = 40
_SIZES = {"x": 2, "y": 3, "i": 2, "a": 2, "b": 2}
_TOLERANCE = mpmath.mpf(10) ** (-DIGITS // 2)


@dataclass
class Problem:
    """A finite problem: sizes of the sets, parameters, values of the functions.

    Attributes:
        seed: what it is drawn from.
        given: the hypotheses that it satisfies.
        sizes: number of elements by letter of the set.
        parameters: value by name.
        values: value of each function, by name and elements (numbers from 0).
    """

    seed: int
    given: tuple[Hypothesis, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=lambda: _SIZES)
    parameters: dict[str, Fraction] = field(default_factory=dict)
    values: dict[tuple[str, tuple[int, ...]], Fraction] = field(default_factory=dict)

    def parameter(self, name: str, domain: str) -> Fraction:
        """Return the value of a parameter, drawn when first asked for."""
        if name not in self.parameters:
            self.parameters[name] = self._drawn(f"parameter {name}", domain)
        return self.parameters[name]

    def value(self, node: indexed.Indexed, at: tuple[int, ...]) -> Fraction:
        """Return the value of a function at some elements, drawn when first asked for.

        Raises:
            OutsideClassError: two hypotheses are about one function.
        """
        if (node.name, at) not in self.values:
            self._draw(node)
        return self.values[node.name, at]

    def body(self, name: str) -> Hypothesis | None:
        """Return the hypothesis that says what a function is equal to, if there is one."""
        return next((h for h in self.given if h.function.name == name and h.body is not None), None)

    def _draw(self, node: indexed.Indexed) -> None:
        ranges = [range(self.sizes[index[:1]]) for index in node.indices]
        for at in product(*ranges):
            self.values[node.name, at] = self._drawn(f"{node.name} {at}", node.domain)
        sums = [h for h in self.given if h.function.name == node.name and h.over]
        if len(sums) > 1:
            raise OutsideClassError(f"two hypotheses are about {node.name}")
        for hypothesis in sums:
            places = [hypothesis.function.indices.index(each) for each in hypothesis.over]
            rows: dict[tuple[int, ...], Fraction] = {}
            for at in product(*ranges):
                row = tuple(e for k, e in enumerate(at) if k not in places)
                rows[row] = rows.get(row, Fraction(0)) + self.values[node.name, at]
            for at in product(*ranges):
                row = tuple(e for k, e in enumerate(at) if k not in places)
                self.values[node.name, at] /= rows[row]

    def _drawn(self, what: str, domain: str) -> Fraction:
        chance = random.Random(f"{self.seed} {what}")  # noqa: S311 - no secret
        if domain in ("unit", "open unit"):
            return Fraction(chance.randint(1, 7), 8)
        size = Fraction(chance.randint(1, 6), chance.choice((1, 2, 3)))
        return -size if domain == "real" and chance.random() < 0.5 else size  # noqa: PLR2004


Moved = tuple[tuple[str, str], ...]  # what grows, and along what; by a parameter along ""


def evaluate(  # noqa: C901, PLR0911, PLR0912 - one case for each kind of node
    node: Expression,
    problem: Problem,
    env: Mapping[str, int],
    context: Any = mpmath.mp,
    moved: Moved = (),
) -> Any:
    """Return the value of an expression; `env` says which element each free index stands for.

    Args:
        node: the expression.
        problem: the finite problem.
        env: elements of the free indices.
        context: `mpmath.mp` for numbers, `mpmath.iv` for enclosures.
        moved: what the derivatives that it stands in are by; the result is a dual number then.

    Raises:
        OutsideClassError: it has no derivative.
        ZeroDivisionError: a denominator is zero, or an enclosure of it holds zero.
    """

    def at(inner: Expression, inside: Mapping[str, int] = env) -> Any:
        return evaluate(inner, problem, inside, context, moved)

    def growing(value: Any, name: str = "", indices: tuple[str, ...] | None = None) -> Any:
        for tag, (grows, along) in enumerate(moved):
            step: Any = 0
            if name and grows == name and (indices is None) == (not along):
                step = 1
                if indices is not None:  # the direction is what it was before this ε
                    direction = indexed.Indexed(along, indices, "real")
                    step = evaluate(direction, problem, env, context, moved[:tag])
            value = Dual(value, step, tag)
        return value

    def exact(number: Fraction | int) -> Any:
        number = Fraction(number)
        return context.mpf(number.numerator) / number.denominator

    match node:
        case tree.Number(value=number):
            return growing(exact(number))
        case tree.Parameter(name=name, domain=domain):
            return growing(exact(problem.parameter(name, domain)), name)
        case indexed.Indexed(name=name, indices=indices):
            known = problem.body(name)
            if known is not None and known.body is not None:
                elements = (env[each] for each in indices)
                if any(grows == name for grows, _ in moved):
                    raise OutsideClassError("the derivative of what a hypothesis says")
                return at(known.body, dict(zip(known.function.indices, elements, strict=True)))
            value = exact(problem.value(node, tuple(env[each] for each in indices)))
            return growing(value, name, indices)
        case tree.Add(terms=terms):
            return sum((at(each) for each in terms[1:]), at(terms[0]))
        case tree.Neg(body=body):
            return -at(body)
        case tree.Mul(factors=factors):
            result = at(factors[0])
            for each in factors[1:]:
                result *= at(each)
            return result
        case tree.Div(numerator=over, denominator=under):
            return at(over) / _away_from_zero(at(under), context)
        case tree.Pow(base=base, exponent=tree.Number(value=power)):
            return at(base) ** power
        case tree.Pow(base=base, exponent=exponent):
            return duals.exp(at(exponent) * duals.log(at(base), context), context)
        case tree.Log(body=body):
            return duals.log(at(body), context)
        case tree.Exp(body=body):
            return duals.exp(at(body), context)
        case indexed.IndexSum(index=index, body=body):
            elements_ = range(problem.sizes[index[:1]])
            values = [at(body, {**env, index: element}) for element in elements_]
            return sum(values[1:], values[0])
        case indexed.Least(index=index, body=body):
            elements_ = range(problem.sizes[index[:1]])
            return _least([at(body, {**env, index: element}) for element in elements_], context)
        case indexed.Applied(formals=formals, actuals=actuals, body=body):
            return at(body, dict(zip(formals, (env[each] for each in actuals), strict=True)))
        case indexed.Differential(body=body, name=name, along=along):
            inner = evaluate(body, problem, env, context, (*moved, (name, along)))
            return duals.slope(inner)
    raise TypeError(type(node).__name__)


def _away_from_zero(value: Any, context: Any) -> Any:
    known = duals.primal(value)
    if (context is mpmath.iv and 0 in known) or known == 0:
        raise ZeroDivisionError
    return value


def _least(values: list[Any], context: Any) -> Any:
    if any(isinstance(each, Dual) for each in values):
        raise OutsideClassError("the derivative of a least value")
    if context is mpmath.iv:
        return context.mpf([min(each.a for each in values), min(each.b for each in values)])
    return min(values)


def elements(nodes: Iterable[Expression], problem: Problem) -> dict[str, int]:
    """Return an element for each free index; different indices of a set get different ones."""
    env: dict[str, int] = {}
    for index in sorted(set().union(*map(indexed.free_indices, nodes))):
        taken = sum(each[:1] == index[:1] for each in env)
        env[index] = taken % problem.sizes[index[:1]]
    return env


@dataclass(frozen=True)
class Sides:
    """Both sides of a statement on one problem, enclosed.

    Attributes:
        problem: the problem.
        env: the elements of the free indices.
        left: an interval that holds the left side.
        right: an interval that holds the right side.
    """

    problem: Problem
    env: Mapping[str, int]
    left: Any
    right: Any


def agree(left: Expression, right: Expression, sign: str, given: tuple[Hypothesis, ...]) -> bool:
    """Return whether left = right, or left <= right, on two random problems in 40 digits."""
    with mpmath.workdps(DIGITS):
        for seed in (1, 2):
            problem = Problem(seed, given)
            env = elements((left, right), problem)
            try:
                one, other = (evaluate(side, problem, env) for side in (left, right))
            except (ZeroDivisionError, OverflowError):  # not defined here, or too large to say
                continue
            slack = _TOLERANCE * max(1, abs(one), abs(other))
            if one - other > slack or (sign == "=" and other - one > slack):
                return False
    return True


def counterexample(
    left: Expression,
    right: Expression,
    sign: str,
    given: tuple[Hypothesis, ...],
    *,
    tries: int = 40,
) -> Sides | None:
    """Return a problem on which left = right, or left <= right, is false for certain."""
    for seed in range(tries):
        problem = Problem(seed, given, sizes={**_SIZES, "y": 2})
        env = elements((left, right), problem)
        try:
            one, other = (evaluate(side, problem, env, mpmath.iv) for side in (left, right))
        except (ZeroDivisionError, ValueError, OverflowError):  # not defined here
            continue
        if one.a > other.b or (sign == "=" and one.b < other.a):
            return Sides(problem, env, one, other)
    return None
