"""What a step of the theory claims to be an application of, and what each kind of law asks of it.

A checker takes the step and returns the equation that the laws named with it have to bring
together; it raises `MisfitError` if the step is not of the form that its law is about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from midpo_sym.kernel.hypotheses import Hypothesis
from midpo_sym.kernel.order import excess_of
from midpo_sym.language import indexed, tree
from midpo_sym.language.tree import Expression
from midpo_sym.rules.normaliser import Cited

EXCESS, POSITIVE = "log t ≤ t − 1", "positive terms"
# How a gap is added to a line: term by term. A bound does not have to name these.
ADDING = ("expansion", "linearity of a sum", "collection of like terms")


class MisfitError(Exception):
    """A step is no application of the rules that it names; says why."""


@dataclass(frozen=True, slots=True)
class Application:
    """A step, and the rules that it names.

    Attributes:
        rules: the names of the rules.
        before: the line it starts from; of `over`, what the chain so far is a bound by.
        after: the line it arrives at.
        sign: `=`, `<=` or `>=`, from the line before to this one.
        given: the hypotheses it uses.
        gap: of a bound, the larger side minus the smaller.
        at: the index at which a least value is compared.
        over: the index over which the least value is taken.
        zero_where: what is equal if and only if the line is zero.
        factor: what stands before the difference of logarithms.
        cited: what the chains that it cites prove.
    """

    rules: tuple[str, ...]
    before: Expression
    after: Expression
    sign: str = "="
    given: tuple[Hypothesis, ...] = ()
    gap: Expression | None = None
    at: str = ""
    over: str = ""
    zero_where: tuple[Expression, Expression] | None = None
    factor: Expression | None = None
    cited: tuple[Cited, ...] = ()

    @property
    def sides(self) -> tuple[Expression, Expression]:
        """Return the smaller side and the larger one; of an equation, as it is read."""
        return (self.after, self.before) if self.sign == ">=" else (self.before, self.after)


@dataclass(frozen=True, slots=True)
class Equation:
    """What laws have to bring together, and what is silent in it beside order and signs."""

    left: Expression
    right: Expression
    silent: tuple[str, ...] = ()


def line_to_line(step: Application) -> Equation:
    """Return the equation of one line and the next."""
    return Equation(step.before, step.after)


def of_gap(step: Application) -> Equation:
    """Return larger = smaller + gap, if the gap is what the bounds named say it is.

    Raises:
        MisfitError: one is named that the gap has nothing of, or one is not named that it has.
    """
    if step.gap is None:
        raise MisfitError("a bound by its form needs a gap")
    found = {EXCESS if excess else POSITIVE for excess in _terms_of_gap(step.gap)}
    for name in (EXCESS, POSITIVE):
        if name in step.rules and name not in found:
            what = "t − 1 − log t" if name == EXCESS else "that is positive by its form alone"
            raise MisfitError(f"the rule {name!r} does not fit: the gap has no term {what}")
        if name in found and name not in step.rules:
            what = "t − 1 − log t" if name == EXCESS else "beside multiples of t − 1 − log t"
            raise MisfitError(f"the gap has a term {what}, so the step has to name {name!r}")
    smaller, larger = step.sides
    return Equation(larger, tree.add(smaller, step.gap), ADDING)


def _terms_of_gap(node: Expression) -> Iterator[bool]:
    """Yield, for each term of a gap, whether it is a multiple of t − 1 − log t."""
    if excess_of(node) is not None:
        yield True
        return
    match node:
        case tree.Add(terms=terms):
            for each in terms:
                yield from _terms_of_gap(each)
        case indexed.IndexSum(body=body) | indexed.Applied(body=body):
            yield from _terms_of_gap(body)
        case tree.Div(numerator=over):
            yield from _terms_of_gap(over)
        case tree.Mul(factors=factors):
            inside = [list(_terms_of_gap(each)) for each in factors]
            yield from max(inside, key=lambda each: (any(each), len(each)))
        case _:
            yield False


def of_instance(step: Application) -> Equation:
    """Return f(b) = the larger side, if the smaller is min_a f(a).

    Raises:
        MisfitError: it is no least value.
    """
    smaller, larger = step.sides
    if not isinstance(smaller, indexed.Least):
        raise MisfitError(
            "the rule 'a least value is least' does not fit: no line is a least value"
        )
    formals = tuple(sorted(indexed.free_indices(smaller.body) | {smaller.index}))
    actuals = tuple(step.at if each == smaller.index else each for each in formals)
    taken = indexed.Applied("_", formals, actuals, smaller.body)
    return Equation(taken, larger)


def of_all_bounds(step: Application) -> Equation:
    """Return min_a f(a) = the line, if the line before is f(a).

    Raises:
        MisfitError: the line is no least value.
    """
    if not isinstance(step.after, indexed.Least):
        message = (
            "the rule 'a bound of all bounds the least' does not fit: the line is no least value"
        )
        raise MisfitError(message)
    return Equation(indexed.Least(step.over, step.before), step.after)


def of_logarithms(step: Application) -> Equation:
    """Return the equation of both lines, if this one is written k·(log a − log b).

    Raises:
        MisfitError: it is not; it has to be in just the a, b and k of the step.
    """
    name = "the logarithm is one to one"
    if not step.zero_where or step.factor is None:
        raise MisfitError(f"the rule {name!r} needs zero_where and factor")
    one, other = step.zero_where
    if not _is_difference(step.after, step.factor, one, other):
        message = f"the rule {name!r} does not fit: the line is not k·(log a − log b) as `factor` "
        raise MisfitError(f"{message}and `zero_where` say")
    return line_to_line(step)


def _is_difference(
    line: Expression, factor: Expression, one: Expression, other: Expression
) -> bool:
    logs = tree.add(tree.Log(one), tree.Neg(tree.Log(other)))
    return line in (tree.mul(factor, logs), logs)
