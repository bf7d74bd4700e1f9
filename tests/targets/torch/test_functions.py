"""Generated losses with functions in them: right, and finite where their definitions overflow."""

import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from midpo_sym import prove
from midpo_sym.language.build import call, log, parameter, pi
from midpo_sym.plan.lower import Lowering
from midpo_sym.prover.prove import Result
from midpo_sym.spec.reading.losses import load, loads
from midpo_sym.targets.torch.check.compare import check
from midpo_sym.targets.torch.check.run_torch import execute
from midpo_sym.targets.torch.errors import WrongCodeError
from midpo_sym.targets.torch.file import loss_file
from midpo_sym.targets.torch.files import planned, render
from midpo_sym.targets.torch.names import Names
from midpo_sym.targets.torch.printer import Printer
from midpo_sym.targets.torch.syntax import checked_syntax

CASES = Path(__file__).parents[2] / "cases"
SPEC = """
title = "Own"
summary = "A loss of its own."
[parameters]
alpha = {{ domain = "positive", default = "1", torch = "beta", meaning = "scale" }}
g = {{ domain = "positive", default = "1/2", meaning = "a bound" }}
[prior]
zeta = "ref(y)*exp(-g*({function}))"
[loss]
argument = "alpha*log(pi(w)/ref(w)) + alpha*g*({at_w}) - alpha*log(pi(l)/ref(l)) - alpha*g*({at_l})"
"""
G = 0.5
A = "log(pi(y)/ref(y))"
# function of the log-ratio, code, the same by another formula
FUNCTIONS = {
    "sigmoid": (
        f"sigmoid({A})",
        "torch.sigmoid(chosen_logratios)",
        lambda a: (1 + (a / 2).tanh()) / 2,
    ),
    "logsigmoid": (
        f"logsigmoid({A})",
        "logsigmoid(chosen_logratios)",
        lambda a: a.clamp(max=0) - torch.log1p(torch.exp(-a.abs())),
    ),
    "softplus": (
        f"softplus({A})",
        "-logsigmoid(-chosen_logratios)",
        lambda a: a.clamp(min=0) + torch.log1p(torch.exp(-a.abs())),
    ),
    "abs": (f"abs({A})", "torch.abs(chosen_logratios)", lambda a: a * a.sign()),
    "min": (
        f"min({A}, g)",
        "torch.clamp(chosen_logratios, max=g)",
        lambda a: torch.where(a < G, a, G),
    ),
    "clip": (
        f"clip({A}, -g, g)",
        "torch.clamp(torch.clamp(chosen_logratios, max=g), min=-g)",
        lambda a: torch.where(a.abs() < G, a, G * a.sign()),
    ),
}


def proved(name: str) -> Result:
    """Return the proof of a loss with a function of the log-ratio in its prior."""
    function = FUNCTIONS[name][0]
    at = {f"at_{label}": function.replace("(y)", f"({label})") for label in "wl"}
    return prove(loads(SPEC.format(function=function, **at), "own.toml"))


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_slope_at_extreme_log_ratios(name):
    """At ±10⁴ and between, in float32 and bfloat16, against the same formula in float64.

    The reward is β(a + g f(a)), and the argument the difference of two of them.
    """
    text = render(proved(name))
    _, code, judge = FUNCTIONS[name]
    assert code in text
    function = execute(checked_syntax(text, "own_loss"))["own_loss"]
    sizes = [0.1, 0.7, 3.0, 30.0, 100.0, 1e4]
    ratios = torch.tensor([sign * size for size in sizes for sign in (1, -1)])
    for dtype in (torch.float32, torch.bfloat16):
        policy = ratios.to(dtype).clone().requires_grad_()
        nothing = torch.zeros_like(policy)
        losses, rewards, _ = function(policy, nothing, nothing, nothing)
        losses.sum().backward()
        exact = policy.detach().double().requires_grad_()
        wanted = exact + judge(exact) / 2
        zero = judge(torch.zeros(1, dtype=torch.float64)) / 2
        argument = wanted - zero
        loss = torch.clamp(-argument, min=0) + torch.log1p(torch.exp(-argument.abs()))
        loss.sum().backward()
        assert policy.grad.isfinite().all()
        torch.testing.assert_close(rewards.double(), wanted.detach(), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(losses.double(), loss.detach(), rtol=1e-5, atol=1e-5)
        close = 1e-5 if dtype is torch.float32 else 1e-2  # a gradient in bfloat16 has 8 bits
        torch.testing.assert_close(policy.grad.double(), exact.grad, rtol=close, atol=close)


def test_the_definition_of_a_sigmoid_would_not_do():
    """The slope of 1/(1 + exp(−a)) is no number at −100 in float32: what the rows are for."""
    a = torch.tensor([-100.0], requires_grad=True)
    (1 / (1 + torch.exp(-a))).sum().backward()
    assert a.grad.isnan().all()
    b = torch.tensor([-100.0], requires_grad=True)
    torch.sigmoid(b).sum().backward()
    assert b.grad.item() == pytest.approx(0, abs=1e-40)
    # nor would torch's softplus in float64, which is the identity from 20 on
    c = torch.tensor([25.0], dtype=torch.float64)
    assert (functional.softplus(c) - c).item() == 0 < math.exp(-25)


MUTANTS = {
    "sigmoid": ("torch.sigmoid(chosen", "logsigmoid(chosen"),
    "logsigmoid": ("logsigmoid(rejected_logratios)", "-logsigmoid(rejected_logratios)"),
    "softplus": ("logsigmoid(-chosen", "logsigmoid(chosen"),
    "abs": ("torch.abs(chosen_logratios)", "chosen_logratios"),
    "min": ("max=g", "min=g"),
    "clip": ("min=-g", "min=g"),
}


@pytest.mark.slow
@pytest.mark.parametrize("in_torch", [True, False], ids=["torch", "plain"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_wrong_function_is_noticed_before_it_is_written(name, in_torch):
    """By the check that `generate` makes itself, with torch and without; the right one passes."""
    result = proved(name)
    text, file = render(result), loss_file(planned(result))
    check(text, file, result.derivation, in_torch=in_torch)
    wrong = text.replace(*MUTANTS[name])
    assert wrong != text
    with pytest.raises(WrongCodeError, match="is not what the specification says"):
        check(wrong, file, result.derivation, in_torch=in_torch)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_mixture_is_computed_by_logarithms_whatever_the_shares_are(share, dtype):
    """log(λπ + (1 − λ)π_ref) of probabilities near e^-600, where they are zero in float32.

    By hand: with λ = 0 it is log π_ref, with λ = 1 log π, and DPO's argument, or 0.
    """
    result = prove(load(CASES / "mixture.toml"))
    module = execute(checked_syntax(render(result), "mixture_loss"))
    logps = [torch.tensor([x], dtype=dtype, requires_grad=True) for x in (-600.0, -620.0)]
    refs = [torch.tensor([x], dtype=dtype) for x in (-610.0, -612.0)]
    losses, chosen, rejected = module["mixture_loss"](*logps, *refs, beta=0.1, lam=share)
    losses.sum().backward()
    assert all(bool(each.isfinite()) for each in (losses, chosen, rejected))
    assert all(bool(each.grad.isfinite()) for each in logps)
    exact = [x.detach().double() for x in (*logps, *refs)]
    logs = torch.tensor([share, 1 - share], dtype=torch.float64).log()
    mixed = [torch.logaddexp(logs[0] + exact[k], logs[1] + exact[k + 2]) for k in (0, 1)]
    margin = 0.1 * (exact[0] - mixed[0] - exact[1] + mixed[1])
    # bfloat16 has 8 bits: numbers near 600 are 4 apart, and the margin is a tenth of some of them
    tolerance = 1e-4 if dtype is torch.float32 else 0.5
    assert abs(losses.double() + functional.logsigmoid(margin)).item() < tolerance


def test_a_clip_whose_bounds_are_the_wrong_way_round_is_its_definition():
    """max(low, min(a, high)) is low where low is above high; torch.clamp with both gives high."""
    node = call("clip", log(pi("w")), 1, -parameter("g"))
    code = Printer(Names({"g": "g"})).text(Lowering(by_token=False).value(node))
    assert code == "torch.clamp(torch.clamp(chosen_logps, max=-g), min=1)"
    a = torch.tensor([0.0])
    assert torch.clamp(torch.clamp(a, max=-2.0), min=1).item() == max(1, min(0, -2))
    assert torch.clamp(a, min=1, max=-2.0).item() == -2
