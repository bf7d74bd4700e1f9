"""A comparison of two losses as JSON; the shape is in `comparison.schema.json` beside this file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from midpo_sym import __version__
from midpo_sym.judges.witness import Witness
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.derivation.difference import Difference
from midpo_sym.prover.equivalence.answers import Answer, Comparison, Relation
from midpo_sym.prover.equivalence.lattice import Lattice
from midpo_sym.prover.equivalence.sides import LEFT, RIGHT, Side
from midpo_sym.prover.verdict import Condition
from midpo_sym.targets.json.points import coordinate, ends, models_as_data, number
from midpo_sym.targets.json.steps import stages_as_data, step_as_data

SCHEMA_VERSION = 1


def comparison(found: Comparison, *, timed: bool = True, steps: bool = False) -> dict[str, Any]:
    """Return a comparison.

    Args:
        found: what came out.
        steps: whether to write out the derivations.
        timed: whether to say how long it took; without it, the same losses give the same data.
    """
    data = {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        LEFT: _side(found.left),
        RIGHT: _side(found.right),
        "verdict": found.verdict,
        "relations": [relation(each, found.right) for each in found.relations],
        "identified": _values(found.identified.values),
        "value": _answer(found.value),
        "gradient": _answer(found.gradient),
        "reward": _answer(found.reward),
        "residual": None
        if found.residual is None
        else {
            "of": "argument" if found.of_arguments else "loss",
            "expression": to_text(found.residual),
        },
    }
    if steps:
        data["steps"] = [_difference(each, found) for each in found.steps]
    return data | {"seconds": round(found.seconds, 6)} if timed else data


def _difference(each: Difference, found: Comparison) -> dict[str, Any]:
    """Return a derivation: of a relation, by its place among all, or of the residual."""
    place = None if each.relation is None else found.relations.index(each.relation)
    return {
        "relation": place,
        "chains": [
            {
                "of": chain.of,
                "term": chain.term,
                "left": to_text(chain.left),
                "right": to_text(chain.right),
                "outline": stages_as_data(chain.stages),
                "steps": [step_as_data(one) for one in (*chain.bridge.down, *chain.bridge.up)],
            }
            for chain in each.chains
        ],
    }


def relation(found: Relation, right: Side) -> dict[str, Any]:
    """Return one relation: A = factor × B + offset after what is said."""
    changes = found.changes
    return {
        "kind": found.kind,
        "of": found.of,
        "where": changes.where,
        "values": _values(changes.values),
        "same_quantities": {
            name: same for name, same in changes.names.items() if name in right.declared
        },
        "scales": _values(changes.scales),
        "models": {label: dict(models) for label, models in changes.models.items()},
        "back": None if found.back is None else _values(found.back),
        "back_scales": _values(found.back_scales),
        "back_conditions": _conditions(found.back_conditions),
        "factor": to_text(found.factor),
        "offset": to_text(found.offset),
        "value": _answer(found.value),
        "gradient": _answer(found.gradient),
        "reward": _answer(found.reward),
    }


def lattice(found: Lattice, *, timed: bool = True) -> dict[str, Any]:
    """Return all pairs of some losses, and which are special cases of which."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "losses": list(found.ids),
        "pairs": [
            {
                LEFT: entry.left.id,
                RIGHT: entry.right.id,
                "says": entry.says,
                "relation": None
                if entry.relation is None
                else relation(entry.relation, entry.right),
            }
            for entry in found.entries
        ],
        "classes": [list(each) for each in found.classes],
        "edges": [
            {"special": each.special, "general": each.general, "gradient": each.gradient}
            for each in found.edges
        ],
    }
    return data | {"seconds": round(found.seconds, 6)} if timed else data


def _side(side: Side) -> dict[str, Any]:
    return {
        "id": side.id,
        "title": side.derivation.title,
        "loss": to_text(side.loss),
        "names": {name: side.shown(name) for name in side.declared},
    }


def _values(values: Any) -> dict[str, str]:
    return {name: to_text(value) for name, value in values.items()}


def _conditions(conditions: Iterable[Condition]) -> list[dict[str, str]]:
    return [{"nonzero": to_text(each.expression), "given_by": each.given_by} for each in conditions]


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "says": answer.says,
        "conditions": _conditions(answer.conditions),
        "reason": answer.reason,
        "witness": None if answer.witness is None else _witness(answer, answer.witness),
    }


def _witness(answer: Answer, witness: Witness) -> dict[str, Any]:
    sides = dict(zip((LEFT, RIGHT, "difference"), witness.sides, strict=True))
    return {
        **models_as_data(witness.models),
        "of": answer.what,
        "kind": witness.kind,
        **{name: number(value) for name, value in sides.items()},
        "enclosures": {name: ends(value) for name, value in sides.items()}
        if witness.kind == "enclosure"
        else None,
        "derivative_in": coordinate(witness.models) if witness.of_gradient else None,
    }
