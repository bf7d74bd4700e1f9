"""Priors on the answers of a problem, read from specifications."""

from midpo_sym.lab.priors.arrays import Prior, prior_of, priors, reference_prior
from midpo_sym.lab.priors.reading import (
    PARAMETERS,
    SCALE,
    Algorithm,
    expressible,
    read_algorithm,
)

__all__ = [
    "PARAMETERS",
    "SCALE",
    "Algorithm",
    "Prior",
    "expressible",
    "prior_of",
    "priors",
    "read_algorithm",
    "reference_prior",
]
