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
from midpo_sym.targets.wording import losses as wording


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
                    rf",\; {to_latex(more, symbols)} \neq 0"
                    for more in wording.open_conditions(each)
                )
                for each in cures
            ]
            if part != "link":
                if result.prior.zeta is not None:
                    found["right_prior"] = formula(result.prior.zeta, symbols, r"\zeta(y) \propto")
                    found["right_prior_gives"] = wording.gives(result.prior)
                found["no_prior"] = result.prior.reach is Reach.PAIR
        case Undecided(reason=reason):
            found["reason"] = reason
    found["gradient_conditions"] = [
        rf"{to_latex(each.expression, symbols)} \neq 0"
        for each in wording.gradient_conditions(result)
    ]
    found["gradient_reason"] = wording.gradient_reason(result)
    if isinstance(gradient, Refuted) and gradient.part == "gradient" and gradient.residual:
        found["gradient_residual"] = formula(gradient.residual, symbols)
    return found


def _given(reason: str, symbols: Mapping[str, Symbol]) -> str:
    """Return why something is not zero, as LaTeX."""
    name, _, rest = reason.partition(" ")
    if name in symbols and rest == "is positive":
        return f"{symbols[name].latex} > 0"
    if reason.endswith("≥ 1"):
        return reason.replace("≥", r"\ge")
    return rf"\text{{{reason}}}" if reason else ""
