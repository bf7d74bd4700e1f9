"""Every generated loss, against formulas evaluated word for word and the prover's exact points."""

from __future__ import annotations

import importlib.util
import itertools
import math
from pathlib import Path

import pytest
import torch
from oracles.trees.worlds import arguments, evaluate, gradients, mi_dpo, target, world

from midpo_sym import losses, prove
from midpo_sym.judges import tiny, witness
from midpo_sym.language import tree
from midpo_sym.prover.framework import implicit_reward
from midpo_sym.prover.verdict import Status
from midpo_sym.spec import library
from midpo_sym.spec.reading.losses import load
from midpo_sym.targets.torch.files import render

VARIANTS = sorted((Path(__file__).parents[1] / "variants").glob("*.toml"))
SEEDS = range(4)
EXACT = {"rtol": 1e-10, "atol": 1e-10}


def function_of(id_: str):
    return getattr(losses, losses.INDEX[id_].function)


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Write and import the loss of a specification outside the package, as a user would."""
    folder = tmp_path_factory.mktemp("losses")

    def load_loss(path: Path):
        derivation = load(path)
        file = folder / f"{derivation.id}_written.py"
        file.write_text(render(prove(derivation)), encoding="utf-8")
        specification = importlib.util.spec_from_file_location(file.stem, file)
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        return getattr(module, f"{derivation.id}_loss"), derivation

    return load_loss


def check(function, derivation, seed: int, padding: int = 0) -> None:
    """Compare value, gradient and rewards of a function with the formulas."""
    at = world(derivation, seed)
    found, chosen, rejected = function(**arguments(function, derivation, at, padding))
    statement = derivation.statement
    literal = target(statement, at)
    torch.testing.assert_close(found[0], literal, **EXACT)
    torch.testing.assert_close(gradients(found[0], at), gradients(literal, at), **EXACT)
    framework = mi_dpo(statement, at)
    torch.testing.assert_close(found[0], framework, **EXACT)
    if prove(derivation).gradient.status is Status.PROVED:
        torch.testing.assert_close(gradients(found[0], at), gradients(framework, at), **EXACT)
    else:
        assert not torch.allclose(gradients(found[0], at), gradients(framework, at))
    for response, reward in (("w", chosen), ("l", rejected)):
        assert not reward.requires_grad
        wanted = evaluate(implicit_reward(statement, response), at)
        torch.testing.assert_close(reward[0], wanted.detach(), **EXACT)
    torch.testing.assert_close((chosen - rejected)[0], evaluate(statement.argument, at).detach())


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("id_", library.paper_ids())
def test_value_gradient_and_rewards_are_those_of_the_formulas(id_, seed):
    """The target's tree and MI-DPO with ζ, both naively in float64, are what the loss computes.

    TDPO₂ has the value of MI-DPO with its prior, but, proved, another gradient.
    """
    check(function_of(id_), library.get(id_), seed)


@pytest.mark.slow
@pytest.mark.parametrize("id_", ["tis_dpo", "sparsepo"])
def test_padding_changes_nothing(id_):
    check(function_of(id_), library.get(id_), 0, padding=3)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("path", VARIANTS, ids=lambda path: path.stem)
def test_a_loss_of_ones_own_computes_what_its_specification_says(written, path, seed):
    """Twelve losses beyond the paper, maxima, exponentials and mixtures among them."""
    function, derivation = written(path)
    check(function, derivation, seed)


@pytest.mark.slow
def test_a_quotient_of_weights_does_no_harm_at_padding(written):
    """normalised_weights divides by a + b, which is 0 at padding: no NaN in value or gradient."""
    path = next(each for each in VARIANTS if each.stem == "normalised_weights")
    function, derivation = written(path)
    check(function, derivation, 0, padding=2)


@pytest.mark.parametrize("id_", library.paper_ids())
def test_the_provers_exact_points_come_out(id_):
    """At tiny models with dyadic probabilities the prover knows the argument as a + b·log 2 + ...

    The statistics are whole multiples of log 2 then, and the loss is −log σ of the exact value.
    """
    derivation = library.get(id_)
    statement = derivation.statement
    function = function_of(id_)
    names = tiny._Names.of(statement.argument, statement.zeta)
    tried = 0
    for models in itertools.islice(tiny._candidates(names, 12, 5, ("w", "l")), 12):
        given = exact_statistics(function, derivation, models)
        if given is None:
            continue
        value = witness.evaluate(statement.argument, models).value
        argument = sum(float(c) * math.log(2) ** k for k, c in enumerate(value))
        found = function(**given)[0].item()
        assert found == pytest.approx(math.log1p(math.exp(-argument)), rel=1e-12)
        tried += 1
    assert tried >= 8


def exact_statistics(function, derivation, models) -> dict | None:
    """Return the arguments of a function at a point of the prover; None outside their domains."""
    import inspect  # noqa: PLC0415

    wanted = list(inspect.signature(function).parameters)
    by_token = "chosen_mask" in wanted
    found: dict[str, object] = {}
    for each in derivation.parameters:
        if each.torch in wanted:
            found[each.torch] = float(models.parameters[each.name])
    for response, label in (("w", "chosen"), ("l", "rejected")):
        tokens = models.responses[response]
        for name in wanted:
            if label not in name.split("_")[:2]:
                continue
            values = []
            for t, token in enumerate(tokens):
                prefix = tokens[:t]
                index = tiny.VOCABULARY.index(token)
                if name.endswith("_logps"):
                    model = name.split("_")[0] if name.split("_")[0] in {"ref", "prev"} else "pi"
                    values.append(-models.powers[model, prefix][index] * math.log(2))
                elif name.endswith("_kl"):
                    (name_of_divergence,) = {
                        node.name
                        for node in derivation.statement.argument.walk()
                        if isinstance(node, tree.Statistic)
                    }
                    _, first, second = name_of_divergence.split("_")
                    p, q = models.powers[first, prefix], models.powers[second, prefix]
                    values.append(
                        sum(2.0**-a * (b - a) for a, b in zip(p, q, strict=True)) * math.log(2)
                    )
                else:
                    spec = [w for w in derivation.weights if name == f"{label}_{w.torch}"]
                    values += [float(models.weights[w.name, response, t]) for w in spec]
            if name == f"{label}_lengths":
                found[name] = torch.tensor([len(tokens)])
            elif name == f"{label}_mask":
                found[name] = None
            else:
                tensor = torch.tensor(values, dtype=torch.float64)
                found[name] = tensor[None] if by_token else tensor.sum()[None]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("id_", library.paper_ids())
def test_gradients_agree_with_finite_differences(id_):
    derivation = library.get(id_)
    function = function_of(id_)
    at = world(derivation, 7)
    given = arguments(function, derivation, at)
    names = [
        name for name, each in given.items() if torch.is_tensor(each) and each.is_floating_point()
    ]
    # sg makes autograd and differences disagree by design: TDPO₂'s chosen divergence is held.
    names = [name for name in names if not (id_ == "tdpo2" and name == "chosen_kl")]
    leaves = [given[name].detach().clone().requires_grad_() for name in names]

    def losses_of(*tensors):
        return function(**{**given, **dict(zip(names, tensors, strict=True))})[0]

    assert torch.autograd.gradcheck(losses_of, leaves)
    assert torch.autograd.gradgradcheck(losses_of, leaves)


def test_tdpo2_holds_the_chosen_divergence():
    """d loss/d KL(y_w) is 0; d loss/d KL(y_l) is σ(−m)·β·α."""
    kl = [torch.tensor([0.3], dtype=torch.float64, requires_grad=True) for _ in "wl"]
    logps = [torch.tensor([each], dtype=torch.float64) for each in (-1.0, -2.0, -1.5, -1.0)]
    found = losses.tdpo2_loss(*logps, *kl, beta=0.5, alpha=2.0)[0]
    chosen, rejected = torch.autograd.grad(found.sum(), kl, allow_unused=True)
    assert chosen is None or chosen.item() == 0
    argument = 0.5 * (0.5 + 1.0)
    assert rejected.item() == pytest.approx(0.5 * 2.0 / (1 + math.exp(argument)))


@pytest.mark.slow
@pytest.mark.parametrize("id_", sorted({*library.paper_ids()} - {"simpo", "centropy"}))
def test_policy_equal_to_reference_gives_log_2(id_):
    """Every log-ratio and divergence is 0, the lengths are equal: the argument is exactly 0.

    SimPO has no reference to be equal to, and cEntropy weighs the policy differently.
    """
    derivation = library.get(id_)
    function = function_of(id_)
    at = world(derivation, 3, lengths=(3, 3))
    for response in "wl":
        at.logits["pi", response] = at.logits["ref", response].clone().requires_grad_()
        at.logits["prev", response] = at.logits["ref", response].clone()
    found = function(**arguments(function, derivation, at))
    assert found[0].item() == math.log(2)
    assert found[1].item() - found[2].item() == 0


@pytest.mark.slow
@pytest.mark.parametrize("id_", library.paper_ids())
def test_a_loss_is_one_graph_for_the_compiler(id_):
    """With `fullgraph=True` a break in the graph would be an error."""
    derivation = library.get(id_)
    function = function_of(id_)
    given = {
        name: each.detach().requires_grad_(each.is_floating_point())
        if torch.is_tensor(each)
        else each
        for name, each in arguments(function, derivation, world(derivation, 1)).items()
    }
    torch._dynamo.reset()
    compiled = torch.compile(function, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(**given), function(**given))


@pytest.mark.parametrize("id_", library.paper_ids())
def test_the_module_is_the_function(id_):
    derivation = library.get(id_)
    function = function_of(id_)
    given = arguments(function, derivation, world(derivation, 2))
    numbers = {name: each for name, each in given.items() if isinstance(each, float)}
    tensors = {name: each for name, each in given.items() if name not in numbers}
    module = losses.get(id_)(**numbers)
    torch.testing.assert_close(module(**tensors), function(**given))
    for name, value in numbers.items():
        assert f"{name}={value}" in repr(module)
