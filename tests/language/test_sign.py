"""Which scales can be positive: worked out by hand, and tried at random points."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from midpo_sym.language import tree
from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.sign import can_be_positive

DOMAINS = {"alpha": "positive", "k": "real", "n": "nonnegative", "u": "unit"}
SCOPE = Scope(frozenset(), DOMAINS)

NEVER = """
0; -2; 1 - 3/2; -alpha; alpha - alpha; alpha - 2*alpha; -n; u - 1; u*u - 1; u - 2; -k**2; k - k
-exp(k); -max(k, 1); -alpha/u; -u/n; alpha/alpha - 1; 0*k; -alpha - n
(alpha - u)*(alpha + u) - alpha**2 + u**2
""".replace("\n", ";")
SOMETIMES = """
alpha; 1/10; k; n; u; -k; 1 - u; n - alpha; k**3; exp(k); -(-alpha); max(k, -1); log(alpha)
alpha - u; 2*u - 1; alpha/(1 + n); -k*n; k**2 - 1; (k - 1)**2
""".replace("\n", ";")


def texts(table: str) -> list[str]:
    return [each.strip() for each in table.split(";") if each.strip()]


@pytest.mark.parametrize("text", texts(NEVER))
def test_what_is_never_positive(text):
    """Whatever the parameters are within their domains, each of these is zero or less."""
    assert not can_be_positive(parse(text, SCOPE))


@pytest.mark.parametrize("text", texts(SOMETIMES))
def test_what_may_be_positive(text):
    """Each of these is positive for some parameters."""
    assert can_be_positive(parse(text, SCOPE))


def leaves() -> st.SearchStrategy[tree.Expression]:
    parameters = [tree.Parameter(name, domain) for name, domain in DOMAINS.items()]
    return st.sampled_from(parameters) | st.integers(0, 3).map(tree.Number)


def expressions() -> st.SearchStrategy[tree.Expression]:
    return st.recursive(
        leaves(),
        lambda inner: st.one_of(
            st.builds(tree.add, inner, inner),
            st.builds(tree.mul, inner, inner),
            st.builds(tree.Neg, inner),
            st.builds(tree.Pow, inner, st.integers(0, 3).map(tree.Number)),
        ),
        max_leaves=6,
    )


def value(node: tree.Expression, point: dict[str, Fraction]) -> Fraction:
    match node:
        case tree.Number(value=number):
            return Fraction(number)
        case tree.Parameter(name=name):
            return point[name]
        case tree.Pow(base=base, exponent=exponent):
            return value(base, point) ** int(value(exponent, point))
        case tree.Neg(body=body):
            return -value(body, point)
    parts = [value(each, point) for each in node.children()]
    result = parts[0]
    for each in parts[1:]:
        result = result + each if isinstance(node, tree.Add) else result * each
    return result


VALUES = {
    "alpha": ("1/7", "1", "9"),
    "k": ("-3", "-1/2", "0", "2"),
    "n": ("0", "1/3", "5"),
    "u": ("0", "1/2", "1"),
}
POINTS = [dict(zip(VALUES, map(Fraction, each), strict=True)) for each in product(*VALUES.values())]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(expressions())
def test_nothing_that_is_positive_somewhere_is_called_never_positive(node):
    """Exact values at 108 points, the corners of the domains among them, contradict no refusal."""
    if not can_be_positive(node):
        assert all(value(node, point) <= 0 for point in POINTS)
