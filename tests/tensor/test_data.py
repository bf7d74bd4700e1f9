"""Losses with numbers given as data: generated code, from statistics, logits and hidden states."""

import inspect

import pytest
import torch
from oracles.trees import worlds
from torch.nn import functional

from midpo_sym.plan.losses import plan_loss
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec import SpecError
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.torch.check.compare import check
from midpo_sym.targets.torch.check.run_torch import execute
from midpo_sym.targets.torch.file import loss_file
from midpo_sym.targets.torch.files import render, render_without_running
from midpo_sym.targets.torch.syntax import checked_syntax
from midpo_sym.targets.torch.target import TorchTarget
from midpo_sym.tensor import check_data

TEXT = """\
title = "T"
summary = "S."
[data]
score = { of = "y", domain = "real", torch = "reward", meaning = "score of a reward model" }
beta = { of = "batch", domain = "positive", meaning = "scale of the batch" }
mu = { of = "y, t", domain = "nonnegative", meaning = "weight" }
[prior]
scale = "beta"
zeta = "ref(y)*exp(-score(y)*sum_t(mu(y, t)))"
[loss]
argument = """
TEXT += '"beta*(log(pi(w)/ref(w)) + score(w)*sum_t(mu(w, t)))'
TEXT += ' - beta*(log(pi(l)/ref(l)) + score(l)*sum_t(mu(l, t)))"\n'
PAIRS, TOKENS, WORDS, WIDTH = 3, 4, 5, 2


def generated(text=TEXT):
    (result,) = prove_derivation(loads(text, "own.toml"))
    written = render(result)
    assert render_without_running(result).splitlines()[2:] == written.splitlines()[2:]
    return result, execute(checked_syntax(written, "own_loss"))


@pytest.fixture(scope="module")
def own():
    return generated()


@pytest.mark.slow
def test_the_function_computes_the_specification(own):
    result, names = own
    at = worlds.world(result.derivation, 3)
    found, *_ = names["own_loss"](**worlds.arguments(names["own_loss"], result.derivation, at))
    assert found.item() == pytest.approx(worlds.target(result.statement, at).item(), rel=1e-12)


@pytest.mark.slow
def test_its_arguments_are_named_and_described(own):
    _, names = own
    function = names["own_loss"]
    found = [*inspect.signature(function).parameters]
    assert found[4:9] == ["chosen_mu", "rejected_mu", "chosen_reward", "rejected_reward", "beta"]
    said = " ".join(function.__doc__.split())
    for each in (
        "chosen_reward: score of a reward model; of y_w, one for each response; shape (batch,).",
        "beta: scale of the batch; one for each batch, the same for all its pairs; shape ().",
    ):
        assert each in said


def batch():
    g = torch.Generator().manual_seed(3)
    logits, ref = (
        torch.randn(2 * PAIRS, TOKENS, WORDS, generator=g, dtype=torch.float64) for _ in range(2)
    )
    labels = torch.randint(WORDS, (2 * PAIRS, TOKENS), generator=g)
    labels[1, 2:] = -100
    data = {
        "reward": torch.randn(2 * PAIRS, generator=g, dtype=torch.float64),
        "beta": torch.tensor(0.3, dtype=torch.float64),
        "mu": torch.rand(2 * PAIRS, TOKENS, generator=g, dtype=torch.float64),
    }
    return logits, ref, labels, data


def literal(logits, ref, labels, data):
    live = labels[:, 1:] != -100
    at = torch.where(live, labels[:, 1:], 0).unsqueeze(-1)
    logs = (torch.log_softmax(each[:, :-1], -1) for each in (logits, ref))
    policy, reference = (each.gather(-1, at).squeeze(-1) * live for each in logs)
    weights = (data["mu"][:, 1:] * live).sum(-1)
    rewards = data["beta"] * ((policy - reference).sum(-1) + data["reward"] * weights)
    return functional.softplus(rewards[PAIRS:] - rewards[:PAIRS])


@pytest.mark.slow
def test_the_module_takes_data_with_logits(own):
    logits, ref, labels, data = batch()
    leaf = logits.clone().requires_grad_()
    found, *_ = own[1]["TLoss"]().from_logits(leaf, labels, ref_logits=ref, **data)
    other = logits.clone().requires_grad_()
    wanted = literal(other, ref, labels, data)
    torch.testing.assert_close(found, wanted)
    one, two = (torch.autograd.grad(a.sum(), b)[0] for a, b in ((found, leaf), (wanted, other)))
    torch.testing.assert_close(one, two)


def test_the_single_pass_takes_data_with_hidden_states(own):
    _, _, labels, data = batch()
    g = torch.Generator().manual_seed(4)
    hidden, ref_hidden = (
        torch.randn(2 * PAIRS, TOKENS, WIDTH, generator=g, dtype=torch.float64) for _ in range(2)
    )
    weight, ref_weight = (
        torch.randn(WORDS, WIDTH, generator=g, dtype=torch.float64) for _ in range(2)
    )
    loss = own[1]["TLoss"]()
    assert loss.needs.linear
    leaf = hidden.clone().requires_grad_()
    found, *_ = loss.from_hidden(
        leaf, weight, labels, ref_hidden=ref_hidden, ref_weight=ref_weight, **data
    )
    other = hidden.clone().requires_grad_()
    wanted = literal(other @ weight.T, ref_hidden @ ref_weight.T, labels, data).mean()
    torch.testing.assert_close(found, wanted)
    one, two = (torch.autograd.grad(a, b)[0] for a, b in ((found, leaf), (wanted, other)))
    torch.testing.assert_close(one, two)


def test_no_gradient_flows_into_data(own):
    logits, ref, labels, data = batch()
    data["reward"].requires_grad_()
    leaf = logits.clone().requires_grad_()
    found, *_ = own[1]["TLoss"]().from_logits(leaf, labels, ref_logits=ref, **data)
    found.sum().backward()
    assert data["reward"].grad is None


@pytest.mark.slow
def test_an_offset_of_the_pair_is_one_number_for_both_responses():
    """ODPO has no prior, so no file is written of it; its code is printed here all the same."""
    text = """
title = "T"
summary = "S."
[data]
margin = { of = "pair", domain = "nonnegative", meaning = "offset" }
[prior]
scale = 1
zeta = "ref(y)"
[loss]
argument = "log(pi(w)/ref(w)) - log(pi(l)/ref(l)) - margin"
"""
    (result,) = prove_derivation(loads(text, "own.toml"))
    plan = plan_loss(result)
    written = TorchTarget().print(plan)
    check(written, loss_file(plan), result.derivation, in_torch=True)
    check(written, loss_file(plan), result.derivation, in_torch=False)
    names = execute(checked_syntax(written, "own_loss"))
    at = worlds.world(result.derivation, 3)
    found, *_ = names["own_loss"](**worlds.arguments(names["own_loss"], result.derivation, at))
    assert found.item() == pytest.approx(worlds.target(result.statement, at).item(), rel=1e-12)
    logits, ref, labels, _ = batch()
    margins = torch.rand(PAIRS, dtype=torch.float64)
    losses = names["TLoss"]().from_logits(logits, labels, ref_logits=ref, margin=margins)[0]
    blank = {"mu": torch.zeros(2 * PAIRS, TOKENS), "reward": torch.zeros(2 * PAIRS), "beta": 1}
    plain = literal(logits, ref, labels, blank)
    # −log σ(m) = ℓ is m = −log(e^ℓ − 1), and the offset is taken from m.
    torch.testing.assert_close(losses, functional.softplus(plain.expm1().log() + margins))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reward": torch.zeros(PAIRS)}, r"^reward: expected shape \(6,\), chosen responses first"),
        ({"beta": torch.ones(1)}, r"^beta: expected shape \(\), one, got"),
        ({"beta": 0.5}, r"^beta: expected a tensor \(\), got a float"),
        ({"beta": torch.tensor(-1.0)}, r"^beta\[0\] is -1; expected a finite number above 0"),
        ({"reward": torch.full((6,), torch.nan)}, r"^reward\[0\] is nan; expected a finite number"),
    ],
)
def test_data_of_the_wrong_kind_are_refused(own, change, message):
    logits, ref, labels, data = batch()
    with pytest.raises((TypeError, ValueError), match=message):
        own[1]["TLoss"]().from_logits(logits, labels, ref_logits=ref, **{**data, **change})


def test_missing_data_are_asked_for(own):
    logits, ref, labels, data = batch()
    del data["reward"]
    with pytest.raises(TypeError, match="expected the token weights and data mu, reward, beta"):
        own[1]["TLoss"]().from_logits(logits, labels, ref_logits=ref, **data)


def test_check_data_says_what_is_wrong():
    given = {"chosen_logps": torch.zeros(2)}
    found = check_data(given, "unit", "batch", d=torch.tensor(1, dtype=torch.int64))
    assert found["d"].tolist() == [1.0, 1.0]
    assert found["d"].dtype == torch.float32
    with pytest.raises(ValueError, match=r"^m has shape \(3,\); expected \(2,\), for 2 pairs"):
        check_data(given, "real", "pair", m=torch.zeros(3))
    with pytest.raises(ValueError, match=r"^m\[1\] is 2; expected a number from 0 to 1"):
        check_data(given, "unit", "y", m=torch.tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match=r"^m is 1.0 of type float; expected a tensor of shape"):
        check_data(given, "real", "y", m=1.0)


def test_a_name_that_the_code_needs_is_refused():
    text = TEXT.replace('torch = "reward"', 'torch = "logps"')
    (result,) = prove_derivation(loads(text, "own.toml"))
    with pytest.raises(SpecError, match=r"data\.score\.torch"):
        render(result)
