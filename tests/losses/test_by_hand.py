"""Generated losses are the formulas that are written by hand, in double precision.

The formulas share nothing with the package; the specifications are compared with them elsewhere.
"""

import inspect
import random
from types import SimpleNamespace

import pytest
import torch
from oracles.atlas.formulas import FORMULAS

from midpo_sym.losses import atlas
from midpo_sym.spec import library

SIDES = ("chosen", "rejected")
MODELS = {"": "P", "ref_": "R", "prev_": "V"}  # what formulas call the log-probabilities of each
INTERVALS = {"unit": (0.1, 0.4), "open unit": (0.1, 0.4), "real": (-1, 1)}  # others lie above zero
WITH_CODE = sorted(FORMULAS.keys() & set(atlas.names()))


def doubles(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def drawn(seed, quantities):
    chance = random.Random(seed)
    return {each.name: chance.uniform(*INTERVALS.get(each.domain, (0.3, 2))) for each in quantities}


def numbers_of(derivation, seed):
    """Return both responses and everything else, as formulas have them."""
    of_responses = [each for each in derivation.data if each.arity.of == "y"]
    rest = [each for each in derivation.data if each.arity.of != "y"]
    sides = []
    for label in SIDES:
        chance = random.Random(f"{seed} {label}")
        logs = {name: chance.uniform(-4, -0.5) for name in "PRV"}
        given = drawn(f"{seed} {label} data", of_responses)
        sides.append(SimpleNamespace(**logs, n=chance.randint(1, 5), **given))
    return (*sides, SimpleNamespace(**drawn(seed, [*derivation.parameters, *rest])))


def arguments_of(derivation, chosen, rejected, at):
    """Return the same numbers under the names of arguments, in double precision."""
    given = {}
    for label, side in zip(SIDES, (chosen, rejected), strict=True):
        for prefix, name in MODELS.items():
            given[f"{prefix}{label}_logps"] = doubles([getattr(side, name)])
        given[f"{label}_lengths"] = torch.tensor([side.n])
    for each in derivation.data:
        if each.arity.of == "y":
            for label, side in zip(SIDES, (chosen, rejected), strict=True):
                given[f"{label}_{each.torch}"] = doubles([getattr(side, each.name)])
        else:
            number = doubles(getattr(at, each.name))
            given[each.torch] = number if each.arity.of == "batch" else number[None]
    return given | {each.torch: getattr(at, each.name) for each in derivation.parameters}


def test_there_are_formulas_enough():
    assert len(WITH_CODE) >= 30


@pytest.mark.parametrize("id_", WITH_CODE)
def test_a_generated_loss_is_its_formula_by_hand(id_):
    derivation = library.get(id_)
    function = getattr(atlas, f"{id_}_loss")
    wanted = inspect.signature(function).parameters
    for seed in range(3):
        numbers = numbers_of(derivation, f"{id_} {seed}")
        given = arguments_of(derivation, *numbers)
        found = function(**{name: value for name, value in given.items() if name in wanted})[0]
        assert found.dtype == torch.float64
        assert found.item() == pytest.approx(FORMULAS[id_](*numbers), rel=1e-9, abs=1e-9)
