"""Code that computes something else than its specification is stopped, with the numbers."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from generators.trees.random_losses import taken_as_proved

from midpo_sym import api, generate, prove
from midpo_sym.plan import lower
from midpo_sym.prover.special_cases import specialisations
from midpo_sym.spec import library
from midpo_sym.spec.reading.losses import load, loads
from midpo_sym.targets.torch import files, links
from midpo_sym.targets.torch.check import compare
from midpo_sym.targets.torch.check.compare import IN_PYTHON, IN_TORCH
from midpo_sym.targets.torch.errors import NotExpressibleError, WrongCodeError
from midpo_sym.targets.torch.file import loss_file
from midpo_sym.targets.torch.names import MODULE_NAMES
from midpo_sym.targets.torch.syntax import checked_syntax
from midpo_sym.targets.torch.target import TorchTarget

CASES = Path(__file__).parents[3] / "cases"
LOGGED = "torch.where(chosen_mask, torch.log(filled_chosen_om), 0.0).sum(-1)"


def derivation_of(name: str):
    return library.get(name) if name in library.paper_ids() else load(CASES / f"{name}.toml")


def changed(name: str, old: str, new: str, *, in_torch: bool) -> None:
    """Check the file of a specification after replacing a part of it, which must be there."""
    derivation = derivation_of(name)
    plan = files.planned(prove(derivation))
    text = TorchTarget(IN_TORCH).print(plan)
    assert old in text, old
    compare.check(text.replace(old, new), loss_file(plan), derivation, in_torch=in_torch)


@pytest.mark.slow
@pytest.mark.parametrize("in_torch", [True, False], ids=["torch", "plain"])
@pytest.mark.parametrize("name", ["dpo", "simpo", "tdpo2", "sparsepo", "identity_proved", "wlog"])
def test_right_code_passes(name, in_torch):
    changed(name, "argument", "argument", in_torch=in_torch)


MUTANTS = {
    "a flipped sign": ("dpo", "- beta * rejected", "+ beta * rejected", "loss"),
    "another link": ("dpo", "return -logsigmoid(argument)", "return -argument", "loss"),
    "a scaled reward": (
        "dpo",
        "chosen_rewards = beta *",
        "chosen_rewards = 2 * beta *",
        "reward of y_w",
    ),
    "swapped rewards": (
        "tdpo",
        "return argument, chosen_rewards.detach(), rejected_rewards.detach()",
        "return argument, rejected_rewards.detach(), chosen_rewards.detach()",
        "reward of y_w",
    ),
    "a dropped mask": ("wlog", LOGGED, "torch.log(filled_chosen_om).sum(-1)", "loss"),
    "padding of 1": (
        "wlog",
        "chosen_logratios.sum(-1)",
        "torch.where(chosen_mask, chosen_logratios, 1.0).sum(-1)",
        "loss",
    ),
    "a gradient let through": (
        "tdpo2",
        "chosen_kl.detach()",
        "chosen_kl",
        "derivative of the loss by KL",
    ),
    "a gradient held": (
        "tdpo",
        "argument = ",
        "rejected_kl = rejected_kl.detach()\n    argument = ",
        "derivative of the loss by KL",
    ),
    "another length": ("simpo", "/ rejected_lengths", "/ chosen_lengths", "loss"),
    "a constant": ("r_dpo", "    argument = ", "    argument = 0.001 + ", "loss"),
}


@pytest.mark.slow
@pytest.mark.parametrize("in_torch", [True, False], ids=["torch", "plain"])
@pytest.mark.parametrize("mutant", MUTANTS)
def test_wrong_code_is_stopped_with_the_numbers(mutant, in_torch):
    name, old, new, what = MUTANTS[mutant]
    said = rf"{name} is not what the specification says: {re.escape(what)}.* instead of .*\|y_w\|"
    with pytest.raises(WrongCodeError, match=said):
        changed(name, old, new, in_torch=in_torch)


TORCH_ONLY = {
    "the module's own link": (
        "identity_proved",
        '(batch,)."""\n        return -argument',
        '(batch,)."""\n        return argument',
        r"loss .* instead of .*the module, from statistics",
    ),
    "rewards with a gradient": ("dpo", "chosen_rewards.detach()", "chosen_rewards", "not detached"),
    "padding that is not filled": (
        "wlog",
        "fill_padding(chosen_om, chosen_mask)",
        "chosen_om",
        "derivatives by what lies at padding nan",
    ),
    "arguments in another order": (
        "dpo",
        "            chosen_logps,\n            rejected_logps,",
        "            rejected_logps,\n            chosen_logps,",
        "DPOLoss computes .*, and its function",
    ),
    "statistics of the other response": (
        "dpo",
        'chosen.total("logratios")',
        'rejected.total("logratios")',
        "the module, from statistics",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", TORCH_ONLY)
def test_what_only_torch_shows_is_stopped(mutant):
    name, old, new, said = TORCH_ONLY[mutant]
    with pytest.raises(WrongCodeError, match=said):
        changed(name, old, new, in_torch=True)


def test_a_module_that_is_not_linear_may_not_say_so():
    """−log_sum_exp(0, −a) is curved: a single pass would take its slope at 0 for all others."""
    with pytest.raises(WrongCodeError, match="is said to be linear, and is not"):
        changed(
            "identity_proved",
            "by_sums=True",
            "linear=True",
            in_torch=True,
        )


def test_a_module_whose_tokens_count_apart_may_not_say_so():
    """Each token of TIS-DPO has a weight of its own: no sum of log-probabilities determines it."""
    with pytest.raises(WrongCodeError, match="is said to depend on log-probabilities summed only"):
        changed("tis_dpo", "linear=True", "by_sums=True", in_torch=True)


@pytest.mark.slow
def test_a_generator_that_breaks_writes_nothing(midpo, monkeypatch, tmp_path):
    """Its first mistake and its second, made again: the link ignored, and the mask."""
    out = tmp_path / "loss.py"
    with monkeypatch.context() as broken:
        broken.setitem(links.STABLE, "identity", links.STABLE["logsigmoid"])
        outcome = midpo("generate", "--spec", CASES / "identity_proved.toml", "--out", out)
    assert outcome.status == 1
    assert "; nothing is generated" in outcome.err
    with monkeypatch.context() as broken:
        broken.setattr(lower, "vanishes", lambda _: True)
        outcome = midpo("generate", "--spec", CASES / "wlog.toml", "--out", out)
    assert outcome.status == 1
    assert re.search(r"wlog is not what .* instead of .*; nothing is generated", outcome.err)
    assert not out.exists()


def test_the_help_says_that_code_is_run(midpo):
    said = " ".join(midpo("generate", "--help").out.split())
    assert "The generated code is run before it is written" in said


def test_a_loss_with_nothing_to_train_is_refused_with_the_reason():
    text = """
title = "Flat"
summary = "The prior is the policy."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[prior]
zeta = "pi(y)"
[loss]
argument = "alpha*log(pi(w)/pi(w)) - alpha*log(pi(l)/pi(l))"
"""
    with pytest.raises(NotExpressibleError, match="argument of flat is 0 for every response"):
        api.generate(loads(text, "flat.toml"))


def test_a_loss_that_depends_on_no_response_is_refused_with_the_reason():
    text = """
title = "Flat"
summary = "The prior is the policy, and the weight is given with the batch."
parameters.alpha = { domain = "positive", meaning = "scale" }
data.share = { of = "batch", domain = "unit", meaning = "share" }
prior.zeta = "pi(y)"
prior.gives = "argument"
[[loss.term]]
weight = "share"
argument = "alpha*log(pi(w)/pi(w)) - alpha*log(pi(l)/pi(l))"
"""
    with pytest.raises(NotExpressibleError, match="the loss of flat depends on no response"):
        generate(loads(text, "flat.toml"))


def test_a_gradient_that_is_nowhere_cannot_be_checked():
    """max(sg(log π), log π) is at its kink for every policy."""
    text = """
title = "Kink"
summary = "Always at a tie."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[prior]
zeta = "pi(y)/exp(max(sg(log(pi(y))), log(pi(y))))"
[loss]
argument = "alpha*max(sg(log(pi(w))), log(pi(w))) - alpha*max(sg(log(pi(l))), log(pi(l)))"
"""
    derivation = loads(text, "kink.toml")
    plan = files.planned(prove(derivation))
    text = TorchTarget(IN_PYTHON).print(plan)
    with pytest.raises(NotExpressibleError, match="maximum of two equal things"):
        compare.check(text, loss_file(plan), derivation, in_torch=False)


def test_numbers_too_large_to_compare_are_no_difference():
    """exp(100 |y|) is far above what float64 can tell apart from something else."""
    text = """
title = "Large"
summary = "Large numbers."
[parameters]
alpha = { domain = "positive", meaning = "scale" }
[prior]
zeta = "ref(y)*exp(exp(100*length(y)))"
[loss]
argument = "alpha*(log(pi(w)/ref(w)) - exp(100*length(w)) - log(pi(l)/ref(l)) + exp(100*length(l)))"
"""
    with pytest.raises(NotExpressibleError, match="numbers too large to compare"):
        files.render(taken_as_proved(loads(text, "large.toml")))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("import os", "import os"),
        ("from os import system", "import from os"),
        ("from .torch import x", "import from torch"),
        ("from torch import load", "import of load from torch"),
        ("from torch import load as max", "import of load from torch"),
        ("from torch import Tensor as max", "the name max for an import"),
        ("import torch as max", "the name max for an import"),
        ("f = open('x')", "a call of open"),
        ("x = torch.load('x')", "a call of .load"),
        ("x = ().__class__", ".__class__"),
        ("x = __builtins__", "__builtins__"),
        ("x = self._private", "._private"),
        ("x = [y for y in z]", "ListComp"),
        ("x = lambda: 0", "Lambda"),
        ("@check_number\ndef f(): return 0", "a decorator"),
        ("x = (1)(2)", "a call of what is no name"),
        ("while 1: x = 1", "While"),
        ("x = (", "no Python"),
    ],
)
def test_text_that_no_loss_needs_is_not_run(text, what):
    with pytest.raises(WrongCodeError, match=re.escape(what)):
        checked_syntax(text, "f")


def test_the_names_of_modules_are_those_of_torch():
    """A hyper-parameter named `train` would replace a method of the module."""
    import torch  # noqa: PLC0415

    assert {name for name in dir(torch.nn.Module()) if name[0] != "_"} <= MODULE_NAMES


WITHOUT = "import sys; sys.modules['torch'] = None\nfrom midpo_sym.cli import main\nmain()"


def without_torch(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, "generate", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.slow
def test_without_torch_formulas_are_evaluated_in_python_and_the_file_says_so():
    done = without_torch("--spec", CASES / "wlog.toml")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    said = "# Checked against the specification by {}: value, gradient, rewards."
    assert lines[1] == said.format("evaluating its formulas in plain Python")
    with_torch = generate(CASES / "wlog.toml").splitlines()
    assert with_torch[1] == said.format("running it in torch")
    assert with_torch[:1] + with_torch[2:] == lines[:1] + lines[2:]


@pytest.mark.slow
def test_without_torch_the_package_is_compared_but_not_written():
    assert without_torch("--check").returncode == 0
    done = without_torch()
    assert done.returncode == 2
    assert "are written where PyTorch is" in done.stderr


@pytest.mark.slow
def test_a_page_shows_the_file_of_the_package_and_runs_nothing(monkeypatch):
    monkeypatch.setattr(compare, "PlainRunner", None)
    written = (files.LOSSES / "dpo.py").read_text(encoding="utf-8")
    result = prove("dpo")
    becomes = specialisations(result.derivation, library.paper())
    assert files.render_without_running(result, becomes) == written


def test_a_page_of_another_specification_evaluates_formulas():
    text = files.render_without_running(prove(CASES / "wlog.toml"))
    assert f"by {IN_PYTHON}" in text
