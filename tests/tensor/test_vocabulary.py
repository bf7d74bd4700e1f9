"""Losses with statistics of next-token distributions: generated code, from logits and states."""

import pytest
import torch
from torch.nn import functional

from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.prover.prove import prove_derivation
from midpo_sym.spec.reading.losses import loads
from midpo_sym.targets.torch.check.run_torch import execute
from midpo_sym.targets.torch.errors import WrongCodeError
from midpo_sym.targets.torch.files import render, render_without_running
from midpo_sym.targets.torch.syntax import checked_syntax
from midpo_sym.targets.torch.vocabulary import FUSED
from midpo_sym.tensor import weigh

OWN = [name for name in STATISTICS if name not in FUSED]
PAIRS, TOKENS, WORDS, WIDTH = 2, 5, 6, 4
MODELS = ("pi", "ref", "prev")
names = pytest.mark.parametrize("name", OWN)


def derivation(name):
    """Return DPO with half the statistic, summed, in the reward; α = 1."""
    return loads(
        f"""
title = "T"
summary = "S."
[prior]
scale = 1
zeta = "ref(y)*exp(sum_t({name}(y, t))/2)"
[loss]
argument = "log(pi(w)/ref(w)) - log(pi(l)/ref(l)) - (sum_t({name}(w, t)) - sum_t({name}(l, t)))/2"
""",
        "own.toml",
    )


def module(name):
    (result,) = prove_derivation(derivation(name))
    names = execute(checked_syntax(render(result), "own_loss"))
    return names["TLoss"]()


def literal(name, logps):
    """Return the statistic of log-probabilities, by model; (rows, tokens)."""
    match name.split("_"):
        case "kl", first, second:
            return (logps[first].exp() * (logps[first] - logps[second])).sum(-1)
        case ["entropy"]:
            return -(logps["pi"].exp() * logps["pi"]).sum(-1)
        case "sum", "of", "squares":
            return (logps["pi"].exp() ** 2).sum(-1)
    raise AssertionError(name)


def batch(dtype=torch.float64):
    g = torch.Generator().manual_seed(7)
    shape = (2 * PAIRS, TOKENS, WORDS)
    logits = {model: torch.randn(shape, generator=g, dtype=dtype) for model in MODELS}
    labels = torch.randint(WORDS, shape[:2], generator=g)
    labels[0, 3:] = -100
    labels[3, :3] = -100
    return logits, labels


def expected(name, logits, labels):
    """Return losses, formed literally."""
    logps = {model: torch.log_softmax(each[:, :-1], -1) for model, each in logits.items()}
    live = labels[:, 1:] != -100
    at = torch.where(live, labels[:, 1:], 0).unsqueeze(-1)
    ratio = (logps["pi"] - logps["ref"]).gather(-1, at).squeeze(-1)
    rewards = ((ratio - literal(name, logps) / 2) * live).sum(-1)
    return functional.softplus(rewards[PAIRS:] - rewards[:PAIRS])


def frozen(logits, name):
    """Return what `from_logits` is given of the models that are not trained."""
    extra = {"prev_logits": logits["prev"]} if "prev" in STATISTICS[name].models else {}
    return {"ref_logits": logits["ref"], **extra}


@pytest.mark.slow
@names
def test_losses_from_logits_have_the_gradient_of_the_literal_form(name):
    logits, labels = batch()
    ours = logits["pi"].clone().requires_grad_()
    found, *_ = module(name).from_logits(ours, labels, **frozen(logits, name))
    found.sum().backward()
    theirs = logits["pi"].clone().requires_grad_()
    wanted = expected(name, {**logits, "pi": theirs}, labels)
    wanted.sum().backward()
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(ours.grad, theirs.grad)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["entropy", "sum_of_squares"])
def test_losses_from_hidden_states_are_those_from_logits(name):
    g = torch.Generator().manual_seed(8)
    _, labels = batch()
    states = [
        torch.randn(2 * PAIRS, TOKENS, WIDTH, generator=g, dtype=torch.float64) for _ in range(2)
    ]
    weights = [torch.randn(WORDS, WIDTH, generator=g, dtype=torch.float64) for _ in range(2)]
    loss = module(name)
    leaves = [states[0].clone().requires_grad_(), weights[0].clone().requires_grad_()]
    found, *_ = loss.from_hidden(*leaves, labels, ref_hidden=states[1], ref_weight=weights[1])
    same = [each.detach().clone().requires_grad_() for each in leaves]
    logits = {"pi": same[0] @ same[1].T, "ref": states[1] @ weights[1].T}
    wanted = expected(name, logits, labels).mean()
    torch.testing.assert_close(found, wanted)
    for one, other in zip(
        torch.autograd.grad(found, leaves), torch.autograd.grad(wanted, same), strict=True
    ):
        torch.testing.assert_close(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["entropy", "sum_of_squares"])
def test_words_that_are_masked_in_the_vocabulary_count_for_nothing(name):
    """A word of logit −∞ has probability 0, and 0·log 0 = 0: no NaN, in value or gradient."""
    logits, labels = batch(torch.float32)
    for each in logits.values():
        each[:, :, -1] = -torch.inf
    labels[labels == WORDS - 1] = 0
    ours = logits["pi"].clone().requires_grad_()
    found, *_ = module(name).from_logits(ours, labels, **frozen(logits, name))
    found.sum().backward()
    narrow = {model: each[:, :, :-1] for model, each in logits.items()}
    torch.testing.assert_close(found, expected(name, narrow, labels))
    assert ours.grad.isfinite().all()


@pytest.mark.slow
def test_what_lies_at_masked_positions_never_matters():
    logits, labels = batch()
    spoilt = {model: each.clone() for model, each in logits.items()}
    for each in spoilt.values():
        each[0, 2:] = torch.nan  # predicts the labels from 3 on
        each[:, -1] = torch.nan  # predicts nothing
    found = [
        module("entropy").from_logits(each["pi"], labels, ref_logits=each["ref"])[0]
        for each in (logits, spoilt)
    ]
    assert found[0].tolist() == found[1].tolist()


@pytest.mark.slow
def test_missing_distributions_are_asked_for_by_name():
    logits, labels = batch()
    with pytest.raises(ValueError, match=r"^prev_logits: missing, kl_pi_prev sums over the whole"):
        module("kl_pi_prev").from_logits(logits["pi"], labels, ref_logits=logits["ref"])
    with pytest.raises(ValueError, match=r"^prev_logits: expected shape"):
        module("kl_pi_prev").from_logits(
            logits["pi"], labels, ref_logits=logits["ref"], prev_logits=logits["prev"][:, :3]
        )


@pytest.mark.slow
def test_the_previous_policy_has_no_hidden_states():
    _, labels = batch()
    hidden, weight = torch.zeros(2 * PAIRS, TOKENS, WIDTH), torch.zeros(WORDS, WIDTH)
    with pytest.raises(ValueError, match=r"^prev_logits: missing, .*: use from_logits$"):
        module("kl_pi_prev").from_hidden(
            hidden, weight, labels, ref_hidden=hidden, ref_weight=weight
        )


def test_logits_that_are_read_again_are_not_overwritten():
    logits, labels = batch()
    with pytest.raises(ValueError, match=r"^overwrite_logits: TLoss reads the logits again"):
        module("entropy").from_logits(
            logits["pi"], labels, ref_logits=logits["ref"], overwrite_logits=True
        )


def test_weighing_by_a_probability_of_zero_gives_zero():
    logps = torch.tensor([0.0, -torch.inf, -1.0], requires_grad=True)
    found = weigh(logps, logps)
    found.sum().backward()
    assert found.tolist() == pytest.approx([0, 0, -0.36787944])
    assert logps.grad.tolist() == pytest.approx([1, 0, 0])  # (p log p)' = p log p + p


@pytest.mark.slow
@names
def test_a_function_that_measures_something_else_is_caught(name, monkeypatch):
    """The code of another statistic under this one's name is run, and differs."""
    from midpo_sym.targets.torch import file  # noqa: PLC0415 - what is patched

    (result,) = prove_derivation(derivation(name))
    right = file.measures

    def wrong(vocabulary):
        for each in right(vocabulary):
            yield type(each)(each.name, each.models, each.doc, f"({each.code} + {each.code})")

    monkeypatch.setattr(file, "measures", wrong)
    for made in (render, render_without_running):
        with pytest.raises(WrongCodeError, match=f"does not measure {name}, the sum of"):
            made(result)
