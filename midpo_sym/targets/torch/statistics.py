"""The tensors that a generated function takes, and what its docstring says of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from midpo_sym.language.printing.mathematics import of_models
from midpo_sym.language.quantities.data import Arity
from midpo_sym.language.quantities.statistics import STATISTICS
from midpo_sym.language.vocabulary import MODELS
from midpo_sym.plan.operations import Kind, Statistic
from midpo_sym.plan.terms import parts_of_ratio
from midpo_sym.targets.torch import prose
from midpo_sym.targets.torch.names import LABELS, Names

_RESPONSES = {"w": "y_w", "l": "y_l"}


@dataclass(frozen=True, slots=True)
class Argument:
    """A tensor that the generated function takes."""

    name: str
    doc: str


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor that the formulas use.

    Attributes:
        name: in the formulas.
        given: how it comes from what the function was given.
        measured: how it comes from `ResponseStatistics`.
    """

    name: str
    given: str
    measured: str


@dataclass(frozen=True, slots=True)
class Describer:
    """Says what statistics are, and where they come from.

    Attributes:
        names: of the file.
        meanings: of weights and data, by their names in the specification.
        arities: of data, by their names in the specification.
        by_token: whether statistics are of each token.
    """

    names: Names
    meanings: Mapping[str, str]
    arities: Mapping[str, Arity]
    by_token: bool

    def input(self, each: Statistic) -> Input:
        """Return how the formulas get a statistic."""
        name = self.names.statistic(each)
        label = LABELS[each.response or "w"]
        total = "of" if self.by_token else "total"
        given = f'given["{name}"]'
        match each.kind:
            case Kind.LOG_RATIO:
                policy, frozen = map(self.names.statistic, parts_of_ratio(each))
                given = f'given["{policy}"] - given["{frozen}"]'
                if each.of != ("ref",):
                    measured = f'{label}.of("logps") - {label}.of("{each.of[0]}_logps")'
                    measured = measured if self.by_token else f"({measured}).sum(-1)"
                    return Input(name, given, measured)
                return Input(name, given, f'{label}.{total}("logratios")')
            case Kind.LOG_PROBABILITY:
                prefix = "" if MODELS[each.of[0]].trained else f"{each.of[0]}_"
                return Input(name, given, f'{label}.{total}("{prefix}logps")')
            case Kind.VOCABULARY:
                return Input(name, given, f'{label}.{total}("{each.of[0]}")')
            case Kind.WEIGHT | Kind.DATUM:
                return Input(name, given, f'{label}.of("{self.names.stem(each)}")')
            case Kind.LENGTH | Kind.POSITION:
                return Input(name, given, f"{label}.{self.names.stem(each)}")

    def input_of_mask(self, response: str) -> Input:
        """Return how the formulas get a mask."""
        name = self.names.mask(response)
        return Input(name, f"{name}.bool()", f"{LABELS[response]}.mask")

    def argument(self, each: Statistic) -> Argument:
        """Return a statistic as an argument of the function."""
        name, where = self.names.statistic(each), _RESPONSES.get(each.response, "")
        shape = "(batch, tokens)" if self.by_token else "(batch,)"
        match each.kind:
            case Kind.VOCABULARY:
                row = STATISTICS[each.of[0]]
                unit = f", {row.operator.unit}" if row.operator.unit else ""
                how = "at each token of" if self.by_token else "summed over the tokens of"
                text = (
                    f"{of_models(row)} of the next-token distributions over the whole vocabulary"
                    f"{unit}, {how} {where}{', 0 at padding' if self.by_token else ''}"
                )
            case Kind.WEIGHT:
                text = f"{self.meanings[each.of[0]]}; of each token of {where}, 0 at padding"
            case Kind.DATUM:
                arity = self.arities[each.of[0]]
                shape = arity.shape
                of = f"of {where}, one for {arity.each}" if where else f"one for {arity.each}"
                text = f"{self.meanings[each.of[0]]}; {of}"
            case Kind.LENGTH:
                shape = "(batch,)"
                text = f"number of tokens of {where}, 1 or more"
            case Kind.POSITION:
                text = f"place of each token in {where}, 1 for the first, 0 at padding"
            case _:
                model = MODELS[each.of[0]].unicode
                text = f"log {model}({where}), nats, summed over the tokens of {where}"
                if self.by_token:
                    text = f"log {model}({where},t), nats, of each token of {where}, 0 at padding"
        return Argument(name, prose.argument(name, f"{text}; shape {shape}."))

    def mask(self, response: str, *, needed: bool) -> Argument:
        """Return a mask as an argument of the function."""
        name = self.names.mask(response)
        text = f"true at the tokens of {_RESPONSES[response]}; shape (batch, tokens)."
        if not needed:
            text += " None if the statistics are 0 at padding already."
        return Argument(name, prose.argument(name, text))
