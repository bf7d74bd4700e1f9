"""A loss whose link is written otherwise: it is found, among all that have the same arguments."""

import pytest

from midpo_sym.atlas.like import like
from midpo_sym.language.links import LINKS, VARIABLE, typed
from midpo_sym.language.tree import Exp, Neg
from midpo_sym.prover.equivalence.profiles import ends_of
from midpo_sym.spec import loads

EXPONENTIAL = Exp(Neg(VARIABLE))
OWN = """
title = "Own"
summary = "DPO's log-ratios under a link."
[parameters]
k = {{ domain = "{domain}", meaning = "of the link" }}
[prior]
zeta = "ref(y)"
scale = "1"
gives = "argument"
[loss]
link = "{link}"
argument = "log(pi(w)/ref(w)) - log(pi(l)/ref(l))"
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("link", "domain", "same"),
    [
        ("-log(1/(1 + exp(-k*a)))", "positive", "dpo"),  # the scale is in the link
        ("max(0, 1 - k*a)", "positive", "rso"),
        ("(1 - 2*k*a)**2", "positive", "ipo"),  # 4 k² times IPO's
        # softplus(a) is a + softplus(-a), so that this is their mean with weights 1 - k and k
        ("softplus(-a) + k*a", "open unit", "cdpo"),
    ],
)
def test_a_link_that_is_written_otherwise_is_that_link(link, domain, same):
    """Each by hand. cDPO has a scale that this one has not: this is cDPO with the scale 1."""
    found = like(loads(OWN.format(link=link, domain=domain), "own.toml"))
    assert same in (found.special_case_of if same == "cdpo" else found.same)


@pytest.mark.parametrize(
    ("link", "ends"),
    [
        (LINKS["logsigmoid"], "flat and straight"),  # its slope is σ(a) − 1: 0 and −1 far out
        (LINKS["hinge"], "flat and straight with a corner"),
        (LINKS["sigmoid"], "flat and flat"),
        (LINKS["square"], "bent and bent"),
        (LINKS["identity"], "straight and straight"),
        (typed(EXPONENTIAL), "bent and flat"),
    ],
)
def test_how_a_link_goes_on(link, ends):
    assert ends_of(link) == ends
