"""Lines of derivations as JSON: the top level, and the steps that it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.derivation.outline import Stage
from midpo_sym.prover.derivation.steps import Step


def stages_as_data(stages: Iterable[Stage]) -> list[dict[str, Any]]:
    """Return lines of the top level, each with the number of steps it stands for."""
    return [
        {
            "said": each.said,
            "before": to_text(each.before),
            "after": to_text(each.after),
            "steps": len(each.steps),
        }
        for each in stages
    ]


def step_as_data(step: Step) -> dict[str, Any]:
    """Return one line."""
    return {
        "rule": step.rule.name,
        "law": step.rule.law,
        "backwards": step.backwards,
        "before": to_text(step.before),
        "after": to_text(step.after),
    }
