"""Losses generated from random specifications, and from two that were generated wrong once.

The judge is `worlds`: torch in float64, every formula word for word, gradients in the logits. It
shares nothing with the check that `generate` makes itself.
"""

import importlib.util
import inspect
import math
from pathlib import Path

import pytest
import torch
from generators.trees.random_losses import derivation_of, taken_as_proved
from oracles.trees.worlds import evaluate, gradients, numbers, statistics, world

from midpo_sym import losses, prove
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.torch.errors import NotExpressibleError
from midpo_sym.targets.torch.files import render

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[1] / "cases"
SEEDS = range(40)
LENGTHS = ((3, 4), (1, 2), (4, 1))
LINKS = {
    "logsigmoid": lambda a: (1 + (-a).exp()).log(),
    "identity": lambda a: -a,
    "hinge": lambda a: torch.clamp(1 - a, min=0),
    "square": lambda a: (1 - a) ** 2,
    "sigmoid": lambda a: 1 - 1 / (1 + (-a).exp()),
}
CLOSE = {"rtol": 1e-7, "atol": 1e-7}


def imported(text: str, folder: Path, name: str):
    file = folder / f"{name}.py"
    file.write_text(text, encoding="utf-8")
    specification = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return getattr(module, f"{name}_loss")


def given_to(function, derivation, at, padding: tuple[float, ...]) -> dict:
    """Return the arguments of a function, with some numbers at padding."""
    wanted = inspect.signature(function).parameters
    by_token = "chosen_mask" in wanted
    found = statistics(derivation, at, by_token=by_token, padding=len(padding))
    doc = inspect.getdoc(function)
    for label in ("chosen", "rejected"):
        if f"{label}_kl" in wanted:
            said = doc[doc.index(f"    {label}_kl: ") :]
            pair = said[said.index("KL(") + 3 : said.index(")")].split("‖")
            which = "_".join({"π": "pi", "π_ref": "ref", "π_prev": "prev"}[each] for each in pair)
            found[f"{label}_kl"] = found[f"{label}_kl_{which}"]
    for name, each in found.items() if by_token else ():
        if each.is_floating_point():
            length = len(at.tokens["w" if "chosen" in name.split("_")[:2] else "l"])
            rest = torch.tensor([padding], dtype=torch.float64)
            found[name] = torch.cat([each[:, :length], rest], 1)
    found |= numbers(derivation, at)
    return {name: found[name] for name in wanted}


def compare(function, derivation, seed: int, lengths, padding=(math.nan, 3.0)) -> None:
    """Compare value, gradient and rewards, where the formulas have finite ones."""
    at = world(derivation, seed, lengths=lengths)
    statement = derivation.statement
    literal = LINKS[statement.link](evaluate(statement.argument, at))
    found, *rewards = function(**given_to(function, derivation, at, padding))
    assert math.isfinite(literal.item())
    torch.testing.assert_close(found[0], literal, **CLOSE)
    slopes = [
        gradients(each, at) if each.requires_grad else torch.zeros(1)
        for each in (found[0], literal)
    ]
    torch.testing.assert_close(*torch.broadcast_tensors(*slopes), **CLOSE)
    for response, reward in zip("wl", rewards, strict=True):
        wanted = evaluate(implicit_reward(statement, response), at).detach()
        torch.testing.assert_close(reward[0], wanted, **CLOSE)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_loss_computes_what_its_specification_says(seed, tmp_path):
    """Mixtures, maxima, powers of weights, links, previous policies: right code, or a reason."""
    derivation = derivation_of(seed)
    try:
        text = render(taken_as_proved(derivation))
    except NotExpressibleError as error:
        assert "nothing to train" in str(error) or "cannot be checked" in str(error)  # noqa: PT017
        return
    function = imported(text, tmp_path, derivation.id)
    for number, lengths in enumerate(LENGTHS):
        compare(function, derivation, number, lengths)


def test_most_random_losses_have_code():
    """The refusals that the test above allows are few."""
    refused = 0
    for seed in SEEDS:
        try:
            render(taken_as_proved(derivation_of(seed)))
        except NotExpressibleError:
            refused += 1
    assert refused <= len(SEEDS) // 8


def test_the_link_is_the_specifications_own(tmp_path):
    """DPO written as −log of a sigmoid under the identity is DPO, as function and as module."""
    derivation = load(CASES / "identity_proved.toml")
    function = imported(render(prove(derivation)), tmp_path, derivation.id)
    for number, lengths in enumerate(LENGTHS):
        at = world(derivation, number, lengths=lengths)
        given = given_to(function, derivation, at, ())
        beta = given.pop("alpha")
        for one, other in zip(
            function(**given, alpha=beta), losses.dpo_loss(**given, beta=beta), strict=True
        ):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
        compare(function, derivation, number, lengths)


@pytest.mark.parametrize(
    "padding", [(0.0,), (1.0, 1.0), (math.nan, math.inf), (-math.inf, 1e30, 2.0, math.nan)]
)
def test_padding_never_counts(padding, tmp_path):
    """The logarithm of a weight is taken at tokens only, whatever lies behind them."""
    derivation = load(CASES / "wlog.toml")
    function = imported(render(prove(derivation)), tmp_path, derivation.id)
    for number, lengths in enumerate(LENGTHS):
        compare(function, derivation, number, lengths, padding)


def test_weights_that_are_logged_can_be_learned(tmp_path):
    """By hand: the reward has −α log ω, so the loss grows by ±α σ(−argument)/ω, and by 0 at
    padding.
    """
    derivation = load(CASES / "wlog.toml")
    function = imported(render(prove(derivation)), tmp_path, derivation.id)
    zeros = torch.zeros(1, 2, dtype=torch.float64)
    mask = torch.tensor([[True, False]])
    omega = torch.tensor([[0.5, math.nan]], dtype=torch.float64).requires_grad_()
    other = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    loss, *_ = function(zeros, zeros, zeros, zeros, omega, other, mask, mask, alpha=2.0)
    loss.sum().backward()
    argument = -2 * math.log(0.5)
    slope = 2 / 0.5 / (1 + math.exp(argument))
    assert loss.item() == pytest.approx(math.log1p(math.exp(-argument)))
    assert omega.grad.tolist() == [[pytest.approx(slope), 0.0]]
