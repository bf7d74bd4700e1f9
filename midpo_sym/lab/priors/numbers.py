"""Normal forms as numbers: fractions evaluated on the answers of a problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike
from sympy.polys.fields import FracElement
from sympy.polys.rings import PolyElement

from midpo_sym.kernel.forms import CAUCHY, Form, Inside, variables
from midpo_sym.lab.checks import Array


@dataclass(frozen=True, slots=True)
class Numbers:
    """Values of the variables of normal forms.

    Attributes:
        values: of each variable that is not opaque, as an array that broadcasts to (answers,
            edges).
        inside: what the opaque variables stand for.
        path: 1 where an answer goes through an edge; (answers, edges).
    """

    values: Mapping[str, ArrayLike]
    inside: Inside
    path: Array

    @staticmethod
    def names_of(value: FracElement) -> tuple[str, ...]:
        """Return the variables that a fraction in lowest terms depends on, in order of names."""
        return tuple(sorted({*variables(value.numer), *variables(value.denom)}))

    def of(self, value: FracElement) -> Array:
        """Return a fraction; not finite where it divides by zero."""
        with np.errstate(all="ignore"):
            return np.asarray(self._polynomial(value.numer) / self._polynomial(value.denom))

    def on_path(self, value: FracElement) -> Array:
        """Return a fraction at each token of each answer, and 0 elsewhere; (answers, edges)."""
        return np.where(self.path > 0, self.of(value), 0.0)

    def over_tokens(self, value: FracElement) -> Array:
        """Return the sum of a fraction over the tokens of each answer; (answers, 1)."""
        return np.asarray(self.on_path(value).sum(axis=1, keepdims=True))

    def _polynomial(self, polynomial: PolyElement) -> Array:
        names = [symbol.name for symbol in polynomial.ring.symbols]
        total: Array = np.zeros(())
        for monomial, coefficient in polynomial.terms():
            number = int(coefficient.numerator) / int(coefficient.denominator)
            powers = [
                self._variable(name) ** power
                for name, power in zip(names, monomial, strict=True)
                if power
            ]
            total = total + prod(powers, start=np.float64(number))
        return total

    def _variable(self, name: str) -> Array:
        if name in self.values:
            return np.asarray(self.values[name], dtype=np.float64)
        function, arguments = self.inside[name]
        found = [self._form(each) for each in arguments]
        match function:
            case "log":
                return np.asarray(np.log(found[0]))
            case "exp":
                return np.asarray(np.exp(found[0]))
            case "max":
                return np.maximum(*found)
            case _ if function == CAUCHY:
                return np.asarray(np.arctan2(1, -found[0]) / np.pi)
        return found[0]  # a sum over tokens, which is in the form

    def _form(self, form: Form) -> Array:
        constant, sums = form
        return sum(map(self.over_tokens, sums.values()), start=self.of(constant))
