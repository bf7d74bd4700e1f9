"""MI-DPO itself, and the losses of other links."""

from math import exp, isclose, log

import pytest
from generators.trees.words import shipped

from midpo_sym.judges.random_models import compare
from midpo_sym.language import tree
from midpo_sym.language.links import LINKS
from midpo_sym.prover.framework import abbreviations
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec.reading.losses import loads

# Each loss of one pair as a function of the argument of its link, worked out apart.
BY_HAND = {
    "logsigmoid": lambda a: -log(1 / (1 + exp(-a))),
    "identity": lambda a: -a,
    "hinge": lambda a: max(0.0, 1 - a),
    "square": lambda a: (1 - a) * (1 - a),
    "sigmoid": lambda a: 1 - 1 / (1 + exp(-a)),
}


def test_every_link_has_a_loss():
    assert set(LINKS) == set(BY_HAND)


@pytest.mark.parametrize("link", BY_HAND)
@pytest.mark.parametrize("argument", [-3, 0, 1, 2])
def test_a_loss_is_what_its_row_says(link, argument):
    node = tree.Neg(tree.Number(-argument)) if argument < 0 else tree.Number(argument)
    value = float(compare(LINKS[link].of(node), tree.Number(0)).left)
    assert isclose(value, BY_HAND[link](argument), rel_tol=1e-9, abs_tol=1e-12)


@pytest.mark.parametrize("link", sorted(set(BY_HAND) - {"logsigmoid"}))
def test_another_link_is_refuted_by_a_witness(link):
    """Where both arguments vanish, the log-sigmoid loss is log 2; the others are 0, 1 or 1/2."""
    (result,) = prove_derivation(
        loads(
            f"""
            title = "x"
            summary = "x"
            [parameters]
            alpha = {{ domain = "positive", meaning = "scale" }}
            [prior]
            zeta = "ref(y)"
            [loss]
            link = "{link}"
            argument = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
            """,
            "x.toml",
        )
    )
    assert result.verdict.status.value == "refuted"
    assert result.verdict.part == "link"


def test_abbreviations_come_once_and_in_order():
    """TIS-DPO: D in the prior, then u and η in the loss, D not again."""
    names = [node.name for node in abbreviations(shipped("tis_dpo").statement)]
    assert names == ["D", "u", "eta"]
