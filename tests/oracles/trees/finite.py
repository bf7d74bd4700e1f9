"""An evaluation of the theory's expressions that shares nothing with the package but the tree.

Sets of random sizes, random numbers for the functions, 80 digits. A derivative is a quotient of
differences: a function that sums to 1 moves away from its sum, and what another is equal to by a
hypothesis is computed anew. The package's own judge differentiates the tree and uses rational
numbers.
"""

from __future__ import annotations

import random

import mpmath

from midpo_sym.language import indexed, tree

DIGITS = 80  # a derivative of a derivative loses 40 of them
STEP = mpmath.mpf(10) ** -20
# What a function or parameter may be, besides anything in between: zero wherever it may be zero.
EDGES = {"real": (-2, -1, 0, 1), "nonnegative": (0, 1, 2), "unit": (0, 0.5, 1), "positive": (1, 2)}


class Problem:
    """Sizes, parameters and functions drawn from a seed; hypotheses as the files state them.

    With `edges`, sets may have one element or four, and numbers may be zero or equal.
    """

    def __init__(self, seed: int, assumptions=(), *, edges=False) -> None:
        self.chance = random.Random(f"independent {seed}")
        self.edges = edges
        choice = (1, 2, 3, 4) if edges else (2, 3)
        self.sizes = {letter: self.chance.choice(choice) for letter in indexed.SETS}
        self.assumptions = {each.function.name: each for each in assumptions}
        self.numbers: dict[object, mpmath.mpf] = {}
        self.moved: tuple[tuple[str, str, mpmath.mpf], ...] = ()

    def number(self, key: object, domain: str) -> mpmath.mpf:
        if key not in self.numbers:
            low, high = {"unit": (0.1, 0.9), "real": (-2, 2)}.get(domain, (0.2, 2.2))
            value = self.chance.uniform(low, high)
            if self.edges and self.chance.random() < 0.5:
                value = self.chance.choice(EDGES[domain])
            self.numbers[key] = mpmath.mpf(value)
        return self.numbers[key]

    def function(self, node, at):
        known = self.assumptions.get(node.name)
        if known and known.body is not None:
            env = dict(zip(known.function.indices, at, strict=True))
            return evaluate(known.body, self, env)
        value = self.number((node.name, at), node.domain)
        if known:
            places = [known.function.indices.index(each) for each in known.over]
            total = mpmath.mpf(0)
            for other in _tuples([self.sizes[index[0]] for index in node.indices]):
                if all(at[k] == other[k] for k in range(len(at)) if k not in places):
                    total += self.number((node.name, other), node.domain)
            value /= total
        moves = self.moved
        for place, (name, along, step) in enumerate(moves):
            if along and name == node.name:
                self.moved = moves[:place]  # the direction is what it was before this move
                value += step * self.function(indexed.Indexed(along, node.indices, "real"), at)
        self.moved = moves
        return value


def _tuples(sizes):
    if not sizes:
        return [()]
    return [(first, *rest) for first in range(sizes[0]) for rest in _tuples(sizes[1:])]


def evaluate(node, problem: Problem, env: dict[str, int]):
    def at(inner, place=env):
        return evaluate(inner, problem, place)

    match node:
        case tree.Number(value=value):
            return mpmath.mpf(value)
        case tree.Parameter(name=name, domain=domain):
            steps = [step for moved, along, step in problem.moved if moved == name and not along]
            return problem.number(name, domain) + mpmath.fsum(steps)
        case indexed.Indexed(indices=indices):
            return problem.function(node, tuple(env[each] for each in indices))
        case tree.Add(terms=terms):
            return mpmath.fsum(at(each) for each in terms)
        case tree.Neg(body=body):
            return -at(body)
        case tree.Mul(factors=factors):
            return mpmath.fprod(at(each) for each in factors)
        case tree.Div(numerator=over, denominator=under):
            return at(over) / at(under)
        case tree.Pow(base=base, exponent=exponent):
            power = at(exponent)  # exp(log(3)) is whole, although not to the last digit
            whole = mpmath.nint(power)
            return mpmath.power(at(base), whole if mpmath.almosteq(power, whole) else power)
        case tree.Log(body=body):
            return mpmath.log(at(body))
        case tree.Exp(body=body):
            return mpmath.exp(at(body))
        case indexed.IndexSum(index=index, body=body):
            values = range(problem.sizes[index[0]])
            return mpmath.fsum(at(body, {**env, index: value}) for value in values)
        case indexed.Least(index=index, body=body):
            values = range(problem.sizes[index[0]])
            return min(at(body, {**env, index: value}) for value in values)
        case indexed.Applied(formals=formals, actuals=actuals, body=body):
            return at(body, dict(zip(formals, (env[each] for each in actuals), strict=True)))
        case indexed.Differential(body=body, name=name, along=along):
            ends, before = [], problem.moved
            for step in (STEP, -STEP):
                problem.moved = (*before, (name, along, step))
                ends.append(at(body))
            problem.moved = before
            return (ends[0] - ends[1]) / (2 * STEP)
    raise AssertionError(node)


def places(problem: Problem, indices) -> list[dict[str, int]]:
    """Return every choice of elements for some free indices."""
    names = sorted(indices)
    return [
        dict(zip(names, values, strict=True))
        for values in _tuples([problem.sizes[name[0]] for name in names])
    ]


def compare(left, right, assumptions=(), seeds=range(3)) -> tuple[bool, bool]:
    """Return whether left = right, and whether left <= right, on random problems."""
    equal = at_most = True
    with mpmath.workdps(DIGITS):
        for seed in seeds:
            problem = Problem(seed, assumptions)
            free = indexed.free_indices(left) | indexed.free_indices(right)
            for env in places(problem, free):
                one, other = (evaluate(side, problem, env) for side in (left, right))
                slack = mpmath.mpf(10) ** -12 * (1 + abs(one) + abs(other))
                equal &= abs(one - other) < slack
                at_most &= one - other < slack
    return equal, at_most
