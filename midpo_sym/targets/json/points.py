"""Points of tiny language models as JSON: counterexamples, and why a prior has to know more."""

from __future__ import annotations

from typing import Any

from midpo_sym.judges.balls import Enclosure
from midpo_sym.judges.exact import format_polynomial
from midpo_sym.judges.tiny import VOCABULARY, TinyModels
from midpo_sym.judges.witness import Number, Witness
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.substitute import label_of_weight
from midpo_sym.prover.framework import FRAMEWORK_LINK
from midpo_sym.prover.priors.solve import Failure
from midpo_sym.spec.model import Statement


def failure(found: Failure) -> dict[str, Any]:
    """Return the point that shows what a prior has to know."""
    return {
        **models_as_data(found.models),
        "margin": to_text(found.margin),
        "margins": [
            {
                "sign": sign,
                "chosen": one,
                "rejected": other,
                "value": number(value),
                "enclosure": ends(value),
            }
            for sign, one, other, value in found.margins
        ],
        "kind": found.kind,
        "total": number(found.total),
        "enclosure": ends(found.total),
        "derivative_in": coordinate(found.models) if found.of_gradient else None,
    }


def counterexample(witness: Witness, statement: Statement) -> dict[str, Any]:
    """Return a witness, with all the numbers one needs to check it."""
    sides = dict(zip(("framework", "target", "difference"), witness.sides, strict=True))
    of_arguments = statement.gives != "loss" or (
        statement.target.as_term().link.name == FRAMEWORK_LINK and not witness.of_losses
    )
    found = {
        **models_as_data(witness.models),
        "of": "argument" if of_arguments else "loss",
        "kind": witness.kind,
        "framework": number(sides["framework"]),
        "target": number(sides["target"]),
        "enclosures": None,
        "derivative_in": coordinate(witness.models) if witness.of_gradient else None,
        "arguments": None,
    }
    if witness.kind == "enclosure":
        found["enclosures"] = {name: ends(value) for name, value in sides.items()}
    if witness.losses is not None:
        found["arguments"] = {
            name: {
                "link": loss.link,
                "value": format_polynomial(loss.argument),
                "derivative": format_polynomial(loss.slope),
                "exact": loss.exact is not None,
            }
            for name, loss in zip(("framework", "target"), witness.losses, strict=True)
        }
    return found


def number(value: Number) -> str:
    """Return an exact number, or the middle of an enclosure."""
    return value.middle if isinstance(value, Enclosure) else format_polynomial(value)


def ends(value: Number) -> list[str] | None:
    """Return the ends of an enclosure, as decimals; None for an exact number."""
    return [value.low, value.high] if isinstance(value, Enclosure) else None


def coordinate(models: TinyModels) -> dict[str, Any]:
    """Return the logit of the policy in which derivatives are taken."""
    prefix, token = models.coordinate
    return {"after": list(prefix), "token": VOCABULARY[token]}


def models_as_data(models: TinyModels) -> dict[str, Any]:
    """Return what a point is made of."""
    distributions = [
        {
            "model": model,
            "after": list(before),
            "probabilities": {
                each: f"1/{2**power}" for each, power in zip(VOCABULARY, powers, strict=True)
            },
        }
        for (model, before), powers in sorted(models.powers.items())
    ]
    return {
        "responses": {name: list(tokens) for name, tokens in models.responses.items()},
        "distributions": distributions,
        "parameters": {name: str(value) for name, value in models.parameters.items()},
        "weights": [
            dict(zip(("weight", "label"), label_of_weight(name), strict=True))
            | {"response": response, "t": t + 1, "value": str(value)}
            for (name, response, t), value in sorted(models.weights.items())
        ],
        **_data(models),
    }


def _data(models: TinyModels) -> dict[str, Any]:
    """Return the data of a point, if there are any."""
    if not models.data:
        return {}
    return {
        "data": [
            dict(zip(("datum", "label"), label_of_weight(name), strict=True))
            | {"of": list(of), "value": str(value)}
            for (name, of), value in sorted(models.data.items())
        ]
    }
