"""Gradients as JSON, for other programs.

The version changes when a key is taken out or changes its meaning, not when one is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from midpo_sym import __version__
from midpo_sym.language.printing.text import to_text
from midpo_sym.language.tree import Expression
from midpo_sym.prover.gradients.chain_rule import LAWS_OF_DERIVATIVES, switches
from midpo_sym.prover.gradients.gradient import Coefficient, Line
from midpo_sym.prover.gradients.motion import Motion
from midpo_sym.prover.gradients.report import GradientResult
from midpo_sym.prover.gradients.signs import Sign
from midpo_sym.targets.wording import gradients as wording
from midpo_sym.targets.wording.gradients import PLAIN, TEX

SCHEMA_VERSION = 1


def report(results: Sequence[GradientResult], *, steps: bool = False) -> dict[str, Any]:
    """Return a report on gradients; `steps` writes the rules of differentiation out."""
    return {
        "schema_version": SCHEMA_VERSION,
        "midpo_sym": __version__,
        "proved": all(each.gradient.is_proved for each in results),
        "gradients": [_gradient(each, steps=steps) for each in results],
    }


def _gradient(result: GradientResult, *, steps: bool) -> dict[str, Any]:
    found, symbols = result.gradient, result.symbols
    said: dict[str, Any] = {"id": result.id, "status": result.status}
    if not found.is_proved:
        return {**said, "reason": found.reason}
    return {
        **said,
        "loss": to_text(found.loss),
        "names": {each.name: to_text(each.body) for each in found.names},
        "coefficients": [_coefficient(result, each) for each in found.coefficients],
        "logits": [
            {"left": left, "right": right} for left, right in wording.logits(found, symbols, PLAIN)
        ],
        "conditions": [
            {"nonzero": to_text(each.expression), "given_by": each.given_by}
            for each in found.conditions
        ],
        "numbers": found.numbers,
        "lines": [_line(result, each, steps=steps) for each in found.lines],
        "small_step": [_motion(result, each) for each in result.motions] or _by_token(result),
    }


def _by_token(result: GradientResult) -> list[dict[str, Any]]:
    """Return when log π falls where coefficients go by the token."""
    if result.gradient.is_zero:
        return []
    symbols = result.symbols
    return [
        {
            "response": each,
            "said": wording.general(result.gradient, each, symbols, PLAIN),
            "tabular_said": wording.general_tabular(each, symbols, PLAIN),
        }
        for each in ("w", "l")
    ]


def _coefficient(result: GradientResult, each: Coefficient) -> dict[str, Any]:
    """Return a coefficient: in the words of the language, with its switches, and in LaTeX."""
    left, right = wording.coefficient(each, result.symbols, TEX)
    return {
        "response": each.response,
        "coordinate": to_text(each.coordinate),
        "value": to_text(each.value),
        "switches": {name: to_text(node.body) for name, node in switches(each.value).items()},
        "latex": f"{left} = {right}",
        "by_token": each.by_token,
        "sign": _sign(each.sign),
        "sign_said": wording.sign(each.sign, result.symbols, PLAIN),
    }


def _sign(found: Sign) -> dict[str, Any]:
    return {
        "direction": found.direction,
        "zero_where": [to_text(each) for each in found.zeros],
        "times_sign_of": _text(found.decides),
        "changes": found.changes,
    }


def _line(result: GradientResult, line: Line, *, steps: bool) -> dict[str, Any]:
    said = _sides(result, line)
    if steps:
        said["rules"] = []
        for below in result.rules(line):
            law = LAWS_OF_DERIVATIVES[below.law][0]
            said["rules"].append({"rule": below.law, "law": law, **_sides(result, below.line)})
    return said


def _sides(result: GradientResult, line: Line) -> dict[str, Any]:
    left, pieces = wording.line(line, result.gradient.loss, result.symbols, PLAIN)
    return {"left": left, "right": " ".join(pieces)}


def _motion(result: GradientResult, each: Motion) -> dict[str, Any]:
    return {
        "response": each.response,
        "ratio": _text(each.ratio),
        "said": wording.motion(each, result.symbols, PLAIN),
        "tabular": each.tabular,
        "tabular_where_at_least_one": _text(each.unless),
        "tabular_said": wording.of_tabular(each, result.symbols, PLAIN),
    }


def _text(node: Expression | None) -> str | None:
    return None if node is None else to_text(node)
