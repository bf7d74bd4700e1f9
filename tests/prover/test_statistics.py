"""Every statistic of the table, proved and refuted: each row reaches every judge."""

import pytest
from oracles.trees import worlds

from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.prover.verdict import Status
from midpo_sym.spec.reading.losses import loads

HEAD = """\
title = "T"
summary = "S."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
"""
DPO = "alpha*log(pi(w)/ref(w)) - alpha*log(pi(l)/ref(l))"
names = pytest.mark.parametrize("name", STATISTICS)


def proved(zeta, argument):
    text = f'{HEAD}[prior]\nzeta = "{zeta}"\n[loss]\nargument = "{argument}"\n'
    (result,) = prove_derivation(loads(text, "one.toml"))
    return result


def with_statistic(name, *, sign="-", around="{}"):
    return proved(
        f"ref(y)*exp(sum_t({name}(y, t))/alpha)",
        f"{DPO} {sign} ({around.format(f'sum_t({name}(w, t))')} - "
        f"{around.format(f'sum_t({name}(l, t))')})",
    )


@pytest.mark.slow
@names
def test_a_prior_with_a_statistic_has_its_loss(name):
    result = with_statistic(name)
    assert (result.verdict.status, result.gradient.status) == (Status.PROVED,) * 2
    assert result.properties.needs_divergence
    at = worlds.world(result.derivation, 3)
    ours, theirs = (each(result.statement, at) for each in (worlds.mi_dpo, worlds.target))
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-12)
    gradients = [worlds.gradients(each, at) for each in (ours, theirs)]
    assert gradients[0].tolist() == pytest.approx(gradients[1].tolist(), rel=1e-9, abs=1e-12)


@pytest.mark.slow
@names
def test_the_wrong_sign_is_refuted_by_a_tiny_language_model(name):
    result = with_statistic(name, sign="+")
    assert result.verdict.status is Status.REFUTED
    assert result.witness is not None


@pytest.mark.slow
@names
def test_a_stop_gradient_matters_just_where_the_policy_is_in_the_statistic(name):
    result = with_statistic(name, around="sg({})")
    assert result.verdict.status is Status.PROVED
    expected = Status.REFUTED if STATISTICS[name].trained else Status.PROVED
    assert result.gradient.status is expected


@pytest.mark.parametrize("name", [n for n, row in STATISTICS.items() if len(row.models) == 1])
def test_a_statistic_of_one_model_is_no_constant(name):
    """Were every tiny distribution alike, 2·s would be refuted and s² = c·s would not."""
    result = proved(
        f"ref(y)*exp(sum_t({name}(y, t)**2)/alpha)",
        f"{DPO} - sum_t({name}(w, t)) + sum_t({name}(l, t))",
    )
    assert result.verdict.status is Status.REFUTED


def test_a_sum_of_squares_stands_under_a_logarithm():
    """log(s²/s) = log s; and a weight as WPO has it, per token."""
    result = proved(
        "ref(y)/prod_t(sum_of_squares(y, t)**2)",
        f"{DPO} + 2*alpha*sum_t(log(sum_of_squares(w, t))) "
        "- 2*alpha*sum_t(log(sum_of_squares(l, t)))",
    )
    assert (result.verdict.status, result.gradient.status) == (Status.PROVED,) * 2


def test_the_entropy_is_not_taken_for_a_divergence():
    result = proved(
        "ref(y)*exp(sum_t(entropy(y, t))/alpha)",
        f"{DPO} - sum_t(kl_pi_ref(w, t)) + sum_t(kl_pi_ref(l, t))",
    )
    assert result.verdict.status is Status.REFUTED
