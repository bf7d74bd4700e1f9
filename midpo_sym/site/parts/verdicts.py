"""What a page says of the verdicts on a statement, as data for its template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.prover.priors.solve import Reach
from midpo_sym.prover.prove import Result
from midpo_sym.prover.verdict import Proved, Refuted, Undecided
from midpo_sym.site.maths.layout import formula
from midpo_sym.targets.terminal.points import gives


def of_result(result: Result) -> dict[str, Any]:
    """Return what the verdicts rest on, or where they fail, for the template."""
    symbols = result.derivation.symbols
    verdict, gradient = result.verdict, result.gradient
    found: dict[str, Any] = {
        "conditions": [],
        "assumptions": [],
        "residual": None,
        "part": "",
        "cures": [],
        "reason": "",
        "gradient_residual": None,
        "gradient_reason": "",
        "right_prior": None,
        "right_prior_gives": "",
        "gradient_conditions": [],
        "no_prior": False,
    }
    match verdict:
        case Proved(conditions=conditions, assumptions=assumptions):
            found["conditions"] = [
                (rf"{to_latex(each.expression, symbols)} \neq 0", _given(each.given_by, symbols))
                for each in conditions
            ]
            found["assumptions"] = assumptions
        case Refuted(part=part, residual=residual, cures=cures):
            found["part"] = part
            if residual is not None:
                found["residual"] = formula(residual, symbols, end=r" \neq 0")
            found["cures"] = [
                f"{symbols[each.parameter].latex} = {to_latex(each.value, symbols)}"
                + "".join(
                    rf",\; {to_latex(more.expression, symbols)} \neq 0"
                    for more in each.conditions
                    if not more.given_by
                )
                for each in cures
            ]
            if part != "link":
                if result.prior.zeta is not None:
                    found["right_prior"] = formula(result.prior.zeta, symbols, r"\zeta(y) \propto")
                    found["right_prior_gives"] = gives(result.prior)
                found["no_prior"] = result.prior.reach is Reach.PAIR
        case Undecided(reason=reason):
            found["reason"] = reason
    if isinstance(gradient, Proved):
        own = verdict.conditions if isinstance(verdict, Proved) else ()
        found["gradient_conditions"] = [
            rf"{to_latex(each.expression, symbols)} \neq 0"
            for each in gradient.conditions
            if each not in own
        ]
    if isinstance(gradient, Refuted) and gradient.part == "gradient":
        if gradient.residual is not None:
            found["gradient_residual"] = formula(gradient.residual, symbols)
    elif isinstance(gradient, Undecided) and gradient != verdict:
        found["gradient_reason"] = gradient.reason
    return found


def _given(reason: str, symbols: Mapping[str, Symbol]) -> str:
    """Return why something is not zero, as LaTeX."""
    name, _, rest = reason.partition(" ")
    if name in symbols and rest == "is positive":
        return f"{symbols[name].latex} > 0"
    if reason.endswith("≥ 1"):
        return reason.replace("≥", r"\ge")
    return rf"\text{{{reason}}}" if reason else ""
