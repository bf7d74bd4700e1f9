"""What the home page says was found, counted from the results; nothing is typed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from midpo_sym.prover.verdict import Status
from midpo_sym.site.atlas.gather import Atlas
from midpo_sym.spec import library

_DIFFERS = "differs"
_EXAMPLES = 4


def findings(atlas: Atlas) -> Iterator[dict[str, Any]]:
    """Yield what was found: a number, a sentence, where it is shown, and examples with addresses.

    What was not found is left out.
    """
    for found in (_printed(atlas), _renamed(atlas), _elsewhere(atlas), _without_prior(atlas)):
        if found and found["number"]:
            yield found


def _printed(atlas: Atlas) -> dict[str, Any]:
    printed = [(row, claim) for row in atlas.rows for claim in row.claims if claim.printed]
    wrong = [(row, claim) for row, claim in printed if claim.value == Status.REFUTED.value]
    examples = [
        (row.title, f"{atlas.address(row.id)}.html#claim-{claim.id}") for row, claim in wrong
    ]
    page = "audit.html" if all(row.of == library.PAPER for row, _ in wrong) else "atlas.html"
    return {
        "number": len(wrong),
        "says": f"of {len(printed)} printed claims about these losses are refuted:",
        "address": f"{page}",
        "examples": list(dict(examples[:_EXAMPLES]).items()),
    }


def _renamed(atlas: Atlas) -> dict[str, Any]:
    groups = sorted(atlas.equal, key=len, reverse=True)
    first = groups[0] if groups else ()
    return {
        "number": sum(len(group) - 1 for group in groups),
        "says": "losses are another one under a new name, up to a constant factor. "
        "One and the same are",
        "address": "atlas.html#equal",
        "examples": [
            (atlas.by_id[id_].title, f"{atlas.address(id_)}.html#neighbours") for id_ in first
        ],
    }


def _elsewhere(atlas: Atlas) -> dict[str, Any]:
    rows = [each.data for each in atlas.asked]
    differ = [each for each in rows if each["verdict"] == _DIFFERS]
    named = dict.fromkeys(f"{each['library']} {each['loss']}" for each in differ)
    return {
        "number": len(differ),
        "says": f"of {len(rows)} questions to libraries have the answer that the function computes "
        "another loss than the one that it was compared with:",
        "address": "conformance.html",
        "examples": [(each, "conformance.html") for each in list(named)[:_EXAMPLES]],
    }


def _without_prior(atlas: Atlas) -> dict[str, Any]:
    found = [each for each in atlas.rows if each.axes.prior == "pair"]
    return {
        "number": len(found),
        "says": "losses no prior of a response gives, each with a counterexample:",
        "address": "atlas.html#negatives",
        "examples": [(each.title, f"{atlas.address(each.id)}.html") for each in found[:_EXAMPLES]],
    }
