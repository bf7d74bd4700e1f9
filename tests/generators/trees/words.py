"""Short ways to write expressions in tests: parsed text, with a fixed set of names."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from midpo_sym.language.grammar.losses import Scope, parse
from midpo_sym.language.tree import Expression
from midpo_sym.spec.model import Derivation
from midpo_sym.spec.reading.losses import load

DERIVATIONS = Path(__file__).resolve().parents[3] / "derivations"
IDS = ("centropy", "dice", "dpo", "r_dpo", "simpo", "sparsepo", "tdpo", "tdpo2", "tis_dpo")

PARAMETERS = {
    "alpha": "positive",
    "beta": "positive",
    "gamma": "real",
    "eta": "real",
    "lam": "nonnegative",
    "rho": "unit",
}
WEIGHTS = {
    "mu": ("nonnegative", False),
    "nu": ("positive", False),
    "xi": ("real", False),
    "omega": ("nonnegative", True),
}


def loss(text: str) -> Expression:
    """Read an expression about the responses w and l."""
    return parse(text, Scope(frozenset("wl"), PARAMETERS, WEIGHTS))


def prior(text: str) -> Expression:
    """Read an expression about the response y."""
    return parse(text, Scope(frozenset("y"), PARAMETERS, WEIGHTS))


@cache
def shipped(name: str) -> Derivation:
    """Read a specification that comes with the package."""
    return load(DERIVATIONS / f"{name}.toml")
