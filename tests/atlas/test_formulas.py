"""The losses of the atlas are those that are written by hand, at random language models.

The specifications are read by the oracle, which shares no code with the package.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from oracles.atlas.formulas import FORMULAS
from oracles.evaluate import Evaluator
from oracles.statement import read

from midpo_sym.spec.library import directory

POINTS = 3
NO_ARCTANGENT = {"cauchy_dpo"}  # the oracle has none; generated code is compared with it


def number(value):
    return float(getattr(value, "value", value))


def quantities(statement, point):
    """Return what a formula is handed: the responses, and the parameters and data."""
    evaluator = Evaluator(point, statement.definitions)
    numbers = dict(point.parameters)
    responses = {}
    for label in point.responses:
        logs = {
            short: number(evaluator.arithmetic.log(evaluator.whole(model, label)))
            for short, model in (("P", "pi"), ("R", "ref"), ("V", "prev"))
        }
        given = {
            name: float(point.datum(name, label))
            for name, (of, *_) in statement.data.items()
            if of == "y"
        }
        length = len(point.responses[label])
        responses[label] = SimpleNamespace(**logs, **given, n=length)
    numbers |= {name: point.datum(name) for name, (of, *_) in statement.data.items() if of != "y"}
    at = SimpleNamespace(**{name: float(value) for name, value in numbers.items()})
    at.o = responses.get("o")
    return responses["w"], responses["l"], at


def loss(statement, point):
    """Return what the specification says."""
    evaluator = Evaluator(point, statement.definitions)
    total = 0.0
    for term in statement.terms:
        argument = evaluator.value(term.argument)
        inside = Evaluator(point, statement.definitions, bound={"a": argument})
        total += number(evaluator.value(term.weight)) * number(inside.value(term.body))
    return total + (number(evaluator.value(statement.plus)) if statement.plus else 0.0)


def answers(id_, formula):
    """Yield what a specification and a formula say, at points inside of the domains."""
    text = (directory() / "atlas" / f"{id_}.toml").read_text(encoding="utf-8")
    statement = read(text)[""]
    for point in [*statement.points(id_, 3 * POINTS)][::3]:
        point.responses["o"] = point.responses["l"][:1]
        yield loss(statement, point), formula(*quantities(statement, point))


@pytest.mark.parametrize("id_", [id_ for id_ in FORMULAS if id_ not in NO_ARCTANGENT])
def test_formula(id_):
    for ours, by_hand in answers(id_, FORMULAS[id_]):
        assert ours == pytest.approx(by_hand, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("id_", "other"), [("ipo", "ipo_mean"), ("exo", "exo_code")])
def test_another_formula_is_noticed(id_, other):
    """Sums are no means, and log(1 − ε) is not 0 (EXO with the constant c = 10 for −log ε)."""

    def formula(w, r, at):
        at.c = 10
        return FORMULAS[other](w, r, at)

    assert any(ours != pytest.approx(by_hand) for ours, by_hand in answers(id_, formula))
