"""What is minimised: the same as users get from logits, and priors that learn what they may."""

import copy
from dataclasses import replace

import pytest
import torch
from generators.lab.tiny_worlds import MODEL, bench

from midpo_sym import losses
from midpo_sym.lab.checks import LabError
from midpo_sym.lab.training import (
    KINDS,
    LossObjective,
    PriorObjective,
    Transformer,
    build_loss,
    missing_inputs,
    parameters_of,
)
from midpo_sym.lab.training.fit import PairTable
from midpo_sym.lab.training.inputs import given
from midpo_sym.lab.training.losses import find_loss
from midpo_sym.lab.training.objectives import token_logps
from midpo_sym.losses import atlas

EVERY = (*losses.names(), *atlas.names())
# Sums, lengths, both divergences, token weights, a statistic of distributions, data of either kind.
KINDS_OF_LOSS = ("dpo", "simpo", "tdpo2", "tis_dpo", "wpo", "sampo", "confpo", "madpo", "rebel")
TRAINED = [name for name in EVERY if not missing_inputs(find_loss(name).needs)]


def batch():
    here = bench()
    table = PairTable(here.pairs, here.encoding, here.reference)
    return Transformer(MODEL, here.encoding, 9), table.batch(torch.arange(12))


def gradient(policy, found):
    policy.zero_grad()
    found.sum().backward()
    parts = [torch.zeros_like(p) if p.grad is None else p.grad for p in policy.parameters()]
    return torch.cat([each.flatten() for each in parts])


def check_against_logits(name):
    policy, pairs = batch()
    loss = build_loss(name, {})
    mine = LossObjective(loss).losses(policy, pairs, 0)
    needs, logits = loss.needs, policy(pairs.ids)
    whole = needs.kl or any("ref" in models for _, models in needs.statistics.values())
    sources = {}
    if needs.needs_ref:
        name, value = ("ref_logits", pairs.ref_logits) if whole else ("ref_logps", pairs.ref_logps)
        sources[name] = value
    users, _, _ = loss.from_logits(
        logits,
        pairs.labels,
        **sources,
        prev_logps=pairs.ref_logps,
        **given(needs, pairs, token_logps(logits.detach(), pairs.labels)),
    )
    assert mine.detach() == pytest.approx(users.detach(), rel=1e-4, abs=1e-5)
    wanted = gradient(policy, users)
    assert gradient(policy, mine) == pytest.approx(
        wanted, rel=1e-3, abs=1e-4 * float(wanted.abs().max())
    )


@pytest.mark.parametrize("name", ["dpo", "tdpo2"])
def test_a_loss_is_what_users_get_from_logits(name):
    check_against_logits(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_every_loss_is_what_users_get_from_logits(name):
    check_against_logits(name)


def test_what_is_left_out_needs_numbers_of_a_batch():
    left = {name for name in EVERY if name not in TRAINED}
    assert left == {"alpha_dpo", "bco", "beta_dpo", "kto", "mallows_dpo", "mpo"}
    assert set(KINDS_OF_LOSS) <= set(TRAINED)


def test_parameters_are_the_defaults_or_numbers_where_there_are_none():
    assert parameters_of(find_loss("dpo")) == {"beta": 0.1}
    assert parameters_of(find_loss("dpo_rk")) == {"beta": 0.1, "delta": 2.0}
    assert parameters_of(find_loss("sft")) == {}
    assert set(parameters_of(find_loss("rpo"))) == {"beta", "nll_weight"}


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("dpoo", {}, "there is no loss 'dpoo'; `midpo list` names all"),
        ("dpo", {"gamma": 1.0}, "dpo has no parameter 'gamma'; it has beta"),
        ("dpo", {"beta": -1.0}, "dpo: beta"),
    ],
)
def test_a_loss_that_is_none_is_refused(name, parameters, message):
    with pytest.raises(LabError, match=message):
        build_loss(name, parameters)


def prior(kind):
    here = bench()
    return PriorObjective(kind, 0.5, copy.deepcopy(here.reference), len(here.pairs))


@pytest.mark.parametrize("kind", KINDS)
def test_a_prior_that_learned_nothing_yet_is_the_reference(kind):
    """Then the loss is that of DPO; no penalty counts yet."""
    policy, pairs = batch()
    wanted = LossObjective(build_loss("dpo", {"beta": 0.5})).losses(policy, pairs, 0)
    if kind == "learned_shared":
        pairs = _with_prompts_for_all(pairs)
    found = prior(kind).losses(policy, pairs, 0)
    assert found.detach() == pytest.approx(wanted.detach(), abs=1e-5)


def _with_prompts_for_all(pairs):
    """Let the prior see what it must not, so that the reference is in its set."""
    return replace(pairs, blind=pairs.ids)


def test_an_offset_shifts_the_argument_by_itself():
    """−log σ(a + δ), with the argument a of DPO."""
    policy, pairs = batch()
    free = prior("learned_free")
    with torch.no_grad():
        free.prior.offsets.fill_(0.75)
    dpo = LossObjective(build_loss("dpo", {"beta": 0.5})).losses(policy, pairs, 0)
    argument = -torch.log(torch.expm1(dpo.detach().double()))  # a, of the loss log(1 + e^−a)
    shifted = -torch.nn.functional.logsigmoid(argument + 0.75)
    assert free.losses(policy, pairs, 0).detach() == pytest.approx(shifted.float(), abs=1e-5)
    squared = prior("learned_offsets")
    with torch.no_grad():
        squared.prior.offsets.fill_(0.75)
    more = squared.losses(policy, pairs, 0) - free.losses(policy, pairs, 0)
    assert more.detach() == pytest.approx(torch.full((12,), 0.05 * 0.75**2), abs=1e-6)


def test_turns_are_taken():
    both, turns, alone = map(prior, ("learned_per_prompt", "learned_alternating", "learned_alone"))
    for step in (0, 9, 10, 19, 20):
        assert both.trains_policy(step)
        assert both.trains_rest(step)
        assert turns.trains_policy(step) != turns.trains_rest(step)
        assert not alone.trains_policy(step)
        assert alone.trains_rest(step)
    assert turns.trains_policy(0)
    assert turns.trains_rest(10)


def test_a_kind_of_prior_that_is_none_is_refused():
    with pytest.raises(LabError, match="there is no prior 'clever'; there are learned_per_prompt"):
        prior("clever")
