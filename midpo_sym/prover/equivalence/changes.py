"""What has to be put in the place of what before two losses are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from midpo_sym.language import tree
from midpo_sym.language.tree import Expression

ONE = "1"  # in the place of a model: every probability is one
ANYWHERE, EQUAL_LENGTHS, ONE_TOKEN = "", "equal lengths", "one token"


@dataclass(frozen=True)
class Changes:
    """A substitution in both losses.

    Attributes:
        values: expressions by the names of parameters, weights and data; of both sides, whose names
            differ.
        names: names of weights and data by those that they are put in the place of.
        scales: what these are multiplied by, for those of B that are; none of them may be zero.
        models: for each side, by its letter, the models or `1` by those that they replace.
        where: which responses it is about: a row of the three words above.
    """

    values: Mapping[str, Expression] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    where: str = ANYWHERE
    scales: Mapping[str, Expression] = field(default_factory=dict)

    @property
    def puts_one(self) -> bool:
        """Return whether 1 is put in the place of a model: that is another loss."""
        return any(ONE in each.values() for each in self.models.values())

    def of(self, label: str, node: Expression) -> Expression:
        """Return an expression of a side with everything replaced, all at once.

        Raises:
            ValueError: it cannot be: what has to be positive would be so no more, or there is no
                such statistic of another model.
        """
        return self._replaced(node, self.models.get(label, {}))

    def _replaced(self, node: Expression, models: Mapping[str, str]) -> Expression:
        match node:
            case tree.Parameter(name=name) | tree.Weight(name=name) | tree.Datum(name=name) if (
                name in self.values
            ):
                return self.values[name]
            case tree.Weight(name=name) | tree.Datum(name=name) if name in self.names:
                other = replace(node, name=self.names[name])
                return tree.mul(self.scales[name], other) if name in self.scales else other
            case tree.Probability(model=model) | tree.TokenProbability(model=model) if (
                model in models
            ):
                put = models[model]
                return tree.Number(1) if put == ONE else replace(node, model=put)
            case tree.Statistic(row=row) if models.keys() & set(row.models):
                message = f"{row.name} is a statistic of the models that it names"
                raise ValueError(message)
            case tree.Length() if self.where == ONE_TOKEN:
                return tree.Number(1)
            case tree.Length("l") if self.where == EQUAL_LENGTHS:
                return tree.Length("w")  # that of a third response is its own
        return tree.over(node, [self._replaced(child, models) for child in node.children()])
