"""Small random expressions whose indices get in each other's way: equal forms, equal numbers.

The expressions are drawn from so few functions and names of indices that many are equal without
being alike: Σ_y Σ_y1 k(y, y1) q(y) and Σ_y1 Σ_y q(y1) k(y1, y); and each is drawn again with its
names exchanged, which changes it if one of them is free. All of one batch are read at once,
and those with one form have to have one value on random problems of the independent evaluator.
"""

import random
from collections import defaultdict

import mpmath
import pytest
from generators.trees.functions import h, k2, q, r, total
from oracles.trees.finite import DIGITS, Problem, evaluate, places

from midpo_sym.kernel.finite_atoms import Index, Part
from midpo_sym.kernel.finite_sets import _FiniteReader, read
from midpo_sym.kernel.forms import OutsideClassError
from midpo_sym.language.build import exp, log
from midpo_sym.language.indexed import Applied, Least, free_indices
from midpo_sym.language.tree import Expression
from midpo_sym.session import Session, remembering

NAMES = (("y", "y1", "y2"), ("y", "y2", "y1"), ("y1", "y", "y2"))
SHAPES = 4  # in a batch, each with all of these names in the place of the others
FREE = "y"


def draw(chance: random.Random, names, depth: int, *, positive: bool = False) -> Expression:
    """Return an expression with few names, some of which are bound twice."""
    kind = chance.randrange(9 if depth else 3)
    one, other = chance.choice(names), chance.choice(names)
    if kind == 0 or (kind == 1 and positive):
        return q(one)
    if kind == 1:
        return r(one)
    if kind == 2:
        return k2(one, other)
    if kind in (3, 4):
        return total(one, draw(chance, names, depth - 1, positive=positive))
    if kind == 5:
        return draw(chance, names, depth - 1, positive=positive) * draw(
            chance, names, 0, positive=positive
        )
    inner = draw(chance, names, depth - 1, positive=True)
    if kind == 6:
        return 1 / inner
    if kind == 7:
        return exp(inner) if positive else log(inner)
    body = draw(chance, names, depth - 1, positive=positive)
    formals = tuple(sorted(free_indices(body)))
    return Applied("m", formals, tuple(chance.choice(names) for _ in formals), body)


def closed(chance: random.Random, names) -> Expression:
    """Return an expression in which one index at most is free."""
    node = draw(chance, names, 3)
    for name in chance.sample(names, 3):
        if name in free_indices(node) - {FREE}:
            node = total(name, node)
    return Least("a", node * h("a")) if chance.random() < 0.2 else node


def value_on(node: Expression, problem: Problem) -> list[mpmath.mpf]:
    return [evaluate(node, problem, env) for env in places(problem, {FREE})]


def check(seed: int) -> int:
    """Return how many pairs of one form were compared.

    Raises:
        AssertionError: two that have one form have not one value.
    """
    drawn = (
        closed(random.Random(f"equal forms {seed} {shape}"), names)
        for shape in range(SHAPES)
        for names in NAMES
    )
    nodes = list(dict.fromkeys(drawn))
    groups: dict[object, list[Expression]] = defaultdict(list)
    try:
        for node, value in zip(nodes, read(tuple(nodes)).values, strict=True):
            groups[value].append(node)
    except OutsideClassError:
        return 0
    pairs = 0
    with mpmath.workdps(DIGITS):
        for first, *others in groups.values():
            for other in others:
                for number in range(2):
                    problem = Problem(10 * seed + number)
                    one, two = value_on(first, problem), value_on(other, problem)
                    close = (
                        mpmath.almosteq(a, b, 1e-12, 1e-12) for a, b in zip(one, two, strict=True)
                    )
                    assert all(close), f"{first} and {other}"
                pairs += 1
    return pairs


@pytest.mark.slow
def test_equal_forms_are_equal_numbers():
    assert sum(map(check, range(30))) > 60


def test_indices_that_are_all_the_same_are_caught(monkeypatch):
    """The test can fail: the kernel is made to take every index for the first of its set."""
    monkeypatch.setattr(_FiniteReader, "index", lambda _, name: Index(name[0]))
    with remembering(Session()), pytest.raises(AssertionError, match=" and "):
        sum(map(check, range(40)))


def test_with_heights_forgotten_the_kernel_stops(monkeypatch):
    """Two nested sums that both bind number 1 would capture: the renaming is refused instead."""
    monkeypatch.setattr(Part, "height", 0)
    nested = total("y", log(total("y1", k2("y", "y1"))))
    with remembering(Session()), pytest.raises(ValueError, match="there already"):
        read((nested,))
