"""A sum over a batch is taken apart into the shares of its pairs, however it is factored."""

import pytest

from midpo_sym.code.comparing import separated
from midpo_sym.code.inputs.instance import Atom
from midpo_sym.code.tracing.evaluate import value_at
from midpo_sym.language import tree
from midpo_sym.language.build import log

K = tree.Parameter("k", "positive")
X = [tree.Parameter(f"x{pair}", "positive") for pair in (1, 2)]
ATOMS = {each.name: Atom(each, pair) for pair, each in enumerate(X, 1)} | {"k": Atom(K, 0)}
POINT = {"k": 1.5, "x1": 2.0, "x2": 0.25}


@pytest.mark.parametrize(
    ("node", "wanted"),
    [
        # (-x1 - x2)(-k)/2 is k x1/2 and k x2/2: 1.5 and 0.1875
        ((-X[0] - X[1]) * (-K) / 2, [1.5, 0.1875]),
        # k/2 (x1 + x2 + 4), the four shared: 1.5 + 1.5 and 0.1875 + 1.5
        (K / 2 * (X[0] + X[1] + 4), [3.0, 1.6875]),
        # -(x1/k - 3 x2): -4/3 and 3/4
        (-(X[0] / K - 3 * X[1]), [-4 / 3, 0.75]),
    ],
)
def test_each_pair_has_its_share(node, wanted):
    found = separated(node, ATOMS, 2)
    assert [value_at(each, POINT) for each in found] == pytest.approx(wanted)
    doubled = separated(node, ATOMS, 2, factor=2)
    assert [value_at(each, POINT) for each in doubled] == pytest.approx([2 * x for x in wanted])


@pytest.mark.parametrize("node", [X[0] * X[1], K / (X[0] + X[1]), log(X[0] + X[1]) + X[0]])
def test_pairs_that_are_coupled_have_no_shares(node):
    assert separated(node, ATOMS, 2) is None


def test_a_number_of_every_pair_is_its_own_however_it_was_added():
    """(1 + x1) + (1 + x2) with the first bracket gone: 1 + 2 and 1 + 1/4."""
    node = tree.Add((tree.Number(1), X[0], tree.Add((tree.Number(1), X[1]))))
    found = separated(node, ATOMS, 2, deeply=True)
    assert [value_at(each, POINT) for each in found] == pytest.approx([3.0, 1.25])
