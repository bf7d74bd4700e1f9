"""Towers over one atom of each kind, whose leaves are asked for by short words."""

from __future__ import annotations

from functools import cache

from generators.trees.words import loss
from sympy.polys.fields import FracElement

from midpo_sym.kernel.forms import Atom, Work
from midpo_sym.kernel.responses import read
from midpo_sym.kernel.tower.generators import Roots, Tower

EVERYTHING = (
    "alpha + beta + gamma + eta + lam + sum_t(mu(w, t) + nu(w, t) + xi(w, t)) + sum_t(xi(l, t))"
    " + log(pi(w)) + sg(log(pi(w))) + length(w) + sum_t(sum_of_squares(w, t))"
    " + sg(sum_t(sum_of_squares(w, t)))"
)
WORDS = {
    "logp": "log(pi(w, t))",
    "held": "log(pi(w, t))°",
    "mu": "mu(w, t)",
    "nu": "nu(w, t)",
    "xi": "xi(w, t)",
    "other": "xi(l, t)",
    "length": "|y_w|",
}


@cache
def atoms() -> dict[str, Atom]:
    """Return the atoms, by their names; those of the policy inside sg as well."""
    return read((loss(EVERYTHING),), detach=True).forms[0].atoms


class Known(Tower):
    """A tower whose leaves are asked for by their words, or their names."""

    def __getitem__(self, word: str) -> FracElement:
        """Return what a leaf is in the tower."""
        return self.leaf(self.atoms[WORDS.get(word, word)])


def new(size: int = 48, roots: Roots | None = None) -> Known:
    """Return a tower without generators."""
    return Known(atoms(), size, {} if roots is None else roots, Work())
