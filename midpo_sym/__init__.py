"""midpo_sym: proofs that preference-optimisation losses are MI-DPO under some prior.

    >>> import midpo_sym
    >>> result = midpo_sym.prove("simpo")
    >>> result.verdict.status.value
    'proved'

`import midpo_sym` is light: SymPy is loaded by the first proof, torch by `midpo_sym.losses`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from midpo_sym.api import check, derivation, generate, ids, prior, prove
    from midpo_sym.emit.losses.plan import NotProvedError
    from midpo_sym.prover.graph import CycleStep, GraphSolution, prior_on_graph
    from midpo_sym.prover.prior import Reach, Solution
    from midpo_sym.prover.prove import Result
    from midpo_sym.prover.verdict import (
        DisagreementError,
        Proved,
        Refuted,
        Status,
        Undecided,
        Verdict,
    )
    from midpo_sym.spec.errors import SpecError
    from midpo_sym.spec.model import Claim, Derivation, Statement

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(("check", "derivation", "generate", "ids", "prior", "prove"), "midpo_sym.api"),
    "NotProvedError": "midpo_sym.emit.losses.plan",
    **dict.fromkeys(("CycleStep", "GraphSolution", "prior_on_graph"), "midpo_sym.prover.graph"),
    **dict.fromkeys(("Reach", "Solution"), "midpo_sym.prover.prior"),
    "Result": "midpo_sym.prover.prove",
    **dict.fromkeys(
        ("DisagreementError", "Proved", "Refuted", "Status", "Undecided", "Verdict"),
        "midpo_sym.prover.verdict",
    ),
    "SpecError": "midpo_sym.spec.errors",
    **dict.fromkeys(("Claim", "Derivation", "Statement"), "midpo_sym.spec.model"),
}

__all__ = [
    "Claim",
    "CycleStep",
    "Derivation",
    "DisagreementError",
    "GraphSolution",
    "NotProvedError",
    "Proved",
    "Reach",
    "Refuted",
    "Result",
    "Solution",
    "SpecError",
    "Statement",
    "Status",
    "Undecided",
    "Verdict",
    "check",
    "derivation",
    "generate",
    "ids",
    "prior",
    "prior_on_graph",
    "prove",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
