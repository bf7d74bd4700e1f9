"""The statements that are timed: the shipped claims, and families that grow.

Run as a script with names of statements, or without for all claims, it prints how many seconds
their verdicts take as the first of the process, imports and reading of specifications not counted.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from midpo_sym.language import build
from midpo_sym.language.tree import Expression, product, total
from midpo_sym.prover.prove import judge, sides
from midpo_sym.spec.model import Statement
from midpo_sym.spec.reading.losses import load

DERIVATIONS = Path(__file__).parent.parent / "derivations"


@dataclass(frozen=True)
class Timed:
    """A statement with a name, and the verdict of its value that its specification expects."""

    name: str
    statement: Statement
    status: str


def shipped() -> Iterator[Timed]:
    """Yield every claim of every shipped specification."""
    for path in sorted(DERIVATIONS.glob("*.toml")):
        if path.stem != "sources":
            derivation = load(path)
            for claim in derivation.claims:
                yield Timed(f"{derivation.id}/{claim.id}", claim.statement, claim.status)


def weights(count: int) -> Statement:
    """Return ζ = π(y) Π_t Π_i (ref/π)^wᵢ(t): a loss with `count` weights per token."""
    alpha = build.parameter("alpha", "positive")

    def weight(number: int, response: str) -> Expression:
        return build.weight(f"w{number}", response, "nonnegative")

    def reward(s: str) -> Expression:
        log = build.log(build.pi(s, "t") / build.ref(s, "t"))
        terms = [weight(number, s) * log for number in range(count)]
        return alpha * build.sum_t(s, total(terms))

    powers = [
        (build.ref("y", "t") / build.pi("y", "t")) ** weight(number, "y") for number in range(count)
    ]
    zeta = build.pi("y") * build.prod_t("y", product(powers))
    return Statement.of(alpha, zeta, "logsigmoid", reward("w") - reward("l"))


def parameters(count: int) -> Statement:
    """Return ζ = π(y)^(1 − Σ_i pᵢ) ref(y)^(Σ_i pᵢ): a loss with `count` parameters and α."""
    return _powers([build.parameter(f"p{number}", "positive") for number in range(count)])


def quotients(count: int) -> Statement:
    """Return the same with 1/pᵢ: the common denominator has `count` factors."""
    return _powers([1 / build.parameter(f"p{number}", "positive") for number in range(count)])


def _powers(shares: list[Expression]) -> Statement:
    alpha = build.parameter("alpha", "positive")
    sum_of_shares = total(shares)
    zeta = build.pi("y") ** (1 - sum_of_shares) * build.ref("y") ** sum_of_shares

    def reward(s: str) -> Expression:
        log = build.log(build.pi(s) / build.ref(s))
        return total([alpha * share * log for share in shares])

    return Statement.of(alpha, zeta, "logsigmoid", reward("w") - reward("l"))


FAMILIES: dict[str, tuple[Callable[[int], Statement], tuple[int, ...]]] = {
    "weights": (weights, (2, 4, 8, 16, 32, 64)),
    "parameters": (parameters, (1, 2, 4, 8, 16, 32)),
    "quotients": (quotients, (1, 2, 4, 8, 16, 32)),
}


def find(name: str) -> Statement:
    """Return the statement of a name such as `dpo/section-4` or `weights/8`."""
    first, second = name.split("/")
    if first in FAMILIES:
        return FAMILIES[first][0](int(second))
    claims = load(DERIVATIONS / f"{first}.toml").claims
    return next(claim.statement for claim in claims if claim.id == second)


if __name__ == "__main__":
    wanted = [find(name) for name in sys.argv[1:]] or [each.statement for each in shipped()]
    gc.collect()
    gc.disable()
    start = time.perf_counter()
    for statement in wanted:
        judge(*sides(statement), statement=statement)
    print(time.perf_counter() - start)
