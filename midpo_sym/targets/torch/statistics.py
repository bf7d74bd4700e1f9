"""The tensors that a generated function takes, and what its docstring says of each."""

from __future__ import annotations

from dataclasses import dataclass

from midpo_sym.language.vocabulary import MODELS
from midpo_sym.targets.torch import prose


@dataclass(frozen=True, slots=True)
class Statistic:
    """A tensor that the generated function takes."""

    name: str
    doc: str


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor that the formula uses.

    Attributes:
        name: in the formula.
        given: how it comes from what the function was given.
        measured: how it comes from `ResponseStatistics`.
    """

    name: str
    given: str
    measured: str


@dataclass(frozen=True, slots=True)
class Describer:
    """Describes the tensors that a function takes."""

    by_token: bool

    @property
    def shape(self) -> str:
        return "(batch, tokens)" if self.by_token else "(batch,)"

    def of(self, label: str) -> str:
        where = "y_w" if label == "chosen" else "y_l"
        return f"the token at t of {where}" if self.by_token else where

    def logps(self, name: str, model: str, label: str) -> Statistic:
        where = "y_w" if label == "chosen" else "y_l"
        if self.by_token:
            text = f"log {model}({where},t), nats, of each token of {where}, 0 at padding"
        else:
            text = f"log {model}({where}), nats, summed over the tokens of {where}"
        return Statistic(name, prose.argument(name, f"{text}; shape {self.shape}."))

    def divergence(self, each: Input) -> Statistic:
        first, second = each.measured.partition("kl_")[2].rstrip('")').split("_")
        models = f"KL({MODELS[first].unicode}‖{MODELS[second].unicode})"
        where = "y_w" if each.name.startswith("chosen") else "y_l"
        how = "at each token of" if self.by_token else "summed over the tokens of"
        text = (
            f"{models} of the next-token distributions over the whole vocabulary, nats, {how} "
            f"{where}{', 0 at padding' if self.by_token else ''}; shape {self.shape}."
        )
        return Statistic(each.name, prose.argument(each.name, text))

    def lengths(self, name: str, label: str) -> Statistic:
        where = "y_w" if label == "chosen" else "y_l"
        return Statistic(
            name, prose.argument(name, f"number of tokens of {where}, 1 or more; shape (batch,).")
        )

    def weight(self, name: str, label: str, meaning: str) -> Statistic:
        where = "y_w" if label == "chosen" else "y_l"
        text = f"{meaning}; of each token of {where}, 0 at padding; shape {self.shape}."
        return Statistic(name, prose.argument(name, text))

    @staticmethod
    def mask(name: str, *, needed: bool) -> Statistic:
        where = "y_w" if name.startswith("chosen") else "y_l"
        text = f"true at the tokens of {where}; shape (batch, tokens)."
        if not needed:
            text += " None if the statistics are 0 at padding already."
        return Statistic(name, prose.argument(name, text))
