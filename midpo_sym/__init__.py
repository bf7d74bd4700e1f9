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

from midpo_sym import _moved

if TYPE_CHECKING:
    from midpo_sym.api import (
        audit,
        check,
        derivation,
        diff,
        generate,
        gradient,
        ids,
        like,
        prior,
        prove,
        theory,
        to_json,
        verify,
    )
    from midpo_sym.atlas.like import Likeness
    from midpo_sym.chains.audit import EntryResult
    from midpo_sym.chains.chain import ChainResult
    from midpo_sym.preferences import CycleStep, GraphSolution, prior_on_graph
    from midpo_sym.prover.equivalence.answers import Comparison
    from midpo_sym.prover.gradients.report import GradientResult
    from midpo_sym.prover.priors.solve import Reach, Solution
    from midpo_sym.prover.prove import Result
    from midpo_sym.prover.verdict import (
        DisagreementError,
        Proved,
        Refuted,
        Status,
        Undecided,
        Verdict,
    )
    from midpo_sym.session import Session
    from midpo_sym.spec.errors import SpecError
    from midpo_sym.spec.model import Claim, Derivation, Statement
    from midpo_sym.targets.torch.errors import (
        NotExpressibleError,
        NotGeneratedError,
        NotProvedError,
        WrongCodeError,
    )

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(
        (
            "audit",
            "check",
            "derivation",
            "diff",
            "generate",
            "gradient",
            "ids",
            "like",
            "prior",
            "prove",
            "theory",
            "to_json",
            "verify",
        ),
        "midpo_sym.api",
    ),
    "EntryResult": "midpo_sym.chains.audit",
    "ChainResult": "midpo_sym.chains.chain",
    **dict.fromkeys(
        ("NotExpressibleError", "NotGeneratedError", "NotProvedError", "WrongCodeError"),
        "midpo_sym.targets.torch.errors",
    ),
    **dict.fromkeys(("CycleStep", "GraphSolution", "prior_on_graph"), "midpo_sym.preferences"),
    "Likeness": "midpo_sym.atlas.like",
    "Comparison": "midpo_sym.prover.equivalence.answers",
    "GradientResult": "midpo_sym.prover.gradients.report",
    **dict.fromkeys(("Reach", "Solution"), "midpo_sym.prover.priors.solve"),
    "Result": "midpo_sym.prover.prove",
    **dict.fromkeys(
        ("DisagreementError", "Proved", "Refuted", "Status", "Undecided", "Verdict"),
        "midpo_sym.prover.verdict",
    ),
    "Session": "midpo_sym.session",
    "SpecError": "midpo_sym.spec.errors",
    **dict.fromkeys(("Claim", "Derivation", "Statement"), "midpo_sym.spec.model"),
}

__all__ = [
    "ChainResult",
    "Claim",
    "Comparison",
    "CycleStep",
    "Derivation",
    "DisagreementError",
    "EntryResult",
    "GradientResult",
    "GraphSolution",
    "Likeness",
    "NotExpressibleError",
    "NotGeneratedError",
    "NotProvedError",
    "Proved",
    "Reach",
    "Refuted",
    "Result",
    "Session",
    "Solution",
    "SpecError",
    "Statement",
    "Status",
    "Undecided",
    "Verdict",
    "WrongCodeError",
    "audit",
    "check",
    "derivation",
    "diff",
    "generate",
    "gradient",
    "ids",
    "like",
    "prior",
    "prior_on_graph",
    "prove",
    "theory",
    "to_json",
    "verify",
]

_moved.install()


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
