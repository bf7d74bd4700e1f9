"""The names that an expression may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from midpo_sym.language.quantities.data import Arity
from midpo_sym.language.tree import Expression
from midpo_sym.language.vocabulary import FUNCTIONS, QUANTITIES


@dataclass(frozen=True, slots=True)
class Definition:
    """A declared abbreviation: its body, and what it is taken at ("", "y" or "y, t")."""

    of: str
    body: Expression


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an expression may use.

    Attributes:
        responses: the responses it may speak of.
        parameters: name to domain.
        weights: name to (domain, whether each label has its own).
        definitions: name to definition.
        token: whether the token position t is bound from outside (a definition "of y, t").
        data: name to (what it is given for, domain, whether each label has its own).
    """

    responses: frozenset[str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    weights: Mapping[str, tuple[str, bool]] = field(default_factory=dict)
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    token: bool = False
    data: Mapping[str, tuple[Arity, str, bool]] = field(default_factory=dict)

    @property
    def names(self) -> set[str]:
        """Return all names that are declared."""
        return {*self.parameters, *self.weights, *self.definitions, *self.data}

    def usage(self, name: str) -> str:
        """Return how a name is written where it needs arguments; "" if it is unknown."""
        if name in QUANTITIES:
            return " or ".join(QUANTITIES[name].usage)
        if name in FUNCTIONS:
            return " or ".join(FUNCTIONS[name].usage)
        if name in self.weights:
            return f"{name}(r, t)"
        if name in self.data:
            return f"{name}{self.data[name][0].arguments}"
        if name in self.definitions:
            of = self.definitions[name].of.replace("y", "r")
            return f"{name}({of})" if of else name
        return ""
