"""The shape of a loss as JSON: its terms, and what is known of their links and weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from midpo_sym.language.objective import Objective
from midpo_sym.language.printing.mathematics import to_latex
from midpo_sym.language.printing.printer import Symbol
from midpo_sym.language.printing.text import to_text
from midpo_sym.prover.shapes.links import Fact, LinkFacts, link_facts, weight_kind


def loss(target: Objective, symbols: Mapping[str, Symbol]) -> dict[str, Any]:
    """Return the terms of a loss; link and argument too, where it is one term and nothing else."""
    one = target.only_term() if target.is_one_term else None
    return {
        "link": one.link.name if one else None,
        "argument": to_text(one.argument) if one else None,
        "terms": [
            {
                "weight": to_text(term.weight),
                "link": term.link.name,
                "argument": to_text(term.argument),
                "weight_is": weight_kind(term.weight),
                "link_is": None if term.link.is_any else _link(link_facts(term.link)),
                "latex": {
                    "weight": to_latex(term.weight, symbols),
                    "argument": to_latex(term.argument, symbols),
                },
            }
            for term in target.terms
        ],
        "plus": [to_text(each) for each in target.additive],
    }


def _link(facts: LinkFacts) -> dict[str, Any]:
    """Return what is known of a link."""
    slope = facts.slope_at_zero

    def said(fact: Fact) -> dict[str, Any]:
        points = [{name: str(value) for name, value in at.items()} for at in fact.points]
        return {"answer": fact.answer.value, "points": points}

    return {
        "decreasing": said(facts.decreasing),
        "convex": said(facts.convex),
        "bounded_below": said(facts.bounded_below),
        "slope_at_zero": None if slope is None else to_text(slope),
    }


def in_latex(target: Objective, symbols: Mapping[str, Symbol]) -> dict[str, str | None]:
    """Return the argument of a loss of one term, in LaTeX."""
    one = target.only_term() if target.is_one_term else None
    return {"argument": to_latex(one.argument, symbols) if one else None}
