"""What is positive, zero or more, and below one by its form: against exact values."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from midpo_sym.language import tree
from midpo_sym.language.build import parameter

VALUES = {
    "real": (-2, -1, Fraction(-1, 3), 0, Fraction(1, 2), 1, 3),
    "nonnegative": (0, Fraction(1, 3), 1, 4),
    "positive": (Fraction(1, 5), 1, 6),
    "unit": (0, Fraction(1, 2), 1),
    "open unit": (Fraction(1, 7), Fraction(6, 7)),
}
LEAVES = [parameter(f"p{number}", domain) for number, domain in enumerate(VALUES)]
LEAVES += [tree.Number(0), tree.Number(1), tree.Number(2)]


def grown(chance: random.Random, levels: int) -> tree.Expression:
    """Return a random expression: half of the sums, quotients and maxima of parts that recur."""
    if not levels or chance.random() < 0.15:
        return chance.choice(LEAVES)
    one, other = grown(chance, levels - 1), grown(chance, levels - 1)
    match chance.randrange(9):
        case 0 | 1:
            return tree.add(one, other)
        case 2:
            return tree.add(chance.choice(LEAVES[-3:]), tree.Neg(one))
        case 3:
            return tree.mul(one, other)
        case 4:
            return tree.Div(one, chance.choice([other, tree.add(one, other), tree.add(other, one)]))
        case 5:
            return tree.Pow(one, tree.Number(chance.randrange(4)))
        case 6:
            return tree.Max(one, other)
        case 7:
            return tree.Max(*chance.sample([one, tree.Neg(one)], 2))
    return tree.Neg(one)


def value(node: tree.Expression, at: dict[str, Fraction]) -> Fraction:
    """Return the value of an expression.

    Raises:
        ZeroDivisionError: it divides by zero.
    """
    parts = [value(each, at) for each in node.children()]
    match node:
        case tree.Number(value=number):
            return Fraction(number)
        case tree.Parameter(name=name):
            return at[name]
        case tree.Add():
            return sum(parts, Fraction(0))
        case tree.Mul():
            result = Fraction(1)
            for each in parts:
                result *= each
            return result
        case tree.Div():
            return parts[0] / parts[1]
        case tree.Neg():
            return -parts[0]
        case tree.Max():
            return max(parts)
        case tree.Pow():
            return parts[0] ** int(parts[1])
    raise AssertionError(node)


@pytest.mark.slow
def test_what_the_form_says_is_so_at_every_point():
    """Wherever an expression has a value, its form does not say too much of it."""
    chance = random.Random(13)
    said = dict.fromkeys(("positive", "nonnegative", "below_one"), 0)
    for _ in range(4_000):
        node = grown(chance, 3)
        facts = [name for name in said if getattr(node, name)]
        if not facts:
            continue
        for _ in range(8):
            at = {
                each.name: Fraction(chance.choice(VALUES[each.domain]))
                for each in LEAVES
                if isinstance(each, tree.Parameter)
            }
            try:
                number = value(node, at)
            except ZeroDivisionError:  # of a larger of two, one may have no value
                continue
            assert "positive" not in facts or number > 0, (node, at)
            assert "nonnegative" not in facts or number >= 0, (node, at)
            assert "below_one" not in facts or number < 1, (node, at)
        for name in facts:
            said[name] += 1
    assert min(said.values()) > 100  # or nothing was tried


D, P, X = parameter("d", "nonnegative"), parameter("p", "positive"), parameter("x")


@pytest.mark.parametrize(
    "node",
    [1 + D, P + D * P, 1 + X**2, 1 + tree.Max(D, X), 1 + tree.Max(X, -X), 1 - D / (P + D), D + P],
)
def test_positive(node):
    assert node.positive


@pytest.mark.parametrize("node", [D, D * P, D / P, D**2, X**2, tree.Max(0 * D, X), D + D])
def test_zero_or_more(node):
    assert node.nonnegative
    assert not node.positive


@pytest.mark.parametrize(
    "node", [1 - D, D - P, P / D, 1 / D, X, X**3, -D, tree.Max(X, X), 1 - P / (P + D), 2**X - 1]
)
def test_neither(node):
    assert not node.nonnegative


def test_below_one():
    assert (D / (P + D)).below_one
    assert not (P / (P + D)).below_one
    assert not (D / (D + D)).below_one
