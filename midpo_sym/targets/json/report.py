"""Results as JSON, for other programs; the shape is in `result.schema.json` beside this file.

The version changes when a key is taken out or changes its meaning, not when one is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from midpo_sym import __version__
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.derivation.steps import Steps
from midpo_sym.prover.priors.solve import Solution
from midpo_sym.prover.prove import Result
from midpo_sym.prover.shapes.terms import Part
from midpo_sym.prover.special_cases import Specialisation
from midpo_sym.prover.verdict import Condition, Proved, Refuted, Verdict
from midpo_sym.spec.library import Work
from midpo_sym.spec.model import Citation, Derivation, Statement
from midpo_sym.targets.json.points import counterexample, failure
from midpo_sym.targets.json.shapes import in_latex, loss
from midpo_sym.targets.json.steps import stages_as_data, step_as_data
from midpo_sym.targets.wording.losses import prior_of

SCHEMA_VERSION = 3


def report(
    results: Sequence[Result],
    specialises: Mapping[str, Iterable[Specialisation]],
    *,
    steps: bool = False,
    timed: bool = True,
) -> dict[str, Any]:
    """Return a report on results.

    Args:
        results: what came out.
        specialises: what each derivation becomes at special values, by its id.
        steps: whether to write out the derivations.
        timed: whether to say how long each took; without it, the same results give the same report.
    """
    found = [
        _result(result, specialises.get(result.derivation.id, ()), steps=steps)
        for result in results
    ]
    if not timed:
        for each in found:
            del each["seconds"]
    return {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "as_expected": all(result.as_expected for result in results),
        "results": found,
    }


def description(
    result: Result, specialises: Iterable[Specialisation], works: Mapping[str, Work]
) -> dict[str, Any]:
    """Return what a specification says, with the result of its own statement.

    Args:
        result: of what its [prior] and [loss] say.
        specialises: what it becomes at special values.
        works: the works that may be cited by key.
    """
    derivation = result.derivation
    cited = [derivation.source] if derivation.source else []
    cited += [claim.citation for claim in derivation.claims]
    return {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "id": derivation.id,
        "title": derivation.title,
        "name": derivation.name,
        "summary": derivation.summary,
        "notes": derivation.notes,
        "elsewhere": derivation.elsewhere,
        "source": _citation(derivation.source) if derivation.source else None,
        "parameters": [
            {
                "name": each.name,
                "domain": each.domain,
                "default": None if each.default is None else str(each.default),
                "torch": each.torch,
                "meaning": each.meaning,
            }
            for each in derivation.parameters
        ],
        "weights": [
            {
                "name": each.name,
                "domain": each.domain,
                "by_label": each.by_label,
                "torch": each.torch,
                "meaning": each.meaning,
            }
            for each in derivation.weights
        ],
        **_declared_data(derivation),
        "claims": [
            {
                "id": claim.id,
                **_citation(claim.citation),
                **({"convention": claim.convention} if claim.convention else {}),
                "value": claim.status,
                "gradient": claim.gradient,
                "note": claim.note,
            }
            for claim in derivation.claims
        ],
        "works": {
            each.work: {
                "authors": list(works[each.work].authors),
                "title": works[each.work].title,
                "year": works[each.work].year,
                "arxiv": works[each.work].arxiv,
            }
            for each in cited
            if each.work in works
        },
        "result": _result(result, specialises, steps=False),
    }


def _declared_data(derivation: Derivation) -> dict[str, Any]:
    """Return the numbers that are given of responses, pairs and batches, if there are any."""
    if not derivation.data:
        return {}
    return {
        "data": [
            {
                "name": each.name,
                "of": each.arity.of,
                "domain": each.domain,
                "by_label": each.by_label,
                "shape": each.arity.shape,
                "torch": each.torch,
                "meaning": each.meaning,
            }
            for each in derivation.data
        ]
    }


def solutions(derivation: Derivation, found: Sequence[Solution]) -> dict[str, Any]:
    """Return the prior of a loss, and beside it the others of which there are several."""
    first, *more = found
    return {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "id": derivation.id,
        **_solution(first),
        "others": [_solution(each) for each in more],
    }


def _solution(found: Solution) -> dict[str, Any]:
    return {
        "reach": found.reach.name.lower(),
        "zeta": _text(found.zeta),
        "of": prior_of(found),
        "link": found.link,
        "gives": None if found.zeta is None else "loss" if found.gives_loss else "argument",
        "needed": found.is_needed,
        "failure": None if found.failure is None else failure(found.failure),
        "reason": found.reason,
    }


def _citation(citation: Citation) -> dict[str, str]:
    return {"work": citation.work, "place": citation.place}


def _result(
    result: Result, specialises: Iterable[Specialisation], *, steps: bool
) -> dict[str, Any]:
    claim, statement = result.claim, result.statement
    symbols = result.derivation.symbols
    expected_value, expected_gradient = result.expected
    found: dict[str, Any] = {
        "id": result.id,
        "derivation": result.derivation.id,
        "title": result.derivation.title,
        "claim": {
            "id": claim.id,
            "work": claim.citation.work,
            "place": claim.citation.place,
            "printed": claim.printed,
            "note": claim.note,
        }
        if claim
        else None,
        "statement": {
            "scale": to_text(statement.scale),
            "zeta": to_text(statement.zeta),
            "gives": statement.gives,
            **loss(statement.target, symbols),
            "latex": {
                "zeta": to_latex(statement.zeta, symbols),
                **in_latex(statement.target, symbols),
            },
        },
        "value": _verdict(result.verdict, statement),
        "gradient": _verdict(result.gradient, statement),
        "parts": [_part(part) for part in result.parts],
        "expected": {
            "value": expected_value.value,
            "gradient": expected_gradient.value,
            "prior_knows": (claim.knows if claim else "") or None,
        },
        "as_expected": result.as_expected,
        "opinions": [
            {"judge": each.judge, "of": each.of, "says": each.says, "detail": each.detail}
            for each in result.opinions
        ],
        "scope": {"unit": result.scope.unit.value, "of_batch": list(result.scope.of_batch)},
        "properties": _properties(result),
        "prior_for_this_loss": _solution(result.prior),
        "specialises": [
            {
                "to": each.id,
                "at": {name: to_text(value) for name, value in each.values.items()},
                "gradient": each.gradient,
            }
            for each in specialises
        ],
        "seconds": round(result.seconds, 6),
    }
    if steps:
        found["steps"] = _steps(result.steps)
        found["outline"] = _outline(result)
    return found


def _part(part: Part) -> dict[str, Any]:
    """Return what came out of a term that was read by itself."""
    statement = part.result.statement
    return {
        "number": part.number,
        "sign": part.reading.sign,
        "score_of": part.reading.score_of or None,
        "anchor": to_text(part.reading.anchor),
        "value": _verdict(part.verdict, statement),
        "gradient": _verdict(part.result.gradient, statement),
    }


def _verdict(verdict: Verdict, statement: Statement) -> dict[str, Any]:
    found: dict[str, Any] = {"status": verdict.status.value}
    match verdict:
        case Proved(conditions=conditions, assumptions=assumptions):
            found["conditions"] = _conditions(conditions)
            found["assumptions"] = list(assumptions)
        case Refuted(part=part, residual=residual, witness=witness, cures=cures):
            found["part"] = part
            found["residual"] = _text(residual)
            found["witness"] = counterexample(witness, statement)
            found["holds_for"] = [
                {
                    "parameter": cure.parameter,
                    "value": to_text(cure.value),
                    "conditions": _conditions(cure.conditions),
                }
                for cure in cures
            ]
        case _:
            found["reason"] = verdict.reason
    return found


def _conditions(conditions: Iterable[Condition]) -> list[dict[str, str]]:
    return [{"nonzero": to_text(each.expression), "given_by": each.given_by} for each in conditions]


def _properties(result: Result) -> dict[str, Any]:
    found = result.properties
    return {
        "prior": found
        and {
            "depends_on_policy": found.prior_depends_on_policy,
            "depends_on_label": found.prior_depends_on_label,
            "depends_on_length": found.prior_depends_on_length,
            "uses_stop_gradient": found.prior_uses_stop_gradient,
            "closed_form_applies": found.closed_form_applies,
        },
        "loss": found
        and {
            "reference_free": found.reference_free,
            "needs_divergence": found.needs_divergence,
            "needs_length": found.needs_length,
            "needs_weights": found.needs_weights,
            "uses_stop_gradient": found.uses_stop_gradient,
        },
        "implicit_reward": {
            "chosen": to_text(result.rewards[0]),
            "rejected": to_text(result.rewards[1]),
        },
    }


def _steps(found: Steps | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "reward": [step_as_data(step) for step in found.reward],
        "framework": [step_as_data(step) for step in found.framework],
        "target": [step_as_data(step) for step in found.target],
        "of_losses": found.of_losses,
    }


def _outline(result: Result) -> dict[str, Any] | None:
    """Return the top level of a derivation; each line with the number of steps it stands for."""
    found = result.outline
    if found is None:
        return None
    return {
        name: stages_as_data(stages)
        for name, stages in (
            ("reward", found.reward),
            ("framework", found.framework),
            ("target", found.target),
        )
    }


def _text(node: Expression | None) -> str | None:
    return None if node is None else to_text(node)
