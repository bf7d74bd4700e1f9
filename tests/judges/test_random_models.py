"""The numerical judge, against facts that hold for every random model and some that do not."""

from __future__ import annotations

import mpmath
import pytest
from generators.trees.words import loss

from midpo_sym.judges import random_models
from midpo_sym.language import tree

AGREE = [
    ("log(pi(w))", "sum_t(log(pi(w, t)))", True, True),
    ("sg(log(pi(w)))", "log(pi(w))", True, False),
    ("log(pi(w)) + gamma", "log(pi(w))", False, True),
    ("log(ref(w)) - log(ref(w))", "0", True, True),
    ("log(pi(w))", "log(ref(w))", False, False),
    ("sum_t(kl_ref_pi(w, t))", "sum_t(kl_pi_ref(w, t))", False, False),
    ("exp(log(pi(w)))", "pi(w)", True, True),
    ("max(gamma, eta)", "max(eta, gamma)", True, True),
    ("prod_t(pi(w, t)**mu(w, t))", "exp(sum_t(mu(w, t)*log(pi(w, t))))", True, True),
    ("omega(w, t)", "mu(w, t)", False, True),
    ("length(w)", "length(w) + 1", False, True),
    ("(-2)**3", "-8", True, True),
    ("gamma**(-2)*gamma**2", "1", True, True),
    ("log(sg(pi(w))*pi(w))", "2*log(pi(w))", True, False),
    ("prev(w)", "ref(w)", False, True),
]


@pytest.mark.parametrize(("left", "right", "values", "slopes"), AGREE)
def test_agreement(left, right, values, slopes):
    """Laws of logarithms, of sg and of sums agree; different quantities do not."""
    one, other = (
        loss(f"sum_t({text})" if "t)" in text and "_t" not in text else text)
        for text in (left, right)
    )
    found = random_models.compare(one, other)
    assert (found.values_agree, found.slopes_agree) == (values, slopes)


def test_small_differences_are_seen():
    """10^-20 of a difference is seen in 40 digits; it is below what floating point tells."""
    one = loss("log(pi(w))")
    assert not random_models.compare(one, loss("log(pi(w)) + (1/10)**20")).values_agree
    assert not random_models.compare(one, loss("log(pi(w))*(1 + (1/10)**12)")).slopes_agree


def test_divergences_are_not_negative():
    """KL ≥ 0: the value of −Σ KL(ref‖π) is a negative number at the last point."""
    found = random_models.compare(loss("-sum_t(kl_ref_pi(w, t))"), loss("sum_t(kl_pi_ref(l, t))"))
    assert float(found.left) < 0 < float(found.right)


def test_probabilities_sum_to_one():
    """The first token's probability is between 0 and 1, and so is any product of them."""
    assert 0 < float(random_models.compare(loss("pi(w)"), loss("ref(l)")).left) < 1


def test_labels_and_normaliser():
    """by_label(a, b) is a at w and b at l; Z(x) is one positive number."""
    a, b = loss("gamma"), loss("eta")
    for response, right in (("w", a), ("l", b)):
        assert random_models.compare(tree.ByLabel(response, a, b), right).values_agree
    z = tree.Normaliser()
    assert random_models.compare(z / z, tree.Number(1)).values_agree
    assert not random_models.compare(z, tree.Number(1)).values_agree
    assert random_models.compare(tree.Defined("a", "", False, a), a).values_agree


def test_the_callers_precision_is_left_alone():
    """The judge works in 40 digits of its own."""
    before = mpmath.mp.dps
    random_models.compare(loss("gamma"), loss("gamma"))
    assert mpmath.mp.dps == before
