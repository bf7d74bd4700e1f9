"""The values that Coq's kernel computed come out of the generated torch losses."""

import inspect
import json
import math
import re
from fractions import Fraction

import pytest
import torch

from midpo_sym import losses
from midpo_sym.language import tree
from midpo_sym.spec import library
from midpo_sym.targets.coq.checking import lock
from midpo_sym.targets.coq.checking.golden import GOLDEN

EXACT = 1e-12
SIDES = ("chosen", "rejected")
VECTORS = json.loads((lock.FOLDER / GOLDEN).read_text(encoding="utf-8"))["vectors"]


def real(coefficients) -> float:
    """Return a + b log 2 + c (log 2)^2 + ..."""
    return sum(float(Fraction(each)) * math.log(2) ** k for k, each in enumerate(coefficients))


def statistics(vector, derivation, wanted) -> dict:
    """Return the arguments of a loss, by their names in Python, from a golden vector."""
    by_token = "chosen_mask" in wanted
    found = {}
    for each in derivation.parameters:
        found[each.torch] = float(Fraction(vector["parameters"].get(each.name, "1")))
    directions = {
        node.name
        for node in derivation.statement.argument.walk()
        if isinstance(node, tree.Statistic)
    }

    def put(name, values, unit):
        tokens = torch.tensor([float(Fraction(v)) * unit for v in values], dtype=torch.float64)
        found[name] = (tokens if by_token else tokens.sum())[None]

    for side in SIDES:
        given = vector[side]
        for model, logs in given["log_probabilities"].items():
            put(f"{side}_logps" if model == "pi" else f"{model}_{side}_logps", logs, math.log(2))
        for name in directions:
            put(f"{side}_kl", given["divergences"][name], math.log(2))
        for each in derivation.weights:
            put(f"{side}_{each.torch}", given["weights"].get(each.name, []), 1)
        found[f"{side}_lengths"] = torch.tensor([given["length"]])
        found[f"{side}_mask"] = None
    return {name: found[name] for name in wanted}


def statement_of(vector):
    """Return the specification and the statement that a vector is of."""
    id_, _, claim = vector["statement"].partition("/")
    derivation = library.get(id_)
    return derivation, next(each.statement for each in derivation.claims if each.id == claim)


def of_losses():
    """Return the vectors of statements about the loss that is generated."""
    for each in VECTORS:
        derivation, statement = statement_of(each)
        if statement.argument == derivation.statement.argument:
            yield pytest.param(each, id=f"{each['statement']}-{each['instance']}")


@pytest.mark.parametrize("vector", [*of_losses()])
def test_the_torch_loss_has_the_value_that_the_kernel_proved(vector):
    """The loss is log(1 + exp(-a)) at the argument a; a reward is α log π/ζ."""
    derivation, statement = statement_of(vector)
    function = getattr(losses, losses.INDEX[derivation.id].function)
    given = statistics(vector, derivation, list(inspect.signature(function).parameters))
    value, *rewards = (each.item() for each in function(**given))
    argument = real(vector["argument"])
    assert value == pytest.approx(math.log1p(math.exp(-argument)), rel=EXACT)
    assert value != pytest.approx(math.log1p(math.exp(argument)), rel=EXACT)
    assert rewards[0] - rewards[1] == pytest.approx(argument, rel=EXACT)
    if statement == derivation.statement:
        alpha = float(Fraction(vector["parameters"]["alpha"]))
        for side, log_prior, reward in zip(SIDES, vector["log_prior"], rewards, strict=True):
            log_policy = sum(vector[side]["log_probabilities"]["pi"]) * math.log(2)
            assert reward == pytest.approx(alpha * (log_policy - real(log_prior)), rel=EXACT)


def test_every_loss_has_golden_vectors():
    """Two for the main statement of each specification."""
    for id_ in library.paper_ids():
        main = next(each for each in library.get(id_).claims if each.is_main)
        assert sum(v["statement"] == f"{id_}/{main.id}" for v in VECTORS) == 2


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['statement']}-{v['instance']}")
def test_a_vector_is_what_the_checked_file_says(vector):
    """Read back from the Coq text that the lock vouches for, by hand and not by the emitter.

    `argument_w_l` has the value as a sum of numbers times powers of ln 2; `m_pi` lists the powers
    of 1/2 of each context, in the order of the letters a, b, c, e.
    """
    entry = lock.shipped()["certificates"][vector["statement"]]
    text = (lock.FOLDER / entry["file"]).read_text(encoding="utf-8")
    module = re.search(
        rf"Module instance_{vector['instance']}\.(.*?)End instance_", text, re.DOTALL
    ).group(1)
    for lemma, value in (
        ("argument_w_l", vector["argument"]),
        ("framework_w_l", vector["argument"]),
        ("prior_w", vector["log_prior"][0]),
        ("prior_l", vector["log_prior"][1]),
    ):
        said = re.search(rf"Lemma {lemma} :.*?\n  = (.*?)\.\n", module, re.DOTALL).group(1)
        assert written(said) == [Fraction(each) for each in value], lemma
    for response, side in zip("wl", SIDES, strict=True):
        tokens = re.search(rf"Definition {response} : list V4 := \[(.*?)\]", module).group(1)
        letters = tokens.split("; ")
        for model, logs in vector[side]["log_probabilities"].items():
            table = re.search(rf"Definition m_{model} : .*?\n  dyadic \[(.*?)\] eq_refl", module)
            rows = dict(re.findall(r"\(\[([^\]]*)\], Powers ([\d ]+)\)", table.group(1)))
            powers = [
                int(rows["; ".join(letters[:t])].split()[("ta", "tb", "tc", "te").index(letter)])
                for t, letter in enumerate(letters)
            ]
            assert logs == [-each for each in powers]


def written(said: str) -> list[Fraction]:
    """Return the coefficients of what Coq reads: `1 + (-3 / 2) * ln 2`."""
    found: dict[int, Fraction] = {}
    for term in [] if said == "0" else said.split(" + "):
        number, _, log = term.partition(" * ln 2")
        power = 0 if log == "" and "ln" not in term else int(log.removeprefix(" ^ ") or 1)
        found[power] = Fraction(number.strip("()").replace(" ", ""))
    return [found.get(k, Fraction(0)) for k in range(max(found, default=-1) + 1)]
